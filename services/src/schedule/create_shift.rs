//! `createShift`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Problem, Result};
use workforceos_core::id::{CompanyId, DepartmentId, TemplateId, UserId};
use workforceos_core::object::Meta;
use workforceos_core::objects::{Shift, ShiftStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Parts, Reach, input};

use super::problems::{self, Named, Wanted};
use super::rules;
use crate::attendance::rules::check_unlocked;
use crate::{Api, App, commit, problems_in};

input! {
    pub struct CreateShift {
        /// The local date on which the shift begins.
        shift_date: Date => "shiftDate" Body,
        /// Start, HH:mm in the company's time zone.
        start_time: String => "startTime" Body,
        /// End, HH:mm; not after the start means the next day.
        end_time: String => "endTime" Body,
        /// Where it takes place.
        location: Option<String> => "location" Body,
        /// The department whose shift it is (assigns nobody).
        department_id: Option<DepartmentId> => "departmentId" Body,
        /// People assigned by name.
        assigned_user_ids: Vec<UserId> => "assignedUserIds" Body,
        /// Departments all of whose members are assigned.
        assigned_department_ids: Vec<DepartmentId> => "assignedDepartmentIds" Body,
        /// Ignored: new shifts are scheduled.
        status: Option<ShiftStatus> => "status" Body,
        /// Unpaid minutes of break, shorter than the shift (0).
        break_minutes: Option<i64> => "breakMinutes" Body,
        /// How many people it needs (1).
        needed_count: Option<i64> => "neededCount" Body,
        /// Whether it stays a draft until publishShifts: only admins see it, and conflicts are not looked at before (false).
        draft: Option<bool> => "draft" Body,
    }
}

pub fn api() -> Api {
    Api::create("createShift")
        .on::<Shift>()
        .at("/v1/shifts")
        .reach(Reach::Admins)
        .about(
            "Plans a shift. Refuses it (409 ShiftConflict, with every conflict) if an assignee has an overlapping scheduled \
             shift, or is on approved leave that day, and on a day whose pay period is locked (409 PeriodLocked).",
        )
        .handler(handle)
        .also(
            |app, ctx, parts| async move { problems_in(&app, &ctx, Needs::none(), move |facts| Ok(found(facts, &parts))).await },
        )
}

/// What is wrong with arguments of which some cannot be read.
fn found(facts: &Facts, parts: &Parts) -> Vec<Problem> {
    let (start, end): (Option<String>, Option<String>) = (parts.get("startTime"), parts.get("endTime"));
    let users: Vec<UserId> = parts.get("assignedUserIds").unwrap_or_default();
    let departments: Vec<DepartmentId> = parts.get("assignedDepartmentIds").unwrap_or_default();
    let main = parts.get("departmentId").flatten();
    let wanted = Wanted {
        date: parts.get("shiftDate"),
        start: start.as_deref(),
        end: end.as_deref(),
        break_minutes: parts.get("breakMinutes").flatten(),
        needed: parts.get("neededCount").flatten(),
        named: Named { users: &users, departments: &departments, main },
    };
    problems::of_shift(facts.state, &wanted, None).0
}

async fn handle(app: Arc<App>, ctx: Ctx, input: CreateShift) -> Result<Answer> {
    let needs = Needs::none().around(input.shift_date);
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &CreateShift) -> Result<(Changes, Answer)> {
    let shift = Plan {
        date: input.shift_date,
        start: &input.start_time,
        end: &input.end_time,
        location: input.location.clone(),
        department: input.department_id,
        users: &input.assigned_user_ids,
        departments: &input.assigned_department_ids,
        break_minutes: input.break_minutes.unwrap_or(0),
        needed: input.needed_count.unwrap_or(1),
        draft: input.draft == Some(true),
        template: None,
    }
    .into_shift(facts, ctx)?;
    check_unlocked(facts.state, shift.shift_date)?;
    rules::refuse_conflicts(&rules::conflicts(facts.state, &shift, &[]))?;
    Ok((created(facts, ctx, &shift), Answer::object(ctx, &shift)))
}

/// What a new shift is to be.
pub(crate) struct Plan<'a> {
    pub date: Date,
    pub start: &'a str,
    pub end: &'a str,
    pub location: Option<String>,
    pub department: Option<DepartmentId>,
    pub users: &'a [UserId],
    pub departments: &'a [DepartmentId],
    pub break_minutes: i64,
    pub needed: i64,
    pub draft: bool,
    pub template: Option<TemplateId>,
}

impl Plan<'_> {
    /// The shift with its instants in the company's zone; everything named in it checked.
    pub fn into_shift(self, facts: &Facts, ctx: &Ctx) -> Result<Shift> {
        let wanted = Wanted {
            date: Some(self.date),
            start: Some(self.start),
            end: Some(self.end),
            break_minutes: Some(self.break_minutes),
            needed: Some(self.needed),
            named: Named { users: self.users, departments: self.departments, main: self.department },
        };
        let (starts_at, ends_at) = problems::settled(problems::of_shift(facts.state, &wanted, None))?;
        Ok(Shift {
            meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
            shift_date: self.date,
            start_time: self.start.to_owned(),
            end_time: self.end.to_owned(),
            starts_at,
            ends_at,
            location: self.location,
            department_id: self.department,
            assigned_user_ids: self.users.to_vec(),
            assigned_department_ids: self.departments.to_vec(),
            status: ShiftStatus::Scheduled,
            break_minutes: self.break_minutes,
            needed_count: self.needed,
            is_draft: self.draft,
            shift_template_id: self.template,
            created_by: ctx.user(),
            company_id: CompanyId(ctx.company().0),
        })
    }
}

/// What writing a new shift means: the row, its event and audit entry, and when the timer is to look at it.
pub(crate) fn created(facts: &Facts, ctx: &Ctx, shift: &Shift) -> Changes {
    let event = Event::of(ctx, "shift.created", shift, rules::audience(facts.state, shift)).audited::<Shift>(None);
    Changes::none().put(shift).event(event).due(rules::completes_at(facts.state, shift))
}
