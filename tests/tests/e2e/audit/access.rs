//! Who came in, who did not, who was refused, and what was done from elsewhere: each in the right company's log, without secrets.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, PASSWORD, Setup, TestApp, on_both_databases};

use super::{awaited, page};
use crate::paths::{SHIFTS, WEBHOOKS};
use crate::text;

on_both_databases!(
    logins_and_their_ends_are_listed,
    wrong_passwords_are_listed_and_added_up,
    the_second_factor_is_listed,
    passwords_and_keys_are_listed_without_themselves,
    refusals_are_listed_once_a_minute_with_their_number,
    who_claims_another_company_is_noted_at_home,
    acts_and_reads_from_the_saas_level_are_listed_where_they_happen,
);

const LOGIN: &str = "/auth-api/login";

/// What the log must not tell.
fn without_secrets(entries: &[Json], secrets: &[&str]) {
    let text = serde_json::to_string(entries).expect("JSON");
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

async fn logins_and_their_ends_are_listed(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let ann = acme.employee("ann").await;
    let token = ann.token.clone().expect("a token");
    let about = format!("entity_type=userSession&actor_user_id={}", ann.text());
    let logins = page(&acme.owner, &about).await;
    assert_eq!((logins.len(), &logins[0]["action_type"]), (1, &json!("login")), "{logins:?}");
    assert_eq!((&logins[0]["new_value"]["ip"], &logins[0]["old_value"]), (&json!("127.0.0.1"), &json!(null)));
    ann.post("/auth-api/logout", json!({})).await.ok();
    let logins = page(&acme.owner, &about).await;
    assert_eq!((logins.len(), &logins[0]["action_type"]), (2, &json!("logout")), "{logins:?}");
    let active = |value: &Json| value["isActive"].as_bool();
    assert_eq!((active(&logins[0]["old_value"]), active(&logins[0]["new_value"])), (Some(true), Some(false)));
    without_secrets(&logins, &[&token, PASSWORD]);
    assert_eq!(page(&other.owner, &about).await, [] as [Json; 0]);
}

async fn wrong_passwords_are_listed_and_added_up(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let guess = async |email: &str| {
        let body = json!({"username": email, "password": "canary-guess-7f3a91"});
        app.anonymous().claiming("acme").post(LOGIN, body).await.refused(401, "InvalidCredentials");
    };
    for _ in 0..3 {
        guess(&ann.email).await;
    }
    let failed = |entry: &Json| entry["extra_metadata"]["failed"] == true && entry["entity_id"] == ann.text().as_str();
    let first = awaited(&acme.owner, "entity_type=login", failed).await;
    assert_eq!((&first["extra_metadata"]["tries"], &first["extra_metadata"]["ip"]), (&json!(1), &json!("127.0.0.1")), "{first}");
    assert!(first["actor_user_id"].is_null(), "nobody knows who it was: {first}");
    app.clock.advance_minutes(1);
    guess(&ann.email).await;
    let added = |entry: &Json| failed(entry) && entry["extra_metadata"]["tries"] == 3;
    awaited(&acme.owner, "entity_type=login", added).await;
    // Of those who are not there, all together, without what was typed.
    guess("nobody@acme.test").await;
    let unknown = |entry: &Json| entry["entity_id"] == "00000000-0000-0000-0000-000000000000";
    awaited(&acme.owner, "entity_type=login", unknown).await;
    without_secrets(&page(&acme.owner, "").await, &["canary-guess", "nobody@acme.test"]);
}

async fn the_second_factor_is_listed(db: Db) {
    let app = TestApp::with(db, Setup { email_two_factor: true, ..Setup::default() }).await;
    let acme = app.company("acme", "UTC").await;
    let complete = async |client: &workforceos_tests::Client| {
        let start = client.post("/auth-api/verification-services/email-2factor-verification/start", json!({})).await.ok();
        let code = text(&start, "secretCode");
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let path = "/auth-api/verification-services/email-2factor-verification/complete";
        assert!(client.post(path, json!({"secretCode": wrong})).await.status >= 400);
        client.post(path, json!({"secretCode": code})).await.ok();
        code
    };
    // A half login is refused, and that is noted.
    acme.owner.get(SHIFTS).await.refused(403, "EmailTwoFactorNeeded");
    let code = complete(&acme.owner).await;
    let sessions = page(&acme.owner, &format!("entity_type=userSession&actor_user_id={}", acme.owner.text())).await;
    assert_eq!(sessions.len(), 2, "the login and its second half: {sessions:?}");
    let half = |value: &Json| value["sessionNeedsEmail2FA"].as_bool();
    assert_eq!((half(&sessions[0]["old_value"]), half(&sessions[0]["new_value"])), (Some(true), Some(false)), "{sessions:?}");
    let codes = page(&acme.owner, "entity_type=verification").await;
    assert!(codes.iter().any(|entry| entry["extra_metadata"]["wrongTries"] == 1), "{codes:?}");
    assert!(codes.iter().any(|entry| entry["extra_metadata"]["completed"] == true), "{codes:?}");
    without_secrets(&codes, &[&format!("\"{code}\"")]);
    awaited(&acme.owner, "entity_type=access", |entry| entry["extra_metadata"]["denied"] == "EmailTwoFactorNeeded").await;
}

async fn passwords_and_keys_are_listed_without_themselves(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let made = ann.post("/auth-api/v1/apikeys", json!({"name": "canary key"})).await.ok();
    let (key, id) = (text(&made, "key"), text(&made["apiKey"], "id"));
    // Each use of a key is not noted; what it changes is, as its user's.
    ann.with_token(&key).patch("/auth-api/v1/profile", json!({"fullname": "Anna"})).await.ok();
    ann.delete(&format!("/auth-api/v1/apikeys/{id}")).await.ok();
    let keys = page(&acme.owner, "entity_type=apiKey").await;
    let acts: Vec<String> = keys.iter().map(|entry| text(entry, "action_type")).collect();
    assert_eq!(acts, ["deleteApiKey", "createApiKey"]);
    acme.owner
        .patch(&format!("/auth-api/v1/userpasswordbyadmin/{}", ann.text()), json!({"password": "canary-new-7f3a91"}))
        .await
        .ok();
    let reset = "/auth-api/verification-services/password-reset-by-email";
    let nobody = app.anonymous().claiming("acme");
    let start = nobody.post(&format!("{reset}/start"), json!({"email": ann.email})).await.ok();
    let done = json!({"email": ann.email, "secretCode": start["secretCode"], "password": "canary-reset-7f3a91"});
    nobody.post(&format!("{reset}/complete"), done).await.ok();
    let users = page(&acme.owner, "entity_type=user").await;
    let by_admin = users.iter().find(|e| e["action_type"] == "updateUserPasswordByAdmin").expect("the admin's reset");
    assert_eq!(by_admin["actor_user_id"], acme.owner.text());
    let hers = users.iter().filter(|entry| entry["entity_id"] == ann.text().as_str()).count();
    assert!(hers >= 3, "her name, the admin's reset, her own: {users:?}");
    let everything = page(&acme.owner, "").await;
    without_secrets(&everything, &["canary-new", "canary-reset", PASSWORD, &key, "$argon2"]);
}

async fn refusals_are_listed_once_a_minute_with_their_number(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let refused = async |times: usize| {
        for _ in 0..times {
            ann.get(WEBHOOKS).await.refused(403, "Forbidden");
        }
    };
    let query = format!("entity_type=access&actor_user_id={}", ann.text());
    refused(4).await;
    let first = awaited(&acme.owner, &query, |_| true).await;
    assert_eq!(first["action_type"], "listWebhooks");
    assert_eq!(
        (&first["extra_metadata"]["denied"], &first["extra_metadata"]["count"]),
        (&json!("Forbidden"), &json!(1)),
        "{first}"
    );
    app.clock.advance_minutes(1);
    refused(1).await;
    awaited(&acme.owner, &query, |entry| entry["extra_metadata"]["count"] == 4).await;
    assert_eq!(page(&acme.owner, &query).await.len(), 2);
    // Another's rows, by a tool, and a rule of the service.
    ann.tool("getLeaveBalance", json!({"userId": acme.owner.text()})).await.refused(403, "Forbidden");
    let by_tool = |entry: &Json| entry["action_type"] == "getLeaveBalance" && entry["extra_metadata"]["via"] == "mcp";
    awaited(&acme.owner, &query, by_tool).await;
    // Nobody is told of it on a stream, and what is cached of the company stays.
    let epoch = app.services().caches.epoch(acme.id);
    ann.get("/auth-api/v1/users").await.refused(403, "Forbidden");
    awaited(&acme.owner, &query, |entry| entry["action_type"] == "listUsers").await;
    assert_eq!(app.services().caches.epoch(acme.id), epoch);
}

async fn who_claims_another_company_is_noted_at_home(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    other.owner.claiming("acme").get(SHIFTS).await.refused(403, "TenantMismatch");
    let home = awaited(&other.owner, "entity_type=access", |_| true).await;
    assert_eq!((&home["action_type"], &home["extra_metadata"]["denied"]), (&json!("claimCompany"), &json!("TenantMismatch")));
    assert_eq!(page(&acme.owner, "entity_type=access").await, [] as [Json; 0]);
}

async fn acts_and_reads_from_the_saas_level_are_listed_where_they_happen(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let root = app.super_admin().await;
    let me = text(&root.get("/auth-api/currentuser").await.ok(), "userId");
    root.claiming("acme").get(SHIFTS).await.ok();
    let query = format!("actor_user_id={me}");
    let read = awaited(&acme.owner, &format!("{query}&entity_type=access"), |_| true).await;
    assert_eq!((&read["action_type"], &read["extra_metadata"]["read"]), (&json!("listShifts"), &json!(true)));
    root.claiming("acme").patch(&format!("/auth-api/v1/companies/{}", acme.id), json!({"industry": "care"})).await.ok();
    let acts = page(&acme.owner, &format!("{query}&entity_type=company")).await;
    assert_eq!((acts.len(), &acts[0]["new_value"]["industry"]), (1, &json!("care")), "{acts:?}");
    assert_eq!(page(&other.owner, &query).await, [] as [Json; 0]);
    assert!(page(&root, &query).await.iter().all(|entry| entry["entity_type"] != "company"), "not at home");
}
