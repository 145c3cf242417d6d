//! Checking in and out, absence and correction.

use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Db, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, CHECK_OUT, MARK_ABSENT, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    the_window_is_exact,
    only_those_assigned_check_in,
    one_record_for_ever,
    checking_out_ends_a_record,
    reach_decides_whose_attendance,
    absence_is_marked_and_explained,
    corrections_follow_the_rules,
    reasons_and_notes_are_the_managers,
);

async fn the_window_is_exact(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    // 10:00 to 14:00 in UTC.
    let shift = acme.shift("2026-06-01", "12:00-16:00", &[&ann]).await;
    app.clock.set(workforceos_core::Timestamp(at("2026-06-01T09:00:00Z").0 - 1));
    let body = ann.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "OutsideCheckInWindow");
    assert_eq!(at(&text(&body["detail"], "from")), at("2026-06-01T09:00:00Z"));
    app.clock.set(workforceos_core::Timestamp(at("2026-06-01T14:00:00Z").0 + 1));
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "OutsideCheckInWindow");
    app.set("2026-06-01T14:00:00Z");
    let record = ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"].clone();
    assert_eq!((&record["status"], &record["lateByMinutes"]), (&json!("late"), &json!(240)));

    let next = acme.shift("2026-06-01", "18:00-20:00", &[&ann]).await;
    app.set("2026-06-01T16:05:00Z");
    let given = |time: &str| json!({"shiftId": next, "userId": ann.text(), "checkInTime": time});
    assert_eq!(acme.owner.post(CHECK_IN, given("2026-06-01T16:05:00.001Z")).await.bad_fields(), ["checkInTime"]);
    acme.owner.post(CHECK_IN, given("2026-06-01T14:59:59.999Z")).await.refused(409, "OutsideCheckInWindow");
    let record = acme.owner.post(CHECK_IN, given("2026-06-01T15:00:00Z")).await.ok()["attendanceRecord"].clone();
    assert_eq!((&record["status"], &record["lateByMinutes"]), (&json!("pending"), &json!(0)));
}

async fn only_those_assigned_check_in(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let other = app.company("other", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&bob]).await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    bob.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "InvalidState");
    acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"assignedDepartmentIds": [crew.to_string()]})).await.ok();
    bob.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    acme.leave(&ann, day("2026-06-01"), day("2026-06-01"), DayPart::Full).await;
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "InvalidState");
    // Unknown and foreign shifts and users are named.
    let foreign = other.shift("2026-06-01", "08:00-16:00", &[]).await;
    for id in [foreign.as_str(), "01890a5d-ac96-774b-bcce-b302099a8057", "x"] {
        assert_eq!(ann.post(CHECK_IN, json!({"shiftId": id})).await.bad_fields(), ["shiftId"]);
    }
    let body = json!({"shiftId": shift, "userId": other.owner.text()});
    assert_eq!(acme.owner.post(CHECK_IN, body).await.bad_fields(), ["userId"]);
    // A completed shift takes late entries of those in charge alone.
    let body = json!({"shiftDate": "2026-06-01", "startTime": "08:30", "endTime": "12:00", "assignedDepartmentIds": [], "assignedUserIds": [acme.owner.text()]});
    let done = text(&acme.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    acme.owner.patch(&format!("{SHIFTS}/{done}"), json!({"status": "completed"})).await.ok();
    app.set("2026-06-01T06:30:00Z");
    acme.owner.post(CHECK_IN, json!({"shiftId": done})).await.refused(409, "InvalidState");
    acme.owner.post(CHECK_IN, json!({"shiftId": done, "checkInTime": "2026-06-01T06:30:00Z"})).await.ok();
}

async fn one_record_for_ever(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let record = ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"].clone();
    let again = ann.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "AlreadyCheckedIn");
    assert_eq!(again["detail"]["attendanceRecord"], record);
    app.clock.advance_minutes(60);
    ann.post(CHECK_OUT, json!({"attendanceRecordId": record["id"]})).await.ok();
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "AlreadyCheckedIn");
}

async fn checking_out_ends_a_record(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (mut ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann, &bob]).await;
    let record = text(&ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id");
    let body = json!({"attendanceRecordId": record});
    bob.post(CHECK_OUT, body.clone()).await.refused(404, "AttendanceRecordNotFound");
    // What an employee sends is ignored: the clock decides.
    app.set("2026-06-01T13:55:00Z");
    let sent =
        json!({"attendanceRecordId": record, "checkOutTime": "2026-06-01T13:00:00Z", "status": "late", "managerNote": "mine"});
    let closed = ann.post(CHECK_OUT, sent).await.ok()["attendanceRecord"].clone();
    assert_eq!((&closed["status"], &closed["workedMinutes"]), (&json!("present"), &json!(475)));
    assert_eq!(closed["checkOutTime"], "2026-06-01T13:55:00.000Z");
    ann.post(CHECK_OUT, body).await.refused(409, "InvalidState");
    assert!(acme.owner.get(&format!("{RECORDS}/{record}")).await.ok()["attendanceRecord"]["managerNote"].is_null());

    // Exactly 24 hours are in time, a millisecond more is not.
    app.set("2026-06-02T06:00:00Z");
    ann.log_in().await;
    let mut acme = acme;
    acme.owner.log_in().await;
    let next = acme.shift("2026-06-02", "08:00-16:00", &[&ann]).await;
    let record = text(&ann.post(CHECK_IN, json!({"shiftId": next})).await.ok()["attendanceRecord"], "id");
    app.set("2026-06-03T06:00:00.001Z");
    ann.log_in().await;
    let body = json!({"attendanceRecordId": record});
    ann.post(CHECK_OUT, body.clone()).await.refused(409, "CheckOutTooLate");
    app.set("2026-06-03T06:00:00Z");
    assert_eq!(ann.post(CHECK_OUT, body).await.ok()["attendanceRecord"]["workedMinutes"], 24 * 60);
}

async fn reach_decides_whose_attendance(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob, mia) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann, &bob, &mia]).await;
    let body = |who: &str| json!({"shiftId": shift, "userId": who});
    bob.post(CHECK_IN, body(&ann.text())).await.refused(403, "Forbidden");
    mia.post(CHECK_IN, body(&bob.text())).await.refused(403, "Forbidden");
    let of_ann = text(&mia.post(CHECK_IN, body(&ann.text())).await.ok()["attendanceRecord"], "id");
    let of_bob = text(&bob.post(CHECK_IN, body(&bob.text())).await.ok()["attendanceRecord"], "id");
    let of_mia = text(&mia.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id");
    let listed = async |who: &workforceos_tests::Person| {
        let list = who.get(&format!("{RECORDS}?sortBy=createdAt")).await.ok();
        list["attendanceRecords"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|r| text(r, "id"))
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(listed(&ann).await, [of_ann.clone()].into());
    assert_eq!(listed(&mia).await, [of_ann.clone(), of_mia.clone()].into());
    assert_eq!(listed(&acme.owner).await, [of_ann.clone(), of_bob.clone(), of_mia.clone()].into());
    bob.get(&format!("{RECORDS}/{of_ann}")).await.refused(404, "AttendanceRecordNotFound");
    mia.get(&format!("{RECORDS}/{of_bob}")).await.refused(404, "AttendanceRecordNotFound");
    mia.patch(&format!("{RECORDS}/{of_bob}"), json!({"managerNote": "x"})).await.refused(404, "AttendanceRecordNotFound");
    mia.patch(&format!("{RECORDS}/{of_mia}"), json!({"managerNote": "x"})).await.refused(403, "Forbidden");
    ann.patch(&format!("{RECORDS}/{of_ann}"), json!({"status": "present"})).await.refused(403, "Forbidden");
    mia.post(CHECK_OUT, json!({"attendanceRecordId": of_bob})).await.refused(404, "AttendanceRecordNotFound");
}

async fn absence_is_marked_and_explained(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob, mia) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann, &bob]).await;
    let body = |who: &str| json!({"shiftId": shift, "userId": who, "absenceReason": "sick"});
    ann.post(MARK_ABSENT, body(&ann.text())).await.refused(403, "Forbidden");
    mia.post(MARK_ABSENT, body(&bob.text())).await.refused(403, "Forbidden");
    let record = mia.post(MARK_ABSENT, body(&ann.text())).await.ok()["attendanceRecord"].clone();
    assert_eq!((&record["status"], &record["absenceReason"]), (&json!("absent"), &json!("sick")));
    for empty in ["checkInTime", "checkOutTime", "lateByMinutes", "workedMinutes"] {
        assert!(record[empty].is_null(), "{empty} of {record}");
    }
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "MarkedAbsent");
    let again = mia.post(MARK_ABSENT, json!({"shiftId": shift, "userId": ann.text(), "managerNote": "called"})).await.ok();
    assert_eq!(again["attendanceRecord"]["id"], record["id"]);
    assert_eq!(
        (&again["attendanceRecord"]["absenceReason"], &again["attendanceRecord"]["managerNote"]),
        (&json!("sick"), &json!("called"))
    );
    bob.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    acme.owner.post(MARK_ABSENT, body(&bob.text())).await.refused(409, "InvalidState");
    acme.owner.post(MARK_ABSENT, body(&mia.text())).await.refused(409, "InvalidState");
}

async fn corrections_follow_the_rules(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    // 06:00 to 14:00 in UTC.
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    app.set("2026-06-01T06:20:00Z");
    let record = text(&ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id");
    app.set("2026-06-01T15:00:00Z");
    let correct = async |body: Json| mia.patch(&format!("{RECORDS}/{record}"), body).await;
    let shows = |record: &Json| (text(record, "status"), record["lateByMinutes"].as_i64(), record["workedMinutes"].as_i64());
    let fixed = correct(json!({"checkInTime": "2026-06-01T06:05:00Z", "checkOutTime": "2026-06-01T14:00:00Z"})).await.ok();
    assert_eq!(shows(&fixed["attendanceRecord"]), ("present".to_owned(), Some(0), Some(475)));
    let late = correct(json!({"checkInTime": "2026-06-01T06:05:00.001Z"})).await.ok();
    assert_eq!(shows(&late["attendanceRecord"]), ("late".to_owned(), Some(5), Some(474)));
    let early = correct(json!({"checkOutTime": "2026-06-01T13:54:59Z"})).await.ok();
    assert_eq!(shows(&early["attendanceRecord"]), ("leftEarly".to_owned(), Some(5), Some(469)));
    let given = correct(json!({"status": "present"})).await.ok();
    assert_eq!(given["attendanceRecord"]["status"], "present");
    for (body, field) in [
        (json!({"checkInTime": "2026-06-01T15:00:00.001Z", "checkOutTime": null}), "checkInTime"),
        (json!({"checkOutTime": "2026-06-01T15:00:01Z"}), "checkOutTime"),
        (json!({"checkOutTime": "2026-06-01T06:00:00Z"}), "checkOutTime"),
        (json!({"checkInTime": "2026-05-31T13:54:58Z"}), "checkOutTime"),
        (json!({"status": "gone"}), "status"),
    ] {
        let told = correct(body.clone()).await.bad_fields();
        assert_eq!(told, [field], "{body}");
    }
    let absent = correct(json!({"status": "absent", "absenceReason": "sick"})).await.ok()["attendanceRecord"].clone();
    assert_eq!(shows(&absent), ("absent".to_owned(), None, None));
    assert!(absent["checkInTime"].is_null() && absent["checkOutTime"].is_null());
    assert_eq!(correct(json!({"checkOutTime": "2026-06-01T14:00:00Z"})).await.bad_fields(), ["checkInTime"]);
    let back =
        correct(json!({"checkInTime": "2026-06-01T06:00:00Z", "checkOutTime": "2026-06-01T14:00:00Z", "absenceReason": null}))
            .await
            .ok();
    assert_eq!(shows(&back["attendanceRecord"]), ("present".to_owned(), Some(0), Some(480)));
    assert!(back["attendanceRecord"]["absenceReason"].is_null());
}

async fn reasons_and_notes_are_the_managers(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let sent = json!({"shiftId": shift, "managerNote": "mine", "absenceReason": "mine"});
    let own = ann.post(CHECK_IN, sent).await.ok()["attendanceRecord"].clone();
    let path = format!("{RECORDS}/{}", text(&own, "id"));
    let record = mia.patch(&path, json!({"managerNote": "watch out"})).await.ok()["attendanceRecord"].clone();
    assert_eq!((&record["managerNote"], &record["absenceReason"]), (&json!("watch out"), &Json::Null));
    for seen in
        [own, ann.get(&path).await.ok()["attendanceRecord"].clone(), ann.get(RECORDS).await.ok()["attendanceRecords"][0].clone()]
    {
        assert!(seen.get("managerNote").is_none() && seen.get("absenceReason").is_none(), "{seen}");
    }
    for query in ["sortBy=managerNote", "fields=managerNote"] {
        assert_eq!(ann.get(&format!("{RECORDS}?{query}")).await.bad_fields().len(), 1, "{query}");
    }
    assert_eq!(mia.get(RECORDS).await.ok()["attendanceRecords"][0]["managerNote"], "watch out");
    assert_eq!(acme.owner.get(&path).await.ok()["attendanceRecord"]["managerNote"], "watch out");
}
