//! Who is where today: a pure function of a company's state.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use workforceos_actors::State;
use workforceos_core::id::{DepartmentId, ShiftId, UserId};
use workforceos_core::objects::{AttendanceStatus, DayPart, Shift, ShiftStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::previous_day;

use crate::attendance::rules::times;
use crate::reach::reaches;
use crate::schedule;

/// How somebody stands to a shift at a moment. Ordered: what asks for attention comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// Should be here by now, and has not checked in.
    Overdue,
    Absent,
    /// Has not checked out long after the end.
    MissingCheckOut,
    /// Here, came late.
    Late,
    /// Here, came in time.
    Present,
    /// Not yet due.
    Expected,
    /// Assigned, and on leave for the day.
    OnLeave,
    /// Was here, has checked out.
    Left,
}

impl Presence {
    pub const ALL: [Presence; 8] = [
        Presence::Expected,
        Presence::Overdue,
        Presence::Present,
        Presence::Late,
        Presence::Left,
        Presence::MissingCheckOut,
        Presence::Absent,
        Presence::OnLeave,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Presence::Expected => "expected",
            Presence::Overdue => "overdue",
            Presence::Present => "present",
            Presence::Late => "late",
            Presence::Left => "left",
            Presence::MissingCheckOut => "missingCheckOut",
            Presence::Absent => "absent",
            Presence::OnLeave => "onLeave",
        }
    }
}

/// A person at a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attendee {
    pub user: UserId,
    pub presence: Presence,
    pub came: Option<Timestamp>,
    pub left: Option<Timestamp>,
    /// Minutes late: so far, of somebody who is overdue.
    pub late_by: i64,
}

/// A shift of the board with those of its people whom the caller reaches.
#[derive(Clone, Debug)]
pub struct Line {
    pub shift: Arc<Shift>,
    pub people: Vec<Attendee>,
    /// Places that nobody is assigned to; `None` where the caller does not see the whole shift.
    pub open_places: Option<usize>,
}

/// Somebody's leave today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    pub user: UserId,
    pub part: DayPart,
    pub until: Date,
}

/// Today's published shifts, those of yesterday that still run, and those of yesterday whose people have not checked out.
pub fn lines(state: &State, ctx: &Ctx, now: Timestamp, department: Option<DepartmentId>) -> Vec<Line> {
    let today = state.zone().date(now);
    let reached = schedule::reached(state, ctx);
    let mut here: HashMap<ShiftId, Vec<UserId>> = HashMap::new();
    for record in state.attendance.open().filter(|record| record.shift_date >= previous_day(today)) {
        here.entry(record.shift_id).or_default().push(record.user_id);
    }
    let mut lines = Vec::new();
    for shift in state.schedule.on(previous_day(today)).chain(state.schedule.on(today)) {
        let of_department = |d| shift.department_id == Some(d) || shift.assigned_department_ids.contains(&d);
        if !shift.takes_place() || !department.is_none_or(of_department) {
            continue;
        }
        let over = shift.shift_date != today && shift.ends_at <= now;
        let still_here = here.get(&ShiftId(shift.meta.id)).map(Vec::as_slice).unwrap_or_default();
        let mut people = people(state, ctx, shift, still_here, now);
        if over {
            people.retain(|person| person.came.is_some() && person.left.is_none());
        }
        let seen = || schedule::sees(state, ctx, shift, &reached, now);
        let open_places = (!over && seen()).then(|| open_places(state, shift, now));
        if !people.is_empty() || open_places.is_some() {
            lines.push(Line { shift: shift.clone(), people, open_places });
        }
    }
    lines.sort_by_key(|line| (line.shift.starts_at, line.shift.meta.id));
    lines
}

/// Who is assigned, and who is still there though no longer assigned, as far as the caller reaches them.
fn people(state: &State, ctx: &Ctx, shift: &Shift, still_here: &[UserId], now: Timestamp) -> Vec<Attendee> {
    let mut users = state.assignees(shift);
    let assigned: HashSet<UserId> = users.iter().copied().collect();
    users.extend(still_here.iter().filter(|user| !assigned.contains(user)));
    users.retain(|user| reaches(state, ctx, *user));
    users.into_iter().filter_map(|user| attendee(state, shift, user, now)).collect()
}

/// How a person stands to a shift; `None` of somebody without a record at a shift that was completed early.
pub fn attendee(state: &State, shift: &Shift, user: UserId, now: Timestamp) -> Option<Attendee> {
    let Some(record) = state.attendance.of(ShiftId(shift.meta.id), user) else {
        let times = times(state, shift, user);
        let presence = match shift.status {
            _ if state.leave.full_day(user, shift.shift_date).is_some() => Presence::OnLeave,
            ShiftStatus::Scheduled if times.is_late(now) => Presence::Overdue,
            ShiftStatus::Scheduled => Presence::Expected,
            ShiftStatus::Completed | ShiftStatus::Cancelled => return None,
        };
        let late_by = if presence == Presence::Overdue { times.minutes_after_start(now) } else { 0 };
        return Some(Attendee { user, presence, came: None, left: None, late_by });
    };
    let due = shift.ends_at.plus_minutes(state.policy.missing_checkout_minutes);
    let presence = match (record.check_in_time, record.check_out_time) {
        (None, _) => Presence::Absent,
        (Some(_), Some(_)) => Presence::Left,
        (Some(_), None) if now > due => Presence::MissingCheckOut,
        (Some(_), None) if record.status == AttendanceStatus::Late => Presence::Late,
        (Some(_), None) => Presence::Present,
    };
    let late_by = record.late_by_minutes.unwrap_or(0);
    Some(Attendee { user, presence, came: record.check_in_time, left: record.check_out_time, late_by })
}

fn open_places(state: &State, shift: &Shift, now: Timestamp) -> usize {
    if shift.status != ShiftStatus::Scheduled || shift.ends_at <= now {
        return 0;
    }
    usize::try_from(shift.needed_count).unwrap_or(0).saturating_sub(state.assignees(shift).len())
}

/// Who of those within reach is on approved leave on a date.
pub fn away(state: &State, ctx: &Ctx, date: Date, department: Option<DepartmentId>) -> Vec<Away> {
    let member = |user| department.is_none_or(|d| state.people.is_member(d, user));
    let active = |user: UserId| state.people.role(user).is_some();
    let spans = state.leave.of_day(date).filter(|(user, _)| active(*user) && member(*user) && reaches(state, ctx, *user));
    let mut away: Vec<Away> = spans.map(|(user, span)| Away { user, part: span.part, until: span.to }).collect();
    away.sort_by_key(|a| (a.user, a.part != DayPart::Full, a.part.as_str()));
    away
}
