//! What counts as planned, and what as done, on the day that a report is about.

use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart::{FirstHalf, Full, SecondHalf};
use workforceos_tests::{Client, Company, Db, Person, TestApp, on_both_databases};

use super::{DUTIES, EOD, SUMMARY, generate};
use crate::paths::{CHECK_IN, CHECK_OUT, MARK_ABSENT, MY_TASKS, SHIFTS, TASK_ASSIGNMENTS, TASKS};
use crate::text;

on_both_databases!(
    cancelled_shifts_are_not_planned,
    days_off_are_not_planned,
    members_are_planned_by_their_department,
    a_night_off_is_no_night,
    what_is_done_later_waited_on_the_day,
    a_missing_check_out_counts_a_day_at_most,
);

/// A report's planned and worked minutes, how many shifts it names, and its score.
fn figures(report: &Json) -> (i64, i64, usize, Option<i64>) {
    let of = &report["attendance_summary"];
    let minutes = |name: &str| of[name].as_i64().expect("minutes");
    let shifts = of["shifts"].as_array().expect("shifts").len();
    (minutes("planned_minutes"), minutes("worked_minutes"), shifts, report["productivity_score"].as_i64())
}

async fn cancel(acme: &Company, shift: &str) {
    acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"status": "cancelled"})).await.ok();
}

async fn off(acme: &Company, who: &Person, parts: &[workforceos_core::objects::DayPart]) {
    let date = "2026-06-01".parse().expect("a date");
    for part in parts {
        acme.leave(who, date, date, *part).await;
    }
}

async fn submit_for(who: &Client, date: &str) -> Json {
    who.post(&format!("{EOD}/me/submit"), json!({"report_date": date, "work_summary": SUMMARY})).await.ok()
}

async fn cancelled_shifts_are_not_planned(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let early = acme.shift("2026-06-01", "08:00-12:00", &[&ann]).await;
    let late = acme.shift("2026-06-01", "13:00-17:00", &[&ann, &bob]).await;
    app.set("2026-06-01T08:00:00Z");
    let record = text(&ann.post(CHECK_IN, json!({"shiftId": early})).await.ok()["attendanceRecord"], "id");
    app.set("2026-06-01T12:00:00Z");
    ann.post(CHECK_OUT, json!({"attendanceRecordId": record})).await.ok();
    assert_eq!(figures(&generate(&ann).await.ok()), (480, 240, 2, Some(50)));
    // Who did not come to what was then called off missed nothing.
    acme.owner.post(MARK_ABSENT, json!({"shiftId": late, "userId": ann.text()})).await.ok();
    cancel(&acme, &late).await;
    assert_eq!(figures(&generate(&ann).await.ok()), (240, 240, 1, Some(100)));
    assert_eq!(figures(&generate(&bob).await.ok()), (0, 0, 0, None));
    // What was worked is told, though nothing of it is planned any more.
    cancel(&acme, &early).await;
    assert_eq!(figures(&generate(&ann).await.ok()), (0, 240, 1, None));
}

async fn days_off_are_not_planned(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, cid) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await);
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann, &bob, &cid]).await;
    app.set("2026-06-01T08:00:00Z");
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    acme.owner.post(MARK_ABSENT, json!({"shiftId": shift, "userId": cid.text()})).await.ok();
    assert_eq!(figures(&generate(&bob).await.ok()), (480, 0, 1, Some(0)));
    assert_eq!(figures(&generate(&cid).await.ok()), (480, 0, 1, Some(0)));
    // Halves unassign nothing, and two of them are a day. An absence on a day off is none.
    off(&acme, &ann, &[FirstHalf, SecondHalf]).await;
    off(&acme, &bob, &[SecondHalf, FirstHalf]).await;
    off(&acme, &cid, &[Full]).await;
    app.set("2026-06-01T10:00:00Z");
    assert_eq!(figures(&generate(&ann).await.ok()), (0, 120, 1, None));
    assert_eq!(figures(&generate(&bob).await.ok()), (0, 0, 0, None));
    assert_eq!(figures(&generate(&cid).await.ok()), (0, 0, 0, None));
}

async fn members_are_planned_by_their_department(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, cid) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await);
    let crew = acme.department("Crew", &[&ann, &bob]).await;
    let body =
        json!({"shiftDate": "2026-06-01", "startTime": "08:00", "endTime": "16:00", "assignedDepartmentIds": [crew.to_string()]});
    acme.owner.post(SHIFTS, body).await.ok();
    let draft = json!({"shiftDate": "2026-06-01", "startTime": "17:00", "endTime": "19:00", "assignedUserIds": [ann.text()],
        "draft": true});
    acme.owner.post(SHIFTS, draft).await.ok();
    off(&acme, &bob, &[FirstHalf]).await;
    assert_eq!(figures(&generate(&ann).await.ok()), (480, 0, 1, Some(0)), "a draft is nobody's");
    assert_eq!(figures(&generate(&bob).await.ok()), (240, 0, 1, Some(0)));
    assert_eq!(figures(&generate(&cid).await.ok()), (0, 0, 0, None));
    off(&acme, &bob, &[SecondHalf]).await;
    assert_eq!(figures(&generate(&bob).await.ok()), (0, 0, 0, None));
}

async fn a_night_off_is_no_night(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mut crew = Vec::new();
    for name in ["ann", "bob", "cid", "dan"] {
        let mut person = acme.employee(name).await;
        person.use_key().await;
        crew.push(person);
    }
    let [ann, bob, cid, dan] = crew.as_slice() else { panic!("four people") };
    acme.shift("2026-06-01", "22:00-06:00", &[ann, bob]).await;
    let called_off = acme.shift("2026-06-01", "22:00-06:00", &[cid, dan]).await;
    off(&acme, bob, &[FirstHalf, SecondHalf]).await;
    app.set("2026-06-01T22:00:00Z");
    dan.post(CHECK_IN, json!({"shiftId": called_off})).await.ok();
    cancel(&acme, &called_off).await;
    app.set("2026-06-02T02:00:00Z");
    // The night of who works it, or began to; for the others a new day has begun.
    for (who, date) in [(ann, "2026-06-01"), (bob, "2026-06-02"), (cid, "2026-06-02"), (dan, "2026-06-01")] {
        who.post(DUTIES, json!({"title": "Round", "status": "completed"})).await.ok();
        let report = generate(who).await.ok();
        assert_eq!((&report["date"], &report["duties_performed"]), (&json!(date), &json!(1)), "{}", report["user_name"]);
    }
}

async fn what_is_done_later_waited_on_the_day(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mut ann, mut owner) = (acme.employee("ann").await, acme.owner.clone());
    ann.use_key().await;
    owner.use_key().await;
    let due = "2026-06-01T12:00:00Z";
    for title in ["in time", "a day late"] {
        owner.post(TASK_ASSIGNMENTS, json!({"title": title, "assigneeUserIds": [ann.text()], "dueTime": due})).await.ok();
    }
    let done = async |title: &str| {
        let tasks = ann.get(&format!("{MY_TASKS}?pageRowCount=50")).await.ok();
        let task = tasks["individualTasks"].as_array().expect("tasks").iter().find(|task| task["title"] == title);
        ann.patch(&format!("{TASKS}/{}", text(task.expect("it"), "id")), json!({"status": "completed"})).await.ok();
    };
    app.set("2026-06-01T23:59:59Z");
    done("in time").await;
    let in_time = generate(&ann).await.ok();
    assert_eq!((&in_time["date"], &in_time["productivity_score"]), (&json!("2026-06-01"), &json!(50)));
    app.set("2026-06-02T08:00:00Z");
    done("a day late").await;
    // What is given with a time that has passed is no matter of that day.
    owner.post(TASK_ASSIGNMENTS, json!({"title": "since", "assigneeUserIds": [ann.text()], "dueTime": due})).await.ok();
    let late = submit_for(&ann, "2026-06-01").await;
    for name in ["productivity_score", "task_metrics", "task_breakdown", "completed_tasks", "pending_tasks"] {
        let (then, now) = (&in_time[name], &late[name]);
        assert_eq!(then, now, "{name}: as it stood at the end of the day");
    }
    let next = generate(&ann).await.ok();
    assert_eq!(next["task_metrics"], json!({"total": 2, "completed": 1, "pending": 1, "overdue": 1}));
}

async fn a_missing_check_out_counts_a_day_at_most(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mut ann = acme.employee("ann").await;
    ann.use_key().await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    app.set("2026-06-01T08:00:00Z");
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    app.set("2026-06-05T08:00:00Z");
    let report = submit_for(&ann, "2026-06-01").await;
    assert_eq!((&report["total_hours"], &report["logout_time"]), (&json!(24.0), &json!(null)), "later nobody checks out");
}
