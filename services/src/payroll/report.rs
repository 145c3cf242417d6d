//! Drawing up a report: what a decision needs for it, how the figures come about, and who hears of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_actors::{Facts, Needs, State};
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, Meta, Record};
use workforceos_core::objects::{
    AttendanceRecord, CompanyPolicy, EmployeeProfile, Holiday, LeaveRequest, LeaveStatus, PaymentStatus, PayrollReport, Shift,
    ShiftStatus,
};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::value::Value;
use workforceos_core::zone::week_start;

use super::compute::{Attended, Calculation, Inputs, Leave, Reason, Terms, calculate};
use super::exact::{exact, hours, parse, to_cents};

/// The longest period, in days: a leap year.
const MAX_DAYS: i64 = 366;
/// The most that a bonus or a deduction may be: a trillion.
const MAX_AMOUNT: f64 = 1e12;

/// What a report is asked for.
#[derive(Clone, Debug)]
pub struct Draft {
    pub user: UserId,
    pub from: Date,
    pub to: Date,
    pub bonus: Option<f64>,
    pub deduction: Option<f64>,
    pub notes: Option<String>,
    pub payment_status: Option<PaymentStatus>,
    pub payment_date: Option<Date>,
    /// Whether a paid report may be calculated anew.
    pub recalculate: bool,
}

impl Draft {
    /// The report of a user and a period, with nothing else said.
    pub fn of(user: UserId, from: Date, to: Date) -> Draft {
        let (bonus, deduction, notes, payment_status, payment_date) = (None, None, None, None, None);
        Draft { user, from, to, bonus, deduction, notes, payment_status, payment_date, recalculate: false }
    }
}

/// All that the figures depend on, read in the company's turn, so that a report is of one moment.
pub fn needs(company: CompanyId, user: UserId, from: Date, to: Date) -> Needs {
    let of_user = || Cond::eq("userId", user.0);
    let overlapping = |start, end| of_user().and(Cond::Cmp(start, Op::Lte, to.into())).and(Cond::Cmp(end, Op::Gte, from.into()));
    let worked = of_user().and(within("shiftDate", week_start(from), to));
    let approved = overlapping("startDate", "endDate").and(Cond::eq("status", LeaveStatus::Approved.as_str()));
    Needs::none()
        .and_query(Query::of(EmployeeProfile::def(), company, of_user()))
        .and_query(Query::of(AttendanceRecord::def(), company, worked))
        .and_query(Query::of(LeaveRequest::def(), company, approved))
        .and_query(Query::of(Holiday::def(), company, within("holidayDate", from, to)))
        .and_query(Query::of(PayrollReport::def(), company, overlapping("periodStart", "periodEnd")))
        .and_follow(missed_shifts)
}

/// The shifts that people were absent from: one that was cancelled afterwards is worth a warning.
fn missed_shifts(rows: &HashMap<Uuid, Record>) -> Vec<Query> {
    let absent = |r: &&Record| *r.def == *AttendanceRecord::def() && r.get("checkInTime").is_null() && r.is_active();
    let mut shifts: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    for record in rows.values().filter(absent) {
        if let (Some(company), Some(shift)) = (record.get("companyId").as_id(), record.get("shiftId").as_id()) {
            shifts.entry(company).or_default().insert(shift);
        }
    }
    let named = |(company, ids): (Uuid, BTreeSet<Uuid>)| {
        Query::of(Shift::def(), CompanyId(company), Cond::In("id", ids.into_iter().map(Value::Id).collect()))
    };
    shifts.into_iter().map(named).collect()
}

fn within(property: &'static str, from: Date, to: Date) -> Cond {
    Cond::All(vec![Cond::Cmp(property, Op::Gte, from.into()), Cond::Cmp(property, Op::Lte, to.into())])
}

/// The report with its event, and whether it is a new one. Of a report that is there, what the draft leaves out stays.
pub fn draw_up(facts: &Facts, ctx: &Ctx, draft: &Draft) -> Result<(Changes, PayrollReport, bool)> {
    check(facts, draft)?;
    let before = existing(facts, draft)?;
    let inputs = inputs(facts, draft)?;
    let calculation = calculate(&inputs);
    let meta = match &before {
        Some(before) => before.clone().touched(facts.now).meta,
        None => Meta::new(facts.new_id(), facts.now, ctx.session.as_ref().map(|s| s.user.0)),
    };
    let old = before.as_ref();
    let mut report = PayrollReport {
        meta,
        user_id: draft.user,
        period_start: draft.from,
        period_end: draft.to,
        total_hours_worked: hours(calculation.minutes()),
        overtime_hours: hours(calculation.overtime()),
        absence_days: calculation.absence_halves() / 2,
        absence_days_exact: calculation.absence_halves() as f64 / 2.0,
        open_records: calculation.open_records,
        bonus: draft.bonus.or(old.and_then(|r| r.bonus)),
        deduction: draft.deduction.or(old.and_then(|r| r.deduction)),
        salary_calculated: 0.0,
        payment_status: draft.payment_status.or(old.map(|r| r.payment_status)).unwrap_or(PaymentStatus::Pending),
        payment_date: draft.payment_date.or(old.and_then(|r| r.payment_date)),
        notes: draft.notes.clone().or(old.and_then(|r| r.notes.clone())),
        breakdown: breakdown(&calculation),
        absences: absences(&calculation),
        warnings: warnings(facts, draft, &inputs, &calculation)?,
        calculated_from: calculated_from(&inputs),
        calculated_at: facts.now,
        earned: calculation.earned.to_string(),
        company_id: ctx.company(),
    };
    settle(&mut report)?;
    let kind = if old.is_some() { "payroll.updated" } else { "payroll.created" };
    let changes = Changes::none().put(&report).event(event(facts.state, ctx, kind, &report).audited(old));
    Ok((changes, report, old.is_none()))
}

/// Every value that makes no sense is named. Who has left and kept the profile is still to be paid.
fn check(facts: &Facts, draft: &Draft) -> Result<()> {
    let mut problems = amount_problems(draft.bonus, draft.deduction);
    if facts.state.people.role(draft.user).is_none() && profile(facts, draft.user)?.is_none() {
        problems.push(Problem::new("userId", "is not known here"));
    }
    problems.extend(period_problem(draft.from, draft.to));
    Error::none_of(problems)
}

/// A period ends after it begins, and is not too long.
pub(super) fn period_problem(from: Date, to: Date) -> Option<Problem> {
    if to < from {
        return Some(Problem::new("periodEnd", "must not be before periodStart"));
    }
    let long = (to - from).num_days() >= MAX_DAYS;
    long.then(|| Problem::new("periodEnd", format!("must be within {MAX_DAYS} days from periodStart")))
}

/// Bonus and deduction are never negative, and small enough to be exact.
pub(super) fn amount_problems(bonus: Option<f64>, deduction: Option<f64>) -> Vec<Problem> {
    let bad = |amount: Option<f64>| amount.is_some_and(|a| !(0.0..=MAX_AMOUNT).contains(&a));
    let named = [("bonus", bonus), ("deduction", deduction)].into_iter().filter(|(_, amount)| bad(*amount));
    named.map(|(name, _)| Problem::new(name, "must be from 0 to 1000000000000")).collect()
}

/// The report of this very period, if there is one; another that overlaps it stands in its way.
fn existing(facts: &Facts, draft: &Draft) -> Result<Option<PayrollReport>> {
    let mut same = None;
    for report in facts.rows_where::<PayrollReport>(|r| is_of(r, draft.user))? {
        if (report.period_start, report.period_end) == (draft.from, draft.to) {
            same = Some(report);
        } else if report.period_start <= draft.to && report.period_end >= draft.from {
            let (from, to) = (report.period_start, report.period_end);
            let message = format!("The user has a report of {from} to {to}, which overlaps this period");
            let detail = json!({"payrollReport": {"id": report.meta.id, "periodStart": from, "periodEnd": to}});
            return Err(Error::conflict("PeriodOverlap", message).detail(detail));
        }
    }
    match same {
        Some(report) if report.payment_status == PaymentStatus::Paid && !draft.recalculate => Err(paid()),
        same => Ok(same),
    }
}

/// A paid report stays as it was paid.
pub(super) fn paid() -> Error {
    Error::conflict("PayrollPaid", "This report is paid: its figures change only by creating it again with recalculate")
}

fn is_of(record: &Record, user: UserId) -> bool {
    *record.get("userId") == Value::Id(user.0)
}

fn profile(facts: &Facts, user: UserId) -> Result<Option<EmployeeProfile>> {
    Ok(facts.rows_where::<EmployeeProfile>(|r| is_of(r, user))?.into_iter().next())
}

fn inputs(facts: &Facts, draft: &Draft) -> Result<Inputs> {
    let missing = || Error::conflict("ProfileMissing", "The user has no employee profile, which names salary and start of work");
    let profile = profile(facts, draft.user)?.ok_or_else(missing)?;
    let monday = week_start(draft.from);
    let records = facts.rows_where::<AttendanceRecord>(|r| is_of(r, draft.user))?.into_iter();
    let records = records.filter(|r| monday <= r.shift_date && r.shift_date <= draft.to);
    let leave = facts.rows_where::<LeaveRequest>(|r| is_of(r, draft.user))?.into_iter();
    let leave = leave.filter(|l| l.status == LeaveStatus::Approved && l.start_date <= draft.to && l.end_date >= draft.from);
    let holidays = facts.rows::<Holiday>()?.into_iter().map(|h| h.holiday_date);
    Ok(Inputs {
        from: draft.from,
        to: draft.to,
        terms: terms(&facts.state.policy),
        salary: profile.salary,
        employed_from: profile.employment_start_date,
        records: records.map(|r| (r.shift_date, attended(&r))).collect(),
        leave: leave.map(|l| Leave { from: l.start_date, to: l.end_date, part: l.day_part, kind: l.leave_type }).collect(),
        holidays: holidays.filter(|d| (draft.from..=draft.to).contains(d)).collect::<BTreeSet<_>>(),
    })
}

fn attended(record: &AttendanceRecord) -> Attended {
    match (record.check_in_time, record.check_out_time) {
        (None, _) => Attended::Absent,
        (Some(_), None) => Attended::Open,
        (Some(_), Some(_)) => Attended::Minutes(record.worked_minutes.unwrap_or(0)),
    }
}

pub(crate) fn terms(policy: &CompanyPolicy) -> Terms {
    let list = |json: &Json| json.as_array().cloned().unwrap_or_default();
    Terms {
        basis: policy.salary_basis,
        daily_hours: policy.daily_hours,
        weekly_hours: policy.weekly_hours,
        overtime_multiplier: policy.overtime_multiplier,
        workdays: list(&policy.workdays).iter().filter_map(|d| d.as_u64().and_then(|d| u32::try_from(d).ok())).collect(),
        unpaid_leave_types: list(&policy.unpaid_leave_types).iter().filter_map(|t| t.as_str().map(str::to_owned)).collect(),
        rounding_minutes: policy.rounding_minutes,
    }
}

/// The pay from what was earned, bonus and deduction: rounded here, once.
pub(super) fn settle(report: &mut PayrollReport) -> Result<()> {
    let earned =
        parse(&report.earned).ok_or_else(|| Error::internal("a stored payroll report says nothing of what was earned"))?;
    let amount = |a: Option<f64>| exact(a.unwrap_or(0.0));
    let pay = to_cents(&(earned + amount(report.bonus) - amount(report.deduction)));
    report.salary_calculated =
        pay.ok_or_else(|| Error::conflict("InvalidState", "The pay is more than can be told to the cent: look at the salary"))?;
    Ok(())
}

pub(super) fn breakdown(calculation: &Calculation) -> Json {
    let day = |d: &super::compute::Day| json!({"date": d.date, "minutes": d.minutes, "dailyOvertime": d.daily_overtime, "weeklyOvertime": d.weekly_overtime});
    calculation.days.iter().map(day).collect()
}

pub(super) fn absences(calculation: &Calculation) -> Json {
    let reason = |reason| match reason {
        Reason::UnpaidLeave => "unpaidLeave",
        Reason::Absent => "absent",
    };
    let days = |halves: i64| if halves % 2 == 0 { json!(halves / 2) } else { json!(halves as f64 / 2.0) };
    calculation.absences.iter().map(|a| json!({"date": a.date, "days": days(a.halves), "reason": reason(a.reason)})).collect()
}

fn warnings(facts: &Facts, draft: &Draft, inputs: &Inputs, calculation: &Calculation) -> Result<Json> {
    let mut warnings = Vec::new();
    if inputs.salary.is_none() {
        warnings.push("The profile has no salary: it counts as 0.".to_owned());
    }
    if calculation.open_records > 0 {
        warnings.push(format!("{} records have no check-out and count no hours.", calculation.open_records));
    }
    if facts.state.zone().date(facts.now) <= inputs.to {
        warnings.push("The period is not over yet.".to_owned());
    }
    let cancelled = absent_from_cancelled(facts, draft)?;
    if cancelled > 0 {
        warnings.push(format!(
            "{cancelled} absences are of shifts that were cancelled afterwards: correct them if they should cost nothing."
        ));
    }
    Ok(json!(warnings))
}

/// How many of the period's absences are of shifts that are cancelled now.
fn absent_from_cancelled(facts: &Facts, draft: &Draft) -> Result<usize> {
    let mut count = 0;
    for record in facts.rows_where::<AttendanceRecord>(|r| is_of(r, draft.user))? {
        let absent = record.check_in_time.is_none() && (draft.from..=draft.to).contains(&record.shift_date);
        if absent && facts.any::<Shift>(record.shift_id)?.is_some_and(|shift| shift.status == ShiftStatus::Cancelled) {
            count += 1;
        }
    }
    Ok(count)
}

/// What applied at the time of calculation, so that a report explains itself later.
pub(super) fn calculated_from(inputs: &Inputs) -> Json {
    let terms = &inputs.terms;
    json!({
        "salary": inputs.salary, "salaryBasis": terms.basis.as_str(), "employmentStartDate": inputs.employed_from,
        "dailyHours": terms.daily_hours, "weeklyHours": terms.weekly_hours, "overtimeMultiplier": terms.overtime_multiplier,
        "roundingMinutes": terms.rounding_minutes, "workdays": terms.workdays, "unpaidLeaveTypes": terms.unpaid_leave_types,
        "holidays": inputs.holidays,
        "leave": inputs.leave.iter().map(|l| json!({
            "from": l.from, "to": l.to, "leaveType": l.kind, "dayPart": l.part.as_str(),
        })).collect::<Json>(),
    })
}

/// Admins and the manager hear of a report whole, its user without notes and what it was calculated from.
pub(super) fn event(state: &State, ctx: &Ctx, kind: &'static str, report: &PayrollReport) -> Event {
    let audience = Audience::admins().manager(state.people.manager_of(report.user_id)).user(report.user_id);
    Event::of(ctx, kind, report, audience)
}
