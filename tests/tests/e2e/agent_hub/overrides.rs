//! Overrides of agents: whose they are, what they may say, and that there is one of each.

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use workforceos_core::session::Role;
use workforceos_tests::{Client, Db, Reply, TestApp, on_both_databases};

use crate::paths::{OVERRIDE, OVERRIDES};
use crate::text;
use crate::tools::journal;

on_both_databases!(
    root_admins_alone_change_agents,
    what_is_null_is_as_designed,
    every_wrong_field_is_named_at_once,
    an_agent_has_one_override,
    twenty_at_once_make_one,
    every_change_is_audited,
);

const AGENT: &str = "workforceAssistant";

fn at(id: &str) -> String {
    format!("{OVERRIDE}/{id}")
}

async fn made(root: &Client, body: Json) -> Json {
    root.post(OVERRIDE, body).await.ok()["sys_agentOverride"].clone()
}

async fn root_admins_alone_change_agents(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, eve) = (acme.employee("ann").await, acme.admin("eve").await);
    let (sam, ada) = (app.root_person("sam", Role::SaasUser).await, app.root_person("ada", Role::SaasAdmin).await);
    let root = app.super_admin().await;
    let there = made(&root, json!({"agentName": AGENT})).await;
    let id = text(&there, "id");
    for nobody in [&ann.client, &eve.client, &acme.owner.client, &sam.client] {
        nobody.get(OVERRIDES).await.refused(403, "Forbidden");
        nobody.get(&at(&id)).await.refused(403, "Forbidden");
        nobody.post(OVERRIDE, json!({"agentName": "insightGenerator"})).await.refused(403, "Forbidden");
        nobody.patch(&at(&id), json!({"enabled": false})).await.refused(403, "Forbidden");
        nobody.delete(&at(&id)).await.refused(403, "Forbidden");
    }
    app.anonymous().get(OVERRIDES).await.refused(401, "LoginRequired");
    // They are the SaaS level's: the same whether a company is claimed or not.
    for admin in [&root, &ada.client, &root.claiming("acme"), &ada.claiming("acme")] {
        let listed = admin.get(OVERRIDES).await.ok();
        assert_eq!((&listed["rowCount"], &listed["sys_agentOverrides"][0]["id"]), (&json!(1), &json!(id)));
        assert_eq!(admin.get(&at(&id)).await.ok()["sys_agentOverride"]["agentName"], AGENT);
    }
    let changed = ada.claiming("acme").patch(&at(&id), json!({"temperature": 0.1})).await.ok()["sys_agentOverride"].clone();
    assert_eq!((&changed["temperature"], &changed["updatedBy"]), (&json!(0.1), &json!(ada.text())), "{changed}");
    assert!(changed.get("companyId").is_none(), "it is of no company: {changed}");
    let another = made(&ada.claiming("acme"), json!({"agentName": "insightGenerator"})).await;
    assert_eq!(root.get(OVERRIDES).await.ok()["rowCount"], 2);
    root.delete(&at(&text(&another, "id"))).await.ok();
    for missing in [&text(&another, "id"), "01890a5d-ac96-774b-bcce-b302099a8057"] {
        root.get(&at(missing)).await.refused(404, "AgentOverrideNotFound");
        root.patch(&at(missing), json!({"enabled": false})).await.refused(404, "AgentOverrideNotFound");
        root.delete(&at(missing)).await.refused(404, "AgentOverrideNotFound");
    }
}

async fn what_is_null_is_as_designed(db: Db) {
    let app = TestApp::start(db).await;
    let root = app.super_admin().await;
    let user = text(&root.get("/auth-api/currentuser").await.ok(), "userId");
    let body = json!({"agentName": "WORKFORCEASSISTANT", "provider": null, "model": null, "guardrails": null, "enabled": null});
    let made = made(&root, body).await;
    assert_eq!(made["agentName"], AGENT, "names are the agents' own");
    let nothing =
        ["provider", "model", "systemPrompt", "temperature", "maxTokens", "responseFormat", "selectedTools", "guardrails"];
    for name in nothing {
        assert_eq!(made[name], json!(null), "{name}");
    }
    assert_eq!((&made["enabled"], &made["updatedBy"], &made["_owner"]), (&json!(true), &json!(user), &json!(user)));
    let all = json!({"provider": "anthropic", "model": "claude-x", "systemPrompt": "Be brief.\nBe kind.", "temperature": 0.5,
        "maxTokens": 900, "responseFormat": "json", "selectedTools": ["scheduleManagement:listShifts", "auth:getUser"],
        "guardrails": {"maxToolCalls": 3, "timeout": 20}});
    let id = text(&made, "id");
    let full = root.patch(&at(&id), all.clone()).await.ok()["sys_agentOverride"].clone();
    for (name, value) in all.as_object().expect("an object") {
        assert_eq!(&full[name], value, "{name}");
    }
    // What is not named stays, null clears.
    let some = root.patch(&at(&id), json!({"model": null, "enabled": false})).await.ok()["sys_agentOverride"].clone();
    assert_eq!((&some["model"], &some["provider"], &some["enabled"]), (&json!(null), &json!("anthropic"), &json!(false)));
    let clear: serde_json::Map<String, Json> = nothing.iter().map(|name| ((*name).to_owned(), json!(null))).collect();
    let cleared = root.patch(&at(&id), Json::Object(clear)).await.ok()["sys_agentOverride"].clone();
    for name in nothing {
        assert_eq!(cleared[name], json!(null), "{name}");
    }
    // Guardrails are replaced as a whole.
    let rails = |body: Json| async { root.patch(&at(&id), body).await.ok()["sys_agentOverride"]["guardrails"].clone() };
    assert_eq!(rails(json!({"guardrails": {"maxToolCalls": 3, "timeout": 20}})).await, json!({"maxToolCalls": 3, "timeout": 20}));
    assert_eq!(rails(json!({"guardrails": {"timeout": 10}})).await, json!({"timeout": 10}));
    let gone = root.delete(&at(&id)).await.ok()["sys_agentOverride"].clone();
    assert_eq!(gone["isActive"], false);
}

async fn every_wrong_field_is_named_at_once(db: Db) {
    let app = TestApp::start(db).await;
    let root = app.super_admin().await;
    let id = text(&made(&root, json!({"agentName": AGENT})).await, "id");
    let wrong = [
        ("provider", json!("mistral")),
        ("provider", json!(7)),
        ("model", json!(" ")),
        ("model", json!("gpt 4o")),
        ("model", json!("x".repeat(201))),
        ("systemPrompt", json!(" \n")),
        ("systemPrompt", json!("x".repeat(20_001))),
        ("temperature", json!(-0.1)),
        ("temperature", json!(2.1)),
        ("temperature", json!("warm")),
        ("maxTokens", json!(0)),
        ("maxTokens", json!(-5)),
        ("maxTokens", json!(32_001)),
        ("maxTokens", json!(1.5)),
        ("responseFormat", json!("xml")),
        ("selectedTools", json!("auth:getUser")),
        ("selectedTools", json!([7])),
        ("selectedTools", json!(["getUser"])),
        ("selectedTools", json!(["auth:getUser", "scheduleManagement:getUser"])),
        ("guardrails", json!([])),
        ("guardrails", json!({"speed": 1})),
        ("guardrails", json!({"maxToolCalls": 0})),
        ("guardrails", json!({"maxToolCalls": 101})),
        ("guardrails", json!({"timeout": "20"})),
        ("guardrails", json!({"timeout": 601})),
        ("guardrails", json!({"maxTokenBudget": 200_001})),
        ("guardrails", json!({"maxTokenBudget": null})),
        ("enabled", json!("maybe")),
    ];
    for (field, value) in wrong {
        let created = root.post(OVERRIDE, json!({"agentName": "insightGenerator", field: value})).await;
        assert_eq!(created.bad_fields(), [field], "{value}");
        assert_eq!(root.patch(&at(&id), json!({field: value})).await.bad_fields(), [field], "{value}");
    }
    assert_eq!(root.patch(&at(&id), json!({"enabled": null})).await.bad_fields(), ["enabled"]);
    for agent in [json!("weather"), json!("chat"), json!(""), json!(null), json!(3)] {
        assert_eq!(root.post(OVERRIDE, json!({"agentName": agent})).await.bad_fields(), ["agentName"], "{agent}");
    }
    let told = root.post(OVERRIDE, json!({"agentName": "weather"})).await.refused(400, "ValidationFailed").to_string();
    assert!(["insightGenerator", AGENT, "workforceInsightGenerator"].iter().all(|name| told.contains(name)), "{told}");
    let told =
        root.patch(&at(&id), json!({"selectedTools": ["auth:getUser", "auth:fly"]})).await.refused(400, "ValidationFailed");
    assert!(told.to_string().contains("auth:fly") && !told.to_string().contains("auth:getUser"), "{told}");
    // What cannot be read and what breaks a rule are told together.
    let body = json!({"agentName": "weather", "provider": 1, "temperature": 9, "maxTokens": "many", "selectedTools": ["x"],
        "guardrails": {"timeout": -1}, "model": ""});
    let mut told = root.post(OVERRIDE, body.clone()).await.bad_fields();
    told.sort();
    assert_eq!(told, ["agentName", "guardrails", "maxTokens", "model", "provider", "selectedTools", "temperature"]);
    let mut told = root.patch(&at(&id), body).await.bad_fields();
    told.sort();
    assert_eq!(told, ["guardrails", "maxTokens", "model", "provider", "selectedTools", "temperature"]);
    let kept = root.get(&at(&id)).await.ok()["sys_agentOverride"].clone();
    assert_eq!(kept["recordVersion"], 1, "nothing was changed");
}

async fn an_agent_has_one_override(db: Db) {
    let app = TestApp::start(db).await;
    let root = app.super_admin().await;
    let first = made(&root, json!({"agentName": AGENT})).await;
    let told = root.post(OVERRIDE, json!({"agentName": AGENT, "enabled": false})).await.refused(409, "AlreadyExists");
    assert_eq!(told["detail"]["sys_agentOverrideId"], first["id"]);
    made(&root, json!({"agentName": "insightGenerator"})).await;
    // One that was deleted does not count.
    root.delete(&at(&text(&first, "id"))).await.ok();
    let second = made(&root, json!({"agentName": AGENT})).await;
    assert_ne!(second["id"], first["id"]);
    // The same call twice is one, also from a company's place.
    root.delete(&at(&text(&second, "id"))).await.ok();
    app.company("acme", "UTC").await;
    let keyed = root.claiming("acme").with_key("once");
    let one = made(&keyed, json!({"agentName": AGENT})).await;
    let same = made(&keyed, json!({"agentName": AGENT})).await;
    assert_eq!(one["id"], same["id"]);
}

async fn twenty_at_once_make_one(db: Db) {
    let app = TestApp::start(db).await;
    let twin = if db == Db::Postgres { Some(app.twin().await) } else { None };
    let root = app.super_admin().await;
    let servers: Vec<Client> = std::iter::once(&app).chain(&twin).map(|server| root.at(server)).collect();
    let body = json!({"agentName": AGENT});
    let replies = join_all((0..20).map(|i| servers[i % servers.len()].post(OVERRIDE, body.clone()))).await;
    let (won, lost): (Vec<Reply>, Vec<Reply>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for reply in lost {
        reply.refused(409, "AlreadyExists");
    }
    assert_eq!(root.get(OVERRIDES).await.ok()["rowCount"], 1);
}

async fn every_change_is_audited(db: Db) {
    let app = TestApp::start(db).await;
    let root = app.super_admin().await;
    let id = text(&made(&root, json!({"agentName": AGENT, "temperature": 0.5})).await, "id");
    root.patch(&at(&id), json!({"temperature": 1.5})).await.ok();
    root.delete(&at(&id)).await.ok();
    let kept = journal::of(&app).await;
    let entry = |action: &str| {
        let found = kept.iter().find(|entry| entry.action == action).unwrap_or_else(|| panic!("an entry of {action}"));
        let json = |text: &Option<String>| text.as_deref().and_then(|t| serde_json::from_str::<Json>(t).ok()).unwrap_or_default();
        (json(&found.before), json(&found.after))
    };
    let (before, after) = entry("createAgentOverride");
    assert_eq!((before, &after["temperature"]), (json!(null), &json!(0.5)));
    let (before, after) = entry("updateAgentOverride");
    assert_eq!((&before["temperature"], &after["temperature"]), (&json!(0.5), &json!(1.5)));
    let (before, after) = entry("deleteAgentOverride");
    assert_eq!((&before["isActive"], &after["isActive"]), (&json!(true), &json!(false)));
}
