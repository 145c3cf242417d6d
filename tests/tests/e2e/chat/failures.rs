//! What pages are told when something goes wrong, and that the conversation goes on.

use serde_json::json;
use workforceos_core::session::Role;
use workforceos_tests::llm::Turn;
use workforceos_tests::{Db, Llm, TestApp, on_both_databases};

use super::{ASSISTANT, CHAT, CONVERSATIONS, NOT_CONFIGURED, asked, asked_in, conversation, messages, names, said, start, with};
use crate::paths::OVERRIDE;
use crate::text;

on_both_databases!(without_a_provider_it_is_said, a_provider_that_fails_leaves_a_conversation_that_goes_on, time_is_bounded);

async fn without_a_provider_it_is_said(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let events = asked(&acme.owner, "Hello?").await;
    assert_eq!(names(&events), ["start", "error"]);
    assert!(events[0].data["conversationId"].is_string() && events[0].data["provider"].is_null(), "{events:?}");
    assert!(events[0].data["aliasMapSummary"].is_object());
    assert_eq!(events[1].data, json!({"message": NOT_CONFIGURED}));
    assert_eq!(messages(&acme.owner, &conversation(&events)).await.len(), 1, "the question is kept");
    for (path, body) in [(CHAT, json!({"message": "Hello?"})), (ASSISTANT, json!({"prompt": "Hello?"}))] {
        let refused = acme.owner.post(path, body).await.refused(503, "ProviderUnavailable");
        assert_eq!(refused["message"], NOT_CONFIGURED);
    }
    assert_eq!(acme.owner.get(CONVERSATIONS).await.ok()["count"], 1, "what came to nothing leaves nothing");
}

async fn a_provider_that_fails_leaves_a_conversation_that_goes_on(db: Db) {
    let llm = Llm::start().await;
    for providers in [llm.openai(), llm.anthropic()] {
        let app = with(db, providers).await;
        let acme = app.company("acme", "UTC").await;
        llm.script([Turn::status(429), Turn::says("Now it works.")]);
        let events = asked(&acme.owner, "Hello?").await;
        assert_eq!((names(&events), said(&events).as_str()), (vec!["start", "text", "done"], "Now it works."));
        let id = conversation(&events);
        for (turn, partial) in [
            (Turn::status(401), ""),
            (Turn::says("Half an ans").drops(), "Half an ans"),
            (Turn::says("Half").malformed(), "Half"),
        ] {
            let before = messages(&acme.owner, &id).await.len();
            llm.script([turn]);
            let events = asked_in(&acme.owner, &id, "And now?").await;
            assert_eq!(names(&events).last(), Some(&"error"), "{events:?}");
            let told = &events.last().expect("an end").data;
            assert_eq!(told.as_object().map(|told| told.len()), Some(1), "nothing of the provider's own words: {told}");
            assert!(told["message"].as_str().is_some_and(|message| message.starts_with("The AI provider")), "{told}");
            let kept = messages(&acme.owner, &id).await;
            assert_eq!(kept[before]["content"], "And now?");
            match partial {
                "" => assert_eq!(kept.len(), before + 1),
                _ => assert_eq!(kept[before + 1]["content"], partial),
            }
        }
        // The fake refuses what real providers refuse: a history that does not fit together.
        llm.script([Turn::says("Here again.")]);
        assert_eq!(said(&asked_in(&acme.owner, &id, "Well?").await), "Here again.");
    }
}

async fn time_is_bounded(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let root = app.root_person("root-admin", Role::SuperAdmin).await;
    let limits = json!({"agentName": "workforceAssistant", "guardrails": {"timeout": 1}});
    let limited = text(&root.post(OVERRIDE, limits).await.ok()["sys_agentOverride"], "id");
    llm.answer(|_| Turn::says("").hangs());
    let refused = acme.owner.post(ASSISTANT, json!({"prompt": "Hello?"})).await.refused(503, "ProviderUnavailable");
    assert!(refused["message"].as_str().is_some_and(|message| message.contains("within 1 seconds")), "{refused}");
    llm.until(|counts| counts.open == 0).await;
    let list = acme.owner.get(CONVERSATIONS).await.ok();
    let id = text(&list["conversations"][0], "id");
    root.delete(&format!("{OVERRIDE}/{limited}")).await.ok();
    llm.script([Turn::calls([("listShifts", json!({}))]), Turn::says("None.")]);
    let answer = acme.owner.post(ASSISTANT, json!({"prompt": "And now?", "conversationId": id})).await.ok();
    assert_eq!(answer["data"]["response"], "None.");
}
