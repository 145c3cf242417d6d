//! The providers against a server of both wire formats that others wrote.

use std::process::Stdio;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use workforceos_agents::provider::{Endpoint, Finish, Message, Providers, Settings};
use workforceos_tests::{DEADLINE, Llm};

use super::{hear, request};
use crate::mcp_clients::foreign::Node;

#[tokio::test]
async fn a_conversation_with_tools() {
    let Some(node) = Node::find().await else { return };
    // Installs what TLS is spoken with.
    drop(Llm::start().await);
    let mut running = node.command("models.mjs");
    let mut running = running.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("it runs");
    let mut lines = BufReader::new(running.stdout.take().expect("an output")).lines();
    let base = tokio::time::timeout(DEADLINE, lines.next_line()).await.expect("in time").expect("a line").expect("a line");
    let at = |base_url: String| Endpoint { key: "any".to_owned(), base_url, model: "gpt-4o".to_owned() };
    for settings in [
        Settings { openai: Some(at(format!("{base}/v1"))), anthropic: None },
        Settings { openai: None, anthropic: Some(at(base.clone())) },
    ] {
        let providers = Providers::new(&settings);
        let mut asked = request("Which shifts?");
        let first = hear(&providers, asked.clone()).await;
        assert_eq!((first.text().as_str(), first.end().0), ("Let me look.", Finish::Calls), "{:?}", providers.names());
        let calls = first.calls();
        let called: Vec<(&str, Json)> =
            calls.iter().map(|call| (call.name.as_str(), serde_json::from_str(&call.arguments).expect("JSON"))).collect();
        assert_eq!(called, [("listShifts", json!({"day": "2026-06-01"})), ("getShift", json!({"ids": ["größer 👍"]}))]);
        let results: Vec<Message> =
            calls.iter().map(|call| Message::Result { call: call.id.clone(), text: "found".to_owned(), failed: false }).collect();
        asked.messages.push(Message::Assistant { text: first.text(), calls });
        asked.messages.extend(results);
        let last = hear(&providers, asked).await;
        assert_eq!((last.text().as_str(), last.end().0), ("Two shifts: früh and spät.", Finish::Stop));
        assert!(last.end().1.completion > 0 && last.end().1.prompt > 0);
    }
}
