//! The outbox at a mail server: several mails at once, codes first, each once, the refused ones given up.

use serde_json::json;
use uuid::Uuid;
use workforceos_core::Clock;
use workforceos_core::change::{Changes, Event, Outbox};
use workforceos_tests::time::plus;
use workforceos_tests::{Company, DEADLINE, Db, MailServer, Setup, TestApp, on_both_databases};

on_both_databases!(
    codes_overtake_slow_mails,
    a_slow_company_leaves_ways_to_others,
    a_mail_is_sent_once_and_keeps_its_id,
    a_refused_address_is_given_up_at_once,
    a_busy_server_is_tried_again_later,
);

async fn start(db: Db) -> (TestApp, MailServer, Company) {
    let server = MailServer::start().await;
    let setup = Setup { smtp_url: Some(server.url.clone()), ..Setup::default() };
    let app = TestApp::with(db, setup).await;
    let acme = app.company("acme", "UTC").await;
    (app, server, acme)
}

/// Queues mails to these addresses; answers their ids.
async fn queue(acme: &Company, to: &[&str]) -> Vec<Uuid> {
    let event = Event::audit(&acme.ctx(), "company", acme.id.0);
    let mut changes = Changes::none().event(event);
    for name in to {
        let mail = json!({"to": format!("{name}@far.test"), "subject": "News", "text": "news", "html": "<p>news</p>"});
        changes.outbox.push(Outbox { id: acme.meta().id, kind: "mail", payload: mail });
    }
    let ids = changes.outbox.iter().map(|entry| entry.id).collect();
    acme.write(changes).await;
    ids
}

/// Waits until no mail is left: neither on its way nor put off.
async fn none_left(app: &TestApp) {
    // As a node would ask much later; the server's own clock stands still, so that it sends nothing again.
    let (store, later) = (app.services().store.clone(), plus(app.clock.now(), 10));
    let asking = async {
        while !store.claim_outbox("mail", later, later, 100).await.expect("claims").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.expect("no mails are left");
}

async fn codes_overtake_slow_mails(db: Db) {
    let (app, server, acme) = start(db).await;
    let slow: Vec<String> = (0..20).map(|n| format!("slow{n}")).collect();
    queue(&acme, &slow.iter().map(String::as_str).collect::<Vec<_>>()).await;
    // Several at once, but never all ways.
    server.until(|seen| seen.held == 4).await;
    let body = json!({"email": acme.owner.email});
    let start = "/auth-api/verification-services/password-reset-by-email/start";
    app.anonymous().claiming("acme").post(start, body).await.ok();
    let seen = server.until(|seen| !seen.mails.is_empty()).await;
    assert_eq!((seen.mails[0].to.as_str(), seen.held), (acme.owner.email.as_str(), 4), "the code, while the others wait");
    assert!(seen.mails[0].text.contains("Subject: Reset your password"));
    server.let_through();
    let seen = server.until(|seen| seen.mails.len() == 21).await;
    let mut to: Vec<&str> = seen.mails.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    to.dedup();
    assert_eq!(to.len(), 21, "each once");
}

async fn a_slow_company_leaves_ways_to_others(db: Db) {
    let (app, server, acme) = start(db).await;
    let other = app.company("other", "UTC").await;
    let slow: Vec<String> = (0..20).map(|n| format!("slow{n}")).collect();
    queue(&acme, &slow.iter().map(String::as_str).collect::<Vec<_>>()).await;
    server.until(|seen| seen.held == 4).await;
    // Though all of those came first.
    queue(&other, &["ann", "bob"]).await;
    let seen = server.until(|seen| seen.mails.len() == 2).await;
    assert_eq!((seen.held, seen.mails.iter().all(|mail| !mail.to.starts_with("slow"))), (4, true));
    server.let_through();
    server.until(|seen| seen.mails.len() == 22).await;
}

async fn a_mail_is_sent_once_and_keeps_its_id(db: Db) {
    let (mut app, server, acme) = start(db).await;
    let ids = queue(&acme, &["slow"]).await;
    server.until(|seen| seen.held == 1).await;
    // The server goes while the mail is on its way: nobody knows whether it arrived, so it goes out again.
    app.stop().await;
    server.let_through();
    server.until(|seen| seen.mails.len() == 1).await;
    app.clock.set(plus(app.clock.now(), 3));
    app.restart().await;
    let seen = server.until(|seen| seen.mails.len() == 2).await;
    assert_eq!(seen.mails[0].id, format!("<{}@localhost>", ids[0]));
    assert_eq!(seen.mails[0].id, seen.mails[1].id, "the receiving side can tell");
    assert_eq!(seen.mails[1].from, "no-reply@localhost");
}

async fn a_refused_address_is_given_up_at_once(db: Db) {
    let (app, server, acme) = start(db).await;
    queue(&acme, &["nobody", "ann"]).await;
    let seen = server.until(|seen| seen.asked.len() == 2 && seen.mails.len() == 1).await;
    assert_eq!(seen.mails[0].to, "ann@far.test");
    none_left(&app).await;
    assert_eq!(server.until(|_| true).await.asked.len(), 2, "it was asked once");
}

async fn a_busy_server_is_tried_again_later(db: Db) {
    let (app, server, acme) = start(db).await;
    queue(&acme, &["busy"]).await;
    server.until(|seen| seen.asked.len() == 1).await;
    // Not before its pause is over: other mails go out meanwhile.
    for n in 1..=3 {
        queue(&acme, &["ann"]).await;
        server.until(|seen| seen.mails.len() == n).await;
    }
    let asked = |seen: &Vec<String>| seen.iter().filter(|to| to.starts_with("busy")).count();
    assert_eq!(asked(&server.until(|_| true).await.asked), 1);
    server.in_time(&app, |seen| asked(&seen.asked) >= 2).await;
}
