//! Every failure of completing a password reset is a 403.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, PASSWORD, on_both_databases};

use super::{Kind, NEW_PASSWORD, World, other_than};
use crate::identity::{at, works};

on_both_databases!(every_failure_is_a_403, a_reset_unlocks_and_confirms_the_address);

async fn every_failure_is_a_403(db: Db) {
    let world = World::make(db).await;
    let ann = world.subject(Kind::Reset, "ann").await;
    let code = ann.code().await;
    let (short, long) = ("1234567".to_owned(), "x".repeat(201));
    let cases: Vec<(Json, &[&str])> = vec![
        (json!({}), &["email", "secretCode", "password"]),
        (json!({"email": ann.email}), &["secretCode", "password"]),
        (json!({"secretCode": code}), &["email", "password"]),
        (json!({"email": ann.email, "secretCode": code}), &["password"]),
        (json!({"email": ann.email, "password": NEW_PASSWORD}), &["secretCode"]),
        (json!({"email": "", "secretCode": " ", "password": ""}), &["email", "secretCode", "password"]),
        (json!({"email": null, "secretCode": code, "password": NEW_PASSWORD}), &["email"]),
        (json!({"email": [], "secretCode": {}, "password": true}), &["email", "secretCode", "password"]),
        (json!({"email": ann.email, "secretCode": code, "password": short}), &["password"]),
        (json!({"email": ann.email, "secretCode": code, "password": long}), &["password"]),
        (json!({"email": "ann", "secretCode": code, "password": NEW_PASSWORD}), &[]),
        (json!({"email": "nobody@acme.test", "secretCode": code, "password": NEW_PASSWORD}), &[]),
        (json!({"email": ann.email, "secretCode": other_than(&code, 0), "password": NEW_PASSWORD}), &[]),
    ];
    for (body, fields) in cases {
        let told = world.nobody().post(&Kind::Reset.path("complete"), body.clone()).await.refused(403, "Forbidden");
        let problems = told["detail"].as_array().cloned().unwrap_or_default();
        let named: Vec<&str> = problems.iter().filter_map(|p| p["field"].as_str()).collect();
        assert_eq!(named, fields, "{body}: {told}");
        assert!(problems.iter().all(|p| p["problem"].is_string()), "{told}");
    }
    // None of that was the code's end.
    let done = ann.complete(&code).await.ok();
    ann.is_through(done).await;
    let body = json!({"username": ann.email, "password": PASSWORD});
    world.nobody().post(at::LOGIN, body).await.refused(401, "InvalidCredentials");
    world
        .nobody()
        .post(&Kind::Reset.path("start"), json!({"email": "nobody@acme.test"}))
        .await
        .refused(401, "InvalidCredentials");
}

async fn a_reset_unlocks_and_confirms_the_address(db: Db) {
    let mut world = World::make(db).await;
    world.app.restart_with(|s| s.email_two_factor = false).await;
    // Somebody who never confirmed the address, and whose account guesses have locked.
    let new = world.subject(Kind::Email, "new").await;
    let wrong = json!({"username": new.email, "password": "a wrong password"});
    let refusals = async { while world.nobody().post(at::LOGIN, wrong.clone()).await.status != 429 {} };
    tokio::time::timeout(workforceos_tests::DEADLINE, refusals).await.expect("guesses are slowed");
    let start = world.nobody().post(&Kind::Reset.path("start"), json!({"email": new.email})).await.ok();
    let body = json!({"email": new.email, "secretCode": start["secretCode"], "password": NEW_PASSWORD});
    let done = world.nobody().post(&Kind::Reset.path("complete"), body).await.ok();
    assert_eq!((&done["isVerified"], &done["email"], &done["userId"]), (&json!(true), &json!(new.email), &start["userId"]));
    let right = json!({"username": new.email, "password": NEW_PASSWORD});
    let session = world.nobody().post(at::LOGIN, right).await.ok();
    works(&world.nobody().with_token(session["accessToken"].as_str().expect("a token"))).await;
}
