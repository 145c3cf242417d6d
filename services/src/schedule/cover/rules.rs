//! Who can take a shift, and who should rather than others: pure functions of plain facts.

use std::cmp::Reverse;

use chrono::Days;
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::objects::Shift;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::week_start;

use crate::schedule::{rest, rules};

/// The longest rest that is told from a longer one, in minutes: seven days.
pub const MOST_REST: i64 = 7 * 24 * 60;
/// Hours are looked at over so many days, the shift's own included.
pub const LOOK_BACK: u64 = 28;

/// A shift as far as it matters to who can take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub id: ShiftId,
    pub date: Date,
    pub start: Timestamp,
    pub end: Timestamp,
    /// Minutes without the break.
    pub net: i64,
}

impl Place {
    pub fn of(shift: &Shift) -> Place {
        let (start, end) = (shift.starts_at, shift.ends_at);
        let net = end.minutes_since(start) - shift.break_minutes;
        Place { id: ShiftId(shift.meta.id), date: shift.shift_date, start, end, net }
    }
}

/// A shift that somebody is assigned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment {
    pub place: Place,
    /// The shift's end, or the check-out if that was later.
    pub left: Timestamp,
}

/// A person, with all that speaks for or against their taking a shift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub user: UserId,
    pub commitments: Vec<Commitment>,
    /// Approved leave, from the first to the last day, half days included.
    pub away: Vec<(Date, Date)>,
    /// Leave that is asked for.
    pub asked: Vec<(Date, Date)>,
}

impl Person {
    /// Takes a shift on.
    pub fn take(&mut self, place: Place) {
        self.commitments.push(Commitment { place, left: place.end });
    }

    /// The other shifts.
    fn others(&self, place: &Place) -> impl Iterator<Item = &Commitment> {
        let id = place.id;
        self.commitments.iter().filter(move |c| c.place.id != id)
    }

    /// Planned minutes in the ISO week of a shift, without that shift.
    pub fn week_minutes(&self, place: &Place) -> i64 {
        let week = week_start(place.date);
        self.others(place).filter(|c| week_start(c.place.date) == week).map(|c| c.place.net).sum()
    }
}

/// What a company's policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Milliseconds of rest between two shifts.
    pub rest: i64,
    /// Planned minutes of an ISO week; `None`: as many as one likes.
    pub week: Option<i64>,
}

/// Why somebody cannot take a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No employee profile.
    Profile,
    /// No member of the shift's departments.
    Department,
    Assigned,
    Leave,
    /// Another shift at that time.
    Shift,
    Rest,
    WeeklyHours,
}

impl Reason {
    pub const ALL: [Reason; 7] =
        [Reason::Profile, Reason::Department, Reason::Assigned, Reason::Leave, Reason::Shift, Reason::Rest, Reason::WeeklyHours];

    pub fn code(self) -> &'static str {
        match self {
            Reason::Profile => "profile",
            Reason::Department => "department",
            Reason::Assigned => "assigned",
            Reason::Leave => "leave",
            Reason::Shift => "shift",
            Reason::Rest => "rest",
            Reason::WeeklyHours => "weeklyHours",
        }
    }
}

/// A set of reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons(u8);

impl Reasons {
    pub fn add(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u8;
    }

    pub fn has(self, reason: Reason) -> bool {
        self.0 & (1 << reason as u8) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |reason| self.has(*reason))
    }
}

impl From<Reason> for Reasons {
    fn from(reason: Reason) -> Reasons {
        let mut reasons = Reasons::default();
        reasons.add(reason);
        reasons
    }
}

/// Everything that keeps a qualified person from a shift; nothing: they can take it. Who is assigned to it already is told that
/// alone.
pub fn obstacles(person: &Person, place: &Place, limits: &Limits) -> Reasons {
    if person.commitments.iter().any(|c| c.place.id == place.id) {
        return Reason::Assigned.into();
    }
    let mut found = Reasons::default();
    if covers(&person.away, place.date) {
        found.add(Reason::Leave);
    }
    for other in &person.commitments {
        if rules::share_time((other.place.start, other.place.end), (place.start, place.end)) {
            found.add(Reason::Shift);
        } else if rest::too_close((place.start, place.end), (other.place.start, other.left), limits.rest) {
            found.add(Reason::Rest);
        }
    }
    if limits.week.is_some_and(|most| person.week_minutes(place) + place.net > most) {
        found.add(Reason::WeeklyHours);
    }
    found
}

fn covers(spans: &[(Date, Date)], date: Date) -> bool {
    spans.iter().any(|(from, to)| *from <= date && date <= *to)
}

/// How well a shift suits somebody who can take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub user: UserId,
    /// Whether leave is asked for on that day.
    pub pending_leave: bool,
    /// Planned minutes in the shift's ISO week.
    pub week_minutes: i64,
    /// Planned minutes in the 28 days that end with the shift's.
    pub minutes_28: i64,
    /// Minutes of rest before it, at most seven days.
    pub rest_minutes: i64,
}

impl Standing {
    pub fn of(person: &Person, place: &Place) -> Standing {
        let first = place.date.checked_sub_days(Days::new(LOOK_BACK - 1)).unwrap_or(place.date);
        let days = first..=place.date;
        let before = person.others(place).filter(|c| c.place.start < place.start);
        let rested = before.map(|c| place.start.minutes_since(c.left).max(0)).min();
        Standing {
            user: person.user,
            pending_leave: covers(&person.asked, place.date),
            week_minutes: person.week_minutes(place),
            minutes_28: person.others(place).filter(|c| days.contains(&c.place.date)).map(|c| c.place.net).sum(),
            rest_minutes: rested.map_or(MOST_REST, |minutes| minutes.min(MOST_REST)),
        }
    }

    /// The lowest goes first: nobody who asked for leave, then fewer hours that week and in four weeks, then the longer rest.
    pub fn rank(&self) -> impl Ord + use<> {
        (self.pending_leave, self.week_minutes, self.minutes_28, Reverse(self.rest_minutes), self.user)
    }
}
