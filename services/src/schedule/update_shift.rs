//! `updateShift`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs, State};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, ShiftId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Shift, ShiftStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Parts, Patch, Reach, input};

use super::problems::{self, Named, Wanted};
use super::rules;
use super::swaps::endings;
use crate::{Api, App, attendance, commit, problems_in};

input! {
    pub struct UpdateShift {
        /// The shift.
        shift_id: ShiftId => "shiftId" Path,
        /// The local date on which it begins.
        shift_date: Option<Date> => "shiftDate" Body,
        /// Start, HH:mm in the company's time zone.
        start_time: Option<String> => "startTime" Body,
        /// End, HH:mm; not after the start means the next day.
        end_time: Option<String> => "endTime" Body,
        /// Where it takes place; null clears it.
        location: Patch<String> => "location" Body,
        /// The department whose shift it is; null clears it.
        department_id: Patch<DepartmentId> => "departmentId" Body,
        /// People assigned by name: replaces the list.
        assigned_user_ids: Patch<Vec<UserId>> => "assignedUserIds" Body,
        /// Departments assigned: replaces the list.
        assigned_department_ids: Patch<Vec<DepartmentId>> => "assignedDepartmentIds" Body,
        /// scheduled or cancelled, and back; completed is final.
        status: Option<ShiftStatus> => "status" Body,
        /// Unpaid minutes of break, shorter than the shift.
        break_minutes: Option<i64> => "breakMinutes" Body,
        /// How many people it needs.
        needed_count: Option<i64> => "neededCount" Body,
    }
}

pub fn api() -> Api {
    Api::update("updateShift")
        .on::<Shift>()
        .at("/v1/shifts/:shiftId")
        .reach(Reach::Admins)
        .about(
            "Changes a shift. Refuses conflicts like createShift, other times or another break once somebody has attendance \
             (409 AttendanceExists), and reopening a completed shift (409 InvalidState). Completing one after its end marks those who \
             did not come absent. In a locked pay period times, break, people and status stay as they are, and no shift is moved there \
             (409 PeriodLocked). A draft stays one, and its conflicts are looked at when it is published.",
        )
        .handler(handle)
        .also(found)
}

/// What is wrong with arguments of which some cannot be read.
async fn found(app: Arc<App>, ctx: Ctx, parts: Parts) -> Result<Vec<Problem>> {
    let Some(id) = parts.get::<ShiftId>("shiftId") else { return Ok(Vec::new()) };
    problems_in(&app, &ctx, Needs::shift(id), move |facts| {
        let before = facts.state.schedule.get(id).ok_or_else(|| Error::not_found("shift"))?;
        let text = |name: &str, old: &str| parts.get::<Option<String>>(name).map(|new| new.unwrap_or_else(|| old.to_owned()));
        let (start, end) = (text("startTime", &before.start_time), text("endTime", &before.end_time));
        let number = |name: &str, old: i64| parts.get::<Option<i64>>(name).map(|new| new.unwrap_or(old));
        let date = parts.get::<Option<Date>>("shiftDate").map(|new| new.unwrap_or(before.shift_date));
        let users = parts.get::<Patch<Vec<UserId>>>("assignedUserIds").and_then(|new| new.over(None)).unwrap_or_default();
        let departments = parts.get::<Patch<Vec<DepartmentId>>>("assignedDepartmentIds").and_then(|new| new.over(None));
        let departments = departments.unwrap_or_default();
        let main = parts.get::<Patch<DepartmentId>>("departmentId").and_then(|new| new.over(None));
        let newly = Newly::named(before, &users, &departments, main);
        let wanted = Wanted {
            date,
            start: start.as_deref(),
            end: end.as_deref(),
            break_minutes: number("breakMinutes", before.break_minutes),
            needed: number("neededCount", before.needed_count),
            named: newly.as_named(),
        };
        let same = (date, wanted.start, wanted.end)
            == (Some(before.shift_date), Some(before.start_time.as_str()), Some(before.end_time.as_str()));
        Ok(problems::of_shift(facts.state, &wanted, same.then_some((before.starts_at, before.ends_at))).0)
    })
    .await
}

/// Whom a change names that the shift did not name before: who was there may be gone meanwhile.
struct Newly {
    users: Vec<UserId>,
    departments: Vec<DepartmentId>,
    main: Option<DepartmentId>,
}

impl Newly {
    fn named(before: &Shift, users: &[UserId], departments: &[DepartmentId], main: Option<DepartmentId>) -> Newly {
        let new_department = |d: &DepartmentId| !before.assigned_department_ids.contains(d);
        Newly {
            users: users.iter().filter(|u| !before.assigned_user_ids.contains(u)).copied().collect(),
            departments: departments.iter().filter(|d| new_department(d)).copied().collect(),
            main: main.filter(|d| before.department_id != Some(*d)),
        }
    }

    fn as_named(&self) -> Named<'_> {
        Named { users: &self.users, departments: &self.departments, main: self.main }
    }
}

async fn handle(app: Arc<App>, ctx: Ctx, input: UpdateShift) -> Result<Answer> {
    let mut needs = Needs::shift(input.shift_id).and(endings::about(ctx.company(), &[input.shift_id]));
    if let Some(date) = input.shift_date {
        needs = needs.around(date);
    }
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &UpdateShift) -> Result<(Changes, Answer)> {
    let state = facts.state;
    let before = state.schedule.get(input.shift_id).ok_or_else(|| Error::not_found("shift"))?;
    let mut shift = patched(before, input);
    let retimed =
        (shift.shift_date, &shift.start_time, &shift.end_time) != (before.shift_date, &before.start_time, &before.end_time);
    let restored = shift.status == ShiftStatus::Scheduled && before.status != ShiftStatus::Scheduled;
    // The company's zone may have changed while the shift was cancelled.
    let keeps = !retimed && (!restored || state.attendance.at(input.shift_id));
    let keeps = keeps.then_some((before.starts_at, before.ends_at));
    let newly = Newly::named(before, &shift.assigned_user_ids, &shift.assigned_department_ids, shift.department_id);
    let wanted = wanted(&shift, newly.as_named());
    (shift.starts_at, shift.ends_at) = problems::settled(problems::of_shift(state, &wanted, keeps))?;
    let reassigned =
        shift.assigned_user_ids != before.assigned_user_ids || shift.assigned_department_ids != before.assigned_department_ids;
    check_state(before.status, shift.status, retimed || reassigned)?;
    if shift.is_draft && shift.status == ShiftStatus::Completed {
        return Err(Error::conflict("InvalidState", "A draft is published before it can be completed"));
    }
    let other_break = shift.break_minutes != before.break_minutes;
    if retimed || reassigned || other_break || shift.status != before.status {
        check_unlocked(state, before, &shift)?;
    }
    if (retimed || other_break) && state.attendance.at(input.shift_id) {
        let message = "Somebody has attendance at this shift: its times and its break stay as they are";
        return Err(Error::conflict("AttendanceExists", message));
    }
    if retimed || reassigned || restored {
        rules::refuse_conflicts(&rules::conflicts(state, &shift, &[]))?;
    }
    // A template has one shift a date: one moved onto another's date is a shift of its own.
    let sibling = |s: &Shift| s.meta.id != shift.meta.id && s.shift_template_id == shift.shift_template_id;
    if shift.shift_date != before.shift_date && state.schedule.on(shift.shift_date).any(|s| sibling(s)) {
        shift.shift_template_id = None;
    }
    let shift = shift.touched(facts.now);
    let (kind, absences) = match (before.status, shift.status) {
        // Completed after its end, a shift leaves behind what the timer would have: who did not come was absent.
        (ShiftStatus::Scheduled, ShiftStatus::Completed) if facts.now >= before.ends_at => {
            ("shift.completed", attendance::absences(facts, ctx, before))
        }
        (ShiftStatus::Scheduled, ShiftStatus::Completed) => ("shift.completed", Changes::none()),
        _ => ("shift.updated", Changes::none()),
    };
    let event = rules::changed(state, ctx, kind, before, &shift);
    let requests = endings::overtaken(facts, ctx, std::slice::from_ref(&shift), None)?;
    let changes = absences.put(&shift).event(event).due(rules::completes_at(state, &shift)).join(requests);
    Ok((changes, Answer::object(ctx, &shift)))
}

fn wanted<'a>(shift: &'a Shift, named: Named<'a>) -> Wanted<'a> {
    Wanted {
        date: Some(shift.shift_date),
        start: Some(&shift.start_time),
        end: Some(&shift.end_time),
        break_minutes: Some(shift.break_minutes),
        needed: Some(shift.needed_count),
        named,
    }
}

fn patched(before: &Shift, input: &UpdateShift) -> Shift {
    let mut shift = before.clone();
    shift.shift_date = input.shift_date.unwrap_or(shift.shift_date);
    shift.start_time = input.start_time.clone().unwrap_or(shift.start_time);
    shift.end_time = input.end_time.clone().unwrap_or(shift.end_time);
    shift.location = input.location.clone().over(shift.location);
    shift.department_id = input.department_id.clone().over(shift.department_id);
    shift.assigned_user_ids = input.assigned_user_ids.clone().over(Some(shift.assigned_user_ids)).unwrap_or_default();
    let departments = input.assigned_department_ids.clone();
    shift.assigned_department_ids = departments.over(Some(shift.assigned_department_ids)).unwrap_or_default();
    shift.status = input.status.unwrap_or(shift.status);
    shift.break_minutes = input.break_minutes.unwrap_or(shift.break_minutes);
    shift.needed_count = input.needed_count.unwrap_or(shift.needed_count);
    shift
}

/// Neither day of a shift that is planned anew is locked. Nobody's time hangs on a draft: it may leave a locked day.
fn check_unlocked(state: &State, before: &Shift, after: &Shift) -> Result<()> {
    if !before.is_draft {
        attendance::rules::check_unlocked(state, before.shift_date)?;
    }
    attendance::rules::check_unlocked(state, after.shift_date)
}

/// scheduled and cancelled change into each other; scheduled may be completed; completed stays.
fn check_state(before: ShiftStatus, after: ShiftStatus, replanned: bool) -> Result<()> {
    use ShiftStatus::{Cancelled, Completed, Scheduled};
    match (before, after) {
        (Completed, Completed) if replanned => {
            Err(Error::conflict("InvalidState", "A completed shift keeps its times and its people"))
        }
        (Completed, Completed) | (Scheduled, _) | (Cancelled, Cancelled | Scheduled) => Ok(()),
        (Completed, _) => Err(Error::conflict("InvalidState", "A completed shift is never reopened")),
        (Cancelled, Completed) => Err(Error::conflict("InvalidState", "A cancelled shift cannot be completed")),
    }
}
