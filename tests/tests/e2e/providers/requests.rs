//! What is asked, in each wire's own form.

use serde_json::json;
use workforceos_agents::provider::{Call, Endpoint, Message, Providers, Request, Settings};
use workforceos_tests::Llm;
use workforceos_tests::llm::{Turn, Wire};

use super::{WIRES, hear, of, request, spec};

fn call(id: &str, name: &str, arguments: &str) -> Call {
    Call { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned() }
}

fn result(id: &str, text: &str) -> Message {
    Message::Result { call: id.to_owned(), text: text.to_owned(), failed: text.is_empty() }
}

/// A conversation with everything in it that can be awkward.
fn awkward() -> Request {
    let messages = vec![
        Message::User("Good morning".to_owned()),
        Message::User("and hello".to_owned()),
        Message::Assistant { text: "  ".to_owned(), calls: Vec::new() },
        Message::User("Which shifts?".to_owned()),
        Message::Assistant {
            text: "Let me look.".to_owned(),
            calls: vec![call("call_1", "listShifts", "{\"day\":\"1\"}"), call("call_2", "get.Shift!", "{oops")],
        },
        result("call_2", "no such tool"),
        result("call_1", ""),
        Message::Assistant { text: " \n".to_owned(), calls: vec![call("call_3", "getShift", "")] },
        result("call_3", "an early shift"),
        Message::User(" ".to_owned()),
        Message::User("So?".to_owned()),
    ];
    Request { messages, ..request("") }
}

#[tokio::test]
async fn awkward_histories_are_taken() {
    for wire in WIRES {
        let llm = Llm::start().await;
        llm.script([Turn::says("An early one.")]);
        assert_eq!(hear(&of(&llm, wire), awkward()).await.text(), "An early one.");
        let asked = llm.seen().remove(0);
        assert_eq!(
            (asked.model(), asked.system().as_str(), asked.last_user().ends_with("So?")),
            ("a-model", "You help with shifts.", true)
        );
        assert_eq!(asked.tools(), ["listShifts", "getShift"]);
        assert_eq!(asked.schema("getShift").expect("a schema")["properties"]["day"]["type"], "string");
        assert!(asked.whole().contains("get_Shift_") && asked.whole().contains("{oops"), "the model sees what it wrote");
    }
}

#[tokio::test]
async fn who_is_to_call_nothing_more_is_still_told_what_was_called() {
    for wire in WIRES {
        let llm = Llm::start().await;
        llm.script([Turn::says("An early one.")]);
        let asked = Request { tools: Vec::new(), ..awkward() };
        assert_eq!(hear(&of(&llm, wire), asked).await.text(), "An early one.");
        assert!(llm.refusals().is_empty(), "{wire:?}");
    }
}

#[tokio::test]
async fn the_body_is_what_each_api_documents() {
    let llm = Llm::start().await;
    llm.script([Turn::says("a"), Turn::says("b")]);
    for wire in WIRES {
        hear(&of(&llm, wire), Request { tools: vec![spec("listShifts")], ..request("Hello") }).await.end();
    }
    let seen = llm.seen();
    let schema = json!(spec("listShifts").schema);
    let openai = json!({
        "model": "a-model", "stream": true, "stream_options": {"include_usage": true}, "temperature": 0.2, "max_tokens": 500,
        "messages": [{"role": "system", "content": "You help with shifts."}, {"role": "user", "content": "Hello"}],
        "tools": [{"type": "function", "function": {"name": "listShifts", "description": "Does listShifts.", "parameters": schema}}],
    });
    // 0.2 of one width is not 0.2 of the other.
    let mut body = seen[0].body.clone();
    assert!((body["temperature"].as_f64().expect("a number") - 0.2).abs() < 1e-6);
    body["temperature"] = json!(0.2);
    assert_eq!(body, openai);
    let anthropic = json!({
        "model": "a-model", "stream": true, "temperature": 0.2, "max_tokens": 500, "system": "You help with shifts.",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
        "tools": [{"name": "listShifts", "description": "Does listShifts.", "input_schema": schema}],
    });
    assert_eq!(seen[1].body, anthropic);
    assert_eq!(seen[1].headers["anthropic-version"], "2023-06-01");
}

#[tokio::test]
async fn several_results_are_one_message_where_roles_alternate() {
    let llm = Llm::start().await;
    llm.script([Turn::says("Fine.")]);
    hear(&of(&llm, Wire::Anthropic), awkward()).await.end();
    let seen = llm.seen();
    let roles: Vec<&str> = seen[0].messages().iter().filter_map(|message| message["role"].as_str()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant", "user"]);
    let results = seen[0].messages()[2]["content"].as_array().expect("blocks").clone();
    let refused = json!({"type": "tool_result", "tool_use_id": "call_1", "is_error": true});
    assert_eq!(results[1], refused, "a result without text has none");
}

#[tokio::test]
async fn one_json_object_is_asked_for() {
    for wire in WIRES {
        let llm = Llm::start().await;
        llm.script([Turn::says("{}"), Turn::says("{}")]);
        hear(&of(&llm, wire), Request { json: true, ..request("Sum it up") }).await.end();
        hear(&of(&llm, wire), Request { json: true, system: "Write JSON.".to_owned(), ..request("Sum it up") }).await.end();
        let seen = llm.seen();
        assert!(
            seen[0].system().starts_with("You help with shifts.") && seen[0].system().contains("JSON"),
            "{}",
            seen[0].system()
        );
        if wire == Wire::Openai {
            assert_eq!(seen[0].body["response_format"], json!({"type": "json_object"}));
            assert_eq!(seen[1].system(), "Write JSON.");
        }
    }
}

#[tokio::test]
async fn base_urls_may_end_with_a_slash() {
    let llm = Llm::start().await;
    let base = llm.base().to_owned();
    let at = |base_url: String| Some(Endpoint { base_url, ..llm.settings().openai.expect("settings") });
    for (openai, anthropic) in [(format!("{base}/v1/"), format!("{base}/")), (format!("{base}/v1"), format!("{base}/v1/"))] {
        let settings = Settings { openai: at(openai), anthropic: at(anthropic) };
        let providers = Providers::new(&settings);
        assert_eq!(providers.names(), ["openai", "anthropic"], "the preferred one is first");
        llm.script([Turn::says("a"), Turn::says("b")]);
        for name in providers.names() {
            let chosen = providers.choose(Some(name), None).expect("a provider");
            let stream = chosen.provider.turn(request("Hello")).await.expect("a turn");
            let pieces: Vec<_> = futures_util::StreamExt::collect(stream).await;
            assert!(pieces.iter().all(Result::is_ok), "{name}: {pieces:?}");
        }
    }
}

#[tokio::test]
async fn what_a_model_does_not_take_is_left_out() {
    let refusal = |message: &str| Turn::status(400).body(&json!({"error": {"message": message}}).to_string());
    let llm = Llm::start().await;
    llm.script([
        refusal("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
        refusal(
            "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
        ),
        Turn::says("Then so."),
        Turn::says("At once."),
        Turn::says("Another."),
    ]);
    let providers = of(&llm, Wire::Openai);
    assert_eq!(hear(&providers, request("Hello")).await.text(), "Then so.");
    assert_eq!(hear(&providers, request("Hello")).await.text(), "At once.", "it is remembered");
    hear(&providers, Request { model: "another".to_owned(), ..request("Hello") }).await.end();
    let seen = llm.seen();
    assert_eq!(seen.len(), 5);
    for asked in &seen[2..4] {
        assert_eq!((asked.body.get("temperature"), asked.body.get("max_tokens")), (None, None));
        assert_eq!(asked.body["max_completion_tokens"], 500);
    }
    assert_eq!(seen[4].body["max_tokens"], 500, "of that model alone");

    let llm = Llm::start().await;
    llm.script([refusal("`temperature` is deprecated for this model."), Turn::says("Then so.")]);
    assert_eq!(hear(&of(&llm, Wire::Anthropic), request("Hello")).await.text(), "Then so.");
    assert_eq!(llm.seen()[1].body.get("temperature"), None);
    llm.script([refusal("max_tokens: 500 > 100"), refusal("max_tokens: 500 > 100")]);
    let heard = hear(&of(&llm, Wire::Anthropic), request("Hello")).await;
    assert!(heard.failure.is_some(), "what cannot be helped is told: {heard:?}");
}

#[tokio::test]
async fn long_descriptions_are_cut_where_they_would_be_refused() {
    let llm = Llm::start().await;
    llm.script([Turn::says("a")]);
    let mut long = spec("listShifts");
    long.description = "ö".repeat(3_000);
    hear(&of(&llm, Wire::Openai), Request { tools: vec![long], ..request("Hello") }).await.end();
    let told = llm.seen()[0].body["tools"][0]["function"]["description"].as_str().expect("a text").to_owned();
    assert_eq!((told.chars().count(), told.ends_with('…')), (1_024, true));
}
