//! What ends deliveries: switching a webhook off, deleting it, closing the company, forgetting people, time.

use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::DataObject as _;
use workforceos_core::objects::Company;
use workforceos_core::{Cond, Query, Timestamp};
use workforceos_services::auth::purge_archived;
use workforceos_tests::{Db, on_both_databases};

use super::{Scene, answered, deliveries, delivery_with_payload, is, until};
use crate::paths::{DELIVERIES, LEAVE, WEBHOOKS};
use crate::text;

on_both_databases!(
    switching_a_webhook_off_ends_what_waits,
    deleting_a_webhook_ends_what_waits,
    a_closed_company_sends_nothing,
    what_the_journal_forgot_is_not_sent,
    old_deliveries_are_forgotten,
    too_much_that_waits_disables_a_webhook,
);

/// A webhook for which something waits.
async fn waiting(scene: &Scene) -> String {
    scene.hooks.answer("/in", 503, "");
    let (webhook, _) = scene.webhook("/in", &["shift.created"]).await;
    scene.shift(1).await;
    scene.delivery(&webhook, answered(503)).await;
    webhook
}

/// Another webhook gets something: what was to happen before that has happened.
async fn something_else_happens(scene: &Scene, day: u32) {
    let path = format!("/else{day}");
    scene.webhook(&path, &["shift.created"]).await;
    scene.shift(day).await;
    scene.hooks.until(&path, 1).await;
}

async fn switching_a_webhook_off_ends_what_waits(db: Db) {
    let scene = Scene::make(db).await;
    let webhook = waiting(&scene).await;
    let off = scene.acme.owner.patch(&format!("{WEBHOOKS}/{webhook}"), json!({"isEnabled": false})).await.ok();
    assert_eq!(off["webhook"]["disabledReason"], "An admin disabled it");
    let ended = scene.delivery(&webhook, is("failed")).await;
    assert_eq!(ended["lastError"], "The webhook was disabled or deleted before this was delivered");
    scene.acme.owner.post(&format!("{WEBHOOKS}/{webhook}/test"), json!({})).await.refused(409, "InvalidState");
    scene.shift(2).await;
    scene.later(Timestamp::HOUR);
    something_else_happens(&scene, 3).await;
    assert_eq!((scene.hooks.to("/in").len(), deliveries(&scene.acme.owner, &webhook).await.len()), (1, 1));
}

async fn deleting_a_webhook_ends_what_waits(db: Db) {
    let scene = Scene::make(db).await;
    let webhook = waiting(&scene).await;
    let delivery = text(&deliveries(&scene.acme.owner, &webhook).await[0], "id");
    let deleted = scene.acme.owner.delete(&format!("{WEBHOOKS}/{webhook}")).await.ok();
    assert_eq!(deleted["webhook"]["isActive"], false);
    scene.acme.owner.get(&format!("{WEBHOOKS}/{webhook}/deliveries")).await.refused(404, "WebhookNotFound");
    scene.acme.owner.get(&format!("{DELIVERIES}/{delivery}")).await.refused(404, "WebhookDeliveryNotFound");
    scene.later(Timestamp::HOUR);
    something_else_happens(&scene, 2).await;
    assert_eq!(scene.hooks.to("/in").len(), 1);
}

async fn a_closed_company_sends_nothing(db: Db) {
    let scene = Scene::make(db).await;
    waiting(&scene).await;
    let store = &scene.app.services().store;
    let row = store.get(Company::def(), Some(scene.acme.id), scene.acme.id.0).await.expect("reads").expect("a company");
    let company = Company::from_record(row).expect("a company");
    let closed = company.deleted(scene.now());
    let event = Event::audit(&scene.acme.ctx(), Company::def().name, scene.acme.id.0).after(&closed);
    scene.acme.write(Changes::none().put(&closed).event(event)).await;
    scene.later(Timestamp::HOUR);
    // Another company's is sent meanwhile.
    let other = scene.app.company("other", "UTC").await;
    super::made(&other.owner, &scene.hooks.url("/theirs"), &["shift.created"]).await;
    other.shift("2026-07-01", "09:00-17:00", &[]).await;
    scene.hooks.until("/theirs", 1).await;
    assert_eq!(scene.hooks.to("/in").len(), 1);
    let pending = Query::of(workforceos_core::objects::WebhookDelivery::def(), scene.acme.id, Cond::eq("state", "pending"));
    let ended = async {
        while store.count(&pending).await.expect("counts") > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(workforceos_tests::DEADLINE, ended).await.expect("what waited is given up");
}

async fn what_the_journal_forgot_is_not_sent(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.hooks.answer("/in", 503, "Retry-After: 86400\r\n");
    let (webhook, _) = scene.webhook("/in", &["leave.requested"]).await;
    let body = json!({"leaveType": "sick", "startDate": "2026-08-03", "endDate": "2026-08-03", "reason": "a broken leg"});
    scene.ann.post(LEAVE, body).await.ok();
    scene.delivery(&webhook, answered(503)).await;
    scene.ann.delete("/auth-api/v1/profile").await.ok();
    scene.acme.owner.use_key().await;
    // Shortly before the month is over an admin has it sent once more; the target wants another day.
    scene.later(29 * Timestamp::DAY + 12 * Timestamp::HOUR);
    scene.disabled(&webhook).await;
    let delivery = text(&scene.delivery(&webhook, is("failed")).await, "id");
    scene.acme.owner.patch(&format!("{WEBHOOKS}/{webhook}"), json!({"isEnabled": true})).await.ok();
    scene.acme.owner.post(&format!("{DELIVERIES}/{delivery}/redeliver"), json!({})).await.ok();
    scene
        .delivery(&webhook, |d| {
            d["attempts"] == 1 && d["lastTryAt"] == json!(scene.now().to_string()) && d["durationMs"].is_i64()
        })
        .await;
    scene.hooks.until("/in", 3).await;
    // Then she is forgotten, and what waits says nothing of her any more.
    scene.app.clock.set(Timestamp(scene.now().0 + 18 * Timestamp::HOUR));
    assert_eq!(purge_archived(&scene.app.services()).await.expect("purges"), 1);
    let whole = delivery_with_payload(&scene.acme.owner, &delivery).await;
    assert_eq!((&whole["webhookDelivery"]["state"], &whole["payload"]), (&json!("pending"), &json!(null)), "{whole}");
    scene.later(Timestamp::DAY);
    let ended = scene.delivery(&webhook, is("failed")).await;
    assert_eq!(ended["lastError"], "The event's content was erased");
    scene.acme.owner.post(&format!("{DELIVERIES}/{delivery}/redeliver"), json!({})).await.refused(409, "InvalidState");
    assert_eq!(scene.hooks.to("/in").len(), 3, "it was not sent any more");
    assert_eq!(scene.get(&webhook).await["isEnabled"], true, "the target did nothing wrong");
}

async fn old_deliveries_are_forgotten(db: Db) {
    let mut scene = Scene::make(db).await;
    let (webhook, _) = scene.webhook("/in", &["shift.created"]).await;
    scene.acme.owner.use_key().await;
    scene.shift(1).await;
    scene.delivery(&webhook, is("delivered")).await;
    let store = scene.app.services().store.clone();
    let days = |n: i64| Timestamp(scene.now().0 + n * Timestamp::DAY);
    assert!(!store.forget_deliveries(days(0)).await.expect("forgets"));
    assert_eq!(deliveries(&scene.acme.owner, &webhook).await.len(), 1);
    assert!(!store.forget_deliveries(days(1)).await.expect("forgets"));
    assert_eq!(deliveries(&scene.acme.owner, &webhook).await.len(), 0);
    // Every node does so when it starts, and then every ten minutes.
    scene.shift(2).await;
    scene.delivery(&webhook, is("delivered")).await;
    scene.app.clock.set(Timestamp(days(30).0 + 1));
    scene.app.restart().await;
    until(&scene.acme.owner, &webhook, <[_]>::is_empty).await;
}

async fn too_much_that_waits_disables_a_webhook(db: Db) {
    let scene = Scene::make(db).await;
    let webhook = waiting(&scene).await;
    let id: uuid::Uuid = webhook.parse().expect("an id");
    let planned: Vec<workforceos_store::Planned> = (0..9_999)
        .map(|n| workforceos_store::Planned {
            id: scene.app.services().ids.next(scene.now()),
            webhook: id,
            kind: "shift.created".into(),
            seq: 1_000_000 + n,
        })
        .collect();
    // As if as much had happened while nothing could be sent.
    let far = Timestamp(scene.now().0 + Timestamp::DAY);
    for chunk in planned.chunks(1_000) {
        scene.app.services().store.plan_deliveries(scene.acme.id, 0, chunk, far, far).await.expect("plans");
    }
    assert_eq!(scene.get(&webhook).await["isEnabled"], true, "ten thousand may wait");
    scene.shift(2).await;
    let off = scene.disabled(&webhook).await;
    assert_eq!(off["disabledReason"], "More than 10000 deliveries wait for it");
    until(&scene.acme.owner, &webhook, |all| all.iter().all(is("failed"))).await;
}
