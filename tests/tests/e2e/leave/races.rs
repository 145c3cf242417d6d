//! Many at once: nobody is ever on approved leave and still assigned, on one server and on two.

use futures_util::future::join;
use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Company, Db, Person, Reply, TestApp, on_both_databases};

use super::{ask, asked, named};
use crate::paths::{CHECK_IN, LEAVE, SHIFTS};
use crate::text;

on_both_databases!(
    approved_is_never_assigned,
    a_check_in_and_an_approval_exclude_each_other,
    an_edit_and_an_approval_are_of_one_request,
    of_many_overlapping_requests_one_stands,
);

const ROUNDS: usize = 24;

async fn approved_is_never_assigned(db: Db) {
    let app = TestApp::start(db).await;
    plan_while_approving(&app, [&app, &app]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approved_is_never_assigned_by_two_servers() {
    if !Db::Postgres.is_here() {
        return;
    }
    let app = TestApp::start(Db::Postgres).await;
    let twin = app.twin().await;
    plan_while_approving(&app, [&app, &twin]).await;
}

async fn plan_while_approving(app: &TestApp, servers: [&TestApp; 2]) {
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let (approver, planner) = (acme.owner.at(servers[0]), acme.owner.at(servers[1]));
    let (mut before, mut after) = (0, 0);
    for round in 0..ROUNDS {
        let date = format!("2026-07-{:02}", round + 1);
        let leave = asked(&ann, &date, &date).await;
        let empty = acme.shift(&date, "06:00-08:00", &[]).await;
        let night = acme.shift(&date, "22:00-06:00", &[&ann]).await;
        let approve = patched(&approver, LEAVE, &leave, json!({"status": "approved"}));
        let (approved, (planned, joined)) = join(approve, plan(&planner, round, &date, &empty, &ann)).await;
        let mut unassigned = texts(&approved.ok()["unassignedShiftIds"]);
        let mut wanted = vec![night.clone()];
        let made = if planned.status == 201 { Some(text(&planned.body["shift"], "id")) } else { None };
        match &made {
            // Planned before the approval, which took the person out again.
            Some(shift) => wanted.push(shift.clone()),
            None => assert_eq!(planned.refused(409, "ShiftConflict")["detail"][0]["kind"], "leave"),
        }
        match joined.status {
            200 => wanted.push(empty.clone()),
            _ => assert_eq!(joined.refused(409, "ShiftConflict")["detail"][0]["id"], leave.as_str()),
        }
        before += wanted.len() - 1;
        after += 3 - wanted.len();
        wanted.sort();
        unassigned.sort();
        assert_eq!(unassigned, wanted, "round {round}");
        for shift in [Some(empty), Some(night), made].into_iter().flatten() {
            assert_eq!(named(&acme, &shift).await, [""; 0], "round {round}: on leave and assigned");
        }
    }
    assert_eq!(before + after, 2 * ROUNDS);
}

/// Plans a shift for somebody and puts them into another, in either order.
async fn plan(planner: &Client, round: usize, date: &str, empty: &str, ann: &Person) -> (Reply, Reply) {
    let body = json!({"shiftDate": date, "startTime": "09:00", "endTime": "17:00", "assignedUserIds": [ann.text()]});
    let create = planner.post(SHIFTS, body);
    let update = patched(planner, SHIFTS, empty, json!({"assignedUserIds": [ann.text()]}));
    if round.is_multiple_of(2) {
        join(create, update).await
    } else {
        let (joined, planned) = join(update, create).await;
        (planned, joined)
    }
}

/// Changes a row: a call that can wait beside another.
async fn patched(who: &Client, path: &str, id: &str, body: Json) -> Reply {
    who.patch(&format!("{path}/{id}"), body).await
}

fn texts(list: &Json) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
}

async fn a_check_in_and_an_approval_exclude_each_other(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    for round in 0..8 {
        let ann = acme.employee(&format!("ann{round}")).await;
        // 08:00 in Berlin is now.
        let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
        let leave = asked(&ann, "2026-06-01", "2026-06-02").await;
        let approve = patched(&acme.owner, LEAVE, &leave, json!({"status": "approved"}));
        let (approved, came) = join(approve, ann.post(CHECK_IN, json!({"shiftId": shift}))).await;
        match (approved.status, came.status) {
            (200, 409) => assert_eq!(named(&acme, &shift).await, [""; 0]),
            (409, 201) => {
                approved.refused(409, "AttendanceExists");
                assert_eq!(named(&acme, &shift).await, [ann.text()]);
            }
            other => panic!("round {round}: {other:?}"),
        }
    }
}

/// An approval is of the dates that the request has, whichever of both comes first.
async fn an_edit_and_an_approval_are_of_one_request(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    for round in 0..ROUNDS {
        let (old, new) = (format!("2026-07-{:02}", round + 1), format!("2026-08-{:02}", round + 1));
        let shifts = [acme.shift(&old, "09:00-17:00", &[&ann]).await, acme.shift(&new, "09:00-17:00", &[&ann]).await];
        let leave = asked(&ann, &old, &old).await;
        let approve = patched(&acme.owner, LEAVE, &leave, json!({"status": "approved"}));
        let edit = patched(&ann, LEAVE, &leave, json!({"startDate": new, "endDate": new}));
        let (approved, edited) = join(approve, edit).await;
        let is = ann.get(&format!("{LEAVE}/{leave}")).await.ok()["leaveRequest"].clone();
        match (approved.status, edited.status) {
            (200, 409) => assert_eq!(is["startDate"], old.as_str(), "approved first"),
            (200, 200) => assert_eq!(is["startDate"], new.as_str(), "edited, then approved"),
            // Edited between the look at the request and its approval: whoever approves looks again.
            (409, 200) => {
                approved.refused(409, "ConcurrentChange");
                assert_eq!(is["status"], "pending");
            }
            other => panic!("round {round}: {other:?}"),
        }
        for (shift, date) in shifts.iter().zip([&old, &new]) {
            let off = is["status"] == "approved" && is["startDate"] == date.as_str();
            assert_eq!(named(&acme, shift).await.is_empty(), off, "round {round}: {date} of {is}");
        }
    }
}

async fn of_many_overlapping_requests_one_stands(db: Db) {
    let app = TestApp::start(db).await;
    let acme: Company = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let asks = (0..20).map(|i| {
        let ann = ann.clone();
        async move { ask(&ann, &format!("2026-07-{:02}", 1 + i % 5), "2026-07-10").await }
    });
    let replies = futures_util::future::join_all(asks).await;
    assert_eq!(replies.iter().filter(|r| r.status == 201).count(), 1);
    for reply in replies.into_iter().filter(|r| r.status != 201) {
        reply.refused(409, "LeaveOverlap");
    }
    assert_eq!(ann.get(LEAVE).await.ok()["paging"]["totalRowCount"], 1);
}
