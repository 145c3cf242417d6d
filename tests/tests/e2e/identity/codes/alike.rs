//! In production, whoever asks about an address learns nothing of it.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, Reply, on_both_databases};

use super::{Kind, World};
use crate::identity::at;
use crate::paths::RECORDS;

on_both_databases!(unknown_known_and_verified_addresses_are_answered_alike, a_second_factors_start_names_its_user);

const NAMES: [&str; 4] = ["unknown", "new", "known", "archived"];

/// An answer without the address that was asked about.
fn shape(reply: &Reply, name: &str) -> (u16, String) {
    (reply.status, reply.text.replace(&format!("{name}@acme.test"), "ADDRESS"))
}

#[track_caller]
fn all_alike(answers: &[(u16, String)]) {
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
}

async fn unknown_known_and_verified_addresses_are_answered_alike(db: Db) {
    let mut world = World::make(db).await;
    world.subject(Kind::Email, "new").await;
    world.acme.unseen("known").await;
    let archived = world.acme.unseen("archived").await;
    world.app.restart_with(|s| s.email_two_factor = false).await;
    let mut archived = archived;
    archived.log_in().await;
    archived.delete(at::PROFILE).await.ok();
    world.app.restart_with(|s| s.production = true).await;
    let nobody = world.nobody();
    let ask = async |kind: Kind, step: &str, body: Json| {
        let mut answers = Vec::new();
        for name in NAMES {
            let mut body = body.clone();
            body["email"] = json!(format!("{name}@acme.test"));
            let reply = nobody.post(&kind.path(step), body).await;
            answers.push(shape(&reply, name));
        }
        all_alike(&answers);
        answers.swap_remove(0)
    };
    for kind in [Kind::Email, Kind::Reset] {
        let wrong = json!({"secretCode": "000000", "password": "an entirely new one"});
        let before = ask(kind, "complete", wrong.clone()).await.0;
        assert_eq!(before, 403, "none is running, and that is not told");
        let (status, told) = ask(kind, "start", json!({})).await;
        assert_eq!(status, 200, "{told}");
        let mut names: Vec<String> = serde_json::from_str::<serde_json::Map<String, Json>>(&told)
            .expect("an object")
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        names.retain(|name| name != "email");
        names.sort();
        assert_eq!(
            names,
            ["codeIndex", "date", "expireTime", "status", "timeStamp", "verificationType"],
            "neither user nor code"
        );
        assert_eq!(ask(kind, "start", json!({})).await.0, 403, "too soon");
        assert_eq!(ask(kind, "complete", wrong).await.0, 403);
        world.app.clock.advance_minutes(1);
        let (status, told) = ask(kind, "start", json!({})).await;
        assert!(status == 200 && told.contains("\"codeIndex\":2"), "{told}");
    }
}

async fn a_second_factors_start_names_its_user(db: Db) {
    let mut world = World::make(db).await;
    world.app.restart_with(|s| s.production = true).await;
    let ann = world.subject(Kind::TwoFactor, "ann").await;
    let started = ann.start().await.ok();
    assert!(started["userId"].is_string() && started["sessionId"].is_string(), "{started}");
    assert!(started.get("secretCode").is_none(), "{started}");
    ann.complete("000000").await.refused(403, "Forbidden");
    ann.client.get(RECORDS).await.refused(403, "EmailTwoFactorNeeded");
}
