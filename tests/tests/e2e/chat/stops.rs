//! Answers that are ended: by their reader, with the conversation, with the login. And that there is one at a time.

use serde_json::json;
use workforceos_tests::llm::{Gate, Turn};
use workforceos_tests::{Db, on_both_databases};

use super::{CHAT, CONVERSATIONS, STOP, STREAM, all, ask, asked_in, conversation, messages, names, said, start, until_messages};

on_both_databases!(
    what_was_written_stays,
    one_answer_at_a_time,
    deleting_ends_the_answer,
    a_logout_ends_the_answer_and_its_streams,
);

async fn what_was_written_stays(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let gate = Gate::new();
    llm.script([Turn::calls([("listShifts", json!({}))]), Turn::says("The half of ").gate(&gate).text("it.")]);
    let mut live = ask(&acme.owner, json!({"message": "Speak"})).await;
    let mut seen = live.until(|event| event.name.as_deref() == Some("text")).await;
    gate.reached(1).await;
    let id = conversation(&seen);
    let stopped = acme.owner.post(STOP, json!({"conversationId": id})).await.ok();
    assert_eq!(stopped, json!({"success": true, "stopped": true}));
    seen.extend(all(live).await);
    let done = seen.last().expect("an end");
    assert_eq!((done.name.as_deref(), &done.data["finishReason"]), (Some("done"), &json!("stopped")));
    llm.until(|counts| counts.closed_early == 1).await;
    let kept = messages(&acme.owner, &id).await;
    assert_eq!((kept.len(), &kept[1]["content"]), (2, &json!("The half of ")));
    let again = acme.owner.post(STOP, json!({"conversationId": id})).await.ok();
    assert_eq!(again["stopped"], false, "it has ended");
    llm.script([Turn::says("On we go.")]);
    assert_eq!(said(&asked_in(&acme.owner, &id, "Go on").await), "On we go.");
    let told = llm.seen().pop().expect("asked").whole();
    assert!(told.contains("The half of "), "the model knows what it had said: {told}");
}

async fn one_answer_at_a_time(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let gate = Gate::new();
    llm.script([Turn::says("First. ").gate(&gate), Turn::says("Second.")]);
    let mut live = ask(&acme.owner, json!({"message": "One"})).await;
    let seen = live.until(|event| event.name.as_deref() == Some("text")).await;
    let more = json!({"message": "Two", "conversationId": conversation(&seen)});
    for path in [CHAT, STREAM] {
        acme.owner.post(path, more.clone()).await.refused(409, "AnswerRunning");
    }
    assert_eq!(messages(&acme.owner, &conversation(&seen)).await.len(), 1, "what was refused is not written");
    gate.open();
    assert_eq!(names(&all(live).await).last(), Some(&"done"));
    // Once its reader knows that it is over, the next may be asked: of several at once one is.
    let asking: Vec<_> = (0..4).map(|_| (acme.owner.client.clone(), more.clone())).collect();
    let asking = asking.into_iter().map(|(who, body)| tokio::spawn(async move { who.post(CHAT, body).await.status }));
    let mut told = Vec::new();
    for one in asking.collect::<Vec<_>>() {
        told.push(one.await.expect("an answer"));
    }
    told.sort_unstable();
    assert_eq!(told.iter().filter(|status| **status == 200).count(), 1, "the script has one more turn: {told:?}");
    assert_eq!(told.iter().filter(|status| **status == 409).count(), 3, "{told:?}");
}

async fn deleting_ends_the_answer(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let gate = Gate::new();
    llm.script([Turn::says("Words. ").gate(&gate)]);
    let mut live = ask(&acme.owner, json!({"message": "Speak"})).await;
    let seen = live.until(|event| event.name.as_deref() == Some("text")).await;
    let id = conversation(&seen);
    assert_eq!(acme.owner.delete(&format!("{CONVERSATIONS}/{id}")).await.ok(), json!({"success": true}));
    all(live).await;
    llm.until(|counts| counts.closed_early == 1).await;
    acme.owner.get(&format!("{CONVERSATIONS}/{id}")).await.refused(404, "ConversationNotFound");
    acme.owner.get(&format!("{STREAM}/{id}")).await.refused(404, "ConversationNotFound");
    assert_eq!(acme.owner.get(CONVERSATIONS).await.ok()["count"], 0);
}

async fn a_logout_ends_the_answer_and_its_streams(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let gate = Gate::new();
    llm.script([Turn::says("Words. ").gate(&gate).and_calls([("listShifts", json!({}))])]);
    let mut live = ask(&acme.owner, json!({"message": "Speak"})).await;
    let seen = live.until(|event| event.name.as_deref() == Some("text")).await;
    acme.owner.post("/auth-api/logout", json!({})).await.ok();
    all(live).await;
    llm.until(|counts| counts.closed_early == 1).await;
    let mut owner = acme.owner.clone();
    owner.log_in().await;
    let kept = until_messages(&owner, &conversation(&seen), 2).await;
    assert_eq!(kept[1]["content"], "Words. ", "what was written stays theirs");
}
