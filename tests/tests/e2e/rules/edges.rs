//! Rules where two of them meet: joining late, completing early, corrections that have to last, clocks that change.

use serde_json::json;
use workforceos_core::objects::DayPart;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Db, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, CHECK_OUT, RECORDS, SHIFTS, TEMPLATES};
use crate::text;

on_both_databases!(
    who_joins_later_was_not_absent,
    completing_after_the_end_marks_the_absent,
    a_check_out_keeps_what_was_decided_about_lateness,
    managers_do_not_set_their_own_times,
    a_restored_shift_with_attendance_keeps_its_instants,
    two_shifts_of_one_department_clash_for_who_joins,
    a_change_of_the_clocks_leaves_one_date_out,
    a_moved_shift_leaves_its_template_where_that_has_one,
    an_admins_own_department_shifts_are_in_the_calendar,
    null_changes_nothing_silently,
);

async fn who_joins_later_was_not_absent(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await;
    let body =
        json!({"shiftDate": "2026-06-01", "startTime": "08:00", "endTime": "12:00", "assignedDepartmentIds": [crew.to_string()]});
    acme.owner.post(SHIFTS, body).await.ok();
    app.set("2026-06-01T10:10:00Z");
    let member = json!({"groupId": crew.to_string(), "userId": bob.text()});
    acme.owner.post("/auth-api/v1/usergroupmembers", member).await.ok();
    app.sweep_at(at("2026-06-01T10:30:00Z")).await;
    let records = acme.owner.get(RECORDS).await.ok();
    assert_eq!((&records["rowCount"], &records["attendanceRecords"][0]["userId"]), (&json!(1), &json!(ann.text())));
}

async fn completing_after_the_end_marks_the_absent(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-01", "08:00-12:00", &[&ann]).await;
    app.set("2026-06-01T10:05:00Z");
    acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"status": "completed"})).await.ok();
    let records = acme.owner.get(RECORDS).await.ok();
    assert_eq!(records["attendanceRecords"][0]["status"], "absent");
}

async fn a_check_out_keeps_what_was_decided_about_lateness(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-01", "09:00-12:00", &[&ann]).await;
    app.set("2026-06-01T07:30:00Z");
    let record = ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"].clone();
    assert_eq!(record["lateByMinutes"], 30);
    let id = text(&record, "id");
    let excused = acme.owner.patch(&format!("{RECORDS}/{id}"), json!({"status": "pending"})).await.ok();
    assert_eq!(excused["attendanceRecord"]["lateByMinutes"], 0);
    app.set("2026-06-01T10:00:00Z");
    let out = ann.post(CHECK_OUT, json!({"attendanceRecordId": id})).await.ok()["attendanceRecord"].clone();
    assert_eq!((&out["status"], &out["lateByMinutes"], &out["workedMinutes"]), (&json!("present"), &json!(0), &json!(150)));
}

async fn managers_do_not_set_their_own_times(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let shift = acme.shift("2026-06-01", "09:00-12:00", &[&ann, &mia]).await;
    app.set("2026-06-01T08:00:00Z");
    let earlier = |user: &str| json!({"shiftId": shift, "userId": user, "checkInTime": "2026-06-01T07:00:00Z"});
    let own = mia.post(CHECK_IN, earlier(&mia.text())).await.ok();
    assert_eq!(own["attendanceRecord"]["lateByMinutes"], 60);
    let report = mia.post(CHECK_IN, earlier(&ann.text())).await.ok();
    assert_eq!(report["attendanceRecord"]["lateByMinutes"], 0);
}

async fn a_restored_shift_with_attendance_keeps_its_instants(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-01", "09:00-12:00", &[&ann]).await;
    app.set("2026-06-01T07:00:00Z");
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    let path = format!("{SHIFTS}/{shift}");
    acme.owner.patch(&path, json!({"status": "cancelled"})).await.ok();
    let company = text(&acme.owner.get("/auth-api/v1/companies").await.ok()["company"], "id");
    acme.owner.patch(&format!("/auth-api/v1/companies/{company}"), json!({"timezone": "Asia/Tokyo"})).await.ok();
    let restored = acme.owner.patch(&path, json!({"status": "scheduled"})).await.ok();
    assert_eq!(restored["shift"]["startsAt"], "2026-06-01T07:00:00.000Z");
}

async fn two_shifts_of_one_department_clash_for_who_joins(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[]).await;
    for (start, end) in [("08:00", "16:00"), ("12:00", "20:00")] {
        let body =
            json!({"shiftDate": "2026-06-10", "startTime": start, "endTime": end, "assignedDepartmentIds": [crew.to_string()]});
        acme.owner.post(SHIFTS, body).await.ok();
    }
    // Leave takes a member out of what only the department is assigned to: nothing to report.
    acme.leave(&bob, day("2026-06-10"), day("2026-06-10"), DayPart::Full).await;
    let mut owners = acme.owner.stream("alerts").await;
    owners.snapshot().await;
    for person in [&bob, &ann] {
        let member = json!({"groupId": crew.to_string(), "userId": person.text()});
        acme.owner.post("/auth-api/v1/usergroupmembers", member).await.ok();
    }
    let alert = owners.next().await.expect("an alert").data["object"].clone();
    assert_eq!(alert["alertType"], "shift_conflict");
    let message = text(&alert, "message");
    assert!(message.starts_with("ann is planned twice") && !message.contains("more pair"), "one of the two: {message}");
}

async fn a_change_of_the_clocks_leaves_one_date_out(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "America/New_York").await;
    let body =
        json!({"name": "Night", "startTime": "01:30", "endTime": "03:30", "breakMinutes": 60, "recurrenceRule": "FREQ=DAILY"});
    let template = text(&acme.owner.post(TEMPLATES, body).await.ok()["shiftTemplate"], "id");
    let range = json!({"from": "2027-03-13", "to": "2027-03-15"});
    let made = acme.owner.post(&format!("{TEMPLATES}/{template}/generate"), range).await.ok();
    assert_eq!((&made["rowCount"], &made["skipped"]), (&json!(2), &json!(["2027-03-14"])));
}

async fn a_moved_shift_leaves_its_template_where_that_has_one(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let body = json!({"name": "Day", "startTime": "08:00", "endTime": "16:00", "recurrenceRule": "FREQ=DAILY"});
    let template = text(&acme.owner.post(TEMPLATES, body).await.ok()["shiftTemplate"], "id");
    let range = json!({"from": "2026-06-10", "to": "2026-06-11"});
    let made = acme.owner.post(&format!("{TEMPLATES}/{template}/generate"), range).await.ok();
    let first = text(&made["shifts"][0], "id");
    let moved = acme.owner.patch(&format!("{SHIFTS}/{first}"), json!({"shiftDate": "2026-06-11"})).await.ok();
    assert_eq!(moved["shift"]["shiftTemplateId"], json!(null));
}

async fn an_admins_own_department_shifts_are_in_the_calendar(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let amy = acme.admin("amy").await;
    let crew = acme.department("crew", &[&amy]).await;
    let body =
        json!({"shiftDate": "2026-06-10", "startTime": "08:00", "endTime": "16:00", "assignedDepartmentIds": [crew.to_string()]});
    let shift = text(&acme.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    let feed = amy.get("/schedulemanagement-api/v1/shifts.ics").await;
    assert!(feed.text.contains(&shift), "{}", feed.text);
}

async fn null_changes_nothing_silently(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let shift = acme.shift("2026-06-10", "08:00-16:00", &[]).await;
    let body = json!({"shiftDate": null, "status": null, "location": null, "assignedUserIds": null});
    let mut bad = acme.owner.patch(&format!("{SHIFTS}/{shift}"), body).await.bad_fields();
    bad.sort();
    assert_eq!(bad, ["shiftDate", "status"]);
}
