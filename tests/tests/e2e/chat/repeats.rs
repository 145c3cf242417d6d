//! Calls that are sent again with their `Idempotency-Key`: they are answered once, whatever became of the connection.

use reqwest::Method;
use serde_json::{Value as Json, json};
use workforceos_tests::llm::{Gate, Turn};
use workforceos_tests::{Client, Db, Live, Reply, on_both_databases};

use super::{ASSISTANT, CHAT, CONVERSATIONS, STREAM, all, ask, conversation, messages, named, names, said, start};
use crate::text;

on_both_databases!(
    a_stream_that_is_sent_again_goes_on,
    what_is_kept_is_told_after_a_restart,
    a_call_waits_for_the_one_before,
    what_failed_is_tried_again_unless_it_changed_something,
    the_assistant_answers_once,
    what_is_deleted_is_told_no_more,
);

/// Sends a question again, as a page does whose connection was lost after an event.
async fn again(who: &Client, body: &Json, after: i64) -> Live {
    Live::open(who.request(Method::POST, STREAM).header("last-event-id", after.to_string()).json(body)).await
}

async fn groups(who: &Client) -> usize {
    who.get("/auth-api/v1/usergroups").await.ok()["userGroups"].as_array().expect("a list").len()
}

async fn a_stream_that_is_sent_again_goes_on(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let owner = acme.owner.with_key("k1");
    let body = json!({"message": "Make a ward"});
    let gate = Gate::new();
    llm.script([
        Turn::calls([("createUserGroup", json!({"groupName": "Ward"}))]),
        Turn::says("It is ").gate(&gate).text("there."),
    ]);
    let mut live = ask(&owner, body.clone()).await;
    let mut seen = live.until(|event| event.name.as_deref() == Some("text")).await;
    gate.reached(1).await;
    drop(live);
    owner.post(STREAM, json!({"message": "Make another"})).await.refused(409, "IdempotencyConflict");
    let last = seen.last().and_then(|event| event.id).expect("an id");
    let back = again(&owner, &body, last).await;
    gate.open();
    seen.extend(all(back).await);
    assert_eq!(said(&seen), "It is there.");
    assert!(seen.windows(2).all(|two| two[0].id < two[1].id), "nothing came twice: {seen:?}");
    // It is over: what is asked again is told again, and asked no more.
    let whole = all(ask(&owner, body.clone()).await).await;
    assert_eq!((names(&whole), said(&whole)), (names(&seen), said(&seen)));
    let request =
        owner.request(Method::POST, STREAM).header("last-event-id", seen.last().and_then(|e| e.id).unwrap_or(0).to_string());
    let read = Reply::of(request.json(&body), "read to the end").await.expect("an answer");
    assert_eq!((read.status, read.text.as_str()), (204, ""), "nothing is left");
    assert_eq!(owner.post(CHAT, body).await.ok()["response"], "It is there.", "whole, it is the same answer");
    assert_eq!((llm.counts().asked, groups(&acme.owner).await), (2, 1));
    assert_eq!(acme.owner.get(CONVERSATIONS).await.ok()["count"], 1);
}

async fn what_is_kept_is_told_after_a_restart(db: Db) {
    let (llm, mut app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let owner = acme.owner.with_key("k1");
    let body = json!({"message": "Make a ward"});
    llm.script([Turn::calls([("createUserGroup", json!({"groupName": "Ward"}))]), Turn::says("It is there.")]);
    let first = all(ask(&owner, body.clone()).await).await;
    app.restart().await;
    let second = all(ask(&owner, body.clone()).await).await;
    assert_eq!(names(&second), ["start", "tool_start", "tool_executing", "tool_result", "text", "done"]);
    for (name, property) in
        [("start", "conversationId"), ("start", "provider"), ("tool_executing", "args"), ("tool_result", "result")]
    {
        assert_eq!(named(&second, name)[0].data[property], named(&first, name)[0].data[property], "{name} {property}");
    }
    assert_eq!((said(&second), &second[5].data), (said(&first), &first[first.len() - 1].data));
    let answer = owner.post(CHAT, body).await.ok();
    assert_eq!((&answer["response"], &answer["toolCalls"][0]["result"]["success"]), (&json!("It is there."), &json!(true)));
    assert_eq!((llm.counts().asked, groups(&acme.owner).await), (2, 1));
}

async fn a_call_waits_for_the_one_before(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let gate = Gate::new();
    llm.script([Turn::says("Once. ").gate(&gate)]);
    let asking = (0..6).map(|_| {
        let who = acme.owner.client.with_key("the same");
        tokio::spawn(async move { who.post(CHAT, json!({"message": "Speak"})).await.ok() })
    });
    let asking: Vec<_> = asking.collect();
    gate.reached(1).await;
    gate.open();
    let mut answers = Vec::new();
    for one in asking {
        answers.push(one.await.expect("an answer"));
    }
    assert!(answers.iter().all(|answer| answer == &answers[0]), "the script has one turn: {answers:?}");
    assert_eq!(acme.owner.get(CONVERSATIONS).await.ok()["count"], 1);
}

async fn what_failed_is_tried_again_unless_it_changed_something(db: Db) {
    let (llm, mut app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let body = json!({"message": "Make a ward"});
    let (reads, writes) = (acme.owner.with_key("reads"), acme.owner.with_key("writes"));
    llm.script([Turn::calls([("listUsers", json!({}))]), Turn::status(401), Turn::says("Now it works.")]);
    reads.post(CHAT, body.clone()).await.refused(503, "ProviderUnavailable");
    assert_eq!(reads.post(CHAT, body.clone()).await.ok()["response"], "Now it works.");
    llm.script([Turn::calls([("createUserGroup", json!({"groupName": "Ward"}))]), Turn::status(401)]);
    let first = all(ask(&writes, body.clone()).await).await;
    assert_eq!(names(&first).last(), Some(&"error"), "{first:?}");
    for _ in 0..2 {
        let told = writes.post(CHAT, body.clone()).await.refused(503, "ProviderUnavailable");
        assert_eq!(told["message"], first.last().expect("an end").data["message"], "nobody makes a second ward");
        let second = all(ask(&writes, body.clone()).await).await;
        assert_eq!((second.last().map(|e| &e.data), groups(&acme.owner).await), (first.last().map(|e| &e.data), 1));
        app.restart().await;
    }
}

async fn the_assistant_answers_once(db: Db) {
    let (llm, mut app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let owner = acme.owner.with_key("k1");
    let body = json!({"prompt": "Who am I?"});
    llm.script([Turn::says("The owner.")]);
    let first = owner.post(ASSISTANT, body.clone()).await.ok();
    for _ in 0..2 {
        assert_eq!(owner.post(ASSISTANT, body.clone()).await.ok(), first);
        let live = Live::open(owner.request(Method::POST, &format!("{ASSISTANT}/stream")).json(&body)).await;
        let events = all(live).await;
        assert_eq!(events.iter().filter_map(|event| event.data["content"].as_str()).collect::<String>(), "The owner.");
        assert_eq!(events.last().and_then(|event| event.name.as_deref()), Some("complete"));
        app.restart().await;
    }
    owner.post(ASSISTANT, json!({"prompt": "And now?"})).await.refused(409, "IdempotencyConflict");
    owner.post(CHAT, json!({"message": "Who am I?"})).await.refused(409, "IdempotencyConflict");
    assert_eq!(messages(&acme.owner, &text(&first["data"], "conversationId")).await.len(), 2);
    let odd = acme.owner.with_key(&"k".repeat(256));
    for (path, body) in [(CHAT, json!({"message": "m"})), (STREAM, json!({"message": "m"})), (ASSISTANT, body)] {
        assert_eq!(odd.post(path, body).await.bad_fields(), ["Idempotency-Key"]);
    }
}

async fn what_is_deleted_is_told_no_more(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let owner = acme.owner.with_key("k1");
    let body = json!({"message": "Speak"});
    llm.script([Turn::says("Words.")]);
    let id = conversation(&all(ask(&owner, body.clone()).await).await);
    acme.owner.delete(&format!("{CONVERSATIONS}/{id}")).await.ok();
    for path in [CHAT, STREAM] {
        owner.post(path, body.clone()).await.refused(404, "ConversationNotFound");
    }
}
