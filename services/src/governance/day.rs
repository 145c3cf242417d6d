//! The days by which people count their work: a night belongs to the day on which it starts.

use workforceos_actors::{Facts, Needs, State};
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::objects::Shift;
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{Zone, previous_day};

use crate::attendance::rules::is_expected;
use crate::{App, commit_with};

/// Somebody's day: from midnight, or from the end of yesterday's overnight shift, to the next such moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Day {
    /// `before` and `own`: when the last shifts of the day before and of this day end.
    pub fn of(zone: Zone, date: Date, before: Option<Timestamp>, own: Option<Timestamp>) -> Day {
        let (midnight, next) = zone.day(date);
        Day { date, from: before.map_or(midnight, |end| end.max(midnight)), to: own.map_or(next, |end| end.max(next)) }
    }

    pub fn contains(&self, at: Timestamp) -> bool {
        (self.from..self.to).contains(&at)
    }
}

/// A person's day, by the shifts that `state` holds around it.
pub fn day(state: &State, user: UserId, date: Date) -> Day {
    let end = |date| shifts(state, user, date).map(|shift| shift.ends_at).max();
    Day::of(state.zone(), date, end(previous_day(date)), end(date))
}

/// A person's shifts of a date: those at which they are to be, also if they were taken off after they had a record, and those to
/// which they came all the same.
pub fn shifts(state: &State, user: UserId, date: Date) -> impl Iterator<Item = &Shift> {
    let theirs = move |shift: &&Shift| match state.attendance.of(ShiftId(shift.meta.id), user) {
        Some(record) => record.check_in_time.is_some() || is_expected(state, shift, user),
        None => state.is_assigned(shift, user) && is_expected(state, shift, user),
    };
    state.schedule.on(date).map(|shift| &**shift).filter(theirs)
}

/// The day on which a person is at a moment.
pub fn date_at(state: &State, user: UserId, now: Timestamp) -> Date {
    let date = state.zone().date(now);
    let yesterday = previous_day(date);
    if day(state, user, yesterday).contains(now) { yesterday } else { date }
}

/// What [`date_at`] looks at.
pub fn needs(zone: Zone, now: Timestamp) -> Needs {
    Needs::none().around(previous_day(zone.date(now)))
}

/// The caller's day of this moment.
pub async fn today(app: &App, ctx: &Ctx) -> Result<Date> {
    let user = ctx.user();
    let look = move |facts: &Facts| Ok((Changes::none(), date_at(facts.state, user, facts.now)));
    commit_with(app, ctx, needs(ctx.tenant.zone, ctx.now()), look).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("an instant")
    }

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn a_day_is_from_midnight_to_midnight_by_the_companys_clock() {
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        let day = Day::of(berlin, date("2026-06-15"), None, Some(at("2026-06-15T15:00:00Z")));
        assert_eq!((day.from, day.to), (at("2026-06-14T22:00:00Z"), at("2026-06-15T22:00:00Z")));
        // The night on which clocks go back has an hour more.
        let day = Day::of(berlin, date("2026-10-25"), None, None);
        assert_eq!(day.to.minutes_since(day.from), 25 * 60);
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_starts() {
        let (before, own) = (at("2026-06-15T06:00:00Z"), at("2026-06-16T06:00:00Z"));
        let night = Day::of(Zone::UTC, date("2026-06-15"), Some(before), Some(own));
        assert_eq!((night.from, night.to), (before, own));
        let next = Day::of(Zone::UTC, date("2026-06-16"), Some(own), None);
        assert_eq!(next.from, night.to, "no moment is of two days, none of no day");
        assert!(night.contains(at("2026-06-16T05:59:00Z")) && !next.contains(at("2026-06-16T05:59:00Z")));
        assert!(next.contains(own) && !night.contains(own));
    }
}
