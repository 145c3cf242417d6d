//! Plans beside other plans, new shifts, claims and leave: nobody is at two places at once, and no place is given twice.

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use workforceos_core::time::Timestamp;
use workforceos_tests::time::at;
use workforceos_tests::{Client, Company, Db, Person, Reply, TestApp, on_both_databases};

use super::{PLAN_WEEK, asked, open_shift};
use crate::paths::{LEAVE, SHIFTS};
use crate::text;

on_both_databases!(plans_beside_everything_else_keep_the_rules);

async fn plans_beside_everything_else_keep_the_rules(db: Db) {
    let app = TestApp::start(db).await;
    all_at_once(&app, &[&app]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plans_on_two_servers_keep_the_rules() {
    if !Db::Postgres.is_here() {
        return;
    }
    let app = TestApp::start(Db::Postgres).await;
    let twin = app.twin().await;
    all_at_once(&app, &[&app, &twin]).await;
}

const DATES: [&str; 5] = ["2026-06-15", "2026-06-16", "2026-06-17", "2026-06-18", "2026-06-19"];

async fn all_at_once(app: &TestApp, servers: &[&TestApp]) {
    let acme = app.company("acme", "UTC").await;
    let mia = acme.employee("mia").await;
    let mut people = Vec::new();
    for i in 0..8 {
        people.push(acme.employee(&format!("p{i}")).await);
    }
    acme.manager_of(&mia, &people.iter().collect::<Vec<_>>()).await;
    let crew = acme.department("crew", &people.iter().collect::<Vec<_>>()).await.to_string();
    let mut open = Vec::new();
    for date in DATES {
        for times in ["06:00-14:00", "14:00-22:00"] {
            open.push(open_shift(&acme, &crew, date, times, 3).await);
        }
    }
    let mut requests = Vec::new();
    for (i, who) in people.iter().enumerate() {
        let day = DATES[i % DATES.len()];
        let body = json!({"leaveType": "annual", "startDate": day, "endDate": day});
        requests.push(text(&who.post(LEAVE, body).await.ok()["leaveRequest"], "id"));
    }
    let owners: Vec<Client> = servers.iter().map(|server| acme.owner.at(server)).collect();
    let owner = |i: usize| &owners[i % owners.len()];
    let plans = (0..12).map(|i| owner(i).post(PLAN_WEEK, asked(&crew, DATES[0], json!({"dryRun": false}))));
    let shifts = (0..24).map(|i| {
        let who = &people[i % people.len()];
        let (start, end) = [("05:00", "07:00"), ("13:00", "15:00"), ("21:00", "23:00")][i % 3];
        let body = json!({"shiftDate": DATES[i % 5], "startTime": start, "endTime": end, "assignedUserIds": [who.text()]});
        owner(i).post(SHIFTS, body)
    });
    let leave = requests
        .iter()
        .enumerate()
        .map(|(i, request)| async move { owner(i).patch(&format!("{LEAVE}/{request}"), json!({"status": "approved"})).await });
    let claims = people.iter().enumerate().map(|(i, who)| {
        let (who, shift) = (who.at(servers[i % servers.len()]), &open[i % open.len()]);
        async move { who.post(&format!("{SHIFTS}/{shift}/claim"), json!({})).await }
    });
    let (plans, shifts, leave, claims) =
        futures_util::join!(join_all(plans), join_all(shifts), join_all(leave), join_all(claims));
    let ok = |replies: &[Reply]| replies.iter().filter(|r| r.status < 300).count();
    assert_eq!(ok(&leave), people.len(), "{:?}", leave.iter().map(|r| r.status).collect::<Vec<_>>());
    for reply in plans.iter().chain(&shifts).chain(&claims).filter(|r| r.status >= 300) {
        let code = reply.body["errCode"].as_str().unwrap_or_default();
        let expected = ["ConcurrentChange", "ShiftConflict", "ShiftNotOpen", "AlreadyExists", "RestTooShort"];
        assert!(reply.status == 409 && expected.contains(&code), "{}", reply.text);
    }
    // What was free once all is quiet is filled as far as it goes, and then nothing is left to do.
    let settled = acme.owner.post(PLAN_WEEK, asked(&crew, DATES[0], json!({"dryRun": false}))).await.ok();
    let again = acme.owner.post(PLAN_WEEK, asked(&crew, DATES[0], json!({"dryRun": false}))).await.ok();
    assert_eq!((&again["weekPlan"]["filled"], &again["weekPlan"]["places"]), (&json!(0), &settled["weekPlan"]["unfilledPlaces"]));
    check(&acme, &people, &requests).await;
}

/// Nobody has two shifts at once or one on a day off, and no shift has more people than it needs.
async fn check(acme: &Company, people: &[Person], requests: &[String]) {
    let shifts = acme.owner.get(&format!("{SHIFTS}?pageRowCount=200")).await.ok()["shifts"].clone();
    let shifts = shifts.as_array().expect("shifts");
    let assigned =
        |shift: &Json, who: &Person| shift["assignedUserIds"].as_array().is_some_and(|ids| ids.contains(&json!(who.text())));
    for (i, who) in people.iter().enumerate() {
        let own: Vec<&Json> = shifts.iter().filter(|shift| assigned(shift, who)).collect();
        let mut spans: Vec<(Timestamp, Timestamp)> =
            own.iter().map(|s| (at(&text(s, "startsAt")), at(&text(s, "endsAt")))).collect();
        spans.sort();
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{} is at two places: {spans:?}", who.email);
        let leave = acme.owner.get(&format!("{LEAVE}/{}", requests[i])).await.ok()["leaveRequest"].clone();
        assert!(own.iter().all(|shift| shift["shiftDate"] != leave["startDate"]), "{} is on leave", who.email);
    }
    for shift in shifts {
        let count = shift["assignedUserIds"].as_array().map_or(0, Vec::len) as i64;
        assert!(count <= shift["neededCount"].as_i64().expect("a number"), "{shift}");
    }
}
