//! Open shifts, taken by who asks first.

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_tests::time::day;
use workforceos_tests::{Client, Company, Db, Person, Reply, TestApp, on_both_databases};

use crate::paths::{OPEN_SHIFTS, SHIFTS};
use crate::text;

on_both_databases!(
    an_open_shift_is_listed_and_taken,
    open_shifts_of_a_department_are_its_members,
    who_sees_a_shift_is_told_why_it_is_not_theirs,
    what_is_not_open_is_not_taken,
    who_is_not_free_takes_nothing,
    rest_is_kept_on_both_sides,
    managers_take_shifts_for_their_reports,
    a_hundred_claims_fill_the_places_and_no_more,
);

async fn open(company: &Company, date: &str, times: &str, more: Json) -> String {
    let (start, end) = times.split_once('-').expect("two times");
    let mut body = json!({"shiftDate": date, "startTime": start, "endTime": end});
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    text(&company.owner.post(SHIFTS, body).await.ok()["shift"], "id")
}

async fn claim(who: &Client, shift: &str) -> Reply {
    who.post(&format!("{SHIFTS}/{shift}/claim"), json!({})).await
}

async fn listed(who: &Client, query: &str) -> Vec<String> {
    let list = who.get(&format!("{OPEN_SHIFTS}?{query}")).await.ok();
    let ids: Vec<String> = list["shifts"].as_array().expect("shifts").iter().map(|s| text(s, "id")).collect();
    assert_eq!(list["paging"]["totalRowCount"], ids.len());
    ids
}

async fn an_open_shift_is_listed_and_taken(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let shift = open(&acme, "2026-06-02", "08:00-16:00", json!({"neededCount": 2})).await;
    let full = acme.shift("2026-06-02", "08:00-16:00", &[&bob]).await;
    open(&acme, "2026-08-02", "08:00-16:00", json!({})).await;
    assert_eq!(listed(&ann, "").await, [shift.as_str()], "four weeks, with places left");
    assert_eq!(listed(&ann, "from=2026-06-03&to=2026-09-01").await.len(), 1);
    assert_eq!(listed(&ann, "shiftDate=2026-06-03").await.len(), 0);
    assert_eq!(ann.get(&format!("{OPEN_SHIFTS}?from=2026-06-02&to=2026-06-01")).await.bad_fields(), ["to"]);
    ann.get(&format!("{SHIFTS}/{shift}")).await.refused(404, "ShiftNotFound");
    let mut live = ann.stream("schedule").await;
    live.snapshot().await;
    let taken = claim(&ann, &shift).await.ok()["shift"].clone();
    assert_eq!((&taken["assignedUserIds"], &taken["recordVersion"]), (&json!([ann.text()]), &json!(2)));
    assert_eq!(live.told().await.kind(), "shift.updated");
    assert_eq!(ann.get(&format!("{SHIFTS}/{shift}")).await.status, 200);
    assert_eq!((listed(&ann, "").await.len(), listed(&acme.owner, "").await), (0, vec![shift.clone()]));
    claim(&ann, &shift).await.refused(409, "AlreadyExists");
    claim(&ann, &full).await.refused(409, "ShiftNotOpen");
    // Bob works then; the owner has the time.
    claim(&bob, &shift).await.refused(409, "ShiftConflict");
    claim(&acme.owner, &shift).await.ok();
    assert!(listed(&bob, "").await.is_empty());
}

async fn open_shifts_of_a_department_are_its_members(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await.to_string();
    let shift = open(&acme, "2026-06-02", "08:00-16:00", json!({"departmentId": crew})).await;
    let draft = open(&acme, "2026-06-03", "08:00-16:00", json!({"draft": true})).await;
    // A whole department assigned leaves a place as long as it has too few members.
    let assigned = open(&acme, "2026-06-05", "08:00-16:00", json!({"assignedDepartmentIds": [crew], "neededCount": 2})).await;
    assert_eq!(listed(&ann, "").await, [shift.as_str()]);
    assert_eq!(listed(&bob, "").await, [assigned.as_str()]);
    assert_eq!(listed(&acme.owner, "").await, [shift.as_str(), assigned.as_str()], "no drafts");
    claim(&bob, &shift).await.refused(404, "ShiftNotFound");
    claim(&ann, &draft).await.refused(404, "ShiftNotFound");
    claim(&ann, &shift).await.ok();
    claim(&bob, &assigned).await.ok();
    claim(&acme.owner, &assigned).await.refused(409, "ShiftNotOpen");
}

async fn who_sees_a_shift_is_told_why_it_is_not_theirs(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, mia) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    let crew = acme.department("crew", &[&ann]).await.to_string();
    let more = json!({"departmentId": crew, "assignedUserIds": [ann.text()], "neededCount": 3});
    let shift = open(&acme, "2026-06-10", "08:00-16:00", more).await;
    let draft = open(&acme, "2026-06-11", "08:00-16:00", json!({"draft": true})).await;
    let claim_for = async |who: &Client, shift: &str, user: &Person| {
        who.post(&format!("{SHIFTS}/{shift}/claim"), json!({"userId": user.text()})).await
    };
    // What the list shows to admins, a claim does not call missing.
    assert_eq!(listed(&acme.owner, "").await, [shift.as_str()]);
    for told in
        [claim(&acme.owner, &shift).await, claim_for(&acme.owner, &shift, &bob).await, claim_for(&mia, &shift, &bob).await]
    {
        let message = text(&told.refused(409, "InvalidState"), "message");
        assert!(message.contains("does not belong to its department"), "{message}");
    }
    claim(&acme.owner, &draft).await.refused(409, "InvalidState");
    // Who does not see it hears of nothing.
    for (who, shift) in [(&bob, &shift), (&bob, &draft), (&mia, &draft)] {
        claim(who, shift).await.refused(404, "ShiftNotFound");
    }
    claim_for(&acme.owner, "01890a5d-ac96-774b-bcce-b302099a8057", &ann).await.refused(404, "ShiftNotFound");
}

async fn what_is_not_open_is_not_taken(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let other = app.company("other", "UTC").await;
    let ann = acme.employee("ann").await;
    let begun = open(&acme, "2026-06-01", "06:00-10:00", json!({})).await;
    let cancelled = open(&acme, "2026-06-03", "06:00-10:00", json!({})).await;
    acme.owner.patch(&format!("{SHIFTS}/{cancelled}"), json!({"status": "cancelled"})).await.ok();
    let deleted = open(&acme, "2026-06-04", "06:00-10:00", json!({})).await;
    acme.owner.delete(&format!("{SHIFTS}/{deleted}")).await.ok();
    let foreign = open(&other, "2026-06-05", "06:00-10:00", json!({})).await;
    for (shift, status, code) in [
        (&begun, 409, "ShiftNotOpen"),
        (&cancelled, 409, "ShiftNotOpen"),
        (&deleted, 404, "ShiftNotFound"),
        (&foreign, 404, "ShiftNotFound"),
    ] {
        claim(&ann, shift).await.refused(status, code);
    }
    assert!(listed(&ann, "").await.is_empty());
}

async fn who_is_not_free_takes_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    acme.leave(&ann, day("2026-06-03"), day("2026-06-03"), DayPart::Full).await;
    let away = open(&acme, "2026-06-03", "08:00-16:00", json!({})).await;
    let body = claim(&ann, &away).await.refused(409, "ShiftConflict");
    assert_eq!((&body["detail"][0]["kind"], &body["detail"][0]["userId"]), (&json!("leave"), &json!(ann.text())));
    acme.shift("2026-06-05", "22:00-06:00", &[&ann]).await;
    let morning = open(&acme, "2026-06-06", "05:00-09:00", json!({})).await;
    let body = claim(&ann, &morning).await.refused(409, "ShiftConflict");
    assert_eq!(body["detail"][0]["kind"], "shift");
    assert_eq!(acme.owner.get(&format!("{SHIFTS}/{morning}")).await.ok()["shift"]["assignedUserIds"], json!([]));
}

async fn rest_is_kept_on_both_sides(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let worked = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    // Eleven hours by the policy.
    let (after, before) = ("2026-06-11", "2026-06-09");
    for (date, times) in [(after, "02:59-06:00"), (before, "18:00-21:01")] {
        let shift = open(&acme, date, times, json!({})).await;
        let body = claim(&ann, &shift).await.refused(409, "RestTooShort");
        assert_eq!((&body["detail"][0]["kind"], &body["detail"][0]["id"]), (&json!("rest"), &json!(worked)));
    }
    for (date, times) in [(after, "03:00-06:00"), (before, "18:00-21:00")] {
        let shift = open(&acme, date, times, json!({})).await;
        claim(&ann, &shift).await.ok();
    }
    // Two days, over a night: nights that began two days before count too.
    acme.owner.patch("/auth-api/v1/companypolicy", json!({"restHours": 48})).await.ok();
    acme.shift("2026-06-20", "23:59-23:58", &[&ann]).await;
    let shift = open(&acme, "2026-06-23", "23:57-23:58", json!({})).await;
    claim(&ann, &shift).await.refused(409, "RestTooShort");
    let shift = open(&acme, "2026-06-23", "23:58-23:59", json!({})).await;
    claim(&ann, &shift).await.ok();
}

async fn managers_take_shifts_for_their_reports(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, mia) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let shift = open(&acme, "2026-06-10", "08:00-16:00", json!({})).await;
    let path = format!("{SHIFTS}/{shift}/claim");
    mia.post(&path, json!({"userId": bob.text()})).await.refused(403, "Forbidden");
    bob.post(&path, json!({"userId": ann.text()})).await.refused(403, "Forbidden");
    let taken = mia.post(&path, json!({"userId": ann.text()})).await.ok();
    assert_eq!(taken["shift"]["assignedUserIds"], json!([ann.text()]));
}

async fn a_hundred_claims_fill_the_places_and_no_more(db: Db) {
    let app = TestApp::start(db).await;
    claim_all_at_once(&app, &[&app]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_fill_the_places_and_no_more() {
    if !Db::Postgres.is_here() {
        return;
    }
    let app = TestApp::start(Db::Postgres).await;
    let twin = app.twin().await;
    claim_all_at_once(&app, &[&app, &twin]).await;
}

async fn claim_all_at_once(app: &TestApp, servers: &[&TestApp]) {
    let acme = app.company("acme", "UTC").await;
    let shift = open(&acme, "2026-06-10", "08:00-16:00", json!({"neededCount": 3})).await;
    let mut people: Vec<Person> = Vec::new();
    for i in 0..10 {
        people.push(acme.employee(&format!("p{i}")).await);
    }
    let callers: Vec<Client> = (0..100).map(|i| people[i % 10].at(servers[i / 10 % servers.len()])).collect();
    let replies = join_all(callers.iter().map(|who| claim(who, &shift))).await;
    let (won, lost): (Vec<Reply>, Vec<Reply>) = replies.into_iter().partition(|r| r.status == 200);
    assert_eq!(won.len(), 3, "{:?}", lost.first().map(|r| &r.text));
    for reply in lost {
        let code = reply.body["errCode"].as_str().unwrap_or_default().to_owned();
        assert!(["ShiftNotOpen", "AlreadyExists"].contains(&code.as_str()), "{}", reply.text);
    }
    let after = acme.owner.get(&format!("{SHIFTS}/{shift}")).await.ok()["shift"]["assignedUserIds"].clone();
    assert_eq!(after.as_array().map(Vec::len), Some(3));
}
