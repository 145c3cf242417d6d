//! `JWT_SECRET` changes while people are logged in.

use jsonwebtoken::Algorithm;
use workforceos_tests::{Db, Person, TestApp, on_both_databases};

use crate::identity::{is_nobodys, works};

const NEXT: &[u8] = b"the next secret, as long as the one before";

on_both_databases!(the_secret_before_is_good_while_it_is_named);

async fn the_secret_before_is_good_while_it_is_named(db: Db) {
    let mut app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mut ann = acme.employee("ann").await;
    let (old_token, old_secret) = (token(&ann), app.settings().jwt_secret.clone());
    let key = {
        let mut robot = ann.clone();
        robot.use_key().await;
        robot
    };

    app.restart_with(|s| s.jwt_previous = Some(std::mem::replace(&mut s.jwt_secret, NEXT.to_vec()))).await;
    works(&ann.with_token(&old_token)).await;
    ann.log_in().await;
    let new_token = token(&ann);
    works(&ann.with_token(&new_token)).await;
    assert!(is_signed_with(&new_token, NEXT) && !is_signed_with(&new_token, &old_secret), "the new secret signs");
    assert!(is_signed_with(&old_token, &old_secret));

    app.restart_with(|s| s.jwt_previous = None).await;
    is_nobodys(&app, &old_token).await;
    works(&ann.with_token(&new_token)).await;
    works(&key).await;
    // Two rotations back is not the one before.
    app.restart_with(|s| {
        s.jwt_previous = Some(std::mem::replace(&mut s.jwt_secret, b"a third secret, once more long enough".to_vec()))
    })
    .await;
    is_nobodys(&app, &old_token).await;
    works(&ann.with_token(&new_token)).await;
}

fn token(person: &Person) -> String {
    person.token.clone().expect("a token")
}

/// Signs the same text again: HMAC leaves nothing to chance.
fn is_signed_with(token: &str, secret: &[u8]) -> bool {
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("signed") == signature
}
