//! `markAttendanceAbsent`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus, Shift, ShiftStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Reach, input};

use super::rules;
use crate::{Api, App, commit};

input! {
    pub struct MarkAbsent {
        /// Who is absent.
        user_id: UserId => "userId" Body,
        /// From which shift.
        shift_id: ShiftId => "shiftId" Body,
        /// Why.
        absence_reason: Option<String> => "absenceReason" Body,
        /// A note that the employee does not see.
        manager_note: Option<String> => "managerNote" Body .text(),
        /// Ignored: somebody absent has no times.
        check_out_time: Option<Timestamp> => "checkOutTime" Body,
        /// Ignored: the server decides.
        status: Option<AttendanceStatus> => "status" Body,
        /// Ignored: the server decides.
        late_by_minutes: Option<i64> => "lateByMinutes" Body,
    }
}

pub fn api() -> Api {
    let mut api = Api::act("markAttendanceAbsent")
        .on::<AttendanceRecord>()
        .at("/v1/mark-absent")
        .reach(Reach::Managers)
        .about(
            "Marks an assigned user absent from a shift, or changes reason and note of an absence. Refused if the user has checked \
             in (409 InvalidState: correct the record instead).",
        )
        .handler_for(|input: &MarkAbsent| Some(input.user_id), handle);
    api.effect.idempotent = true;
    api
}

async fn handle(app: Arc<App>, ctx: Ctx, input: MarkAbsent) -> Result<Answer> {
    let caller = ctx.clone();
    commit(&app, &ctx, Needs::shift(input.shift_id), move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &MarkAbsent) -> Result<(Changes, Answer)> {
    let state = facts.state;
    if state.people.role(input.user_id).is_none() {
        return Err(Error::field("userId", "is not known here"));
    }
    let shift = state.schedule.get(input.shift_id).ok_or_else(|| Error::field("shiftId", "is not known here"))?;
    rules::check_unlocked(state, shift.shift_date)?;
    let before = state.attendance.of(input.shift_id, input.user_id);
    let mut record = match before {
        Some(record) if record.check_in_time.is_some() => {
            return Err(Error::conflict("InvalidState", "The user has checked in for this shift: correct the record instead"));
        }
        Some(record) => AttendanceRecord::clone(record).touched(facts.now),
        None if shift.status == ShiftStatus::Cancelled => {
            return Err(Error::conflict("InvalidState", "The shift is cancelled"));
        }
        None if !state.is_assigned(shift, input.user_id) => {
            return Err(Error::conflict("InvalidState", "The user is not assigned to this shift"));
        }
        None => absent(Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)), shift, input.user_id),
    };
    record.absence_reason = input.absence_reason.clone().or(record.absence_reason);
    record.manager_note = input.manager_note.clone().or(record.manager_note);
    let event = rules::event(state, ctx, "attendance.markedAbsent", &record).audited(before.map(|b| &**b));
    Ok((Changes::none().put(&record).event(event), Answer::object(ctx, &record)))
}

/// The record of somebody who did not come.
pub(crate) fn absent(meta: Meta, shift: &Shift, user: UserId) -> AttendanceRecord {
    AttendanceRecord {
        user_id: user,
        shift_id: ShiftId(shift.meta.id),
        shift_date: shift.shift_date,
        check_in_time: None,
        check_out_time: None,
        status: AttendanceStatus::Absent,
        late_by_minutes: None,
        worked_minutes: None,
        absence_reason: None,
        manager_note: None,
        checkout_alert_at: None,
        company_id: shift.company_id,
        meta,
    }
}
