//! The second factor is of one login, and of its token alone.

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_tests::{Db, on_both_databases};

use super::{Kind, Subject, World};
use crate::identity::{at, works};
use crate::paths::RECORDS;
use crate::text;

on_both_databases!(
    ids_in_the_body_must_be_the_tokens_own,
    without_a_login_there_is_no_second_factor,
    each_login_has_its_own,
    it_may_be_done_again_and_changes_nothing,
);

async fn ids_in_the_body_must_be_the_tokens_own(db: Db) {
    let world = World::make(db).await;
    let (ann, bob) = (world.subject(Kind::TwoFactor, "ann").await, world.subject(Kind::TwoFactor, "bob").await);
    let (own, other) = (ann.client.get(at::CURRENT_USER).await.ok(), bob.client.get(at::CURRENT_USER).await.ok());
    let (start, complete) = (Kind::TwoFactor.path("start"), Kind::TwoFactor.path("complete"));
    let code = ann.code().await;
    for field in ["userId", "sessionId"] {
        let wrong = [other[field].clone(), json!(Uuid::nil()), json!("x"), json!(""), json!(7), json!([own[field]]), json!({})];
        for wrong in wrong {
            let mut body = json!({});
            body[field] = wrong;
            ann.client.post(&start, body.clone()).await.refused(401, "LoginRequired");
            body["secretCode"] = json!(code);
            ann.client.post(&complete, body).await.refused(401, "LoginRequired");
        }
    }
    // The user's id and somebody else's login do not mend each other.
    let mixed = json!({"userId": own["userId"], "sessionId": other["sessionId"], "secretCode": code});
    ann.client.post(&complete, mixed).await.refused(401, "LoginRequired");
    world.app.clock.advance_minutes(1);
    let body = json!({"userId": own["userId"], "sessionId": own["sessionId"].as_str().expect("text").to_uppercase()});
    let started = ann.client.post(&start, body).await.ok();
    assert_eq!((&started["userId"], &started["sessionId"]), (&own["userId"], &own["sessionId"]));
    let body = json!({"userId": own["userId"], "sessionId": Json::Null, "secretCode": started["secretCode"]});
    let done = ann.client.post(&complete, body).await.ok();
    assert_eq!(done["sessionId"], own["sessionId"]);
    works(&ann.client).await;
    bob.client.get(RECORDS).await.refused(403, "EmailTwoFactorNeeded");
}

async fn without_a_login_there_is_no_second_factor(db: Db) {
    let world = World::make(db).await;
    let ann = world.subject(Kind::TwoFactor, "ann").await;
    let code = ann.code().await;
    let own = ann.client.get(at::CURRENT_USER).await.ok();
    let named = json!({"userId": own["userId"], "sessionId": own["sessionId"], "secretCode": code, "email": ann.email});
    for nobody in [world.nobody(), ann.client.with_token("x")] {
        for step in ["start", "complete"] {
            nobody.post(&Kind::TwoFactor.path(step), named.clone()).await.refused(401, "LoginRequired");
        }
    }
}

async fn each_login_has_its_own(db: Db) {
    let world = World::make(db).await;
    let one = world.subject(Kind::TwoFactor, "ann").await;
    let client = {
        let body = json!({"username": one.email, "password": workforceos_tests::PASSWORD});
        one.client.with_token(&text(&world.nobody().post(at::LOGIN, body).await.ok(), "accessToken"))
    };
    let other = Subject { kind: Kind::TwoFactor, email: one.email.clone(), client };
    let (code, others) = (one.code().await, other.code().await);
    if code != others {
        other.complete(&code).await.refused(403, "Forbidden");
    }
    let done = one.complete(&code).await.ok();
    one.is_through(done).await;
    other.client.get(RECORDS).await.refused(403, "EmailTwoFactorNeeded");
    let done = other.complete(&others).await.ok();
    other.is_through(done).await;
}

async fn it_may_be_done_again_and_changes_nothing(db: Db) {
    let world = World::make(db).await;
    let ann = world.subject(Kind::TwoFactor, "ann").await;
    for _ in 0..2 {
        let code = ann.code().await;
        let done = ann.complete(&code).await.ok();
        ann.is_through(done).await;
        world.app.clock.advance_minutes(1);
    }
}
