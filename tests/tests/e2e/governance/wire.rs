//! The style on the wire: no envelope, snake_case, and failures in a shape of their own.

use serde_json::json;
use workforceos_tests::{Db, Setup, TestApp, on_both_databases};

use super::{ALERTS, DUTIES, EOD, bad_fields, refused};

on_both_databases!(failures_have_the_shape_of_governance, answers_have_no_envelope, too_many_calls_are_told_alike);

async fn failures_have_the_shape_of_governance(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    refused(app.anonymous().get(ALERTS).await, 401, "AUTH_ERROR");
    refused(app.anonymous().with_token("nonsense").get(ALERTS).await, 401, "AUTH_ERROR");
    refused(ann.get("/api/v1/audit-logs").await, 403, "PERMISSION_ERROR");
    refused(ann.get(&format!("{EOD}/team")).await, 403, "PERMISSION_ERROR");
    refused(ann.get(&format!("{EOD}/me?date=2026-05-01")).await, 404, "NOT_FOUND");
    refused(ann.get("/api/v1/nothing").await, 404, "NOT_FOUND");
    refused(ann.claiming("nobody").get(ALERTS).await, 404, "NOT_FOUND");
    let other = app.company("other", "UTC").await;
    refused(other.owner.claiming(&acme.codename).get(ALERTS).await, 403, "PERMISSION_ERROR");
    // A method that the address does not have.
    let told = ann.delete(ALERTS).await;
    assert_eq!((told.status, told.body["error"]["code"].as_str()), (405, Some("NOT_FOUND")), "{}", told.text);
    assert_eq!(bad_fields(ann.post(DUTIES, json!({"title": 5, "status": "done"})).await), ["title", "status"]);
    assert_eq!(bad_fields(ann.get(&format!("{EOD}/me?date=soon")).await), ["date"]);
    let broken = ann.request(reqwest::Method::POST, DUTIES).header("content-type", "application/json").body("{");
    refused(workforceos_tests::Reply::of(broken, "half a body").await.expect("an answer"), 422, "VALIDATION_ERROR");
    // Paths are found whatever their case, and so is their style.
    refused(app.anonymous().get("/API/V1/Alerts").await, 401, "AUTH_ERROR");
}

async fn answers_have_no_envelope(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    assert_eq!(ann.get(ALERTS).await.ok(), json!([]));
    assert_eq!(ann.get(DUTIES).await.ok(), json!([]));
    assert_eq!(ann.get(&format!("{EOD}/me/today")).await.ok(), json!(null));
    let made = ann.post(DUTIES, json!({"title": "Water the plants"})).await;
    assert_eq!(made.status, 201);
    let names: Vec<&String> = made.body.as_object().expect("an object").keys().collect();
    assert_eq!(names.len(), 7, "{names:?}");
    for name in ["id", "user_id", "title", "description", "status", "created_at", "updated_at"] {
        assert!(made.body.get(name).is_some(), "{name}");
    }
    let report = super::generate(&ann).await.ok();
    for name in "id user_id user_name date report_date login_time logout_time total_hours tasks_worked_on completed_tasks pending_tasks \
                 duties_performed status manager_comments productivity_score work_summary blockers next_day_plan submitted_at created_at \
                 updated_at attendance_summary task_metrics task_breakdown"
        .split_whitespace()
    {
        assert!(report.get(name).is_some(), "{name} in {report}");
    }
    // The same call with the same key is answered the same, without an envelope.
    let keyed = ann.with_key("once");
    let first = keyed.post(DUTIES, json!({"title": "Only once"})).await;
    let again = keyed.post(DUTIES, json!({"title": "Only once"})).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(ann.get(DUTIES).await.ok().as_array().map(Vec::len), Some(2));
}

async fn too_many_calls_are_told_alike(db: Db) {
    let app = TestApp::with(db, Setup { rate_limit: 60, ..Setup::default() }).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    for _ in 0..200 {
        let told = ann.get(ALERTS).await;
        if told.status == 429 {
            refused(told, 429, "RATE_LIMIT_ERROR");
            return;
        }
    }
    panic!("the rate ends sometime");
}
