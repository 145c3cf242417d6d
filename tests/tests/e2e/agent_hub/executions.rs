//! What agents answered: who reads it, how it is found, how long it stays.

use serde_json::{Value as Json, json};
use workforceos_core::Caller;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AgentExecution, AgentType, ExecutionSource, ExecutionStatus};
use workforceos_core::session::{Ctx, Via};
use workforceos_core::{Clock, Timestamp};
use workforceos_services::agent_hub::{Answered, MAX_TEXT, record};
use workforceos_services::auth::purge_archived;
use workforceos_tests::{Client, Db, TestApp, on_both_databases};

use crate::paths::{EXECUTION, EXECUTIONS};
use crate::text;
use crate::tools::journal;

on_both_databases!(
    everybody_reads_the_own_and_admins_the_companys,
    they_are_found_by_every_filter,
    long_texts_are_cut_and_that_is_said,
    they_are_kept_for_ninety_days,
    they_go_with_their_person,
    nobody_writes_them,
);

/// A caller as agents know them.
pub async fn ctx(app: &TestApp, client: &Client) -> Ctx {
    let dispatch = workforceos_services::dispatch(app.services()).expect("declared well");
    let caller = Caller {
        token: client.token.clone(),
        company: client.claim.clone(),
        via: Via::Agent,
        client: None,
        address: None,
        request_id: "test".into(),
    };
    dispatch.enter(caller).await.expect("a login")
}

fn answered(ctx: &Ctx, input: &str) -> Answered {
    Answered {
        id: ctx.new_id(),
        agent: "workforceAssistant".to_owned(),
        agent_type: AgentType::Design,
        source: ExecutionSource::Rest,
        input: input.to_owned(),
        output: "Everybody.".to_owned(),
        tool_calls: 2,
        prompt_tokens: 100,
        completion_tokens: 7,
        began: Timestamp(ctx.now().0 - 1_500),
        status: ExecutionStatus::Success,
        error: None,
    }
}

/// Keeps an answer to somebody: its id.
async fn keep(app: &TestApp, client: &Client, input: &str) -> String {
    let ctx = ctx(app, client).await;
    let answered = answered(&ctx, input);
    record(&app.services(), &ctx, answered.clone()).await.expect("is kept");
    answered.id.to_string()
}

async fn listed(client: &Client, query: &str) -> Vec<String> {
    let body = client.get(&format!("{EXECUTIONS}{query}")).await.ok();
    let rows = body["sys_agentExecutions"].as_array().expect("a list");
    assert_eq!(body["paging"]["totalRowCount"], rows.len());
    rows.iter().map(|row| text(row, "id")).collect()
}

fn at(id: &str) -> String {
    format!("{EXECUTION}/{id}")
}

async fn everybody_reads_the_own_and_admins_the_companys(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let (ann, mia, eve) = (acme.employee("ann").await, acme.employee("mia").await, acme.admin("eve").await);
    acme.manager_of(&mia, &[&ann]).await;
    let root = app.super_admin().await;
    let (anns, mias) = (keep(&app, &ann, "Who is in?").await, keep(&app, &mia, "Who is late?").await);
    let foreign = keep(&app, &other.owner, "Who is in?").await;
    let (roots, acting) = (keep(&app, &root, "Which companies?").await, keep(&app, &root.claiming("acme"), "Who is in?").await);

    assert_eq!(listed(&ann, "").await, [anns.as_str()]);
    assert_eq!(listed(&mia, "").await, [mias.as_str()], "a manager does not read what reports ask");
    let mut all = [acting.clone(), mias.clone(), anns.clone()];
    all.sort();
    for admin in [&eve.client, &acme.owner.client, &root.claiming("acme")] {
        let mut seen = listed(admin, "").await;
        seen.sort();
        assert_eq!(seen, all);
    }
    assert_eq!(listed(&other.owner, "").await, [foreign.as_str()]);
    assert_eq!(listed(&root, "").await, [roots.as_str()], "without a company: the SaaS level's");

    let row = ann.get(&at(&anns)).await.ok()["sys_agentExecution"].clone();
    assert_eq!((&row["userId"], &row["_owner"]), (&json!(ann.text()), &json!(ann.text())));
    assert_eq!(row["companyId"], acme.id.to_string());
    assert_eq!((&row["input"], &row["output"]), (&json!({"prompt": "Who is in?"}), &json!({"response": "Everybody."})));
    assert_eq!((&row["toolCalls"], &row["durationMs"]), (&json!(2), &json!(1_500)));
    assert_eq!(row["tokenUsage"], json!({"prompt": 100, "completion": 7, "total": 107}));
    assert_eq!((&row["agentType"], &row["agentType_idx"], &row["status"]), (&json!("design"), &json!(0), &json!("success")));
    assert_eq!(root.get(&at(&roots)).await.ok()["sys_agentExecution"]["companyId"], json!(null));
    for (who, id) in [(&ann.client, &mias), (&mia.client, &anns), (&other.owner.client, &anns), (&acme.owner.client, &foreign)] {
        who.get(&at(id)).await.refused(404, "AgentExecutionNotFound");
    }
    eve.get(&at(&anns)).await.ok();
    for path in [EXECUTIONS.to_owned(), at(&anns)] {
        app.anonymous().get(&path).await.refused(401, "LoginRequired");
    }
    // As a tool it is the same.
    let told = mia.tool("listAgentExecutions", json!({})).await.ok();
    let told = text(&told["result"]["content"][0], "text");
    assert!(told.contains("Who is late?") && !told.contains("Who is in?"), "{told}");
}

async fn they_are_found_by_every_filter(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let plain = keep(&app, &acme.owner, "one").await;
    app.clock.set(Timestamp(app.clock.now().0 + 1_000));
    let ctx = ctx(&app, &ann).await;
    let chat = Answered {
        agent: "chat".to_owned(),
        agent_type: AgentType::Dynamic,
        source: ExecutionSource::Sse,
        output: String::new(),
        status: ExecutionStatus::Timeout,
        error: Some("The AI provider did not answer in time".to_owned()),
        ..answered(&ctx, "two")
    };
    record(&app.services(), &ctx, chat.clone()).await.expect("is kept");
    let chat = chat.id.to_string();
    for (query, expected) in [
        ("?agentName=assist", vec![&plain]),
        ("?agentName=chat&agentName=insight", vec![&chat]),
        ("?agentType=dynamic", vec![&chat]),
        ("?agentType=DESIGN", vec![&plain]),
        ("?source=sse", vec![&chat]),
        ("?source=rest&source=sse", vec![&chat, &plain]),
        ("?source=kafka", vec![]),
        ("?status=timeout", vec![&chat]),
        ("?status=error", vec![]),
        ("?sortBy=createdAt", vec![&plain, &chat]),
        ("", vec![&chat, &plain]),
    ] {
        assert_eq!(listed(&acme.owner, query).await.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    assert_eq!(listed(&acme.owner, &format!("?userId={}", ann.text())).await, [chat.as_str()]);
    assert_eq!(listed(&ann, &format!("?userId={}", acme.owner.text())).await, Vec::<String>::new());
    let row = ann.get(&at(&chat)).await.ok()["sys_agentExecution"].clone();
    assert_eq!((&row["output"], &row["error"]), (&json!(null), &json!("The AI provider did not answer in time")));
    for bad in ["agentType=soft", "source=fax", "status=fine", "userId=ann"] {
        let field = bad.split('=').next().expect("a name");
        assert_eq!(acme.owner.get(&format!("{EXECUTIONS}?{bad}")).await.bad_fields(), [field]);
    }
}

async fn long_texts_are_cut_and_that_is_said(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ctx = ctx(&app, &acme.owner).await;
    let long = "ä\0€".repeat(MAX_TEXT);
    let kept = Answered { output: long.clone(), error: Some(long.clone()), ..answered(&ctx, &long) };
    record(&app.services(), &ctx, kept.clone()).await.expect("is kept");
    let row = acme.owner.get(&at(&kept.id.to_string())).await.ok()["sys_agentExecution"].clone();
    let count = |json: &Json| json.as_str().expect("text").chars().count();
    assert_eq!((count(&row["input"]["prompt"]), &row["input"]["characters"]), (MAX_TEXT, &json!(3 * MAX_TEXT)));
    assert_eq!((count(&row["output"]["response"]), &row["output"]["characters"]), (MAX_TEXT, &json!(3 * MAX_TEXT)));
    assert!(count(&row["error"]) < 1_000);
    // The journal tells that there was an answer, not what it was.
    let entries = journal::of(&app).await;
    let entry = entries.iter().find(|entry| entry.action == "answer").expect("an entry");
    assert_eq!((entry.via.as_str(), entry.after.as_deref()), ("agent", Some("null")));
}

async fn they_are_kept_for_ninety_days(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    let old = keep(&app, &acme.owner, "old").await;
    let began = app.clock.now().0;
    app.clock.set(Timestamp(began + 10 * Timestamp::DAY));
    acme.owner.log_in().await;
    let young = keep(&app, &acme.owner, "young").await;
    app.clock.set(Timestamp(began + 90 * Timestamp::DAY));
    acme.owner.log_in().await;
    app.services().companies.tidy().await;
    assert_eq!(listed(&acme.owner, "").await, [young.clone(), old.clone()]);
    app.clock.set(Timestamp(began + 90 * Timestamp::DAY + 1));
    app.services().companies.tidy().await;
    // The count follows, though nothing of the company was written.
    assert_eq!(listed(&acme.owner, "").await, [young]);
    acme.owner.get(&at(&old)).await.refused(404, "AgentExecutionNotFound");
}

async fn they_go_with_their_person(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    keep(&app, &ann, "I broke my leg").await;
    let other = keep(&app, &acme.owner, "Who is in?").await;
    ann.delete("/auth-api/v1/profile").await.ok();
    app.set("2026-07-04T06:00:00Z");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 1);
    acme.owner.log_in().await;
    assert_eq!(listed(&acme.owner, "").await, [other]);
    assert_eq!(app.services().store.owned(AgentExecution::def(), acme.id, ann.id).await.expect("reads"), []);
}

async fn nobody_writes_them(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let id = keep(&app, &acme.owner, "Who is in?").await;
    let root = app.super_admin().await.claiming("acme");
    for who in [&root, &acme.owner.client] {
        for told in [who.patch(&at(&id), json!({"status": "error"})).await, who.delete(&at(&id)).await] {
            assert_eq!(told.status, 405, "{}", told.text);
        }
        assert_eq!(who.post(EXECUTION, json!({"agentName": "chat"})).await.status, 404);
        assert_eq!(who.post(EXECUTIONS, json!({"agentName": "chat"})).await.status, 405);
    }
}
