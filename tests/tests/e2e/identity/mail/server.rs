//! Mail servers that want a login, or offer encryption.

use std::time::Duration;

use workforceos_core::time::Timestamp;
use workforceos_tests::{DEADLINE, Db, on_both_databases};

use super::World;
use super::smtp::Smtp;

on_both_databases!(
    a_server_that_wants_a_login,
    a_wrong_login_loses_no_mail,
    a_certificate_of_nobodys_gets_neither_login_nor_mail
);

const EMAIL: &str = "ann@acme.test";

/// A world in which Ann has asked for a mail.
async fn asked(db: Db, smtp_url: &str) -> World {
    let world = World::make(db, smtp_url).await;
    world.register(EMAIL, "Ann").await;
    world.ask(EMAIL).await;
    world
}

/// Waits until a mail was tried in vain.
async fn tried(world: &World) {
    let trying = async {
        loop {
            let store = world.app.services().store.clone();
            // Looked at from a time at which every pause is over; nothing is taken away from the server.
            let later = Timestamp(workforceos_core::Clock::now(&*world.app.clock).0 + Timestamp::DAY);
            let waiting = store.claim_outbox("mail.code", later, Timestamp(0), 10).await.expect("the outbox");
            if waiting.iter().any(|pending| pending.tries > 0) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(DEADLINE, trying).await.expect("a try");
}

async fn a_server_that_wants_a_login(db: Db) {
    let Some(smtp) = Smtp::start(&["--login", "bot@mail.test:p@ss:word"]).await else { return };
    let world = asked(db, &format!("smtp://bot%40mail.test:p%40ss%3Aword@127.0.0.1:{}", smtp.port)).await;
    let mail = smtp.to(EMAIL, 1).await;
    assert_eq!(mail.0["login"], "bot@mail.test");
    assert_eq!((mail.0["from"].as_str(), mail.header("from").as_str()), (Some("bot@mail.test"), "WorkforceOS <bot@mail.test>"));
    world.confirm(&mail).await;
}

async fn a_wrong_login_loses_no_mail(db: Db) {
    let Some(smtp) = Smtp::start(&["--login", "bot:right"]).await else { return };
    let mut world = asked(db, &format!("smtp://bot:wrong@127.0.0.1:{}", smtp.port)).await;
    tried(&world).await;
    assert_eq!(smtp.mails().len(), 0);
    world.app.restart_with(|s| s.smtp_url = Some(format!("smtp://bot:right@127.0.0.1:{}", smtp.port))).await;
    world.app.clock.advance_minutes(60);
    let mail = smtp.to(EMAIL, 1).await;
    world.confirm(&mail).await;
}

async fn a_certificate_of_nobodys_gets_neither_login_nor_mail(db: Db) {
    let Some(smtp) = Smtp::start(&["--starttls", "--login", "bot:right"]).await else { return };
    let world = asked(db, &format!("smtp://bot:right@127.0.0.1:{}?tls=required", smtp.port)).await;
    tried(&world).await;
    assert_eq!(smtp.mails().len(), 0);
    // Nor does a server that insists on encryption get anything in clear.
    let plain = asked(db, &format!("smtp://bot:right@127.0.0.1:{}", smtp.port)).await;
    tried(&plain).await;
    assert_eq!(smtp.mails().len(), 0);
}
