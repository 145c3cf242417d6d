//! The rules of leave requests, as pure functions: dates, overlap, and which state follows which.

use chrono::Datelike;
use workforceos_actors::State;
use workforceos_core::change::{Audience, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{DayPart, LeaveRequest, LeaveStatus};
use workforceos_core::session::{Ctx, Role};
use workforceos_core::time::Date;

use crate::reach;

/// The longest leave, in days: three years.
const MAX_DAYS: i64 = 3 * 366;

/// The dates of a leave, both included, and which part of them it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Date,
    pub to: Date,
    pub part: DayPart,
}

impl Span {
    pub fn of(leave: &LeaveRequest) -> Span {
        Span { from: leave.start_date, to: leave.end_date, part: leave.day_part }
    }

    /// Requests overlap if they share a date, unless they are its opposite halves.
    pub fn overlaps(&self, other: &Span) -> bool {
        let opposite = self.part != other.part && self.part != DayPart::Full && other.part != DayPart::Full;
        self.from <= other.to && other.from <= self.to && !(opposite && self.from == other.from)
    }

    /// Its dates, one after the other.
    pub fn dates(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        self.from.iter_days().take_while(move |date| *date <= to)
    }

    pub fn first_year(&self) -> i32 {
        self.from.year()
    }

    /// Whether it is short enough to be looked at day by day.
    pub fn is_sound(&self) -> bool {
        (0..MAX_DAYS).contains(&(self.to - self.from).num_days())
    }
}

/// Two names of one leave type.
pub fn same_type(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Whether a request takes days: it is pending or approved.
pub fn is_booked(leave: &LeaveRequest) -> bool {
    leave.meta.is_active && matches!(leave.status, LeaveStatus::Pending | LeaveStatus::Approved)
}

/// Whether the caller decides about a request: admins and the requester's manager do, nobody about the own, save the owner.
pub fn decides(state: &State, ctx: &Ctx, leave: &LeaveRequest) -> bool {
    let in_charge = ctx.is_admin() || reach::manages(state, ctx, leave.user_id);
    in_charge && (leave.user_id != ctx.user() || ctx.role() == Some(Role::TenantOwner))
}

/// Whether one state may follow another.
pub fn follows(from: LeaveStatus, to: LeaveStatus) -> bool {
    use LeaveStatus::{Approved, Cancelled, Pending, Rejected};
    matches!((from, to), (Pending, Approved | Rejected | Cancelled) | (Approved, Cancelled))
}

/// Who may move a request, and from where: its own requester only cancels it, while it is pending.
pub fn check_move(state: &State, ctx: &Ctx, leave: &LeaveRequest, to: LeaveStatus) -> Result<()> {
    let (from, own) = (leave.status, leave.user_id == ctx.user());
    let (decides, withdraws) = (decides(state, ctx, leave), own && to == LeaveStatus::Cancelled);
    if !follows(from, to) && (decides || withdraws) {
        return Err(invalid_state(leave, to.as_str()));
    }
    if decides || (withdraws && from == LeaveStatus::Pending) {
        return Ok(());
    }
    Err(Error::forbidden("Nobody decides the own request: the manager or an admin does"))
}

/// 409: a request in this state is not for this.
pub fn invalid_state(leave: &LeaveRequest, wanted: &str) -> Error {
    Error::conflict("InvalidState", format!("The request is {}: it cannot become {wanted}", leave.status.as_str()))
}

/// An event about a request: seen by the requester, the manager and admins, and kept in the audit log.
pub fn event(state: &State, ctx: &Ctx, kind: &'static str, leave: &LeaveRequest, before: Option<&LeaveRequest>) -> Event {
    let audience = Audience::admins().manager(state.people.manager_of(leave.user_id)).user(leave.user_id);
    Event::of(ctx, kind, leave, audience).audited(before)
}

/// The requests that a caller reaches, else 404.
pub fn within_reach(state: &State, ctx: &Ctx, leave: LeaveRequest) -> Result<LeaveRequest> {
    if reach::reaches(state, ctx, leave.user_id) { Ok(leave) } else { Err(Error::not_found(LeaveRequest::def().name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: &str, part: DayPart) -> Span {
        Span { from: from.parse().expect("date"), to: to.parse().expect("date"), part }
    }

    #[test]
    fn spans_overlap_on_a_shared_date_unless_opposite_halves() {
        let day = |part| span("2026-04-10", "2026-04-10", part);
        let week = span("2026-04-06", "2026-04-10", DayPart::Full);
        assert!(week.overlaps(&day(DayPart::FirstHalf)) && day(DayPart::SecondHalf).overlaps(&week));
        assert!(day(DayPart::FirstHalf).overlaps(&day(DayPart::FirstHalf)));
        assert!(!day(DayPart::FirstHalf).overlaps(&day(DayPart::SecondHalf)));
        assert!(!week.overlaps(&span("2026-04-11", "2026-04-12", DayPart::Full)));
    }

    #[test]
    fn states_follow_as_the_contract_says() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/leave_vectors.json")).expect("JSON");
        let status = |json: &serde_json::Value| LeaveStatus::parse(json.as_str().expect("a name")).expect("a status");
        let transitions = vectors["transitions"].as_array().expect("a list");
        assert!(transitions.len() >= 8);
        for transition in transitions {
            let (from, to) = (status(&transition[0]), status(&transition[1]));
            match transition[2].as_bool() {
                Some(allowed) => assert_eq!(follows(from, to), allowed, "{transition}"),
                None => assert_eq!(from, to, "only staying as it is is neither: {transition}"),
            }
        }
    }
}
