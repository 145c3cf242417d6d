//! Live streams show what their user may see now: what is gone is told, and a stream whose user reaches others, or less, begins
//! anew, at once and on resume.

use serde_json::{Value as Json, json};
use workforceos_tests::{Company, Db, Live, Person, Seen, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, LEAVE, PROFILES, SHIFTS, SWAPS, TASK_ASSIGNMENTS};
use crate::text;

on_both_databases!(
    who_is_taken_off_a_shift_is_told,
    a_changed_team_takes_the_shift_from_its_manager,
    leave_takes_shifts_away_and_gives_them_back,
    a_swap_takes_a_shift_from_its_giver,
    a_new_manager_begins_anew_and_so_does_the_old_one,
    departments_come_and_go,
    a_resume_is_judged_by_present_rights,
    a_resume_after_a_restart_is_judged_alike,
    managers_hear_of_tasks_taken_from_their_reports,
    limited_keys_hear_alerts_of_their_services,
);

const MEMBERS: &str = "/auth-api/v1/usergroupmembers";
const GROUPS: &str = "/auth-api/v1/usergroups";

async fn watch(who: &Person) -> Live {
    let mut live = who.stream("").await;
    live.snapshot().await;
    live
}

/// That an object is gone, with nothing of it but its id.
#[track_caller]
fn assert_gone(event: &Seen, kind: &str, id: &str) {
    assert_eq!((event.kind(), event.data["actorId"].is_null()), (kind, true), "{event:?}");
    assert_eq!(event.data["object"], json!({"id": id, "isActive": false, "withdrawn": true}));
}

fn ids(board: &Json, list: &str) -> Vec<String> {
    board[list].as_array().expect("a list").iter().map(|row| text(row, "id")).collect()
}

async fn change(company: &Company, shift: &str, body: Json) {
    company.owner.patch(&format!("{SHIFTS}/{shift}"), body).await.ok();
}

async fn who_is_taken_off_a_shift_is_told(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (ann, bob, eve) = (ward.employee("ann").await, ward.employee("bob").await, ward.employee("eve").await);
    let crew = ward.department("crew", &[&eve, &bob]).await.to_string();
    let shift = ward.shift("2026-06-01", "09:00-17:00", &[&ann, &bob]).await;
    let [mut owner, mut of_ann, mut of_bob, mut of_eve] =
        [watch(&ward.owner).await, watch(&ann).await, watch(&bob).await, watch(&eve).await];
    change(&ward, &shift, json!({"assignedUserIds": [bob.text()], "location": "Room 7"})).await;
    assert_gone(&of_ann.next().await.expect("open"), "shift.deleted", &shift);
    ann.get(&format!("{SHIFTS}/{shift}")).await.refused(404, "ShiftNotFound");
    for live in [&mut owner, &mut of_bob] {
        let event = live.next().await.expect("open");
        assert_eq!((event.kind(), &event.data["object"]["location"]), ("shift.updated", &json!("Room 7")));
    }
    // From a name to a department: who stays hears the change, who comes hears of the shift.
    change(&ward, &shift, json!({"assignedUserIds": [], "assignedDepartmentIds": [crew]})).await;
    for live in [&mut owner, &mut of_bob, &mut of_eve] {
        assert_eq!(live.next().await.expect("open").kind(), "shift.updated");
    }
    change(&ward, &shift, json!({"assignedUserIds": [eve.text()], "assignedDepartmentIds": []})).await;
    assert_gone(&of_bob.next().await.expect("open"), "shift.deleted", &shift);
    assert_eq!(of_eve.next().await.expect("open").kind(), "shift.updated");
    // Whom it never concerned hears nothing, and a deleted shift is told as ever.
    ward.owner.delete(&format!("{SHIFTS}/{shift}")).await.ok();
    let end = ward.shift("2026-06-02", "09:00-17:00", &[&ann, &bob, &eve]).await;
    for live in [&mut of_ann, &mut of_bob] {
        assert_eq!(live.next().await.expect("open").object_id(), end);
    }
    let deleted = of_eve.next().await.expect("open");
    assert_eq!((deleted.kind(), &deleted.data["object"]["startTime"]), ("shift.deleted", &json!("09:00")));
}

/// A manager sees shifts whose people are all reports (§5).
async fn a_changed_team_takes_the_shift_from_its_manager(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (ann, zoe, mia) = (ward.employee("ann").await, ward.employee("zoe").await, ward.employee("mia").await);
    ward.manager_of(&mia, &[&ann]).await;
    let shift = ward.shift("2026-06-01", "09:00-17:00", &[&ann]).await;
    let mut live = watch(&mia).await;
    change(&ward, &shift, json!({"assignedUserIds": [ann.text(), zoe.text()]})).await;
    assert_gone(&live.next().await.expect("open"), "shift.deleted", &shift);
    mia.get(&format!("{SHIFTS}/{shift}")).await.refused(404, "ShiftNotFound");
    change(&ward, &shift, json!({"assignedUserIds": [ann.text()]})).await;
    assert_eq!(live.next().await.expect("open").kind(), "shift.updated");
}

async fn leave_takes_shifts_away_and_gives_them_back(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (ann, bob) = (ward.employee("ann").await, ward.employee("bob").await);
    let crew = ward.department("crew", &[&ann, &bob]).await.to_string();
    let through = async |times: &str| {
        let (start, end) = times.split_once('-').expect("two times");
        let body = json!({"shiftDate": "2026-06-02", "startTime": start, "endTime": end, "assignedDepartmentIds": [crew]});
        text(&ward.owner.post(SHIFTS, body).await.ok()["shift"], "id")
    };
    let by_name = ward.shift("2026-06-02", "06:00-08:00", &[&ann]).await;
    let of_crew = through("09:00-17:00").await;
    let body = json!({"leaveType": "annual", "startDate": "2026-06-02", "endDate": "2026-06-02"});
    let leave = text(&ann.post(LEAVE, body).await.ok()["leaveRequest"], "id");
    let (mut of_ann, mut of_bob) = (watch(&ann).await, watch(&bob).await);
    ward.owner.patch(&format!("{LEAVE}/{leave}"), json!({"status": "approved"})).await.ok();
    let seen = of_ann.until_object(&of_crew).await;
    assert_eq!(seen[0].kind(), "leave.approved");
    assert_gone(&seen[1], "shift.deleted", &by_name);
    assert_gone(&seen[2], "shift.deleted", &of_crew);
    let event = of_bob.next().await.expect("open");
    assert_eq!((event.kind(), event.object_id()), ("shift.updated", of_crew.as_str()));
    // What the crew gets meanwhile is not theirs who are away.
    let more = through("18:00-20:00").await;
    assert_eq!(of_bob.next().await.expect("open").object_id(), more);
    ward.owner.patch(&format!("{LEAVE}/{leave}"), json!({"status": "cancelled"})).await.ok();
    let seen = of_ann.until(|event| event.object_id() == more).await;
    let told: Vec<(&str, &str)> = seen.iter().map(|e| (e.kind(), e.object_id())).collect();
    let decision = ("alert.raised", seen[0].object_id());
    let back = [("shift.updated", of_crew.as_str()), ("shift.updated", more.as_str())];
    assert_eq!(told[0], decision, "what was said about the leave before");
    assert_eq!(told[told.len() - 3], ("leave.cancelled", leave.as_str()));
    let mut last: Vec<(&str, &str)> = told[told.len() - 2..].to_vec();
    last.sort_by_key(|(_, id)| back.iter().position(|b| b.1 == *id));
    assert_eq!(last, back);
    let end = ward.shift("2026-06-03", "09:00-17:00", &[&bob]).await;
    assert_eq!(of_bob.until_object(&end).await.len(), 1, "who was there all the time hears nothing of it");
}

async fn a_swap_takes_a_shift_from_its_giver(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (ann, bob) = (ward.employee("ann").await, ward.employee("bob").await);
    let shift = ward.shift("2026-06-02", "09:00-17:00", &[&ann]).await;
    let body = json!({"shiftId": shift, "colleagueId": bob.text()});
    let swap = text(&ann.post(SWAPS, body).await.ok()["shiftSwap"], "id");
    let (mut of_ann, mut of_bob) = (watch(&ann).await, watch(&bob).await);
    ward.owner.patch(&format!("{SWAPS}/{swap}"), json!({"status": "approved"})).await.ok();
    assert_eq!(of_ann.next().await.expect("open").kind(), "shift.swapDecided");
    assert_gone(&of_ann.next().await.expect("open"), "shift.deleted", &shift);
    assert_eq!(of_bob.until_object(&shift).await.last().expect("one").kind(), "shift.updated");
}

/// Somebody's profile as the owner finds it.
async fn profile_of(company: &Company, who: &Person) -> String {
    let found = company.owner.get(&format!("{PROFILES}?userId={}", who.text())).await.ok();
    text(&found["employeeProfiles"][0], "id")
}

async fn a_new_manager_begins_anew_and_so_does_the_old_one(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (ann, zoe, mia, max) =
        (ward.employee("ann").await, ward.employee("zoe").await, ward.employee("mia").await, ward.employee("max").await);
    ward.manager_of(&mia, &[&ann, &zoe]).await;
    let shift = ward.shift("2026-06-01", "06:00-14:00", &[&ann]).await;
    let record = text(&ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id");
    let (mut old, mut new, mut own) = (watch(&mia).await, watch(&max).await, watch(&ann).await);
    let profile = profile_of(&ward, &ann).await;
    // What leaves the manager alone begins nothing anew.
    ward.owner.patch(&format!("{PROFILES}/{profile}"), json!({"position": "Head nurse"})).await.ok();
    for live in [&mut old, &mut own] {
        assert_eq!(live.next().await.expect("open").kind(), "profile.updated");
    }
    ward.owner.patch(&format!("{PROFILES}/{profile}"), json!({"managerId": max.text()})).await.ok();
    assert_gone(&old.next().await.expect("open"), "profile.deleted", &profile);
    let board = old.begins_anew().await;
    assert_eq!((ids(&board, "shifts"), ids(&board, "attendanceRecords")), (vec![], vec![]));
    assert_eq!(new.next().await.expect("open").kind(), "profile.updated");
    let board = new.begins_anew().await;
    assert_eq!((ids(&board, "shifts"), ids(&board, "attendanceRecords")), (vec![shift], vec![record]));
    assert_eq!(own.next().await.expect("open").kind(), "profile.updated");
    // From here on the one hears of the report's rows, the other does not.
    let next = ward.shift("2026-06-02", "09:00-17:00", &[&ann]).await;
    let of_zoe = ward.shift("2026-06-03", "09:00-17:00", &[&zoe]).await;
    assert_eq!(new.next().await.expect("open").object_id(), next);
    assert_eq!(old.next().await.expect("open").object_id(), of_zoe);
    // Without a profile there is no manager.
    ward.owner.delete(&format!("{PROFILES}/{profile}")).await.ok();
    assert_eq!(new.next().await.expect("open").kind(), "profile.deleted");
    assert!(ids(&new.begins_anew().await, "shifts").is_empty());
}

async fn departments_come_and_go(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (ann, bob, zoe, mia) =
        (ward.employee("ann").await, ward.employee("bob").await, ward.employee("zoe").await, ward.employee("mia").await);
    ward.manager_of(&mia, &[&ann, &bob]).await;
    let crew = ward.department("crew", &[&bob]).await.to_string();
    let body = json!({"shiftDate": "2026-06-01", "startTime": "09:00", "endTime": "17:00", "assignedDepartmentIds": [crew]});
    let shift = text(&ward.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    let [mut of_ann, mut of_bob, mut of_mia] = [watch(&ann).await, watch(&bob).await, watch(&mia).await];
    let join = async |who: &Person| {
        let told = ward.owner.post(MEMBERS, json!({"groupId": crew, "userId": who.text()})).await.ok();
        text(&told["userGroupMember"], "id")
    };
    let member = join(&ann).await;
    assert_eq!(ids(&of_ann.begins_anew().await, "shifts"), std::slice::from_ref(&shift));
    // With somebody else's report among them the crew's shifts are not the manager's to see.
    let stranger = join(&zoe).await;
    assert_eq!(ids(&of_mia.begins_anew().await, "shifts"), [""; 0]);
    ward.owner.delete(&format!("{MEMBERS}/{stranger}")).await.ok();
    assert_eq!(ids(&of_mia.begins_anew().await, "shifts"), std::slice::from_ref(&shift));
    ward.owner.delete(&format!("{MEMBERS}/{member}")).await.ok();
    assert_eq!(ids(&of_ann.begins_anew().await, "shifts"), [""; 0]);
    ward.owner.delete(&format!("{GROUPS}/{crew}")).await.ok();
    assert_eq!(ids(&of_bob.begins_anew().await, "shifts"), [""; 0], "no department, no shift");
    let end = ward.shift("2026-06-02", "09:00-17:00", &[&bob]).await;
    assert_eq!(of_bob.until_object(&end).await.len(), 1, "who stayed was left alone until then");
}

/// A former manager, and somebody who was taken off a shift, resume from before: from memory, or after a restart.
async fn resumes(mut app: TestApp, restart: bool) {
    let ward = app.company("ward", "UTC").await;
    let (ann, bob, zoe, mia) =
        (ward.employee("ann").await, ward.employee("bob").await, ward.employee("zoe").await, ward.employee("mia").await);
    ward.manager_of(&mia, &[&ann, &zoe]).await;
    let first = ward.shift("2026-06-01", "06:00-14:00", &[&ann, &bob, &mia, &ward.owner]).await;
    let mut live = watch(&ward.owner).await;
    let second = ward.shift("2026-06-02", "06:00-14:00", &[&ann, &zoe]).await;
    let position = live.until_object(&second).await.pop().and_then(|event| event.id).expect("a position");
    let body = json!({"shiftId": first, "userId": ann.text(), "managerNote": "came by taxi"});
    mia.post(CHECK_IN, body).await.ok();
    change(&ward, &first, json!({"assignedUserIds": [ann.text(), mia.text()]})).await;
    let profile = profile_of(&ward, &ann).await;
    ward.owner.patch(&format!("{PROFILES}/{profile}"), json!({"managerId": null})).await.ok();
    let last = ward.shift("2026-06-03", "06:00-14:00", &[&zoe, &bob]).await;
    let after = live.until_object(&last).await.pop().and_then(|event| event.id).expect("a position");
    drop(live);
    if restart {
        app.restart().await;
    }
    for who in [&mia, &bob] {
        let mut resumed = who.stream_after("", Some(position)).await;
        let board = resumed.begins_anew().await;
        assert!(ids(&board, "attendanceRecords").is_empty(), "{board}");
        // And on it goes.
        let more = ward.shift("2026-06-04", "06:00-14:00", &[who]).await;
        resumed.next_is(&more).await;
        ward.owner.delete(&format!("{SHIFTS}/{more}")).await.ok();
    }
    // Who lost nothing goes on where they were, and so does a former manager from after it.
    let seen = zoe.stream_after("", Some(position)).await.until_object(&last).await;
    assert_eq!(seen.iter().map(Seen::object_id).collect::<Vec<_>>(), [last.as_str()]);
    let mut owner = ward.owner.stream_after("", Some(position)).await;
    assert_eq!(owner.next().await.expect("open").kind(), "attendance.checkedIn");
    let more = ward.shift("2026-06-05", "06:00-14:00", &[&mia]).await;
    let seen = mia.stream_after("", Some(after)).await.until_object(&more).await;
    assert_eq!(seen.iter().map(Seen::kind).collect::<Vec<_>>(), ["shift.created", "shift.deleted", "shift.created"]);
}

async fn a_resume_is_judged_by_present_rights(db: Db) {
    resumes(TestApp::start(db).await, false).await;
}

async fn a_resume_after_a_restart_is_judged_alike(db: Db) {
    resumes(TestApp::start(db).await, true).await;
}

async fn managers_hear_of_tasks_taken_from_their_reports(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (ann, bob, mia) = (ward.employee("ann").await, ward.employee("bob").await, ward.employee("mia").await);
    ward.manager_of(&mia, &[&ann]).await;
    let body = json!({"title": "Count", "assigneeUserIds": [ann.text(), bob.text()]});
    let task = text(&ward.owner.post(TASK_ASSIGNMENTS, body).await.ok()["taskAssignment"], "id");
    let (mut of_ann, mut of_mia) = (watch(&ann).await, watch(&mia).await);
    ward.owner.patch(&format!("{TASK_ASSIGNMENTS}/{task}"), json!({"assigneeUserIds": [bob.text()]})).await.ok();
    assert_eq!(of_ann.next().await.expect("open").kind(), "task.cancelled");
    let event = of_mia.next().await.expect("open");
    assert_eq!((event.kind(), &event.data["object"]["assigneeUserIds"]), ("task.updated", &json!([bob.text()])));
}

/// An alert is about something of a service: a key that is good for that service hears of it.
async fn limited_keys_hear_alerts_of_their_services(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let ann = ward.employee("ann").await;
    let keyed = async |services: &[&str]| {
        let made = ann.post("/auth-api/v1/apikeys", json!({"name": services.join(" "), "services": services})).await.ok();
        ann.with_token(&text(&made, "key"))
    };
    let (leave, attendance) = (keyed(&["leaveManagement"]).await, keyed(&["attendanceManagement"]).await);
    let payroll = keyed(&["payrollReporting"]).await;
    let mut of_leave = leave.stream("alerts").await;
    let (mut of_attendance, mut of_all) = (attendance.stream("").await, ann.stream("alerts").await);
    for live in [&mut of_leave, &mut of_attendance, &mut of_all] {
        live.snapshot().await;
    }
    payroll.get("/realtime-api/v1/stream?topics=alerts").await.refused(403, "Forbidden");
    let body = json!({"leaveType": "annual", "startDate": "2026-07-01", "endDate": "2026-07-01"});
    let asked = text(&ann.post(LEAVE, body.clone()).await.ok()["leaveRequest"], "id");
    ward.owner.patch(&format!("{LEAVE}/{asked}"), json!({"status": "rejected"})).await.ok();
    let shift = ward.shift("2026-06-01", "06:00-07:00", &[&ann]).await;
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    app.sweep_at(workforceos_tests::time::at("2026-06-01T08:00:00Z")).await;
    let about = |event: &Seen| event.data["object"]["alertType"].as_str().unwrap_or_default().to_owned();
    let told = of_all.until(|event| about(event) == "missing_checkout").await;
    assert_eq!(told.iter().map(about).collect::<Vec<_>>(), ["leave_decision", "missing_checkout"]);
    assert_eq!(about(&of_leave.next().await.expect("open")), "leave_decision");
    let seen = of_attendance.until(|event| event.kind() == "alert.raised").await;
    let told: Vec<String> = seen.iter().filter(|e| e.kind() == "alert.raised").map(about).collect();
    assert_eq!(told, ["missing_checkout"], "{seen:?}");
    let again = text(&ann.post(LEAVE, body).await.ok()["leaveRequest"], "id");
    ward.owner.patch(&format!("{LEAVE}/{again}"), json!({"status": "rejected"})).await.ok();
    assert_eq!(about(&of_leave.next().await.expect("open")), "leave_decision", "nothing in between");
}
