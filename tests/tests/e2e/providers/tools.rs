//! The server's own tools, as both providers take them.

use serde_json::Value as Json;
use workforceos_agents::provider::{Request, Spec};
use workforceos_tests::llm::Turn;
use workforceos_tests::{Db, Llm, TestApp};

use super::{WIRES, hear, of, request};
use crate::tools::session::Session;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tool_of_an_owner_is_taken() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let list = Session::open(&acme.owner, "").await.list().await;
    let spec = |tool: &Json| Spec {
        name: tool["name"].as_str().expect("a name").to_owned(),
        description: tool["description"].as_str().expect("a description").to_owned(),
        schema: tool["inputSchema"].as_object().expect("a schema").clone(),
    };
    let tools: Vec<Spec> = list["tools"].as_array().expect("tools").iter().map(spec).collect();
    assert!(tools.len() > 50);
    // OpenAI takes 128 at a time.
    for tools in tools.chunks(128) {
        for wire in WIRES {
            let llm = Llm::start().await;
            llm.script([Turn::says("Fine.")]);
            let heard = hear(&of(&llm, wire), Request { tools: tools.to_vec(), ..request("Hello") }).await;
            assert_eq!(heard.text(), "Fine.", "{:?}", llm.refusals());
        }
    }
}
