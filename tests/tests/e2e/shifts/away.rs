//! Who is off all day is not assigned through a department (§8): its shifts of that day are not theirs, wherever they look.

use serde_json::json;
use uuid::Uuid;
use workforceos_core::objects::DayPart;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Company, Db, Person, Reply, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, LEAVE, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    a_days_leave_hides_what_the_department_does,
    half_a_day_hides_nothing_and_both_halves_do,
    managers_and_admins_see_whom_they_plan,
    nobody_away_is_absent,
);

/// A shift of a department, with nobody named.
async fn shift_of(company: &Company, department: &str, date: &str, times: &str) -> String {
    let (start, end) = times.split_once('-').expect("two times");
    let body = json!({"shiftDate": date, "startTime": start, "endTime": end, "assignedDepartmentIds": [department]});
    text(&company.owner.post(SHIFTS, body).await.ok()["shift"], "id")
}

/// The ids that a list of shifts shows, in its order.
async fn listed(who: &Person) -> Vec<String> {
    let list = who.get(SHIFTS).await.ok();
    assert_eq!(list["paging"]["totalRowCount"].as_u64(), list["shifts"].as_array().map(|shifts| shifts.len() as u64));
    list["shifts"].as_array().expect("a list").iter().map(|s| text(s, "id")).collect()
}

/// The ids of the shifts in somebody's calendar.
async fn in_calendar(app: &TestApp, who: &Person) -> Vec<String> {
    let token = who.token.clone().expect("a token");
    let feed = app.anonymous().get(&format!("{SHIFTS}.ics?access_token={token}")).await;
    let uids = feed.text.lines().filter_map(|line| line.strip_prefix("UID:")?.split('@').next().map(str::to_owned));
    uids.collect()
}

async fn cancel(company: &Company, leave: Uuid) -> Reply {
    company.owner.patch(&format!("{LEAVE}/{leave}"), json!({"status": "cancelled"})).await
}

async fn a_days_leave_hides_what_the_department_does(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "Europe/Berlin").await;
    let (ann, bob) = (ward.employee("ann").await, ward.employee("bob").await);
    let crew = ward.department("crew", &[&ann, &bob]).await.to_string();
    let night_before = shift_of(&ward, &crew, "2026-06-01", "22:00-06:00").await;
    let first = shift_of(&ward, &crew, "2026-06-02", "09:00-17:00").await;
    let last_night = shift_of(&ward, &crew, "2026-06-03", "22:00-06:00").await;
    let after = shift_of(&ward, &crew, "2026-06-04", "09:00-17:00").await;
    let all = [night_before.clone(), first.clone(), last_night.clone(), after.clone()];
    assert_eq!(listed(&ann).await, all);
    // What is only asked for hides nothing.
    ann.post(LEAVE, json!({"leaveType": "sick", "startDate": "2026-06-04", "endDate": "2026-06-04"})).await.ok();
    let leave = ward.leave(&ann, day("2026-06-02"), day("2026-06-03"), DayPart::Full).await;
    let mine = [night_before, after];
    assert_eq!(listed(&ann).await, mine);
    assert_eq!(in_calendar(&app, &ann).await, mine);
    assert_eq!(
        ann.tool("listShifts", json!({})).await.ok()["result"]["content"][0]["text"].as_str().map(|t| t.contains(&first)),
        Some(false)
    );
    for hidden in [&first, &last_night] {
        ann.get(&format!("{SHIFTS}/{hidden}")).await.refused(404, "ShiftNotFound");
    }
    assert_eq!(listed(&bob).await, all, "another's leave hides nothing");
    assert_eq!(in_calendar(&app, &bob).await.len(), 4);
    // The board of a day of leave shows nothing of it.
    app.set("2026-06-02T07:00:00Z");
    let (mut ann, mut owner) = (ann, ward.owner.clone());
    ann.log_in().await;
    owner.log_in().await;
    let board = ann.stream("").await.snapshot().await;
    assert_eq!((board["shifts"].as_array().map(Vec::len), board["leaveRequests"].as_array().map(Vec::len)), (Some(0), Some(1)));
    owner.patch(&format!("{LEAVE}/{leave}"), json!({"status": "cancelled"})).await.ok();
    assert_eq!(listed(&ann).await, all, "given back");
}

async fn half_a_day_hides_nothing_and_both_halves_do(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let ann = ward.employee("ann").await;
    let crew = ward.department("crew", &[&ann]).await.to_string();
    let shift = shift_of(&ward, &crew, "2026-06-02", "09:00-17:00").await;
    let next = shift_of(&ward, &crew, "2026-06-03", "09:00-17:00").await;
    let on = day("2026-06-02");
    let morning = ward.leave(&ann, on, on, DayPart::FirstHalf).await;
    ward.leave(&ann, day("2026-06-03"), day("2026-06-03"), DayPart::SecondHalf).await;
    assert_eq!(listed(&ann).await, [shift.clone(), next.clone()]);
    ward.leave(&ann, on, on, DayPart::SecondHalf).await;
    assert_eq!(listed(&ann).await, std::slice::from_ref(&next));
    assert_eq!(in_calendar(&app, &ann).await, std::slice::from_ref(&next));
    cancel(&ward, morning).await.ok();
    assert_eq!(listed(&ann).await, [shift, next]);
}

async fn managers_and_admins_see_whom_they_plan(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (ann, mia) = (ward.employee("ann").await, ward.employee("mia").await);
    let eve = ward.admin("eve").await;
    ward.manager_of(&mia, &[&ann]).await;
    let crew = ward.department("crew", &[&ann]).await.to_string();
    let desk = ward.department("desk", &[&eve]).await.to_string();
    let of_crew = shift_of(&ward, &crew, "2026-06-02", "09:00-17:00").await;
    let of_desk = shift_of(&ward, &desk, "2026-06-02", "09:00-17:00").await;
    for who in [&ann, &eve] {
        ward.leave(who, day("2026-06-02"), day("2026-06-02"), DayPart::Full).await;
    }
    assert_eq!(listed(&mia).await, std::slice::from_ref(&of_crew), "the manager plans for the crew all the same");
    assert_eq!(listed(&eve).await.len(), 2);
    assert_eq!(in_calendar(&app, &eve).await, [""; 0], "an admin's own calendar is the own one: not {of_desk}");
}

async fn nobody_away_is_absent(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (ann, bob) = (ward.employee("ann").await, ward.employee("bob").await);
    let crew = ward.department("crew", &[&ann, &bob]).await.to_string();
    let shift = shift_of(&ward, &crew, "2026-06-01", "09:00-17:00").await;
    ward.leave(&ann, day("2026-06-01"), day("2026-06-01"), DayPart::Full).await;
    app.set("2026-06-01T09:00:00Z");
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "InvalidState");
    app.sweep_at(at("2026-06-01T17:30:00Z")).await;
    let records = ward.owner.get(&format!("{RECORDS}?shiftId={shift}")).await.ok()["attendanceRecords"].clone();
    let absent: Vec<String> = records.as_array().expect("a list").iter().map(|r| text(r, "userId")).collect();
    assert_eq!(absent, [bob.text()]);
}
