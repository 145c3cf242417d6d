//! E-mails of alerts: queued, sent, failed or dismissed, and never many at a time to one person.

use serde_json::{Value as Json, json};
use workforceos_core::change::{Audience, Changes, Event, Outbox};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Alert, AlertStatus, AlertType, EmailStatus, Severity};
use workforceos_core::{Clock, Timestamp};
use workforceos_tests::time::{at, plus};
use workforceos_tests::{Client, DEADLINE, Db, MailServer, Person, SeenMails as Seen, Setup, TestApp, on_both_databases};

use super::super::{ALERTS, submit};
use super::{Crew, crew, open, resolve};
use crate::paths::{LEAVE, TASK_ASSIGNMENTS};
use crate::text;

on_both_databases!(
    an_alert_is_mailed_to_its_recipient,
    a_refused_one_has_failed,
    a_server_that_is_away_is_tried_for_three_days,
    what_is_over_before_it_is_sent_is_dismissed,
    what_is_low_is_not_mailed,
    a_storm_is_two_mails,
    a_changed_decision_is_mailed_after_the_pause,
    a_decision_that_changes_on_its_mails_way,
    what_was_sent_is_not_sent_again,
);

async fn start(db: Db) -> (TestApp, MailServer, Crew) {
    let server = MailServer::start().await;
    let app = TestApp::with(db, Setup { smtp_url: Some(server.url.clone()), ..Setup::default() }).await;
    let crew = crew(&app).await;
    (app, server, crew)
}

/// Waits until the newest alert has this status.
async fn mailed(who: &Client, status: &str) -> Json {
    let asking = async {
        loop {
            let newest = who.get(ALERTS).await.ok()[0].clone();
            if newest["email_status"] == status {
                return newest;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(|_| panic!("never {status}"))
}

/// As [`mailed`], while the clock moves on.
async fn dismissed_in_time(app: &TestApp, server: &MailServer, who: &Client) {
    tokio::select! {
        _ = mailed(who, "dismissed") => {}
        _ = server.in_time(app, |_| false) => unreachable!("it waits in vain"),
    }
}

async fn decided(crew: &Crew, who: &Person, date: &str) -> String {
    let body = json!({"leaveType": "annual", "startDate": date, "endDate": date, "reason": "Surgery"});
    let leave = text(&who.post(LEAVE, body).await.ok()["leaveRequest"], "id");
    let decision = json!({"status": "approved", "decisionNote": "Get well"});
    crew.acme.owner.patch(&format!("{LEAVE}/{leave}"), decision).await.ok();
    leave
}

async fn an_alert_is_mailed_to_its_recipient(db: Db) {
    let (app, server, crew) = start(db).await;
    let mut live = crew.ann.stream("alerts").await;
    live.snapshot().await;
    decided(&crew, &crew.ann, "2026-06-20").await;
    let raised = live.told().await;
    assert_eq!(raised.data["object"]["emailStatus"], "queued");
    let seen = server.until(|seen| seen.mails.len() == 1).await;
    let mail = &seen.mails[0];
    assert_eq!(mail.to, crew.ann.email);
    for wanted in ["Leave decision", "was approved", "/alerts"] {
        assert!(mail.text.contains(wanted), "{wanted}: {}", mail.text);
    }
    assert!(!mail.text.contains("Surgery") && !mail.text.contains("Get well"), "{}", mail.text);
    let sent = mailed(&crew.ann, "sent").await;
    assert_eq!(sent["status"], "OPEN");
    crew.acme.alert(&crew.ann).await;
    assert_eq!(live.told().await.kind(), "alert.raised", "of mails no stream tells");
    assert_eq!(server.until(|_| true).await.mails.len(), 1);
    assert_eq!(app.services().store.alerts_to_mail(plus(app.clock.now(), 1)).await.expect("reads"), []);
}

async fn a_refused_one_has_failed(db: Db) {
    let (app, server, crew) = start(db).await;
    let nobody = crew.acme.employee("nobody").await;
    decided(&crew, &nobody, "2026-06-20").await;
    server.until(|seen| seen.asked.len() == 1).await;
    mailed(&nobody, "failed").await;
    app.sweep_at(at("2026-06-01T08:00:00Z")).await;
    assert_eq!(server.until(|_| true).await.asked.len(), 1, "it was asked once");
}

async fn a_server_that_is_away_is_tried_for_three_days(db: Db) {
    let (app, server, crew) = start(db).await;
    let mut busy = crew.acme.employee("busy").await;
    busy.use_key().await;
    decided(&crew, &busy, "2026-06-20").await;
    server.until(|seen| seen.asked.len() == 1).await;
    assert_eq!(busy.get(ALERTS).await.ok()[0]["email_status"], "queued");
    server.in_time(&app, |seen| seen.asked.len() >= 2).await;
    assert_eq!(busy.get(ALERTS).await.ok()[0]["email_status"], "queued");
    app.set("2026-06-04T08:00:00Z");
    mailed(&busy, "failed").await;
}

async fn what_is_over_before_it_is_sent_is_dismissed(db: Db) {
    let (mut app, server, crew) = start(db).await;
    let mut busy = crew.acme.employee("busy").await;
    busy.use_key().await;
    decided(&crew, &busy, "2026-06-20").await;
    server.until(|seen| seen.asked.len() == 1).await;
    // The server has not taken it yet, and nobody needs it any more.
    resolve(&busy, &open(&busy, "leave_decision").await[0]).await;
    dismissed_in_time(&app, &server, &busy).await;
    assert_eq!(server.until(|_| true).await.mails.len(), 0);
    // One that was over before or after its mail was written.
    decided(&crew, &busy, "2026-06-21").await;
    resolve(&busy, &open(&busy, "leave_decision").await[0]).await;
    dismissed_in_time(&app, &server, &busy).await;
    // Of a server that has none any more nothing waits.
    app.restart_with(|settings| settings.smtp_url = None).await;
    decided(&crew, &crew.ann, "2026-06-21").await;
    assert_eq!(crew.ann.get(ALERTS).await.ok()[0]["email_status"], "dismissed");
}

async fn what_is_low_is_not_mailed(db: Db) {
    let (_app, server, crew) = start(db).await;
    submit(&crew.ann).await.ok();
    let told = crew.mia.get(ALERTS).await.ok()[0].clone();
    assert_eq!((&told["severity"], &told["email_status"]), (&json!("low"), &json!("dismissed")));
    decided(&crew, &crew.ann, "2026-06-20").await;
    server.until(|seen| seen.mails.len() == 1).await;
}

/// How many mails somebody got, and the last one's text.
fn to(seen: &Seen, who: &Person) -> (usize, String) {
    let theirs: Vec<&str> = seen.mails.iter().filter(|mail| mail.to == who.email).map(|mail| mail.text.as_str()).collect();
    (theirs.len(), theirs.last().map(|text| (*text).to_owned()).unwrap_or_default())
}

/// Waits until this many of somebody's alerts have this status.
async fn until_mailed(who: &Client, status: &str, count: usize) {
    let asking = async {
        loop {
            let told = who.get(ALERTS).await.ok();
            let there = told.as_array().expect("alerts").iter().filter(|alert| alert["email_status"] == status).count();
            if there == count {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(|_| panic!("never {count} {status}"));
}

async fn a_changed_decision_is_mailed_after_the_pause(db: Db) {
    let (app, server, crew) = start(db).await;
    let leave = decided(&crew, &crew.ann, "2026-06-20").await;
    until_mailed(&crew.ann, "sent", 1).await;
    app.set("2026-06-01T06:02:00Z");
    crew.acme.owner.patch(&format!("{LEAVE}/{leave}"), json!({"status": "cancelled"})).await.ok();
    let told = open(&crew.ann, "leave_decision").await;
    assert_eq!((told.len(), &told[0]["email_status"]), (1, &json!("queued")), "one says how the request stands");
    app.set("2026-06-01T06:09:59Z");
    // Whoever is mailed next tells that this one was looked at.
    decided(&crew, &crew.bob, "2026-06-20").await;
    let seen = server.until(|seen| to(seen, &crew.bob).0 == 1).await;
    assert_eq!(to(&seen, &crew.ann).0, 1, "too early");
    app.set("2026-06-01T06:10:00Z");
    let seen = server.until(|seen| to(seen, &crew.ann).0 == 2).await;
    assert!(to(&seen, &crew.ann).1.contains("was cancelled"), "{seen:?}");
    until_mailed(&crew.ann, "sent", 2).await;
    app.set("2026-06-01T07:00:00Z");
    decided(&crew, &crew.bob, "2026-06-21").await;
    let seen = server.until(|seen| to(seen, &crew.bob).0 == 2).await;
    assert_eq!(to(&seen, &crew.ann).0, 2, "each decision once");
}

async fn a_decision_that_changes_on_its_mails_way(db: Db) {
    let (app, server, crew) = start(db).await;
    let mut slow = crew.acme.employee("slow").await;
    slow.use_key().await;
    let leave = decided(&crew, &slow, "2026-06-20").await;
    server.until(|seen| seen.held == 1).await;
    // The first mail is with the server, and says what is not so any more.
    crew.acme.owner.patch(&format!("{LEAVE}/{leave}"), json!({"status": "cancelled"})).await.ok();
    server.let_through();
    until_mailed(&slow, "sent", 1).await;
    app.set("2026-06-01T06:21:00Z");
    let seen = server.until(|seen| to(seen, &slow).0 == 2).await;
    assert!(seen.mails[0].text.contains("was approved") && to(&seen, &slow).1.contains("was cancelled"), "{seen:?}");
    until_mailed(&slow, "sent", 2).await;
    // One that cannot be delivered yet says nothing any more once the decision has changed.
    let mut busy = crew.acme.employee("busy").await;
    busy.use_key().await;
    let leave = decided(&crew, &busy, "2026-06-20").await;
    let asked = |seen: &Seen| seen.asked.iter().filter(|to| **to == busy.email).count();
    server.until(|seen| asked(seen) == 1).await;
    crew.acme.owner.patch(&format!("{LEAVE}/{leave}"), json!({"status": "cancelled"})).await.ok();
    app.set("2026-06-01T06:22:00Z");
    until_mailed(&busy, "dismissed", 1).await;
    assert_eq!(asked(&server.until(|_| true).await), 1);
    app.set("2026-06-01T06:42:00Z");
    server.until(|seen| asked(seen) == 2).await;
}

/// A process that ends after its mail was sent and written down, and before it is out of the outbox.
async fn what_was_sent_is_not_sent_again(db: Db) {
    let (app, server, crew) = start(db).await;
    decided(&crew, &crew.ann, "2026-06-20").await;
    until_mailed(&crew.ann, "sent", 1).await;
    let payload = json!({"recipient": crew.ann.text(), "alerts": [open(&crew.ann, "leave_decision").await[0]["id"]]});
    let mut changes = Changes::none().event(Event::audit(&crew.acme.ctx(), "company", crew.acme.id.0));
    changes.outbox.push(Outbox { id: crew.acme.meta().id, kind: "mail.alerts", payload });
    crew.acme.write(changes).await;
    for (n, date) in ["2026-06-20", "2026-06-21", "2026-06-22"].into_iter().enumerate() {
        decided(&crew, &crew.bob, date).await;
        let seen = server.until(|seen| to(seen, &crew.bob).0 == n + 1).await;
        assert_eq!(to(&seen, &crew.ann).0, 1);
        until_mailed(&crew.bob, "sent", n + 1).await;
        app.clock.set(plus(app.clock.now(), 10));
    }
    assert_eq!(mailed(&crew.ann, "sent").await["status"], "OPEN");
}

/// A thousand tasks that are overdue at once, of one person.
async fn a_storm_is_two_mails(db: Db) {
    let (app, server, crew) = start(db).await;
    let mut changes = Changes::none();
    for n in 0..1_000 {
        let alert = Alert {
            meta: crew.acme.meta(),
            alert_type: AlertType::OverdueTask,
            severity: Severity::Medium,
            recipient_user_id: crew.ann.id,
            related_entity_type: "individualTask".to_owned(),
            related_entity_id: crew.acme.meta().id,
            email_status: EmailStatus::Queued,
            status: AlertStatus::Open,
            title: "Overdue task".to_owned(),
            message: format!("Task {n} is overdue."),
            resolved_at: None,
            subject_user_id: Some(crew.ann.id),
            cause: String::new(),
            stands: true,
            stands_until: None,
            clashes: json!([]),
            mail_due_at: Some(Timestamp(0)),
            mailed_at: None,
            company_id: crew.acme.id,
        };
        changes = changes.put(&alert);
    }
    let event = Event::audit(&crew.acme.ctx(), Alert::def().name, crew.acme.meta().id);
    crew.acme.write(changes.event(Event { audience: Audience::none(), ..event })).await;
    let seen = server.until(|seen| seen.mails.len() == 1).await;
    assert!(seen.mails[0].text.contains("500 alerts") && seen.mails[0].text.contains("and 450 more"), "{}", seen.mails[0].text);
    // What comes in the meantime waits with the rest.
    let task = json!({"title": "Sweep", "assigneeUserIds": [crew.ann.text()], "dueTime": "2026-06-01T06:05:00Z"});
    crew.acme.owner.post(TASK_ASSIGNMENTS, task).await.ok();
    app.sweep_at(at("2026-06-01T06:06:00Z")).await;
    assert_eq!(open(&crew.ann, "overdue_task").await.len(), 100);
    // Others are not held up by it.
    decided(&crew, &crew.bob, "2026-06-20").await;
    let seen = server.until(|seen| seen.mails.len() == 2).await;
    assert_eq!(seen.mails[1].to, crew.bob.email);
    app.set("2026-06-01T06:11:00Z");
    let seen = server.until(|seen| seen.mails.len() == 3).await;
    assert!(seen.mails[2].to == crew.ann.email && seen.mails[2].text.contains(" alerts"), "{}", seen.mails[2].text);
}
