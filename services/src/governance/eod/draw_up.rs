//! A day's figures, from the company's state and rows of one moment.

use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs, State};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, ShiftId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{AttendanceRecord, Duty, DutyStatus, EodReport, EodStatus, IndividualTask, TaskStatus};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::value::Value;
use workforceos_core::zone::{Zone, next_day};

use super::super::day;
use super::super::duties;
use super::super::score::{Done, score};
use super::tasks::Tasks;
use crate::attendance::rules::{MAX_OPEN, is_expected, times};

/// All that a day's figures depend on.
pub fn needs(company: CompanyId, zone: Zone, user: UserId, date: Date) -> Needs {
    let mine = |cond: Cond| Query::of(IndividualTask::def(), company, Cond::eq("assigneeUserId", user.0).and(cond));
    // The night may last into the next day; what is beyond the day's end is left out later.
    let (from, to) = (zone.day(date).0, zone.day(next_day(date)).1);
    let at = |property, op, at| Cond::Cmp(property, op, Value::Time(at));
    let done = at("completedTime", Op::Gte, from).and(at("completedTime", Op::Lte, to));
    // What was done after the day waited on it.
    let undone = Cond::Any(vec![Cond::eq("status", TaskStatus::Pending.as_str()), at("completedTime", Op::Gte, from)]);
    let waiting = at("dueTime", Op::Lte, to).and(undone);
    Needs::none()
        .around(date)
        .and_query(existing(company, user, date))
        .and_query(duties::of_day(company, user, date))
        .and_query(mine(done))
        .and_query(mine(waiting))
}

/// The report of a day, if there is one.
pub fn existing(company: CompanyId, user: UserId, date: Date) -> Query {
    let of_day = Cond::eq("userId", user.0).and(Cond::eq("reportDate", date));
    Query { limit: 1, ..Query::of(EodReport::def(), company, of_day) }
}

/// The report of a day among the facts.
pub fn found(facts: &Facts, user: UserId, date: Date) -> Result<Option<EodReport>> {
    Ok(facts.rows::<EodReport>()?.into_iter().find(|report| report.user_id == user && report.report_date == date))
}

/// The report with the figures of a moment. Of one that is there, what was written stays.
pub fn draw_up(facts: &Facts, user: UserId, date: Date, before: Option<&EodReport>, now: Timestamp) -> Result<EodReport> {
    let day = day::day(facts.state, user, date);
    let attended = Attended::of(facts.state, user, date, now);
    let mine = facts.rows::<IndividualTask>()?.into_iter().filter(|task| task.assignee_user_id == user);
    let tasks = Tasks::of(mine, &day, now);
    let duties: Vec<Duty> =
        facts.rows::<Duty>()?.into_iter().filter(|duty| duty.user_id == user && duty.duty_date == date).collect();
    let duties_done = duties.iter().filter(|duty| duty.status == DutyStatus::Completed).count();
    let done = Done {
        planned_minutes: attended.planned,
        worked_minutes: attended.worked,
        tasks: count(tasks.all().count()),
        tasks_completed: count(tasks.completed.len()),
        duties: count(duties.len()),
        duties_completed: count(duties_done),
    };
    let meta = match before {
        Some(before) => before.clone().touched(now).meta,
        None => Meta::new(facts.ids.next(now), now, Some(user.0)),
    };
    Ok(EodReport {
        meta,
        user_id: user,
        report_date: date,
        status: before.map_or(EodStatus::Generated, |report| report.status),
        login_time: attended.came,
        logout_time: attended.left,
        worked_minutes: attended.worked,
        planned_minutes: attended.planned,
        completed_tasks: done.tasks_completed,
        pending_tasks: count(tasks.pending.len()),
        duties_performed: done.duties_completed,
        productivity_score: score(&done),
        attendance_summary: attended.summary,
        task_metrics: tasks.metrics(),
        task_breakdown: tasks.breakdown(),
        work_summary: before.and_then(|report| report.work_summary.clone()),
        blockers: before.and_then(|report| report.blockers.clone()),
        next_day_plan: before.and_then(|report| report.next_day_plan.clone()),
        submitted_at: before.and_then(|report| report.submitted_at),
        delay_alert_at: before.and_then(|report| report.delay_alert_at),
        manager_comments: before.and_then(|report| report.manager_comments.clone()),
        reviewed_by: before.and_then(|report| report.reviewed_by),
        reviewed_at: before.and_then(|report| report.reviewed_at),
        company_id: facts.state.company_id,
    })
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What somebody was planned for on a day, and how they attended.
struct Attended {
    planned: i64,
    worked: i64,
    came: Option<Timestamp>,
    left: Option<Timestamp>,
    summary: Json,
}

impl Attended {
    /// Planned minutes are net of breaks and of a half day off, and none where nobody was expected; an open record counts until
    /// `now`, as long as it can be closed.
    fn of(state: &State, user: UserId, date: Date, now: Timestamp) -> Attended {
        let (mut planned, mut worked, mut late, mut open) = (0, 0, 0, false);
        let (mut came, mut left) = (None::<Timestamp>, None::<Timestamp>);
        let mut lines = Vec::new();
        for shift in day::shifts(state, user, date) {
            let times = times(state, shift, user);
            let record = state.attendance.of(ShiftId(shift.meta.id), user);
            let minutes = if is_expected(state, shift, user) { times.planned() } else { 0 };
            let until_now = |came: Timestamp| times.worked(came, now.min(Timestamp(came.0 + MAX_OPEN)));
            let done = record.map_or(0, |record| worked_by(record, until_now));
            planned += minutes;
            worked += done;
            late += record.and_then(|record| record.late_by_minutes).unwrap_or(0);
            if let Some(record) = record {
                came = came.into_iter().chain(record.check_in_time).min();
                left = left.max(record.check_out_time);
                open |= record.check_in_time.is_some() && record.check_out_time.is_none();
            }
            lines.push(json!({
                "shift_id": shift.meta.id.to_string(), "start_time": shift.start_time, "end_time": shift.end_time,
                "status": record.map(|record| record.status.as_str()), "planned_minutes": minutes, "worked_minutes": done,
            }));
        }
        let summary = json!({
            "planned_minutes": planned, "worked_minutes": worked, "late_minutes": late, "checked_in": open, "shifts": lines,
        });
        Attended { planned, worked, came, left: left.filter(|_| !open), summary }
    }
}

fn worked_by(record: &AttendanceRecord, until_now: impl Fn(Timestamp) -> i64) -> i64 {
    match (record.check_in_time, record.worked_minutes) {
        (_, Some(minutes)) => minutes,
        (Some(came), None) => until_now(came),
        (None, None) => 0,
    }
}
