//! Conflicts, changes and ends of shifts.

use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Db, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, SHIFTS};
use crate::text;

on_both_databases!(
    overlaps_conflict_and_neighbours_do_not,
    leave_conflicts_for_those_named,
    conflicts_are_named_and_nothing_is_written,
    a_shift_changes_within_its_rules,
    cancelled_shifts_come_back_after_a_check,
    completed_shifts_stay,
    attendance_fixes_a_shift,
    joining_a_department_assigns,
    bad_shifts_are_refused_field_by_field,
);

/// Kind and id of each conflict in a refusal.
fn conflicts(body: &Json) -> Vec<(String, String)> {
    let list = body["detail"].as_array().unwrap_or_else(|| panic!("a list in {body}"));
    list.iter().map(|c| (text(c, "kind"), text(c, "id"))).collect()
}

async fn overlaps_conflict_and_neighbours_do_not(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let day_shift = acme.shift("2026-06-10", "09:00-17:00", &[&ann]).await;
    acme.shift("2026-06-10", "17:00-22:00", &[&ann]).await;
    acme.shift("2026-06-10", "05:00-09:00", &[&ann]).await;
    let night = acme.shift("2026-06-10", "22:00-06:00", &[&ann]).await;
    acme.shift("2026-06-11", "06:00-14:00", &[&ann]).await;

    let body = acme.plan("2026-06-10", "16:59-17:00", &[&ann]).await.refused(409, "ShiftConflict");
    assert_eq!(conflicts(&body), [("shift".to_owned(), day_shift.clone())]);
    let found = &body["detail"][0];
    assert_eq!((at(&text(found, "from")), at(&text(found, "to"))), (at("2026-06-10T07:00:00Z"), at("2026-06-10T15:00:00Z")));
    // Into and out of the night, from both of its dates; and a night that the next morning runs into.
    for (date, times) in [("2026-06-11", "05:59-06:00"), ("2026-06-11", "00:00-01:00"), ("2026-06-10", "21:00-22:01")] {
        let body = acme.plan(date, times, &[&ann]).await.refused(409, "ShiftConflict");
        assert!(conflicts(&body).contains(&("shift".to_owned(), night.clone())), "{date} {times}: {body}");
    }
    acme.plan("2026-06-09", "23:00-05:01", &[&ann]).await.refused(409, "ShiftConflict");
    // Somebody else is free.
    acme.shift("2026-06-10", "09:00-17:00", &[&bob]).await;
    // A department's members are assigned as those named are.
    let crew = acme.department("crew", &[&ann]).await;
    let body =
        json!({"shiftDate": "2026-06-10", "startTime": "12:00", "endTime": "13:00", "assignedDepartmentIds": [crew.to_string()]});
    let body = acme.owner.post(SHIFTS, body).await.refused(409, "ShiftConflict");
    assert_eq!(body["detail"][0]["userId"], ann.text());
}

async fn leave_conflicts_for_those_named(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann, &bob]).await;
    let leave = acme.leave(&ann, day("2026-06-10"), day("2026-06-12"), DayPart::Full).await;
    acme.leave(&bob, day("2026-06-10"), day("2026-06-10"), DayPart::FirstHalf).await;

    for date in ["2026-06-10", "2026-06-11", "2026-06-12"] {
        let body = acme.plan(date, "09:00-17:00", &[&ann]).await.refused(409, "ShiftConflict");
        assert_eq!(conflicts(&body), [("leave".to_owned(), leave.to_string())], "{date}");
        assert_eq!((&body["detail"][0]["from"], &body["detail"][0]["to"]), (&json!("2026-06-10"), &json!("2026-06-12")));
    }
    // Leave covers a shift by its date: the night before is worked, the one that begins on the last day is not.
    acme.shift("2026-06-09", "22:00-06:00", &[&ann]).await;
    acme.plan("2026-06-12", "22:00-06:00", &[&ann]).await.refused(409, "ShiftConflict");
    acme.shift("2026-06-13", "00:00-06:00", &[&ann]).await;
    // A half day conflicts with nothing.
    acme.shift("2026-06-10", "18:00-22:00", &[&bob]).await;
    // A member on leave does not count as assigned: neither now nor for another shift at the time.
    let of_crew =
        json!({"shiftDate": "2026-06-11", "startTime": "09:00", "endTime": "17:00", "assignedDepartmentIds": [crew.to_string()]});
    let shift = text(&acme.owner.post(SHIFTS, of_crew).await.ok()["shift"], "id");
    app.set("2026-06-11T07:00:00Z");
    let (mut ann, mut bob) = (ann, bob);
    ann.log_in().await;
    bob.log_in().await;
    let refused = ann.post(CHECK_IN, json!({"shiftId": shift})).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    bob.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
}

async fn conflicts_are_named_and_nothing_is_written(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob, cid) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await);
    let a = acme.shift("2026-06-10", "09:00-12:00", &[&ann, &bob]).await;
    let b = acme.shift("2026-06-10", "13:00-17:00", &[&ann]).await;
    let leave = acme.leave(&cid, day("2026-06-10"), day("2026-06-10"), DayPart::Full).await;
    let body = acme.plan("2026-06-10", "10:00-14:00", &[&cid, &ann, &bob]).await.refused(409, "ShiftConflict");
    let mut found: Vec<(String, String, String)> =
        body["detail"].as_array().expect("a list").iter().map(|c| (text(c, "userId"), text(c, "kind"), text(c, "id"))).collect();
    let mut expected = vec![
        (ann.text(), "shift".to_owned(), a.clone()),
        (ann.text(), "shift".to_owned(), b),
        (bob.text(), "shift".to_owned(), a),
        (cid.text(), "leave".to_owned(), leave.to_string()),
    ];
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(acme.owner.get(SHIFTS).await.ok()["paging"]["totalRowCount"], 2);
}

async fn a_shift_changes_within_its_rules(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let one = acme.shift("2026-06-10", "09:00-17:00", &[&ann]).await;
    let two = acme.shift("2026-06-11", "09:00-17:00", &[&ann, &bob]).await;
    let path = format!("{SHIFTS}/{two}");
    acme.owner.patch(&path, json!({"shiftDate": "2026-06-10"})).await.refused(409, "ShiftConflict");
    // A shift does not conflict with itself.
    let moved = acme.owner.patch(&path, json!({"startTime": "08:00", "endTime": "18:00"})).await.ok()["shift"].clone();
    assert_eq!(at(&text(&moved, "startsAt")), at("2026-06-11T06:00:00Z"));
    assert_eq!((&moved["recordVersion"], &moved["endTime"]), (&json!(2), &json!("18:00")));
    let freed = acme.owner.patch(&path, json!({"assignedUserIds": [bob.text()], "shiftDate": "2026-06-10"})).await.ok();
    assert_eq!(freed["shift"]["assignedUserIds"], json!([bob.text()]));
    acme.owner
        .patch(&format!("{SHIFTS}/{one}"), json!({"assignedUserIds": [ann.text(), bob.text()]}))
        .await
        .refused(409, "ShiftConflict");
    // Only what is sent changes; null clears.
    let noted = acme.owner.patch(&path, json!({"location": "Ward 3"})).await.ok()["shift"].clone();
    assert_eq!((&noted["location"], &noted["startTime"]), (&json!("Ward 3"), &json!("08:00")));
    assert!(acme.owner.patch(&path, json!({"location": null})).await.ok()["shift"]["location"].is_null());
    assert_eq!(acme.owner.patch(&path, json!({"endTime": "08:00"})).await.bad_fields(), ["endTime"]);
    assert_eq!(acme.owner.patch(&path, json!({"breakMinutes": 600})).await.bad_fields(), ["breakMinutes"]);
    // Deleted, it is gone and blocks nobody.
    let deleted = acme.owner.delete(&path).await.ok();
    assert_eq!(deleted["shift"]["isActive"], false);
    acme.owner.get(&path).await.refused(404, "ShiftNotFound");
    acme.owner.delete(&path).await.refused(404, "ShiftNotFound");
    acme.owner.patch(&path, json!({"location": "x"})).await.refused(404, "ShiftNotFound");
    acme.owner.patch(&format!("{SHIFTS}/{one}"), json!({"assignedUserIds": [ann.text(), bob.text()]})).await.ok();
}

async fn cancelled_shifts_come_back_after_a_check(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let first = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let path = format!("{SHIFTS}/{first}");
    assert_eq!(acme.owner.patch(&path, json!({"status": "cancelled"})).await.ok()["shift"]["status"], "cancelled");
    ann.post(CHECK_IN, json!({"shiftId": first})).await.refused(409, "InvalidState");
    acme.owner.patch(&path, json!({"status": "completed"})).await.refused(409, "InvalidState");
    let second = acme.shift("2026-06-01", "09:00-17:00", &[&ann]).await;
    let body = acme.owner.patch(&path, json!({"status": "scheduled"})).await.refused(409, "ShiftConflict");
    assert_eq!(conflicts(&body), [("shift".to_owned(), second.clone())]);
    acme.owner.patch(&format!("{SHIFTS}/{second}"), json!({"status": "cancelled"})).await.ok();
    acme.owner.patch(&path, json!({"status": "scheduled"})).await.ok();
    ann.post(CHECK_IN, json!({"shiftId": first})).await.ok();
    // The timer leaves cancelled shifts alone.
    app.sweep_at(at("2026-06-01T20:00:00Z")).await;
    assert_eq!(acme.owner.get(&format!("{SHIFTS}/{second}")).await.ok()["shift"]["status"], "cancelled");
}

async fn completed_shifts_stay(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-10", "09:00-17:00", &[&ann]).await;
    let path = format!("{SHIFTS}/{shift}");
    acme.owner.patch(&path, json!({"status": "completed"})).await.ok();
    for change in [
        json!({"status": "scheduled"}),
        json!({"status": "cancelled"}),
        json!({"startTime": "10:00"}),
        json!({"assignedUserIds": []}),
    ] {
        acme.owner.patch(&path, change).await.refused(409, "InvalidState");
    }
    // It blocks nobody any more.
    acme.shift("2026-06-10", "09:00-17:00", &[&ann]).await;
}

async fn attendance_fixes_a_shift(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let path = format!("{SHIFTS}/{shift}");
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    for change in [json!({"startTime": "09:00"}), json!({"endTime": "15:00"}), json!({"shiftDate": "2026-06-02"})] {
        acme.owner.patch(&path, change).await.refused(409, "AttendanceExists");
    }
    acme.owner.delete(&path).await.refused(409, "AttendanceExists");
    acme.owner.patch(&path, json!({"location": "Ward 3", "neededCount": 2})).await.ok();
    acme.owner.patch(&path, json!({"startTime": "08:00"})).await.ok();
}

async fn joining_a_department_assigns(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await;
    let body =
        json!({"shiftDate": "2026-06-01", "startTime": "08:00", "endTime": "16:00", "assignedDepartmentIds": [crew.to_string()]});
    let shift = text(&acme.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    bob.get(&format!("{SHIFTS}/{shift}")).await.refused(404, "ShiftNotFound");
    bob.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "InvalidState");
    let member = json!({"groupId": crew.to_string(), "userId": bob.text()});
    acme.owner.post("/auth-api/v1/usergroupmembers", member.clone()).await.ok();
    acme.owner.post("/auth-api/v1/usergroupmembers", member).await.refused(409, "AlreadyExists");
    bob.get(&format!("{SHIFTS}/{shift}")).await.ok();
    bob.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
}

async fn bad_shifts_are_refused_field_by_field(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let other = app.company("other", "UTC").await;
    let bad = async |body: Json| {
        let mut fields = acme.owner.post(SHIFTS, body).await.bad_fields();
        fields.sort();
        fields
    };
    assert_eq!(bad(json!({})).await, ["endTime", "shiftDate", "startTime"]);
    let with = |name: &str, value: Json| {
        let mut body = json!({"shiftDate": "2026-06-10", "startTime": "09:00", "endTime": "17:00"});
        body[name] = value;
        body
    };
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    for (name, value) in [
        ("shiftDate", json!("2026-02-30")),
        ("shiftDate", json!(20260610)),
        ("startTime", json!("9:00")),
        ("startTime", json!("24:00")),
        ("endTime", json!("09:00")),
        ("endTime", json!("09:00:00")),
        ("breakMinutes", json!(480)),
        ("breakMinutes", json!(-1)),
        ("breakMinutes", json!("30")),
        ("neededCount", json!(0)),
        ("neededCount", json!(1.5)),
        ("assignedUserIds", json!([nobody])),
        ("assignedUserIds", json!([other.owner.text()])),
        ("assignedUserIds", json!("all")),
        ("assignedDepartmentIds", json!([nobody])),
        ("departmentId", json!(nobody)),
        ("location", json!("x".repeat(1001))),
        ("location", json!("a\u{0}b")),
        ("status", json!("planned")),
    ] {
        assert_eq!(bad(with(name, value.clone())).await, [name], "{name} = {value}");
    }
    // A longer date is cut to its date; the status is the server's; who is named twice is named once.
    let id = acme.owner.text();
    let mut body = with("status", json!("completed"));
    body["shiftDate"] = json!("2026-06-10T23:00:00Z");
    body["assignedUserIds"] = json!([id, id]);
    let shift = acme.owner.post(SHIFTS, body).await.ok()["shift"].clone();
    assert_eq!((&shift["shiftDate"], &shift["status"]), (&json!("2026-06-10"), &json!("scheduled")));
    assert_eq!(shift["assignedUserIds"], json!([id]));
}
