//! Drafts are the planner's own until they are published, all of a range at once.

use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, RECORDS, SHIFTS, TEMPLATES};
use crate::text;

const PUBLISH: &str = "/schedulemanagement-api/v1/shifts/publish";

on_both_databases!(
    a_draft_is_the_admins_alone,
    a_draft_takes_up_nobodys_time,
    publishing_shows_a_range_at_once,
    a_conflict_publishes_nothing,
    the_timers_pass_drafts_by,
    templates_generate_drafts,
);

async fn draft(company: &Company, date: &str, times: &str, people: &[&Person]) -> Json {
    let (start, end) = times.split_once('-').expect("two times");
    let ids: Vec<String> = people.iter().map(|p| p.text()).collect();
    let body = json!({"shiftDate": date, "startTime": start, "endTime": end, "assignedUserIds": ids, "draft": true});
    company.owner.post(SHIFTS, body).await.ok()["shift"].clone()
}

fn path(shift: &Json) -> String {
    format!("{SHIFTS}/{}", text(shift, "id"))
}

async fn a_draft_is_the_admins_alone(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let mut streams = [acme.owner.stream("").await, ann.stream("").await, mia.stream("").await];
    for live in &mut streams {
        live.snapshot().await;
    }
    let plan = draft(&acme, "2026-06-01", "08:00-16:00", &[&ann]).await;
    assert_eq!((&plan["isDraft"], &plan["status"]), (&json!(true), &json!("scheduled")));
    assert_eq!(acme.owner.get(&path(&plan)).await.ok()["shift"]["isDraft"], true);
    for who in [&ann, &mia] {
        who.get(&path(&plan)).await.refused(404, "ShiftNotFound");
        assert_eq!(who.get(SHIFTS).await.ok()["paging"]["totalRowCount"], 0);
        assert_eq!(who.stream("").await.snapshot().await["shifts"], json!([]));
        let calendar = who.get("/schedulemanagement-api/v1/shifts.ics").await;
        assert!(calendar.text.contains("BEGIN:VCALENDAR") && !calendar.text.contains(&text(&plan, "id")), "{}", calendar.text);
    }
    assert_eq!(acme.owner.get(&format!("{SHIFTS}?isDraft=true")).await.ok()["rowCount"], 1);
    acme.owner.patch(&path(&plan), json!({"location": "Ward 3"})).await.ok();
    let end = acme.shift("2026-07-01", "08:00-09:00", &[&ann]).await;
    let [owners, others @ ..] = &mut streams;
    assert_eq!(owners.until_object(&end).await.len(), 3);
    for live in others {
        assert_eq!(live.told().await.object_id(), end);
    }
}

async fn a_draft_takes_up_nobodys_time(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    acme.leave(&ann, day("2026-06-02"), day("2026-06-02"), DayPart::Full).await;
    let plan = draft(&acme, "2026-06-01", "08:00-16:00", &[&ann]).await;
    draft(&acme, "2026-06-02", "08:00-16:00", &[&ann]).await;
    // Neither does a draft conflict with others, nor they with it.
    draft(&acme, "2026-06-01", "09:00-17:00", &[&ann]).await;
    let real = acme.shift("2026-06-01", "10:00-12:00", &[&ann]).await;
    ann.post(CHECK_IN, json!({"shiftId": plan["id"]})).await.refused(409, "InvalidState");
    let absent = json!({"shiftId": plan["id"], "userId": ann.text()});
    acme.owner.post("/attendancemanagement-api/v1/mark-absent", absent).await.refused(409, "InvalidState");
    acme.owner.patch(&path(&plan), json!({"status": "completed"})).await.refused(409, "InvalidState");
    acme.owner.delete(&format!("{SHIFTS}/{real}")).await.ok();
}

async fn publishing_shows_a_range_at_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await.to_string();
    let mut live = ann.stream("schedule").await;
    live.snapshot().await;
    let first = draft(&acme, "2026-06-08", "08:00-16:00", &[&ann]).await;
    let second = draft(&acme, "2026-06-14", "08:00-16:00", &[&ann, &bob]).await;
    let after = draft(&acme, "2026-06-15", "08:00-16:00", &[&ann]).await;
    let cancelled = draft(&acme, "2026-06-09", "08:00-16:00", &[&ann]).await;
    acme.owner.patch(&path(&cancelled), json!({"status": "cancelled"})).await.ok();
    let crews = json!({"shiftDate": "2026-06-10", "startTime": "08:00", "endTime": "16:00", "departmentId": crew, "draft": true});
    let crews = acme.owner.post(SHIFTS, crews).await.ok()["shift"].clone();
    ann.post(PUBLISH, json!({"from": "2026-06-08", "to": "2026-06-14"})).await.refused(403, "Forbidden");
    let one = acme.owner.post(PUBLISH, json!({"from": "2026-06-08", "to": "2026-06-14", "departmentId": crew})).await.ok();
    assert_eq!((one["rowCount"].clone(), &one["shifts"][0]["id"]), (json!(1), &crews["id"]));
    let told = acme.owner.post(PUBLISH, json!({"from": "2026-06-08", "to": "2026-06-14"})).await.ok();
    let rows = told["shifts"].as_array().expect("shifts");
    let ids: Vec<&Json> = rows.iter().map(|s| &s["id"]).collect();
    assert_eq!(ids, [&first["id"], &second["id"]]);
    assert!(rows.iter().all(|s| s["isDraft"] == false && s["recordVersion"] == 2));
    for shift in [&first, &second] {
        assert_eq!(ann.get(&path(shift)).await.status, 200);
        assert_eq!(live.told().await.object_id(), text(shift, "id"));
    }
    for shift in [&after, &cancelled] {
        ann.get(&path(shift)).await.refused(404, "ShiftNotFound");
    }
    // Published once, it is no draft any more; from now on it counts.
    assert_eq!(acme.owner.post(PUBLISH, json!({"from": "2026-06-08", "to": "2026-06-14"})).await.ok()["shifts"], json!([]));
    acme.plan("2026-06-08", "15:00-18:00", &[&ann]).await.refused(409, "ShiftConflict");
    let bad = acme.owner.post(PUBLISH, json!({"from": "2026-06-08", "to": "2026-06-07"})).await;
    assert_eq!(bad.bad_fields(), ["to"]);
}

async fn a_conflict_publishes_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let away = acme.leave(&bob, day("2026-06-10"), day("2026-06-10"), DayPart::Full).await;
    let real = acme.shift("2026-06-08", "12:00-18:00", &[&ann]).await;
    let overlapping = draft(&acme, "2026-06-08", "08:00-16:00", &[&ann]).await;
    let fine = draft(&acme, "2026-06-09", "08:00-16:00", &[&ann]).await;
    let twice = draft(&acme, "2026-06-09", "15:00-18:00", &[&ann]).await;
    let of_bob = draft(&acme, "2026-06-10", "08:00-16:00", &[&bob]).await;
    let range = json!({"from": "2026-06-08", "to": "2026-06-10"});
    let body = acme.owner.post(PUBLISH, range.clone()).await.refused(409, "ShiftConflict");
    let mut told: Vec<(String, String)> =
        body["detail"].as_array().expect("conflicts").iter().map(|c| (text(c, "kind"), text(c, "userId"))).collect();
    told.sort();
    let mut expected = vec![("leave".to_owned(), bob.text()), ("shift".to_owned(), ann.text()), ("shift".to_owned(), ann.text())];
    expected.sort();
    assert_eq!(told, expected);
    // Each says whose it is: a range has many drafts.
    let of = |kind: &str, other: &str| {
        let found = body["detail"].as_array().expect("conflicts").iter().find(|c| c["kind"] == kind && c["id"] == other);
        let found = found.unwrap_or_else(|| panic!("{kind} {other} in {body}"));
        (found["shiftId"].clone(), found["shiftDate"].clone())
    };
    assert_eq!(of("shift", &real), (overlapping["id"].clone(), json!("2026-06-08")));
    assert_eq!(of("shift", &text(&fine, "id")), (twice["id"].clone(), json!("2026-06-09")));
    assert_eq!(of("leave", &away.to_string()), (of_bob["id"].clone(), json!("2026-06-10")));
    assert_eq!(acme.owner.get(&format!("{SHIFTS}?isDraft=true")).await.ok()["rowCount"], 4, "all of them or none");
    ann.get(&path(&fine)).await.refused(404, "ShiftNotFound");
    acme.owner.delete(&format!("{SHIFTS}/{real}")).await.ok();
    acme.owner.delete(&path(&twice)).await.ok();
    let body = acme.owner.post(PUBLISH, range).await.refused(409, "ShiftConflict");
    assert_eq!(body["detail"].as_array().map(Vec::len), Some(1));
    acme.owner.post(PUBLISH, json!({"from": "2026-06-08", "to": "2026-06-09"})).await.ok();
    assert_eq!(ann.get(&path(&overlapping)).await.status, 200);
}

async fn the_timers_pass_drafts_by(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let old = draft(&acme, "2026-06-01", "08:00-10:00", &[&ann]).await;
    let coming = draft(&acme, "2026-06-01", "14:00-16:00", &[&ann]).await;
    let real = acme.shift("2026-06-01", "10:00-12:00", &[&ann]).await;
    app.sweep_at(at("2026-06-01T11:00:00Z")).await;
    assert_eq!(ann.get(RECORDS).await.ok()["rowCount"], 1, "absent from what was published");
    assert_eq!(acme.owner.get(&format!("{SHIFTS}/{real}")).await.ok()["shift"]["status"], "completed");
    assert_eq!(acme.owner.get(&path(&old)).await.ok()["shift"]["status"], "scheduled");
    // What is over is not published any more; what is published is the timers' from then on.
    let told = acme.owner.post(PUBLISH, json!({"from": "2026-06-01", "to": "2026-06-01"})).await.ok();
    assert_eq!((told["rowCount"].clone(), &told["shifts"][0]["id"]), (json!(1), &coming["id"]));
    app.sweep_at(at("2026-06-01T14:30:00Z")).await;
    assert_eq!(ann.get(RECORDS).await.ok()["rowCount"], 2);
}

async fn templates_generate_drafts(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    acme.shift("2026-06-09", "08:00-16:00", &[&ann]).await;
    let template = json!({"name": "Early", "startTime": "06:00", "endTime": "14:00", "recurrenceRule": "FREQ=DAILY"});
    let template = acme.owner.post(TEMPLATES, template).await.ok()["shiftTemplate"].clone();
    let generate = format!("{TEMPLATES}/{}/generate", text(&template, "id"));
    let body = json!({"from": "2026-06-08", "to": "2026-06-10", "assignedUserIds": [ann.text()], "draft": true});
    let made = acme.owner.post(&generate, body.clone()).await.ok();
    assert_eq!((made["rowCount"].clone(), &made["conflicts"]), (json!(3), &json!([])), "conflicts wait");
    assert_eq!(ann.get(SHIFTS).await.ok()["rowCount"], 1);
    assert_eq!(acme.owner.post(&generate, body).await.ok()["skipped"].as_array().map(Vec::len), Some(3), "drafts are there");
    acme.owner.post(PUBLISH, json!({"from": "2026-06-08", "to": "2026-06-10"})).await.refused(409, "ShiftConflict");
    acme.owner.post(PUBLISH, json!({"from": "2026-06-10", "to": "2026-06-10"})).await.ok();
    assert_eq!(ann.get(SHIFTS).await.ok()["rowCount"], 2);
}
