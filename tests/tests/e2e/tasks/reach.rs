//! Who may give, see and change which tasks.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{assigned, large, own, whole};
use crate::paths::{MY_TASK, MY_TASKS, PROGRESS, TASK_ASSIGNMENTS, TASKS};
use crate::text;

on_both_databases!(
    managers_give_tasks_to_their_reports_alone,
    managers_see_what_they_gave_and_what_includes_a_report,
    only_the_giver_and_admins_change_it,
    single_tasks_are_the_givers,
    own_tasks_are_ones_own_for_everybody,
    lists_filter_and_order,
    a_model_gets_a_page_of_the_tasks,
);

async fn managers_give_tasks_to_their_reports_alone(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await];
    let [ann, bob, mia] = &people;
    acme.manager_of(mia, &[ann]).await;
    let (hers, mixed) = (acme.department("hers", &[ann]).await, acme.department("mixed", &[ann, bob]).await);
    let (own_shift, both) =
        (acme.shift("2026-06-10", "09:00-12:00", &[ann]).await, acme.shift("2026-06-10", "13:00-17:00", &[ann, bob]).await);
    let give = |body: Json| {
        let mut whole = json!({"title": "Count"});
        whole.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
        async move { mia.post(TASK_ASSIGNMENTS, whole).await }
    };
    for body in [
        json!({"assigneeUserIds": [ann.text(), mia.text()]}),
        json!({"assignedDepartmentIds": [hers.to_string()]}),
        json!({"shiftId": own_shift}),
    ] {
        give(body).await.ok();
    }
    for body in [
        json!({"assigneeUserIds": [ann.text(), bob.text()]}),
        json!({"assignedDepartmentIds": [mixed.to_string()]}),
        json!({"shiftId": both}),
    ] {
        give(body).await.refused(403, "Forbidden");
    }
    assert_eq!(mia.get(TASK_ASSIGNMENTS).await.ok()["rowCount"], 3, "nothing was written of what was refused");
    // What nobody knows is told before what is out of reach.
    assert_eq!(give(json!({"assigneeUserIds": [bob.text(), hers.to_string()]})).await.bad_fields(), ["assigneeUserIds"]);
    let id = assigned(mia, &[ann]).await;
    let path = format!("{TASK_ASSIGNMENTS}/{id}");
    mia.patch(&path, json!({"assigneeUserIds": [ann.text(), bob.text()]})).await.refused(403, "Forbidden");
    mia.patch(&path, json!({"assigneeUserIds": [ann.text(), mia.text()]})).await.ok();
    // An admin may add whomever; the manager still changes the rest.
    acme.owner.patch(&path, json!({"assigneeUserIds": [ann.text(), bob.text()]})).await.ok();
    mia.patch(&path, json!({"title": "Recount"})).await.ok();
    assert_eq!(own(bob, &id).await["title"], "Recount");
    ann.post(TASK_ASSIGNMENTS, json!({"title": "x", "assigneeUserIds": [ann.text()]})).await.refused(403, "Forbidden");
}

async fn managers_see_what_they_gave_and_what_includes_a_report(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await, acme.employee("max").await];
    let [ann, bob, mia, max] = &people;
    acme.manager_of(mia, &[ann]).await;
    acme.manager_of(max, &[bob]).await;
    let crew = acme.department("crew", &[ann, bob]).await;
    let (given, bobs) = (assigned(mia, &[ann]).await, assigned(&acme.owner, &[bob]).await);
    let body = json!({"title": "Air the rooms", "assignedDepartmentIds": [crew.to_string()]});
    let of_crew = text(&acme.owner.post(TASK_ASSIGNMENTS, body).await.ok()["taskAssignment"], "id");
    // Of a page of one, the total is kept; it moves with the tasks, not with the assignments alone.
    let seen = async || mia.get(&format!("{TASK_ASSIGNMENTS}?pageRowCount=1")).await.ok()["paging"]["totalRowCount"].clone();
    assert_eq!((seen().await, seen().await), (json!(2), json!(2)));
    mia.get(&format!("{PROGRESS}/{bobs}")).await.refused(404, "TaskAssignmentNotFound");
    let single = json!({"taskAssignmentId": bobs, "assigneeUserId": ann.text(), "title": "Help"});
    acme.owner.post(TASKS, single).await.ok();
    assert_eq!(seen().await, 3);
    assert_eq!(whole(mia, &bobs).await["progress"]["total"], 2);
    // Of another's assignment the progress is whole, the tasks are those of one's own people.
    let told = whole(mia, &of_crew).await;
    assert_eq!(told["progress"]["total"], 2);
    let whose: Vec<&Json> = told["individualTasks"].as_array().expect("tasks").iter().map(|t| &t["assigneeUserId"]).collect();
    assert_eq!(whose, [&json!(ann.text())]);
    assert_eq!(whole(mia, &given).await["individualTasks"].as_array().map(Vec::len), Some(1));
    max.get(&format!("{PROGRESS}/{given}")).await.refused(404, "TaskAssignmentNotFound");
    assert_eq!(whole(&acme.owner, &given).await["individualTasks"].as_array().map(Vec::len), Some(1));
    for path in [TASK_ASSIGNMENTS.to_owned(), format!("{PROGRESS}/{given}")] {
        ann.get(&path).await.refused(403, "Forbidden");
    }
}

async fn only_the_giver_and_admins_change_it(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await, acme.employee("max").await];
    let [ann, bob, mia, max] = &people;
    acme.manager_of(mia, &[ann]).await;
    acme.manager_of(max, &[bob]).await;
    let eve = acme.admin("eve").await;
    let id = assigned(&acme.owner, &[ann]).await;
    let path = format!("{TASK_ASSIGNMENTS}/{id}");
    for (who, status, code) in [(mia, 403, "Forbidden"), (max, 404, "TaskAssignmentNotFound"), (ann, 403, "Forbidden")] {
        who.patch(&path, json!({"title": "Mine"})).await.refused(status, code);
        who.delete(&path).await.refused(status, code);
    }
    eve.patch(&path, json!({"title": "Recount"})).await.ok();
    let hers = assigned(mia, &[ann]).await;
    mia.patch(&format!("{TASK_ASSIGNMENTS}/{hers}"), json!({"status": "cancelled"})).await.ok();
    mia.delete(&format!("{TASK_ASSIGNMENTS}/{hers}")).await.ok();
    eve.delete(&path).await.ok();
}

async fn single_tasks_are_the_givers(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await, acme.employee("max").await];
    let [ann, bob, mia, max] = &people;
    acme.manager_of(mia, &[ann]).await;
    acme.manager_of(max, &[bob]).await;
    let (given, hers) = (assigned(&acme.owner, &[ann]).await, assigned(mia, &[ann]).await);
    let single = |of: &str, whom: &str| json!({"taskAssignmentId": of, "assigneeUserId": whom, "title": "Sign"});
    mia.post(TASKS, single(&hers, &ann.text())).await.ok();
    mia.post(TASKS, single(&hers, &bob.text())).await.refused(403, "Forbidden");
    mia.post(TASKS, single(&given, &ann.text())).await.refused(403, "Forbidden");
    assert_eq!(max.post(TASKS, single(&hers, &bob.text())).await.bad_fields(), ["taskAssignmentId"], "out of sight");
    ann.post(TASKS, single(&given, &ann.text())).await.refused(403, "Forbidden");
    let path = format!("{TASKS}/{}", text(&own(ann, &given).await, "id"));
    mia.patch(&path, json!({"status": "completed"})).await.refused(403, "Forbidden");
    mia.delete(&path).await.refused(403, "Forbidden");
    ann.delete(&path).await.refused(403, "Forbidden");
    for who in [max, bob] {
        who.patch(&path, json!({"status": "completed"})).await.refused(404, "IndividualTaskNotFound");
    }
    max.delete(&path).await.refused(404, "IndividualTaskNotFound");
    acme.owner.patch(&path, json!({"status": "completed"})).await.ok();
}

async fn own_tasks_are_ones_own_for_everybody(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let id = assigned(&acme.owner, &[&ann, &acme.owner]).await;
    let (anns, owners) = (own(&ann, &id).await, own(&acme.owner, &id).await);
    let path = |task: &Json| format!("{MY_TASK}/{}", text(task, "id"));
    for (who, mine, others) in [(&ann, &anns, &owners), (&acme.owner, &owners, &anns)] {
        assert_eq!(who.get(&path(mine)).await.ok()["individualTask"]["id"], mine["id"]);
        who.get(&path(others)).await.refused(404, "IndividualTaskNotFound");
        assert_eq!(who.get(MY_TASKS).await.ok()["rowCount"], 1);
    }
    mia.get(&path(&anns)).await.refused(404, "IndividualTaskNotFound");
    assert_eq!(mia.get(MY_TASKS).await.ok()["rowCount"], 0);
    let filtered = acme.owner.get(&format!("{MY_TASKS}?assigneeUserId={}", ann.text())).await.ok();
    assert_eq!(filtered["rowCount"], 0, "a filter narrows, it does not reach further");
}

async fn lists_filter_and_order(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&bob]).await;
    let shift = acme.shift("2026-06-10", "09:00-12:00", &[&ann]).await;
    let first = assigned(&acme.owner, &[&ann]).await;
    app.set("2026-06-01T06:00:01Z");
    let body = json!({"title": "Air the rooms", "dueTime": "2026-06-10T10:00:00Z", "assigneeUserIds": [bob.text()],
        "assignedDepartmentIds": [crew.to_string()], "shiftId": shift});
    let second = text(&acme.owner.post(TASK_ASSIGNMENTS, body).await.ok()["taskAssignment"], "id");
    let ids = async |query: &str| {
        let listed = acme.owner.get(&format!("{TASK_ASSIGNMENTS}?{query}")).await.ok();
        listed["taskAssignments"].as_array().expect("a list").iter().map(|a| text(a, "id")).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [second.clone(), first.clone()], "newest first");
    assert_eq!(ids("sortBy=dueTime").await, [first.clone(), second.clone()]);
    for query in [
        "title=ROOMS".to_owned(),
        "dueTime=2026-06-10".to_owned(),
        format!("assigneeUserIds={}", bob.text()),
        format!("assigneeUserIds={}&assigneeUserIds={crew}&assigneeUserIds_op=overlap", bob.text()),
        format!("assignedDepartmentIds={crew}"),
        format!("shiftId={shift}"),
    ] {
        assert_eq!(ids(&query).await, std::slice::from_ref(&second), "{query}");
    }
    assert_eq!(ids(&format!("assignerId={}&status=ACTIVE", acme.owner.text())).await.len(), 2);
    assert_eq!(ids("status=completed").await.len(), 0);
    let mine = async |query: &str| ann.get(&format!("{MY_TASKS}?{query}")).await.ok()["rowCount"].clone();
    assert_eq!((mine("status=pending").await, mine("dueTime=$lt-2026-06-05").await), (json!(2), json!(1)));
    assert_eq!((mine(&format!("taskAssignmentId={second}")).await, mine("status=completed").await), (json!(1), json!(0)));
}

async fn a_model_gets_a_page_of_the_tasks(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people: Vec<String> = large::people(&acme, 60).await.iter().map(|u| u.to_string()).collect();
    let body = json!({"title": "Count", "assigneeUserIds": people});
    let id = text(&acme.owner.post(TASK_ASSIGNMENTS, body).await.ok()["taskAssignment"], "id");
    let shown = |assignment: &Json| {
        let tasks = assignment["individualTasks"].as_array().expect("tasks");
        tasks.iter().map(|t| text(t, "assigneeUserId")).collect::<Vec<_>>()
    };
    let told = whole(&acme.owner, &id).await;
    assert_eq!((shown(&told), told.get("individualTasksNext")), (people.clone(), None), "REST tells of all, in their order");
    let mut by_tool = Vec::new();
    for (number, rows) in [(1, 25), (2, 25), (3, 10)] {
        let args = json!({"taskAssignmentId": id, "taskPageNumber": number});
        let told = acme.owner.tool("getTaskAssignmentWithProgress", args).await.ok();
        let told: Json = serde_json::from_str(told["result"]["content"][0]["text"].as_str().expect("text")).expect("JSON");
        let told = &told["taskAssignment"];
        assert_eq!((shown(told).len(), told["progress"]["total"].as_u64()), (rows, Some(60)));
        assert_eq!(told["individualTasksNext"].is_string(), number < 3, "{told}");
        by_tool.extend(shown(told));
    }
    assert_eq!(by_tool, people);
    let page = acme.owner.get(&format!("{PROGRESS}/{id}?taskPageNumber=0&taskPageRowCount=501")).await;
    assert_eq!(page.bad_fields(), ["taskPageNumber", "taskPageRowCount"]);
}
