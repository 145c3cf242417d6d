//! taskManagement: who gets which task, and what becomes of it.

mod completion;
mod large;
mod live;
mod overdue;
mod reach;
mod recipients;

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Person};

use crate::paths::{MY_TASKS, PROGRESS, TASK_ASSIGNMENTS, TASKS};
use crate::text;

/// An assignment to people by name.
async fn assigned(by: &Client, to: &[&Person]) -> String {
    let ids: Vec<String> = to.iter().map(|p| p.text()).collect();
    let body = json!({"title": "Count the linen", "dueTime": "2026-06-02T12:00:00Z", "assigneeUserIds": ids});
    text(&by.post(TASK_ASSIGNMENTS, body).await.ok()["taskAssignment"], "id")
}

/// The assignment with its progress and tasks.
async fn whole(by: &Client, assignment: &str) -> Json {
    by.get(&format!("{PROGRESS}/{assignment}")).await.ok()["taskAssignment"].clone()
}

/// Whose tasks of an assignment are how far: pairs of user and status, in the order of the people asked about.
async fn standing(by: &Client, assignment: &str, people: &[&Person]) -> Vec<String> {
    let tasks = whole(by, assignment).await["individualTasks"].as_array().expect("tasks").clone();
    let of = |person: &Person| {
        let own: Vec<&str> =
            tasks.iter().filter(|t| t["assigneeUserId"] == person.text()).filter_map(|t| t["status"].as_str()).collect();
        own.join("+")
    };
    people.iter().map(|p| of(p)).collect()
}

/// Somebody's own task of an assignment.
async fn own(person: &Person, assignment: &str) -> Json {
    let listed = person.get(&format!("{MY_TASKS}?taskAssignmentId={assignment}")).await.ok();
    assert_eq!(listed["rowCount"], 1, "one task each: {listed}");
    listed["individualTasks"][0].clone()
}

async fn set(by: &Client, task: &Json, body: Json) -> Json {
    by.patch(&format!("{TASKS}/{}", text(task, "id")), body).await.ok()["individualTask"].clone()
}

async fn completed(person: &Person, assignment: &str) -> Json {
    set(person, &own(person, assignment).await, json!({"status": "completed"})).await
}

async fn patched(by: &Client, assignment: &str, body: Json) -> Json {
    by.patch(&format!("{TASK_ASSIGNMENTS}/{assignment}"), body).await.ok()["taskAssignment"].clone()
}
