//! A client's MCP session, message by message.

use reqwest::Method;
use serde_json::{Value as Json, json};
use workforceos_tests::Client;

use crate::text;

const VERSION: &str = "2025-11-25";

pub struct Session {
    client: Client,
    path: String,
    id: String,
    /// What the server said of itself.
    pub hello: Json,
}

/// What a tool call came to.
pub struct Called {
    pub failed: bool,
    pub json: Json,
    pub structured: Option<Json>,
}

impl Session {
    /// At the endpoint of all services, with a query such as `?readonly=true`.
    pub async fn open(client: &Client, query: &str) -> Session {
        Session::at(client, &format!("/mcpbff-api/mcp{query}"), "probe").await
    }

    pub async fn at(client: &Client, path: &str, name: &str) -> Session {
        let params = json!({"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": name, "version": "1"}});
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
        let mut session = Session { client: client.clone(), path: path.to_owned(), id: String::new(), hello: Json::Null };
        let (id, told) = session.send(hello).await;
        session.id = id.unwrap_or_else(|| panic!("a session: {told}"));
        session.hello = told["result"].clone();
        session.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        session
    }

    async fn send(&self, body: Json) -> (Option<String>, Json) {
        let mut request = self.client.request(Method::POST, &self.path).header("accept", "application/json, text/event-stream");
        if !self.id.is_empty() {
            request = request.header("mcp-session-id", &self.id).header("mcp-protocol-version", VERSION);
        }
        let response = request.json(&body).send().await.expect("answered");
        let id = response.headers().get("mcp-session-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let body = response.text().await.expect("text");
        let data = body.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).rfind(|data| !data.is_empty());
        (id, serde_json::from_str(data.unwrap_or(&body)).unwrap_or_default())
    }

    /// The answer to `tools/list`, whole.
    pub async fn list(&self) -> Json {
        let (_, told) = self.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})).await;
        assert!(told["result"]["tools"].is_array(), "{told}");
        told["result"].clone()
    }

    pub async fn names(&self) -> Vec<String> {
        self.list().await["tools"].as_array().expect("tools").iter().map(|tool| text(tool, "name")).collect()
    }

    pub async fn call(&self, name: &str, arguments: Json) -> Called {
        let params = json!({"name": name, "arguments": arguments});
        let (_, told) = self.send(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params})).await;
        let result = &told["result"];
        assert!(result["content"].as_array().is_some_and(|c| c.len() == 1), "{name}: {told}");
        Called {
            failed: result["isError"] == true,
            json: serde_json::from_str(&text(&result["content"][0], "text")).expect("JSON"),
            structured: result.get("structuredContent").filter(|s| !s.is_null()).cloned(),
        }
    }
}
