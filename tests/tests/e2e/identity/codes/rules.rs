//! What holds for every kind of code.

use serde_json::json;
use workforceos_tests::Db;
use workforceos_tests::time::at;

use super::{Kind, World, other_than};
use crate::text;

/// A test for each rule, kind of code and database.
macro_rules! for_every_kind {
    ($($rule:ident),+ $(,)?) => { $(
        mod $rule {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn of_email_verification() {
                super::$rule(&World::make(Db::Sqlite).await, Kind::Email).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn of_password_reset() {
                super::$rule(&World::make(Db::Sqlite).await, Kind::Reset).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn of_the_second_factor() {
                super::$rule(&World::make(Db::Sqlite).await, Kind::TwoFactor).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if Db::Postgres.is_here() {
                    for kind in [Kind::Email, Kind::Reset, Kind::TwoFactor] {
                        super::$rule(&World::make(Db::Postgres).await, kind).await;
                    }
                }
            }
        }
    )+ };
}

for_every_kind!(
    a_start_answers_what_is_to_be_known,
    a_code_is_good_once,
    five_wrong_tries_end_a_code,
    four_wrong_tries_do_not,
    another_code_comes_after_a_minute_at_the_earliest,
    a_code_is_dead_once_there_is_a_new_one,
    a_code_lasts_a_day,
    a_code_is_its_users_alone,
    a_code_is_of_its_kind_alone,
    what_is_no_code_is_refused,
);

async fn a_start_answers_what_is_to_be_known(world: &World, kind: Kind) {
    let ann = world.subject(kind, "ann").await;
    ann.has_none_running("123456").await;
    let started = ann.start().await.ok();
    let code = text(&started, "secretCode");
    assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
    assert_eq!((&started["status"], &started["codeIndex"], &started["expireTime"]), (&json!("OK"), &json!(1), &json!(86400)));
    assert_eq!(started["timeStamp"], at("2026-06-01T06:00:00Z").0);
    assert_eq!(started["date"], "2026-06-01T06:00:00.000Z");
    let by = if kind == Kind::TwoFactor { "byCode" } else { "byLink" };
    assert_eq!(started["verificationType"], by);
    assert!(started["userId"].is_string(), "{started}");
    assert_eq!(started.get("sessionId").is_some(), kind == Kind::TwoFactor, "{started}");
    assert_eq!(started.get("email").is_some(), kind == Kind::Reset, "{started}");
}

async fn a_code_is_good_once(world: &World, kind: Kind) {
    let ann = world.subject(kind, "ann").await;
    let code = ann.code().await;
    let done = ann.complete(&code).await.ok();
    ann.is_through(done).await;
    ann.has_none_running(&code).await;
}

async fn five_wrong_tries_end_a_code(world: &World, kind: Kind) {
    let ann = world.subject(kind, "ann").await;
    let code = ann.code().await;
    for number in 0..5 {
        ann.complete(&other_than(&code, number)).await.refused(403, "Forbidden");
    }
    ann.complete(&code).await.refused(403, "Forbidden");
    ann.complete(&code).await.refused(403, "Forbidden");
    world.app.clock.advance_minutes(1);
    let code = ann.code().await;
    let done = ann.complete(&code).await.ok();
    ann.is_through(done).await;
}

async fn four_wrong_tries_do_not(world: &World, kind: Kind) {
    let ann = world.subject(kind, "ann").await;
    let code = ann.code().await;
    for number in 0..4 {
        ann.complete(&other_than(&code, number)).await.refused(403, "Forbidden");
    }
    let done = ann.complete(&code).await.ok();
    ann.is_through(done).await;
}

async fn another_code_comes_after_a_minute_at_the_earliest(world: &World, kind: Kind) {
    let ann = world.subject(kind, "ann").await;
    ann.code().await;
    ann.start().await.refused(403, "Forbidden");
    world.app.set("2026-06-01T06:00:59Z");
    ann.start().await.refused(403, "Forbidden");
    world.app.set("2026-06-01T06:01:00Z");
    assert_eq!(ann.start().await.ok()["codeIndex"], 2);
    ann.start().await.refused(403, "Forbidden");
    // Somebody else's codes are none of this.
    world.subject(kind, "bob").await.code().await;
}

async fn a_code_is_dead_once_there_is_a_new_one(world: &World, kind: Kind) {
    let ann = world.subject(kind, "ann").await;
    let old = ann.code().await;
    world.app.clock.advance_minutes(1);
    let new = ann.code().await;
    if old != new {
        ann.complete(&old).await.refused(403, "Forbidden");
    }
    let done = ann.complete(&new).await.ok();
    ann.is_through(done).await;
    ann.has_none_running(&old).await;
}

async fn a_code_lasts_a_day(world: &World, kind: Kind) {
    let (ann, bob) = (world.subject(kind, "ann").await, world.subject(kind, "bob").await);
    let (codes, eve) = ((ann.code().await, bob.code().await), world.subject(kind, "eve").await);
    world.app.set("2026-06-02T05:59:59Z");
    let done = ann.complete(&codes.0).await.ok();
    ann.is_through(done).await;
    world.app.set("2026-06-02T06:00:00Z");
    match kind {
        // The login itself lasts no longer than the code.
        Kind::TwoFactor => drop(bob.complete(&codes.1).await.refused(401, "LoginRequired")),
        Kind::Email | Kind::Reset => {
            bob.complete(&codes.1).await.refused(403, "Forbidden");
            let code = eve.code().await;
            let done = eve.complete(&code).await.ok();
            eve.is_through(done).await;
        }
    }
}

async fn a_code_is_its_users_alone(world: &World, kind: Kind) {
    let (ann, bob) = (world.subject(kind, "ann").await, world.subject(kind, "bob").await);
    let (code, other) = (ann.code().await, bob.code().await);
    if code != other {
        bob.complete(&code).await.refused(403, "Forbidden");
    }
    let done = ann.complete(&code).await.ok();
    ann.is_through(done).await;
}

async fn a_code_is_of_its_kind_alone(world: &World, kind: Kind) {
    let ann = world.subject(kind, "ann").await;
    let code = ann.code().await;
    for other in [Kind::Email, Kind::Reset].into_iter().filter(|other| *other != kind) {
        let path = other.path("complete");
        let body = json!({"email": ann.email, "secretCode": code, "password": "an entirely new one"});
        let told = world.nobody().post(&path, body).await;
        assert!(matches!(told.status, 403 | 404), "{other:?}: {}", told.text);
    }
    let done = ann.complete(&code).await.ok();
    ann.is_through(done).await;
}

async fn what_is_no_code_is_refused(world: &World, kind: Kind) {
    let ann = world.subject(kind, "ann").await;
    let code = ann.code().await;
    for wrong in ["abcdef", "١٢٣٤٥٦", "' OR 1=1"] {
        ann.complete(wrong).await.refused(403, "Forbidden");
    }
    ann.complete(&format!("{code}{code}")).await.refused(403, "Forbidden");
    // Copied with blanks around it, it is still the one.
    let done = ann.complete(&format!(" {code} ")).await.ok();
    ann.is_through(done).await;
}
