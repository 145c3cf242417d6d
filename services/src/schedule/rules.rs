//! The rules of shifts, as pure functions of a company's state.

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_actors::State;
use workforceos_core::change::Audience;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, ShiftId, UserId};
use workforceos_core::objects::{Shift, ShiftStatus};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{SpanError, WallTime, Zone, shift_span};

/// The most people that one shift can need.
const MAX_NEEDED: i64 = 10_000;

/// A wall-clock time, or 400 naming the field.
pub fn wall_time(field: &str, text: &str) -> Result<WallTime> {
    WallTime::parse(text).ok_or_else(|| Error::field(field, "must be a time like 09:30"))
}

/// Both times of a shift, every bad one named.
pub fn wall_times(start: &str, end: &str) -> Result<(WallTime, WallTime)> {
    let bad = |field, text| WallTime::parse(text).is_none().then(|| Problem::new(field, "must be a time like 09:30"));
    let problems: Vec<Problem> = [bad("startTime", start), bad("endTime", end)].into_iter().flatten().collect();
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let (start, end) = (wall_time("startTime", start)?, wall_time("endTime", end)?);
    if start == end {
        return Err(Error::field("endTime", "must differ from startTime"));
    }
    Ok((start, end))
}

/// The instants of a shift in the company's zone; 400 where they make no span of time.
pub fn span(zone: Zone, date: Date, start: &str, end: &str) -> Result<(Timestamp, Timestamp)> {
    let (start, end) = wall_times(start, end)?;
    shift_span(zone, date, start, end).map_err(|error| match error {
        SpanError::Equal => Error::field("endTime", "must differ from startTime"),
        SpanError::Empty => Error::field("endTime", "is not after the start on that day, when the clocks go forward"),
    })
}

/// A shift's break and head count fit it.
pub fn check_numbers(shift: &Shift) -> Result<()> {
    let mut problems = Vec::new();
    if shift.break_minutes < 0 || shift.break_minutes >= shift.ends_at.minutes_since(shift.starts_at) {
        problems.push(Problem::new("breakMinutes", "must be 0 or more and shorter than the shift"));
    }
    if !(1..=MAX_NEEDED).contains(&shift.needed_count) {
        problems.push(Problem::new("neededCount", format!("must be from 1 to {MAX_NEEDED}")));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

/// Everybody and every department that a request names belongs to the company and is active.
pub fn check_named(state: &State, users: &[UserId], departments: &[DepartmentId], main: Option<DepartmentId>) -> Result<()> {
    let mut problems = Vec::new();
    let unknown = |id: Uuid| format!("{id} is not known here");
    problems
        .extend(users.iter().filter(|u| state.people.role(**u).is_none()).map(|u| Problem::new("assignedUserIds", unknown(u.0))));
    problems.extend(
        departments
            .iter()
            .filter(|d| !state.people.has_department(**d))
            .map(|d| Problem::new("assignedDepartmentIds", unknown(d.0))),
    );
    problems.extend(main.filter(|d| !state.people.has_department(*d)).map(|d| Problem::new("departmentId", unknown(d.0))));
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

/// Why somebody cannot take a shift.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    pub user: UserId,
    pub kind: ConflictKind,
    pub id: Uuid,
    pub from: String,
    pub to: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictKind {
    Shift,
    Leave,
    /// Too little rest before or after.
    Rest,
}

impl Conflict {
    pub fn to_json(&self) -> Json {
        let kind = match self.kind {
            ConflictKind::Shift => "shift",
            ConflictKind::Leave => "leave",
            ConflictKind::Rest => "rest",
        };
        json!({"userId": self.user.to_string(), "kind": kind, "id": self.id.to_string(), "from": self.from, "to": self.to})
    }
}

/// Whether two shifts share time; back to back they do not.
pub fn overlap(a: &Shift, b: &Shift) -> bool {
    a.starts_at < b.ends_at && b.starts_at < a.ends_at
}

/// Every conflict of a shift's assignees: another scheduled shift at that time, or (if named) leave that day. `others` are
/// shifts about to be written along with it.
pub fn conflicts<'a>(state: &'a State, shift: &Shift, others: impl IntoIterator<Item = &'a Shift>) -> Vec<Conflict> {
    conflicts_among(state, shift, state.schedule.around(shift.shift_date).map(|s| &**s).chain(others))
}

/// As [`conflicts`], where all other shifts of the assignees around that day are known already.
pub fn conflicts_among<'a>(state: &State, shift: &Shift, theirs: impl IntoIterator<Item = &'a Shift>) -> Vec<Conflict> {
    if shift.status != ShiftStatus::Scheduled {
        return Vec::new();
    }
    let rivals: Vec<&Shift> = theirs
        .into_iter()
        .filter(|s| s.meta.id != shift.meta.id && s.status == ShiftStatus::Scheduled && overlap(s, shift))
        .collect();
    let mut found = Vec::new();
    for user in state.assignees(shift) {
        if shift.assigned_user_ids.contains(&user)
            && let Some(leave) = state.leave.full_day(user, shift.shift_date)
        {
            let (from, to) = (leave.from.to_string(), leave.to.to_string());
            found.push(Conflict { user, kind: ConflictKind::Leave, id: leave.id, from, to });
        }
        for rival in rivals.iter().filter(|r| state.is_assigned(r, user)) {
            let (from, to) = (rival.starts_at.to_string(), rival.ends_at.to_string());
            found.push(Conflict { user, kind: ConflictKind::Shift, id: rival.meta.id, from, to });
        }
    }
    found
}

/// 409 `ShiftConflict` with every conflict in its detail.
pub fn refuse_conflicts(conflicts: &[Conflict]) -> Result<()> {
    if conflicts.is_empty() {
        return Ok(());
    }
    let message = format!("{} of the people assigned are not free at that time", conflicts.len());
    Err(Error::conflict("ShiftConflict", message).detail(conflicts.iter().map(Conflict::to_json).collect()))
}

/// When the timer completes a shift.
pub fn completes_at(state: &State, shift: &Shift) -> Option<Timestamp> {
    (shift.status == ShiftStatus::Scheduled && !shift.is_draft)
        .then(|| shift.ends_at.plus_minutes(state.policy.auto_absent_minutes))
}

/// Who may see a shift: admins, and once it is published its assignees, and the managers all of whose reports its assignees are.
pub fn audience(state: &State, shift: &Shift) -> Audience {
    let mut audience = Audience::admins();
    if shift.is_draft {
        return audience;
    }
    audience.users = shift.assigned_user_ids.iter().map(|u| u.0).collect();
    let alive = shift.assigned_department_ids.iter().filter(|d| state.people.has_department(**d));
    audience.departments = alive.map(|d| d.0).collect();
    let mut assignees = shift.assigned_user_ids.clone();
    for department in &shift.assigned_department_ids {
        assignees.extend(state.people.members(*department));
    }
    if let Some(first) = assignees.first() {
        let candidates = [state.people.manager_of(*first), Some(*first)];
        let reaches = |manager: UserId| assignees.iter().all(|a| *a == manager || state.people.manager_of(*a) == Some(manager));
        let manages = |manager: &UserId| assignees.iter().any(|a| a != manager) && reaches(*manager);
        audience.managers = candidates.into_iter().flatten().filter(manages).map(|m| m.0).collect();
    }
    audience
}

/// The future shifts that a new member of a department cannot take, each with the one already assigned.
pub fn membership_clashes(state: &State, department: DepartmentId, user: UserId, now: Timestamp) -> Vec<(ShiftId, ShiftId)> {
    let coming = |s: &&std::sync::Arc<Shift>| s.status == ShiftStatus::Scheduled && !s.is_draft && s.ends_at > now;
    let mut clashes = Vec::new();
    let through = |s: &Shift| s.assigned_department_ids.contains(&department);
    // Leave takes a member out of what only the department is assigned to.
    let gains = |s: &Shift| through(s) && state.leave.full_day(user, s.shift_date).is_none();
    for shift in state.schedule.all().filter(coming).filter(|s| gains(s)) {
        let rival = state.schedule.around(shift.shift_date).find(|other| {
            // Of two shifts of the department one tells of the other.
            let takes = state.is_assigned(other, user) || (gains(other) && shift.meta.id < other.meta.id);
            other.meta.id != shift.meta.id && coming(other) && overlap(other, shift) && takes
        });
        clashes.extend(rival.map(|rival| (ShiftId(shift.meta.id), ShiftId(rival.meta.id))));
    }
    clashes
}
