//! The rules of shifts, as pure functions of a company's state.

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_actors::State;
use workforceos_core::change::{Audience, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{DepartmentId, ShiftId, UserId};
use workforceos_core::objects::{Shift, ShiftStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::Zone;

use super::problems::{self, Named, Span, Wanted};

/// The instants of a shift in the company's zone; 400 where they make no span of time.
pub fn span(zone: Zone, date: Date, start: &str, end: &str) -> Result<Span> {
    let wanted = Wanted { date: Some(date), start: Some(start), end: Some(end), ..Wanted::default() };
    let mut found = Vec::new();
    let span = problems::span(zone, &wanted, &mut found);
    problems::settled((found, span))
}

/// Everybody and every department that a request names belongs to the company and is active.
pub fn check_named(state: &State, users: &[UserId], departments: &[DepartmentId], main: Option<DepartmentId>) -> Result<()> {
    Error::none_of(problems::unknown(state, &Named { users, departments, main }))
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

impl Conflict {
    /// The JSON Schemas of what [`Conflict::to_json`] says.
    pub fn schema() -> Json {
        let text = json!({"type": "string"});
        let id = json!({"type": "string", "format": "uuid"});
        let kind = json!({"type": "string", "enum": ["shift", "leave", "rest"]});
        json!({"userId": id, "kind": kind, "id": id, "from": text, "to": text})
    }
}

/// Whether two shifts share time; back to back they do not.
pub fn overlap(a: &Shift, b: &Shift) -> bool {
    share_time((a.starts_at, a.ends_at), (b.starts_at, b.ends_at))
}

/// Whether two spans, each from its start to its end, share time.
pub fn share_time(a: (Timestamp, Timestamp), b: (Timestamp, Timestamp)) -> bool {
    a.0 < b.1 && b.0 < a.1
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
    refuse(conflicts.iter().map(Conflict::to_json).collect())
}

/// The same of many shifts at once, each conflict with the shift whose it is.
pub fn refuse_conflicts_of<'a>(conflicts: impl IntoIterator<Item = (&'a Shift, Vec<Conflict>)>) -> Result<()> {
    let mut told = Vec::new();
    for (shift, conflicts) in conflicts {
        for conflict in conflicts {
            let mut json = conflict.to_json();
            json["shiftId"] = json!(shift.meta.id.to_string());
            json["shiftDate"] = json!(shift.shift_date.to_string());
            told.push(json);
        }
    }
    refuse(told)
}

fn refuse(conflicts: Vec<Json>) -> Result<()> {
    if conflicts.is_empty() {
        return Ok(());
    }
    let message = format!("{} of the people assigned are not free at that time", conflicts.len());
    Err(Error::conflict("ShiftConflict", message).detail(Json::Array(conflicts)))
}

/// When the timer completes a shift.
pub fn completes_at(state: &State, shift: &Shift) -> Option<Timestamp> {
    (shift.status == ShiftStatus::Scheduled && !shift.is_draft)
        .then(|| shift.ends_at.plus_minutes(state.policy.auto_absent_minutes))
}

/// The event of a shift that was changed, audited: who could see it before and cannot any more is told that it is gone.
pub fn changed(state: &State, ctx: &Ctx, kind: &'static str, before: &Shift, after: &Shift) -> Event {
    let audience = audience(state, after).instead_of(audience(state, before));
    Event::of(ctx, kind, after, audience).audited(Some(before))
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
    // Through a department nobody is assigned while off all day.
    let off = |user: &&UserId| state.leave.full_day(**user, shift.shift_date).is_some();
    audience.except = assignees[shift.assigned_user_ids.len()..].iter().filter(off).map(|u| u.0).collect();
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
