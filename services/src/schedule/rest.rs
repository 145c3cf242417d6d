//! Rest between shifts, and whether a shift is open to somebody.

use chrono::Days;
use workforceos_actors::{Needs, State};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::objects::{AttendanceStatus, Shift, ShiftStatus};
use workforceos_core::time::{Date, Timestamp};

use super::rules::{Conflict, ConflictKind, conflicts};

/// How many days away another shift can be that leaves too little rest: the policy asks for 48 hours at most, and a shift ends
/// up to a day after its date.
pub const REACH: u64 = 3;

/// What has to be known to judge the rest around a date.
pub fn needs(date: Date) -> Needs {
    Needs { days: vec![around(date)], ..Needs::none() }
}

/// Milliseconds of rest that the policy asks for.
pub fn wanted(state: &State) -> i64 {
    (state.policy.rest_hours * Timestamp::HOUR as f64) as i64
}

/// When somebody was done with a shift: at its end, or later if they stayed.
pub fn left(state: &State, shift: &Shift, user: UserId) -> Timestamp {
    let out = state.attendance.of(ShiftId(shift.meta.id), user).and_then(|r| r.check_out_time);
    out.map_or(shift.ends_at, |out| out.max(shift.ends_at))
}

/// Whether one span of work leaves less rest than wanted, before or after, to another.
pub fn too_close(one: (Timestamp, Timestamp), other: (Timestamp, Timestamp), wanted: i64) -> bool {
    let (earlier, later) = if other.0 < one.0 { (other, one) } else { (one, other) };
    later.0.0 - earlier.1.0 < wanted
}

fn around(date: Date) -> (Date, Date) {
    let (before, after) = (date.checked_sub_days(Days::new(REACH)), date.checked_add_days(Days::new(REACH)));
    (before.unwrap_or(date), after.unwrap_or(date))
}

/// The shifts of a user, among those at hand, that leave less rest before or after this one than the policy asks for. Who stayed
/// longer rests from then on; who did not come to a shift has rested.
fn breaches(state: &State, shift: &Shift, user: UserId) -> Vec<Conflict> {
    let rest = wanted(state);
    let (from, to) = around(shift.shift_date);
    let mut found = Vec::new();
    for date in from.iter_days().take_while(|d| *d <= to) {
        for other in state.schedule.on(date) {
            if other.meta.id == shift.meta.id || other.status == ShiftStatus::Cancelled || !state.is_assigned(other, user) {
                continue;
            }
            let record = state.attendance.of(ShiftId(other.meta.id), user);
            if record.is_some_and(|r| r.status == AttendanceStatus::Absent) {
                continue;
            }
            let left = left(state, other, user);
            if too_close((shift.starts_at, shift.ends_at), (other.starts_at, left), rest) {
                let (from, to) = (other.starts_at.to_string(), left.to_string());
                found.push(Conflict { user, kind: ConflictKind::Rest, id: other.meta.id, from, to });
            }
        }
    }
    found
}

/// Somebody can take a shift, which they are already assigned to in `shift`: they are free then, and rest enough. `given` is
/// the shift that they give for it.
pub fn check_free(state: &State, shift: &Shift, user: UserId, given: Option<ShiftId>) -> Result<()> {
    let stays = |c: &Conflict| c.user == user && given.is_none_or(|g| g.0 != c.id);
    let own: Vec<Conflict> = conflicts(state, shift, &[]).into_iter().filter(|c| stays(c)).collect();
    super::rules::refuse_conflicts(&own)?;
    let breaches: Vec<Conflict> = breaches(state, shift, user).into_iter().filter(|c| stays(c)).collect();
    if breaches.is_empty() {
        return Ok(());
    }
    let message = format!("Between this and another shift there would be less than {} hours of rest", state.policy.rest_hours);
    Err(Error::conflict("RestTooShort", message).detail(breaches.iter().map(Conflict::to_json).collect()))
}

/// Whether a shift may be taken by somebody of its department, as far as they may know of it.
pub fn is_offered(state: &State, shift: &Shift, user: UserId) -> bool {
    !shift.is_draft && shift.department_id.is_none_or(|d| state.people.is_member(d, user))
}

/// Whether a shift has a place left, and has not begun.
pub fn is_open(state: &State, shift: &Shift, now: Timestamp) -> bool {
    shift.status == ShiftStatus::Scheduled
        && shift.starts_at > now
        && i64::try_from(state.assignees(shift).len()).is_ok_and(|count| count < shift.needed_count)
}
