//! Who gets a task: at first, and when the recipients change.

use serde_json::json;
use workforceos_core::objects::DayPart;
use workforceos_services::auth::purge_archived;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{assigned, completed, own, patched, set, standing, whole};
use crate::paths::{MY_TASK, MY_TASKS, TASK_ASSIGNMENTS, TASKS};
use crate::text;

on_both_databases!(
    everybody_named_in_any_way_gets_one_task,
    later_recipients_get_tasks_and_former_ones_lose_pending_ones,
    who_comes_back_gets_the_cancelled_task_back,
    changes_reach_pending_tasks_without_a_value_of_their_own,
    cancelling_and_reopening_an_assignment,
    deleting_an_assignment,
    nobody_and_unknown_people_are_refused_at_once,
    a_single_task_joins_the_assignment,
    tasks_of_the_deleted_are_cancelled,
    tasks_of_the_purged_are_cancelled_and_told_to_nobody,
);

async fn everybody_named_in_any_way_gets_one_task(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await, acme.employee("dan").await];
    let [ann, bob, cid, dan] = &people;
    let (crew, night) = (acme.department("crew", &[ann, bob]).await, acme.department("night", &[bob, cid]).await);
    acme.leave(bob, day("2026-06-10"), day("2026-06-10"), DayPart::Full).await;
    let shift = acme.shift("2026-06-10", "09:00-17:00", &[ann, dan]).await;
    let body = json!({"title": "Count the linen", "description": "All of it", "dueTime": "2026-06-10T18:00:00+02:00",
        "status": "cancelled", "assigneeUserIds": [ann.text(), ann.text()],
        "assignedDepartmentIds": [crew.to_string(), night.to_string()], "shiftId": shift});
    let made = acme.owner.post(TASK_ASSIGNMENTS, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.ok()["taskAssignment"].clone();
    assert_eq!(
        (&made["status"], &made["status_idx"], &made["assignerId"]),
        (&json!("active"), &json!(0), &json!(acme.owner.text()))
    );
    let id = text(&made, "id");
    assert_eq!(standing(&acme.owner, &id, &[ann, bob, cid, dan]).await, ["pending"; 4], "each once, however often named");
    for person in &people {
        let task = own(person, &id).await;
        assert_eq!(
            (&task["title"], &task["description"], &task["dueTime"]),
            (&made["title"], &made["description"], &made["dueTime"])
        );
        assert_eq!(task["dueTime"], "2026-06-10T16:00:00.000Z");
        let joined = &task["taskAssignment"];
        for name in [
            "title",
            "description",
            "dueTime",
            "status",
            "status_idx",
            "assignerId",
            "assigneeUserIds",
            "assignedDepartmentIds",
            "shiftId",
            "isActive",
            "createdAt",
            "updatedAt",
        ] {
            assert_eq!(joined[name], made[name], "{name} of the assignment joined");
        }
        let one = person.get(&format!("{MY_TASK}/{}", text(&task, "id"))).await.ok();
        assert_eq!(one["individualTask"]["taskAssignment"]["assigneeUserIds"], json!([ann.text()]));
    }
    // Through a department whoever is on leave that day is not at the shift.
    let body = json!({"shiftDate": "2026-06-10", "startTime": "18:00", "endTime": "20:00", "assignedDepartmentIds": [night.to_string()]});
    let shift = text(&acme.owner.post("/schedulemanagement-api/v1/shifts", body).await.ok()["shift"], "id");
    let body = json!({"title": "Lock up", "shiftId": shift});
    let id = text(&acme.owner.post(TASK_ASSIGNMENTS, body).await.ok()["taskAssignment"], "id");
    assert_eq!(standing(&acme.owner, &id, &[ann, bob, cid, dan]).await, ["", "", "pending", ""]);
}

async fn later_recipients_get_tasks_and_former_ones_lose_pending_ones(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await, acme.employee("dan").await];
    let [ann, bob, cid, dan] = &people;
    let id = assigned(&acme.owner, &[ann, bob, cid]).await;
    let anns = completed(ann, &id).await;
    let bobs = own(bob, &id).await;
    // Ann (who is done) and Cid go, Dan comes; Bob stays as he is.
    let after = patched(&acme.owner, &id, json!({"assigneeUserIds": [bob.text(), dan.text()]})).await;
    assert_eq!((&after["status"], &after["assigneeUserIds"]), (&json!("active"), &json!([bob.text(), dan.text()])));
    assert_eq!(standing(&acme.owner, &id, &[ann, bob, cid, dan]).await, ["completed", "pending", "cancelled", "pending"]);
    assert_eq!(own(ann, &id).await["completedTime"], anns["completedTime"]);
    assert_eq!(own(bob, &id).await["recordVersion"], bobs["recordVersion"], "nothing happened to it");
    // Members who join later get the task when the recipients are named again, not before.
    let crew = acme.department("crew", &[bob]).await;
    patched(&acme.owner, &id, json!({"assignedDepartmentIds": [crew.to_string()]})).await;
    let member = json!({"groupId": crew.to_string(), "userId": cid.text()});
    acme.owner.post("/auth-api/v1/usergroupmembers", member).await.ok();
    let eve = acme.employee("eve").await;
    acme.owner.post("/auth-api/v1/usergroupmembers", json!({"groupId": crew.to_string(), "userId": eve.text()})).await.ok();
    patched(&acme.owner, &id, json!({"title": "Count all linen"})).await;
    assert_eq!(standing(&acme.owner, &id, &[&eve]).await, [""]);
    patched(&acme.owner, &id, json!({"assigneeUserIds": [], "assignedDepartmentIds": [crew.to_string()]})).await;
    let told = standing(&acme.owner, &id, &[ann, bob, cid, dan, &eve]).await;
    assert_eq!(told, ["completed", "pending", "cancelled", "cancelled", "pending"], "the task has one row per person");
    // The last pending one goes: nothing is left to do.
    completed(bob, &id).await;
    let after = patched(&acme.owner, &id, json!({"assigneeUserIds": [bob.text()], "assignedDepartmentIds": null})).await;
    assert_eq!(after["status"], "completed");
    assert_eq!(standing(&acme.owner, &id, &[bob, &eve]).await, ["completed", "cancelled"]);
    let after = patched(&acme.owner, &id, json!({"assigneeUserIds": [bob.text(), dan.text()]})).await;
    assert_eq!(after["status"], "active", "somebody has something to do again");
}

async fn who_comes_back_gets_the_cancelled_task_back(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let id = assigned(&acme.owner, &[&ann, &bob]).await;
    let task = own(&bob, &id).await;
    patched(&acme.owner, &id, json!({"assigneeUserIds": [ann.text()]})).await;
    // What changes meanwhile, changes for the one to come back too.
    patched(&acme.owner, &id, json!({"title": "Count the towels", "dueTime": null})).await;
    patched(&acme.owner, &id, json!({"assigneeUserIds": [ann.text(), bob.text()]})).await;
    let back = own(&bob, &id).await;
    assert_eq!((&back["id"], &back["status"]), (&task["id"], &json!("pending")), "the same task");
    assert_eq!((&back["title"], &back["dueTime"]), (&json!("Count the towels"), &json!(null)));
    // Cancelled one by one it stays so, as long as the person is not named newly.
    set(&acme.owner, &back, json!({"status": "cancelled"})).await;
    patched(&acme.owner, &id, json!({"assigneeUserIds": [bob.text(), ann.text()]})).await;
    assert_eq!(standing(&acme.owner, &id, &[&ann, &bob]).await, ["pending", "cancelled"]);
}

async fn changes_reach_pending_tasks_without_a_value_of_their_own(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await];
    let [ann, bob, cid] = &people;
    let id = assigned(&acme.owner, &[ann, bob, cid]).await;
    completed(ann, &id).await;
    set(&acme.owner, &own(bob, &id).await, json!({"dueTime": "2026-06-03T08:00:00Z"})).await;
    let body = json!({"title": "Count the towels", "description": "By colour", "dueTime": "2026-06-05T12:00:00Z"});
    patched(&acme.owner, &id, body).await;
    let [anns, bobs, cids] = [own(ann, &id).await, own(bob, &id).await, own(cid, &id).await];
    assert_eq!(
        (&anns["title"], &anns["dueTime"]),
        (&json!("Count the linen"), &json!("2026-06-02T12:00:00.000Z")),
        "done is done"
    );
    assert_eq!((&bobs["title"], &bobs["dueTime"]), (&json!("Count the towels"), &json!("2026-06-03T08:00:00.000Z")));
    assert_eq!((&cids["description"], &cids["dueTime"]), (&json!("By colour"), &json!("2026-06-05T12:00:00.000Z")));
    assert_eq!(acme.owner.patch(&format!("{TASK_ASSIGNMENTS}/{id}"), json!({"title": " "})).await.bad_fields(), ["title"]);
}

async fn cancelling_and_reopening_an_assignment(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await];
    let [ann, bob, cid] = &people;
    let id = assigned(&acme.owner, &[ann, bob]).await;
    let path = format!("{TASK_ASSIGNMENTS}/{id}");
    completed(ann, &id).await;
    acme.owner.patch(&path, json!({"status": "completed"})).await.refused(409, "InvalidState");
    assert_eq!(patched(&acme.owner, &id, json!({"status": "cancelled"})).await["status"], "cancelled");
    assert_eq!(standing(&acme.owner, &id, &[ann, bob]).await, ["completed", "cancelled"]);
    // Nothing of a cancelled assignment is reopened, by whomever.
    for (who, task) in [(ann, own(ann, &id).await), (&acme.owner, own(ann, &id).await), (&acme.owner, own(bob, &id).await)] {
        who.patch(&format!("{TASKS}/{}", text(&task, "id")), json!({"status": "pending"})).await.refused(409, "InvalidState");
    }
    let single = json!({"taskAssignmentId": id, "assigneeUserId": cid.text(), "title": "Sign"});
    acme.owner.post(TASKS, single).await.refused(409, "InvalidState");
    acme.owner.patch(&path, json!({"status": "completed"})).await.refused(409, "InvalidState");
    // Its people can change meanwhile; they get their tasks when it is active again.
    patched(&acme.owner, &id, json!({"assigneeUserIds": [ann.text(), bob.text(), cid.text()], "title": "Count twice"})).await;
    assert_eq!(standing(&acme.owner, &id, &[cid]).await, [""]);
    assert_eq!(patched(&acme.owner, &id, json!({"status": "active"})).await["status"], "active");
    assert_eq!(standing(&acme.owner, &id, &[ann, bob, cid]).await, ["completed", "pending", "pending"]);
    assert_eq!(own(bob, &id).await["title"], "Count twice");
    completed(bob, &id).await;
    completed(cid, &id).await;
    acme.owner.patch(&path, json!({"status": "active"})).await.refused(409, "InvalidState");
    assert_eq!(patched(&acme.owner, &id, json!({"status": "completed"})).await["status"], "completed", "as it is");
    // Cancelled with nothing left to do, and back: still nothing to do.
    patched(&acme.owner, &id, json!({"status": "cancelled"})).await;
    assert_eq!(patched(&acme.owner, &id, json!({"status": "active"})).await["status"], "completed");
}

async fn deleting_an_assignment(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let id = assigned(&acme.owner, &[&ann, &bob]).await;
    completed(&ann, &id).await;
    let path = format!("{TASK_ASSIGNMENTS}/{id}");
    let gone = acme.owner.delete(&path).await.ok()["taskAssignment"].clone();
    assert_eq!((&gone["isActive"], &gone["status"]), (&json!(false), &json!("cancelled")));
    acme.owner.delete(&path).await.refused(404, "TaskAssignmentNotFound");
    acme.owner.patch(&path, json!({"title": "x"})).await.refused(404, "TaskAssignmentNotFound");
    assert_eq!(acme.owner.get(TASK_ASSIGNMENTS).await.ok()["rowCount"], 0);
    let (anns, bobs) = (own(&ann, &id).await, own(&bob, &id).await);
    assert_eq!((&anns["status"], &bobs["status"]), (&json!("completed"), &json!("cancelled")));
    assert_eq!(anns["taskAssignment"]["isActive"], false);
    ann.patch(&format!("{TASKS}/{}", text(&anns, "id")), json!({"status": "pending"})).await.refused(409, "InvalidState");
}

async fn nobody_and_unknown_people_are_refused_at_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let other = app.company("other", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let (empty, abroad) = (acme.department("empty", &[]).await, other.department("crew", &[&other.owner]).await);
    acme.owner.delete(&format!("/auth-api/v1/users/{}", bob.text())).await.ok();
    for body in [
        json!({"title": "x"}),
        json!({"title": "x", "assigneeUserIds": []}),
        json!({"title": "x", "assignedDepartmentIds": [empty.to_string()]}),
    ] {
        assert_eq!(acme.owner.post(TASK_ASSIGNMENTS, body).await.bad_fields(), ["assigneeUserIds"], "nobody would get it");
    }
    let foreign_shift = other.shift("2026-06-10", "09:00-17:00", &[]).await;
    let body = json!({"title": "x", "assigneeUserIds": [ann.text(), bob.text(), other.owner.text()],
        "assignedDepartmentIds": [abroad.to_string(), empty.to_string()], "shiftId": foreign_shift});
    let named = ["assigneeUserIds", "assigneeUserIds", "assignedDepartmentIds", "shiftId"];
    assert_eq!(acme.owner.post(TASK_ASSIGNMENTS, body.clone()).await.bad_fields(), named, "inactive, foreign, foreign, foreign");
    assert_eq!(acme.owner.get(TASK_ASSIGNMENTS).await.ok()["rowCount"], 0);
    let id = assigned(&acme.owner, &[&ann]).await;
    let path = format!("{TASK_ASSIGNMENTS}/{id}");
    assert_eq!(acme.owner.patch(&path, body).await.bad_fields(), named);
    assert_eq!(acme.owner.patch(&path, json!({"assigneeUserIds": []})).await.bad_fields(), ["assigneeUserIds"]);
    let single = json!({"taskAssignmentId": bob.text(), "assigneeUserId": other.owner.text(), "title": "Sign"});
    assert_eq!(acme.owner.post(TASKS, single).await.bad_fields(), ["taskAssignmentId", "assigneeUserId"]);
    assert_eq!(standing(&acme.owner, &id, &[&ann]).await, ["pending"]);
}

async fn a_single_task_joins_the_assignment(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let id = assigned(&acme.owner, &[&ann]).await;
    completed(&ann, &id).await;
    let body = json!({"taskAssignmentId": id, "assigneeUserId": bob.text(), "title": "Sign the count", "status": "completed",
        "completedTime": "2026-05-01T00:00:00Z"});
    let made = acme.owner.post(TASKS, body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.ok()["individualTask"].clone();
    assert_eq!((&made["status"], &made["completedTime"]), (&json!("pending"), &json!(null)), "the server decides");
    assert_eq!(made["dueTime"], "2026-06-02T12:00:00.000Z", "the assignment's, as no other is given");
    let assignment = whole(&acme.owner, &id).await;
    assert_eq!((&assignment["status"], &assignment["assigneeUserIds"]), (&json!("active"), &json!([ann.text(), bob.text()])));
    // A second one of the same person has its own title, and is no second assignment of the first.
    let second =
        json!({"taskAssignmentId": id, "assigneeUserId": bob.text(), "title": "File it", "dueTime": "2026-06-04T00:00:00Z"});
    let second = acme.owner.post(TASKS, second).await.ok()["individualTask"].clone();
    assert_eq!(whole(&acme.owner, &id).await["assigneeUserIds"], json!([ann.text(), bob.text()]));
    set(&bob, &made, json!({"status": "completed"})).await;
    assert_eq!(whole(&acme.owner, &id).await["status"], "active");
    let gone = acme.owner.delete(&format!("{TASKS}/{}", text(&second, "id"))).await.ok()["individualTask"].clone();
    assert_eq!(gone["isActive"], false);
    let after = whole(&acme.owner, &id).await;
    assert_eq!((&after["status"], &after["progress"]["total"]), (&json!("completed"), &json!(2)), "the deleted counts nowhere");
    bob.get(&format!("{MY_TASK}/{}", text(&second, "id"))).await.refused(404, "IndividualTaskNotFound");
    assert_eq!(bob.get(MY_TASKS).await.ok()["rowCount"], 1);
}

async fn tasks_of_the_deleted_are_cancelled(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let (both, bobs, done) =
        (assigned(&acme.owner, &[&ann, &bob]).await, assigned(&acme.owner, &[&bob]).await, assigned(&acme.owner, &[&bob]).await);
    completed(&ann, &both).await;
    completed(&bob, &done).await;
    acme.owner.delete(&format!("/auth-api/v1/users/{}", bob.text())).await.ok();
    assert_eq!(standing(&acme.owner, &both, &[&ann, &bob]).await, ["completed", "cancelled"]);
    assert_eq!(standing(&acme.owner, &bobs, &[&bob]).await, ["cancelled"]);
    assert_eq!(standing(&acme.owner, &done, &[&bob]).await, ["completed"], "what was done stays done");
    assert_eq!(whole(&acme.owner, &both).await["status"], "completed", "nobody is left to do anything");
    assert_eq!(whole(&acme.owner, &bobs).await["status"], "completed");
    // The list still names whoever was deleted; it can be sent back as it is, and nobody gets anything.
    let after = patched(&acme.owner, &both, json!({"assigneeUserIds": [ann.text(), bob.text()]})).await;
    assert_eq!(after["status"], "completed");
}

async fn tasks_of_the_purged_are_cancelled_and_told_to_nobody(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let mut owner = acme.owner.clone();
    owner.use_key().await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let id = assigned(&owner, &[&ann, &bob]).await;
    let task = own(&bob, &id).await;
    completed(&ann, &id).await;
    app.sweep_at(at("2026-06-02T12:00:00Z")).await;
    let mut bob = bob;
    bob.log_in().await;
    bob.delete("/auth-api/v1/profile").await.ok();
    assert_eq!(whole(&owner, &id).await["status"], "active", "for a month the profile may come back");
    app.set("2026-07-04T06:00:00Z");
    let store = app.services().store.clone();
    let (before, _) = store.snapshot(acme.id, &[]).await.expect("a sequence");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 1);
    let after = whole(&owner, &id).await;
    assert_eq!((&after["status"], &after["progress"]["cancelled"]), (&json!("completed"), &json!(1)));
    let entries = store.journal(acme.id, before, 100).await.expect("entries");
    assert!(entries.iter().all(|e| &*e.object != "individualTask"), "nothing tells of the person's task");
    let told = store.journal(acme.id, 0, 1_000).await.expect("entries");
    let about = told.iter().filter(|e| &*e.object == "individualTask" && e.object_id.to_string() == text(&task, "id"));
    assert!(about.into_iter().all(|e| !e.after.contains("linen")), "and what did is erased");
    // The pass finds nothing left of the alert that went with the person.
    app.sweep_at(at("2026-07-05T06:00:00Z")).await;
    assert_eq!(standing(&owner, &id, &[&bob]).await, ["cancelled"]);
}
