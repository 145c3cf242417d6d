//! Many sessions at once, and clients that take nothing.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use workforceos_tests::{Client, DEADLINE, Db, TestApp, on_both_databases};

use super::{MCP, SSE};
use crate::paths::SHIFTS;

const SESSION: &str = "mcp-session-id";

fn message(id: usize, method: &str, params: Json) -> Json {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn hello() -> Json {
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "crowd", "version": "1"}});
    message(0, "initialize", params)
}

async fn told(client: &Client, session: Option<&str>, message: Json) -> (u16, String, Option<String>) {
    let mut request = client.request(Method::POST, MCP).header("accept", "application/json, text/event-stream").json(&message);
    if let Some(session) = session {
        request = request.header(SESSION, session);
    }
    let response = request.send().await.expect("answered");
    let session = response.headers().get(SESSION).map(|id| id.to_str().expect("text").to_owned());
    (response.status().as_u16(), response.text().await.expect("text"), session)
}

on_both_databases!(two_hundred_sessions_at_once);

async fn two_hundred_sessions_at_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mut people = Vec::new();
    for name in ["ann", "bob", "eve", "joe"] {
        people.push(acme.employee(name).await);
    }
    let shift = acme.shift("2026-06-05", "08:00-16:00", &people.iter().collect::<Vec<_>>()).await;
    let sessions = (0..200).map(|number| {
        let (person, shift) = (people[number % people.len()].clone(), shift.clone());
        async move {
            let (status, _, session) = told(&person.client, None, hello()).await;
            assert_eq!(status, 200);
            let session = session.expect("a session");
            let (status, listed, _) = told(&person.client, Some(&session), message(1, "tools/list", json!({}))).await;
            assert!(status == 200 && listed.contains("listShifts"), "{status}");
            // All have their requests open at the same time, with the same ids: each gets the own answers.
            let calls = (2..5).map(|id| {
                let params = json!({"name": "currentuser", "arguments": {}});
                told(&person.client, Some(&session), message(id, "tools/call", params))
            });
            for (id, (status, answer, _)) in (2..).zip(join_all(calls).await) {
                assert!(status == 200 && answer.contains(&format!("\"id\":{id}")) && answer.contains(&person.email), "{answer}");
            }
            let params = json!({"name": "listShifts", "arguments": {}});
            let (_, shifts, _) = told(&person.client, Some(&session), message(9, "tools/call", params)).await;
            assert!(shifts.contains(&shift), "{shifts}");
            session
        }
    });
    let sessions = tokio::time::timeout(DEADLINE * 3, join_all(sessions)).await.expect("all are served");
    assert_eq!(sessions.iter().collect::<std::collections::BTreeSet<_>>().len(), 200);
    // One person's end with the login, nobody else's do.
    people[0].post("/auth-api/logout", json!({})).await.ok();
    let ping = |id| message(id, "ping", json!({}));
    assert_eq!(told(&people[0].client, Some(&sessions[0]), ping(1)).await.0, 401);
    people[0].log_in().await;
    assert_eq!(told(&people[0].client, Some(&sessions[0]), ping(1)).await.0, 404);
    assert_eq!(told(&people[1].client, Some(&sessions[1]), ping(1)).await.0, 200);
}

/// Opens the first transport's stream and reads no more of it than where to post.
async fn silent(app: &TestApp, client: &Client) -> (TcpStream, String) {
    let address = app.base().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.expect("connected");
    let token = client.token.as_deref().expect("a token");
    let request = format!("GET {SSE} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut head = Vec::new();
    while !String::from_utf8_lossy(&head).contains("sessionId=") {
        stream.read_buf(&mut head).await.expect("it opens");
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let endpoint = text.lines().find_map(|line| line.strip_prefix("data: ")).expect("where to post").to_owned();
    (stream, endpoint)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_reads_is_bounded_and_cut_off() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let (mut stream, endpoint) = silent(&app, &ann).await;
    let (_other, others) = silent(&app, &bob).await;
    for (client, endpoint) in [(&ann, &endpoint), (&bob, &others)] {
        assert_eq!(client.post(endpoint, hello()).await.status, 202);
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        assert_eq!(client.post(endpoint, ready).await.status, 202);
    }
    // What is not read fills the connection, then what may wait; then it is enough.
    let mut asked = 0;
    let refused = loop {
        let reply = ann.post(&endpoint, message(asked, "tools/list", json!({}))).await;
        asked += 1;
        if reply.status != 202 {
            break reply;
        }
        assert!(asked < 5_000, "it is bounded");
    };
    refused.refused(429, "RateLimited");
    // Nobody else notices.
    assert_eq!(bob.post(&others, message(1, "ping", json!({}))).await.status, 202);
    bob.get(SHIFTS).await.ok();
    assert_eq!(told(&ann.client, None, hello()).await.0, 200, "nor does she elsewhere");
    // After a while the stream is given up, and with it all that waits for it.
    app.clock.set(workforceos_core::Timestamp(workforceos_core::Clock::now(&*app.clock).0 + 31_000));
    let gone = async {
        while ann.post(&endpoint, message(asked, "ping", json!({}))).await.status != 404 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.expect("it is cut off");
    assert_eq!(bob.post(&others, message(2, "ping", json!({}))).await.status, 202, "who has taken all there was is not");
    // What was on its way is all that still comes.
    let mut rest = Vec::new();
    let reading = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut rest)).await.expect("it ends");
    reading.expect("read");
    assert!(rest.len() < 32 * 1024 * 1024, "{} bytes", rest.len());
}
