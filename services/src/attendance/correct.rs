//! `correctAttendanceRecord`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::AttendanceId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, AttendanceRecord, AttendanceStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Patch, Reach, input};

use super::rules::{self, Times};
use crate::{Api, App, alerts, commit};

input! {
    pub struct Correct {
        /// The record.
        attendance_record_id: AttendanceId => "attendanceRecordId" Path,
        /// When the person came.
        check_in_time: Option<Timestamp> => "checkInTime" Body,
        /// When the person left; null reopens the record.
        check_out_time: Patch<Timestamp> => "checkOutTime" Body,
        /// Recomputed from the times unless given; absent clears the times.
        status: Option<AttendanceStatus> => "status" Body,
        /// Why the person was absent; null clears it.
        absence_reason: Patch<String> => "absenceReason" Body,
        /// A note that the employee does not see; null clears it.
        manager_note: Patch<String> => "managerNote" Body .text(),
    }
}

pub fn api() -> Api {
    Api::update("correctAttendanceRecord")
        .on::<AttendanceRecord>()
        .at("/v1/attendance-records/:attendanceRecordId")
        .reach(Reach::Managers)
        .about(
            "Corrects somebody's record: times, status, reason, note. Never one's own (403). The status is recomputed unless given; \
             absent clears the times. The audit log keeps the old and the new values.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: Correct) -> Result<Answer> {
    let caller = ctx.clone();
    let id = input.attendance_record_id;
    let needs = Needs::attendance(id).and_query(alerts::open(ctx.company(), AlertType::MissingCheckout, id.0));
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &Correct) -> Result<(Changes, Answer)> {
    let state = facts.state;
    let missing = || Error::not_found("attendanceRecord");
    let before = state.attendance.get(input.attendance_record_id).filter(|r| ctx.reaches(r.user_id)).ok_or_else(missing)?;
    if before.user_id == ctx.user() {
        return Err(Error::forbidden("Nobody corrects the own attendance"));
    }
    rules::check_unlocked(state, before.shift_date)?;
    let shift = state.schedule.get(before.shift_id).ok_or_else(missing)?;
    let mut record = AttendanceRecord::clone(before);
    record.absence_reason = input.absence_reason.clone().over(record.absence_reason);
    record.manager_note = input.manager_note.clone().over(record.manager_note);
    let touches_times = input.check_in_time.is_some() || !input.check_out_time.is_keep() || input.status.is_some();
    if touches_times {
        retime(&mut record, input, facts.now, &rules::times(state, shift, before.user_id))?;
    }
    let (was_open, is_open) = (alerts::is_open(before), alerts::is_open(&record));
    if is_open && !was_open {
        // The check-out is missing anew, and is reported anew.
        record.checkout_alert_at = None;
    }
    let resolved = match was_open && is_open {
        true => Changes::none(),
        false => alerts::resolve(ctx, facts, AlertType::MissingCheckout, record.meta.id)?,
    };
    let record = record.touched(facts.now);
    let event = rules::event(state, ctx, "attendance.corrected", &record).audited(Some(&**before));
    let open = record.check_in_time.is_some() && record.check_out_time.is_none() && record.checkout_alert_at.is_none();
    let due = open.then(|| shift.ends_at.plus_minutes(state.policy.missing_checkout_minutes));
    Ok((Changes::none().put(&record).event(event).due(due).join(resolved), Answer::object(ctx, &record)))
}

/// The corrected times, checked, and what follows from them.
fn retime(record: &mut AttendanceRecord, input: &Correct, now: Timestamp, times: &Times) -> Result<()> {
    if input.status == Some(AttendanceStatus::Absent) {
        record.check_in_time = None;
        rules::assess(record, times);
        return Ok(());
    }
    record.check_in_time = input.check_in_time.or(record.check_in_time);
    record.check_out_time = input.check_out_time.clone().over(record.check_out_time);
    let Some(came) = record.check_in_time else {
        return Err(Error::field("checkInTime", "is required: the person was absent so far"));
    };
    check(came, record.check_out_time, now)?;
    rules::assess(record, times);
    impose(record, input.status, times)
}

/// A status that was given takes the place of the computed one where the times allow it.
pub(crate) fn impose(record: &mut AttendanceRecord, given: Option<AttendanceStatus>, times: &Times) -> Result<()> {
    let (Some(status), Some(came)) = (given, record.check_in_time) else { return Ok(()) };
    match (status, record.check_out_time) {
        (AttendanceStatus::Pending, Some(_)) => Err(Error::field("status", "cannot be pending once the person has left")),
        (AttendanceStatus::Present | AttendanceStatus::LeftEarly, None) => {
            Err(Error::field("status", "cannot be present or leftEarly while the record is open"))
        }
        (status, _) => {
            record.status = status;
            record.late_by_minutes = match status {
                AttendanceStatus::Late => Some(times.minutes_after_start(came)),
                AttendanceStatus::LeftEarly => record.late_by_minutes,
                _ => Some(0),
            };
            Ok(())
        }
    }
}

fn check(came: Timestamp, left: Option<Timestamp>, now: Timestamp) -> Result<()> {
    let mut problems = Vec::new();
    if came > now {
        problems.push(Problem::new("checkInTime", "must not be in the future"));
    }
    if let Some(left) = left {
        if left > now {
            problems.push(Problem::new("checkOutTime", "must not be in the future"));
        }
        if left <= came || left.0 - came.0 > rules::MAX_OPEN {
            problems.push(Problem::new("checkOutTime", "must be after checkInTime, by at most 24 hours"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}
