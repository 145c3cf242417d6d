//! Duties: one's own, of today alone, removed for good.

use serde_json::json;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Duty;
use workforceos_core::query::{Cond, Query};
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{DUTIES, bad_fields, refused};
use crate::text;

on_both_databases!(
    duties_are_made_changed_and_removed,
    duties_are_ones_own,
    texts_have_their_lengths,
    duties_are_of_today,
    a_night_belongs_to_the_day_on_which_it_starts,
    a_day_has_a_hundred_duties_at_most,
);

async fn duties_are_made_changed_and_removed(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let made = ann.post(DUTIES, json!({"title": " Water the plants ", "description": "All"})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = text(&made.body, "id");
    assert_eq!((&made.body["title"], &made.body["status"]), (&json!("Water the plants"), &json!("pending")));
    assert_eq!(made.body["user_id"], ann.text());
    let second = ann.post(DUTIES, json!({"title": "x".repeat(255), "status": "completed"})).await.ok();
    assert_eq!((&second["status"], &second["description"]), (&json!("completed"), &json!(null)));
    let path = format!("{DUTIES}/{id}");
    app.set("2026-06-01T07:00:00Z");
    let changed = ann.patch(&path, json!({"status": "completed", "description": null})).await.ok();
    assert_eq!((&changed["status"], &changed["description"]), (&json!("completed"), &json!(null)));
    assert_eq!(changed["updated_at"], "2026-06-01T07:00:00.000Z");
    let list = ann.get(DUTIES).await.ok();
    assert_eq!(list, json!([changed, second]), "in the order in which they were made");
    assert_eq!(bad_fields(ann.post(DUTIES, json!({})).await), ["title"]);
    assert_eq!(bad_fields(ann.post(DUTIES, json!({"title": "x".repeat(256)})).await), ["title"]);
    assert_eq!(bad_fields(ann.patch(&path, json!({"title": "  "})).await), ["title"]);
    assert_eq!(bad_fields(ann.patch(&path, json!({"title": null, "status": "late"})).await), ["title", "status"]);
    assert_eq!(ann.delete(&path).await.ok(), json!({"success": true}));
    refused(ann.delete(&path).await, 404, "NOT_FOUND");
    assert_eq!(ann.get(DUTIES).await.ok(), json!([second]));
    let rows = app.services().store.by_ids(Duty::def(), Some(acme.id), &[id.parse().expect("an id")]).await.expect("reads");
    assert!(rows.is_empty(), "for good");
}

async fn duties_are_ones_own(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let path = format!("{DUTIES}/{}", text(&ann.post(DUTIES, json!({"title": "Mine"})).await.ok(), "id"));
    let foreign = app.company("other", "UTC").await;
    let colleagues = (403, "PERMISSION_ERROR");
    for (other, (status, code)) in [(&mia, colleagues), (&acme.owner, colleagues), (&foreign.owner, (404, "NOT_FOUND"))] {
        assert_eq!(other.get(DUTIES).await.ok(), json!([]));
        refused(other.patch(&path, json!({"title": "Theirs"})).await, status, code);
        refused(other.delete(&path).await, status, code);
    }
    assert_eq!(ann.get(DUTIES).await.ok()[0]["title"], "Mine");
}

async fn texts_have_their_lengths(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let (fits, long) = ("é".repeat(5_000), "é".repeat(5_001));
    let path = format!("{DUTIES}/{}", text(&ann.post(DUTIES, json!({"title": "Fits", "description": fits})).await.ok(), "id"));
    let made = ann.post(DUTIES, json!({"title": "x".repeat(256), "description": long})).await;
    assert_eq!(bad_fields(made), ["title", "description"]);
    assert_eq!(bad_fields(ann.patch(&path, json!({"description": long})).await), ["description"]);
    // What cannot be read is named along with what is too long.
    for told in [
        ann.post(DUTIES, json!({"title": "x".repeat(256), "description": long, "status": "late"})).await,
        ann.patch(&path, json!({"title": "x".repeat(256), "description": long, "status": "late"})).await,
    ] {
        assert_eq!(bad_fields(told), ["status", "title", "description"]);
    }
    assert_eq!(ann.get(DUTIES).await.ok().as_array().map(Vec::len), Some(1));
}

async fn duties_are_of_today(db: Db) {
    let app = TestApp::start(db).await;
    // 23:30 in Berlin.
    app.set("2026-06-01T21:30:00Z");
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let path = format!("{DUTIES}/{}", text(&ann.post(DUTIES, json!({"title": "Lock up"})).await.ok(), "id"));
    app.set("2026-06-01T21:59:59Z");
    assert_eq!(ann.get(DUTIES).await.ok().as_array().map(Vec::len), Some(1));
    app.set("2026-06-01T22:00:00Z");
    assert_eq!(ann.get(DUTIES).await.ok(), json!([]), "a new day by the company's clock");
    refused(ann.patch(&path, json!({"status": "completed"})).await, 404, "NOT_FOUND");
    refused(ann.delete(&path).await, 404, "NOT_FOUND");
    let kept = Query::of(Duty::def(), acme.id, Cond::eq("userId", ann.id.0));
    assert_eq!(app.services().store.select(&kept).await.expect("reads").len(), 1, "yesterday's stays for the report");
}

async fn a_night_belongs_to_the_day_on_which_it_starts(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mut ann, mut bob) = (acme.employee("ann").await, acme.employee("bob").await);
    ann.use_key().await;
    bob.use_key().await;
    acme.shift("2026-06-01", "22:00-06:00", &[&ann]).await;
    app.set("2026-06-01T23:00:00Z");
    for who in [&ann, &bob] {
        who.post(DUTIES, json!({"title": "Round at three"})).await.ok();
    }
    app.set("2026-06-02T03:00:00Z");
    let list = ann.get(DUTIES).await.ok();
    assert_eq!(list.as_array().map(Vec::len), Some(1), "the night goes on");
    let path = format!("{DUTIES}/{}", text(&list[0], "id"));
    ann.patch(&path, json!({"status": "completed"})).await.ok();
    assert_eq!(bob.get(DUTIES).await.ok(), json!([]), "who has no night has a new day");
    app.set("2026-06-02T06:00:00Z");
    assert_eq!(ann.get(DUTIES).await.ok(), json!([]));
}

async fn a_day_has_a_hundred_duties_at_most(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let calls = (0..104).map(|number| {
        let ann = ann.client.clone();
        tokio::spawn(async move { ann.post(DUTIES, json!({"title": format!("Duty {number}")})).await.status })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.expect("an answer") {
            201 => made += 1,
            status => assert_eq!(status, 409),
        }
    }
    assert_eq!(made, 100);
    assert_eq!(ann.get(DUTIES).await.ok().as_array().map(Vec::len), Some(100));
}
