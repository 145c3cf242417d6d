//! Many at once: of calls that exclude each other exactly one wins, on one server and on two.

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Company, Db, Person, Reply, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    two_hundred_check_ins_make_one_record,
    fifty_overlapping_plans_make_one_shift,
    one_idempotency_key_makes_one_shift,
    the_stored_answer_is_the_callers_own,
);

async fn two_hundred_check_ins_make_one_record(db: Db) {
    let app = TestApp::start(db).await;
    check_in_all_at_once(&app, &[&app]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_make_one_record_and_one_shift() {
    if !Db::Postgres.is_here() {
        return;
    }
    let app = TestApp::start(Db::Postgres).await;
    let twin = app.twin().await;
    check_in_all_at_once(&app, &[&app, &twin]).await;
    plan_all_at_once(&app, &[&app, &twin]).await;
}

async fn check_in_all_at_once(app: &TestApp, servers: &[&TestApp]) {
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    // 08:00 in Berlin.
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let callers: Vec<Client> = servers.iter().map(|server| ann.at(server)).collect();
    let body = json!({"shiftId": shift});
    let replies = join_all((0..200).map(|i| callers[i % callers.len()].post(CHECK_IN, body.clone()))).await;
    let (won, lost): (Vec<Reply>, Vec<Reply>) = replies.into_iter().partition(|r| r.status == 201);
    assert_eq!(won.len(), 1, "one check-in succeeds, others answer {:?}", lost.first().map(|r| &r.text));
    let record = won[0].body["attendanceRecord"].clone();
    for reply in lost {
        let body = reply.refused(409, "AlreadyCheckedIn");
        assert_eq!(body["detail"]["attendanceRecord"]["id"], record["id"]);
    }
    for server in servers {
        let listed = ann.at(server).get(RECORDS).await.ok();
        assert_eq!(listed["rowCount"], 1);
        assert_eq!(listed["attendanceRecords"][0]["id"], record["id"]);
    }
}

async fn fifty_overlapping_plans_make_one_shift(db: Db) {
    let app = TestApp::start(db).await;
    plan_all_at_once(&app, &[&app]).await;
}

async fn plan_all_at_once(app: &TestApp, servers: &[&TestApp]) {
    let ward = app.company("ward", "Europe/Berlin").await;
    let bea = ward.employee("bea").await;
    let owners: Vec<Client> = servers.iter().map(|server| ward.owner.at(server)).collect();
    // All of them contain 15:00, none equals another.
    let body = |i: usize| {
        let (start, end) = (format!("{:02}:{:02}", 8 + i % 7, i), format!("{:02}:{:02}", 15 + i % 6, 10 + i % 49));
        json!({"shiftDate": "2026-06-10", "startTime": start, "endTime": end, "assignedUserIds": [bea.text()]})
    };
    let replies = join_all((0..50).map(|i| owners[i % owners.len()].post(SHIFTS, body(i)))).await;
    let (won, lost): (Vec<Reply>, Vec<Reply>) = replies.into_iter().partition(|r| r.status == 201);
    assert_eq!(won.len(), 1, "one plan succeeds, others answer {:?}", lost.first().map(|r| &r.text));
    let shift = text(&won[0].body["shift"], "id");
    for reply in lost {
        let body = reply.refused(409, "ShiftConflict");
        assert_eq!(body["detail"][0]["id"], shift.as_str(), "{body}");
        assert_eq!(body["detail"][0]["userId"], bea.text());
    }
    for server in servers {
        assert_eq!(bea.at(server).get(SHIFTS).await.ok()["paging"]["totalRowCount"], 1);
    }
}

async fn one_idempotency_key_makes_one_shift(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let owner = acme.owner.with_key("shift-1");
    let body = json!({"shiftDate": "2026-06-10", "startTime": "09:00", "endTime": "17:00", "location": "Hall"});
    let replies = join_all((0..20).map(|_| owner.post(SHIFTS, body.clone()))).await;
    let shifts: Vec<Json> = replies.into_iter().map(|r| r.ok()["shift"].clone()).collect();
    assert!(shifts.iter().all(|s| *s == shifts[0]), "all answers are one: {shifts:?}");
    assert_eq!(acme.owner.get(SHIFTS).await.ok()["paging"]["totalRowCount"], 1);

    // The same body in another order of its names is the same call; another body is none.
    let reordered = "{\"location\":\"Hall\",\"endTime\":\"17:00\",\"startTime\":\"09:00\",\"shiftDate\":\"2026-06-10\"}";
    let request = owner.request(reqwest::Method::POST, SHIFTS).header("content-type", "application/json");
    let answer = request.body(reordered).send().await.expect("an answer").text().await.expect("a body");
    assert_eq!(serde_json::from_str::<Json>(&answer).expect("JSON")["shift"], shifts[0]);
    let other = json!({"shiftDate": "2026-06-11", "startTime": "09:00", "endTime": "17:00", "location": "Hall"});
    owner.post(SHIFTS, other.clone()).await.refused(409, "IdempotencyConflict");
    owner.delete(&format!("{SHIFTS}/{}", text(&shifts[0], "id"))).await.refused(409, "IdempotencyConflict");

    // A refused call is not remembered; after a day nothing is.
    let early = acme.owner.with_key("shift-2");
    early.post(SHIFTS, json!({"shiftDate": "2026-06-10"})).await.refused(400, "ValidationFailed");
    early.post(SHIFTS, other.clone()).await.ok();
    app.clock.advance_minutes(24 * 60 + 1);
    let mut owner = acme.owner.clone();
    owner.log_in().await;
    owner.with_key("shift-1").post(SHIFTS, other).await.ok();
    assert_eq!(owner.get(SHIFTS).await.ok()["paging"]["totalRowCount"], 3);
}

/// The same key of two people, and of two companies, are different keys.
async fn the_stored_answer_is_the_callers_own(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let other = app.company("other", "Europe/Berlin").await;
    let admin = acme.admin("eve").await;
    let planners: [(&Company, &Person); 3] = [(&acme, &acme.owner), (&acme, &admin), (&other, &other.owner)];
    let mut ids = Vec::new();
    for (_, planner) in planners {
        let body = json!({"shiftDate": "2026-06-10", "startTime": "09:00", "endTime": "17:00"});
        ids.push(text(&planner.with_key("k").post(SHIFTS, body).await.ok()["shift"], "id"));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}
