//! What becomes of deliveries that fail.

use serde_json::{Value as Json, json};
use workforceos_core::Timestamp;
use workforceos_core::objects::Alert;
use workforceos_core::{Cond, DataObject as _, Query};
use workforceos_tests::{Db, on_both_databases};

use super::{Scene, answered, delivery_with_payload, is, until};
use crate::paths::{DELIVERIES, WEBHOOKS};
use crate::text;

on_both_databases!(
    a_failing_target_is_tried_for_three_days_and_then_disabled,
    a_target_that_takes_other_things_stays,
    a_target_that_is_gone_is_disabled_at_once,
    a_redirect_is_a_failure,
    a_target_may_ask_for_more_time,
    what_is_under_way_when_the_server_stops_goes_out_again,
    what_happens_while_nobody_looks_is_sent_after_a_restart,
);

const HOUR: i64 = Timestamp::HOUR;

async fn a_failing_target_is_tried_for_three_days_and_then_disabled(db: Db) {
    let mut scene = Scene::make(db).await;
    let eve = scene.acme.admin("eve").await;
    scene.hooks.answer("/in", 500, "");
    let (webhook, _) = scene.webhook("/in", &["shift.created"]).await;
    scene.acme.owner.use_key().await;
    let began = scene.now();
    scene.shift(1).await;
    let mut pauses = Vec::new();
    for attempt in 1.. {
        scene.hooks.until("/in", attempt).await;
        let settled = scene.delivery(&webhook, |d| d["attempts"] == attempt && answered(500)(d)).await;
        assert_eq!(settled["lastError"], "The target answered 500");
        if settled["state"] == "failed" {
            break;
        }
        assert_eq!(settled["state"], "pending");
        pauses.push(next(&settled) - scene.now().0);
        scene.later(next(&settled) - scene.now().0);
    }
    assert_eq!(scene.now().0 - began.0, 3 * Timestamp::DAY, "the last try is at the end: {pauses:?}");
    assert!((20..=26).contains(&pauses.len()), "{pauses:?}");
    for (i, pause) in pauses[..pauses.len() - 1].iter().enumerate() {
        let least = (10_000 * 3_i64.pow(i as u32)).min(4 * HOUR);
        assert!((least..=least * 5 / 4).contains(pause), "{i}: {pause}");
    }
    let ids: std::collections::BTreeSet<String> = scene.hooks.to("/in").iter().map(|hook| hook.id().to_owned()).collect();
    assert_eq!(ids.len(), 1, "every try has the same id");

    let off = scene.disabled(&webhook).await;
    assert_eq!(off["disabledReason"], "Its target has taken nothing for three days");
    let alerts = open_alerts(&scene, &webhook).await;
    assert_eq!(alerts.len(), 2);
    for admin in [&scene.acme.owner, &eve] {
        assert!(alerts.iter().any(|alert| alert.recipient_user_id == admin.id));
    }
    let path = format!("{DELIVERIES}/{}/redeliver", ids.first().expect("one"));
    scene.acme.owner.post(&path, json!({})).await.refused(409, "InvalidState");

    // Mended, it gets what happens from then on, and what an admin asks for once more.
    scene.shift(2).await;
    scene.hooks.answer("/in", 204, "");
    let on = scene.acme.owner.patch(&format!("{WEBHOOKS}/{webhook}"), json!({"isEnabled": true})).await.ok();
    assert_eq!((&on["webhook"]["isEnabled"], &on["webhook"]["disabledReason"]), (&json!(true), &json!(null)));
    assert!(open_alerts(&scene, &webhook).await.is_empty(), "the cause is gone");
    let third = scene.shift(3).await;
    let before = pauses.len() + 1;
    let came = scene.hooks.until("/in", before + 1).await;
    assert_eq!(came[before].object_id(), third);
    scene.acme.owner.post(&path, json!({})).await.ok();
    let came = scene.hooks.until("/in", before + 2).await;
    assert_eq!(Some(came[before + 1].id()), ids.first().map(String::as_str));
}

fn next(delivery: &Json) -> i64 {
    delivery["nextTryAt"].as_str().and_then(Timestamp::parse).map_or(i64::MAX, |at| at.0)
}

async fn open_alerts(scene: &Scene, webhook: &str) -> Vec<Alert> {
    let about = Cond::eq("relatedEntityId", webhook.parse::<uuid::Uuid>().expect("an id")).and(Cond::eq("status", "OPEN"));
    let rows = scene.app.services().store.select(&Query::of(Alert::def(), scene.acme.id, about)).await.expect("reads");
    rows.into_iter().map(|row| Alert::from_record(row).expect("an alert")).collect()
}

async fn a_target_that_takes_other_things_stays(db: Db) {
    let mut scene = Scene::make(db).await;
    let (webhook, _) = scene.webhook("/in", &["shift.created"]).await;
    scene.acme.owner.use_key().await;
    let began = scene.now();
    // It is tried once a day, always in vain.
    scene.hooks.answer("/in", 500, "Retry-After: 86400\r\n");
    scene.shift(1).await;
    let first = text(&scene.delivery(&webhook, answered(500)).await, "id");
    scene.later(12 * HOUR);
    scene.hooks.answer("/in", 200, "");
    scene.shift(2).await;
    scene.delivery(&webhook, is("delivered")).await;
    scene.hooks.answer("/in", 500, "Retry-After: 86400\r\n");
    for day in 1..=3 {
        scene.later(began.0 + day * Timestamp::DAY - scene.now().0);
        let tried = |d: &Json| d["id"] == json!(first) && d["attempts"] == day + 1 && answered(500)(d);
        until(&scene.acme.owner, &webhook, |all| all.iter().any(tried)).await;
    }
    assert_eq!(delivery_with_payload(&scene.acme.owner, &first).await["webhookDelivery"]["state"], "failed");
    // The next one is sent, hence the webhook stays.
    scene.shift(3).await;
    scene.delivery(&webhook, answered(500)).await;
    assert_eq!(scene.get(&webhook).await["isEnabled"], true, "something was taken within three days");
}

async fn a_target_that_is_gone_is_disabled_at_once(db: Db) {
    let scene = Scene::make(db).await;
    scene.hooks.answer("/in", 410, "");
    let (webhook, _) = scene.webhook("/in", &["shift.created"]).await;
    scene.shift(1).await;
    let off = scene.disabled(&webhook).await;
    assert_eq!(off["disabledReason"], "Its target answered 410: it is gone");
    let failed = scene.delivery(&webhook, is("failed")).await;
    assert_eq!((&failed["lastStatus"], &failed["attempts"]), (&json!(410), &json!(1)));
    scene.shift(2).await;
    scene.later(HOUR);
    // Another one is looked after meanwhile.
    scene.webhook("/other", &["shift.created"]).await;
    scene.shift(3).await;
    scene.hooks.until("/other", 1).await;
    assert_eq!(scene.hooks.to("/in").len(), 1);
}

async fn a_redirect_is_a_failure(db: Db) {
    let scene = Scene::make(db).await;
    scene.hooks.answer("/in", 308, &format!("Location: {}\r\n", scene.hooks.url("/elsewhere")));
    let (webhook, _) = scene.webhook("/in", &["shift.created"]).await;
    scene.shift(1).await;
    let tried = scene.delivery(&webhook, answered(308)).await;
    assert_eq!(tried["lastError"], "The target answered 308: redirects are not followed");
    assert_eq!((&tried["state"], scene.hooks.to("/elsewhere").len()), (&json!("pending"), 0));
}

async fn a_target_may_ask_for_more_time(db: Db) {
    let scene = Scene::make(db).await;
    scene.hooks.answer("/in", 429, "Retry-After: 3600\r\n");
    let (webhook, _) = scene.webhook("/in", &["shift.created"]).await;
    scene.shift(1).await;
    let tried = scene.delivery(&webhook, answered(429)).await;
    assert_eq!(next(&tried), scene.now().0 + HOUR);
}

async fn what_is_under_way_when_the_server_stops_goes_out_again(db: Db) {
    let mut scene = Scene::make(db).await;
    let (webhook, _) = scene.webhook("/slow", &["shift.created"]).await;
    let shift = scene.shift(1).await;
    scene.hooks.until("/slow", 1).await;
    scene.app.stop().await;
    scene.hooks.let_through();
    // Nobody knows whether it arrived. Once the lease is over it goes out again.
    scene.app.clock.set(Timestamp(scene.now().0 + 2 * Timestamp::MINUTE));
    scene.app.restart().await;
    let came = scene.hooks.until("/slow", 2).await;
    assert_eq!((came[0].id(), &came[0].body), (came[1].id(), &came[1].body), "the receiver can tell");
    assert_eq!(came[1].object_id(), shift);
    assert_eq!(scene.delivery(&webhook, is("delivered")).await["attempts"], 2);
}

/// Entries that no worker of a running server has been told of.
async fn what_happens_while_nobody_looks_is_sent_after_a_restart(db: Db) {
    let mut scene = Scene::make(db).await;
    let (webhook, _) = scene.webhook("/in", &["shift.*"]).await;
    let mut made = Vec::new();
    for round in 0..3 {
        for day in 1..=4 {
            made.push(scene.shift(round * 5 + day).await);
        }
        // At once: the last are hardly looked at yet.
        scene.app.restart().await;
    }
    scene.later(2 * Timestamp::MINUTE);
    let all = until(&scene.acme.owner, &webhook, |all| all.len() == 12 && all.iter().all(is("delivered"))).await;
    let mut seqs: Vec<i64> = all.iter().map(|d| d["eventSeq"].as_i64().expect("a place")).collect();
    seqs.sort_unstable();
    seqs.dedup();
    assert_eq!(seqs.len(), 12, "each once");
    let came = scene.hooks.to("/in");
    assert!(made.iter().all(|shift| came.iter().any(|hook| hook.object_id() == *shift)));
}
