//! `whoIsOff`: whose leave falls into some days, and the holidays of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{CompanyPolicy, DayPart, Holiday, LeaveRequest, LeaveStatus, User};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::value::Value;
use workforceos_core::{Reach, input};

use super::balance::{Halves, Workdays, days};
use super::get_leave_balance::read;
use super::rules::Span;
use crate::people::Names;
use crate::{Api, App, crud, people, shape};

/// The longest range, in days.
const MAX_DAYS: i64 = 92;
/// How many requests are listed unless the caller says so, and at most; all are counted.
const LISTED: (i64, i64) = (100, 500);

input! {
    pub struct WhoIsOff {
        /// First date (today).
        from: Option<Date> => "from" Query,
        /// Last date, at most 92 days after the first (the first).
        to: Option<Date> => "to" Query,
        /// How many requests are listed, 1 to 500 (100).
        limit: Option<i64> => "limit" Query,
    }
}

pub fn api() -> Api {
    Api::get("whoIsOff")
        .named("off")
        .at("/v1/whoisoff")
        .reach(Reach::Own)
        .output(output)
        .about(
            "Whose leave falls into a range of dates, approved or still asked for (pending, marked as such), with names, halves of days \
             and the workdays that it takes within the range; and the company's holidays. Employees see their own leave, managers also \
             that of their reports, admins all.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: WhoIsOff) -> Result<Answer> {
    let from = input.from.unwrap_or_else(|| ctx.tenant.zone.date(ctx.now()));
    let to = input.to.unwrap_or(from);
    let limit = input.limit.unwrap_or(LISTED.0);
    let mut problems = Vec::new();
    if !(0..=MAX_DAYS).contains(&(to - from).num_days()) {
        problems.push(Problem::new("to", format!("must be from 0 to {MAX_DAYS} days after from")));
    }
    if !(1..=LISTED.1).contains(&limit) {
        problems.push(Problem::new("limit", format!("must be from 1 to {}", LISTED.1)));
    }
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let company = ctx.company();
    let within = Cond::Cmp("holidayDate", Op::Gte, from.into()).and(Cond::Cmp("holidayDate", Op::Lte, to.into()));
    let holidays = Query { order: order(Holiday::def(), Holiday::def().order), ..Query::of(Holiday::def(), company, within) };
    let queries = [
        Query::of(CompanyPolicy::def(), company, Cond::TRUE),
        holidays,
        Query::of(LeaveRequest::def(), company, overlapping(from, to).and(crud::own_rows::<LeaveRequest>(&ctx))),
    ];
    let (_, found) = app.store.snapshot(company, &queries).await?;
    let mut records = found.into_iter().map(|rows| rows.into_iter().map(|found| found.record));
    let policy: Vec<CompanyPolicy> = read(records.next())?;
    let holidays: Vec<Holiday> = read(records.next())?;
    let mut leave: Vec<LeaveRequest> = read(records.next())?;
    let policy = policy.into_iter().next().ok_or_else(|| Error::not_found(CompanyPolicy::def().name))?;
    let workdays = Workdays::of(&policy, holidays.iter().map(|h| h.holiday_date).collect());
    let active = active(&app, &ctx, &leave).await?;
    leave.retain(|l| active.contains(&l.user_id));
    leave.sort_by_key(|l| (l.start_date, l.end_date, l.meta.id));
    let shown = leave.iter().take(usize::try_from(limit).unwrap_or(0));
    let names = people::names(&app, &ctx, shown.clone().map(|l| l.user_id)).await?;
    Ok(Answer::json(json!({
        "from": from,
        "to": to,
        "timezone": ctx.tenant.zone.name(),
        "counts": {
            "people": people_of(&leave, LeaveStatus::Approved),
            "peoplePending": people_of(&leave, LeaveStatus::Pending),
            "requests": leave.len(),
        },
        "leave": shown.map(|l| leave_json(l, (from, to), &workdays, &names)).collect::<Json>(),
        "holidays": holidays.iter().map(|h| json!({"date": h.holiday_date, "name": h.name})).collect::<Json>(),
        "truncated": leave.len() as i64 > limit,
    })))
}

fn overlapping(from: Date, to: Date) -> Cond {
    let booked = [LeaveStatus::Approved, LeaveStatus::Pending].map(|s| Value::Text(s.as_str().to_owned()));
    Cond::All(vec![
        Cond::In("status", booked.to_vec()),
        Cond::Cmp("startDate", Op::Lte, Value::Date(to)),
        Cond::Cmp("endDate", Op::Gte, Value::Date(from)),
    ])
}

/// Of the requesters those who still work here.
async fn active(app: &App, ctx: &Ctx, leave: &[LeaveRequest]) -> Result<BTreeSet<UserId>> {
    let users: BTreeSet<UserId> = leave.iter().map(|l| l.user_id).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let here = Cond::id_in("id", &users).and(Cond::IsNull("archiveDate"));
    Ok(app.store.select(&Query::of(User::def(), ctx.company(), here)).await?.iter().map(|u| UserId(u.id())).collect())
}

fn people_of(leave: &[LeaveRequest], status: LeaveStatus) -> usize {
    leave.iter().filter(|l| l.status == status).map(|l| l.user_id).collect::<BTreeSet<_>>().len()
}

fn leave_json(leave: &LeaveRequest, (from, to): (Date, Date), workdays: &Workdays, names: &Names) -> Json {
    let within = Span { from: leave.start_date.max(from), to: leave.end_date.min(to), part: leave.day_part };
    let cost: Halves = workdays.cost(&within).into_values().sum();
    json!({
        "leaveRequestId": leave.meta.id.to_string(), "userId": leave.user_id.to_string(), "name": names.of(leave.user_id),
        "status": leave.status.as_str(), "leaveType": leave.leave_type, "from": leave.start_date, "to": leave.end_date,
        "dayPart": leave.day_part.as_str(), "workdays": days(cost),
    })
}

fn output() -> Json {
    let counts = [
        ("people", shape::whole("People with approved leave.")),
        ("peoplePending", shape::whole("People with leave that is asked for.")),
        ("requests", shape::whole("Requests, approved and pending.")),
    ];
    let leave = [
        ("leaveRequestId", shape::id("The request.")),
        ("userId", shape::id("Whose.")),
        ("name", shape::text("Their full name.")),
        ("status", shape::one_of(&["approved", "pending"], "Whether it is approved or still asked for.")),
        ("leaveType", shape::text("The kind of leave.")),
        ("from", shape::date("Its first day, which may lie before the range.")),
        ("to", shape::date("Its last day, which may lie after the range.")),
        ("dayPart", shape::one_of(DayPart::NAMES, "full, or the half of its one day.")),
        ("workdays", shape::number("Workdays within the range that it takes, holidays left out; half a day is 0.5.")),
    ];
    let holiday = [("date", shape::date("Its date.")), ("name", shape::text("Its name."))];
    shape::object(
        "Who is off.",
        [
            ("from", shape::date("First date of the range.")),
            ("to", shape::date("Last date of the range.")),
            ("timezone", shape::text("The company's zone, in which the dates are.")),
            ("counts", shape::object("How many.", counts)),
            ("leave", shape::list(shape::object("A request.", leave), "The requests, by first day.")),
            ("holidays", shape::list(shape::object("A holiday.", holiday), "The company's holidays in the range.")),
            ("truncated", shape::flag("Whether there are more requests than are listed.")),
        ],
    )
}
