//! Each of the three verifications, to its end, with what stands in the mail.

use serde_json::json;
use uuid::Uuid;
use workforceos_tests::{Db, PASSWORD, on_both_databases};

use super::smtp::{Mail, Smtp};
use super::{FRONTEND, World};
use crate::identity::{at, works};
use crate::paths::RECORDS;
use crate::text;

on_both_databases!(
    an_address_is_confirmed_by_the_link,
    a_password_is_reset_by_the_mail,
    a_login_is_completed_by_the_code,
    only_those_who_need_a_mail_get_one,
);

const NEW_PASSWORD: &str = "an entirely new one";

/// What every mail has.
fn is_proper(mail: &Mail, email: &str, code: &str) {
    assert!(mail.is_to(email) && mail.0["from"] == "no-reply@app.example.test", "{}", mail.0);
    assert_eq!(mail.header("to"), email);
    assert_eq!(mail.header("from"), "WorkforceOS <no-reply@app.example.test>");
    assert_eq!((mail.header("mime-version").as_str(), mail.0["type"].as_str()), ("1.0", Some("multipart/alternative")));
    let id = mail.header("message-id");
    let id = id.strip_prefix('<').and_then(|id| id.strip_suffix("@app.example.test>")).expect("an id of our own");
    id.parse::<Uuid>().expect("a UUID");
    assert!(!mail.header("date").is_empty() && !mail.header("subject").is_empty());
    let kinds: Vec<_> = mail.0["parts"].as_array().expect("parts").iter().map(|p| (&p["type"], &p["charset"])).collect();
    assert_eq!(kinds, [(&json!("text/plain"), &json!("utf-8")), (&json!("text/html"), &json!("utf-8"))], "text first, HTML last");
    assert!(
        mail.0["ascii"] == true && mail.0["longestLine"].as_u64().expect("a number") <= 998,
        "fit for any server: {}",
        mail.0
    );
    assert!(mail.link().starts_with(&format!("{FRONTEND}/")), "{}", mail.link());
    assert_eq!((mail.linked("email").as_str(), mail.linked("company").as_str()), (email, "acme"));
    assert_eq!((mail.code().as_str(), mail.linked("code").as_str()), (code, code));
    assert!(mail.part("text/html").contains(code));
}

async fn an_address_is_confirmed_by_the_link(db: Db) {
    let Some(smtp) = Smtp::start(&[]).await else { return };
    let world = World::make(db, &smtp.url()).await;
    let (email, name) = ("juergen+work@acme.test", "Jürgen \"Ü\" <Müller> 李");
    world.register(email, name).await;
    let login = json!({"username": email, "password": PASSWORD});
    world.nobody().post(at::LOGIN, login.clone()).await.refused(403, "EmailVerificationNeeded");
    world.ask(email).await;
    let mail = smtp.to(email, 1).await;
    is_proper(&mail, email, &mail.code());
    assert!(mail.part("text/plain").contains(&format!("Hello {name},")), "{}", mail.0);
    assert!(mail.part("text/html").contains("Hello Jürgen &quot;Ü&quot; &lt;Müller&gt; 李,"), "{}", mail.0);
    assert_eq!(mail.link().split('?').next(), Some(format!("{FRONTEND}/verify-email").as_str()));
    world.confirm(&mail).await;
    world.nobody().post(at::LOGIN, login).await.ok();
    assert_eq!(smtp.mails().len(), 1);
}

async fn a_password_is_reset_by_the_mail(db: Db) {
    let Some(smtp) = Smtp::start(&[]).await else { return };
    let world = World::make(db, &smtp.url()).await;
    let (ann, nobody) = (world.acme.unseen("ann").await, world.nobody());
    let start = json!({"email": "ANN@acme.test "});
    world.step(&nobody, "password-reset-by-email/start", start.clone()).await.ok();
    let first = smtp.to(&ann.email, 1).await;
    is_proper(&first, &ann.email, &first.code());
    assert!(first.header("subject").contains("password") && first.link().contains("/reset-password?"));
    world.app.clock.advance_minutes(1);
    world.step(&nobody, "password-reset-by-email/start", start).await.ok();
    let second = smtp.to(&ann.email, 2).await;
    assert_ne!(first.header("message-id"), second.header("message-id"));
    let body = |mail: &Mail| json!({"email": ann.email, "secretCode": mail.code(), "password": NEW_PASSWORD});
    if first.code() != second.code() {
        world.step(&nobody, "password-reset-by-email/complete", body(&first)).await.refused(403, "Forbidden");
    }
    world.step(&nobody, "password-reset-by-email/complete", body(&second)).await.ok();
    let login = |password: &str| json!({"username": ann.email, "password": password});
    nobody.post(at::LOGIN, login(PASSWORD)).await.refused(401, "InvalidCredentials");
    nobody.post(at::LOGIN, login(NEW_PASSWORD)).await.ok();
}

async fn a_login_is_completed_by_the_code(db: Db) {
    let Some(smtp) = Smtp::start(&[]).await else { return };
    let world = World::make(db, &smtp.url()).await;
    let ann = world.acme.unseen("ann").await;
    let session = world.nobody().post(at::LOGIN, json!({"username": ann.email, "password": PASSWORD})).await.ok();
    let half = world.nobody().with_token(&text(&session, "accessToken"));
    assert_eq!(session["sessionNeedsEmail2FA"], true);
    half.get(RECORDS).await.refused(403, "EmailTwoFactorNeeded");
    let started = world.step(&half, "email-2factor-verification/start", json!({})).await.ok();
    assert_eq!(started["verificationType"], "byCode");
    let mail = smtp.to(&ann.email, 1).await;
    is_proper(&mail, &ann.email, &mail.code());
    assert!(mail.header("subject").contains("code"));
    let body = json!({"secretCode": mail.code()});
    let done = world.step(&half, "email-2factor-verification/complete", body.clone()).await.ok();
    assert_eq!((&done["sessionNeedsEmail2FA"], &done["accessToken"]), (&json!(false), &session["accessToken"]));
    works(&half).await;
    world.step(&half, "email-2factor-verification/complete", body).await.refused(404, "VerificationNotFound");
}

async fn only_those_who_need_a_mail_get_one(db: Db) {
    let Some(smtp) = Smtp::start(&[]).await else { return };
    let world = World::make(db, &smtp.url()).await;
    let verified = world.acme.unseen("verified").await;
    world.register("new@acme.test", "New").await;
    // Answered alike, and yet nothing goes to who has no use for it, nor to strangers.
    for email in [verified.email.as_str(), "nobody@acme.test", "new@acme.test"] {
        world.ask(email).await;
    }
    let root = world.app.anonymous();
    world.step(&root, "email-verification/start", json!({"email": "new@acme.test"})).await.ok();
    let mail = smtp.to("new@acme.test", 1).await;
    world.confirm(&mail).await;
    // The last to go out: all before it would have arrived.
    world.step(&world.nobody(), "password-reset-by-email/start", json!({"email": verified.email})).await.ok();
    smtp.to(&verified.email, 1).await;
    assert_eq!(smtp.mails().len(), 2);
}
