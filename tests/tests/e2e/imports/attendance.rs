//! Attendance: the rules of an admin's check-ins and absences hold.

use serde_json::{Value as Json, json};
use workforceos_tests::time::at as instant;
use workforceos_tests::{Company, Db, TestApp, on_both_databases};

use super::{ATTENDANCE, at, done, refused, send, total};
use crate::paths;

on_both_databases!(
    records_are_made_as_by_an_admin,
    what_says_the_same_is_skipped_and_what_does_not_is_bad,
    absences_that_the_system_noted_are_corrected,
    bad_records_are_named,
    other_companies_people_are_not_there,
    locked_days_are_refused_by_line,
    leave_windows_and_drafts_are_looked_at,
);

const HEAD: &str = "date,email,shift start,check in,check out,status,absence reason";

async fn records(company: &Company) -> Vec<Json> {
    let list = company.owner.get(&format!("{}?sortBy=shiftDate,id", paths::RECORDS)).await.ok();
    list["attendanceRecords"].as_array().expect("records").clone()
}

async fn records_are_made_as_by_an_admin(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "Europe/Berlin").await;
    acme.owner.use_key().await;
    let ann = acme.employee("ann").await;
    acme.shift("2026-06-01", "22:00-06:00", &[&ann]).await;
    acme.shift("2026-06-03", "09:00-17:00", &[&ann]).await;
    acme.shift("2026-06-04", "09:00-17:00", &[&ann]).await;
    // The shifts that ended are completed, and her absence noted: the file knows better.
    app.sweep_at(instant("2026-06-04T12:00:00Z")).await;
    let lines = [
        HEAD,
        "2026-06-01,ann@acme.test,22:00,00:10,06:00,,",
        "2026-06-03,ann@acme.test,9:00,,,absent,sick",
        "2026-06-04,ann@acme.test,09:00,2026-06-04T07:00:00Z,,,",
    ];
    assert_eq!(done(send(&acme.owner, ATTENDANCE, &lines).await), [1, 2, 0, 0]);
    assert_eq!(done(send(&acme.owner, ATTENDANCE, &lines).await), [0, 0, 3, 0]);
    let records = records(&acme).await;
    let (night, absent, open) = (&records[0], &records[1], &records[2]);
    assert_eq!(night["checkInTime"], "2026-06-01T22:10:00.000Z", "ten past midnight of the next day");
    assert_eq!((&night["status"], &night["lateByMinutes"], &night["workedMinutes"]), (&json!("late"), &json!(130), &json!(350)));
    assert_eq!((&absent["status"], &absent["absenceReason"]), (&json!("absent"), &json!("sick")));
    assert_eq!((&open["status"], &open["checkOutTime"]), (&json!("pending"), &json!(null)));
}

async fn what_says_the_same_is_skipped_and_what_does_not_is_bad(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    acme.owner.use_key().await;
    let ann = acme.employee("ann").await;
    acme.shift("2026-06-02", "09:00-17:00", &[&ann]).await;
    app.set("2026-06-02T17:10:00Z");
    let line = "2026-06-02,ann@acme.test,09:00,09:00,17:00,,";
    assert_eq!(done(send(&acme.owner, ATTENDANCE, &[HEAD, line]).await), [1, 0, 0, 0]);
    assert_eq!(done(send(&acme.owner, ATTENDANCE, &[HEAD, line]).await), [0, 0, 1, 0]);
    let other = "2026-06-02,ann@acme.test,09:00,09:01,17:00,,";
    assert_eq!(refused(send(&acme.owner, ATTENDANCE, &[HEAD, other]).await), [at(2, "-")]);
    assert_eq!(refused(send(&acme.owner, ATTENDANCE, &[HEAD, line, line]).await), [at(3, "-")], "twice in one file");
    assert_eq!(total(&acme.owner, paths::RECORDS).await, 1);
}

async fn absences_that_the_system_noted_are_corrected(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    acme.owner.use_key().await;
    let (mut ann, ben) = (acme.employee("ann").await, acme.employee("ben").await);
    ann.use_key().await;
    acme.shift("2026-06-02", "09:00-17:00", &[&ann, &ben]).await;
    app.sweep_at(instant("2026-06-02T18:00:00Z")).await;
    let absent = acme.owner.get(&format!("{}?userId={}", paths::RECORDS, ben.text())).await.ok();
    let id = crate::text(&absent["attendanceRecords"][0], "id");
    let path = format!("{}/{id}", paths::RECORDS);
    acme.owner.patch(&path, json!({"status": "absent", "absenceReason": "sick"})).await.ok();
    let line = |name: &str| format!("2026-06-02,{name}@acme.test,09:00,09:00,17:00,,");
    assert_eq!(done(send(&acme.owner, ATTENDANCE, &[HEAD, &line("ann")]).await), [0, 1, 0, 0]);
    let mine = ann.get(paths::RECORDS).await.ok()["attendanceRecords"][0].clone();
    assert_eq!((&mine["status"], &mine["workedMinutes"], &mine["recordVersion"]), (&json!("present"), &json!(480), &json!(2)));
    assert_eq!(done(send(&acme.owner, ATTENDANCE, &[HEAD, &line("ann")]).await), [0, 0, 1, 0]);
}

async fn bad_records_are_named(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    acme.owner.use_key().await;
    let (ann, ben) = (acme.employee("ann").await, acme.employee("ben").await);
    acme.shift("2026-06-02", "09:00-17:00", &[&ann]).await;
    acme.shift("2026-06-03", "09:00-17:00", &[&ben]).await;
    acme.shift("2026-06-05", "09:00-17:00", &[&ann]).await;
    app.sweep_at(instant("2026-06-04T12:00:00Z")).await;
    let before = total(&acme.owner, paths::RECORDS).await;
    let lines = [
        HEAD,
        "2.6.2026,ann,nine,noon,later,here,",
        "2026-06-02,ann@acme.test,09:00,,,,",
        "2026-06-02,ann@acme.test,08:00,08:00,,,",
        "2026-06-03,ann@acme.test,09:00,09:00,,,",
        "2026-06-03,ben@acme.test,09:00,07:00,17:00,,",
        "2026-06-05,ann@acme.test,09:00,09:00,,,",
        "2026-06-02,ben@acme.test,09:00,,10:00,absent,",
        "2026-06-03,nobody@acme.test,09:00,09:00,,,",
    ];
    let bad = refused(send(&acme.owner, ATTENDANCE, &lines).await);
    let wanted = [
        at(2, "checkIn"),
        at(2, "checkOut"),
        at(2, "date"),
        at(2, "email"),
        at(2, "shiftStart"),
        at(2, "status"),
        at(3, "checkIn"),
        at(4, "shiftStart"),
        at(5, "shiftStart"),
        at(6, "-"),
        at(7, "checkIn"),
        at(8, "checkOut"),
        at(9, "email"),
    ];
    assert_eq!(bad, wanted);
    let times = ["2026-06-02,ann@acme.test,09:00,09:00,2026-06-02 08:00,,", "2026-06-02,ann@acme.test,09:00,09:00,,present,"];
    assert_eq!(refused(send(&acme.owner, ATTENDANCE, &[HEAD, times[0]]).await), [at(2, "checkOut")]);
    assert_eq!(refused(send(&acme.owner, ATTENDANCE, &[HEAD, times[1]]).await), [at(2, "status")]);
    assert_eq!(total(&acme.owner, paths::RECORDS).await, before);
}

async fn other_companies_people_are_not_there(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, zen) = (app.company("acme", "UTC").await, app.company("zen", "UTC").await);
    let zoe = zen.employee("zoe").await;
    zen.shift("2026-06-01", "06:00-14:00", &[&zoe]).await;
    let line = "2026-06-01,zoe@zen.test,06:00,06:00,,,";
    assert_eq!(refused(send(&acme.owner, ATTENDANCE, &[HEAD, line]).await), [at(2, "email")]);
    assert_eq!(done(send(&zen.owner, ATTENDANCE, &[HEAD, line]).await), [1, 0, 0, 0]);
}

async fn locked_days_are_refused_by_line(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    acme.owner.use_key().await;
    let ann = acme.employee("ann").await;
    for day in 1..=4 {
        acme.shift(&format!("2026-06-0{day}"), "09:00-17:00", &[&ann]).await;
    }
    app.sweep_at(instant("2026-06-04T18:00:00Z")).await;
    let line = |day: u32| format!("2026-06-0{day},ann@acme.test,09:00,09:00,17:00,,");
    let lines: Vec<String> = (1..=4).map(line).collect();
    assert_eq!(done(send(&acme.owner, ATTENDANCE, &[HEAD, &lines[1]]).await), [0, 1, 0, 0]);
    acme.owner.post(paths::LOCKS, json!({"from": "2026-06-02", "to": "2026-06-03", "reason": "pay run"})).await.ok();
    let all = [HEAD, &lines[0], &lines[1], &lines[2], &lines[3]];
    let told = send(&acme.owner, ATTENDANCE, &all).await.refused(422, "ImportRefused");
    assert_eq!(super::places(&told["detail"]), [at(4, "-")], "what is there already may be said again");
    let problem = told["detail"]["bad"][0]["problem"].as_str().expect("a problem");
    assert!(problem.contains("2026-06-02 to 2026-06-03 is locked"), "{problem}");
    let partial = acme.owner.post(ATTENDANCE, json!({"csv": all.join("\n"), "partial": true})).await.ok();
    assert_eq!(super::counts(&partial["import"]), [0, 2, 1, 1]);
}

async fn leave_windows_and_drafts_are_looked_at(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    acme.owner.use_key().await;
    let (ann, ben) = (acme.employee("ann").await, acme.employee("ben").await);
    acme.department("Crew", &[&ann]).await;
    acme.shift("2026-06-02", "09:00-17:00", &[&ann, &ben]).await;
    let draft = json!({"shiftDate": "2026-06-03", "startTime": "09:00", "endTime": "17:00", "assignedUserIds": [ben.text()], "draft": true});
    acme.owner.post(paths::SHIFTS, draft).await.ok();
    app.set("2026-06-04T12:00:00Z");
    let day = "2026-06-02".parse().expect("a date");
    acme.leave(&ann, day, day, workforceos_core::objects::DayPart::Full).await;
    let lines = [
        HEAD,
        "2026-06-02,ann@acme.test,09:00,09:00,17:00,,",
        "2026-06-02,ben@acme.test,09:00,17:01,,,",
        "2026-06-03,ben@acme.test,09:00,09:00,17:00,,",
    ];
    assert_eq!(refused(send(&acme.owner, ATTENDANCE, &lines).await), [at(2, "-"), at(3, "-"), at(4, "shiftStart")]);
}
