//! Runs that end otherwise: a provider that hangs or fails, somebody who leaves, a login that ends.

use std::time::{Duration, Instant};

use serde_json::json;
use workforceos_tests::llm::{Gate, Turn};
use workforceos_tests::{Db, on_both_databases};

use super::{ASKED, GENERATE, Scene, ask, stream, streamed};
use crate::paths::{EXECUTIONS, OVERRIDE, SAVE_GENERATED};
use crate::text;

on_both_databases!(
    a_provider_that_hangs_is_done_without_in_time,
    a_provider_that_fails_is_done_without,
    who_leaves_ends_the_work,
    who_logs_out_is_told_nothing,
);

async fn a_provider_that_hangs_is_done_without_in_time(db: Db) {
    let scene = Scene::make(db).await;
    let root = scene.app.super_admin().await;
    root.post(OVERRIDE, json!({"agentName": "insightGenerator", "guardrails": {"timeout": 8}})).await.ok();
    let owner = &scene.acme.owner;
    scene.llm.script([Turn::says("{\"title\": \"Mon").hangs(), Turn::default().hangs()]);
    let began = Instant::now();
    let (data, insight) = ask(owner, GENERATE).await;
    // The usual time is a minute: how much of it a busy machine needs is no promise.
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!(data["provider"], json!("builtin"));
    assert!(text(&insight["data"], "note").starts_with("The AI provider did not answer in time"), "{insight}");
    let insight = streamed(&mut stream(owner, GENERATE).await).await;
    assert_eq!(insight["data"]["provider"], json!("builtin"));
    scene.llm.until(|counts| counts.open == 0).await;
}

async fn a_provider_that_fails_is_done_without(db: Db) {
    let scene = Scene::make(db).await;
    let owner = &scene.acme.owner;
    for turn in [Turn::status(401), Turn::says("{\"title").drops(), Turn::default().malformed()] {
        scene.llm.answer(move |_| turn.clone());
        let (data, insight) = ask(owner, GENERATE).await;
        assert_eq!(data["provider"], json!("builtin"));
        assert!(text(&insight["data"], "note").ends_with("This text was made from the figures alone"), "{insight}");
    }
    scene.llm.refusals();
}

async fn who_leaves_ends_the_work(db: Db) {
    let scene = Scene::make(db).await;
    let owner = &scene.acme.owner;
    scene.llm.script([Turn::says("{").hangs(), Turn::says("{").hangs()]);
    let live = stream(owner, GENERATE).await;
    scene.llm.until(|counts| counts.open == 1).await;
    drop(live);
    scene.llm.until(|counts| counts.closed_early == 1 && counts.open == 0).await;
    let client = owner.client.clone();
    let asking = tokio::spawn(async move { client.post(GENERATE, json!({"prompt": ASKED})).await });
    scene.llm.until(|counts| counts.open == 1).await;
    asking.abort();
    scene.llm.until(|counts| counts.closed_early == 2 && counts.open == 0).await;
    owner.post(SAVE_GENERATED, json!({})).await.refused(404, "AiInsightNotFound");
    // What it cost is on record, nothing of what it came to.
    let runs = loop {
        let runs = owner.get(EXECUTIONS).await.ok();
        if runs["paging"]["totalRowCount"] == json!(2) {
            break runs;
        }
    };
    for run in runs["sys_agentExecutions"].as_array().expect("runs") {
        assert_eq!((&run["status"], &run["output"]), (&json!("error"), &json!(null)), "{run}");
    }
}

async fn who_logs_out_is_told_nothing(db: Db) {
    let scene = Scene::make(db).await;
    let mut owner = scene.acme.owner.clone();
    let (gate, honest) = (Gate::new(), scene.honest(&owner).await);
    scene.llm.script([Turn::default().gate(&gate).text(&honest.to_string())]);
    let mut live = stream(&owner, GENERATE).await;
    scene.llm.until(|counts| counts.open == 1).await;
    owner.post("/auth-api/logout", json!({})).await.ok();
    gate.open();
    let event = live.told().await;
    assert_eq!(event.name.as_deref(), Some("error"), "{event:?}");
    assert!(live.next().await.is_none());
    owner.log_in().await;
    owner.post(SAVE_GENERATED, json!({})).await.refused(404, "AiInsightNotFound");
}
