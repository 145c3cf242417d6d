//! Today's board: the shifts of the day and those still running, with the attendance at them, who is away, and the latest
//! announcements and insights, as the caller may see them; and the caller's own open tasks.

use serde_json::{Value as Json, json};
use workforceos_core::answer::{Row, RowView};
use workforceos_core::error::{Error, Result};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AI_ANALYTICS, Announcement, AttendanceRecord, IndividualTask, LeaveRequest, Shift};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::Ctx;
use workforceos_core::value::Value;
use workforceos_core::zone::previous_day;
use workforceos_store::Found;

use crate::{App, announcements, crud, insights, leave, outside, schedule, tasks};

/// The most rows of each kind on a board.
const MAX_ROWS: u64 = 2_000;
/// The most open tasks on it, those due first.
const MAX_TASKS: u64 = 200;
/// The most announcements: the latest of those that are not over.
const MAX_ANNOUNCEMENTS: u64 = 20;

/// The board and the company's sequence at the moment of reading it. `ctx` has its scope.
pub async fn snapshot(app: &App, ctx: &Ctx) -> Result<(i64, Json)> {
    let today = ctx.tenant.zone.date(ctx.now());
    let running = Cond::All(vec![
        Cond::Cmp("shiftDate", Op::Gte, Value::Date(previous_day(today))),
        Cond::Cmp("shiftDate", Op::Lte, Value::Date(today)),
    ]);
    let of_today = Cond::eq("shiftDate", today);
    let still_on = Cond::Cmp("endsAt", Op::Gt, Value::Time(ctx.now()));
    let shifts = within(ctx, "scheduleManagement")
        .and(schedule::visible_shifts(ctx))
        .and(Cond::eq("isDraft", false))
        .and(running.clone())
        .and(Cond::Any(vec![of_today, still_on]));
    let records = within(ctx, "attendanceManagement").and(crud::own_rows::<AttendanceRecord>(ctx)).and(running);
    let away = within(ctx, "leaveManagement").and(crud::own_rows::<LeaveRequest>(ctx)).and(leave::approved_on(today));
    let tasks = within(ctx, "taskManagement").and(tasks::my_open_tasks(ctx));
    let tasks = query(ctx, IndividualTask::def(), tasks);
    let told = within(ctx, "announcementManagement").and(announcements::for_caller(ctx));
    let paid = if is_subscribed(app, ctx).await? { Cond::TRUE } else { Cond::FALSE };
    let found_out = insights::latest(ctx, within(ctx, "aiWorkforceAnalytics").and(paid));
    let queries = [
        query(ctx, Shift::def(), shifts),
        query(ctx, AttendanceRecord::def(), records),
        query(ctx, LeaveRequest::def(), away),
        Query { order: order(IndividualTask::def(), "dueTime,id"), limit: MAX_TASKS, ..tasks },
        Query { limit: MAX_ANNOUNCEMENTS, ..query(ctx, Announcement::def(), told) },
        found_out,
    ];
    let (seq, found) = app.store.snapshot(ctx.company(), &queries).await?;
    // Announcements and insights are the latest ones by design, however many there are.
    let truncated = found.iter().zip(&queries[..4]).any(|(rows, query)| rows.len() as u64 == query.limit);
    let [shifts, records, away, tasks, told, found_out] =
        found.try_into().map_err(|_| Error::internal("a snapshot has a list for each query"))?;
    // Yesterday's records matter only as far as their shifts still run.
    let shown: std::collections::HashSet<_> = shifts.iter().map(|f| f.record.id()).collect();
    let on_board = |f: &Found| {
        *f.record.get("shiftDate") == Value::Date(today) || f.record.get("shiftId").as_id().is_some_and(|id| shown.contains(&id))
    };
    let records = records.into_iter().filter(on_board).collect();
    let board = json!({
        "date": today.to_string(), "timezone": ctx.tenant.zone.name(), "at": ctx.now().to_string(),
        "shifts": rendered(ctx, shifts), "attendanceRecords": rendered(ctx, records), "leaveRequests": rendered(ctx, away),
        "individualTasks": rendered(ctx, tasks), "announcements": rendered(ctx, told),
        "aiInsights": found_out.into_iter().map(|found| insights::on_board(ctx, found)).collect::<Json>(), "truncated": truncated,
    });
    Ok((seq, board))
}

/// Whether insights are for the caller as of now: a stream outlives what its company was subscribed to when it was opened.
async fn is_subscribed(app: &App, ctx: &Ctx) -> Result<bool> {
    let tenant = outside::tenant(app, &ctx.tenant.codename).await?.unwrap_or_else(|| ctx.tenant.clone());
    Ok(Ctx { tenant, ..ctx.clone() }.needs_feature(AI_ANALYTICS).is_ok())
}

/// Nothing of a service that the caller's API key is not good for.
fn within(ctx: &Ctx, service: &str) -> Cond {
    let services = ctx.session.as_ref().and_then(|s| s.key.as_ref()).map(|key| key.services.as_slice()).unwrap_or_default();
    if services.is_empty() || services.iter().any(|s| s == service) { Cond::TRUE } else { Cond::FALSE }
}

fn query(ctx: &Ctx, def: &'static workforceos_core::ObjectDef, cond: Cond) -> Query {
    let joins = def.joins.iter().map(|j| j.name).collect();
    Query { order: order(def, def.order), limit: MAX_ROWS, joins, ..Query::of(def, ctx.company(), cond) }
}

fn rendered(ctx: &Ctx, rows: Vec<Found>) -> Vec<Json> {
    let render = |found: Found| {
        let row = Row { joins: found.joins, ..Row::seen_by(ctx, found.record) };
        serde_json::to_value(RowView { row: &row, fields: None, masked: false }).unwrap_or_default()
    };
    rows.into_iter().map(render).collect()
}
