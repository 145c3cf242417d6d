//! What guards the server's edge: sizes, depths, origins, headers, cookies.

use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Method, Response};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use workforceos_tests::{Client, Db, PASSWORD, Setup, TestApp};

use crate::paths::SHIFTS;

const LOGIN: &str = "/auth-api/login";
const MCP: &str = "/mcpbff-api/mcp";
const PAGE: &str = "https://app.acme.test";

async fn start(production: bool) -> TestApp {
    TestApp::with(Db::Sqlite, Setup { production, cors: vec![PAGE.to_owned()], ..Setup::default() }).await
}

async fn post(client: &Client, path: &str, body: String) -> Response {
    let request = client.request(Method::POST, path).header("content-type", "application/json").body(body);
    request.header("accept", "application/json, text/event-stream").send().await.expect("answered")
}

async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: serde_json::Value = response.json().await.unwrap_or_default();
    (status, body["errCode"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_bounded_in_size_and_depth() {
    let app = start(false).await;
    let acme = app.company("acme", "UTC").await;
    let (owner, nobody) = (&acme.owner, app.anonymous());
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1024 * 1024));
    for path in [SHIFTS, "/mcpbff-api/api/tools/call"] {
        assert_eq!(code(post(owner, path, large.clone()).await).await, (413, "PayloadTooLarge".to_owned()), "{path}");
    }
    assert_eq!(code(post(&nobody, LOGIN, large.clone()).await).await, (413, "PayloadTooLarge".to_owned()));
    for path in [MCP, "/mcpbff-api/api/tools/call"] {
        let told: serde_json::Value = post(owner, path, large.clone()).await.json().await.expect("our failure");
        assert_eq!(told["errCode"], "PayloadTooLarge", "{path}");
        let message = told["message"].as_str().expect("a message");
        assert!(message.contains("1024 KiB") && message.contains("over REST"), "{path}: {message}");
    }
    // Nothing announces its length.
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> = large.into_bytes().chunks(64 * 1024).map(|c| Ok(c.to_vec())).collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let request = nobody.request(Method::POST, LOGIN).header("content-type", "application/json").body(body);
    assert_eq!(code(request.send().await.expect("answered")).await, (413, "PayloadTooLarge".to_owned()));
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(code(post(&nobody, LOGIN, deep.clone()).await).await, (400, "ValidationFailed".to_owned()));
    assert_eq!(code(post(owner, SHIFTS, deep.clone()).await).await, (400, "ValidationFailed".to_owned()));
    assert!(post(owner, MCP, deep).await.status().is_client_error());
    owner.get(SHIFTS).await.ok();
}

/// The status line that answers a request as it stands.
async fn raw(app: &TestApp, request: String) -> String {
    let address = app.base().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("connected");
    // It may be refused before all of it was sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_are_bounded() {
    let app = start(false).await;
    let get = |headers: String| format!("GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    let many = |count: usize| (0..count).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();
    assert!(raw(&app, get(many(50))).await.starts_with("HTTP/1.1 200"));
    let refused = raw(&app, get(many(500))).await;
    assert!(refused.starts_with("HTTP/1.1 4"), "{refused}");
    let long = raw(&app, get(format!("x-long: {}\r\n", "x".repeat(1024 * 1024)))).await;
    assert!(!long.starts_with("HTTP/1.1 2"), "{long}");
    app.anonymous().get("/health").await.ok();
}

/// What a browser asks before it lets a page call.
async fn preflight(app: &TestApp, origin: &str) -> HeaderMap {
    let request = app.anonymous().request(Method::OPTIONS, SHIFTS).header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    let request = request.header("access-control-request-headers", "authorization, content-type");
    request.send().await.expect("answered").headers().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_listed_origins_may_call() {
    let app = start(false).await;
    let headers = preflight(&app, PAGE).await;
    assert_eq!(headers["access-control-allow-origin"], PAGE);
    assert_eq!(headers["access-control-allow-credentials"], "true");
    assert!(headers["access-control-allow-methods"].to_str().expect("text").contains("POST"));
    for other in ["https://evil.test", "https://app.acme.test.evil.test", "http://app.acme.test", "null"] {
        let headers = preflight(&app, other).await;
        assert!(headers.get("access-control-allow-origin").is_none(), "{other}: {headers:?}");
    }
    let answer = app.anonymous().request(Method::GET, "/health").header("origin", PAGE).send().await.expect("answered");
    assert_eq!(answer.headers()["access-control-allow-origin"], PAGE, "never a star: cookies go along");
    let exposed = answer.headers()["access-control-expose-headers"].to_str().expect("text").to_ascii_lowercase();
    assert!(exposed.contains("retry-after") && exposed.contains("x-request-id"), "{exposed}");
    let answer = app.anonymous().request(Method::GET, "/health").header("origin", "https://evil.test").send().await;
    assert!(answer.expect("answered").headers().get("access-control-allow-origin").is_none());
    // Without the setting nobody may.
    let closed = TestApp::start(Db::Sqlite).await;
    assert!(preflight(&closed, PAGE).await.get("access-control-allow-origin").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_the_headers_that_protect_it() {
    for production in [false, true] {
        let app = start(production).await;
        let acme = app.company("acme", "UTC").await;
        let owner = &acme.owner;
        for path in ["/health", "/openapi.json", SHIFTS, "/nothing", "/auth-api/currentuser", MCP] {
            let answer = owner.request(Method::GET, path).send().await.expect("answered");
            let headers = answer.headers();
            let is = |name: &str, value: &str| {
                assert_eq!(headers.get(name).map(|v| v.as_bytes()), Some(value.as_bytes()), "{path} {name}")
            };
            is("x-content-type-options", "nosniff");
            is("referrer-policy", "no-referrer");
            is("x-frame-options", "DENY");
            is("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
            assert!(headers.contains_key("x-request-id"), "{path}");
            assert!(!headers.contains_key("server") && !headers.contains_key("x-powered-by"), "{path}: {headers:?}");
            let tls = headers.get("strict-transport-security").map(|v| v.to_str().expect("text"));
            assert_eq!(tls, production.then_some("max-age=31536000"), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_are_closed_to_scripts_and_other_sites() {
    for production in [false, true] {
        let app = start(production).await;
        let acme = app.company("acme", "UTC").await;
        let nobody = app.anonymous().claiming("acme");
        let body = json!({"username": acme.owner.email, "password": PASSWORD});
        let answer = nobody.request(Method::POST, LOGIN).json(&body).send().await.expect("answered");
        let cookie = answer.headers()[SET_COOKIE].to_str().expect("text").to_owned();
        let parts: Vec<&str> = cookie.split("; ").collect();
        assert!(parts[0].starts_with("workforceos-access-token-acme="), "{cookie}");
        assert!(parts.contains(&"HttpOnly") && parts.contains(&"SameSite=Lax") && parts.contains(&"Path=/"), "{cookie}");
        assert_eq!(parts.contains(&"Secure"), production, "{cookie}");
        let left = acme.owner.request(Method::POST, "/auth-api/logout").send().await.expect("answered");
        let cleared = left.headers().get_all(SET_COOKIE).iter().map(|c| c.to_str().expect("text")).collect::<Vec<_>>();
        assert!(!cleared.is_empty() && cleared.iter().all(|c| c.contains("Max-Age=0") && c.contains("HttpOnly")), "{cleared:?}");
        assert!(cleared.iter().all(|c| c.contains("Secure") == production), "{cleared:?}");
    }
}
