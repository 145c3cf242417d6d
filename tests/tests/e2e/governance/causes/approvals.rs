//! What waits for two days is told to whoever decides, and to the next one if that is somebody else by then.

use serde_json::{Value as Json, json};
use workforceos_tests::time::at;
use workforceos_tests::{Db, Person, TestApp, on_both_databases};

use super::super::{review, submit};
use super::{Crew, crew, ever, open, resolve, told, until};
use crate::paths::{LEAVE, PROFILES, SWAPS};
use crate::text;

on_both_databases!(
    a_change_of_shifts_that_waits,
    a_report_that_waits,
    the_next_manager_hears_of_what_waits,
    a_change_of_shifts_goes_to_who_decides_by_then,
    a_manager_who_comes_back_decides_again,
    what_is_withdrawn_waits_no_more,
    a_decision_is_overtaken_by_ones_own,
    a_decision_is_told_and_over_with_the_leave,
    reviews_follow_each_other,
);

const KIND: &str = "approval_delay";

async fn swap(crew: &Crew, date: &str) -> String {
    let shift = crew.acme.shift(date, "08:00-16:00", &[&crew.ann]).await;
    let body = json!({"shiftId": shift, "colleagueId": crew.bob.text(), "reason": "A birthday"});
    text(&crew.ann.post(SWAPS, body).await.ok()["shiftSwap"], "id")
}

async fn leave(crew: &Crew, date: &str) -> String {
    let body = json!({"leaveType": "annual", "startDate": date, "endDate": date, "reason": "Surgery"});
    text(&crew.ann.post(LEAVE, body).await.ok()["leaveRequest"], "id")
}

/// Somebody else, or nobody, is somebody's manager from now on.
async fn managed(crew: &Crew, who: &Person, manager: Option<&Person>) {
    let owner = &crew.acme.owner;
    let profile = text(&owner.get(&format!("{PROFILES}?userId={}", who.text())).await.ok()["employeeProfiles"][0], "id");
    owner.patch(&format!("{PROFILES}/{profile}"), json!({"managerId": manager.map(Person::text)})).await.ok();
}

async fn a_change_of_shifts_that_waits(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let (decided, taken_back, expires) =
        (swap(&crew, "2026-06-20").await, swap(&crew, "2026-06-21").await, swap(&crew, "2026-06-04").await);
    let mut live = crew.mia.stream("alerts").await;
    live.snapshot().await;
    app.sweep_at(at("2026-06-03T05:59:59Z")).await;
    assert_eq!(ever(&crew.mia, KIND).await, 0);
    for _ in 0..2 {
        app.sweep_at(at("2026-06-03T06:00:00Z")).await;
    }
    let alerts = open(&crew.mia, KIND).await;
    assert_eq!(alerts.len(), 3, "each once: {alerts:?}");
    let of = |id: &str| alerts.iter().find(|alert| alert["related_entity_id"] == json!(id)).expect("an alert");
    assert_eq!((&of(&decided)["severity"], &of(&expires)["severity"]), (&json!("medium"), &json!("high")));
    assert!(alerts.iter().all(|alert| alert["related_entity_type"] == "shiftSwap"));
    assert!(!format!("{alerts:?}").contains("birthday"), "why is in the request");
    let wanted = "The request of ann to change the shift of 2026-06-20 from 08:00 to 16:00 has waited for two days.";
    assert_eq!(of(&decided)["message"], wanted);
    crew.mia.patch(&format!("{SWAPS}/{decided}"), json!({"status": "rejected"})).await.ok();
    until(&crew.mia, KIND, 2).await;
    crew.ann.post(&format!("{SWAPS}/{taken_back}/cancel"), json!({})).await.ok();
    until(&crew.mia, KIND, 1).await;
    app.sweep_at(at("2026-06-04T08:00:00Z")).await;
    until(&crew.mia, KIND, 0).await;
    assert_eq!((told(&mut live).await.0.as_str(), ever(&crew.acme.owner, KIND).await), ("alert.raised", 0));
}

async fn a_report_that_waits(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let id = text(&submit(&crew.ann).await.ok(), "id");
    app.sweep_at(at("2026-06-03T05:59:59Z")).await;
    assert_eq!(ever(&crew.mia, KIND).await, 0);
    for _ in 0..2 {
        app.sweep_at(at("2026-06-03T06:00:00Z")).await;
    }
    let alert = open(&crew.mia, KIND).await.remove(0);
    assert_eq!((&alert["related_entity_type"], &alert["related_entity_id"]), (&json!("eodReport"), &json!(id)));
    assert_eq!(alert["message"], "The end-of-day report of ann of 2026-06-01 has waited for its review for two days.");
    review(&crew.mia, &id, "Needs Revision").await.ok();
    assert_eq!(open(&crew.mia, KIND).await, Vec::<Json>::new(), "in the same step");
    // Submitted again, it waits anew.
    let body = json!({"report_date": "2026-06-01", "work_summary": "Sorted the linen again."});
    crew.ann.post("/api/v1/eod/me/submit", body).await.ok();
    app.sweep_at(at("2026-06-05T05:59:59Z")).await;
    assert_eq!(ever(&crew.mia, KIND).await, 1);
    app.sweep_at(at("2026-06-05T06:00:00Z")).await;
    assert_eq!((open(&crew.mia, KIND).await.len(), ever(&crew.mia, KIND).await), (1, 2));
}

async fn the_next_manager_hears_of_what_waits(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let mut eve = crew.acme.employee("eve").await;
    eve.use_key().await;
    let waiting = leave(&crew, "2026-07-01").await;
    let noted = leave(&crew, "2026-07-02").await;
    app.sweep_at(at("2026-06-03T06:00:00Z")).await;
    let alerts = until(&crew.mia, KIND, 2).await;
    let second = alerts.iter().find(|alert| alert["related_entity_id"] == json!(noted)).expect("an alert");
    // What somebody has taken note of goes to nobody else.
    resolve(&crew.mia, second).await;
    managed(&crew, &crew.ann, Some(&eve)).await;
    let alert = until(&eve, KIND, 1).await.remove(0);
    assert_eq!(alert["related_entity_id"], json!(waiting));
    assert!(!alert.to_string().contains("Surgery"), "{alert}");
    assert_eq!(open(&crew.mia, KIND).await, Vec::<Json>::new());
    // Nobody is left above her but the owner.
    managed(&crew, &crew.ann, None).await;
    until(&crew.acme.owner, KIND, 1).await;
    until(&eve, KIND, 0).await;
    crew.acme.owner.patch(&format!("{LEAVE}/{waiting}"), json!({"status": "rejected"})).await.ok();
    assert_eq!(open(&crew.acme.owner, KIND).await, Vec::<Json>::new());
    assert_eq!(until(&crew.ann, "leave_decision", 1).await[0]["related_entity_id"], json!(waiting));
}

/// Between the reports of one manager it is the manager's to decide, else the owner's: of the colleague the manager counts as well.
async fn a_change_of_shifts_goes_to_who_decides_by_then(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let (mut eve, owner) = (crew.acme.employee("eve").await, &crew.acme.owner);
    eve.use_key().await;
    let waiting = swap(&crew, "2026-06-20").await;
    app.sweep_at(at("2026-06-03T06:00:00Z")).await;
    until(&crew.mia, KIND, 1).await;
    managed(&crew, &crew.bob, Some(&eve)).await;
    assert_eq!(until(owner, KIND, 1).await[0]["related_entity_id"], json!(waiting));
    until(&crew.mia, KIND, 0).await;
    managed(&crew, &crew.ann, Some(&eve)).await;
    until(&eve, KIND, 1).await;
    until(owner, KIND, 0).await;
    managed(&crew, &crew.bob, None).await;
    until(owner, KIND, 1).await;
    until(&eve, KIND, 0).await;
    managed(&crew, &crew.bob, Some(&eve)).await;
    until(&eve, KIND, 1).await;
    until(owner, KIND, 0).await;
    eve.patch(&format!("{SWAPS}/{waiting}"), json!({"status": "rejected"})).await.ok();
    until(&eve, KIND, 0).await;
}

async fn a_manager_who_comes_back_decides_again(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let (mut mia, owner) = (crew.mia.clone(), &crew.acme.owner);
    leave(&crew, "2026-07-01").await;
    swap(&crew, "2026-06-20").await;
    submit(&crew.bob).await.ok();
    app.sweep_at(at("2026-06-03T06:00:00Z")).await;
    until(&mia, KIND, 3).await;
    mia.log_in().await;
    mia.delete("/auth-api/v1/profile").await.ok();
    until(owner, KIND, 3).await;
    // Logging in brings the profile back.
    mia.log_in().await;
    until(&mia, KIND, 3).await;
    until(owner, KIND, 0).await;
}

async fn what_is_withdrawn_waits_no_more(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let (cancelled, deleted) = (leave(&crew, "2026-07-01").await, leave(&crew, "2026-07-02").await);
    leave(&crew, "2026-07-03").await;
    swap(&crew, "2026-06-20").await;
    app.sweep_at(at("2026-06-03T06:00:00Z")).await;
    until(&crew.mia, KIND, 4).await;
    crew.ann.patch(&format!("{LEAVE}/{cancelled}"), json!({"status": "cancelled"})).await.ok();
    assert_eq!(open(&crew.mia, KIND).await.len(), 3, "in the same step");
    crew.ann.delete(&format!("{LEAVE}/{deleted}")).await.ok();
    assert_eq!(open(&crew.mia, KIND).await.len(), 2, "in the same step");
    // Who has left waits for nothing.
    let mut ann = crew.ann.clone();
    ann.log_in().await;
    ann.delete("/auth-api/v1/profile").await.ok();
    until(&crew.mia, KIND, 0).await;
    assert_eq!(ever(&crew.acme.owner, KIND).await, 0);
}

async fn a_decision_is_overtaken_by_ones_own(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let admin = acme.admin("ada").await;
    let body = json!({"leaveType": "annual", "startDate": "2026-07-01", "endDate": "2026-07-01"});
    let leave = format!("{LEAVE}/{}", text(&acme.owner.post(LEAVE, body).await.ok()["leaveRequest"], "id"));
    admin.patch(&leave, json!({"status": "approved"})).await.ok();
    assert_eq!(open(&acme.owner, "leave_decision").await.len(), 1);
    // The owner decides the own request as well, and is told nothing of that.
    acme.owner.patch(&leave, json!({"status": "cancelled"})).await.ok();
    assert_eq!(open(&acme.owner, "leave_decision").await, Vec::<Json>::new());
    assert_eq!(ever(&acme.owner, "leave_decision").await, 1);
}

async fn a_decision_is_told_and_over_with_the_leave(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let leave = leave(&crew, "2026-06-20").await;
    crew.mia.patch(&format!("{LEAVE}/{leave}"), json!({"status": "approved"})).await.ok();
    let alert = open(&crew.ann, "leave_decision").await.remove(0);
    assert_eq!(alert["message"], "Your request for annual leave from 2026-06-20 to 2026-06-20 was approved.");
    app.sweep_at(at("2026-06-20T23:59:59Z")).await;
    assert_eq!(open(&crew.ann, "leave_decision").await.len(), 1);
    app.sweep_at(at("2026-06-21T00:00:00Z")).await;
    assert_eq!(open(&crew.ann, "leave_decision").await, Vec::<Json>::new());
}

async fn reviews_follow_each_other(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let kind = "eod_reviewed";
    for n in 1..=3 {
        let id = text(&submit(&crew.ann).await.ok(), "id");
        assert_eq!(open(&crew.ann, kind).await, Vec::<Json>::new(), "submitting again is what was asked for");
        review(&crew.mia, &id, if n < 3 { "Needs Revision" } else { "Approved" }).await.ok();
        let alert = open(&crew.ann, kind).await.remove(0);
        assert_eq!(alert["severity"], if n < 3 { "medium" } else { "low" });
        assert_eq!(ever(&crew.ann, kind).await, n);
    }
}
