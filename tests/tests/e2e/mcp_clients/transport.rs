//! The transports themselves: sessions, versions, origins, and what is refused how.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value as Json, json};
use workforceos_core::{Clock, Timestamp};
use workforceos_tests::{Client, Company, DEADLINE, Db, Setup, TestApp};

use super::{KEYS, MCP, SSE};
use crate::text;

const SESSION: &str = "mcp-session-id";
const VERSION: &str = "mcp-protocol-version";
const PAGE: &str = "https://app.acme.test";

async fn world() -> (TestApp, Company) {
    let app = TestApp::with(Db::Sqlite, Setup { cors: vec![PAGE.to_owned()], ..Setup::default() }).await;
    let acme = app.company("acme", "UTC").await;
    (app, acme)
}

/// A company with a key, which outlives every login.
async fn world_with_key() -> (TestApp, Client) {
    let (app, acme) = world().await;
    let key = acme.owner.made_key().await;
    let client = acme.owner.with_token(&key);
    (app, client)
}

fn post(client: &Client, path: &str) -> RequestBuilder {
    client.request(Method::POST, path).header("accept", "application/json, text/event-stream")
}

fn message(method: &str, params: Json) -> Json {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

fn hello(version: &str) -> Json {
    message("initialize", json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}))
}

/// A request of 2026-07-28.
fn stateless(client: &Client, method: &str, params: Json) -> RequestBuilder {
    let mut params = params;
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let request = post(client, MCP).header(VERSION, "2026-07-28").header("mcp-method", method);
    let request = match params["name"].as_str() {
        Some(name) => request.header("mcp-name", name),
        None => request,
    };
    request.json(&message(method, params))
}

async fn sent(request: RequestBuilder) -> Response {
    tokio::time::timeout(DEADLINE, request.send()).await.expect("answered in time").expect("answered")
}

async fn status(request: RequestBuilder) -> u16 {
    sent(request).await.status().as_u16()
}

async fn body(request: RequestBuilder) -> (u16, Json) {
    let response = sent(request).await;
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

fn session_of(response: &Response) -> String {
    response.headers().get(SESSION).expect("a session").to_str().expect("text").to_owned()
}

async fn opened(client: &Client) -> String {
    session_of(&sent(post(client, MCP).json(&hello("2025-11-25"))).await)
}

fn within(client: &Client, session: &str) -> RequestBuilder {
    post(client, MCP).header(SESSION, session).json(&message("tools/list", json!({})))
}

fn listening(client: &Client, session: &str) -> RequestBuilder {
    client.request(Method::GET, MCP).header("accept", "text/event-stream").header(SESSION, session)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_session_is_404_and_begins_anew() {
    let (mut app, client) = world_with_key().await;
    let session = opened(&client).await;
    assert_eq!(status(within(&client, &session)).await, 200);
    app.restart().await;
    for request in [
        within(&client, &session),
        listening(&client, &session),
        client.request(Method::DELETE, MCP).header(SESSION, &session),
        within(&client, "never-was-one"),
    ] {
        let (status, told) = body(request).await;
        assert_eq!((status, &told["errCode"]), (404, &json!("SessionNotFound")), "{told}");
    }
    // A client may name the session that it lost, and whatever header it kept.
    let again = sent(post(&client, MCP).header(SESSION, &session).header(VERSION, "2025-11-25").json(&hello("2025-11-25"))).await;
    assert_eq!(again.status(), 200);
    let new = session_of(&again);
    assert_ne!(new, session);
    assert_eq!(status(within(&client, &new)).await, 200);
    let end = || client.request(Method::DELETE, MCP).header(SESSION, &new);
    assert_eq!((status(end()).await, status(end()).await), (204, 404));
    assert_eq!(status(within(&client, &new)).await, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_version_is_spoken_on_one_endpoint() {
    let (_app, client) = world_with_key().await;
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let told = sent(post(&client, MCP).json(&hello(version))).await.text().await.expect("text");
        assert!(told.contains(&format!("\"protocolVersion\":\"{version}\"")), "{told}");
    }
    let told = sent(post(&client, MCP).json(&hello("2099-01-01"))).await.text().await.expect("text");
    assert!(told.contains("\"protocolVersion\":\"2025-11-25\""), "the newest that begins so: {told}");

    // Without a session, and whatever session is named.
    let discovered = sent(stateless(&client, "server/discover", json!({}))).await;
    assert!(discovered.headers().get(SESSION).is_none());
    let told = discovered.text().await.expect("text");
    assert!(told.contains("2026-07-28") && told.contains("2025-11-25"), "{told}");
    let call = || stateless(&client, "tools/call", json!({"name": "currentuser", "arguments": {}}));
    for request in [call(), call().header(SESSION, "stale")] {
        let response = sent(request).await;
        assert_eq!(response.status(), 200);
        assert!(response.text().await.expect("text").contains("owner@acme.test"));
    }
    for method in [Method::GET, Method::DELETE] {
        let request = client.request(method, MCP).header("accept", "text/event-stream").header(VERSION, "2026-07-28");
        assert_eq!(status(request.header(SESSION, "stale")).await, 405);
    }

    let session = opened(&client).await;
    for version in ["1999-01-01", "2099-01-01", "latest"] {
        let (status, told) = body(within(&client, &session).header(VERSION, version)).await;
        assert_eq!(status, 400, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message_is_refused_in_json() {
    let (_app, client) = world_with_key().await;
    let session = opened(&client).await;
    let typed = |text: String, kind: &str| post(&client, MCP).header(SESSION, &session).header("content-type", kind).body(text);
    let raw = |text: String| typed(text, "application/json");
    let list = message("tools/list", json!({}));
    for (text, code) in [
        (json!([list, list]).to_string(), -32600),
        ("[]".to_owned(), -32600),
        (json!({"hello": 1}).to_string(), -32600),
        ("{\"jsonrpc\"".to_owned(), -32700),
        ("not JSON".to_owned(), -32700),
    ] {
        let (status, told) = body(raw(text.clone())).await;
        assert_eq!((status, &told["error"]["code"]), (400, &json!(code)), "{text}: {told}");
        assert_eq!((&told["jsonrpc"], &told["id"]), (&json!("2.0"), &Json::Null));
    }
    let refused = async |request: RequestBuilder, expected: u16| {
        let (status, told) = body(request).await;
        assert_eq!(status, expected, "{told}");
        assert!(told["error"]["message"].is_string(), "{told}");
    };
    let plain = || client.request(Method::POST, MCP).header(SESSION, &session).json(&list);
    refused(plain(), 406).await;
    refused(plain().header("accept", "application/json"), 406).await;
    refused(typed(list.to_string(), "text/plain"), 415).await;
    refused(post(&client, MCP).json(&list), 400).await;
    refused(client.request(Method::GET, MCP).header(SESSION, &session), 406).await;
    let put = sent(client.request(Method::PUT, MCP).header(SESSION, &session)).await;
    assert_eq!((put.status().as_u16(), put.headers()["allow"].to_str().expect("text")), (405, "GET, POST, DELETE"));
    // The session goes on.
    assert_eq!(status(within(&client, &session)).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_origins_are_kept_out() {
    let (app, client) = world_with_key().await;
    for (origin, expected) in [
        (PAGE, 200),
        ("http://localhost:6274", 200),
        ("http://127.0.0.1:3000", 200),
        ("vscode-file://vscode-app", 200),
        ("https://evil.test", 403),
        ("http://localhost.evil.test", 403),
        ("null", 403),
    ] {
        let hello = post(&client, MCP).json(&hello("2025-11-25")).header("origin", origin);
        assert_eq!(status(hello).await, expected, "{origin}");
        assert_eq!(status(client.request(Method::GET, SSE).header("origin", origin)).await, expected, "{origin}");
    }
    // Before anything is said about the login.
    let (status, told) = body(post(&app.anonymous(), MCP).json(&hello("2025-11-25")).header("origin", "http://evil.test")).await;
    assert_eq!((status, &told["errCode"]), (403, &json!("OriginNotAllowed")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leads_to_an_authorization_server() {
    let (app, acme) = world().await;
    let nobody = app.anonymous();
    for (method, path) in [
        (Method::GET, "/.well-known/oauth-protected-resource"),
        (Method::GET, "/.well-known/oauth-protected-resource/mcpbff-api/mcp"),
        (Method::GET, "/.well-known/oauth-authorization-server"),
        (Method::GET, "/.well-known/oauth-authorization-server/mcpbff-api/mcp"),
        (Method::GET, "/.well-known/openid-configuration"),
        (Method::GET, "/.well-known/openid-configuration/mcpbff-api/mcp"),
        (Method::POST, "/register"),
    ] {
        for client in [&nobody, &acme.owner] {
            let told = client.send(method.clone(), path, None).await.refused(404, "NotFound");
            assert!(text(&told, "message").contains("API key"), "{path}: {told}");
        }
    }
    for below in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        nobody.get(&format!("{MCP}{below}")).await.refused(404, "NotFound");
    }
    for request in
        [post(&nobody, MCP).json(&hello("2025-11-25")), nobody.request(Method::GET, SSE), nobody.request(Method::GET, MCP)]
    {
        let response = sent(request).await;
        let challenge = response.headers()["www-authenticate"].to_str().expect("text").to_owned();
        assert_eq!((response.status().as_u16(), challenge.as_str()), (401, "Bearer realm=\"WorkforceOS\""));
        let told: Json = response.json().await.expect("JSON");
        assert_eq!(told["errCode"], "LoginRequired");
    }
    // As JSON-RPC, too, for clients that show nothing else.
    let (_, told) = body(post(&nobody, MCP).json(&hello("2025-11-25"))).await;
    assert_eq!((&told["jsonrpc"], &told["error"]["message"]), (&json!("2.0"), &told["message"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_sessions_end_and_those_listened_to_do_not() {
    let (app, client) = world_with_key().await;
    let (idle, heard) = (opened(&client).await, opened(&client).await);
    let mut stream = sent(listening(&client, &heard)).await;
    assert_eq!(stream.status(), 200);
    assert!(stream.chunk().await.expect("it goes on").is_some());
    app.clock.advance_minutes(13 * 60);
    assert_eq!(status(within(&client, &idle)).await, 404);
    assert_eq!(status(within(&client, &heard)).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_key_ends_what_it_has_open() {
    let (app, acme) = world().await;
    let soon = Timestamp(app.clock.now().0 + 60_000).to_string();
    let key = text(&acme.owner.post(KEYS, json!({"name": "key", "expiresAt": soon})).await.ok(), "key");
    let client = acme.owner.with_token(&key);
    let session = opened(&client).await;
    let streams = [sent(listening(&client, &session)).await, sent(client.request(Method::GET, SSE)).await];
    assert!(streams.iter().all(|stream| stream.status() == 200));
    app.clock.advance_minutes(2);
    assert_eq!(status(within(&client, &session)).await, 401);
    for stream in streams {
        // The server looks every 15 seconds at logins that nobody ends.
        tokio::time::timeout(2 * DEADLINE, stream.text()).await.expect("it ends").expect("a whole text");
    }
    // Whoever else it is, the session is not theirs.
    assert_eq!(status(within(&acme.owner, &session)).await, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_users_least_used_session_makes_room() {
    let (_app, client) = world_with_key().await;
    let mut sessions = Vec::new();
    for _ in 0..256 {
        sessions.push(opened(&client).await);
    }
    assert_eq!(status(within(&client, &sessions[0])).await, 200);
    sessions.push(opened(&client).await);
    assert_eq!(status(within(&client, &sessions[1])).await, 404);
    for session in [&sessions[0], &sessions[2], &sessions[256]] {
        assert_eq!(status(within(&client, session)).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_taken_up_again() {
    let (_app, client) = world_with_key().await;
    let session = opened(&client).await;
    let mut stream = sent(listening(&client, &session)).await;
    let first = stream.chunk().await.expect("it goes on").expect("something");
    let first = String::from_utf8_lossy(&first).into_owned();
    assert!(first.contains("id: 0") && first.contains("retry:"), "where to go on from, and when: {first}");
    drop(stream);
    let resumed = sent(listening(&client, &session).header("last-event-id", "0")).await;
    assert_eq!(
        (resumed.status().as_u16(), resumed.headers()["content-type"].to_str().expect("text")),
        (200, "text/event-stream")
    );
    // A place that is none: ended at once, or a client would come back to it for ever.
    let nowhere = sent(listening(&client, &session).header("last-event-id", "7/99")).await;
    assert_eq!(nowhere.status(), 200);
    assert_eq!(tokio::time::timeout(DEADLINE, nowhere.text()).await.expect("it ends").expect("text"), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_of_the_first_transport_keep_company_and_token() {
    let (app, _acme) = world().await;
    let root = app.super_admin().await;
    let token = root.token.clone().expect("a token");
    let nobody = app.anonymous();
    let address = format!("{SSE}?_company=acme&services=auth&access_token={token}");
    let mut stream = sent(nobody.request(Method::GET, &address)).await;
    let first = String::from_utf8_lossy(&stream.chunk().await.expect("open").expect("a greeting")).into_owned();
    let endpoint = first.lines().find_map(|line| line.strip_prefix("data: ")).expect("where to post").to_owned();
    assert!(endpoint.starts_with("/mcpbff-api/mcp/messages?sessionId=") && endpoint.contains("&_company=acme"), "{endpoint}");
    let mut call = message("tools/call", json!({"name": "currentuser", "arguments": {}}));
    call["id"] = json!("another one");
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    for said in [hello("2025-11-25"), ready, call] {
        assert_eq!(nobody.post(&endpoint, said).await.status, 202);
    }
    let telling = async {
        let mut told = String::new();
        while !told.contains("actsOn") {
            told += &String::from_utf8_lossy(&stream.chunk().await.expect("open").expect("more"));
        }
        told
    };
    let told = tokio::time::timeout(DEADLINE, telling).await.expect("an answer");
    assert!(told.contains("\\\"actsOn\\\":\\\"acme\\\""), "{told}");
    nobody.post(&endpoint, json!([])).await.refused(400, "ValidationFailed");
    drop(stream);
    let gone = async {
        while nobody.post(&endpoint, message("ping", json!({}))).await.status != 404 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.expect("with its stream the session ends");
}
