//! Locked pay periods: people leave the attendance of their days alone, the clock goes on.

use serde_json::{Value as Json, json};
use workforceos_tests::time::{at, plus};
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use super::support::{came, hire, missed, request, shift, worked};
use crate::paths::{CHECK_IN, CHECK_OUT, LOCKS, MARK_ABSENT, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    a_locked_period_refuses_changes_by_people,
    the_clock_still_marks_absences,
    open_records_are_told_when_locking,
    locks_are_the_admins_and_do_not_overlap,
);

async fn lock(company: &Company, from: &str, to: &str) -> Json {
    company.owner.post(LOCKS, json!({"from": from, "to": to, "reason": "pay run"})).await.ok()
}

async fn company(db: Db) -> (TestApp, Company, Person) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    (app, acme, ann)
}

async fn a_locked_period_refuses_changes_by_people(db: Db) {
    let (app, acme, ann) = company(db).await;
    hire(&acme, &ann, Some(3000.0), "2020-01-01").await;
    let owner = &acme.owner;
    let morning = shift(&acme, &ann, "2026-06-01", "08:00-12:00", 0).await;
    let noon = shift(&acme, &ann, "2026-06-01", "13:00-17:00", 0).await;
    let night = shift(&acme, &ann, "2026-05-31", "22:00-06:00", 0).await;
    // Both shifts are open to check in for, and the clock completes neither yet.
    app.set("2026-06-01T10:20:00Z");
    let earlier = came(&acme, &ann, &night, "2026-05-31T20:00:00Z", Some("2026-06-01T04:00:00Z")).await;
    let open = came(&acme, &ann, &morning, "2026-06-01T06:00:00Z", None).await;
    let twin = if db == Db::Postgres { Some(app.twin().await) } else { None };
    if let Some(twin) = &twin {
        ann.at(twin).post(CHECK_IN, json!({"shiftId": morning["id"]})).await.refused(409, "AlreadyCheckedIn");
    }
    let locked = lock(&acme, "2026-06-01", "2026-06-30").await;
    assert_eq!((&locked["payPeriodLock"]["from"], &locked["payPeriodLock"]["to"]), (&json!("2026-06-01"), &json!("2026-06-30")));
    let record = format!("{RECORDS}/{}", text(&open, "id"));
    let tries = [
        ann.post(CHECK_IN, json!({"shiftId": noon["id"]})).await,
        owner.post(CHECK_IN, json!({"shiftId": noon["id"], "userId": ann.text(), "checkInTime": "2026-06-01T10:20:00Z"})).await,
        ann.post(CHECK_OUT, json!({"attendanceRecordId": open["id"]})).await,
        owner.post(CHECK_OUT, json!({"attendanceRecordId": open["id"]})).await,
        owner.post(MARK_ABSENT, json!({"shiftId": noon["id"], "userId": ann.text()})).await,
        owner.patch(&record, json!({"managerNote": "seen"})).await,
        owner.patch(&record, json!({"status": "absent"})).await,
        owner.patch(&format!("{SHIFTS}/{}", text(&morning, "id")), json!({"status": "completed"})).await,
    ];
    for told in tries {
        let body = told.refused(409, "PeriodLocked");
        assert_eq!(body["detail"]["payPeriodLock"]["id"], locked["payPeriodLock"]["id"]);
    }
    // Another server on the same database knows of the lock, though it was at work before.
    if let Some(twin) = &twin {
        ann.at(twin).post(CHECK_OUT, json!({"attendanceRecordId": open["id"]})).await.refused(409, "PeriodLocked");
    }
    // A record belongs to its shift's date: the night before is open to change, though it ended within.
    owner.patch(&format!("{RECORDS}/{}", text(&earlier, "id")), json!({"managerNote": "seen"})).await.ok();
    // Payroll is made of what is locked.
    request(&acme, &ann, ("2026-06-01", "2026-06-30"), json!({})).await.ok();
    // A restart forgets no lock; unlocked, all goes on.
    drop(twin);
    let mut app = app;
    app.restart().await;
    ann.post(CHECK_OUT, json!({"attendanceRecordId": open["id"]})).await.refused(409, "PeriodLocked");
    let gone = owner.delete(&format!("{LOCKS}/{}", text(&locked["payPeriodLock"], "id"))).await.ok();
    assert_eq!(gone["payPeriodLock"]["isActive"], false);
    ann.post(CHECK_OUT, json!({"attendanceRecordId": open["id"]})).await.ok();
    owner.delete(&format!("{LOCKS}/{}", text(&locked["payPeriodLock"], "id"))).await.refused(404, "PayPeriodLockNotFound");
}

async fn the_clock_still_marks_absences(db: Db) {
    let (app, acme, ann) = company(db).await;
    let planned = shift(&acme, &ann, "2026-06-01", "09:00-17:00", 0).await;
    lock(&acme, "2026-06-01", "2026-06-01").await;
    app.sweep_at(plus(at(&text(&planned, "endsAt")), 30)).await;
    let mut ann = ann;
    ann.log_in().await;
    let records = ann.get(RECORDS).await.ok();
    assert_eq!((&records["rowCount"], &records["attendanceRecords"][0]["status"]), (&json!(1), &json!("absent")));
}

async fn open_records_are_told_when_locking(db: Db) {
    let (app, acme, ann) = company(db).await;
    let planned = shift(&acme, &ann, "2026-06-01", "09:00-17:00", 0).await;
    app.set("2026-06-01T07:30:00Z");
    let open = came(&acme, &ann, &planned, "2026-06-01T07:30:00Z", None).await;
    assert_eq!(open["status"], "late");
    worked(&acme, &ann, "2026-05-30", "09:00-17:00").await;
    missed(&acme, &ann, "2026-05-29", "09:00-17:00").await;
    let told = lock(&acme, "2026-05-01", "2026-06-01").await;
    assert_eq!(told["openRecords"], json!([{"id": open["id"], "userId": ann.text(), "shiftDate": "2026-06-01"}]));
    assert_eq!(told["warnings"].as_array().map(Vec::len), Some(1));
    let none = lock(&acme, "2026-04-01", "2026-04-30").await;
    assert_eq!((&none["openRecords"], &none["warnings"]), (&json!([]), &json!([])));
}

async fn locks_are_the_admins_and_do_not_overlap(db: Db) {
    let (app, acme, ann) = company(db).await;
    let mut live = acme.owner.stream("payroll").await;
    live.snapshot().await;
    let june = lock(&acme, "2026-06-01", "2026-06-30").await["payPeriodLock"].clone();
    for (from, to) in
        [("2026-06-30", "2026-07-01"), ("2026-05-01", "2026-06-01"), ("2026-06-10", "2026-06-10"), ("2026-05-01", "2026-07-31")]
    {
        let body = acme.owner.post(LOCKS, json!({"from": from, "to": to})).await.refused(409, "PeriodOverlap");
        assert_eq!(body["detail"]["payPeriodLock"]["id"], june["id"]);
    }
    let may = lock(&acme, "2026-05-01", "2026-05-31").await["payPeriodLock"].clone();
    assert_eq!(acme.owner.post(LOCKS, json!({"from": "2026-08-02", "to": "2026-08-01"})).await.bad_fields(), ["to"]);
    assert_eq!(acme.owner.post(LOCKS, json!({"from": "2020-01-01", "to": "2021-01-01"})).await.bad_fields(), ["to"]);
    let list = acme.owner.get(LOCKS).await.ok();
    assert_eq!((&list["payPeriodLocks"][0]["id"], &list["payPeriodLocks"][1]["id"]), (&june["id"], &may["id"]));
    let june_path = format!("{LOCKS}/{}", text(&june, "id"));
    ann.get(LOCKS).await.refused(403, "Forbidden");
    ann.post(LOCKS, json!({"from": "2026-08-01", "to": "2026-08-31"})).await.refused(403, "Forbidden");
    ann.delete(&june_path).await.refused(403, "Forbidden");
    let other = app.company("other", "Europe/Berlin").await;
    other.owner.delete(&june_path).await.refused(404, "PayPeriodLockNotFound");
    acme.owner.delete(&june_path).await.ok();
    for (kind, id) in [("payroll.locked", &june), ("payroll.locked", &may), ("payroll.unlocked", &june)] {
        let event = live.told().await;
        assert_eq!((event.kind(), event.object_id()), (kind, text(id, "id").as_str()));
    }
    lock(&acme, "2026-06-30", "2026-07-01").await;
}
