//! Bad bodies name their fields, and who may ask at all.

use reqwest::Method;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_core::DataObject;
use workforceos_core::objects::Conversation;
use workforceos_core::session::Role;
use workforceos_tests::llm::Turn;
use workforceos_tests::{Db, on_both_databases};

use super::{APPROVE, ASSISTANT, CHAT, CONVERSATIONS, STOP, STREAM, asked, conversation, said, start};
use crate::text;

on_both_databases!(bad_bodies_name_their_fields, nobody_without_a_login, keys_do_what_they_may, root_admins_have_their_own);

/// Every route, with a body that is fine.
fn routes() -> Vec<(Method, String, Option<Json>)> {
    let id = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
    vec![
        (Method::POST, CHAT.to_owned(), Some(json!({"message": "m"}))),
        (Method::POST, STREAM.to_owned(), Some(json!({"message": "m"}))),
        (Method::GET, format!("{STREAM}/{id}"), None),
        (Method::POST, STOP.to_owned(), Some(json!({"conversationId": id}))),
        (Method::POST, APPROVE.to_owned(), Some(json!({"approvalId": "a", "approve": true}))),
        (Method::GET, CONVERSATIONS.to_owned(), None),
        (Method::GET, format!("{CONVERSATIONS}/{id}"), None),
        (Method::DELETE, format!("{CONVERSATIONS}/{id}"), None),
        (Method::POST, ASSISTANT.to_owned(), Some(json!({"prompt": "m"}))),
        (Method::POST, format!("{ASSISTANT}/stream"), Some(json!({"prompt": "m"}))),
    ]
}

async fn bad_bodies_name_their_fields(db: Db) {
    let (_llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let bad = json!({"message": 7, "conversationId": "x", "disabledServices": ["payroll"], "context": "roster", "confirmWrites": "yes"});
    for path in [CHAT, STREAM] {
        let mut fields = acme.owner.post(path, bad.clone()).await.bad_fields();
        fields.sort();
        assert_eq!(fields, ["confirmWrites", "context", "conversationId", "disabledServices", "message"]);
        assert_eq!(acme.owner.post(path, json!({})).await.bad_fields(), ["message"]);
        let unknown = json!({"message": "m", "disabledServices": ["taskManagement", "payroll", "weather"]});
        let told = acme.owner.post(path, unknown).await.refused(400, "ValidationFailed");
        assert!(told["message"].as_str().is_some_and(|told| told.contains("payroll, weather")), "{told}");
        for long in [json!({"message": "x".repeat(20_001)}), json!({"message": "m", "context": {"x": "y".repeat(9_000)}})] {
            assert_eq!(acme.owner.post(path, long).await.status, 400);
        }
    }
    for path in [ASSISTANT.to_owned(), format!("{ASSISTANT}/stream")] {
        assert_eq!(
            acme.owner.post(&path, json!({"prompt": "", "conversationId": 1})).await.bad_fields(),
            ["prompt", "conversationId"]
        );
    }
    assert_eq!(acme.owner.post(STOP, json!({})).await.bad_fields(), ["conversationId"]);
    assert_eq!(acme.owner.post(APPROVE, json!({"approve": "x"})).await.bad_fields(), ["approvalId", "approve"]);
    let text = acme.owner.request(Method::POST, STREAM).header("content-type", "application/json").body("{no");
    assert_eq!(text.send().await.expect("an answer").status(), 400);
    assert_eq!(acme.owner.get(CONVERSATIONS).await.ok()["count"], 0, "nothing was begun");
    for (method, path, _) in routes() {
        let other = if method == Method::POST { Method::PATCH } else { Method::PUT };
        assert_eq!(acme.owner.send(other, &path, None).await.status, 405, "{path}");
    }
    acme.owner.get("/mcpbff-api/api/chat/nothing/of/this").await.refused(404, "NotFound");
}

async fn nobody_without_a_login(db: Db) {
    let (_llm, app) = start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let root = app.super_admin().await;
    for (method, path, body) in routes() {
        let nobody = app.anonymous().send(method.clone(), &path, body.clone()).await;
        assert_eq!(nobody.status, 401, "{method} {path}");
        let elsewhere = other.owner.claiming(&acme.codename).send(method.clone(), &path, body.clone()).await;
        assert_eq!(elsewhere.status, 403, "{method} {path}");
        let nowhere = root.send(method.clone(), &path, body).await;
        nowhere.refused(404, "CompanyNotFound");
    }
}

async fn keys_do_what_they_may(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let keys = "/auth-api/v1/apikeys";
    let reads = text(&acme.owner.post(keys, json!({"name": "r", "readOnly": true})).await.ok(), "key");
    let elsewhere = text(&acme.owner.post(keys, json!({"name": "t", "services": ["taskManagement"]})).await.ok(), "key");
    let agents = text(&acme.owner.post(keys, json!({"name": "a", "services": ["agentHub"]})).await.ok(), "key");
    for (method, path, body) in routes() {
        let limited = acme.owner.with_token(&elsewhere).send(method.clone(), &path, body.clone()).await;
        limited.refused(403, "Forbidden");
        let reading = acme.owner.with_token(&reads).send(method.clone(), &path, body).await;
        let wanted = if method == Method::GET { [200, 404] } else { [403, 403] };
        assert!(wanted.contains(&reading.status), "{method} {path} {}", reading.text);
    }
    llm.script([Turn::calls([("listShifts", json!({}))]), Turn::says("I may not.")]);
    let events = asked(&acme.owner.with_token(&agents), "What is planned?").await;
    assert_eq!(said(&events), "I may not.");
    let result = super::named(&events, "tool_result")[0];
    assert_eq!(result.data["success"], false, "tools are called as the key: {result:?}");
    let offered = llm.seen()[0].tools();
    assert!(!offered.iter().any(|tool| tool == "listShifts"), "{offered:?}");
}

async fn root_admins_have_their_own(db: Db) {
    let (llm, app) = start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let root = app.root_person("rita", Role::SaasAdmin).await;
    let (here, there) = (root.claiming(&acme.codename), root.claiming(&other.codename));
    llm.script([Turn::says("Here.")]);
    let id = conversation(&asked(&here, "Where am I?").await);
    assert_eq!(super::messages(&here, &id).await.len(), 2);
    for nobody in [&there, &acme.owner.client] {
        nobody.get(&format!("{CONVERSATIONS}/{id}")).await.refused(404, "ConversationNotFound");
        assert_eq!(nobody.get(CONVERSATIONS).await.ok()["count"], 0);
    }
    // Who is forgotten is forgotten there, too.
    root.client.delete("/auth-api/v1/profile").await.ok();
    app.set("2026-07-04T06:00:00Z");
    assert_eq!(workforceos_services::auth::purge_archived(&app.services()).await.expect("purges"), 1);
    let left = app.services().store.owned(Conversation::def(), acme.id, root.id).await.expect("read");
    assert!(left.is_empty());
}
