//! Overdue tasks are told to their assignees: once for a due time, whatever restarts and servers there are.

use serde_json::json;
use workforceos_actors::Needs;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Error;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Alert, AlertStatus, AlertType, IndividualTask, TaskStatus};
use workforceos_core::query::{Cond, Query};
use workforceos_core::time::Timestamp;
use workforceos_tests::time::at;
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use super::{assigned, completed, large, own, patched, set};
use crate::paths::{TASK_ASSIGNMENTS, TASKS};
use crate::text;

on_both_databases!(
    an_overdue_task_is_told_once,
    what_is_done_or_cancelled_resolves_its_alert,
    another_due_time_is_told_anew,
    many_are_told_pass_by_pass,
    who_archived_the_profile_is_not_told,
    a_pass_behind_a_change_looks_again,
);

/// All alerts of somebody, oldest first.
async fn alerts(app: &TestApp, acme: &Company, who: &Person) -> Vec<Alert> {
    let theirs = Query::of(Alert::def(), acme.id, Cond::eq("recipientUserId", who.id.0));
    let found = app.services().store.select(&theirs).await.expect("alerts");
    found.into_iter().map(|record| Alert::from_record(record).expect("an alert")).collect()
}

fn open(alerts: &[Alert]) -> usize {
    alerts.iter().filter(|a| a.status == AlertStatus::Open).count()
}

async fn an_overdue_task_is_told_once(db: Db) {
    let mut app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let mut people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await];
    for person in &mut people {
        person.use_key().await;
    }
    let [ann, bob, cid] = &people;
    let id = assigned(&acme.owner, &[ann, bob, cid]).await;
    completed(bob, &id).await;
    set(&acme.owner, &own(cid, &id).await, json!({"dueTime": "2026-06-02T13:00:00Z"})).await;
    let task = own(ann, &id).await;
    let mut live = ann.stream("alerts").await;
    live.snapshot().await;
    app.sweep_at(Timestamp(at("2026-06-02T12:00:00Z").0 - 1)).await;
    assert_eq!(alerts(&app, &acme, ann).await.len(), 0, "nothing before its time");
    app.sweep_at(at("2026-06-02T12:00:00Z")).await;
    let told = live.next().await.expect("an alert");
    let object = &told.data["object"];
    assert_eq!((told.kind(), &object["alertType"]), ("alert.raised", &json!("overdue_task")));
    assert_eq!((&object["relatedEntityId"], &object["recipientUserId"]), (&task["id"], &json!(ann.text())));
    assert_eq!(object["message"], "\u{201c}Count the linen\u{201d} was due at 2026-06-02 14:00 and is still pending.");
    assert_eq!(own(ann, &id).await["overdueAlertAt"], "2026-06-02T12:00:00.000Z");
    assert_eq!(alerts(&app, &acme, cid).await.len(), 0, "due an hour later");
    drop(live);
    app.restart().await;
    app.sweep_at(at("2026-06-02T13:00:00Z")).await;
    app.sweep_at(at("2026-06-03T13:00:00Z")).await;
    let of = async |who: &Person| alerts(&app, &acme, who).await.len();
    assert_eq!((of(ann).await, of(bob).await, of(cid).await, of(&acme.owner).await), (1, 0, 1, 0));
    assert_eq!(alerts(&app, &acme, ann).await[0].alert_type, AlertType::OverdueTask);
    // What is overdue from the start is told at once.
    let mut owner = acme.owner.clone();
    owner.log_in().await;
    assigned(&owner, &[bob]).await;
    app.sweep().await;
    assert_eq!(of(bob).await, 1);
}

async fn what_is_done_or_cancelled_resolves_its_alert(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let mut people =
        [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await, acme.employee("dan").await];
    for person in &mut people {
        person.use_key().await;
    }
    let mut owner = acme.owner.clone();
    owner.use_key().await;
    let [ann, bob, cid, dan] = &people;
    let id = assigned(&owner, &[ann, bob, cid, dan]).await;
    app.sweep_at(at("2026-06-02T12:00:00Z")).await;
    let mut live = ann.stream("alerts,tasks").await;
    live.snapshot().await;
    let done = completed(ann, &id).await;
    let seen = live.until(|e| e.kind() == "task.completed").await;
    assert_eq!(seen.iter().map(|e| e.kind()).collect::<Vec<_>>(), ["alert.resolved", "task.completed"], "in one step");
    assert_eq!(seen[0].data["object"]["resolvedAt"], "2026-06-02T12:00:00.000Z");
    owner.delete(&format!("{TASKS}/{}", text(&own(dan, &id).await, "id"))).await.ok();
    owner.delete(&format!("/auth-api/v1/users/{}", cid.text())).await.ok();
    for (who, left) in [(ann, 0), (bob, 1), (cid, 0), (dan, 0)] {
        let all = alerts(&app, &acme, who).await;
        assert_eq!((all.len(), open(&all)), (1, left));
    }
    patched(&owner, &id, json!({"status": "cancelled"})).await;
    assert_eq!(open(&alerts(&app, &acme, bob).await), 0);
    // Pending again and still overdue: it was told of this due time.
    patched(&owner, &id, json!({"status": "active"})).await;
    set(ann, &done, json!({"status": "pending"})).await;
    app.sweep_at(at("2026-06-02T15:00:00Z")).await;
    assert_eq!((alerts(&app, &acme, ann).await.len(), alerts(&app, &acme, bob).await.len()), (1, 1));
}

async fn another_due_time_is_told_anew(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let mut owner = acme.owner.clone();
    owner.use_key().await;
    let id = assigned(&owner, &[&ann]).await;
    app.sweep_at(at("2026-06-02T12:00:00Z")).await;
    patched(&owner, &id, json!({"dueTime": "2026-06-04T12:00:00Z"})).await;
    let all = alerts(&app, &acme, &ann).await;
    assert_eq!((all.len(), open(&all)), (1, 0), "it is not overdue any more");
    app.sweep_at(Timestamp(at("2026-06-04T12:00:00Z").0 - 1)).await;
    assert_eq!(alerts(&app, &acme, &ann).await.len(), 1);
    app.sweep_at(at("2026-06-04T12:00:00Z")).await;
    let all = alerts(&app, &acme, &ann).await;
    assert_eq!((all.len(), open(&all)), (2, 1));
    patched(&owner, &id, json!({"dueTime": null})).await;
    app.sweep_at(at("2026-06-09T12:00:00Z")).await;
    let all = alerts(&app, &acme, &ann).await;
    assert_eq!((all.len(), open(&all)), (2, 0), "what is never due is never overdue");
}

/// More than a pass tells, and more than a change resolves.
async fn many_are_told_pass_by_pass(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = large::people(&acme, 600).await;
    let mut owner = acme.owner.clone();
    owner.use_key().await;
    let ids: Vec<String> = people.iter().map(|u| u.to_string()).collect();
    let body = json!({"title": "Count", "dueTime": "2026-06-02T12:00:00Z", "assigneeUserIds": ids});
    let id = text(&owner.post(TASK_ASSIGNMENTS, body).await.ok()["taskAssignment"], "id");
    let all = Query::of(Alert::def(), acme.id, Cond::eq("alertType", AlertType::OverdueTask.as_str()));
    let standing = Query { cond: all.cond.clone().and(Cond::eq("status", AlertStatus::Open.as_str())), ..all.clone() };
    let count = async |query: &Query| app.services().store.count(query).await.expect("a count");
    app.sweep_at(at("2026-06-02T12:00:00Z")).await;
    assert_eq!((count(&all).await, count(&standing).await), (600, 600));
    // Later than the alerts, and then cancelled: the clock ends what the change itself did not.
    patched(&owner, &id, json!({"dueTime": "2026-06-03T12:00:00Z"})).await;
    app.sweep().await;
    assert_eq!((count(&all).await, count(&standing).await), (600, 0));
    app.sweep_at(at("2026-06-03T12:00:00Z")).await;
    assert_eq!((count(&all).await, count(&standing).await), (1_200, 600));
    patched(&owner, &id, json!({"status": "cancelled"})).await;
    let left = count(&standing).await;
    assert!(0 < left && left < 600, "{left} are left to the clock");
    app.sweep().await;
    assert_eq!((count(&all).await, count(&standing).await), (1_200, 0));
    let due = app.services().store.due_companies(at("2027-06-03T12:00:00Z"), 10).await.expect("due companies");
    assert!(!due.contains(&acme.id), "nothing is left to look at");
}

async fn who_archived_the_profile_is_not_told(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    assigned(&acme.owner, &[&ann]).await;
    ann.delete("/auth-api/v1/profile").await.ok();
    app.sweep_at(at("2026-06-02T12:00:00Z")).await;
    assert_eq!(alerts(&app, &acme, &ann).await.len(), 0);
}

/// The pass was about to note when the next task is due; the change ahead of it takes that task away.
async fn a_pass_behind_a_change_looks_again(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let (first, second) = (assigned(&acme.owner, &[&ann]).await, assigned(&acme.owner, &[&bob]).await);
    patched(&acme.owner, &second, json!({"dueTime": "2026-06-02T13:00:00Z"})).await;
    let task: uuid::Uuid = text(&own(&ann, &first).await, "id").parse().expect("an id");
    let (app_of, ctx) = (app.services(), acme.ctx());
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    // While one decision takes its time, the change and the pass gather: they are decided together, in this order.
    let slow = app_of.companies.decide(acme.id, Needs::none(), move |_| {
        wait.lock().expect("one at a time").recv().expect("told to go on");
        Ok((Changes::none(), ()))
    });
    let change = app_of.companies.decide(acme.id, Needs::row::<IndividualTask>(task), move |facts| {
        let gone = IndividualTask { status: TaskStatus::Cancelled, ..facts.row(task)? }.touched(facts.now);
        let event = Event::audit(&ctx, IndividualTask::def().name, task).after(&gone);
        Ok((Changes::none().put(&gone).event(event), ()))
    });
    let told = async { go.send(()).map_err(|_| Error::internal("nobody waits")) };
    let all = tokio::join!(slow, change, app_of.companies.sweep(acme.id), told);
    assert!(all.0.is_ok() && all.1.is_ok() && all.2.is_ok() && all.3.is_ok());
    app.sweep().await;
    app.sweep_at(at("2026-06-02T13:00:00Z")).await;
    assert_eq!(
        (alerts(&app, &acme, &ann).await.len(), alerts(&app, &acme, &bob).await.len()),
        (0, 1),
        "the other is told in time"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_tell_once() {
    if !Db::Postgres.is_here() {
        return;
    }
    let one = TestApp::start(Db::Postgres).await;
    let other = one.twin().await;
    let acme = one.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await];
    assigned(&acme.owner, &people.iter().collect::<Vec<_>>()).await;
    one.clock.set(at("2026-06-02T12:00:00Z"));
    tokio::join!(one.sweep(), other.sweep(), one.sweep(), other.sweep());
    for person in &people {
        assert_eq!(alerts(&one, &acme, person).await.len(), 1);
    }
}
