//! Shifts: the rules of `createShift` hold, within the file as well.

use serde_json::json;
use workforceos_core::objects::DayPart;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{SHIFTS, at, done, refused, send, total};
use crate::paths;

on_both_databases!(
    shifts_are_planned_as_by_hand,
    a_repeated_import_plans_nothing_twice,
    bad_shifts_are_named,
    conflicts_within_the_file_and_with_what_is_planned_are_found,
    long_files_of_shifts_go_on_where_they_stopped,
);

const HEAD: &str = "date;start;end;people;departments;location;breakMinutes;neededCount";

async fn shifts_are_planned_as_by_hand(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, ben) = (acme.employee("ann").await, acme.employee("ben").await);
    let crew = acme.department("Crew", &[&ben]).await.to_string();
    let mut live = ann.stream("schedule").await;
    let lines = [HEAD, "2026-06-15;22:00;6:00;\"ANN@acme.test; ann@acme.test\";crew;Bar;30;2", "2026-06-16;09:00;17:00:00;;;;;"];
    assert_eq!(done(send(&acme.owner, SHIFTS, &lines).await), [2, 0, 0, 0]);
    let shifts = acme.owner.get(paths::SHIFTS).await.ok()["shifts"].clone();
    let night = &shifts[0];
    assert_eq!(night["startsAt"], "2026-06-15T20:00:00.000Z");
    assert_eq!((&night["endTime"], &night["endsAt"]), (&json!("06:00"), &json!("2026-06-16T04:00:00.000Z")));
    assert_eq!(night["assignedUserIds"], json!([ann.text()]));
    assert_eq!(night["assignedDepartmentIds"], json!([crew]));
    assert_eq!((&night["location"], &night["breakMinutes"], &night["neededCount"]), (&json!("Bar"), &json!(30), &json!(2)));
    assert_eq!((&shifts[1]["endTime"], &shifts[1]["neededCount"]), (&json!("17:00"), &json!(1)));
    live.snapshot().await;
    let event = live.told().await;
    assert_eq!(
        (event.kind(), json!(event.object_id())),
        ("shift.created", night["id"].clone()),
        "a short file is told row by row"
    );
}

async fn a_repeated_import_plans_nothing_twice(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    acme.employee("ann").await;
    // Twice the same place to fill is two shifts, however often the file is imported.
    let lines = [HEAD, "2026-06-15;09:00;17:00;;;;;", "2026-06-15;09:00;17:00;;;;;", "2026-06-16;09:00;17:00;ann@acme.test;;;;"];
    assert_eq!(done(send(&acme.owner, SHIFTS, &lines[..2]).await), [1, 0, 0, 0]);
    assert_eq!(done(send(&acme.owner, SHIFTS, &lines).await), [2, 0, 1, 0]);
    assert_eq!(done(send(&acme.owner, SHIFTS, &lines).await), [0, 0, 3, 0]);
    assert_eq!(total(&acme.owner, paths::SHIFTS).await, 3);
}

async fn bad_shifts_are_named(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, zen) = (app.company("acme", "Europe/Berlin").await, app.company("zen", "UTC").await);
    let stranger = zen.employee("stranger").await;
    zen.department("Spa", &[]).await;
    let foreign = format!("2026-06-15;09:00;17:00;{};Spa;;;", stranger.email);
    let lines = [
        HEAD,
        "15.06.2026;9;;x;;;;",
        &foreign,
        "2026-06-15;09:00;09:00;;;;;",
        "2026-06-15;09:00;10:00;;;;60;0",
        "2026-06-15;09:00;10:00;;;;half;",
        "2026-03-29;02:10;03:05;;;;;",
        "2026-06-15;09:00;10:00;;;;;",
    ];
    let bad = refused(send(&acme.owner, SHIFTS, &lines).await);
    let wanted = [
        at(2, "date"),
        at(2, "end"),
        at(2, "people"),
        at(2, "start"),
        at(3, "departments"),
        at(3, "people"),
        at(4, "end"),
        at(5, "breakMinutes"),
        at(5, "neededCount"),
        at(6, "breakMinutes"),
        at(7, "end"),
    ];
    assert_eq!(bad, wanted);
    assert_eq!(total(&acme.owner, paths::SHIFTS).await, 0);
    let body = json!({"csv": lines.join("\n"), "partial": true});
    assert_eq!(done(acme.owner.post(SHIFTS, body).await), [1, 0, 0, 6]);
}

async fn conflicts_within_the_file_and_with_what_is_planned_are_found(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, ben) = (acme.employee("ann").await, acme.employee("ben").await);
    acme.department("Crew", &[&ann]).await;
    acme.shift("2026-06-15", "09:00-17:00", &[&ann]).await;
    let day = "2026-06-20".parse().expect("a date");
    acme.leave(&ben, day, day, DayPart::Full).await;
    let lines = [
        HEAD,
        "2026-06-15;16:59;18:00;ann@acme.test;;;;",
        "2026-06-16;22:00;06:00;ben@acme.test;;;;",
        "2026-06-17;05:59;07:00;ben@acme.test;;;;",
        "2026-06-17;06:00;07:00;ben@acme.test;;;;",
        "2026-06-15;08:00;09:30;;Crew;;;",
        "2026-06-20;08:00;09:30;ben@acme.test;;;;",
    ];
    let bad = refused(send(&acme.owner, SHIFTS, &lines).await);
    assert_eq!(bad, [at(2, "people"), at(4, "people"), at(6, "people"), at(7, "people")]);
}

async fn long_files_of_shifts_go_on_where_they_stopped(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    for name in ["ann", "ben", "cem"] {
        acme.employee(name).await;
    }
    let first: chrono::NaiveDate = "2026-07-01".parse().expect("a date");
    let mut lines = vec![HEAD.to_owned()];
    for day in 0..120 {
        let date = first + chrono::Duration::days(day);
        for name in ["ann", "ben", "cem"] {
            lines.push(format!("{date};09:00;17:00;{name}@acme.test;;;;"));
        }
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // As if it had been cut off after some of its rows.
    assert_eq!(done(send(&acme.owner, SHIFTS, &lines[..101]).await), [100, 0, 0, 0]);
    let mut live = acme.owner.stream("schedule").await;
    assert_eq!(done(send(&acme.owner, SHIFTS, &lines).await), [260, 0, 100, 0]);
    assert_eq!(total(&acme.owner, paths::SHIFTS).await, 360);
    live.snapshot().await;
    assert_eq!(live.told().await.kind(), "shift.imported");
    // A clash in the last batch keeps the first ones from being written.
    let late = ["2026-08-01;09:00;17:00;;Nowhere;;;", "2027-01-01;09:00;17:00;;;;;"];
    let told = refused(send(&acme.owner, SHIFTS, &[HEAD, late[1], late[0]]).await);
    assert_eq!((told, total(&acme.owner, paths::SHIFTS).await), (vec![at(3, "departments")], 360));
}
