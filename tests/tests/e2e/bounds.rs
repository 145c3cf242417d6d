//! What one user or one address may take, however many keys, logins, tokens and connections it uses.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{ApiKey, UserSession};
use workforceos_core::{Clock, Timestamp};
use workforceos_tests::{Company, DEADLINE, Db, PASSWORD, Person, Setup, TestApp, on_both_databases};

use crate::avatars::DOT;
use crate::logins::login;
use crate::paths::SHIFTS;
use crate::text;

on_both_databases!(
    a_user_has_so_many_keys,
    whoever_waits_for_a_second_factor_ends_no_whole_login,
    a_logout_ends_the_tokens_login_whatever_is_claimed,
    a_root_admins_picture_is_the_root_admins_own,
);

const KEYS: &str = "/auth-api/v1/apikeys";
const CURRENT_USER: &str = "/auth-api/currentuser";
const LOGIN: &str = "/auth-api/login";
const SECOND: &str = "/auth-api/verification-services/email-2factor-verification";

/// Gives somebody keys, and answers their ids.
async fn give_keys(acme: &Company, user: &Person, count: usize, digest: impl Fn(usize) -> String) -> Vec<String> {
    let (mut changes, mut ids) = (Changes::none(), Vec::new());
    for n in 0..count {
        let meta = acme.meta();
        let key = ApiKey {
            meta: Meta::new(meta.id, meta.created_at, Some(user.id.0)),
            user_id: user.id,
            name: format!("key {n}"),
            prefix: "sk_mbx_".to_owned(),
            digest: digest(n),
            expires_at: None,
            read_only: false,
            services: json!([]),
            company_id: acme.id,
        };
        ids.push(key.meta.id.to_string());
        let event = Event::audit(&acme.ctx(), ApiKey::def().name, key.meta.id).after(&key);
        changes = changes.put(&key).event(event);
    }
    acme.write(changes).await;
    ids
}

async fn a_user_has_so_many_keys(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let soon = Timestamp(app.clock.now().0 + 60_000).to_string();
    ann.post(KEYS, json!({"name": "soon over", "expiresAt": soon})).await.ok();
    let ids = give_keys(&acme, &ann, 49, |n| format!("{n:064}")).await;
    let told = ann.post(KEYS, json!({"name": "one more"})).await.refused(409, "TooManyApiKeys");
    assert!(text(&told, "message").contains("50"), "{told}");
    bob.post(KEYS, json!({"name": "the first"})).await.ok();
    ann.delete(&format!("{KEYS}/{}", ids[0])).await.ok();
    ann.post(KEYS, json!({"name": "one for another"})).await.ok();
    ann.post(KEYS, json!({"name": "one more"})).await.refused(409, "TooManyApiKeys");
    // What has expired counts no more.
    app.clock.advance_minutes(1);
    ann.post(KEYS, json!({"name": "one more"})).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_keys_are_no_way_around_a_limit() {
    let app = TestApp::with(Db::Sqlite, Setup { rate_limit: 40, ..Setup::default() }).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let mut keys = Vec::new();
    for _ in 0..5 {
        let mut key = ann.clone();
        key.use_key().await;
        keys.push(key);
    }
    for key in &keys[..4] {
        for _ in 0..10 {
            key.get(SHIFTS).await.ok();
        }
    }
    keys[4].get(SHIFTS).await.refused(429, "RateLimited");
    ann.get(SHIFTS).await.ok();
}

/// A login without its second factor.
async fn half(app: &TestApp, ann: &Person) -> Person {
    app.clock.set(Timestamp(app.clock.now().0 + 1));
    let body = json!({"username": ann.email, "password": PASSWORD});
    let session = app.anonymous().claiming("acme").post(LOGIN, body).await.ok();
    let mut half = ann.clone();
    half.client.token = Some(text(&session, "accessToken"));
    half
}

async fn complete(half: &Person) {
    let started = half.post(&format!("{SECOND}/start"), json!({})).await.ok();
    half.post(&format!("{SECOND}/complete"), json!({"secretCode": started["secretCode"]})).await.ok();
}

async fn whoever_waits_for_a_second_factor_ends_no_whole_login(db: Db) {
    let mut app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let mut second = ann.clone();
    app.clock.set(Timestamp(app.clock.now().0 + 1));
    second.log_in().await;
    let logins = (1..49).map(|n| login(&acme, &ann, n));
    let noted = |login: &UserSession| Event::audit(&acme.ctx(), UserSession::def().name, login.meta.id).after(login);
    acme.write(logins.fold(Changes::none(), |all, login| all.put(&login).event(noted(&login)))).await;
    app.clock.advance_minutes(1);
    app.restart_with(|settings| settings.email_two_factor = true).await;
    let mut halves = Vec::new();
    for _ in 0..11 {
        halves.push(half(&app, &ann).await);
    }
    assert_eq!(halves[0].get(CURRENT_USER).await.status, 401);
    for login in [&ann, &second, &halves[1], &halves[10]] {
        login.get(CURRENT_USER).await.ok();
    }
    // As many logins as there may be; whose codes are mailed so often is bounded as well.
    for half in &halves[1..6] {
        half.post(&format!("{SECOND}/start"), json!({})).await.ok();
    }
    halves[6].post(&format!("{SECOND}/start"), json!({})).await.refused(403, "Forbidden");
    app.clock.advance_minutes(1);
    complete(&halves[10]).await;
    halves[10].get(SHIFTS).await.ok();
    assert_eq!(ann.get(CURRENT_USER).await.status, 401);
    for login in [&second, &halves[1]] {
        login.get(CURRENT_USER).await.ok();
    }
}

async fn a_logout_ends_the_tokens_login_whatever_is_claimed(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, _) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    for claim in ["other", "nowhere", "root", "no codename!"] {
        let mut ann = acme.employee(&format!("ann{}", claim.len())).await;
        ann.log_in().await;
        ann.claiming(claim).post("/auth-api/logout", json!({})).await.ok();
        assert_eq!(ann.get(CURRENT_USER).await.status, 401);
    }
}

async fn a_root_admins_picture_is_the_root_admins_own(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let root = app.super_admin().await;
    let once = root.claiming("acme").with_key("k");
    let own = once.upload("userAvatars", "me.gif", DOT).await.ok();
    assert_eq!(once.upload("userAvatars", "me.gif", DOT).await.ok(), own);
    let files = "/auth-api/v1/userAvatarsFiles";
    assert_eq!(acme.owner.get(files).await.ok()["rowCount"], 0);
    let seen = root.get(&format!("{files}/{}", text(&own["file"], "id"))).await.ok()["userAvatarsFile"].clone();
    assert_eq!(seen["companyId"], Json::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_message_is_not_read() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let address = app.base().trim_start_matches("http://").to_owned();
    let token = format!("authorization: Bearer {}\r\n", acme.owner.token.clone().expect("a token"));
    let big = "x".repeat(2 * 1024 * 1024);
    for (path, refused) in [("/mcpbff-api/mcp", "413"), ("/mcpbff-api/mcp/messages?sessionId=x", "404")] {
        for (token, sent, status) in [("", "", "401"), (&*token, &*big, refused)] {
            let mut connection = tokio::net::TcpStream::connect(&address).await.expect("connected");
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\n{token}content-type: application/json\r\n\
                 accept: application/json, text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            );
            let piece = if sent.is_empty() { String::new() } else { format!("{:x}\r\n{sent}\r\n", sent.len()) };
            let (mut from, mut to) = connection.split();
            let sending = async {
                let _ = to.write_all(format!("{head}{piece}").as_bytes()).await;
            };
            // It may be closed with much of it unread.
            let mut answer = Vec::new();
            let reading = async {
                let _ = from.read_to_end(&mut answer).await;
            };
            let both = async { tokio::join!(sending, reading) };
            tokio::time::timeout(DEADLINE, both).await.expect("the server closes the connection");
            let answer = String::from_utf8_lossy(&answer).into_owned();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_and_codenames_that_are_nobodys_count() {
    let app = TestApp::with(
        Db::Sqlite,
        Setup { public_rate_limit: 5, proxies: vec![std::net::Ipv4Addr::LOCALHOST.into()], ..Setup::default() },
    )
    .await;
    let acme = app.company("acme", "UTC").await;
    let ask = async |address: &str, path: &str, token: &str, claim: &str| {
        let caller = app.anonymous().with_token(token).claiming(claim);
        caller.request(Method::GET, path).header("x-forwarded-for", address).send().await.expect("answered").status().as_u16()
    };
    let brief = "/auth-api/v1/briefcompanies";
    for n in 0..50 {
        assert_eq!(ask("203.0.113.1", SHIFTS, &format!("sk_mbx_{n}"), "acme").await, 401);
    }
    for path in [SHIFTS, CURRENT_USER, "/mcpbff-api/mcp/sse", "/realtime-api/v1/stream"] {
        assert_eq!(ask("203.0.113.1", path, "sk_mbx_x", "acme").await, 429, "{path}");
    }
    for n in 0..50 {
        assert_eq!(ask("203.0.113.2", brief, "", &format!("nowhere-{n}")).await, 404);
    }
    assert_eq!(ask("203.0.113.2", brief, "", "nowhere-51").await, 429);
    // Who is somebody is not kept out by that.
    let token = acme.owner.token.clone().expect("a token");
    assert_eq!(ask("203.0.113.1", SHIFTS, &token, "acme").await, 200);
    assert_eq!(ask("203.0.113.3", SHIFTS, "sk_mbx_x", "acme").await, 401, "another address");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_nobody_has_is_looked_up_once_in_a_while() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let mut robot = acme.employee("ann").await;
    robot.use_key().await;
    let kept = app.services().store.owned(ApiKey::def(), acme.id, robot.id).await.expect("reads").remove(0);
    let key = ApiKey::from_record(kept).expect("a key");
    let write = async |key: &ApiKey| {
        let event = Event::audit(&acme.ctx(), ApiKey::def().name, key.meta.id).after(key);
        acme.write(Changes::none().put(key).event(event)).await;
    };
    let other = ApiKey { digest: "0".repeat(64), ..key.clone() }.touched(app.clock.now());
    write(&other).await;
    assert_eq!(robot.get(CURRENT_USER).await.status, 401);
    write(&ApiKey { digest: key.digest, ..other }.touched(app.clock.now())).await;
    assert_eq!(robot.get(CURRENT_USER).await.status, 401, "not looked up again");
    app.clock.set(Timestamp(app.clock.now().0 + 5_000));
    assert_eq!(robot.get(CURRENT_USER).await.status, 200);
}

/// The time that a refusal takes.
async fn took(refusal: impl Future<Output = ()>) -> Duration {
    let started = tokio::time::Instant::now();
    refusal.await;
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_code_tells_nothing_by_its_time() {
    let mut app = TestApp::start(Db::Sqlite).await;
    app.company("acme", "UTC").await;
    app.restart_with(|settings| settings.production = true).await;
    let nobody = app.anonymous().claiming("acme");
    for kind in ["email-verification", "password-reset-by-email"] {
        let path = format!("/auth-api/verification-services/{kind}/complete");
        let body = json!({"email": "nobody@acme.test", "secretCode": "000000", "password": PASSWORD});
        let refusal = async {
            nobody.post(&path, body).await.refused(403, "Forbidden");
        };
        assert!(took(refusal).await >= Duration::from_millis(250), "{kind}");
    }
}
