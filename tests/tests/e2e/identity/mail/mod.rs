//! Verification by mails that a real SMTP server took: set up as in production, where no answer tells a code.

mod flows;
mod outage;
mod server;
mod smtp;

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Company, Db, Reply, TestApp};

use self::smtp::Mail;

const FRONTEND: &str = "https://app.example.test/front";

/// A server in production with a company.
struct World {
    app: TestApp,
    acme: Company,
}

impl World {
    /// In production, with mails going to an address.
    async fn make(db: Db, smtp_url: &str) -> World {
        let mut app = TestApp::start(db).await;
        let acme = app.company("acme", "UTC").await;
        app.restart_with(|s| {
            (s.production, s.email_verification, s.email_two_factor) = (true, true, true);
            s.smtp_url = Some(smtp_url.to_owned());
            s.frontend_url = FRONTEND.to_owned();
        })
        .await;
        World { app, acme }
    }

    fn nobody(&self) -> Client {
        self.app.anonymous().claiming("acme")
    }

    /// Takes a step of a verification.
    async fn step(&self, client: &Client, what: &str, body: Json) -> Reply {
        let reply = client.post(&format!("/auth-api/verification-services/{what}"), body).await;
        assert!(reply.body.get("secretCode").is_none(), "no code but by mail: {}", reply.text);
        reply
    }

    /// Somebody who has registered and not confirmed the address.
    async fn register(&self, email: &str, fullname: &str) {
        let body = json!({"email": email, "password": workforceos_tests::PASSWORD, "fullname": fullname});
        self.nobody().post("/auth-api/v1/registercompanyuser", body).await.ok();
    }

    /// Asks for a mail that confirms an address.
    async fn ask(&self, email: &str) {
        self.step(&self.nobody(), "email-verification/start", json!({"email": email})).await.ok();
    }

    /// Uses what a mail about an address says.
    async fn confirm(&self, mail: &Mail) {
        let body = json!({"email": mail.linked("email"), "secretCode": mail.linked("code")});
        self.step(&self.nobody(), "email-verification/complete", body).await.ok();
    }
}
