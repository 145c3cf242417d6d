//! Somebody who is there in every way that lasts: a live stream, and MCP sessions over both of its transports.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value as Json, json};
use tokio::task::JoinHandle;
use workforceos_tests::{Client, Live, Reply, TestApp};

use crate::identity::{at, is_nobodys, works};

/// Shorter than any interval at which a server looks by itself whether a login is still one: what ends in this time was told.
const AT_ONCE: Duration = Duration::from_secs(14);
const SESSION: &str = "mcp-session-id";

pub struct Presence {
    client: Client,
    live: Live,
    session: String,
    pushed: Channel,
    legacy: Channel,
}

/// A response that goes on until the server ends it.
struct Channel {
    text: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Channel {
    fn read(mut response: Response) -> Channel {
        let text = Arc::new(Mutex::new(String::new()));
        let told = text.clone();
        let reader = tokio::spawn(async move {
            while let Ok(Some(chunk)) = response.chunk().await {
                told.lock().expect("one writer").push_str(&String::from_utf8_lossy(&chunk));
            }
        });
        Channel { text, reader }
    }

    /// Waits until something was told, and gives all that was.
    async fn telling(&self, what: &str) -> String {
        let waiting = async {
            loop {
                let text = self.text.lock().expect("one writer").clone();
                if text.contains(what) {
                    return text;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(AT_ONCE, waiting).await.unwrap_or_else(|_| panic!("{what} is told"))
    }

    async fn ended(self, what: &str) {
        tokio::time::timeout(AT_ONCE, self.reader).await.unwrap_or_else(|_| panic!("{what} ends at once")).expect("read");
    }
}

impl Presence {
    pub async fn of(client: &Client) -> Presence {
        works(client).await;
        let mut live = client.stream("").await;
        live.snapshot().await;
        let session = initialize(client).await;
        let pushed = mcp(client, Method::GET, &session).header("accept", "text/event-stream").send().await.expect("it opens");
        assert_eq!(pushed.status(), 200, "a stream of what the server says by itself");
        let legacy = client.request(Method::GET, "/mcpbff-api/mcp/sse").send().await.expect("it opens");
        assert_eq!(legacy.status(), 200);
        let presence =
            Presence { client: client.clone(), live, session, pushed: Channel::read(pushed), legacy: Channel::read(legacy) };
        presence.legacy.telling("event: endpoint").await;
        presence
    }

    /// Everything has ended, or ends now.
    pub async fn ends_now(mut self, server: &TestApp) {
        let reason = tokio::time::timeout(AT_ONCE, self.live.ended()).await.expect("the live stream ends at once");
        assert!(["logout", "userGone", "roleLost"].contains(&reason.as_str()), "{reason}");
        self.pushed.ended("the MCP stream").await;
        self.legacy.ended("the MCP session of the first transport").await;
        is_nobodys(server, self.client.token.as_deref().expect("a token")).await;
        let again = mcp(&self.client, Method::POST, &self.session).json(&call("tools/list", json!({})));
        Reply::of(again, "an ended login's MCP session").await.expect("an answer").refused(401, "LoginRequired");
    }

    /// Nothing has ended: the stream brings the shift, and both MCP sessions answer.
    pub async fn goes_on(&mut self, shift: &str) {
        self.live.until_object(shift).await;
        works(&self.client).await;
        let listed = mcp(&self.client, Method::POST, &self.session).json(&call("tools/list", json!({})));
        let listed = Reply::of(listed, "tools/list").await.expect("an answer");
        assert!(listed.status == 200 && listed.text.contains("listShifts"), "{}", listed.text);
        let told = self.legacy.telling("event: endpoint").await;
        let endpoint = told.lines().find_map(|line| line.strip_prefix("data: ")).expect("where to post");
        let hello = self.client.post(endpoint, call("initialize", hello())).await;
        assert_eq!(hello.status, 202, "{}", hello.text);
        self.legacy.telling("serverInfo").await;
        assert!(!self.pushed.reader.is_finished() && !self.legacy.reader.is_finished(), "both go on");
    }
}

/// Opens an MCP session and gives its id.
pub async fn initialize(client: &Client) -> String {
    let request = client.request(Method::POST, at::MCP).header("accept", "application/json, text/event-stream");
    let response = request.json(&call("initialize", hello())).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let session = response.headers().get(SESSION).expect("a session").to_str().expect("text").to_owned();
    response.text().await.expect("a greeting");
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let ready = mcp(client, Method::POST, &session).json(&ready).send().await.expect("an answer");
    assert_eq!(ready.status(), 202);
    session
}

pub fn mcp(client: &Client, method: Method, session: &str) -> RequestBuilder {
    let request = client.request(method.clone(), at::MCP).header(SESSION, session).header("mcp-protocol-version", "2025-06-18");
    if method == Method::POST { request.header("accept", "application/json, text/event-stream") } else { request }
}

pub fn call(method: &str, params: Json) -> Json {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

fn hello() -> Json {
    json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a test", "version": "1"}})
}
