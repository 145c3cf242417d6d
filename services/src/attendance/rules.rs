//! The rules of attendance, as pure functions: lateness, leaving early, worked minutes.

use serde_json::json;
use workforceos_actors::State;
use workforceos_core::change::{Audience, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::UserId;
use workforceos_core::objects::{AttendanceRecord, AttendanceStatus, CompanyPolicy, DayPart, Shift};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};

/// The longest time between check-in and check-out.
pub const MAX_OPEN: i64 = 24 * Timestamp::HOUR;

/// What of a shift matters to attendance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    pub start: Timestamp,
    pub end: Timestamp,
    pub break_minutes: i64,
    pub grace_minutes: i64,
    /// The half of the day taken off, if one is.
    pub half_day: Option<DayPart>,
}

impl Times {
    pub fn of(shift: &Shift, policy: &CompanyPolicy, half_day: Option<DayPart>) -> Times {
        let (start, end) = (shift.starts_at, shift.ends_at);
        Times { start, end, break_minutes: shift.break_minutes, grace_minutes: policy.grace_minutes, half_day }
    }

    /// Half of the shift, in whole minutes, rounded down.
    fn half(&self) -> i64 {
        self.end.minutes_since(self.start) / 2
    }

    /// When the person is expected: with the first half taken off, in the middle.
    fn expected_start(&self) -> Timestamp {
        if self.half_day == Some(DayPart::FirstHalf) { self.start.plus_minutes(self.half()) } else { self.start }
    }

    /// Until when the person is expected: with the second half taken off, in the middle.
    fn expected_end(&self) -> Timestamp {
        if self.half_day == Some(DayPart::SecondHalf) { self.start.plus_minutes(self.half()) } else { self.end }
    }

    /// Minutes that the person is to work: net of the break, and of a half day off.
    pub fn planned(&self) -> i64 {
        self.worked(self.expected_start(), self.expected_end())
    }

    /// Minutes late at a check-in: counted from the expected start, 0 within the grace.
    pub fn late_by(&self, check_in: Timestamp) -> i64 {
        if self.is_late(check_in) { self.minutes_after_start(check_in) } else { 0 }
    }

    /// Minutes from the expected start to a check-in, at least 0.
    pub fn minutes_after_start(&self, check_in: Timestamp) -> i64 {
        check_in.minutes_since(self.expected_start()).max(0)
    }

    pub fn is_late(&self, check_in: Timestamp) -> bool {
        check_in > self.expected_start().plus_minutes(self.grace_minutes)
    }

    pub fn leaves_early(&self, check_out: Timestamp) -> bool {
        check_out < self.expected_end().plus_minutes(-self.grace_minutes)
    }

    /// The status of somebody who came, and left if `check_out` is given.
    pub fn status(&self, check_in: Timestamp, check_out: Option<Timestamp>) -> AttendanceStatus {
        match check_out {
            Some(out) if self.leaves_early(out) => AttendanceStatus::LeftEarly,
            _ if self.is_late(check_in) => AttendanceStatus::Late,
            Some(_) => AttendanceStatus::Present,
            None => AttendanceStatus::Pending,
        }
    }

    /// Paid minutes: from the start (or the later check-in) to the check-out, less the break, which is taken from what lies
    /// beyond half of the shift.
    pub fn worked(&self, check_in: Timestamp, check_out: Timestamp) -> i64 {
        let span = check_out.minutes_since(check_in.max(self.start)).max(0);
        span - self.break_minutes.min((span - self.half()).max(0))
    }
}

/// Closes a record. Whether the person came late was settled at the check-in, or by a correction, and stays.
pub fn close(record: &mut AttendanceRecord, times: &Times, came: Timestamp, left: Timestamp) {
    record.check_out_time = Some(left);
    record.status = match record.status {
        _ if times.leaves_early(left) => AttendanceStatus::LeftEarly,
        AttendanceStatus::Late => AttendanceStatus::Late,
        _ => AttendanceStatus::Present,
    };
    record.worked_minutes = Some(times.worked(came, left));
}

/// The times that hold for a user at a shift.
pub fn times(state: &State, shift: &Shift, user: UserId) -> Times {
    Times::of(shift, &state.policy, state.leave.half_day(user, shift.shift_date))
}

/// Whether a user is to be at a shift that is theirs: it takes place, and they are not off the whole day.
pub fn is_expected(state: &State, shift: &Shift, user: UserId) -> bool {
    shift.takes_place() && state.leave.full_day(user, shift.shift_date).is_none()
}

/// Sets status, lateness and worked minutes from the times in the record.
pub fn assess(record: &mut AttendanceRecord, times: &Times) {
    match record.check_in_time {
        Some(check_in) => {
            record.status = times.status(check_in, record.check_out_time);
            record.late_by_minutes = Some(times.late_by(check_in));
            record.worked_minutes = record.check_out_time.map(|out| times.worked(check_in, out));
        }
        None => {
            record.status = AttendanceStatus::Absent;
            record.check_out_time = None;
            record.late_by_minutes = None;
            record.worked_minutes = None;
        }
    }
}

/// While a pay period is locked, nobody changes its attendance: a record belongs to its shift's date. Nobody plans its shifts
/// either, since from a shift that ended the clock, which alone goes on, makes absences.
pub fn check_unlocked(state: &State, shift_date: Date) -> Result<()> {
    let Some(lock) = state.locks.on(shift_date) else { return Ok(()) };
    let message = format!("{} to {} is locked for payroll: an admin can unlock it", lock.from, lock.to);
    let detail = json!({"payPeriodLock": {"id": lock.id, "from": lock.from, "to": lock.to}});
    Err(Error::conflict("PeriodLocked", message).detail(detail))
}

/// Who may see a record: admins and the manager whole, its user without reason and note.
pub fn audience(state: &State, user: UserId) -> Audience {
    Audience::admins().manager(state.people.manager_of(user)).user(user)
}

/// An event about a record.
pub fn event(state: &State, ctx: &Ctx, kind: &'static str, record: &AttendanceRecord) -> Event {
    Event::of(ctx, kind, record, audience(state, record.user_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("instant")
    }

    fn day(break_minutes: i64, half_day: Option<DayPart>) -> Times {
        let (start, end) = (at("2026-06-15T09:00:00Z"), at("2026-06-15T17:00:00Z"));
        Times { start, end, break_minutes, grace_minutes: 5, half_day }
    }

    #[test]
    fn the_break_is_taken_from_what_lies_beyond_half_of_the_shift() {
        let times = day(60, None);
        let worked = |out| times.worked(at("2026-06-15T09:00:00Z"), at(out));
        assert_eq!(worked("2026-06-15T17:00:00Z"), 420);
        assert_eq!(worked("2026-06-15T13:00:00Z"), 240);
        assert_eq!(worked("2026-06-15T13:30:00Z"), 240);
        assert_eq!(worked("2026-06-15T14:30:00Z"), 270);
        assert_eq!(times.worked(at("2026-06-15T08:00:00Z"), at("2026-06-15T08:30:00Z")), 0);
    }

    #[test]
    fn a_half_day_moves_what_is_expected() {
        let afternoon = day(0, Some(DayPart::FirstHalf));
        assert_eq!(afternoon.status(at("2026-06-15T13:05:00Z"), None), AttendanceStatus::Pending);
        assert_eq!(afternoon.status(at("2026-06-15T13:05:00.001Z"), None), AttendanceStatus::Late);
        let morning = day(0, Some(DayPart::SecondHalf));
        let (came, left) = (at("2026-06-15T09:00:00Z"), at("2026-06-15T12:55:00Z"));
        assert_eq!(morning.status(came, Some(left)), AttendanceStatus::Present);
        assert_eq!(morning.status(came, Some(Timestamp(left.0 - 1))), AttendanceStatus::LeftEarly);
    }

    #[test]
    fn leaving_early_keeps_the_lateness() {
        let mut record = sample();
        record.check_in_time = Some(at("2026-06-15T09:20:59Z"));
        record.check_out_time = Some(at("2026-06-15T14:00:00Z"));
        assess(&mut record, &day(0, None));
        assert_eq!((record.status, record.late_by_minutes), (AttendanceStatus::LeftEarly, Some(20)));
    }

    fn sample() -> AttendanceRecord {
        use workforceos_core::id::{CompanyId, ShiftId};
        let id = uuid::Uuid::from_u128(1);
        AttendanceRecord {
            meta: workforceos_core::Meta::new(id, Timestamp(0), None),
            user_id: UserId(id),
            shift_id: ShiftId(id),
            shift_date: "2026-06-15".parse().expect("date"),
            check_in_time: None,
            check_out_time: None,
            status: AttendanceStatus::Absent,
            late_by_minutes: None,
            worked_minutes: None,
            absence_reason: None,
            manager_note: None,
            checkout_alert_at: None,
            company_id: CompanyId(id),
        }
    }
}
