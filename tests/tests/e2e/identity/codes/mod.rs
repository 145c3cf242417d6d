//! Mailed codes: of an address, of a forgotten password, of a login's second factor.

mod alike;
mod partial;
mod reset;
mod rules;
mod two_factor;

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Company, Db, PASSWORD, Person, Reply, TestApp};

use crate::identity::at;
use crate::text;

const NEW_PASSWORD: &str = "an entirely new one";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Email,
    Reset,
    TwoFactor,
}

impl Kind {
    fn path(self, step: &str) -> String {
        let name = match self {
            Kind::Email => "email-verification",
            Kind::Reset => "password-reset-by-email",
            Kind::TwoFactor => "email-2factor-verification",
        };
        format!("/auth-api/verification-services/{name}/{step}")
    }
}

/// A server that wants addresses confirmed and logins confirmed, and its company.
struct World {
    app: TestApp,
    acme: Company,
}

impl World {
    async fn make(db: Db) -> World {
        let mut app = TestApp::start(db).await;
        let acme = app.company("acme", "UTC").await;
        app.restart_with(|s| (s.email_verification, s.email_two_factor) = (true, true)).await;
        World { app, acme }
    }

    fn nobody(&self) -> Client {
        self.app.anonymous().claiming("acme")
    }

    /// A login without its second factor.
    async fn half(&self, person: &Person) -> Client {
        let body = json!({"username": person.email, "password": PASSWORD});
        let session = self.app.anonymous().claiming(&person.codename).post(at::LOGIN, body).await.ok();
        assert_eq!(session["sessionNeedsEmail2FA"], true);
        person.with_token(&text(&session, "accessToken"))
    }

    /// Somebody who needs a code of a kind.
    async fn subject(&self, kind: Kind, name: &str) -> Subject {
        let email = format!("{name}@acme.test");
        if kind == Kind::Email {
            let body = json!({"email": email, "password": PASSWORD, "fullname": name});
            let made = self.nobody().post("/auth-api/v1/registercompanyuser", body).await.ok();
            assert_eq!(made["emailVerificationNeeded"], true);
            return Subject { kind, email, client: self.nobody() };
        }
        let person = self.acme.unseen(name).await;
        let client = if kind == Kind::TwoFactor { self.half(&person).await } else { self.nobody() };
        Subject { kind, email, client }
    }
}

struct Subject {
    kind: Kind,
    email: String,
    client: Client,
}

impl Subject {
    async fn start(&self) -> Reply {
        let body = if self.kind == Kind::TwoFactor { json!({}) } else { json!({"email": self.email}) };
        self.client.post(&self.kind.path("start"), body).await
    }

    /// A code that was mailed.
    async fn code(&self) -> String {
        text(&self.start().await.ok(), "secretCode")
    }

    async fn complete(&self, code: &str) -> Reply {
        let mut body = json!({"secretCode": code});
        if self.kind != Kind::TwoFactor {
            body["email"] = json!(self.email);
        }
        if self.kind == Kind::Reset {
            body["password"] = json!(NEW_PASSWORD);
        }
        self.client.post(&self.kind.path("complete"), body).await
    }

    /// The answer where no code is running.
    async fn has_none_running(&self, code: &str) {
        let reply = self.complete(code).await;
        match self.kind {
            Kind::Reset => reply.refused(403, "Forbidden"),
            Kind::Email | Kind::TwoFactor => reply.refused(404, "VerificationNotFound"),
        };
    }

    /// What a completed verification is good for.
    async fn is_through(&self, done: Json) {
        match self.kind {
            Kind::Email | Kind::Reset => assert_eq!((&done["isVerified"], &done["email"]), (&json!(true), &json!(self.email))),
            Kind::TwoFactor => {
                assert_eq!(done["sessionNeedsEmail2FA"], false);
                assert_eq!(done["accessToken"].as_str(), self.client.token.as_deref());
                return crate::identity::works(&self.client).await;
            }
        }
        let password = if self.kind == Kind::Reset { NEW_PASSWORD } else { PASSWORD };
        self.client.post(at::LOGIN, json!({"username": self.email, "password": password})).await.ok();
    }
}

/// Another code than this one.
fn other_than(code: &str, number: u32) -> String {
    format!("{:06}", (code.parse::<u32>().expect("digits") + 1 + number) % 1_000_000)
}
