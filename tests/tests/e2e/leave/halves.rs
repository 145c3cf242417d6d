//! Both halves of one day off are the whole day off: for the schedule, attendance, balances and pay alike.

use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use super::{POLICY, ask, ask_part, balance, change, decide, figures, named};
use crate::paths::{CHECK_IN, CHECK_OUT, LEAVE, MARK_ABSENT, PAYROLL, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    opposite_halves_stand_side_by_side,
    the_second_half_takes_the_person_out_of_the_shifts,
    the_other_order_does_the_same,
    who_came_in_the_morning_cannot_be_off_all_day,
    who_is_off_all_day_is_not_expected,
    one_half_moves_what_is_expected,
    giving_a_half_back_gives_back_the_department,
    balances_and_pay_count_a_day,
    two_decisions_at_once,
);

/// A request for a half, pending.
async fn half(who: &Person, date: &str, part: &str) -> String {
    text(&ask_part(who, date, part).await.ok()["leaveRequest"], "id")
}

/// A half, granted by the owner; answers the shifts that it takes the person out of.
async fn granted(company: &Company, who: &Person, date: &str, part: &str) -> Json {
    let id = half(who, date, part).await;
    decide(&company.owner, &id, "approved").await.ok()["unassignedShiftIds"].clone()
}

async fn opposite_halves_stand_side_by_side(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let morning = half(&ann, "2026-07-06", "firstHalf").await;
    ask_part(&ann, "2026-07-06", "firstHalf").await.refused(409, "LeaveOverlap");
    ask(&ann, "2026-07-06", "2026-07-06").await.refused(409, "LeaveOverlap");
    let afternoon = half(&ann, "2026-07-06", "secondHalf").await;
    ask_part(&ann, "2026-07-06", "secondHalf").await.refused(409, "LeaveOverlap");
    ask(&ann, "2026-07-05", "2026-07-07").await.refused(409, "LeaveOverlap");
    // Neither becomes the other, pending or granted.
    change(&ann, &afternoon, json!({"dayPart": "firstHalf"})).await.refused(409, "LeaveOverlap");
    decide(&acme.owner, &morning, "approved").await.ok();
    change(&ann, &afternoon, json!({"dayPart": "firstHalf"})).await.refused(409, "LeaveOverlap");
    change(&ann, &afternoon, json!({"dayPart": "full"})).await.refused(409, "LeaveOverlap");
    decide(&acme.owner, &afternoon, "approved").await.ok();
    // What is given back is free again.
    decide(&acme.owner, &morning, "cancelled").await.ok();
    half(&ann, "2026-07-06", "firstHalf").await;
}

async fn the_second_half_takes_the_person_out_of_the_shifts(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "Europe/Berlin").await;
    let (ann, bob) = (ward.employee("ann").await, ward.employee("bob").await);
    let night_before = ward.shift("2026-07-05", "22:00-06:00", &[&ann]).await;
    let early = ward.shift("2026-07-06", "07:00-12:00", &[&ann, &bob]).await;
    let night = ward.shift("2026-07-06", "22:00-06:00", &[&ann]).await;
    assert_eq!(granted(&ward, &ann, "2026-07-06", "firstHalf").await, json!([]));
    // Another day's half is none of this day's.
    assert_eq!(granted(&ward, &ann, "2026-07-05", "secondHalf").await, json!([]));
    assert_eq!(named(&ward, &early).await, [ann.text(), bob.text()]);
    assert_eq!(granted(&ward, &ann, "2026-07-06", "secondHalf").await, json!([early, night]));
    assert_eq!(named(&ward, &early).await, [bob.text()]);
    assert_eq!(named(&ward, &night_before).await, [ann.text()], "the night before stays");
    // Off all day, one cannot be planned.
    let conflict = ward.plan("2026-07-06", "13:00-15:00", &[&ann]).await.refused(409, "ShiftConflict");
    assert_eq!((&conflict["detail"][0]["kind"], &conflict["detail"][0]["from"]), (&json!("leave"), &json!("2026-07-06")));
    ward.shift("2026-07-07", "13:00-15:00", &[&ann]).await;
}

async fn the_other_order_does_the_same(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "Europe/Berlin").await;
    let ann = ward.employee("ann").await;
    let shift = ward.shift("2026-07-06", "09:00-17:00", &[&ann]).await;
    let morning = half(&ann, "2026-07-06", "firstHalf").await;
    assert_eq!(granted(&ward, &ann, "2026-07-06", "secondHalf").await, json!([]));
    decide(&ward.owner, &morning, "rejected").await.ok();
    assert_eq!(named(&ward, &shift).await, [ann.text()], "only what is granted counts");
    assert_eq!(granted(&ward, &ann, "2026-07-06", "firstHalf").await, json!([shift]));
    assert_eq!(named(&ward, &shift).await, [""; 0]);
}

async fn who_came_in_the_morning_cannot_be_off_all_day(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "Europe/Berlin").await;
    let ann = ward.employee("ann").await;
    let shift = ward.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    assert_eq!(granted(&ward, &ann, "2026-06-01", "secondHalf").await, json!([]));
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    let morning = half(&ann, "2026-06-01", "firstHalf").await;
    let told = decide(&ward.owner, &morning, "approved").await.refused(409, "AttendanceExists");
    assert_eq!(told["detail"]["shiftId"], shift.as_str());
    assert_eq!(named(&ward, &shift).await, [ann.text()]);
}

/// Whom a department assigns while they are off all day: no check-in, no absence, neither by the clock nor by hand.
async fn who_is_off_all_day_is_not_expected(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "Europe/Berlin").await;
    let (ann, bob) = (ward.employee("ann").await, ward.employee("bob").await);
    let crew = ward.department("crew", &[&ann, &bob]).await.to_string();
    let body = json!({"shiftDate": "2026-06-01", "startTime": "09:00", "endTime": "17:00", "assignedDepartmentIds": [crew]});
    let shift = text(&ward.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    assert_eq!(granted(&ward, &ann, "2026-06-01", "secondHalf").await, json!([]));
    assert_eq!(granted(&ward, &ann, "2026-06-01", "firstHalf").await, json!([shift]));
    app.set("2026-06-01T07:00:00Z");
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "InvalidState");
    let absent = json!({"shiftId": shift, "userId": ann.text()});
    ward.owner.post(MARK_ABSENT, absent).await.refused(409, "InvalidState");
    app.sweep_at(at("2026-06-01T15:30:00Z")).await;
    let mut owner = ward.owner.clone();
    owner.log_in().await;
    assert_eq!(owner.get(&format!("{SHIFTS}/{shift}")).await.ok()["shift"]["status"], "completed");
    let records = owner.get(&format!("{RECORDS}?shiftId={shift}")).await.ok()["attendanceRecords"].clone();
    let absent: Vec<String> = records.as_array().expect("a list").iter().map(|r| text(r, "userId")).collect();
    assert_eq!(absent, [bob.text()], "with one half off bob would be missed, with both ann is not");
}

/// 09:00 to 17:00: with the morning off one is expected at 13:00, with the afternoon off until then.
async fn one_half_moves_what_is_expected(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (mut ann, mut bob, mut eve) = (ward.employee("ann").await, ward.employee("bob").await, ward.employee("eve").await);
    let shift = ward.shift("2026-06-01", "09:00-17:00", &[&ann, &bob, &eve]).await;
    granted(&ward, &ann, "2026-06-01", "firstHalf").await;
    granted(&ward, &bob, "2026-06-01", "secondHalf").await;
    app.set("2026-06-01T09:00:00Z");
    let came = async |who: &mut Person| {
        who.log_in().await;
        who.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"].clone()
    };
    let of_bob = came(&mut bob).await;
    app.set("2026-06-01T12:57:00Z");
    let left = async |who: &Person, record: &Json| {
        let told = who.post(CHECK_OUT, json!({"attendanceRecordId": record["id"]})).await.ok()["attendanceRecord"].clone();
        (text(&told, "status"), told["workedMinutes"].as_i64())
    };
    assert_eq!(left(&bob, &of_bob).await, ("present".to_owned(), Some(237)));
    app.set("2026-06-01T13:05:00Z");
    let (of_ann, of_eve) = (came(&mut ann).await, came(&mut eve).await);
    assert_eq!((&of_ann["status"], &of_ann["lateByMinutes"]), (&json!("pending"), &json!(0)));
    assert_eq!((&of_eve["status"], &of_eve["lateByMinutes"]), (&json!("late"), &json!(245)));
}

async fn giving_a_half_back_gives_back_the_department(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let ann = ward.employee("ann").await;
    let crew = ward.department("crew", &[&ann]).await.to_string();
    let body = json!({"shiftDate": "2026-07-06", "startTime": "09:00", "endTime": "17:00", "assignedDepartmentIds": [crew]});
    let shift = text(&ward.owner.post(SHIFTS, body.clone()).await.ok()["shift"], "id");
    let by_name = ward.shift("2026-07-06", "18:00-20:00", &[&ann]).await;
    let morning = half(&ann, "2026-07-06", "firstHalf").await;
    decide(&ward.owner, &morning, "approved").await.ok();
    assert_eq!(granted(&ward, &ann, "2026-07-06", "secondHalf").await, json!([shift, by_name]));
    // Nobody of the crew is there, so that it can be planned twice.
    ward.owner.post(SHIFTS, body).await.ok();
    let mut live = ward.owner.stream("alerts").await;
    live.snapshot().await;
    decide(&ward.owner, &morning, "cancelled").await.ok();
    assert_eq!(named(&ward, &by_name).await, [""; 0], "by name one is not planned again");
    let conflict = ward.plan("2026-07-06", "10:00-11:00", &[&ann]).await.refused(409, "ShiftConflict");
    assert_eq!(conflict["detail"][0]["kind"], "shift", "with the afternoon off one can work the morning: {conflict}");
    let alert = live.next().await.expect("an alert").data["object"].clone();
    let message = text(&alert, "message");
    let planned = "the shift of 2026-07-06 from 09:00 to 17:00";
    assert!(
        message.starts_with("ann is planned twice") && message.contains(&format!("{planned} overlaps {planned}.")),
        "{message}"
    );
}

async fn balances_and_pay_count_a_day(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, mia) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    let types = json!([{"name": "annual", "yearlyDays": 20, "carryOverDays": 0}]);
    acme.owner.patch(POLICY, json!({"leaveTypes": types, "unpaidLeaveTypes": ["annual"]})).await.ok();
    // Ann takes Wednesday in halves, Bob as a day. Both are marked absent from a shift of that day, which is held against neither.
    for who in [&ann, &bob] {
        for date in ["2026-06-10", "2026-06-13"] {
            let shift = acme.shift(date, "09:00-17:00", &[who]).await;
            acme.owner.post(MARK_ABSENT, json!({"shiftId": shift, "userId": who.text()})).await.ok();
        }
    }
    for date in ["2026-06-10", "2026-06-13"] {
        for part in ["firstHalf", "secondHalf"] {
            granted(&acme, &ann, date, part).await;
        }
        let id = text(&ask(&bob, date, date).await.ok()["leaveRequest"], "id");
        decide(&acme.owner, &id, "approved").await.ok();
    }
    let of_ann = figures(&balance(&ann, 2026).await);
    assert_eq!(of_ann, figures(&balance(&bob, 2026).await));
    assert_eq!((of_ann[2], of_ann[4]), (Some(1.0), Some(19.0)), "Saturday costs nothing");
    app.set("2026-07-01T08:00:00Z");
    let mut owner = acme.owner.clone();
    owner.log_in().await;
    let report = async |who: &Person| {
        let body = json!({"userId": who.text(), "periodStart": "2026-06-01", "periodEnd": "2026-06-30"});
        let told = owner.post(PAYROLL, body).await.ok()["payrollReport"].clone();
        (told["absenceDaysExact"].as_f64(), told["salaryCalculated"].as_f64())
    };
    let of_ann = report(&ann).await;
    assert_eq!(of_ann, report(&bob).await);
    assert_eq!(of_ann.0, Some(1.0), "one day of unpaid leave, nothing on Saturday");
    // One half alone, and missed: the whole day is absence.
    let eve = acme.employee("eve").await;
    super::employed(&acme, &eve, "2020-01-01").await;
    acme.leave(&eve, day("2026-06-13"), day("2026-06-13"), DayPart::FirstHalf).await;
    let shift = json!({"shiftDate": "2026-06-13", "startTime": "09:00", "endTime": "17:00", "assignedUserIds": [eve.text()]});
    owner.post(SHIFTS, shift).await.ok();
    app.sweep_at(at("2026-07-01T08:01:00Z")).await;
    assert_eq!(report(&eve).await.0, Some(1.0));
}

/// Both halves granted at the same moment: whichever comes second finds the first.
async fn two_decisions_at_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    for day in 1..=5 {
        let date = format!("2026-07-{day:02}");
        let shift = acme.shift(&date, "09:00-17:00", &[&ann]).await;
        let (morning, afternoon) = (half(&ann, &date, "firstHalf").await, half(&ann, &date, "secondHalf").await);
        let body = json!({"status": "approved"});
        let paths = [format!("{LEAVE}/{morning}"), format!("{LEAVE}/{afternoon}")];
        let (one, other) = tokio::join!(acme.owner.patch(&paths[0], body.clone()), acme.owner.patch(&paths[1], body.clone()));
        let mut told = [one.ok()["unassignedShiftIds"].clone(), other.ok()["unassignedShiftIds"].clone()];
        told.sort_by_key(Json::to_string);
        assert_eq!(told, [json!([shift]), json!([])], "{date}");
        assert_eq!(named(&acme, &shift).await, [""; 0], "{date}");
    }
}
