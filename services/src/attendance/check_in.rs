//! `checkInAttendance`.

use std::sync::Arc;

use serde_json::json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::{Answer, Row, RowView};
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus, Shift, ShiftStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Reach, input};

use super::rules;
use crate::{Api, App, commit};

input! {
    pub struct CheckIn {
        /// The shift to check in for.
        shift_id: ShiftId => "shiftId" Body,
        /// Who checks in: the caller unless a manager or admin names somebody.
        user_id: Option<UserId> => "userId" Body,
        /// Honoured from admins, and from managers for their reports, never in the future; otherwise the server's clock decides.
        check_in_time: Option<Timestamp> => "checkInTime" Body,
        /// With a given checkInTime also the check-out, for a record that is complete at once.
        check_out_time: Option<Timestamp> => "checkOutTime" Body,
        /// Ignored: the server decides.
        status: Option<AttendanceStatus> => "status" Body,
        /// Ignored: the server decides.
        late_by_minutes: Option<i64> => "lateByMinutes" Body,
        /// Kept if a manager or admin checks somebody in.
        absence_reason: Option<String> => "absenceReason" Body,
        /// Kept if a manager or admin checks somebody in.
        manager_note: Option<String> => "managerNote" Body .text(),
    }
}

pub fn api() -> Api {
    Api::create("checkInAttendance")
        .on::<AttendanceRecord>()
        .at("/v1/check-in")
        .reach(Reach::Own)
        .about(
            "Checks a user in for an assigned, scheduled shift. Server time decides; late after the grace period. Refused outside \
             the check-in window (409 OutsideCheckInWindow), twice (409 AlreadyCheckedIn, with the record) and after being \
             marked absent (409 MarkedAbsent).",
        )
        .handler_for(|input: &CheckIn| input.user_id, handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: CheckIn) -> Result<Answer> {
    let caller = ctx.clone();
    commit(&app, &ctx, Needs::shift(input.shift_id), move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &CheckIn) -> Result<(Changes, Answer)> {
    let state = facts.state;
    let user = input.user_id.unwrap_or(ctx.user());
    if state.people.role(user).is_none() {
        return Err(Error::field("userId", "is not known here"));
    }
    let shift = state.schedule.get(input.shift_id).ok_or_else(|| Error::field("shiftId", "is not known here"))?;
    if let Some(record) = state.attendance.of(input.shift_id, user) {
        return Err(refuse_second(ctx, record));
    }
    rules::check_unlocked(state, shift.shift_date)?;
    let trusted = ctx.is_admin() || ctx.manages(user);
    let given = input.check_in_time.filter(|_| trusted);
    let (at, out) = (given.unwrap_or(facts.now), given.and(input.check_out_time));
    check_times(facts.now, at, out)?;
    check_shift(facts, shift, user, at, given.is_some())?;
    let note = |text: &Option<String>| text.clone().filter(|_| ctx.is_admin() || ctx.manages(user));
    let mut record = AttendanceRecord {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        user_id: user,
        shift_id: input.shift_id,
        shift_date: shift.shift_date,
        check_in_time: Some(at),
        check_out_time: out,
        status: AttendanceStatus::Pending,
        late_by_minutes: None,
        worked_minutes: None,
        absence_reason: note(&input.absence_reason),
        manager_note: note(&input.manager_note),
        checkout_alert_at: None,
        company_id: ctx.company(),
    };
    rules::assess(&mut record, &rules::times(state, shift, user));
    let mut event = rules::event(state, ctx, "attendance.checkedIn", &record);
    event.audited = user != ctx.user() || given.is_some();
    let due = out.is_none().then(|| shift.ends_at.plus_minutes(state.policy.missing_checkout_minutes));
    Ok((Changes::none().put(&record).event(event).due(due), Answer::object(ctx, &record)))
}

/// Neither instant is in the future, and the second fits the first.
pub(crate) fn check_times(now: Timestamp, at: Timestamp, out: Option<Timestamp>) -> Result<()> {
    let mut problems = Vec::new();
    if at > now {
        problems.push(Problem::new("checkInTime", "must not be in the future"));
    }
    if let Some(out) = out {
        if out > now {
            problems.push(Problem::new("checkOutTime", "must not be in the future"));
        }
        if out <= at || out.0 - at.0 > rules::MAX_OPEN {
            problems.push(Problem::new("checkOutTime", "must be after the check-in, by at most 24 hours"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

/// The shift must be on, the user assigned and not on leave, and the instant within the window.
pub(crate) fn check_shift(facts: &Facts, shift: &Shift, user: UserId, at: Timestamp, given: bool) -> Result<()> {
    let state = facts.state;
    let on = shift.status == ShiftStatus::Scheduled || (given && shift.status == ShiftStatus::Completed);
    if !on {
        return Err(Error::conflict("InvalidState", format!("The shift is {}", shift.status.as_str())));
    }
    if state.leave.full_day(user, shift.shift_date).is_some() {
        return Err(Error::conflict("InvalidState", "The user is on approved leave on the shift's date"));
    }
    if !state.is_assigned(shift, user) {
        return Err(Error::conflict("InvalidState", "The user is not assigned to this shift"));
    }
    let opens = shift.starts_at.plus_minutes(-state.policy.early_check_in_minutes);
    if at < opens || at > shift.ends_at {
        let (from, to) = (opens.to_string(), shift.ends_at.to_string());
        let message = format!("One can check in for this shift from {from} to {to}");
        return Err(Error::conflict("OutsideCheckInWindow", message).detail(json!({"from": from, "to": to})));
    }
    Ok(())
}

/// One record per user and shift, for ever.
fn refuse_second(ctx: &Ctx, record: &AttendanceRecord) -> Error {
    if record.check_in_time.is_none() {
        return Error::conflict("MarkedAbsent", "The user was marked absent from this shift; a manager can correct the record");
    }
    let row = Row::seen_by(ctx, record.to_record());
    let view = RowView { row: &row, fields: None, masked: false };
    let detail = json!({"attendanceRecord": serde_json::to_value(view).unwrap_or_default()});
    Error::conflict("AlreadyCheckedIn", "The user has checked in for this shift already").detail(detail)
}
