//! The workforce assistant, as agents are asked.

use reqwest::Method;
use serde_json::json;
use workforceos_core::session::Role;
use workforceos_tests::llm::Turn;
use workforceos_tests::{Db, Live, on_both_databases};

use super::{ASSISTANT, CONVERSATIONS, STREAM, all, asked, conversation, messages, names, start};
use crate::paths::{EXECUTIONS, OVERRIDE};
use crate::text;

on_both_databases!(it_answers_in_a_conversation, it_streams, what_is_switched_off_does_not_answer);

async fn it_answers_in_a_conversation(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    llm.script([Turn::calls([("currentuser", json!({}))]), Turn::says("You are the owner."), Turn::says("Still.")]);
    let answer = acme.owner.post(ASSISTANT, json!({"prompt": "Who am I?"})).await.ok();
    let id = text(&answer["data"], "conversationId");
    let wanted = json!({"success": true, "data": {"response": "You are the owner.", "conversationId": id, "provider": "openai"}});
    assert_eq!(answer, wanted);
    let answer = acme.owner.post(ASSISTANT, json!({"prompt": "And now?", "conversationId": id})).await.ok();
    assert_eq!((&answer["data"]["response"], &answer["data"]["conversationId"]), (&json!("Still."), &json!(id)));
    assert!(llm.seen()[2].whole().contains("Who am I?"));
    assert_eq!(messages(&acme.owner, &id).await.len(), 4);
    let list = acme.owner.get(CONVERSATIONS).await.ok();
    assert_eq!(list["conversations"][0]["assistant"], "workforceAssistant");
    // Each goes on with whom it was begun.
    acme.owner.post(STREAM, json!({"message": "m", "conversationId": id})).await.refused(409, "InvalidState");
    llm.script([Turn::says("Hello.")]);
    let chat = conversation(&asked(&acme.owner, "Hello").await);
    acme.owner.post(ASSISTANT, json!({"prompt": "m", "conversationId": chat})).await.refused(409, "InvalidState");
    let executions = acme.owner.get(EXECUTIONS).await.ok();
    assert_eq!(executions["rowCount"], 3, "each answer is recorded: {executions}");
}

async fn it_streams(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let path = format!("{ASSISTANT}/stream");
    let open = || Live::open(acme.owner.request(Method::POST, &path).json(&json!({"prompt": "Who am I?"})));
    llm.script([Turn::calls([("currentuser", json!({}))]), Turn::says("You are the owner.")]);
    let events = all(open().await).await;
    let chunks: String = events.iter().filter_map(|event| event.data["content"].as_str()).collect();
    assert_eq!(chunks, "You are the owner.");
    let last = events.last().expect("an end");
    assert_eq!((last.name.as_deref(), &last.data), (Some("complete"), &json!({})));
    assert!(events.iter().rev().skip(1).all(|event| event.name.as_deref() == Some("chunk")), "{events:?}");
    llm.script([Turn::status(400)]);
    let events = all(open().await).await;
    assert_eq!(names(&events), ["error"]);
    assert!(events[0].data["message"].is_string());
    assert_eq!(llm.refusals(), [""; 0]);
}

async fn what_is_switched_off_does_not_answer(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let root = app.root_person("root-admin", Role::SuperAdmin).await;
    root.post(OVERRIDE, json!({"agentName": "workforceAssistant", "enabled": false})).await.ok();
    for path in [ASSISTANT.to_owned(), format!("{ASSISTANT}/stream")] {
        acme.owner.post(&path, json!({"prompt": "Hello?"})).await.refused(403, "AgentDisabled");
    }
    assert_eq!(acme.owner.get(CONVERSATIONS).await.ok()["count"], 0);
    llm.script([Turn::says("The chat is another.")]);
    asked(&acme.owner, "Hello?").await;
}
