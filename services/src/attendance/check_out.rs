//! `checkOutAttendance`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::AttendanceId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Reach, input};

use super::rules;
use crate::{Api, App, commit};

input! {
    pub struct CheckOut {
        /// The record to close.
        attendance_record_id: AttendanceId => "attendanceRecordId" Body,
        /// Honoured from admins, and from managers for their reports, never in the future; otherwise the server's clock decides.
        check_out_time: Option<Timestamp> => "checkOutTime" Body,
        /// Ignored: the server decides.
        status: Option<AttendanceStatus> => "status" Body,
        /// Ignored: the server decides.
        late_by_minutes: Option<i64> => "lateByMinutes" Body,
        /// Kept if a manager or admin checks somebody out.
        absence_reason: Option<String> => "absenceReason" Body,
        /// Kept if a manager or admin checks somebody out.
        manager_note: Option<String> => "managerNote" Body .text(),
    }
}

pub fn api() -> Api {
    let mut api = Api::act("checkOutAttendance")
        .on::<AttendanceRecord>()
        .at("/v1/check-out")
        .reach(Reach::Own)
        .about(
            "Checks a user out. Before the end (less the grace period) the record reads leftEarly. Refused if not checked in or out \
             already (409 InvalidState), and more than 24 hours after the check-in (409 CheckOutTooLate: a manager corrects).",
        )
        .handler(handle);
    api.effect.idempotent = false;
    api
}

async fn handle(app: Arc<App>, ctx: Ctx, input: CheckOut) -> Result<Answer> {
    let caller = ctx.clone();
    commit(&app, &ctx, Needs::attendance(input.attendance_record_id), move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &CheckOut) -> Result<(Changes, Answer)> {
    let state = facts.state;
    let missing = || Error::not_found("attendanceRecord");
    let before = state.attendance.get(input.attendance_record_id).filter(|r| ctx.reaches(r.user_id)).ok_or_else(missing)?;
    rules::check_unlocked(state, before.shift_date)?;
    let came = match (before.check_in_time, before.check_out_time) {
        (Some(came), None) => came,
        (Some(_), Some(_)) => return Err(Error::conflict("InvalidState", "The user has checked out already")),
        (None, _) => return Err(Error::conflict("InvalidState", "The user never checked in for this shift")),
    };
    let given = input.check_out_time.filter(|_| ctx.is_admin() || ctx.manages(before.user_id));
    let at = given.unwrap_or(facts.now);
    if at > facts.now {
        return Err(Error::field("checkOutTime", "must not be in the future"));
    }
    if given.is_some() && at <= came {
        return Err(Error::field("checkOutTime", "must be after the check-in"));
    }
    if at.0 - came.0 > rules::MAX_OPEN {
        let message = "The check-in is more than 24 hours old: a manager has to correct the record";
        return Err(Error::conflict("CheckOutTooLate", message));
    }
    let shift = state.schedule.get(before.shift_id).ok_or_else(missing)?;
    let mut record = AttendanceRecord::clone(before);
    if ctx.is_admin() || ctx.manages(record.user_id) {
        record.absence_reason = input.absence_reason.clone().or(record.absence_reason);
        record.manager_note = input.manager_note.clone().or(record.manager_note);
    }
    rules::close(&mut record, &rules::times(state, shift, before.user_id), came, at);
    let record = record.touched(facts.now);
    let mut event = rules::event(state, ctx, "attendance.checkedOut", &record);
    if record.user_id != ctx.user() || given.is_some() {
        event = event.audited(Some(&**before));
    }
    Ok((Changes::none().put(&record).event(event), Answer::object(ctx, &record)))
}
