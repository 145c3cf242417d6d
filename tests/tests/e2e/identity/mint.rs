//! Makes tokens as a forger would, and as somebody would who has the server's own secret.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value as Json, json};
use workforceos_tests::{Company, Db, Person, TestApp};

use super::{at, is_nobodys, works};
use crate::text;

/// A server with a login whose token is good, and what there is to build bad ones from.
pub struct Mint {
    pub app: TestApp,
    pub acme: Company,
    pub ann: Person,
    pub bob: Person,
    pub other: Company,
    /// A second login of Ann, with its bucket token.
    pub again: Json,
}

impl Mint {
    pub async fn make() -> Mint {
        let app = TestApp::start(Db::Sqlite).await;
        let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
        let (ann, bob) = (acme.employee("ann").await, acme.admin("bob").await);
        let body = json!({"username": ann.email, "password": workforceos_tests::PASSWORD});
        let again = app.anonymous().claiming("acme").post(at::LOGIN, body).await.ok();
        Mint { app, acme, ann, bob, other, again }
    }

    /// Ann's own token.
    pub fn good(&self) -> &str {
        self.ann.token.as_deref().expect("a token")
    }

    pub fn part(&self, number: usize) -> &str {
        self.good().split('.').nth(number).expect("three parts")
    }

    pub fn header(&self) -> Json {
        read(self.part(0))
    }

    pub fn claims(&self) -> Json {
        read(self.part(1))
    }

    /// Now, in seconds.
    pub fn now(&self) -> i64 {
        self.claims()["iat"].as_i64().expect("a number")
    }

    /// Ann's claims, changed, under the server's own signature.
    pub fn signed_with(&self, name: &str, value: Json) -> String {
        let mut claims = self.claims();
        claims[name] = value;
        self.signed(&claims.to_string())
    }

    /// Ann's claims without one, under the server's own signature.
    pub fn signed_without(&self, name: &str) -> String {
        let mut claims = self.claims();
        claims.as_object_mut().expect("claims").remove(name).unwrap_or_else(|| panic!("{name} is a claim"));
        self.signed(&claims.to_string())
    }

    /// Any payload under the server's own signature.
    pub fn signed(&self, payload: &str) -> String {
        sign(&self.header(), payload, &self.app.settings().jwt_secret, Algorithm::HS256)
    }

    /// Ann's claims, changed, under the signature that they had before.
    pub fn altered(&self, name: &str, value: Json) -> String {
        let mut claims = self.claims();
        assert_ne!(claims[name], value, "{name} changes");
        claims[name] = value;
        format!("{}.{}.{}", self.part(0), write(&claims.to_string()), self.part(2))
    }

    /// Ann's claims under another header, signed with any key.
    pub fn headed(&self, header: &Json, key: &[u8], algorithm: Algorithm) -> String {
        sign(header, &self.claims().to_string(), key, algorithm)
    }

    /// Ann's claims under a header that says there is no signature, with or without one.
    pub fn unsigned(&self, algorithm: &str, signature: &str) -> String {
        let header = json!({"alg": algorithm, "typ": "JWT"});
        format!("{}.{}.{signature}", write(&header.to_string()), self.part(1))
    }

    /// Whoever has this token is nobody, and that changes nothing for Ann.
    pub async fn refuses(&self, token: &str) {
        works(&self.ann).await;
        is_nobodys(&self.app, token).await;
        works(&self.ann).await;
    }

    /// The id of Ann's login.
    pub fn login(&self) -> String {
        text(&self.claims(), "sid")
    }
}

pub fn sign(header: &Json, payload: &str, key: &[u8], algorithm: Algorithm) -> String {
    let message = format!("{}.{}", write(&header.to_string()), write(payload));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &EncodingKey::from_secret(key), algorithm);
    format!("{message}.{}", signature.expect("signed"))
}

pub fn write(text: &str) -> String {
    BASE64.encode(text)
}

pub fn read(part: &str) -> Json {
    let bytes = BASE64.decode(part).unwrap_or_else(|e| panic!("{part} is base64: {e}"));
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{part} is JSON: {e}"))
}
