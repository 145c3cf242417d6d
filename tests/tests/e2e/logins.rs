//! Logins that are too many, and what is left of those that are over.

use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{UserSession, Verification};
use workforceos_core::query::{Cond, Query};
use workforceos_core::{Clock, Timestamp};
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

on_both_databases!(one_login_too_many_ends_the_oldest, logins_and_codes_that_are_over_are_removed);

const SESSIONS: &str = "/auth-api/v1/usersessions";
const CURRENT_USER: &str = "/auth-api/currentuser";

/// A login as it would stand in the database, made so many seconds after now.
pub fn login(acme: &Company, user: &Person, seconds: i64) -> UserSession {
    let meta = acme.meta();
    let made = Timestamp(meta.created_at.0 + seconds * 1000);
    UserSession {
        meta: Meta::new(meta.id, made, Some(user.id.0)),
        user_id: user.id,
        expires_at: Timestamp(made.0 + Timestamp::DAY),
        needs_2fa: false,
        ip: None,
        user_agent: None,
        company_id: acme.id,
    }
}

async fn one_login_too_many_ends_the_oldest(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let mut others = Changes::none();
    for n in 1..50 {
        let login = login(&acme, &ann, n);
        let event = Event::audit(&acme.ctx(), UserSession::def().name, login.meta.id).after(&login);
        others = others.put(&login).event(event);
    }
    acme.write(others).await;
    app.clock.set(Timestamp(app.clock.now().0 + 60_000));
    assert_eq!(ann.get(&format!("{SESSIONS}?pageRowCount=100")).await.ok()["rowCount"], 50);
    let mut live = ann.stream("").await;
    live.snapshot().await;
    let mut again = ann.clone();
    again.log_in().await;
    // The first login is over at once, its stream included; nobody else's is.
    let end = live.until(|event| event.name.as_deref() == Some("end")).await;
    assert_eq!(end.last().expect("the end").data, json!({"reason": "logout"}));
    assert_eq!(ann.get(CURRENT_USER).await.status, 401);
    again.get(CURRENT_USER).await.ok();
    bob.get(CURRENT_USER).await.ok();
    assert_eq!(again.get(&format!("{SESSIONS}?pageRowCount=100")).await.ok()["rowCount"], 50);
    // It is in the journal as the user's own act.
    let journal = app.services().store.journal(acme.id, 0, 1_000).await.expect("the journal");
    let ended: Vec<_> = journal.iter().filter(|entry| entry.after.contains("\"isActive\":false")).collect();
    assert_eq!(ended.len(), 1);
    assert_eq!((&*ended[0].object, ended[0].actor), ("userSession", Some(ann.id)));
}

async fn logins_and_codes_that_are_over_are_removed(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mut ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let start = "/auth-api/verification-services/password-reset-by-email/start";
    app.anonymous().claiming("acme").post(start, json!({"email": ann.email})).await.ok();
    let (store, companies) = (app.services().store.clone(), app.services().companies.clone());
    let rows = async |def| store.select(&Query::of(def, acme.id, Cond::TRUE)).await.expect("reads").len();
    companies.tidy().await;
    assert_eq!((rows(UserSession::def()).await, rows(Verification::def()).await), (3, 1), "what runs stays");
    // More than one pass removes.
    let mut others = Changes::none();
    for n in 1..=600 {
        let login = login(&acme, &bob, n);
        others = others.put(&login).event(Event::audit(&acme.ctx(), UserSession::def().name, login.meta.id).after(&login));
    }
    acme.write(others).await;
    app.clock.set(Timestamp(app.clock.now().0 + 4 * Timestamp::DAY));
    ann.log_in().await;
    let before = store.journal(acme.id, 0, 1_000).await.expect("the journal").len();
    companies.tidy().await;
    assert_eq!((rows(UserSession::def()).await, rows(Verification::def()).await), (1, 0));
    let after = store.journal(acme.id, 0, 1_000).await.expect("the journal").len();
    assert_eq!(after, before, "nobody is told");
    ann.get(CURRENT_USER).await.ok();
    // A new code can be asked for.
    app.anonymous().claiming("acme").post(start, json!({"email": ann.email})).await.ok();
    assert_eq!(rows(Verification::def()).await, 1);
}
