//! What a report is drawn up from: attendance, tasks and duties of a day.

use serde_json::json;
use workforceos_core::objects::DayPart;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{DUTIES, EOD, SUMMARY, bad_fields, generate, refused, submit};
use crate::paths::{CHECK_IN, CHECK_OUT, MY_TASKS, TASK_ASSIGNMENTS, TASKS};
use crate::text;

on_both_databases!(
    a_day_is_drawn_up_from_attendance_tasks_and_duties,
    drawing_up_again_keeps_what_was_written,
    a_night_is_one_day,
    a_half_day_off_is_not_planned,
    earlier_days_can_be_reported,
    nothing_to_measure_has_no_score,
);

async fn a_day_is_drawn_up_from_attendance_tasks_and_duties(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    app.set("2026-06-01T08:00:00Z");
    let record = text(&ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id");
    app.set("2026-06-01T12:00:00Z");
    let open = generate(&ann).await.ok();
    assert_eq!((&open["total_hours"], &open["logout_time"]), (&json!(4.0), &json!(null)), "an open record counts until now");
    assert_eq!((&open["productivity_score"], &open["attendance_summary"]["checked_in"]), (&json!(50), &json!(true)));
    // One done today, one due today, one overdue since yesterday, one due tomorrow, one without a time.
    for (title, due) in [
        ("done", Some("2026-06-05T08:00:00Z")),
        ("today", Some("2026-06-01T23:00:00Z")),
        ("overdue", Some("2026-06-01T08:00:00Z")),
        ("tomorrow", Some("2026-06-02T08:00:00Z")),
        ("sometime", None),
    ] {
        let mut body = json!({"title": title, "assigneeUserIds": [ann.text()]});
        if let Some(due) = due {
            body["dueTime"] = json!(due);
        }
        acme.owner.post(TASK_ASSIGNMENTS, body).await.ok();
    }
    let tasks = ann.get(&format!("{MY_TASKS}?pageRowCount=50")).await.ok();
    let done = tasks["individualTasks"].as_array().expect("tasks").iter().find(|task| task["title"] == "done").expect("it");
    ann.patch(&format!("{TASKS}/{}", text(done, "id")), json!({"status": "completed"})).await.ok();
    for status in ["completed", "completed", "pending", "pending"] {
        ann.post(DUTIES, json!({"title": "A duty", "status": status})).await.ok();
    }
    app.set("2026-06-01T16:00:00Z");
    ann.post(CHECK_OUT, json!({"attendanceRecordId": record})).await.ok();
    let report = generate(&ann).await.ok();
    assert_eq!(report["id"], open["id"], "one report a day");
    assert_eq!(
        (&report["login_time"], &report["logout_time"]),
        (&json!("2026-06-01T08:00:00.000Z"), &json!("2026-06-01T16:00:00.000Z"))
    );
    assert_eq!(
        (&report["date"], &report["report_date"], &report["user_name"]),
        (&json!("2026-06-01"), &json!("2026-06-01"), &json!("ann"))
    );
    let counts = ["tasks_worked_on", "completed_tasks", "pending_tasks", "duties_performed"].map(|name| report[name].clone());
    assert_eq!(counts, [json!(3), json!(1), json!(2), json!(2)]);
    assert_eq!(report["task_metrics"], json!({"total": 3, "completed": 1, "pending": 2, "overdue": 1}));
    let named: Vec<&str> =
        report["task_breakdown"].as_array().expect("tasks").iter().filter_map(|t| t["title"].as_str()).collect();
    assert_eq!(named, ["done", "overdue", "today"]);
    // 100 · (40·1 + 40·1/3 + 20·2/4) / 100 = 63.33
    assert_eq!((&report["productivity_score"], &report["status"]), (&json!(63), &json!("Generated")));
    assert_eq!(ann.get(&format!("{EOD}/me/today")).await.ok(), report);
    assert_eq!(ann.get(&format!("{EOD}/me?date=2026-06-01")).await.ok(), report);
    assert_eq!(ann.get(&format!("{EOD}/me")).await.ok(), report);
}

async fn drawing_up_again_keeps_what_was_written(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let sent = ann
        .post(&format!("{EOD}/me/submit"), json!({"work_summary": SUMMARY, "blockers": "Rain", "next_day_plan": "More linen"}))
        .await
        .ok();
    assert_eq!((&sent["status"], &sent["submitted_at"]), (&json!("Pending Approval"), &json!("2026-06-01T06:00:00.000Z")));
    refused(generate(&ann).await, 409, "CONFLICT");
    refused(submit(&ann).await, 409, "CONFLICT");
    super::review(&mia, &text(&sent, "id"), "Needs Revision").await.ok();
    ann.post(DUTIES, json!({"title": "Late duty", "status": "completed"})).await.ok();
    let again = generate(&ann).await.ok();
    assert_eq!(
        (&again["work_summary"], &again["blockers"], &again["next_day_plan"]),
        (&json!(SUMMARY), &json!("Rain"), &json!("More linen"))
    );
    assert_eq!((&again["duties_performed"], &again["status"]), (&json!(1), &json!("Needs Revision")));
    assert_eq!(again["manager_comments"], "I see");
}

async fn a_night_is_one_day(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-01", "22:00-06:00", &[&ann]).await;
    app.set("2026-06-01T20:00:00Z");
    let record = text(&ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id");
    // Two in the morning, on the next date.
    app.set("2026-06-02T00:00:00Z");
    ann.post(DUTIES, json!({"title": "Round", "status": "completed"})).await.ok();
    let body = json!({"title": "Count", "assigneeUserIds": [ann.text()], "dueTime": "2026-06-02T03:00:00Z"});
    acme.owner.post(TASK_ASSIGNMENTS, body).await.ok();
    let report = generate(&ann).await.ok();
    assert_eq!((&report["date"], &report["total_hours"]), (&json!("2026-06-01"), &json!(4.0)));
    assert_eq!((&report["duties_performed"], &report["pending_tasks"]), (&json!(1), &json!(1)));
    app.set("2026-06-02T04:00:00Z");
    ann.post(CHECK_OUT, json!({"attendanceRecordId": record})).await.ok();
    // After the end it is a new day, and the night can still be reported.
    assert_eq!(ann.get(&format!("{EOD}/me/today")).await.ok(), json!(null));
    let sent = ann.post(&format!("{EOD}/me/submit"), json!({"report_date": "2026-06-01", "work_summary": SUMMARY})).await.ok();
    assert_eq!((&sent["total_hours"], &sent["duties_performed"], &sent["pending_tasks"]), (&json!(8.0), &json!(1), &json!(1)));
    // What was due in the night and is not done is overdue on the next day.
    let next = generate(&ann).await.ok();
    assert_eq!((&next["date"], &next["pending_tasks"], &next["duties_performed"]), (&json!("2026-06-02"), &json!(1), &json!(0)));
    assert_eq!(next["total_hours"], json!(0.0), "the night is not counted twice");
}

async fn a_half_day_off_is_not_planned(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let date = "2026-06-01".parse().expect("a date");
    acme.leave(&ann, date, date, DayPart::FirstHalf).await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    app.set("2026-06-01T12:00:00Z");
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    app.set("2026-06-01T14:00:00Z");
    let report = generate(&ann).await.ok();
    assert_eq!(report["attendance_summary"]["planned_minutes"], 240);
    assert_eq!(report["productivity_score"], 50);
}

async fn earlier_days_can_be_reported(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let sent = async |date: &str, summary: &str| {
        ann.post(&format!("{EOD}/me/submit"), json!({"report_date": date, "work_summary": summary})).await
    };
    assert_eq!(sent("2026-05-20", SUMMARY).await.ok()["date"], "2026-05-20");
    assert_eq!(bad_fields(sent("2026-06-02", SUMMARY).await), ["report_date"]);
    assert_eq!(bad_fields(sent("2026-04-01", "too short").await), ["report_date", "work_summary"]);
    assert_eq!(bad_fields(ann.post(&format!("{EOD}/me/submit"), json!({})).await), ["work_summary"]);
    refused(ann.get(&format!("{EOD}/me?date=2026-06-02")).await, 404, "NOT_FOUND");
    assert_eq!(ann.get(&format!("{EOD}/me/today")).await.ok(), json!(null), "nothing was made by what was refused");
}

async fn nothing_to_measure_has_no_score(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    assert_eq!(generate(&ann).await.ok()["productivity_score"], json!(null));
    // Twenty at once make one report.
    let bob = acme.employee("bob").await;
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let bob = bob.client.clone();
            tokio::spawn(async move { generate(&bob).await.ok() })
        })
        .collect();
    let mut ids = std::collections::BTreeSet::new();
    for call in calls {
        ids.insert(text(&call.await.expect("an answer"), "id"));
    }
    assert_eq!(ids.len(), 1);
}
