//! How often one may call: a login, an API key, an address without a login.

use reqwest::{Method, Response};
use serde_json::{Value as Json, json};
use workforceos_core::{Clock, Timestamp};
use workforceos_tests::{Client, Db, PASSWORD, Setup, TestApp, on_both_databases};

use crate::paths::SHIFTS;
use crate::text;

on_both_databases!(a_login_has_a_rate_of_its_own, newcomers_have_a_rate_per_address);

const LOGIN: &str = "/auth-api/login";
const CURRENT_USER: &str = "/auth-api/currentuser";
const MCP: &str = "/mcpbff-api/mcp";
/// What a limit of 40 a minute allows at once.
const BURST: usize = 10;

async fn limited(db: Db) -> TestApp {
    TestApp::with(db, Setup { rate_limit: 40, ..Setup::default() }).await
}

/// The refusal with all that belongs to it; how long to wait.
async fn refused(response: Response) -> i64 {
    assert_eq!(response.status(), 429);
    let wait = response.headers()["retry-after"].to_str().expect("text").parse().expect("whole seconds");
    let body: Json = response.json().await.expect("JSON");
    assert_eq!((&body["result"], &body["status"], &body["errCode"]), (&json!("ERR"), &json!(429), &json!("RateLimited")));
    assert!(body["message"].as_str().is_some_and(|m| !m.is_empty()) && body["date"].is_string(), "{body}");
    assert!(wait >= 1, "{wait}");
    wait
}

fn wait(app: &TestApp, seconds: i64) {
    app.clock.set(Timestamp(app.clock.now().0 + seconds * 1000));
}

async fn use_up(client: &Client) {
    for call in 0..BURST {
        assert_eq!(client.get(SHIFTS).await.status, 200, "call {call} is within the burst");
    }
}

async fn a_login_has_a_rate_of_its_own(db: Db) {
    let app = limited(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let mut key = ann.clone();
    key.use_key().await;
    wait(&app, 60);
    use_up(&ann).await;
    let seconds = refused(ann.request(Method::GET, SHIFTS).send().await.expect("answered")).await;
    for (method, path) in [(Method::GET, CURRENT_USER), (Method::POST, SHIFTS), (Method::GET, "/realtime-api/v1/stream")] {
        refused(ann.request(method, path).send().await.expect("answered")).await;
    }
    ann.tool("listShifts", json!({})).await.refused(429, "RateLimited");
    // A public read counts like any other call of a login.
    ann.get("/auth-api/v1/briefcompanies").await.refused(429, "RateLimited");
    bob.get(SHIFTS).await.ok();
    key.get(SHIFTS).await.ok();
    wait(&app, seconds);
    ann.get(SHIFTS).await.ok();
    wait(&app, 60);
    // A stream counts once, when it is opened.
    let mut live = ann.stream("").await;
    live.snapshot().await;
    for _ in 1..BURST {
        ann.get(SHIFTS).await.ok();
    }
    ann.get(SHIFTS).await.refused(429, "RateLimited");
    // Leaving is always possible.
    ann.post("/auth-api/logout", json!({})).await.ok();
    live.until(|event| event.name.as_deref() == Some("end")).await;
    ann.get(SHIFTS).await.refused(401, "LoginRequired");
}

/// A message of an MCP client within its session, and the answer's JSON.
async fn message(client: &Client, session: Option<&str>, body: Json) -> (u16, Option<String>, Json) {
    let request = client.request(Method::POST, MCP).header("accept", "application/json, text/event-stream").json(&body);
    let request = match session {
        Some(session) => request.header("mcp-session-id", session).header("mcp-protocol-version", "2025-06-18"),
        None => request,
    };
    let response = request.send().await.expect("answered");
    let status = response.status().as_u16();
    let session = response.headers().get("mcp-session-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let body = response.text().await.expect("text");
    let data = body.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).rfind(|data| !data.is_empty());
    (status, session, serde_json::from_str(data.unwrap_or(&body)).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tool_call_of_an_mcp_session_counts() {
    let app = limited(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "probe", "version": "1"}}});
    let (status, session, told) = message(&ann, None, hello).await;
    assert_eq!(status, 200, "{told}");
    let session = session.expect("a session");
    message(&ann, Some(&session), json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    let call = async |id: usize| {
        let params = json!({"name": "listShifts", "arguments": {}});
        let body = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
        let (status, _, told) = message(&ann, Some(&session), body).await;
        assert_eq!(status, 200, "{told}");
        let result = told["result"].clone();
        let content: Json = serde_json::from_str(&text(&result["content"][0], "text")).expect("JSON");
        (result["isError"] == json!(true), content)
    };
    // The greeting was one.
    for id in 1..BURST {
        let (failed, told) = call(id).await;
        assert!(!failed, "call {id}: {told}");
    }
    let (failed, told) = call(50).await;
    assert!(failed, "{told}");
    assert_eq!((&told["errCode"], &told["status"]), (&json!("RateLimited"), &json!(429)));
    let seconds = told["retryAfterSeconds"].as_i64().expect("seconds");
    assert!(seconds >= 1);
    ann.get(SHIFTS).await.refused(429, "RateLimited");
    wait(&app, seconds);
    assert!(!call(51).await.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_setting_there_is_no_limit() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    for _ in 0..200 {
        acme.owner.get(CURRENT_USER).await.ok();
    }
}

/// A call as it comes through a proxy that names its client.
async fn from(client: &Client, address: &str, path: &str, body: Option<Json>) -> Response {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let request = client.request(method, path).header("x-forwarded-for", address);
    let request = match &body {
        Some(body) => request.json(body),
        None => request,
    };
    request.send().await.expect("answered")
}

async fn newcomers_have_a_rate_per_address(db: Db) {
    let proxies = vec![std::net::Ipv4Addr::LOCALHOST.into()];
    let app = TestApp::with(db, Setup { public_rate_limit: 5, proxies, ..Setup::default() }).await;
    app.company("acme", "UTC").await;
    let nobody = app.anonymous().claiming("acme");
    let login = |name: &str| (LOGIN, json!({"username": format!("{name}@acme.test"), "password": "a wrong one"}));
    let start = "/auth-api/verification-services/password-reset-by-email/start";
    let register = "/auth-api/v1/registercompanyuser";
    let new = json!({"email": "new@acme.test", "password": PASSWORD, "fullname": "New"});
    let company = json!({"email": "x@x.test", "password": PASSWORD, "fullname": "X", "company": {"name": "x"}});
    let calls = [
        login("one"),
        (start, json!({"email": "one@acme.test"})),
        ("/auth-api/verification-services/email-verification/complete", json!({"email": "one@acme.test", "secretCode": "1"})),
        (register, new.clone()),
        ("/auth-api/v1/registercompanyowner", company),
    ];
    let home = "203.0.113.9";
    for (path, body) in &calls {
        let status = from(&nobody, home, path, Some(body.clone())).await.status();
        assert_ne!(status, 429, "{path}");
    }
    for (path, body) in &calls {
        let seconds = refused(from(&nobody, home, path, Some(body.clone())).await).await;
        assert!(seconds <= 12, "{path}: {seconds}");
    }
    let (path, body) = login("two");
    assert_eq!(from(&nobody, "203.0.113.10", path, Some(body.clone())).await.status(), 401, "another address");
    // All of an IPv6 network is one address.
    for host in 1..=5 {
        let (path, body) = login(&format!("six{host}"));
        assert_eq!(from(&nobody, &format!("2001:db8::{host}"), path, Some(body)).await.status(), 401);
    }
    refused(from(&nobody, "2001:db8::99", path, Some(body.clone())).await).await;
    assert_eq!(from(&nobody, "2001:db8:0:1::99", path, Some(body.clone())).await.status(), 401, "the next network");
    // Reading what is public costs less, and counts by itself.
    let brief = "/auth-api/v1/briefcompanies";
    for call in 0..50 {
        assert_eq!(from(&nobody, home, brief, None).await.status(), 200, "read {call}");
    }
    refused(from(&nobody, home, brief, None).await).await;
    wait(&app, 12);
    assert_eq!(from(&nobody, home, path, Some(body)).await.status(), 401, "one more every twelfth of a minute");
}
