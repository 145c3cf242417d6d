//! From a company's state to the facts of the rules: who comes into question, and what they are planned for.

use std::collections::HashMap;

use chrono::Days;
use num_bigint::BigInt;
use workforceos_actors::State;
use workforceos_core::error::Result;
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AttendanceRecord, LeaveRequest, LeaveStatus, Shift, ShiftStatus};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::value::Value;
use workforceos_core::zone::week_start;

use super::rules::{Commitment, LOOK_BACK, Limits, Person, Place, Reason, Reasons};
use crate::App;
use crate::payroll::exact::{exact, whole};
use crate::reach::reaches;
use crate::schedule::{rest, rules};

/// Of more people than this, their shifts are not looked up by name: those of the days are read whole.
const MAX_NAMED: usize = 2_000;

/// What the policy allows; overtime lifts the limit of the week.
pub fn limits(state: &State, allow_overtime: bool) -> Limits {
    let week = (exact(state.policy.weekly_hours) * whole(60)).floor().to_integer();
    // More than a number holds is more than a week has.
    let week = i64::try_from(week.max(BigInt::ZERO)).unwrap_or(i64::MAX);
    Limits { rest: rest::wanted(state), week: (!allow_overtime).then_some(week) }
}

/// The people within the caller's reach, in the order of their ids.
pub fn reached(state: &State, ctx: &Ctx) -> Vec<UserId> {
    let mut users: Vec<UserId> = state.people.users().filter(|user| reaches(state, ctx, *user)).collect();
    users.sort();
    users
}

/// Whether the caller may know of a shift: as getShift shows it, or as an open one that somebody in reach could claim.
pub fn sees(state: &State, ctx: &Ctx, shift: &Shift, people: &[UserId], now: Timestamp) -> bool {
    let shown = ctx.is_admin() || rules::audience(state, shift).sees(ctx.user(), false, &ctx.scope.departments).is_some();
    let offered = || rest::is_open(state, shift, now) && people.iter().any(|user| rest::is_offered(state, shift, *user));
    shown || offered()
}

/// The departments whose members a shift is for; none: everybody.
pub fn departments(shift: &Shift) -> Vec<DepartmentId> {
    let mut departments = shift.assigned_department_ids.clone();
    departments.extend(shift.department_id.filter(|main| !shift.assigned_department_ids.contains(main)));
    departments
}

/// What makes an active user come into no question for a shift of these departments, whenever it is.
pub fn lacks(state: &State, departments: &[DepartmentId], user: UserId) -> Reasons {
    let mut lacks = Reasons::default();
    if state.people.profile_of(user).is_none() {
        lacks.add(Reason::Profile);
    }
    if !departments.is_empty() && !departments.iter().any(|d| state.people.is_member(*d, user)) {
        lacks.add(Reason::Department);
    }
    lacks
}

/// The days on whose shifts depends who can take one of these dates, and who should.
pub fn window(first: Date, last: Date) -> (Date, Date) {
    let (from, to) = near(first, last);
    let back = first.checked_sub_days(Days::new(LOOK_BACK)).unwrap_or(first);
    (from.min(back), to)
}

/// The days on whose shifts depends who can take one of these dates: their weeks, and as far as rest reaches.
pub fn near(first: Date, last: Date) -> (Date, Date) {
    let before = first.checked_sub_days(Days::new(rest::REACH)).unwrap_or(first);
    let after = last.checked_add_days(Days::new(rest::REACH)).unwrap_or(last);
    let sunday = week_start(last).checked_add_days(Days::new(6)).unwrap_or(last);
    (before.min(week_start(first)), after.max(sunday))
}

/// The people's facts, in the order of `users`, from the days that `state` holds. `asked` is leave that waits for a decision.
pub fn people(state: &State, users: &[UserId], asked: &[LeaveRequest]) -> Vec<Person> {
    let person = |user: &UserId| Person {
        user: *user,
        commitments: Vec::new(),
        away: state.leave.of(*user).iter().map(|span| (span.from, span.to)).collect(),
        asked: Vec::new(),
    };
    let mut people: Vec<Person> = users.iter().map(person).collect();
    let index: HashMap<UserId, usize> = users.iter().enumerate().map(|(i, user)| (*user, i)).collect();
    for shift in state.schedule.all().filter(|s| s.status != ShiftStatus::Cancelled) {
        let place = Place::of(shift);
        for user in state.assignees(shift) {
            if let Some(i) = index.get(&user) {
                people[*i].commitments.push(Commitment { place, left: rest::left(state, shift, user) });
            }
        }
    }
    for leave in asked {
        if let Some(i) = index.get(&leave.user_id) {
            people[*i].asked.push((leave.start_date, leave.end_date));
        }
    }
    people
}

/// Reads what these users are planned for in the days of `state`, which holds nothing but people so far, and the leave that they
/// ask for.
pub async fn read(app: &App, ctx: &Ctx, state: &mut State, users: &[UserId], days: (Date, Date)) -> Result<Vec<LeaveRequest>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let (from, to) = days;
    let company = ctx.company();
    let theirs = || if users.len() <= MAX_NAMED { Cond::id_in("userId", users) } else { Cond::TRUE };
    let within = |property| {
        let (from, to) = (Value::Date(from), Value::Date(to));
        Cond::Cmp(property, Op::Gte, from).and(Cond::Cmp(property, Op::Lte, to))
    };
    let stayed = within("shiftDate").and(Cond::Cmp("checkOutTime", Op::Gt, Value::Time(Timestamp(0))));
    let booked = [LeaveStatus::Approved, LeaveStatus::Pending].map(|s| Value::Text(s.as_str().to_owned()));
    let overlapping = Cond::Cmp("startDate", Op::Lte, to.into()).and(Cond::Cmp("endDate", Op::Gte, from.into()));
    let leave = overlapping.and(Cond::In("status", booked.to_vec()));
    let queries = [
        Query::of(Shift::def(), company, within("shiftDate").and(assigned_to(state, users))),
        Query::of(AttendanceRecord::def(), company, stayed.and(theirs())),
        Query::of(LeaveRequest::def(), company, leave.and(theirs())),
    ];
    let (_, found) = app.store.snapshot(company, &queries).await?;
    let mut asked = Vec::new();
    for record in found.into_iter().flatten().map(|found| found.record) {
        state.apply(&record)?;
        if *record.def == *LeaveRequest::def() {
            asked.push(LeaveRequest::from_record(record)?);
        }
    }
    asked.retain(|leave| leave.status == LeaveStatus::Pending);
    Ok(asked)
}

/// Shifts that name one of the users, or a department to which one belongs.
fn assigned_to(state: &State, users: &[UserId]) -> Cond {
    if users.len() > MAX_NAMED {
        return Cond::TRUE;
    }
    let mut departments: Vec<_> = users.iter().flat_map(|user| state.people.departments_of(*user)).map(|d| d.0).collect();
    departments.sort();
    departments.dedup();
    let by_name = Cond::HasAny("assignedUserIds", users.iter().map(|user| user.0).collect());
    Cond::Any(vec![by_name, Cond::HasAny("assignedDepartmentIds", departments)])
}
