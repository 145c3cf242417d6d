//! What an API key that is limited to services reads of conversations: nothing that tools of others may have answered.

use reqwest::Method;
use serde_json::json;
use workforceos_tests::llm::{Gate, Turn};
use workforceos_tests::{Client, Company, Db, on_both_databases};

use super::{CHAT, CONVERSATIONS, STOP, STREAM, all, ask, asked, asked_in, conversation, go_on, messages, said, start};
use crate::paths::EXECUTIONS;
use crate::text;

on_both_databases!(
    limited_keys_read_what_their_like_were_answered,
    limited_keys_do_not_follow_others_answers,
    a_key_repeats_its_own_alone
);

async fn key(acme: &Company, services: &[&str]) -> Client {
    let made = acme.owner.post("/auth-api/v1/apikeys", json!({"name": "k", "services": services})).await.ok();
    acme.owner.with_token(&text(&made, "key"))
}

async fn count(who: &Client) -> u64 {
    who.get(CONVERSATIONS).await.ok()["count"].as_u64().expect("a count")
}

/// A conversation is not there, whatever is done to it.
async fn hidden(who: &Client, id: &str) {
    let one = format!("{CONVERSATIONS}/{id}");
    for (method, path, body) in [
        (Method::GET, one.clone(), None),
        (Method::DELETE, one, None),
        (Method::GET, format!("{STREAM}/{id}"), None),
        (Method::POST, STOP.to_owned(), Some(json!({"conversationId": id}))),
        (Method::POST, CHAT.to_owned(), Some(json!({"message": "What was it?", "conversationId": id}))),
        (Method::POST, STREAM.to_owned(), Some(json!({"message": "What was it?", "conversationId": id}))),
    ] {
        who.send(method, &path, body).await.refused(404, "ConversationNotFound");
    }
    let list = who.get(CONVERSATIONS).await.ok();
    assert!(list["conversations"].as_array().expect("a list").iter().all(|row| row["id"] != id), "{list}");
}

async fn limited_keys_read_what_their_like_were_answered(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (hub, planner) = (key(&acme, &["agentHub"]).await, key(&acme, &["agentHub", "scheduleManagement"]).await);
    llm.script([Turn::calls([("listUsers", json!({}))]), Turn::says("You alone.")]);
    let wide = conversation(&asked(&acme.owner, "Who is there?").await);
    hidden(&hub, &wide).await;
    hidden(&planner, &wide).await;
    // What a key asks itself, it reads and goes on with; one with more services as well, one with fewer not.
    llm.script([Turn::calls([("listShifts", json!({}))]), Turn::says("Nothing."), Turn::says("Still nothing.")]);
    let own = conversation(&asked(&planner, "What is planned?").await);
    assert_eq!(messages(&planner, &own).await.len(), 2);
    assert_eq!((count(&hub).await, count(&planner).await, count(&acme.owner).await), (0, 1, 2));
    hidden(&hub, &own).await;
    let more = key(&acme, &["agentHub", "scheduleManagement", "leaveManagement"]).await;
    assert_eq!(said(&asked_in(&more, &own, "And now?").await), "Still nothing.");
    // From then on it may hold more than the first may read.
    hidden(&planner, &own).await;
    llm.script([Turn::says("Yes.")]);
    asked_in(&acme.owner, &own, "Sure?").await;
    hidden(&more, &own).await;
    assert_eq!(messages(&acme.owner, &own).await.len(), 6);
    // What agents were asked and answered may be of any service.
    for (who, rows) in [(&hub, 0), (&more, 0), (&acme.owner.client, 4)] {
        assert_eq!(who.get(EXECUTIONS).await.ok()["rowCount"], rows);
    }
}

async fn limited_keys_do_not_follow_others_answers(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let hub = key(&acme, &["agentHub"]).await;
    let gate = Gate::new();
    llm.script([Turn::says("Words. ").gate(&gate)]);
    let mut live = ask(&hub, json!({"message": "Speak"})).await;
    let seen = live.until(|event| event.name.as_deref() == Some("text")).await;
    drop(live);
    let back = go_on(&hub, &conversation(&seen), 0).await;
    gate.reached(1).await;
    gate.open();
    assert_eq!(said(&all(back).await), "Words. ", "its own it goes on reading");
    let gate = Gate::new();
    llm.script([Turn::says("More. ").gate(&gate)]);
    let live = ask(&acme.owner, json!({"message": "Speak", "conversationId": conversation(&seen)})).await;
    gate.reached(1).await;
    hidden(&hub, &conversation(&seen)).await;
    gate.open();
    all(live).await;
}

async fn a_key_repeats_its_own_alone(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let hub = key(&acme, &["agentHub"]).await;
    let body = json!({"message": "Speak"});
    llm.script([Turn::says("To the owner."), Turn::says("To the key.")]);
    acme.owner.with_key("k").post(CHAT, body.clone()).await.ok();
    hub.with_key("k").post(CHAT, body.clone()).await.refused(409, "IdempotencyConflict");
    for _ in 0..2 {
        assert_eq!(hub.with_key("k2").post(CHAT, body.clone()).await.ok()["response"], "To the key.");
    }
}
