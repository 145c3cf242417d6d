//! A report as it is told.

use serde_json::{Value as Json, json};
use workforceos_core::objects::{EodReport, EodStatus};
use workforceos_core::time::Timestamp;

use crate::payroll::exact::hours;
use crate::shape;

pub fn told(report: &EodReport, name: &str) -> Json {
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": report.meta.id.to_string(), "user_id": report.user_id.to_string(), "user_name": name, "date": report.report_date,
        "report_date": report.report_date, "login_time": at(report.login_time), "logout_time": at(report.logout_time),
        "total_hours": hours(report.worked_minutes), "tasks_worked_on": report.completed_tasks + report.pending_tasks,
        "completed_tasks": report.completed_tasks, "pending_tasks": report.pending_tasks,
        "duties_performed": report.duties_performed, "status": report.status.as_str(), "manager_comments": report.manager_comments,
        "productivity_score": report.productivity_score, "work_summary": report.work_summary, "blockers": report.blockers,
        "next_day_plan": report.next_day_plan, "submitted_at": at(report.submitted_at),
        "created_at": report.meta.created_at.to_string(), "updated_at": report.meta.updated_at.to_string(),
        "attendance_summary": report.attendance_summary, "task_metrics": report.task_metrics, "task_breakdown": report.task_breakdown,
    })
}

pub fn report_shape() -> Json {
    let own = |about: &str| shape::or_null(shape::text(about));
    let at = |about: &str| shape::or_null(shape::instant(about));
    shape::object(
        "An end-of-day report.",
        [
            ("id", shape::id("The report.")),
            ("user_id", shape::id("Whose day it was.")),
            ("user_name", shape::text("Their name.")),
            ("date", shape::date("The day; a night belongs to the day on which it starts.")),
            ("report_date", shape::date("The same.")),
            ("login_time", at("The first check-in.")),
            ("logout_time", at("The last check-out; null while checked in.")),
            ("total_hours", shape::number("Hours worked.")),
            ("tasks_worked_on", shape::whole("Tasks that were done on the day or due by its end.")),
            ("completed_tasks", shape::whole("Those of them that were done.")),
            ("pending_tasks", shape::whole("Those that were not.")),
            ("duties_performed", shape::whole("Duties done.")),
            ("status", shape::one_of(EodStatus::NAMES, "Where it stands.")),
            ("manager_comments", own("What the manager says.")),
            ("productivity_score", shape::or_null(shape::whole("0 to 100; null where there is nothing to measure."))),
            ("work_summary", own("What was done, in the person's own words.")),
            ("blockers", own("What stood in the way.")),
            ("next_day_plan", own("What comes next.")),
            ("submitted_at", at("When it was last submitted.")),
            ("created_at", shape::instant("When it was first drawn up.")),
            ("updated_at", shape::instant("When it last changed.")),
            ("attendance_summary", attendance_shape()),
            ("task_metrics", metrics_shape()),
            (
                "task_breakdown",
                shape::list(task_shape(), "The tasks as they stood at the day's end, those done first; at most 100."),
            ),
        ],
    )
}

fn attendance_shape() -> Json {
    let shift = shape::object(
        "A shift.",
        [
            ("shift_id", shape::id("The shift.")),
            ("start_time", shape::text("Its start, HH:mm.")),
            ("end_time", shape::text("Its end, HH:mm.")),
            ("status", shape::or_null(shape::text("How it was attended; null as long as it was not."))),
            ("planned_minutes", shape::whole("Net of breaks; 0 where nobody was expected.")),
            ("worked_minutes", shape::whole("Until now while checked in.")),
        ],
    );
    shape::object(
        "Attendance of the day.",
        [
            ("planned_minutes", shape::whole("Planned, net of breaks.")),
            ("worked_minutes", shape::whole("Worked.")),
            ("late_minutes", shape::whole("Late.")),
            ("checked_in", shape::flag("Whether somebody is still there.")),
            ("shifts", shape::list(shift, "Shift by shift.")),
        ],
    )
}

fn metrics_shape() -> Json {
    shape::object(
        "The tasks' counts.",
        [
            ("total", shape::whole("All.")),
            ("completed", shape::whole("Done on the day.")),
            ("pending", shape::whole("Due by the day's end and not done.")),
            ("overdue", shape::whole("Of these, past their time.")),
        ],
    )
}

fn task_shape() -> Json {
    shape::object(
        "A task.",
        [
            ("task_id", shape::id("The individual task.")),
            ("title", shape::text("What is to be done.")),
            ("status", shape::text("pending or completed, at the day's end.")),
            ("due_time", shape::or_null(shape::instant("By when."))),
            ("completed_time", shape::or_null(shape::instant("When it was done."))),
            ("overdue", shape::flag("Not done, and past its time.")),
        ],
    )
}
