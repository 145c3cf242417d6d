//! A webhook that is disabled by itself is told to the admins, for as long as they are admins and it is there.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, HookServer, Setup, TestApp, on_both_databases};

use super::{crew, open, until};
use crate::paths::WEBHOOKS;
use crate::text;

on_both_databases!(who_is_no_admin_any_more_and_what_is_deleted);

const KIND: &str = "webhook_disabled";

async fn who_is_no_admin_any_more_and_what_is_deleted(db: Db) {
    let app = TestApp::with(db, Setup { webhook_private_addresses: true, ..Setup::default() }).await;
    let crew = crew(&app).await;
    let (mut ada, hooks) = (crew.acme.admin("ada").await, HookServer::start().await);
    hooks.answer("/in", 410, "");
    // Keys make no webhooks, and give no roles.
    let mut owner = crew.acme.owner.clone();
    owner.log_in().await;
    let body = json!({"url": hooks.url("/in"), "eventTypes": ["shift.created"]});
    let webhook = text(&owner.post(WEBHOOKS, body).await.ok()["webhook"], "id");
    crew.acme.shift("2026-06-10", "08:00-16:00", &[&crew.ann]).await;
    let alert = until(&ada, KIND, 1).await.remove(0);
    assert_eq!((&alert["severity"], &alert["related_entity_id"]), (&json!("high"), &json!(webhook)));
    assert!(text(&alert, "message").contains("Its target answered 410"), "{alert}");
    assert_eq!(open(&owner, KIND).await.len(), 1);
    owner.patch(&format!("/auth-api/v1/userrole/{}", ada.text()), json!({"roleId": "tenantUser"})).await.ok();
    ada.log_in().await;
    until(&ada, KIND, 0).await;
    assert_eq!(open(&owner, KIND).await.len(), 1);
    owner.delete(&format!("{WEBHOOKS}/{webhook}")).await.ok();
    assert_eq!(open(&owner, KIND).await, Vec::<Json>::new(), "in the same step");
}
