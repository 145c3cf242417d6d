//! What a decision about leave does to the schedule, and who is told.

use uuid::Uuid;
use workforceos_actors::{Facts, State};
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, DayPart, LeaveRequest, LeaveStatus, Shift, ShiftStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;

use super::rules::Span;
use crate::alerts;
use crate::schedule::{rules as shifts, swap_endings};

/// Takes the requester out of the scheduled shifts of the leave's dates; answers which, by date and start. Through a
/// department one stops being assigned by the leave itself. A half day leaves shifts alone, unless the other half is off too.
pub fn unassign(facts: &Facts, ctx: &Ctx, leave: &LeaveRequest) -> Result<(Changes, Vec<Uuid>)> {
    let (state, user) = (facts.state, leave.user_id);
    if !takes_whole_days(state, leave) {
        return Ok((Changes::none(), Vec::new()));
    }
    let mut theirs = Vec::new();
    for shift in Span::of(leave).dates().flat_map(|date| state.schedule.on(date)) {
        let came = state.attendance.of(ShiftId(shift.meta.id), user).is_some_and(|r| r.check_in_time.is_some());
        if came {
            let message = format!("The person has checked in for the shift of {}", shift.shift_date);
            let detail = serde_json::json!({"shiftId": shift.meta.id.to_string(), "shiftDate": shift.shift_date.to_string()});
            return Err(Error::conflict("AttendanceExists", message).detail(detail));
        }
        let named = shift.assigned_user_ids.contains(&user);
        if shift.status == ShiftStatus::Scheduled && (named || state.is_assigned(shift, user)) {
            theirs.push(shift);
        }
    }
    theirs.sort_by_key(|shift| (shift.starts_at, shift.meta.id));
    let (mut changes, mut written) = (Changes::none(), Vec::new());
    for shift in &theirs {
        let mut after = Shift::clone(shift);
        after.assigned_user_ids.retain(|named| *named != user);
        // Without the leave, which is not there yet: it leaves the person out of the departments.
        let mut audience = shifts::audience(state, &after);
        audience.except.extend(through_department(state, &after, user).then_some(user.0));
        let audience = audience.instead_of(shifts::audience(state, shift));
        let event = |after: &Shift| Event::of(ctx, "shift.updated", after, audience);
        if after.assigned_user_ids.len() < shift.assigned_user_ids.len() {
            let after = after.touched(facts.now);
            changes = changes.event(event(&after).audited(Some(&***shift))).put(&after);
            written.push(after);
        } else {
            // The row stays as it is: who is assigned through a department follows from the leave.
            changes = changes.event(event(&after));
        }
    }
    let changes = changes.join(swap_endings::overtaken(facts, ctx, &written, None)?);
    // Of drafts only admins know.
    let told = theirs.iter().filter(|shift| ctx.is_admin() || !shift.is_draft);
    Ok((changes, told.map(|shift| shift.meta.id).collect()))
}

/// Whether with this leave somebody is off the whole of its dates: they are full ones, or the opposite half is off too.
fn takes_whole_days(state: &State, leave: &LeaveRequest) -> bool {
    leave.day_part == DayPart::Full || state.leave.completes_a_day(leave.user_id, leave.start_date, leave.day_part)
}

/// The person hears of the coming shifts that the cancelled leave gives back, which all others know.
pub fn given_back(facts: &Facts, ctx: &Ctx, leave: &LeaveRequest) -> Changes {
    let (state, user) = (facts.state, leave.user_id);
    if leave.status != LeaveStatus::Approved || !takes_whole_days(state, leave) {
        return Changes::none();
    }
    let theirs = |s: &Shift| !s.is_draft && s.ends_at > facts.now && through_department(state, s, user);
    let event = |shift: &Shift| Event::of(ctx, "shift.updated", shift, Audience::none().user(user));
    let shifts = Span::of(leave).dates().flat_map(|date| state.schedule.on(date)).filter(|shift| theirs(shift));
    shifts.fold(Changes::none(), |changes, shift| changes.event(event(shift)))
}

/// Whoever is back through a department may be planned twice at a time by now: that is reported, not refused, as when
/// somebody joins a department.
pub fn clashes(facts: &Facts, ctx: &Ctx, leave: &LeaveRequest) -> Changes {
    let clashing = clashing(facts, leave);
    if clashing.is_empty() {
        return Changes::none();
    }
    let since = format!("the leave from {} to {} was cancelled", leave.start_date, leave.end_date);
    let message = alerts::clash(&alerts::name(facts, leave.user_id), &since, &clashing);
    let about = (LeaveRequest::def().name, leave.meta.id);
    alerts::raise(ctx, &alerts::conflict(facts, leave.user_id, about, message, &clashing))
}

/// Coming shifts that the person has again without the leave, each with another one at that time.
fn clashing<'a>(facts: &'a Facts, leave: &LeaveRequest) -> Vec<(&'a Shift, &'a Shift)> {
    let (state, user) = (facts.state, leave.user_id);
    if leave.status != LeaveStatus::Approved || !takes_whole_days(state, leave) {
        return Vec::new();
    }
    let coming = |shift: &Shift| shift.status == ShiftStatus::Scheduled && shift.ends_at > facts.now;
    let covered = |shift: &Shift| leave.start_date <= shift.shift_date && shift.shift_date <= leave.end_date;
    let regained = |shift: &Shift| covered(shift) && coming(shift) && through_department(state, shift, user);
    let mut found = Vec::new();
    for shift in Span::of(leave).dates().flat_map(|date| state.schedule.on(date)).filter(|s| regained(s)) {
        let rival = state.schedule.around(shift.shift_date).find(|other| {
            // Of two shifts that are regained one tells of the other.
            let takes = state.is_assigned(other, user) || (regained(other) && shift.meta.id < other.meta.id);
            other.meta.id != shift.meta.id && coming(other) && takes && shifts::overlap(other, shift)
        });
        found.extend(rival.map(|rival| (&**shift, &**rival)));
    }
    found
}

fn through_department(state: &State, shift: &Shift, user: UserId) -> bool {
    !shift.assigned_user_ids.contains(&user) && shift.assigned_department_ids.iter().any(|d| state.people.is_member(*d, user))
}

/// The requester hears of what somebody else decided; nobody has to be reminded of it any more. What was told of an earlier decision
/// is overtaken, whoever makes this one: one alert says how the request stands.
pub fn told(facts: &Facts, ctx: &Ctx, leave: &LeaveRequest) -> Result<Changes> {
    let reminders = alerts::resolve(ctx, facts, AlertType::ApprovalDelay, leave.meta.id)?;
    let resolved = reminders.join(alerts::resolve(ctx, facts, AlertType::LeaveDecision, leave.meta.id)?);
    if leave.user_id == ctx.user() || facts.state.people.role(leave.user_id).is_none() {
        return Ok(resolved);
    }
    let (from, to) = (leave.start_date, leave.end_date);
    let message = format!("Your request for {} leave from {from} to {to} was {}.", leave.leave_type, leave.status.as_str());
    let about = (LeaveRequest::def().name, leave.meta.id);
    let mut alert = alerts::alert(facts, AlertType::LeaveDecision, leave.user_id, Some(leave.user_id), about, message);
    // Once the leave would be over it is no news any more; of one that is over already there is a week to read.
    let week = Timestamp(facts.now.0 + 7 * Timestamp::DAY);
    alert.stands_until = Some(facts.state.zone().day(to).1.max(week));
    Ok(resolved.join(alerts::raise(ctx, &alert)))
}
