//! Who covers a shift: each rule through the API, and nobody out of reach in any answer.

use serde_json::json;
use workforceos_core::objects::DayPart;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{cover, names, open_shift, reasons};
use crate::paths::{CHECK_IN, CHECK_OUT, SHIFTS};
use crate::text;

on_both_databases!(
    each_rule_keeps_people_away_with_its_reason,
    overtime_is_allowed_on_demand,
    a_later_check_out_counts_as_the_end,
    department_assignment_is_assignment,
    managers_hear_of_their_reports_alone,
    answers_are_bounded_and_counts_are_whole,
    what_needs_no_cover_has_none,
);

async fn each_rule_keeps_people_away_with_its_reason(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let mia = acme.employee("mia").await;
    let mut people = Vec::new();
    for name in ["free", "profileless", "outsider", "assigned", "away", "half", "busy", "tired", "full"] {
        people.push(acme.employee(name).await);
    }
    let [free, profileless, outsider, assigned, away, half, busy, tired, full] = people.as_slice() else { panic!("nine") };
    let gone = acme.employee("gone").await;
    acme.manager_of(&mia, &[free, outsider, assigned, away, half, busy, tired, full, &gone]).await;
    let crew = acme.department("crew", &[free, profileless, assigned, away, half, busy, tired, full, &gone]).await.to_string();
    acme.owner.delete(&format!("/auth-api/v1/users/{}", gone.text())).await.ok();
    let date = "2026-06-17";
    let shift = open_shift(&acme, &crew, date, "14:00-22:00", 2).await;
    acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"assignedUserIds": [assigned.text()]})).await.ok();
    acme.leave(away, day("2026-06-16"), day("2026-06-18"), DayPart::Full).await;
    acme.leave(half, day(date), day(date), DayPart::FirstHalf).await;
    acme.shift(date, "21:00-23:00", &[busy]).await;
    acme.shift("2026-06-16", "22:00-06:00", &[tired]).await;
    for weekday in ["2026-06-15", "2026-06-16", "2026-06-18", "2026-06-19", "2026-06-20"] {
        acme.shift(weekday, "09:00-17:00", &[full]).await;
    }
    let told = cover(&acme.owner, &shift, "").await;
    assert_eq!(names(&told["ranked"]), ["free"]);
    for (who, codes) in [
        (profileless, vec!["profile"]),
        (outsider, vec!["department"]),
        (assigned, vec!["assigned"]),
        (away, vec!["leave"]),
        (half, vec!["leave"]),
        (busy, vec!["shift"]),
        (tired, vec!["rest"]),
        (full, vec!["weeklyHours"]),
        (&mia, vec!["profile", "department"]),
    ] {
        assert_eq!(reasons(&told, who), codes, "{}", who.email);
    }
    let counted = json!({"profile": 3, "department": 3, "assigned": 1, "leave": 2, "shift": 1, "rest": 1, "weeklyHours": 1});
    assert_eq!((&told["excludedByReason"], &told["excludedCount"]), (&counted, &json!(10)), "who is gone is nobody");
    let first = &told["excluded"][0];
    assert!(text(first, "why").len() > 10 && !text(first, "name").is_empty(), "{first}");
    let shown = &told["shift"];
    assert_eq!((&shown["department"], &shown["openPlaces"], &shown["weekday"]), (&json!("crew"), &json!(1), &json!("Wednesday")));
    // Nothing is assigned by asking.
    assert_eq!(super::assigned(&acme, &shift).await, [assigned.text()]);
}

async fn overtime_is_allowed_on_demand(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mia, ann) = (acme.employee("mia").await, acme.employee("ann").await);
    acme.manager_of(&mia, &[&ann]).await;
    let crew = acme.department("crew", &[&ann]).await.to_string();
    for date in ["2026-06-15", "2026-06-16", "2026-06-17", "2026-06-18"] {
        acme.shift(date, "08:00-16:00", &[&ann]).await;
    }
    let body =
        json!({"shiftDate": "2026-06-19", "startTime": "08:00", "endTime": "17:00", "departmentId": crew, "breakMinutes": 60});
    let fits = text(&acme.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    assert_eq!(names(&cover(&mia, &fits, "").await["ranked"]), ["ann"], "the break is not counted");
    let longer = open_shift(&acme, &crew, "2026-06-19", "08:00-16:01", 1).await;
    assert_eq!(reasons(&cover(&mia, &longer, "").await, &ann), ["weeklyHours"]);
    assert_eq!(names(&cover(&mia, &longer, "allowOvertime=true").await["ranked"]), ["ann"]);
    acme.owner.patch("/auth-api/v1/companypolicy", json!({"weeklyHours": 40.5, "restHours": 16})).await.ok();
    assert_eq!(names(&cover(&mia, &longer, "").await["ranked"]), ["ann"]);
    acme.owner.patch("/auth-api/v1/companypolicy", json!({"restHours": 16.25})).await.ok();
    assert_eq!(reasons(&cover(&mia, &longer, "").await, &ann), ["rest"]);
}

async fn a_later_check_out_counts_as_the_end(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mia, ann, bob) = (acme.employee("mia").await, acme.employee("ann").await, acme.employee("bob").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    let crew = acme.department("crew", &[&ann, &bob]).await.to_string();
    let late = acme.shift("2026-06-01", "12:00-20:00", &[&ann, &bob]).await;
    let next = open_shift(&acme, &crew, "2026-06-02", "07:00-15:00", 1).await;
    assert_eq!(cover(&mia, &next, "").await["candidates"], 2);
    app.set("2026-06-01T12:00:00Z");
    for (who, left) in [(&ann, "2026-06-01T20:01:00Z"), (&bob, "2026-06-01T18:00:00Z")] {
        let body = json!({"shiftId": late, "userId": who.text(), "checkInTime": "2026-06-01T12:00:00Z"});
        app.set("2026-06-01T12:00:00Z");
        let record = text(&acme.owner.post(CHECK_IN, body).await.ok()["attendanceRecord"], "id");
        app.clock.set(at(left));
        who.post(CHECK_OUT, json!({"attendanceRecordId": record})).await.ok();
    }
    let told = cover(&mia, &next, "").await;
    assert_eq!((names(&told["ranked"]), reasons(&told, &ann)), (vec!["bob".to_owned()], vec!["rest".to_owned()]));
    // Leaving early shortens nothing.
    assert_eq!(told["ranked"][0]["restMinutes"], 11 * 60);
}

async fn department_assignment_is_assignment(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mia, ann, bob) = (acme.employee("mia").await, acme.employee("ann").await, acme.employee("bob").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    let crew = acme.department("crew", &[&ann]).await.to_string();
    let body = json!({"shiftDate": "2026-06-10", "startTime": "08:00", "endTime": "16:00", "assignedDepartmentIds": [crew], "neededCount": 2});
    let crews = text(&acme.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    let told = cover(&acme.owner, &crews, "").await;
    assert_eq!((reasons(&told, &ann), reasons(&told, &bob)), (vec!["assigned".to_owned()], vec!["department".to_owned()]));
    // What the department works counts as its members' own.
    let open = text(&acme.plan("2026-06-10", "10:00-12:00", &[]).await.ok()["shift"], "id");
    let told = cover(&acme.owner, &open, "").await;
    assert_eq!((names(&told["ranked"]), reasons(&told, &ann)), (vec!["bob".to_owned()], vec!["shift".to_owned()]));
    // On leave they do not count as assigned, and cannot take it either.
    acme.leave(&ann, day("2026-06-10"), day("2026-06-10"), DayPart::Full).await;
    assert_eq!(reasons(&cover(&acme.owner, &open, "").await, &ann), ["leave"]);
    assert_eq!(reasons(&cover(&acme.owner, &crews, "").await, &ann), ["leave"]);
    let later = text(&acme.plan("2026-06-11", "08:00-16:00", &[]).await.ok()["shift"], "id");
    let ranked = cover(&acme.owner, &later, "").await["ranked"].clone();
    let hours = |i: usize| (text(&ranked[i], "name"), ranked[i]["weekMinutes"].clone());
    assert_eq!((hours(0), hours(1)), (("ann".to_owned(), json!(0)), ("bob".to_owned(), json!(0))));
}

async fn managers_hear_of_their_reports_alone(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mia, noa, ann, bob) =
        (acme.employee("mia").await, acme.employee("noa").await, acme.employee("ann").await, acme.employee("bob").await);
    let (cat, dan) = (acme.employee("catharina").await, acme.employee("daniel").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    acme.manager_of(&noa, &[&cat, &dan]).await;
    let crew = acme.department("crew", &[&ann, &cat, &dan]).await.to_string();
    let shift = open_shift(&acme, &crew, "2026-06-10", "08:00-16:00", 3).await;
    acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"assignedUserIds": [dan.text()]})).await.ok();
    let told = cover(&mia, &shift, "").await;
    assert_eq!((names(&told["ranked"]), &told["excludedCount"]), (vec!["ann".to_owned()], &json!(2)));
    assert_eq!(told["excludedByReason"], json!({"profile": 1, "department": 2}), "bob and herself");
    let whole = told.to_string();
    for other in [&cat, &dan, &noa, &acme.owner] {
        assert!(!whole.contains(&other.text()), "{whole}");
    }
    assert!(!whole.contains("catharina") && !whole.contains("daniel"));
    assert_eq!(names(&cover(&noa, &shift, "").await["ranked"]), ["catharina"]);
    let path = |shift: &str| format!("{SHIFTS}/{shift}/cover");
    ann.get(&path(&shift)).await.refused(403, "Forbidden");
    // Nobody of hers could take them: shifts of others, full, and drafts.
    let theirs = acme.shift("2026-06-11", "08:00-16:00", &[&cat]).await;
    mia.get(&path(&theirs)).await.refused(404, "ShiftNotFound");
    let wards = acme.department("ward", &[&cat]).await.to_string();
    let wards = open_shift(&acme, &wards, "2026-06-12", "08:00-16:00", 1).await;
    mia.get(&path(&wards)).await.refused(404, "ShiftNotFound");
    let body = json!({"shiftDate": "2026-06-12", "startTime": "08:00", "endTime": "16:00", "draft": true, "departmentId": crew});
    let draft = text(&acme.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    mia.get(&path(&draft)).await.refused(404, "ShiftNotFound");
    assert_eq!(cover(&acme.owner, &draft, "").await["candidates"], 3);
    // Of her own people's she may.
    let hers = acme.shift("2026-06-13", "08:00-16:00", &[&ann]).await;
    assert_eq!(names(&cover(&mia, &hers, "").await["ranked"]), ["bob"]);
}

async fn answers_are_bounded_and_counts_are_whole(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mia = acme.unseen("mia").await;
    let mut people = Vec::new();
    for i in 0..40 {
        people.push(acme.unseen(&format!("p{i:02}")).await);
    }
    acme.manager_of(&mia, &people.iter().collect::<Vec<_>>()).await;
    let crew = acme.department("crew", &people[..15].iter().collect::<Vec<_>>()).await.to_string();
    let shift = open_shift(&acme, &crew, "2026-06-10", "08:00-16:00", 1).await;
    let sizes = |told: &serde_json::Value| {
        let size = |name: &str| told[name].as_array().expect("a list").len();
        (size("ranked"), size("excluded"))
    };
    let told = cover(&acme.owner, &shift, "").await;
    assert_eq!((sizes(&told), &told["candidates"], &told["excludedCount"]), ((10, 20), &json!(15), &json!(27)));
    let more = cover(&acme.owner, &shift, "limit=100&excludedLimit=500").await;
    assert_eq!((sizes(&more), &more["candidates"], &more["excludedCount"]), ((15, 27), &json!(15), &json!(27)));
    assert_eq!(names(&more["ranked"])[..10], names(&told["ranked"])[..]);
    assert_eq!(sizes(&cover(&acme.owner, &shift, "limit=1&excludedLimit=0").await), (1, 0));
    let bad = acme.owner.get(&format!("{SHIFTS}/{shift}/cover?limit=0&excludedLimit=501")).await.bad_fields();
    assert_eq!(bad, ["limit", "excludedLimit"]);
}

async fn what_needs_no_cover_has_none(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let other = app.company("other", "UTC").await;
    let cancelled = acme.shift("2026-06-10", "08:00-16:00", &[]).await;
    acme.owner.patch(&format!("{SHIFTS}/{cancelled}"), json!({"status": "cancelled"})).await.ok();
    acme.owner.get(&format!("{SHIFTS}/{cancelled}/cover")).await.refused(409, "InvalidState");
    let deleted = acme.shift("2026-06-10", "08:00-16:00", &[]).await;
    acme.owner.delete(&format!("{SHIFTS}/{deleted}")).await.ok();
    acme.owner.get(&format!("{SHIFTS}/{deleted}/cover")).await.refused(404, "ShiftNotFound");
    let foreign = other.shift("2026-06-10", "08:00-16:00", &[]).await;
    acme.owner.get(&format!("{SHIFTS}/{foreign}/cover")).await.refused(404, "ShiftNotFound");
}
