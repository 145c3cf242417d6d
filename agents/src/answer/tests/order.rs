//! What is told, in which order, and what it came to.

use super::*;

fn result(call: &str, text: &str, failed: bool) -> Message {
    Message::Result { call: call.to_owned(), text: text.to_owned(), failed }
}

#[tokio::test(start_paused = true)]
async fn the_events_of_an_answer_with_a_tool_are_these() {
    let mut first = vec![text("Let me "), text("look.")];
    first.extend(call_with("c1", "read", r#"{"of":1}"#));
    first.push(end(ModelFinish::Calls, 7));
    let scene = Scene::new(vec![Ok(first), says("Ann works.")]);
    let running = scene.start();
    let events = all(&running).await;
    well_formed(&events);
    let told: Vec<(&str, Json)> = events.iter().map(|event| (event.kind, event.data.clone())).collect();
    let summary = json!({"enabled": true, "count": 0, "samples": []});
    let expected = [
        ("start", json!({"conversationId": KEY, "provider": "openai", "aliasMapSummary": summary})),
        ("text", json!({"content": "Let me "})),
        ("text", json!({"content": "look."})),
        ("tool_start", json!({"tool": "read", "toolCallId": "c1"})),
        ("tool_executing", json!({"tool": "read", "args": {"of": 1}, "toolCallId": "c1"})),
        ("tool_result", json!({"tool": "read", "result": page("read", true, ""), "success": true, "toolCallId": "c1"})),
        ("text", json!({"content": "\n\nAnn works."})),
        (
            "done",
            json!({
                "conversationId": KEY,
                "toolCalls": [{"toolCallId": "c1", "tool": "read", "args": {"of": 1}, "success": true}],
                "processingTime": 0,
                "aliasMapSummary": summary,
                "usage": {"prompt": 20, "completion": 12, "total": 32},
                "finishReason": "stop",
            }),
        ),
    ];
    assert_eq!(told, expected);

    let asked = Call { id: "c1".to_owned(), name: "read".to_owned(), arguments: r#"{"of":1}"#.to_owned() };
    let said = vec![
        Message::User("Who works today?".to_owned()),
        Message::Assistant { text: "Let me look.".to_owned(), calls: vec![asked] },
        result("c1", "model of read", false),
        Message::Assistant { text: "Ann works.".to_owned(), calls: Vec::new() },
    ];
    let outcome = scene.stored_once(&running).await;
    assert_eq!(outcome.text, "Let me look.\n\nAnn works.");
    assert_eq!((&outcome.messages, outcome.finish, &outcome.error), (&said, Finish::Stop, &None));
    assert_eq!(outcome.tool_calls[0].kept, page("read", true, "kept"));
    // What the model was told in its second turn.
    let request = scene.provider.request(1);
    assert_eq!((&request.messages[..], request.max_tokens, request.tools.len()), (&said[..3], 1_000, 1));
    assert_eq!((request.system.as_str(), request.model.as_str(), request.temperature), ("You help.", "test-model", Some(0.5)));
}

#[tokio::test(start_paused = true)]
async fn failed_unreadable_and_unknown_calls_are_results_that_the_model_reads() {
    let mut first = call("c1", "fail");
    first.extend(call_with("c2", "read", "{oh"));
    first.push(end(ModelFinish::Calls, 5));
    let scene = Scene::new(vec![Ok(first), says("Sorry.")]);
    let running = scene.start();
    let events = all(&running).await;
    well_formed(&events);
    let expected = [
        "start",
        "tool_start fail c1",
        "tool_start read c2",
        "tool_result read c2 false",
        "tool_executing fail c1",
        "tool_result fail c1 false",
        "text Sorry.",
        "done stop",
    ];
    assert_eq!(brief(&events), expected);
    assert_eq!(events[3].data["error"], "These arguments are no JSON object");
    assert_eq!(events[5].data["error"], "It failed");
    let told = &scene.provider.request(1).messages[2..];
    assert_eq!(told, [result("c1", "model of fail", true), result("c2", "bad arguments", true)]);
    let outcome = scene.stored_once(&running).await;
    let calls: Vec<(&str, &Json, bool)> =
        outcome.tool_calls.iter().map(|ran| (ran.id.as_str(), &ran.args, ran.success)).collect();
    assert_eq!(calls, [("c1", &json!({}), false), ("c2", &json!({}), false)]);
    let Message::Assistant { calls, .. } = &outcome.messages[1] else { panic!("{:?}", outcome.messages[1]) };
    assert_eq!(calls[1].arguments, "{}", "what cannot be read is not kept: it may hold a password");
}

#[tokio::test(start_paused = true)]
async fn calls_without_an_id_or_with_the_same_are_told_apart() {
    let mut first = call("", "read");
    first.extend(call("x", "read1"));
    first.extend(call("x", "read2"));
    first.push(end(ModelFinish::Stop, 5));
    let scene = Scene::new(vec![Ok(first), calls(&[("x", "read3")]), says("Done.")]);
    let running = scene.start();
    let events = all(&running).await;
    well_formed(&events);
    let outcome = scene.stored_once(&running).await;
    let mut ids: Vec<(&str, &str)> = outcome.tool_calls.iter().map(|ran| (ran.tool.as_str(), ran.id.as_str())).collect();
    assert_eq!((ids.len(), ids[1]), (4, ("read1", "x")));
    ids.sort_by_key(|(_, id)| *id);
    ids.dedup_by_key(|(_, id)| *id);
    assert_eq!(ids.len(), 4);
    assert_eq!(crate::history::repair(outcome.messages.clone()), outcome.messages);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_comes_without_its_beginning_and_one_that_never_ends_are_told_too() {
    let whole = Piece::Call(Call { id: "c1".to_owned(), name: "read".to_owned(), arguments: "{}".to_owned() });
    let half = Piece::Begun { id: "c2".to_owned(), name: "read".to_owned() };
    let scene = Scene::new(vec![Ok(vec![Play::Piece(whole), Play::Piece(half), end(ModelFinish::Length, 5)]), says("Well.")]);
    let running = scene.start();
    let events = all(&running).await;
    well_formed(&events);
    assert_eq!(brief(&events)[1..4], ["tool_start read c1", "tool_start read c2", "tool_result read c2 false"]);
    let outcome = scene.stored_once(&running).await;
    assert_eq!((outcome.tool_calls.len(), outcome.finish), (1, Finish::Stop));
}

#[tokio::test(start_paused = true)]
async fn of_a_json_answer_only_what_is_said_last_counts() {
    let mut first = vec![text("I look.")];
    first.extend(call("c1", "read"));
    first.push(end(ModelFinish::Calls, 5));
    let scene = Scene::new(vec![Ok(first), Ok(vec![text("{\"a\""), text(":1}"), end(ModelFinish::Stop, 5)])]);
    let running = scene.start_with(|job| job.json = true);
    assert_eq!(running.outcome().await.text, "{\"a\":1}");
    assert!(scene.provider.request(0).json);
}

#[tokio::test(start_paused = true)]
async fn without_a_provider_that_is_said_and_stored() {
    let scene = Scene::new(Vec::new());
    let running = scene.start_with(|job| job.provider = None);
    let events = all(&running).await;
    well_formed(&events);
    assert_eq!((events[0].kind, &events[0].data["provider"]), ("start", &Json::Null));
    let words = "AI service not configured. Please configure OPENAI_API_KEY or ANTHROPIC_API_KEY in environment variables";
    assert_eq!((events[1].kind, &events[1].data), ("error", &json!({"message": words})));
    let outcome = scene.stored_once(&running).await;
    assert_eq!((outcome.finish, outcome.error.as_deref()), (Finish::Error, Some(words)));
    assert_eq!(outcome.messages, [Message::User("Who works today?".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_long_history_is_cut_and_the_model_is_told_so() {
    let scene = Scene::new(vec![says("Yes.")]);
    let long = Message::User("word ".repeat(70_000));
    let short = Message::User("short".to_owned());
    let running = scene.start_with(|job| job.history = vec![long, short.clone()]);
    assert_eq!(scene.stored_once(&running).await.messages.len(), 2);
    let request = scene.provider.request(0);
    assert_eq!(request.messages, [short, Message::User("Who works today?".to_owned())]);
    assert_eq!(request.system, format!("You help.\n\n{}", crate::history::LEFT_OUT));
}
