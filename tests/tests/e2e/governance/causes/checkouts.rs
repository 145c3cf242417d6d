//! A missing check-out is told to the person and the manager, and is over when the record is closed.

use serde_json::json;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Alert, AlertStatus};
use workforceos_core::query::{Cond, Query};
use workforceos_tests::time::at;
use workforceos_tests::{DEADLINE, Db, Person, TestApp, on_both_databases};

use super::{Crew, crew, ever, open, resolve, told, until};
use crate::paths::{CHECK_IN, CHECK_OUT, RECORDS};
use crate::text;

on_both_databases!(
    checking_out_ends_it,
    a_correction_ends_it_and_begins_it_anew,
    the_copy_of_the_manager_goes_to_the_next_one,
    who_has_left_is_reminded_of_nothing,
    others_hear_nothing,
);

const KIND: &str = "missing_checkout";

/// Somebody who came at eight and is to leave at twelve; the record's id.
async fn came(crew: &Crew, who: &Person) -> String {
    let shift = crew.acme.shift("2026-06-01", "06:30-10:00", &[who]).await;
    text(&who.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id")
}

async fn checking_out_ends_it(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let record = came(&crew, &crew.ann).await;
    let mut live = crew.mia.stream("alerts").await;
    live.snapshot().await;
    app.sweep_at(at("2026-06-01T11:00:00Z")).await;
    let (kind, alert) = told(&mut live).await;
    assert_eq!((kind.as_str(), &alert["severity"]), ("alert.raised", &json!("medium")));
    let alert = until(&crew.ann, KIND, 1).await.remove(0);
    assert_eq!((&alert["related_entity_type"], &alert["related_entity_id"]), (&json!("attendanceRecord"), &json!(record)));
    assert_eq!(alert["message"], "ann has not checked out of the shift of 2026-06-01 from 06:30 to 10:00, which is over.");
    assert_eq!(alert["email_status"], "dismissed", "there is no mail server");
    // The manager has taken note; it is still the person's to do.
    resolve(&crew.mia, &open(&crew.mia, KIND).await[0]).await;
    assert_eq!(told(&mut live).await.0, "alert.resolved");
    assert_eq!(open(&crew.ann, KIND).await.len(), 1);
    crew.ann.post(CHECK_OUT, json!({"attendanceRecordId": record})).await.ok();
    until(&crew.ann, KIND, 0).await;
    app.sweep_at(at("2026-06-01T13:00:00Z")).await;
    assert_eq!((ever(&crew.ann, KIND).await, ever(&crew.mia, KIND).await), (1, 1));
}

async fn a_correction_ends_it_and_begins_it_anew(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let record = format!("{RECORDS}/{}", came(&crew, &crew.ann).await);
    app.sweep_at(at("2026-06-01T11:00:00Z")).await;
    assert_eq!((open(&crew.ann, KIND).await.len(), open(&crew.mia, KIND).await.len()), (1, 1));
    crew.mia.patch(&record, json!({"checkOutTime": "2026-06-01T10:00:00Z"})).await.ok();
    assert_eq!((open(&crew.ann, KIND).await.len(), open(&crew.mia, KIND).await.len()), (0, 0), "in the same step");
    app.sweep_at(at("2026-06-01T11:30:00Z")).await;
    assert_eq!(ever(&crew.ann, KIND).await, 1);
    // It was wrong: the person is here still. That is a new cause.
    crew.mia.patch(&record, json!({"checkOutTime": null})).await.ok();
    app.sweep_at(at("2026-06-01T12:00:00Z")).await;
    assert_eq!((open(&crew.ann, KIND).await.len(), ever(&crew.ann, KIND).await), (1, 2));
    crew.mia.patch(&record, json!({"status": "absent"})).await.ok();
    assert_eq!((open(&crew.ann, KIND).await.len(), open(&crew.mia, KIND).await.len()), (0, 0));
}

async fn the_copy_of_the_manager_goes_to_the_next_one(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    came(&crew, &crew.ann).await;
    app.sweep_at(at("2026-06-01T11:00:00Z")).await;
    until(&crew.mia, KIND, 1).await;
    let mut mia = crew.mia.clone();
    mia.log_in().await;
    mia.delete("/auth-api/v1/profile").await.ok();
    let alert = until(&crew.acme.owner, KIND, 1).await.remove(0);
    assert!(text(&alert, "message").contains("2026-06-01"), "{alert}");
    assert_eq!(open(&crew.ann, KIND).await.len(), 1, "the person's own stays");
}

/// What is missing has to be mended all the same: the manager's copy stays until it is.
async fn who_has_left_is_reminded_of_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let record = came(&crew, &crew.ann).await;
    app.sweep_at(at("2026-06-01T11:00:00Z")).await;
    until(&crew.ann, KIND, 1).await;
    let mut ann = crew.ann.clone();
    ann.log_in().await;
    ann.delete("/auth-api/v1/profile").await.ok();
    let theirs = Cond::eq("recipientUserId", ann.id.0).and(Cond::eq("status", AlertStatus::Open.as_str()));
    let theirs = Query::of(Alert::def(), crew.acme.id, theirs);
    let gone = async {
        while !app.services().store.select(&theirs).await.expect("reads").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.expect("the own copy goes");
    assert_eq!(open(&crew.mia, KIND).await.len(), 1);
    crew.mia.patch(&format!("{RECORDS}/{record}"), json!({"checkOutTime": "2026-06-01T10:00:00Z"})).await.ok();
    assert_eq!(open(&crew.mia, KIND).await.len(), 0);
}

async fn others_hear_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let crew = crew(&app).await;
    let foreign = app.company("other", "UTC").await;
    came(&crew, &crew.ann).await;
    app.sweep_at(at("2026-06-01T11:00:00Z")).await;
    until(&crew.ann, KIND, 1).await;
    for other in [&crew.bob.client, &crew.acme.owner.client, &foreign.owner.client] {
        assert_eq!(ever(other, KIND).await, 0);
    }
}
