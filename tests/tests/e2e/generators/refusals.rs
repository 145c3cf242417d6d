//! What is refused before anything begins: as JSON and before a stream alike.

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Db, on_both_databases};

use super::{ASKED, GENERATE, Scene, WORKFORCE};
use crate::paths::OVERRIDE;
use crate::text;

on_both_databases!(who_may_not_is_refused, what_makes_no_sense_is_named, what_is_switched_off_does_not_answer);

/// Each agent, whole and streamed.
fn doors() -> [String; 4] {
    [GENERATE.to_owned(), format!("{GENERATE}/stream"), WORKFORCE.to_owned(), format!("{WORKFORCE}/stream")]
}

async fn refused(who: &Client, status: u16, code: &str) {
    for door in doors() {
        who.post(&door, json!({"prompt": ASKED})).await.refused(status, code);
    }
}

async fn who_may_not_is_refused(db: Db) {
    let scene = Scene::make(db).await;
    let owner = &scene.acme.owner;
    refused(&scene.app.anonymous(), 401, "LoginRequired").await;
    let key = async |body: Json| owner.with_token(&text(&owner.post("/auth-api/v1/apikeys", body).await.ok(), "key"));
    refused(&key(json!({"name": "reads", "readOnly": true})).await, 403, "Forbidden").await;
    refused(&key(json!({"name": "other", "services": ["leaveManagement"]})).await, 403, "Forbidden").await;
    let hub = key(json!({"name": "hub", "services": ["agentHub"]})).await;
    hub.post(GENERATE, json!({"prompt": ASKED})).await.refused(403, "Forbidden");
    let other = scene.app.company("other", "UTC").await;
    refused(&scene.ann.claiming(&other.codename), 403, "TenantMismatch").await;
    refused(&other.owner, 403, "SubscriptionRequired").await;
    scene.acme.unsubscribe().await;
    refused(owner, 403, "SubscriptionRequired").await;
    assert_eq!(scene.llm.seen().len(), 0);
    // Who runs the platform needs none.
    let root = scene.app.super_admin().await.claiming(&scene.acme.codename);
    scene.llm.answer(|_| workforceos_tests::llm::Turn::status(401));
    assert_eq!(root.post(GENERATE, json!({"prompt": ASKED})).await.ok()["data"]["provider"], json!("builtin"));
    scene.llm.refusals();
}

async fn what_makes_no_sense_is_named(db: Db) {
    let scene = Scene::make(db).await;
    let owner = &scene.acme.owner;
    for door in doors() {
        assert_eq!(owner.post(&door, json!({})).await.bad_fields(), ["prompt"]);
        assert_eq!(
            owner.post(&door, json!({"prompt": [], "conversationId": 5})).await.bad_fields(),
            ["prompt", "conversationId"]
        );
        assert_eq!(owner.post(&door, json!({"prompt": "x".repeat(4001)})).await.bad_fields(), ["prompt"]);
        assert_eq!(owner.get(&door).await.status, 405);
    }
}

async fn what_is_switched_off_does_not_answer(db: Db) {
    let scene = Scene::make(db).await;
    let root = scene.app.super_admin().await;
    root.post(OVERRIDE, json!({"agentName": "insightGenerator", "enabled": false})).await.ok();
    let owner = &scene.acme.owner;
    for door in &doors()[..2] {
        owner.post(door, json!({"prompt": ASKED})).await.refused(403, "AgentDisabled");
    }
}
