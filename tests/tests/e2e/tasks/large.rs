//! An assignment to ten thousand people is one change: its rows are written together, and what is told of it stays small.

use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{IndividualTask, User, UserGroupMember};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Role;
use workforceos_tests::{Company, Db, TestApp, on_both_databases};

use super::{assigned, completed, own, patched, whole};
use crate::paths::TASK_ASSIGNMENTS;
use crate::text;

on_both_databases!(ten_thousand_get_it_in_one_commit, texts_for_thousands_have_their_bounds);

/// People who never log in.
pub async fn people(acme: &Company, count: usize) -> Vec<UserId> {
    let mut ids = Vec::with_capacity(count);
    while ids.len() < count {
        let mut changes = Changes::none();
        for _ in 0..(count - ids.len()).min(1_000) {
            let user = User {
                meta: acme.meta(),
                email: format!("crowd{}@{}.test", ids.len(), acme.codename),
                password: String::new(),
                fullname: format!("Crowd {}", ids.len()),
                avatar: None,
                role: Role::TenantUser,
                email_verified: true,
                archive_date: None,
                company_id: acme.id,
            };
            ids.push(UserId(user.meta.id));
            changes = changes.put(&user);
        }
        acme.write(changes.event(Event::audit(&acme.ctx(), User::def().name, acme.id))).await;
    }
    ids
}

async fn members(acme: &Company, department: workforceos_core::id::DepartmentId, users: &[UserId]) {
    for chunk in users.chunks(1_000) {
        let mut changes = Changes::none();
        for user in chunk {
            let meta = acme.meta();
            let member =
                UserGroupMember { meta, group_id: department, user_id: *user, owner_id: acme.owner.id, company_id: acme.id };
            changes = changes.put(&member);
        }
        acme.write(changes.event(Event::audit(&acme.ctx(), UserGroupMember::def().name, department))).await;
    }
}

async fn ten_thousand_get_it_in_one_commit(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob, eve) = (acme.employee("ann").await, acme.employee("bob").await, acme.admin("eve").await);
    let crowd = people(&acme, 9_998).await;
    let hall = acme.department("hall", &[&ann]).await;
    members(&acme, hall, &crowd[..8_999]).await;
    let mut streams = Vec::new();
    for who in [&ann, &bob, &eve, &acme.owner] {
        let mut live = who.stream("tasks").await;
        live.snapshot().await;
        streams.push(live);
    }
    let store = app.services().store.clone();
    let (before, _) = store.snapshot(acme.id, &[]).await.expect("a sequence");
    let mut named: Vec<String> = crowd[8_999..].iter().map(|u| u.to_string()).collect();
    named.push(bob.text());
    let body = json!({"title": "Count the linen", "dueTime": "2026-06-02T12:00:00Z", "assigneeUserIds": named,
        "assignedDepartmentIds": [hall.to_string()]});
    let made = acme.owner.post(TASK_ASSIGNMENTS, body).await.ok()["taskAssignment"].clone();
    let id = text(&made, "id");
    assert_eq!(made["assigneeUserIds"].as_array().map(Vec::len), Some(1_000));
    let of = Query::of(IndividualTask::def(), acme.id, Cond::eq("taskAssignmentId", id.parse::<uuid::Uuid>().expect("an id")));
    assert_eq!(store.count(&of).await.expect("a count"), 10_000, "each has one");
    // One commit is one turn: its entries have one time and follow each other. None of them is long.
    let entries = store.journal(acme.id, before, 100).await.expect("entries");
    let told: Vec<_> = entries.iter().map(|e| (e.kind.as_deref(), e.object_id.to_string(), e.at)).collect();
    let at = entries[0].at;
    let event = (Some("task.assigned"), id.clone(), at);
    assert_eq!(told, [event.clone(), event, (None, id.clone(), at)], "two events, and the audit log's entry with all names");
    for entry in &entries[..2] {
        assert!(entry.audience.users.len() <= 500 && entry.after.len() < 2_000, "{} {}", entry.audience.users.len(), entry.after);
    }
    assert!(entries[0].audience.admins && entries[0].audience.departments == [hall.0]);
    assert!(!entries[1].audience.admins && entries[1].audience.departments.is_empty());
    assert!(store.verify(acme.id).await.expect("a journal").first_bad.is_none());
    // Everybody hears of it once.
    let end = assigned(&acme.owner, &[&ann, &bob]).await;
    for live in &mut streams {
        let seen = live.until_object(&end).await;
        assert_eq!(seen.iter().map(|e| e.object_id()).collect::<Vec<_>>(), [id.as_str(), end.as_str()]);
    }
    completed(&bob, &id).await;
    let told = whole(&acme.owner, &id).await;
    assert_eq!((&told["progress"]["total"], &told["progress"]["completed"]), (&json!(10_000), &json!(1)));
    assert_eq!(told["individualTasks"].as_array().map(Vec::len), Some(10_000));
    let (before, _) = store.snapshot(acme.id, &[]).await.expect("a sequence");
    patched(&acme.owner, &id, json!({"status": "cancelled"})).await;
    let entries = store.journal(acme.id, before, 100).await.expect("entries");
    assert!(entries.len() < 5, "{} entries", entries.len());
    assert_eq!(
        (own(&ann, &id).await["status"].clone(), own(&bob, &id).await["status"].clone()),
        (json!("cancelled"), json!("completed"))
    );
}

async fn texts_for_thousands_have_their_bounds(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let hall = acme.department("hall", &[]).await;
    let crowd = people(&acme, 2_000).await;
    members(&acme, hall, &crowd).await;
    let body = |length| json!({"title": "Read", "description": "x".repeat(length), "assignedDepartmentIds": [hall.to_string()]});
    assert_eq!(acme.owner.post(TASK_ASSIGNMENTS, body(20_000)).await.bad_fields(), ["description"]);
    let made = acme.owner.post(TASK_ASSIGNMENTS, body(200)).await.ok()["taskAssignment"].clone();
    let made = format!("{TASK_ASSIGNMENTS}/{}", text(&made, "id"));
    let longer = acme.owner.patch(&made, json!({"description": "x".repeat(20_000)})).await;
    assert_eq!(longer.bad_fields(), ["description"], "each copy counts, whoever is named");
    let ids: Vec<String> = (1..=10_001).map(|n| uuid::Uuid::from_u128(n).to_string()).collect();
    let named = json!({"title": "Read", "assigneeUserIds": ids});
    assert_eq!(acme.owner.post(TASK_ASSIGNMENTS, named).await.bad_fields(), ["assigneeUserIds"], "a list has its bound");
}

/// A node that missed more rows than an entry names reads them all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_know_of_thousands() {
    if !Db::Postgres.is_here() {
        return;
    }
    let one = TestApp::start(Db::Postgres).await;
    let other = one.twin().await;
    let acme = one.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let first = assigned(&acme.owner.at(&other), &[&ann]).await;
    let hall = acme.department("hall", &[&ann]).await;
    let crowd = people(&acme, 1_500).await;
    members(&acme, hall, &crowd).await;
    let body = json!({"assignedDepartmentIds": [hall.to_string()]});
    patched(&acme.owner.at(&one), &first, body).await;
    let far = workforceos_tests::Person { client: ann.at(&other), ..ann.clone() };
    completed(&far, &first).await;
    assert_eq!(whole(&acme.owner, &first).await["status"], "active", "fifteen hundred others have it to do");
    patched(&acme.owner.at(&one), &first, json!({"assigneeUserIds": [ann.text()], "assignedDepartmentIds": []})).await;
    let task = own(&far, &first).await;
    super::set(&far, &task, json!({"status": "pending"})).await;
    super::set(&far, &task, json!({"status": "completed"})).await;
    assert_eq!(whole(&acme.owner, &first).await["status"], "completed", "the last one, as the other node knows too");
}
