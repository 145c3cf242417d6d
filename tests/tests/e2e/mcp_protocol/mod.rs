//! MCP beyond tools, as a client speaks it by hand: both eras of the protocol, over real HTTP.

mod calls;
mod completion;
mod fixtures;
mod prompts;
mod resources;
mod subscriptions;

use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::Method;
use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Company, Live, Person, TestApp};

const MCP: &str = "/mcpbff-api/mcp";
const SESSIONS: &str = "2025-11-25";
const STATELESS: &str = "2026-07-28";
const BOARD: &str = "workforce://board/today";
const POLICY: &str = "workforce://company/policy";
const MY_WEEK: &str = "workforce://me/week";

fn week_of(person: &Person) -> String {
    format!("workforce://users/{}/week", person.id)
}

/// A session of the era that has them.
struct Session {
    who: Client,
    path: String,
    id: String,
    next: AtomicI64,
}

impl Session {
    async fn open(who: &Client) -> Session {
        Session::open_at(who, MCP).await
    }

    async fn open_at(who: &Client, path: &str) -> Session {
        let client = json!({"name": "by hand", "version": "1"});
        let params = json!({"protocolVersion": SESSIONS, "capabilities": {}, "clientInfo": client});
        let body = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
        let request = who.request(Method::POST, path).header("accept", "application/json, text/event-stream").json(&body);
        let response = request.send().await.expect("an answer");
        let id = response.headers().get("mcp-session-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let session = Session { who: who.clone(), path: path.to_owned(), id: id.expect("a session"), next: AtomicI64::new(1) };
        session.notify("notifications/initialized", json!({})).await;
        session
    }

    fn request(&self, method: Method) -> reqwest::RequestBuilder {
        let request = self.who.request(method, &self.path).header("accept", "application/json, text/event-stream");
        request.header("mcp-session-id", &self.id).header("mcp-protocol-version", SESSIONS)
    }

    async fn notify(&self, method: &str, params: Json) {
        let body = json!({"jsonrpc": "2.0", "method": method, "params": params});
        let response = self.request(Method::POST).json(&body).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 202);
    }

    /// Everything that comes back for a request, its answer last.
    async fn exchange(&self, method: &str, params: Json) -> Vec<Json> {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let response = self.request(Method::POST).json(&body).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "{method}");
        messages(&response.text().await.expect("text"))
    }

    async fn ask(&self, method: &str, params: Json) -> Json {
        self.exchange(method, params).await.pop().expect("an answer")
    }

    /// The result of a request that succeeds.
    #[track_caller]
    fn ok(&self, method: &str, params: Json) -> impl Future<Output = Json> {
        let place = std::panic::Location::caller();
        let method = method.to_owned();
        async move {
            let mut answer = self.ask(&method, params).await;
            assert!(answer.get("result").is_some(), "{place}: {method} answered {answer}");
            answer["result"].take()
        }
    }

    /// The code of a request that fails.
    async fn refused(&self, method: &str, params: Json) -> i64 {
        let answer = self.ask(method, params).await;
        answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("{method} answered {answer}"))
    }

    async fn read(&self, uri: &str) -> Json {
        content(&self.ok("resources/read", json!({"uri": uri})).await)
    }

    /// What the server says by itself.
    async fn listen(&self) -> Live {
        Live::open(self.request(Method::GET)).await
    }
}

/// The JSON of a resource's content.
fn content(result: &Json) -> Json {
    let first = &result["contents"][0];
    assert_eq!(first["mimeType"], "application/json", "{result}");
    serde_json::from_str(first["text"].as_str().expect("text")).expect("JSON")
}

/// JSON-RPC messages of a response, whether it streamed or not.
fn messages(text: &str) -> Vec<Json> {
    if let Ok(json) = serde_json::from_str(text) {
        return vec![json];
    }
    let data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).filter(|data| !data.is_empty());
    data.map(|data| serde_json::from_str(data).expect("JSON")).collect()
}

/// A request of the era without sessions.
fn stateless_request(who: &Client, path: &str, method: &str, mut params: Json, id: i64) -> reqwest::RequestBuilder {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": STATELESS, "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "by hand", "version": "1"},
    });
    let given = params["_meta"].take();
    params["_meta"] = meta;
    for (name, value) in given.as_object().into_iter().flatten() {
        params["_meta"][name] = value.clone();
    }
    let mut request = who.request(Method::POST, path).header("accept", "application/json, text/event-stream");
    request = request.header("mcp-protocol-version", STATELESS).header("mcp-method", method);
    if let Some(name) = params["name"].as_str().or(params["uri"].as_str()) {
        request = request.header("mcp-name", name);
    }
    request.json(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
}

/// Everything that comes back for a request without a session, its answer last.
async fn stateless_exchange(who: &Client, method: &str, params: Json) -> Vec<Json> {
    let response = stateless_request(who, MCP, method, params, 1).send().await.expect("an answer");
    messages(&response.text().await.expect("text"))
}

async fn stateless(who: &Client, method: &str, params: Json) -> Json {
    stateless_exchange(who, method, params).await.pop().expect("an answer")
}

/// A stream of changes in the era without sessions; the first message has been read.
async fn listen_stateless(who: &Client, id: i64, wanted: Json) -> (Live, Json) {
    let request = stateless_request(who, MCP, "subscriptions/listen", json!({"notifications": wanted}), id);
    let mut stream = Live::open(request).await;
    let first = stream.next().await.expect("an acknowledgment").data;
    (stream, first)
}

/// The next update of a resource: its address.
async fn updated(stream: &mut Live) -> String {
    let message = stream.next().await.expect("an update").data;
    assert_eq!(message["method"], "notifications/resources/updated", "{message}");
    crate::text(&message["params"], "uri")
}

/// A ward whose nurse ann is mia's report, and bob who is nobody's.
async fn ward(app: &TestApp) -> (Company, Person, Person, Person) {
    let ward = app.company("ward", "Europe/Berlin").await;
    let (ann, mia, bob) = (ward.employee("ann").await, ward.employee("mia").await, ward.employee("bob").await);
    ward.manager_of(&mia, &[&ann]).await;
    (ward, ann, mia, bob)
}

fn names(list: &Json) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|one| one["name"].as_str().expect("a name")).collect()
}
