//! The server of the tests refuses what the real ones refuse, and says so when nobody looks.

use workforceos_agents::provider::{Call, Failure, Message, Request, Spec};
use workforceos_tests::Llm;
use workforceos_tests::llm::Wire;

use super::{WIRES, hear, of, request, spec};

fn calling(ids: &[&str]) -> Message {
    let call = |id: &&str| Call { id: (*id).to_owned(), name: "listShifts".to_owned(), arguments: "{}".to_owned() };
    Message::Assistant { text: String::new(), calls: ids.iter().map(call).collect() }
}

fn result(id: &str) -> Message {
    Message::Result { call: id.to_owned(), text: "fine".to_owned(), failed: false }
}

fn said(text: &str) -> Message {
    Message::User(text.to_owned())
}

async fn refused(wire: Wire, request: Request) -> String {
    let llm = Llm::start().await;
    let heard = hear(&of(&llm, wire), request).await;
    assert!(matches!(heard.failure, Some(Failure::Refused { status: 400, .. })), "{wire:?}: {heard:?}");
    llm.refusals().concat()
}

#[tokio::test]
async fn histories_that_do_not_fit_together() {
    let histories = [
        (vec![said("a"), calling(&["x"]), said("b")], "x"),
        (vec![said("a"), calling(&["x", "y"]), result("x")], "y"),
        (vec![said("a"), calling(&["x"]), result("y")], "y"),
        (vec![said("a"), result("x")], "x"),
        (vec![said("a"), calling(&["x"]), result("x"), result("x")], "x"),
        (vec![said("a"), calling(&["x"]), result("x"), calling(&["x"]), result("x")], "unique"),
        (Vec::new(), ""),
    ];
    for wire in WIRES {
        for (messages, named) in histories.clone() {
            let why = refused(wire, Request { system: String::new(), messages, ..request("") }).await;
            assert!(why.contains(named), "{wire:?}: {why}");
        }
    }
    let llm = Llm::start().await;
    let first = Request { messages: vec![calling(&["x"]), result("x")], ..request("") };
    assert!(hear(&of(&llm, Wire::Anthropic), first).await.failure.is_some());
    assert!(llm.refusals().concat().contains("alternate"), "the first speaks the user");
}

#[tokio::test]
async fn tools_that_nobody_could_call() {
    let with = |schema: serde_json::Value| {
        let serde_json::Value::Object(schema) = schema else { panic!("an object") };
        vec![Spec { schema, ..spec("listShifts") }]
    };
    for wire in WIRES {
        for (tools, named) in [
            (vec![spec("list shifts")], "list shifts"),
            (vec![spec("listShifts"), spec("listShifts")], "unique"),
            (with(serde_json::json!({"type": "array"})), "object"),
            (with(serde_json::json!({"type": "object", "oneOf": []})), "oneOf"),
            (with(serde_json::json!({"type": "object", "properties": {"ids": {"type": "array"}}})), "items"),
        ] {
            let why = refused(wire, Request { tools, ..request("Hello") }).await;
            assert!(why.contains(named), "{wire:?}: {why}");
        }
    }
}

#[tokio::test]
#[should_panic(expected = "a provider would have refused this")]
async fn nobody_overlooks_it() {
    let llm = Llm::start().await;
    let heard = hear(&of(&llm, Wire::Openai), Request { messages: vec![said("a"), result("x")], ..request("") }).await;
    assert!(heard.failure.is_some());
}
