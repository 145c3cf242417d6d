//! The same question with the same `Idempotency-Key` is answered once, whole or streamed; and what the end of the server ends.

use std::time::{Duration, Instant};

use serde_json::json;
use workforceos_tests::llm::{Gate, Turn};
use workforceos_tests::{Db, on_both_databases};

use super::{ASKED, GENERATE, Scene, WORKFORCE, answered, stream, streamed};
use crate::text;

on_both_databases!(a_question_is_answered_once, a_question_waits_for_the_one_before, the_end_of_the_server_ends_streams);

async fn a_question_is_answered_once(db: Db) {
    let mut scene = Scene::make(db).await;
    let owner = scene.acme.owner.with_key("k1");
    let honest = scene.honest(&scene.acme.owner).await;
    scene.llm.script([Turn::says(&honest.to_string())]);
    let first = owner.post(GENERATE, json!({"prompt": ASKED, "conversationId": "c1"})).await.ok();
    assert_eq!(first["data"]["provider"], "openai");
    scene.app.restart().await;
    assert_eq!(owner.post(GENERATE, json!({"prompt": ASKED, "conversationId": "c1"})).await.ok(), first);
    owner.post(GENERATE, json!({"prompt": ASKED})).await.refused(409, "IdempotencyConflict");
    owner.post(WORKFORCE, json!({"prompt": ASKED, "conversationId": "c1"})).await.refused(409, "IdempotencyConflict");
    let other = scene.acme.owner.with_key("k2");
    scene.llm.script([Turn::says(&honest.to_string())]);
    let told = streamed(&mut stream(&other, GENERATE).await).await;
    assert_eq!(streamed(&mut stream(&other, GENERATE).await).await, told);
    assert_eq!(answered(&other.post(GENERATE, json!({"prompt": ASKED})).await.ok()).1, told, "whole as streamed");
    assert_eq!(scene.llm.counts().asked, 2);
    // A key that reaches less is told nothing of it.
    let made =
        scene.acme.owner.post("/auth-api/v1/apikeys", json!({"name": "k", "services": ["aiWorkforceAnalytics"]})).await.ok();
    let limited = other.with_token(&text(&made, "key"));
    limited.post(GENERATE, json!({"prompt": ASKED})).await.refused(409, "IdempotencyConflict");
    // Nor is whoever may not ask any more.
    scene.acme.unsubscribe().await;
    other.post(GENERATE, json!({"prompt": ASKED})).await.refused(403, "SubscriptionRequired");
}

async fn a_question_waits_for_the_one_before(db: Db) {
    let scene = Scene::make(db).await;
    let (gate, honest) = (Gate::new(), scene.honest(&scene.acme.owner).await);
    scene.llm.script([Turn::default().gate(&gate).text(&honest.to_string())]);
    let asking = (0..3).map(|_| {
        let owner = scene.acme.owner.client.with_key("k1");
        tokio::spawn(async move { owner.post(GENERATE, json!({"prompt": ASKED})).await.ok() })
    });
    let asking: Vec<_> = asking.collect();
    gate.reached(1).await;
    gate.open();
    let mut answers = Vec::new();
    for one in asking {
        answers.push(one.await.expect("an answer"));
    }
    assert!(answers.iter().all(|answer| answer == &answers[0]), "the script has one turn: {answers:?}");
}

async fn the_end_of_the_server_ends_streams(db: Db) {
    let Scene { mut app, llm, acme, .. } = Scene::make(db).await;
    llm.script([Turn::says("{").hangs(), Turn::says("{").hangs()]);
    let mut live = stream(&acme.owner, GENERATE).await;
    let client = acme.owner.client.clone();
    let whole = tokio::spawn(async move { client.post(GENERATE, json!({"prompt": ASKED})).await });
    llm.until(|counts| counts.open == 2).await;
    let began = Instant::now();
    app.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let last = live.next().await.expect("an end");
    assert_eq!((last.name.as_deref(), text(&last.data, "message").contains("ending")), (Some("error"), true), "{last:?}");
    assert!(live.next().await.is_none());
    whole.await.expect("an answer").refused(503, "ProviderUnavailable");
    llm.until(|counts| counts.open == 0).await;
}
