//! Filling a week: shown first, then written in one step, for people within reach.

use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_tests::time::day;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{PLAN_WEEK, asked, assigned, names, open_shift, plan};
use crate::paths::{LEAVE, LOCKS, SHIFTS};
use crate::text;

on_both_databases!(
    a_plan_is_shown_and_then_written,
    another_plan_than_the_one_agreed_to_is_not_written,
    managers_plan_their_reports_alone,
    only_open_places_of_the_department_are_planned,
    hours_given_in_the_plan_count,
    what_stays_free_says_why,
    one_key_is_one_plan,
    nobody_is_planned_onto_a_locked_day,
);

const WEEK: &str = "2026-06-17";

async fn a_plan_is_shown_and_then_written(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (mia, ann, bob) = (acme.employee("mia").await, acme.employee("ann").await, acme.employee("bob").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    let crew = acme.department("crew", &[&ann, &bob]).await.to_string();
    let first = open_shift(&acme, &crew, "2026-06-15", "08:00-16:00", 1).await;
    let last = open_shift(&acme, &crew, "2026-06-21", "22:00-06:00", 2).await;
    bob.post(LEAVE, json!({"leaveType": "annual", "startDate": "2026-06-21", "endDate": "2026-06-21"})).await.ok();
    let mut live = ann.stream("schedule").await;
    live.snapshot().await;
    let shown = plan(&acme.owner, &crew, WEEK, json!({})).await;
    let head = |name: &str| shown[name].clone();
    assert_eq!((head("week"), head("lastDay"), head("department")), (json!("2026-06-15"), json!("2026-06-21"), json!("crew")));
    assert_eq!(
        (head("dryRun"), head("places"), head("filled"), head("unfilledPlaces")),
        (json!(true), json!(3), json!(3), json!(0))
    );
    let people = |i: usize| names(&shown["assignments"][i]["people"]);
    assert_eq!((people(0), people(1)), (vec!["ann".to_owned()], vec!["ann".to_owned(), "bob".to_owned()]));
    let nights = &shown["assignments"][1]["people"];
    assert_eq!(
        (&nights[0]["pendingLeave"], &nights[1]["pendingLeave"], &nights[0]["weekMinutes"]),
        (&json!(false), &json!(true), &json!(960))
    );
    assert!(assigned(&acme, &first).await.is_empty(), "nothing is written unless it is said");
    assert_eq!(plan(&acme.owner, &crew, "2026-06-15", json!({})).await["planId"], shown["planId"], "the same plan");
    let written = plan(&acme.owner, &crew, WEEK, json!({"dryRun": false, "planId": shown["planId"]})).await;
    assert_eq!((&written["dryRun"], &written["filled"], &written["planId"]), (&json!(false), &json!(3), &shown["planId"]));
    assert_eq!(written["assignments"][0]["recordVersion"], 2);
    assert_eq!(assigned(&acme, &first).await, [ann.text()]);
    assert_eq!(assigned(&acme, &last).await, [ann.text(), bob.text()]);
    for shift in [&first, &last] {
        let event = live.told().await;
        assert_eq!((event.kind(), event.object_id()), ("shift.updated", shift.as_str()));
        assert_eq!(acme.owner.get(&format!("{SHIFTS}/{shift}")).await.ok()["shift"]["recordVersion"], 2);
    }
    let again = plan(&acme.owner, &crew, WEEK, json!({"dryRun": false})).await;
    assert_eq!((&again["places"], &again["assignments"], &again["unfilled"]), (&json!(0), &json!([]), &json!([])));
    assert_eq!(app.services().store.verify(acme.id).await.expect("verified").first_bad, None);
}

async fn another_plan_than_the_one_agreed_to_is_not_written(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mia, ann, bob) = (acme.employee("mia").await, acme.employee("ann").await, acme.employee("bob").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    let crew = acme.department("crew", &[&ann, &bob]).await.to_string();
    let shift = open_shift(&acme, &crew, "2026-06-15", "08:00-16:00", 1).await;
    let agreed = plan(&acme.owner, &crew, WEEK, json!({})).await["planId"].clone();
    let write = |plan: &Json| asked(&crew, WEEK, json!({"dryRun": false, "planId": plan}));
    // Somebody else would go now.
    acme.leave(&ann, day("2026-06-15"), day("2026-06-15"), DayPart::SecondHalf).await;
    let told = acme.owner.post(PLAN_WEEK, write(&agreed)).await.refused(409, "PlanChanged");
    assert!(assigned(&acme, &shift).await.is_empty());
    // The same person, at another version of the shift.
    let agreed = told["detail"]["planId"].clone();
    acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"location": "Hall"})).await.ok();
    let told = acme.owner.post(PLAN_WEEK, write(&agreed)).await.refused(409, "PlanChanged");
    acme.owner.post(PLAN_WEEK, write(&told["detail"]["planId"])).await.ok();
    assert_eq!(assigned(&acme, &shift).await, [bob.text()]);
}

async fn managers_plan_their_reports_alone(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let other = app.company("other", "UTC").await;
    let (mia, noa) = (acme.employee("mia").await, acme.employee("noa").await);
    let (ann, cat) = (acme.employee("ann").await, acme.employee("catharina").await);
    acme.manager_of(&mia, &[&ann]).await;
    acme.manager_of(&noa, &[&cat]).await;
    let crew = acme.department("crew", &[&ann, &cat]).await.to_string();
    let wards = acme.department("ward", &[&cat]).await.to_string();
    let shift = open_shift(&acme, &crew, "2026-06-15", "08:00-16:00", 3).await;
    open_shift(&acme, &wards, "2026-06-16", "08:00-16:00", 1).await;
    let told = plan(&mia, &crew, WEEK, json!({"dryRun": false})).await;
    assert_eq!(
        (&told["places"], &told["filled"], names(&told["assignments"][0]["people"])),
        (&json!(3), &json!(1), vec!["ann".to_owned()])
    );
    let left = &told["unfilled"][0];
    assert_eq!((&left["places"], &left["excludedByReason"]), (&json!(2), &json!({"profile": 1, "department": 1, "assigned": 1})));
    assert!(!told.to_string().contains(&cat.text()) && !told.to_string().contains("catharina"));
    assert_eq!(assigned(&acme, &shift).await, [ann.text()]);
    // Of a department without anybody of hers she learns nothing.
    let told = plan(&mia, &wards, WEEK, json!({})).await;
    assert_eq!((&told["places"], &told["unfilled"]), (&json!(0), &json!([])));
    ann.post(PLAN_WEEK, asked(&crew, WEEK, json!({}))).await.refused(403, "Forbidden");
    let foreign = other.department("crew", &[]).await.to_string();
    assert_eq!(acme.owner.post(PLAN_WEEK, asked(&foreign, WEEK, json!({}))).await.bad_fields(), ["departmentId"]);
    // An admin of the company gets the other report, too.
    let told = plan(&acme.owner, &crew, WEEK, json!({"dryRun": false})).await;
    assert_eq!(names(&told["assignments"][0]["people"]), ["catharina"]);
}

async fn only_open_places_of_the_department_are_planned(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mia, ann, bob) = (acme.employee("mia").await, acme.employee("ann").await, acme.employee("bob").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    let crew = acme.department("crew", &[&ann, &bob]).await.to_string();
    let ward = acme.department("ward", &[&ann, &bob]).await.to_string();
    let date = "2026-06-17";
    open_shift(&acme, &ward, date, "08:00-16:00", 1).await;
    open_shift(&acme, &crew, "2026-06-14", "08:00-16:00", 1).await;
    open_shift(&acme, &crew, "2026-06-22", "08:00-16:00", 1).await;
    let cancelled = open_shift(&acme, &crew, date, "08:00-16:00", 1).await;
    acme.owner.patch(&format!("{SHIFTS}/{cancelled}"), json!({"status": "cancelled"})).await.ok();
    let body = json!({"shiftDate": date, "startTime": "08:00", "endTime": "16:00", "draft": true, "departmentId": crew});
    acme.owner.post(SHIFTS, body).await.ok();
    let full = open_shift(&acme, &crew, date, "08:00-16:00", 1).await;
    acme.owner.patch(&format!("{SHIFTS}/{full}"), json!({"assignedUserIds": [ann.text()]})).await.ok();
    let half = open_shift(&acme, &crew, date, "09:00-10:00", 2).await;
    acme.owner.patch(&format!("{SHIFTS}/{half}"), json!({"assignedUserIds": [acme.owner.text()]})).await.ok();
    // Begun already, though of this week.
    open_shift(&acme, &crew, "2026-06-01", "05:00-14:00", 1).await;
    assert_eq!(plan(&acme.owner, &crew, "2026-06-01", json!({})).await["places"], 0);
    let told = plan(&acme.owner, &crew, date, json!({"dryRun": false})).await;
    assert_eq!((&told["places"], &told["assignments"][0]["shiftId"]), (&json!(1), &json!(half)));
    assert_eq!(assigned(&acme, &half).await, [acme.owner.text(), bob.text()]);
    let large = open_shift(&acme, &crew, "2026-07-01", "08:00-16:00", 2_001).await;
    assert_eq!(acme.owner.post(PLAN_WEEK, asked(&crew, "2026-07-01", json!({}))).await.bad_fields(), ["departmentId"]);
    acme.owner.patch(&format!("{SHIFTS}/{large}"), json!({"neededCount": 2_000})).await.ok();
    let told = plan(&acme.owner, &crew, "2026-07-01", json!({})).await;
    assert_eq!((&told["filled"], &told["unfilledPlaces"]), (&json!(2), &json!(1_998)));
}

async fn hours_given_in_the_plan_count(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mia, ann) = (acme.employee("mia").await, acme.employee("ann").await);
    acme.manager_of(&mia, &[&ann]).await;
    let crew = acme.department("crew", &[&ann]).await.to_string();
    for date in 15..=21 {
        open_shift(&acme, &crew, &format!("2026-06-{date}"), "08:00-16:00", 1).await;
    }
    let told = plan(&acme.owner, &crew, WEEK, json!({})).await;
    assert_eq!((&told["filled"], &told["unfilledPlaces"]), (&json!(5), &json!(2)), "forty hours");
    let dates: Vec<String> = told["unfilled"].as_array().expect("shifts").iter().map(|s| text(s, "shiftDate")).collect();
    assert_eq!(dates, ["2026-06-20", "2026-06-21"]);
    let left = &told["unfilled"][0];
    assert_eq!(left["excludedByReason"], json!({"profile": 2, "department": 2, "weeklyHours": 1}));
    assert!(text(left, "why").contains("more than 40 hours"), "{left}");
    assert_eq!(plan(&acme.owner, &crew, WEEK, json!({"allowOvertime": true})).await["filled"], 7);
    let written = plan(&acme.owner, &crew, WEEK, json!({"allowOvertime": true, "dryRun": false})).await;
    assert_eq!(written["assignments"].as_array().map(Vec::len), Some(7));
}

async fn what_stays_free_says_why(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mia = acme.employee("mia").await;
    let (away, busy, tired) = (acme.employee("away").await, acme.employee("busy").await, acme.employee("tired").await);
    acme.manager_of(&mia, &[&away, &busy, &tired]).await;
    let crew = acme.department("crew", &[&away, &busy, &tired]).await.to_string();
    open_shift(&acme, &crew, "2026-06-17", "08:00-16:00", 2).await;
    acme.leave(&away, day("2026-06-17"), day("2026-06-17"), DayPart::FirstHalf).await;
    acme.shift("2026-06-17", "15:00-23:00", &[&busy]).await;
    acme.shift("2026-06-16", "14:00-22:00", &[&tired]).await;
    let told = plan(&mia, &crew, WEEK, json!({"dryRun": false})).await;
    assert_eq!((&told["filled"], &told["unfilled"][0]["places"]), (&json!(0), &json!(2)));
    assert_eq!(
        told["unfilled"][0]["excludedByReason"],
        json!({"profile": 1, "department": 1, "leave": 1, "shift": 1, "rest": 1})
    );
}

async fn one_key_is_one_plan(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mia, ann) = (acme.employee("mia").await, acme.employee("ann").await);
    acme.manager_of(&mia, &[&ann]).await;
    let crew = acme.department("crew", &[&ann]).await.to_string();
    open_shift(&acme, &crew, "2026-06-17", "08:00-16:00", 1).await;
    let keyed = acme.owner.with_key("plan-1");
    let first = plan(&keyed, &crew, WEEK, json!({"dryRun": false})).await;
    assert_eq!(first["filled"], 1);
    assert_eq!(plan(&keyed, &crew, WEEK, json!({"dryRun": false})).await, first);
    keyed.post(PLAN_WEEK, asked(&crew, WEEK, json!({}))).await.refused(409, "IdempotencyConflict");
}

async fn nobody_is_planned_onto_a_locked_day(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    acme.manager_of(&acme.employee("mia").await, &[&ann]).await;
    let crew = acme.department("crew", &[&ann]).await.to_string();
    let free = open_shift(&acme, &crew, "2026-06-15", "08:00-16:00", 1).await;
    let closed = open_shift(&acme, &crew, "2026-06-17", "08:00-16:00", 1).await;
    acme.owner.post(LOCKS, json!({"from": "2026-06-17", "to": "2026-06-17"})).await.ok();
    acme.owner.post(PLAN_WEEK, asked(&crew, WEEK, json!({"dryRun": false}))).await.refused(409, "PeriodLocked");
    for shift in [&free, &closed] {
        assert!(assigned(&acme, shift).await.is_empty(), "all of a plan or nothing");
    }
}
