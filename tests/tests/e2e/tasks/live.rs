//! Tasks on the live streams: who hears of what, and the board with which a stream begins.

use serde_json::json;
use workforceos_tests::{Db, Live, TestApp, on_both_databases};

use super::{assigned, completed, own, patched, set};
use crate::paths::{TASK_ASSIGNMENTS, TASKS};
use crate::text;

on_both_databases!(each_hears_what_is_theirs, recipients_hear_of_coming_and_going, the_board_shows_ones_open_tasks);

/// Type and object of each event up to one about `end`.
async fn until(live: &mut Live, end: &str) -> Vec<(String, String)> {
    live.until_object(end).await.iter().map(|e| (e.kind().to_owned(), e.object_id().to_owned())).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(kind, id)| ((*kind).to_owned(), (*id).to_owned())).collect()
}

async fn each_hears_what_is_theirs(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await, acme.employee("max").await];
    let [ann, bob, mia, max] = &people;
    acme.manager_of(mia, &[ann, bob]).await;
    acme.manager_of(max, &[mia]).await;
    let eve = acme.admin("eve").await;
    let mut streams = Vec::new();
    for who in [ann, bob, mia, &eve, max] {
        let mut live = who.stream("tasks").await;
        live.snapshot().await;
        streams.push(live);
    }
    let id = assigned(mia, &[ann, bob]).await;
    let anns = completed(ann, &id).await;
    set(ann, &anns, json!({"status": "pending"})).await;
    set(mia, &anns, json!({"title": "Count again"})).await;
    let bobs = own(bob, &id).await;
    set(mia, &bobs, json!({"status": "cancelled"})).await;
    completed(ann, &id).await;
    set(ann, &anns, json!({"status": "pending"})).await;
    patched(mia, &id, json!({"title": "Count the towels"})).await;
    patched(mia, &id, json!({"status": "cancelled"})).await;
    mia.delete(&format!("{TASK_ASSIGNMENTS}/{id}")).await.ok();
    let end = assigned(&acme.owner, &people.iter().collect::<Vec<_>>()).await;
    let (task, others) = (text(&anns, "id"), text(&bobs, "id"));
    let (task, others, id) = (task.as_str(), others.as_str(), id.as_str());
    let all = [
        ("task.assigned", id),
        ("task.completed", task),
        ("task.reopened", task),
        ("task.updated", task),
        ("task.cancelled", others),
        ("task.completed", task),
        ("task.completed", id),
        ("task.reopened", task),
        ("task.reopened", id),
        ("task.updated", id),
        ("task.cancelled", id),
        ("task.cancelled", id),
        ("task.assigned", end.as_str()),
    ];
    let without = |left_out: &[usize]| {
        let kept = all.iter().enumerate().filter(|(i, _)| !left_out.contains(i)).map(|(_, pair)| *pair);
        pairs(&kept.collect::<Vec<_>>())
    };
    let [own, bobs, managers, admins, far] = streams.as_mut_slice() else { panic!("five streams") };
    assert_eq!(until(own, &end).await, without(&[4, 6, 8, 11]), "the assignee: not the other one's, nor what moves by itself");
    assert_eq!(until(bobs, &end).await, pairs(&[all[0], all[4], all[12]]));
    assert_eq!(until(managers, &end).await, without(&[]), "the giver");
    assert_eq!(until(admins, &end).await, without(&[]), "an admin");
    assert_eq!(until(far, &end).await, pairs(&[all[12]]), "nobody's manager's manager");
}

async fn recipients_hear_of_coming_and_going(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await];
    let [ann, bob, cid] = &people;
    let id = assigned(&acme.owner, &[ann, bob]).await;
    let mut streams = Vec::new();
    for who in &people {
        let mut live = who.stream("tasks").await;
        live.snapshot().await;
        streams.push(live);
    }
    patched(&acme.owner, &id, json!({"assigneeUserIds": [ann.text(), cid.text()]})).await;
    let made = json!({"taskAssignmentId": id, "assigneeUserId": cid.text(), "title": "Sign"});
    let single = text(&acme.owner.post(TASKS, made).await.ok()["individualTask"], "id");
    let end = assigned(&acme.owner, &people.iter().collect::<Vec<_>>()).await;
    let told = [
        pairs(&[("task.updated", &id), ("task.assigned", &end)]),
        pairs(&[("task.cancelled", &id), ("task.assigned", &end)]),
        pairs(&[("task.assigned", &id), ("task.assigned", &single), ("task.assigned", &end)]),
    ];
    for (live, expected) in streams.iter_mut().zip(told) {
        assert_eq!(until(live, &end).await, expected);
    }
}

async fn the_board_shows_ones_open_tasks(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let (done, undated, soon) =
        (assigned(&acme.owner, &[&ann]).await, assigned(&acme.owner, &[&ann, &bob]).await, assigned(&acme.owner, &[&ann]).await);
    completed(&ann, &done).await;
    patched(&acme.owner, &undated, json!({"dueTime": null})).await;
    let of = |board: &serde_json::Value| {
        let tasks = board["individualTasks"].as_array().unwrap_or_else(|| panic!("tasks in {board}"));
        tasks.iter().map(|t| text(&t["taskAssignment"], "id")).collect::<Vec<_>>()
    };
    assert_eq!(of(&ann.stream("tasks").await.snapshot().await), [soon, undated.clone()], "what is due first; nothing done");
    assert_eq!(of(&bob.stream("").await.snapshot().await), [undated]);
    assert!(of(&acme.owner.stream("").await.snapshot().await).is_empty(), "one's own alone");
}
