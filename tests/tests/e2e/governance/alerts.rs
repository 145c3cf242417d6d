//! One's own alerts: the newest hundred, and resolving them.

use serde_json::json;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{ALERTS, refused};
use crate::text;

on_both_databases!(alerts_are_their_recipients_alone, resolving_again_changes_nothing, the_newest_hundred_are_listed);

async fn alerts_are_their_recipients_alone(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let id = acme.alert(&ann).await.to_string();
    let told = ann.get(ALERTS).await.ok();
    let alert = &told[0];
    let said = (&alert["id"], &alert["alert_type"], &alert["severity"], &alert["status"], &alert["email_status"]);
    assert_eq!(said, (&json!(id), &json!("overdue_task"), &json!("medium"), &json!("OPEN"), &json!("dismissed")));
    assert_eq!((&alert["recipient_user_id"], &alert["resolved_at"]), (&json!(ann.text()), &json!(null)));
    assert_eq!(alert["related_entity_type"], "individualTask");
    for other in [&mia.client, &acme.owner.client, &app.super_admin().await.claiming(&acme.codename)] {
        assert_eq!(other.get(ALERTS).await.ok(), json!([]));
        refused(other.patch(&format!("{ALERTS}/{id}/resolve"), json!({})).await, 403, "PERMISSION_ERROR");
    }
    let foreign = app.company("other", "UTC").await;
    refused(foreign.owner.patch(&format!("{ALERTS}/{id}/resolve"), json!({})).await, 404, "NOT_FOUND");
    assert_eq!(ann.get(ALERTS).await.ok()[0]["status"], "OPEN", "nobody else resolved it");
}

async fn resolving_again_changes_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let mut ann = acme.employee("ann").await;
    ann.use_key().await;
    let path = format!("{ALERTS}/{}/resolve", acme.alert(&ann).await);
    let mut live = ann.stream("alerts").await;
    live.snapshot().await;
    app.set("2026-06-01T07:00:00Z");
    let resolved = ann.patch(&path, json!({})).await.ok();
    assert_eq!((&resolved["status"], &resolved["resolved_at"]), (&json!("RESOLVED"), &json!("2026-06-01T07:00:00.000Z")));
    assert_eq!(live.told().await.kind(), "alert.resolved");
    app.set("2026-06-01T08:00:00Z");
    assert_eq!(ann.patch(&path, json!({})).await.ok(), resolved);
    acme.alert(&ann).await;
    assert_eq!(live.told().await.kind(), "alert.raised", "the second call told nothing");
}

async fn the_newest_hundred_are_listed(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let mut made = Vec::new();
    for _ in 0..103 {
        made.push(acme.alert(&ann).await.to_string());
    }
    let told = ann.get(ALERTS).await.ok();
    let told: Vec<String> = told.as_array().expect("alerts").iter().map(|alert| text(alert, "id")).collect();
    made.reverse();
    assert_eq!(told, made[..100]);
}
