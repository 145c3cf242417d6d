//! Days whose pay period is locked are planned no more: what is planned there would become attendance, or keep it away.

use serde_json::{Value as Json, json};
use workforceos_tests::time::at;
use workforceos_tests::{Company, Db, Person, Reply, TestApp, on_both_databases};

use crate::paths::{LOCKS, RECORDS, SHIFTS, SWAPS, TEMPLATES};
use crate::text;

on_both_databases!(
    nothing_is_planned_on_a_locked_day,
    nothing_is_moved_onto_a_locked_day_or_away,
    drafts_are_not_published_onto_a_locked_day,
    locked_shifts_do_not_change_hands,
    files_plan_nothing_on_a_locked_day,
);

/// November is locked up to the tenth; it is the 22nd.
async fn locked(db: Db) -> (TestApp, Company, Person, Json) {
    let app = TestApp::start(db).await;
    app.set("2026-11-22T03:00:00Z");
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let lock = lock(&acme, "2026-11-01", "2026-11-10").await;
    (app, acme, ann, lock)
}

async fn lock(company: &Company, from: &str, to: &str) -> Json {
    company.owner.post(LOCKS, json!({"from": from, "to": to})).await.ok()["payPeriodLock"].clone()
}

#[track_caller]
fn held(reply: Reply, lock: &Json) {
    assert_eq!(reply.refused(409, "PeriodLocked")["detail"]["payPeriodLock"]["id"], lock["id"]);
}

/// Lets the clock do what it has to, and counts what it wrote down.
async fn records(app: &TestApp, company: &Company) -> Json {
    app.sweep().await;
    company.owner.get(RECORDS).await.ok()["rowCount"].clone()
}

async fn nothing_is_planned_on_a_locked_day(db: Db) {
    let (app, acme, ann, lock) = locked(db).await;
    held(acme.plan("2026-11-05", "02:00-03:00", &[&ann]).await, &lock);
    let draft = json!({"shiftDate": "2026-11-05", "startTime": "02:00", "endTime": "03:00", "draft": true});
    held(acme.owner.post(SHIFTS, draft).await, &lock);
    let template = json!({"name": "Early", "startTime": "06:00", "endTime": "14:00", "recurrenceRule": "FREQ=DAILY"});
    let template = acme.owner.post(TEMPLATES, template).await.ok()["shiftTemplate"].clone();
    let generate = format!("{TEMPLATES}/{}/generate", text(&template, "id"));
    for more in [json!(false), json!(true)] {
        let body = json!({"from": "2026-11-09", "to": "2026-11-12", "assignedUserIds": [ann.text()], "dryRun": more});
        let rule = json!({"recurrenceRule": "DTSTART:20261101T000000\nRRULE:FREQ=DAILY"});
        acme.owner.patch(&format!("{TEMPLATES}/{}", text(&template, "id")), rule).await.ok();
        held(acme.owner.post(&generate, body).await, &lock);
    }
    assert_eq!(acme.owner.get(SHIFTS).await.ok()["rowCount"], 0, "all or nothing");
    assert_eq!(records(&app, &acme).await, 0);
    // The days around are open, and unlocked ones are again.
    acme.plan("2026-11-11", "02:00-03:00", &[&ann]).await.ok();
    acme.plan("2026-10-31", "22:00-03:00", &[&ann]).await.ok();
    acme.owner.delete(&format!("{LOCKS}/{}", text(&lock, "id"))).await.ok();
    acme.plan("2026-11-05", "02:00-03:00", &[&ann]).await.ok();
    assert_eq!(records(&app, &acme).await, 3);
}

async fn nothing_is_moved_onto_a_locked_day_or_away(db: Db) {
    let (app, acme, ann, lock) = locked(db).await;
    let bob = acme.employee("bob").await;
    let crew = acme.department("crew", &[&bob]).await.to_string();
    let change = async |shift: &str, body: Json| acme.owner.patch(&format!("{SHIFTS}/{shift}"), body).await;
    let coming = acme.shift("2026-12-01", "02:00-03:00", &[&ann]).await;
    held(change(&coming, json!({"shiftDate": "2026-11-03"})).await, &lock);
    change(&coming, json!({"status": "cancelled"})).await.ok();
    held(change(&coming, json!({"status": "scheduled", "shiftDate": "2026-11-03"})).await, &lock);
    held(change(&coming, json!({"shiftDate": "2026-11-03"})).await, &lock);
    assert_eq!(records(&app, &acme).await, 0);
    // Planned before its day is locked.
    let planned = acme.shift("2026-11-25", "08:00-16:00", &[&ann]).await;
    let called_off = acme.shift("2026-11-25", "17:00-18:00", &[&ann]).await;
    change(&called_off, json!({"status": "cancelled"})).await.ok();
    let later = self::lock(&acme, "2026-11-25", "2026-11-25").await;
    for body in [
        json!({"assignedUserIds": [bob.text()]}),
        json!({"assignedDepartmentIds": [crew]}),
        json!({"shiftDate": "2026-11-26"}),
        json!({"endTime": "12:00"}),
        json!({"breakMinutes": 30}),
        json!({"status": "cancelled"}),
        json!({"status": "completed"}),
    ] {
        held(change(&planned, body).await, &later);
    }
    held(change(&called_off, json!({"status": "scheduled"})).await, &later);
    held(acme.owner.delete(&format!("{SHIFTS}/{planned}")).await, &later);
    // What is no plan of anybody's time stays open to change.
    let told = change(&planned, json!({"location": "Ward 3", "neededCount": 2, "shiftDate": "2026-11-25"})).await.ok();
    assert_eq!((&told["shift"]["location"], &told["shift"]["assignedUserIds"]), (&json!("Ward 3"), &json!([ann.text()])));
    // The clock goes on: the shift ends, and whoever was to come is absent.
    app.set("2026-11-25T16:10:00Z");
    let mut owner = acme.owner.clone();
    owner.log_in().await;
    let late = owner.patch(&format!("{SHIFTS}/{planned}"), json!({"assignedUserIds": [ann.text(), bob.text()]})).await;
    held(late, &later);
    app.sweep_at(at("2026-11-25T16:30:00Z")).await;
    let written = owner.get(RECORDS).await.ok();
    assert_eq!((&written["rowCount"], &written["attendanceRecords"][0]["userId"]), (&json!(1), &json!(ann.text())));
}

async fn drafts_are_not_published_onto_a_locked_day(db: Db) {
    let (_app, acme, ann, _) = locked(db).await;
    let draft = async |date: &str| {
        let body =
            json!({"shiftDate": date, "startTime": "08:00", "endTime": "16:00", "assignedUserIds": [ann.text()], "draft": true});
        text(&acme.owner.post(SHIFTS, body).await.ok()["shift"], "id")
    };
    let (held_back, moved, gone) = (draft("2026-11-25").await, draft("2026-11-25").await, draft("2026-11-25").await);
    let fine = draft("2026-11-26").await;
    let later = lock(&acme, "2026-11-25", "2026-11-25").await;
    let publish = async |from: &str| {
        acme.owner.post("/schedulemanagement-api/v1/shifts/publish", json!({"from": from, "to": "2026-11-26"})).await
    };
    held(publish("2026-11-25").await, &later);
    assert_eq!(acme.owner.get(&format!("{SHIFTS}?isDraft=true")).await.ok()["rowCount"], 4, "all of them or none");
    assert_eq!(publish("2026-11-26").await.ok()["shifts"][0]["id"], fine.as_str());
    // Nobody's time hangs on a draft: it may leave the locked day.
    acme.owner.patch(&format!("{SHIFTS}/{moved}"), json!({"shiftDate": "2026-11-28"})).await.ok();
    acme.owner.delete(&format!("{SHIFTS}/{gone}")).await.ok();
    held(acme.owner.patch(&format!("{SHIFTS}/{held_back}"), json!({"endTime": "17:00"})).await, &later);
    assert_eq!(ann.get(SHIFTS).await.ok()["rowCount"], 1);
}

async fn locked_shifts_do_not_change_hands(db: Db) {
    let (_app, acme, ann, _) = locked(db).await;
    let bob = acme.employee("bob").await;
    let ours = acme.shift("2026-11-25", "08:00-16:00", &[&ann]).await;
    let theirs = acme.shift("2026-11-27", "08:00-16:00", &[&bob]).await;
    let open = json!({"shiftDate": "2026-11-25", "startTime": "20:00", "endTime": "21:00"});
    let open = text(&acme.owner.post(SHIFTS, open).await.ok()["shift"], "id");
    let ask = async |who: &Person, shift: &str, colleague: &Person, had: Option<&str>| {
        let body = json!({"shiftId": shift, "colleagueId": colleague.text(), "colleagueShiftId": had});
        who.post(SWAPS, body).await
    };
    let swap = text(&ask(&bob, &theirs, &ann, Some(&ours)).await.ok()["shiftSwap"], "id");
    let later = lock(&acme, "2026-11-25", "2026-11-25").await;
    held(acme.owner.patch(&format!("{SWAPS}/{swap}"), json!({"status": "approved"})).await, &later);
    held(ask(&ann, &ours, &bob, None).await, &later);
    held(acme.owner.post(&format!("{SHIFTS}/{open}/claim"), json!({"userId": bob.text()})).await, &later);
    assert_eq!(acme.owner.get(&format!("{SHIFTS}/{theirs}")).await.ok()["shift"]["assignedUserIds"], json!([bob.text()]));
    acme.owner.patch(&format!("{SWAPS}/{swap}"), json!({"status": "rejected"})).await.ok();
}

async fn files_plan_nothing_on_a_locked_day(db: Db) {
    let (app, acme, _ann, lock) = locked(db).await;
    let import = "/schedulemanagement-api/v1/import/shifts";
    let csv = "date;start;end;people\n2026-11-04;09:00;17:00;ann@acme.test\n2026-11-11;09:00;17:00;ann@acme.test";
    let told = acme.owner.post(import, json!({"csv": csv})).await.refused(422, "ImportRefused");
    let bad = told["detail"]["bad"].as_array().expect("bad rows").clone();
    assert_eq!(bad.len(), 1, "{told}");
    assert!(bad[0]["line"] == 2 && text(&bad[0], "problem").contains("2026-11-01 to 2026-11-10"), "{told}");
    assert_eq!(records(&app, &acme).await, 0);
    // What was imported before the lock is recognised after it.
    acme.owner.delete(&format!("{LOCKS}/{}", text(&lock, "id"))).await.ok();
    acme.owner.post(import, json!({"csv": csv})).await.ok();
    self::lock(&acme, "2026-11-01", "2026-11-10").await;
    let again = acme.owner.post(import, json!({"csv": csv})).await.ok()["import"].clone();
    assert_eq!((&again["created"], &again["skipped"]), (&json!(0), &json!(2)));
}
