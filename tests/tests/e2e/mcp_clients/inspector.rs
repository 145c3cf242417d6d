//! The official inspector on the command line: it warns of whatever clients and models have trouble with.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, TestApp};

use super::foreign::{Node, output};
use super::{KEYS, MCP, SSE};
use crate::text;

const INSPECTOR: &str = "@modelcontextprotocol/inspector/clients/cli/build/index.js";

/// Its ways to the server.
const WAYS: [(&str, &str, &str); 3] = [("http", MCP, "legacy"), ("http", MCP, "modern"), ("sse", SSE, "legacy")];

async fn inspect(node: &Node, url: &str, way: (&str, &str, &str), key: &str, asked: &[&str]) -> (i32, String, String) {
    let mut command = node.package(INSPECTOR);
    command.args(["--server-url", url, "--transport", way.0, "--protocol-era", way.2, "--stored-auth-only"]);
    command.args(["--header", &format!("Authorization: Bearer {key}")]).args(asked);
    output(command).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tool_is_portable() {
    let Some(node) = Node::find().await else { return };
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let mut people = vec![acme.owner.clone(), acme.employee("ann").await];
    for person in &mut people {
        person.use_key().await;
        let key = person.token.clone().expect("a key");
        for way in WAYS {
            let url = format!("{}{}", app.base(), way.1);
            let (status, listed, said) = inspect(&node, &url, way, &key, &["--method", "tools/list", "--strict"]).await;
            assert_eq!(status, 0, "{way:?} {listed} {said}");
            let listed: Json = serde_json::from_str(&listed).unwrap_or_else(|_| panic!("JSON: {listed}"));
            assert!(listed["tools"].as_array().is_some_and(|tools| tools.len() > 10), "{listed}");
            assert!(!said.contains("error"), "{way:?} {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tools_are_called_and_refusals_shown() {
    let Some(node) = Node::find().await else { return };
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let key = text(&acme.owner.post(KEYS, json!({"name": "inspector"})).await.ok(), "key");
    for way in WAYS {
        let url = format!("{}{}", app.base(), way.1);
        let call = async |key: &str, asked: &[&str]| {
            inspect(&node, &url, way, key, &[&["--method", "tools/call"], asked].concat()).await
        };
        let (status, me, said) = call(&key, &["--tool-name", "currentuser"]).await;
        assert!(status == 0 && me.contains(&acme.owner.email), "{way:?} {me} {said}");
        let (status, refused, _) = call(&key, &["--tool-name", "getShift", "--tool-arg", "shiftId=none"]).await;
        assert!(status != 0 && refused.contains("ValidationFailed"), "{way:?} {refused}");
        let (status, _, said) = call("sk_mbx_nobodys", &["--tool-name", "currentuser"]).await;
        assert!(status != 0 && said.contains("auth"), "{way:?} {said}");
    }
}
