//! Who decides, and what a decision does to the schedule.

use serde_json::json;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{ask_part, asked, change, decide, named};
use crate::paths::{CHECK_IN, LEAVE, MARK_ABSENT, SHIFTS};
use crate::text;

on_both_databases!(
    the_manager_and_admins_decide_and_nobody_the_own,
    states_follow_one_another,
    approval_takes_the_person_out_of_the_shifts,
    half_days_leave_shifts_alone,
    who_has_checked_in_is_not_on_leave,
    cancelling_gives_back_what_comes_through_departments,
    a_decision_is_repeated_without_effect,
);

async fn the_manager_and_admins_decide_and_nobody_the_own(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let [ann, mia, max, zoe] =
        [acme.employee("ann").await, acme.employee("mia").await, acme.employee("max").await, acme.employee("zoe").await];
    let eve = acme.admin("eve").await;
    acme.manager_of(&mia, &[&ann]).await;
    acme.manager_of(&max, &[&mia]).await;
    let of_ann = asked(&ann, "2026-07-01", "2026-07-01").await;
    for status in ["approved", "rejected"] {
        decide(&ann, &of_ann, status).await.refused(403, "Forbidden");
        // A manager's manager does not reach the request, and neither does anybody else.
        for stranger in [&max, &zoe] {
            decide(stranger, &of_ann, status).await.refused(404, "LeaveRequestNotFound");
        }
    }
    decide(&mia, &of_ann, "approved").await.ok();
    decide(&ann, &of_ann, "cancelled").await.refused(403, "Forbidden");
    // A manager's own request is the manager's manager's, an admin's another admin's.
    let of_mia = asked(&mia, "2026-07-01", "2026-07-01").await;
    decide(&mia, &of_mia, "approved").await.refused(403, "Forbidden");
    decide(&max, &of_mia, "approved").await.ok();
    let of_eve = asked(&eve, "2026-07-01", "2026-07-01").await;
    for body in [json!({"status": "approved"}), json!({"status": "rejected"}), json!({"decisionNote": "fine"})] {
        change(&eve, &of_eve, body).await.refused(403, "Forbidden");
    }
    decide(&acme.owner, &of_eve, "approved").await.ok();
    decide(&eve, &of_eve, "cancelled").await.refused(403, "Forbidden");
    // Nobody stands above the owner.
    let of_owner = asked(&acme.owner, "2026-07-01", "2026-07-01").await;
    let told = decide(&acme.owner, &of_owner, "approved").await.ok()["leaveRequest"].clone();
    assert_eq!(text(&told, "approverId"), acme.owner.text());
    decide(&acme.owner, &of_owner, "cancelled").await.ok();
    let again = asked(&acme.owner, "2026-07-01", "2026-07-01").await;
    decide(&eve, &again, "rejected").await.ok();
    // So does a root admin who acts on the company.
    let root = app.super_admin().await.claiming("acme");
    let third = asked(&zoe, "2026-07-01", "2026-07-01").await;
    root.patch(&format!("{LEAVE}/{third}"), json!({"status": "approved"})).await.ok();
}

async fn states_follow_one_another(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let states = ["pending", "approved", "rejected", "cancelled"];
    let allowed = [("pending", "approved"), ("pending", "rejected"), ("pending", "cancelled"), ("approved", "cancelled")];
    let mut number = 0;
    for from in states {
        for to in states.into_iter().filter(|to| *to != from) {
            number += 1;
            let date = format!("2026-07-{number:02}");
            let id = asked(&ann, &date, &date).await;
            if from != "pending" {
                decide(&mia, &id, from).await.ok();
            }
            let told = decide(&mia, &id, to).await;
            if allowed.contains(&(from, to)) {
                told.ok();
            } else {
                told.refused(409, "InvalidState");
                let is = ann.get(&format!("{LEAVE}/{id}")).await.ok();
                assert_eq!(is["leaveRequest"]["status"], from, "{from} to {to}");
            }
        }
    }
    assert_eq!(
        change(&mia, &asked(&ann, "2026-08-01", "2026-08-01").await, json!({"status": "maybe"})).await.bad_fields(),
        ["status"]
    );
}

async fn approval_takes_the_person_out_of_the_shifts(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "Europe/Berlin").await;
    let (ann, bob) = (ward.employee("ann").await, ward.employee("bob").await);
    // The night before stays, the last night goes although it ends a day later.
    let before = ward.shift("2026-07-05", "22:00-06:00", &[&ann]).await;
    let first = ward.shift("2026-07-06", "09:00-17:00", &[&ann, &bob]).await;
    let last = ward.shift("2026-07-08", "22:00-06:00", &[&ann]).await;
    let after = ward.shift("2026-07-09", "09:00-17:00", &[&ann]).await;
    let called_off = ward.shift("2026-07-07", "09:00-17:00", &[&ann]).await;
    ward.owner.patch(&format!("{SHIFTS}/{called_off}"), json!({"status": "cancelled"})).await.ok();
    let done = ward.shift("2026-07-07", "18:00-19:00", &[&ann]).await;
    ward.owner.patch(&format!("{SHIFTS}/{done}"), json!({"status": "completed"})).await.ok();

    let mut live = ward.owner.stream("leave,schedule").await;
    live.snapshot().await;
    let leave = asked(&ann, "2026-07-06", "2026-07-08").await;
    let told = decide(&ward.owner, &leave, "approved").await.ok();
    assert_eq!(told["unassignedShiftIds"], json!([first, last]));
    assert_eq!(named(&ward, &first).await, [bob.text()]);
    assert_eq!(named(&ward, &last).await, [""; 0]);
    for untouched in [&before, &after, &called_off, &done] {
        assert_eq!(named(&ward, untouched).await, [ann.text()]);
    }
    // One commit: its events stand side by side.
    let seen = live.until_object(&last).await;
    let tail: Vec<(&str, &str)> = seen[seen.len() - 3..].iter().map(|e| (e.kind(), e.object_id())).collect();
    assert_eq!(tail, [("leave.approved", leave.as_str()), ("shift.updated", &first), ("shift.updated", &last)]);
    let ids: Vec<i64> = seen[seen.len() - 3..].iter().filter_map(|e| e.id).collect();
    assert_eq!(ids, [ids[0], ids[0] + 1, ids[0] + 2]);
    // On leave one cannot be planned, nor brought back with a shift that was called off.
    let conflict = ward.plan("2026-07-07", "09:00-17:00", &[&ann]).await.refused(409, "ShiftConflict");
    assert_eq!((&conflict["detail"][0]["kind"], &conflict["detail"][0]["id"]), (&json!("leave"), &json!(leave)));
    ward.owner.patch(&format!("{SHIFTS}/{called_off}"), json!({"status": "scheduled"})).await.refused(409, "ShiftConflict");
    // Whoever is rejected stays where they are.
    let shift = ward.shift("2026-07-20", "09:00-17:00", &[&bob]).await;
    let rejected = decide(&ward.owner, &asked(&bob, "2026-07-20", "2026-07-20").await, "rejected").await.ok();
    assert_eq!(rejected["unassignedShiftIds"], json!([]));
    assert_eq!(named(&ward, &shift).await, [bob.text()]);
}

async fn half_days_leave_shifts_alone(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "Europe/Berlin").await;
    let ann = ward.employee("ann").await;
    let shift = ward.shift("2026-07-06", "09:00-17:00", &[&ann]).await;
    let half = text(&ask_part(&ann, "2026-07-06", "secondHalf").await.ok()["leaveRequest"], "id");
    assert_eq!(decide(&ward.owner, &half, "approved").await.ok()["unassignedShiftIds"], json!([]));
    assert_eq!(named(&ward, &shift).await, [ann.text()]);
    ward.shift("2026-07-06", "18:00-20:00", &[&ann]).await;
    // One comes, and may go in the middle.
    app.set("2026-07-06T07:00:00Z");
    let mut ann = ann;
    ann.log_in().await;
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    // Half a day off and a check-in go together.
    let mut owner = ward.owner.clone();
    owner.log_in().await;
    change(&owner, &half, json!({"status": "cancelled"})).await.ok();
    let again = text(&ask_part(&ann, "2026-07-06", "secondHalf").await.ok()["leaveRequest"], "id");
    change(&owner, &again, json!({"status": "approved"})).await.ok();
}

async fn who_has_checked_in_is_not_on_leave(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "Europe/Berlin").await;
    let (ann, bob) = (ward.employee("ann").await, ward.employee("bob").await);
    let shift = ward.shift("2026-06-01", "08:00-16:00", &[&ann, &bob]).await;
    let later = ward.shift("2026-06-02", "08:00-16:00", &[&ann]).await;
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    let leave = asked(&ann, "2026-06-01", "2026-06-03").await;
    let told = decide(&ward.owner, &leave, "approved").await.refused(409, "AttendanceExists");
    assert_eq!(told["detail"]["shiftId"], shift.as_str());
    assert_eq!(named(&ward, &later).await, [ann.text()], "nothing of it is done");
    // The rest is granted once the request leaves that day out.
    change(&ann, &leave, json!({"startDate": "2026-06-02"})).await.ok();
    assert_eq!(decide(&ward.owner, &leave, "approved").await.ok()["unassignedShiftIds"], json!([later]));
    // Marked absent is not checked in.
    ward.owner.post(MARK_ABSENT, json!({"shiftId": shift, "userId": bob.text()})).await.ok();
    let sick = asked(&bob, "2026-06-01", "2026-06-01").await;
    assert_eq!(decide(&ward.owner, &sick, "approved").await.ok()["unassignedShiftIds"], json!([shift]));
    assert_eq!(named(&ward, &shift).await, [ann.text()]);
}

async fn cancelling_gives_back_what_comes_through_departments(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "Europe/Berlin").await;
    let (ann, mia) = (ward.employee("ann").await, ward.employee("mia").await);
    ward.manager_of(&mia, &[&ann]).await;
    let crew = ward.department("crew", &[&ann]).await.to_string();
    let by_name = ward.shift("2026-07-06", "06:00-08:00", &[&ann]).await;
    let through = |start: &str, end: &str| {
        let body = json!({"shiftDate": "2026-07-06", "startTime": start, "endTime": end, "assignedDepartmentIds": [crew]});
        let owner = ward.owner.clone();
        async move { text(&owner.post(SHIFTS, body).await.ok()["shift"], "id") }
    };
    let department = through("09:00", "17:00").await;
    let leave = asked(&ann, "2026-07-06", "2026-07-06").await;
    let told = decide(&mia, &leave, "approved").await.ok();
    assert_eq!(told["unassignedShiftIds"], json!([by_name, department]));
    // While the person is away the crew can be planned twice: nobody of it is left.
    let second = through("12:00", "20:00").await;
    let mut live = mia.stream("alerts").await;
    live.snapshot().await;
    decide(&ward.owner, &leave, "cancelled").await.ok();
    assert_eq!(named(&ward, &by_name).await, [""; 0]);
    let conflict = ward.plan("2026-07-06", "10:00-11:00", &[&ann]).await.refused(409, "ShiftConflict");
    let mut rivals: Vec<String> = conflict["detail"].as_array().expect("a list").iter().map(|c| text(c, "id")).collect();
    rivals.sort();
    assert_eq!(rivals, std::slice::from_ref(&department), "assigned through the department again");
    let alert = live.next().await.expect("an alert").data["object"].clone();
    assert_eq!((&alert["alertType"], &alert["relatedEntityId"]), (&json!("shift_conflict"), &json!(leave)));
    let message = text(&alert, "message");
    assert!(message.contains("of 2026-07-06 from 12:00 to 20:00") && !message.contains(&department), "{message}");
    assert!(!message.contains(&second) && message.starts_with("ann is planned twice at a time since the leave"), "{message}");
}

async fn a_decision_is_repeated_without_effect(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-07-01", "09:00-17:00", &[&ann]).await;
    let id = asked(&ann, "2026-07-01", "2026-07-01").await;
    let first = decide(&acme.owner, &id, "approved").await.ok();
    assert_eq!(first["unassignedShiftIds"], json!([shift]));
    let again = decide(&acme.owner, &id, "approved").await.ok();
    assert_eq!((&again["leaveRequest"], &again["unassignedShiftIds"]), (&first["leaveRequest"], &json!([])));
    // A note may follow.
    let noted =
        change(&acme.owner, &id, json!({"status": "approved", "decisionNote": "Enjoy"})).await.ok()["leaveRequest"].clone();
    assert_eq!((&noted["decisionNote"], &noted["recordVersion"]), (&json!("Enjoy"), &json!(3)));
    // The same call with its key answers the same.
    let keyed = acme.owner.with_key("approve");
    let other = asked(&ann, "2026-07-02", "2026-07-02").await;
    let path = format!("{LEAVE}/{other}");
    let first = keyed.patch(&path, json!({"status": "approved"})).await.ok();
    assert_eq!(keyed.patch(&path, json!({"status": "approved"})).await.ok()["leaveRequest"], first["leaveRequest"]);
}
