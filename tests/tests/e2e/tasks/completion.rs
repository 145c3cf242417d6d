//! Completing, reopening, and what the assignment makes of it.

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use super::{assigned, completed, own, patched, set, standing, whole};
use crate::paths::{TASK_ASSIGNMENTS, TASKS};
use crate::text;

on_both_databases!(
    the_assignee_completes_and_reopens,
    the_assigner_changes_everything,
    the_last_one_completes_the_assignment,
    progress_counts,
    twenty_at_once_complete_it_once,
    completing_and_cancelling_at_once,
    it_goes_on_after_a_restart,
);

async fn the_assignee_completes_and_reopens(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let id = assigned(&acme.owner, &[&ann, &bob]).await;
    let done = completed(&ann, &id).await;
    assert_eq!((&done["status"], &done["completedTime"]), (&json!("completed"), &json!("2026-06-01T06:00:00.000Z")));
    app.set("2026-06-01T07:00:00Z");
    let again = completed(&ann, &id).await;
    assert_eq!(again, done, "doing it twice is the same as once");
    let back = set(&ann, &done, json!({"status": "pending"})).await;
    assert_eq!((&back["status"], &back["completedTime"]), (&json!("pending"), &json!(null)));
    assert_eq!(set(&ann, &done, json!({"status": "pending"})).await, back);
    let path = format!("{TASKS}/{}", text(&done, "id"));
    for body in [
        json!({"status": "cancelled"}),
        json!({"title": "Less"}),
        json!({"dueTime": null}),
        json!({"description": "x"}),
        json!({"status": "completed", "title": "Less"}),
    ] {
        ann.patch(&path, body).await.refused(403, "Forbidden");
    }
    bob.patch(&path, json!({"status": "completed"})).await.refused(404, "IndividualTaskNotFound");
    assert_eq!(own(&ann, &id).await["status"], "pending");
    set(&acme.owner, &done, json!({"status": "cancelled"})).await;
    for status in ["completed", "pending"] {
        ann.patch(&path, json!({"status": status})).await.refused(409, "InvalidState");
    }
}

async fn the_assigner_changes_everything(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let id = assigned(&acme.owner, &[&ann, &bob]).await;
    let task = own(&ann, &id).await;
    let body =
        json!({"title": "Count the towels", "description": "All", "dueTime": "2026-06-09T00:00:00Z", "status": "completed"});
    let after = set(&acme.owner, &task, body).await;
    assert_eq!(
        (&after["title"], &after["description"], &after["status"]),
        (&json!("Count the towels"), &json!("All"), &json!("completed"))
    );
    assert_eq!(after["completedTime"], "2026-06-01T06:00:00.000Z");
    let after = set(&acme.owner, &task, json!({"status": "cancelled", "description": null})).await;
    assert_eq!((&after["completedTime"], &after["description"]), (&json!(null), &json!(null)));
    let after = set(&acme.owner, &task, json!({"status": "pending"})).await;
    assert_eq!(after["status"], "pending", "and back");
    let path = format!("{TASKS}/{}", text(&task, "id"));
    assert_eq!(acme.owner.patch(&path, json!({"title": " "})).await.bad_fields(), ["title"]);
}

async fn the_last_one_completes_the_assignment(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let id = assigned(&acme.owner, &[&ann, &bob]).await;
    completed(&ann, &id).await;
    assert_eq!(whole(&acme.owner, &id).await["status"], "active");
    let bobs = completed(&bob, &id).await;
    let done = whole(&acme.owner, &id).await;
    assert_eq!(done["status"], "completed");
    completed(&bob, &id).await;
    assert_eq!(whole(&acme.owner, &id).await["recordVersion"], done["recordVersion"], "once");
    set(&bob, &bobs, json!({"status": "pending"})).await;
    assert_eq!(whole(&acme.owner, &id).await["status"], "active", "reopened with the task");
    set(&acme.owner, &bobs, json!({"status": "cancelled"})).await;
    assert_eq!(whole(&acme.owner, &id).await["status"], "completed", "none is pending");
    set(&acme.owner, &bobs, json!({"status": "pending"})).await;
    assert_eq!(whole(&acme.owner, &id).await["status"], "active");
    acme.owner.delete(&format!("{TASKS}/{}", text(&bobs, "id"))).await.ok();
    assert_eq!(whole(&acme.owner, &id).await["status"], "completed");
}

async fn progress_counts(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await, acme.employee("dan").await];
    let [ann, bob, cid, dan] = &people;
    let id = assigned(&acme.owner, &[ann, bob, cid, dan]).await;
    let none = json!({"total": 4, "completed": 0, "pending": 4, "cancelled": 0, "overdue": 0, "completionRate": 0.0});
    assert_eq!(whole(&acme.owner, &id).await["progress"], none);
    completed(ann, &id).await;
    set(&acme.owner, &own(dan, &id).await, json!({"status": "cancelled"})).await;
    set(&acme.owner, &own(cid, &id).await, json!({"dueTime": "2026-06-03T00:00:00Z"})).await;
    app.set("2026-06-02T12:00:00Z");
    let mut owner = acme.owner.clone();
    owner.log_in().await;
    let told = whole(&owner, &id).await;
    assert_eq!(told["progress"]["completionRate"].as_f64().map(|r| (r * 3.0).round()), Some(1.0), "one of three that count");
    let numbers = ["total", "completed", "pending", "cancelled", "overdue"].map(|n| told["progress"][n].as_u64());
    assert_eq!(numbers, [4, 1, 2, 1, 1].map(Some));
    let tasks = told["individualTasks"].as_array().expect("tasks");
    let users: Vec<&str> = tasks.iter().filter_map(|t| t["user"]["fullname"].as_str()).collect();
    assert_eq!(users, ["ann", "bob", "cid", "dan"]);
    assert!(tasks.iter().all(|t| t["user"]["id"] == t["assigneeUserId"] && t["user"].get("password").is_none()), "{told}");
}

async fn crowd(acme: &Company, size: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for n in 0..size {
        people.push(acme.employee(&format!("p{n}")).await);
    }
    people
}

async fn twenty_at_once_complete_it_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = crowd(&acme, 20).await;
    let id = assigned(&acme.owner, &people.iter().collect::<Vec<_>>()).await;
    let mut tasks = Vec::new();
    for person in &people {
        tasks.push(own(person, &id).await);
    }
    let mut live = acme.owner.stream("tasks").await;
    live.snapshot().await;
    join_all(people.iter().zip(&tasks).map(|(person, task)| set(person, task, json!({"status": "completed"})))).await;
    let done = whole(&acme.owner, &id).await;
    assert_eq!((&done["status"], &done["recordVersion"]), (&json!("completed"), &json!(2)), "changed once");
    assert_eq!(done["progress"]["completed"], 20);
    let end = assigned(&acme.owner, &[&people[0]]).await;
    let seen = live.until_object(&end).await;
    let of = |object: &str| seen.iter().filter(|e| e.kind() == "task.completed" && e.object_id() == object).count();
    assert_eq!(of(&id), 1, "exactly one automatic completion");
    assert!(tasks.iter().all(|task| of(&text(task, "id")) == 1), "and one event for each task");
    // Reopened and completed at once: whatever the order, the end fits the tasks.
    let both = |i: usize| json!({"status": if i.is_multiple_of(2) { "pending" } else { "completed" }});
    join_all((0..40).map(|i| set(&people[i / 2], &tasks[i / 2], both(i)))).await;
    let after = whole(&acme.owner, &id).await;
    let pending = after["progress"]["pending"].as_u64().expect("a number");
    assert_eq!(after["status"], if pending == 0 { "completed" } else { "active" }, "{pending} are pending");
}

async fn completing_and_cancelling_at_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = crowd(&acme, 8).await;
    for round in 0..3 {
        let id = assigned(&acme.owner, &people.iter().collect::<Vec<_>>()).await;
        let mut tasks: Vec<Json> = Vec::new();
        for person in &people {
            tasks.push(own(person, &id).await);
        }
        let path = format!("{TASK_ASSIGNMENTS}/{id}");
        let completing = join_all(people.iter().zip(&tasks).map(|(person, task)| {
            let path = format!("{TASKS}/{}", text(task, "id"));
            async move { person.patch(&path, json!({"status": "completed"})).await }
        }));
        let (told, cancelled) = tokio::join!(completing, acme.owner.patch(&path, json!({"status": "cancelled"})));
        assert_eq!(cancelled.ok()["taskAssignment"]["status"], "cancelled", "round {round}");
        let after = standing(&acme.owner, &id, &people.iter().collect::<Vec<_>>()).await;
        for (reply, status) in told.into_iter().zip(after) {
            match reply.status {
                200 => assert_eq!(status, "completed", "who was told so, has completed it"),
                _ => {
                    reply.refused(409, "InvalidState");
                    assert_eq!(status, "cancelled");
                }
            }
        }
        assert_eq!(whole(&acme.owner, &id).await["status"], "cancelled");
    }
}

async fn it_goes_on_after_a_restart(db: Db) {
    let mut app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let id = assigned(&acme.owner, &[&ann, &bob]).await;
    completed(&ann, &id).await;
    app.restart().await;
    // The open tasks are read anew: neither too early nor too late.
    let anns = own(&ann, &id).await;
    set(&ann, &anns, json!({"status": "pending"})).await;
    completed(&bob, &id).await;
    assert_eq!(whole(&acme.owner, &id).await["status"], "active");
    app.restart().await;
    completed(&ann, &id).await;
    assert_eq!(whole(&acme.owner, &id).await["status"], "completed");
    app.restart().await;
    assert_eq!(patched(&acme.owner, &id, json!({"title": "Once more"})).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_complete_it_once() {
    if !Db::Postgres.is_here() {
        return;
    }
    let one = TestApp::start(Db::Postgres).await;
    let other = one.twin().await;
    let acme = one.company("acme", "Europe/Berlin").await;
    let people = crowd(&acme, 12).await;
    let id = assigned(&acme.owner, &people.iter().collect::<Vec<_>>()).await;
    let mut tasks = Vec::new();
    for person in &people {
        tasks.push(own(person, &id).await);
    }
    let clients: Vec<_> = people.iter().enumerate().map(|(i, p)| p.at(if i % 2 == 0 { &one } else { &other })).collect();
    join_all(clients.iter().zip(&tasks).map(|(client, task)| set(client, task, json!({"status": "completed"})))).await;
    let done = whole(&acme.owner, &id).await;
    assert_eq!((&done["status"], &done["recordVersion"]), (&json!("completed"), &json!(2)));
    // What one of them reopens, the other knows of.
    set(&clients[0], &tasks[0], json!({"status": "pending"})).await;
    set(&clients[1], &tasks[1], json!({"status": "pending"})).await;
    set(&clients[0], &tasks[0], json!({"status": "completed"})).await;
    assert_eq!(whole(&acme.owner, &id).await["status"], "active");
    set(&clients[1], &tasks[1], json!({"status": "completed"})).await;
    assert_eq!(whole(&acme.owner, &id).await["status"], "completed");
}
