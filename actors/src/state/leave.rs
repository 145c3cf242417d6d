//! Approved leave of the loaded days.

use std::collections::HashMap;

use uuid::Uuid;
use workforceos_core::id::UserId;
use workforceos_core::objects::{DayPart, LeaveRequest, LeaveStatus};
use workforceos_core::time::Date;

/// One approved leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveSpan {
    pub id: Uuid,
    pub from: Date,
    pub to: Date,
    pub part: DayPart,
}

#[derive(Clone, Debug, Default)]
pub struct Leave {
    approved: HashMap<UserId, Vec<LeaveSpan>>,
}

impl Leave {
    pub(crate) fn apply(&mut self, leave: &LeaveRequest) {
        let spans = self.approved.entry(leave.user_id).or_default();
        spans.retain(|s| s.id != leave.meta.id);
        if leave.meta.is_active && leave.status == LeaveStatus::Approved {
            spans.push(LeaveSpan { id: leave.meta.id, from: leave.start_date, to: leave.end_date, part: leave.day_part });
        }
        if spans.is_empty() {
            self.approved.remove(&leave.user_id);
        }
    }

    /// A user's leave.
    pub fn of(&self, user: UserId) -> &[LeaveSpan] {
        self.approved.get(&user).map(Vec::as_slice).unwrap_or_default()
    }

    /// Everybody's leave that takes a date, in no order.
    pub fn of_day(&self, date: Date) -> impl Iterator<Item = (UserId, &LeaveSpan)> {
        let spans = self.approved.iter().flat_map(|(user, spans)| spans.iter().map(|span| (*user, span)));
        spans.filter(move |(_, span)| span.from <= date && date <= span.to)
    }

    fn on(&self, user: UserId, date: Date) -> impl Iterator<Item = &LeaveSpan> {
        self.approved.get(&user).into_iter().flatten().filter(move |s| s.from <= date && date <= s.to)
    }

    /// The leave by which somebody is off the whole of a date: a full day, or both halves, of which the first is told.
    pub fn full_day(&self, user: UserId, date: Date) -> Option<&LeaveSpan> {
        let part = |part: DayPart| self.on(user, date).find(|s| s.part == part);
        part(DayPart::Full).or_else(|| part(DayPart::FirstHalf).filter(|_| part(DayPart::SecondHalf).is_some()))
    }

    /// The half of the date that is taken off, if just one is.
    pub fn half_day(&self, user: UserId, date: Date) -> Option<DayPart> {
        let half = self.on(user, date).map(|s| s.part).find(|p| *p != DayPart::Full);
        half.filter(|_| self.full_day(user, date).is_none())
    }

    /// Whether a half that is taken off, or is about to be, leaves nothing of its date: the opposite one is off already.
    pub fn completes_a_day(&self, user: UserId, date: Date, half: DayPart) -> bool {
        half != DayPart::Full && self.on(user, date).any(|s| s.part != DayPart::Full && s.part != half)
    }
}
