//! Who is planned for more than the weekly hours of the policy, as pure functions of a company's state, and the alerts of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::Days;
use num_bigint::BigInt;
use workforceos_actors::{Facts, State};
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Alert, AlertType, Severity, Shift, ShiftStatus, User};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{Zone, week_start};

use super::{alert, raise, superior};
use crate::payroll::exact::{exact, whole};

/// Somebody and the Monday of a week.
pub type Week = (Date, UserId);

/// The minutes of a week that the policy allows.
fn allowed(state: &State) -> i64 {
    let minutes = (exact(state.policy.weekly_hours) * whole(60)).floor().to_integer();
    // More than a number holds is more than a week has.
    i64::try_from(minutes.max(BigInt::ZERO)).unwrap_or(i64::MAX)
}

/// What a shift takes of its people's week: its minutes without the break. Drafts and cancelled shifts take nothing.
fn minutes(shift: &Shift) -> i64 {
    let counts = !shift.is_draft && shift.status != ShiftStatus::Cancelled;
    if counts { (shift.ends_at.minutes_since(shift.starts_at) - shift.break_minutes).max(0) } else { 0 }
}

/// The days of a week.
pub fn days(monday: Date) -> (Date, Date) {
    (monday, monday.checked_add_days(Days::new(6)).unwrap_or(monday))
}

/// When a week is over.
fn end(zone: Zone, monday: Date) -> Timestamp {
    monday.checked_add_days(Days::new(7)).map_or(Timestamp(i64::MAX), |next| zone.day(next).0)
}

fn on_the_week(state: &State, monday: Date) -> impl Iterator<Item = &Shift> {
    monday.iter_days().take(7).flat_map(|date| state.schedule.on(date)).map(|shift| &**shift)
}

/// Whether somebody is planned for more than is allowed in a week, whose days must be here.
pub fn is_over(state: &State, user: UserId, monday: Date) -> bool {
    let theirs = on_the_week(state, monday).filter(|shift| state.is_assigned(shift, user));
    theirs.map(minutes).sum::<i64>() > allowed(state)
}

/// Which weeks, and whose.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Of everybody.
    pub weeks: BTreeSet<Date>,
    /// All of these people's weeks to come.
    pub people: HashSet<UserId>,
    /// All weeks to come, of everybody.
    pub all: bool,
}

impl Scope {
    pub fn is_empty(&self) -> bool {
        self.weeks.is_empty() && !self.wants_future()
    }

    pub fn wants_future(&self) -> bool {
        self.all || !self.people.is_empty()
    }

    fn takes(&self, week: Week) -> bool {
        self.all || self.weeks.contains(&week.0) || self.people.contains(&week.1)
    }
}

/// Who is planned for too much, with the minutes. Weeks that are over do not count.
fn overloaded(state: &State, scope: &Scope, now: Timestamp) -> BTreeMap<Week, i64> {
    let this_week = week_start(state.zone().date(now));
    let mut planned: BTreeMap<Week, i64> = BTreeMap::new();
    let narrow = !scope.all && scope.weeks.is_empty();
    for shift in state.schedule.all() {
        let (monday, minutes) = (week_start(shift.shift_date), minutes(shift));
        if monday < this_week || minutes == 0 || !(scope.wants_future() || scope.weeks.contains(&monday)) {
            continue;
        }
        if narrow {
            // Few people: whoever else is assigned does not matter.
            for user in scope.people.iter().filter(|user| state.is_assigned(shift, **user)) {
                *planned.entry((monday, *user)).or_default() += minutes;
            }
        } else {
            for user in state.assignees(shift) {
                *planned.entry((monday, user)).or_default() += minutes;
            }
        }
    }
    let allowed = allowed(state);
    planned.retain(|week, minutes| *minutes > allowed && scope.takes(*week));
    planned
}

/// Those of whom nobody was told yet, at most so many. All alerts that stand about these weeks must be among the facts.
pub fn untold(facts: &Facts, scope: &Scope, limit: usize) -> Result<Vec<(Week, i64)>> {
    let over = overloaded(facts.state, scope, facts.now);
    if over.is_empty() {
        return Ok(Vec::new());
    }
    let stands = |a: &Alert| a.alert_type == AlertType::WorkloadOverload && a.stands;
    let told =
        facts.rows::<Alert>()?.into_iter().filter(stands).filter_map(|a| Some((a.cause.parse().ok()?, a.subject_user_id?)));
    let told: HashSet<Week> = told.collect();
    Ok(over.into_iter().filter(|(week, _)| !told.contains(week)).take(limit).collect())
}

/// Tells the superiors of those whose rows are among the facts, for their names; where there is none, the person.
pub fn told(facts: &Facts, ctx: &Ctx, untold: Vec<(Week, i64)>) -> Result<Changes> {
    let mut changes = Changes::none();
    let (allowed, zone) = (allowed(facts.state), facts.state.zone());
    for ((monday, user), minutes) in untold {
        let Some(person) = facts.any::<User>(user)? else { continue };
        let recipient = superior(facts, user).unwrap_or(user);
        let message = format!(
            "{} is planned for {} in the week from {monday}, which is more than the weekly {}.",
            person.fullname,
            hours(minutes),
            hours(allowed)
        );
        let mut alert = alert(facts, AlertType::WorkloadOverload, recipient, Some(user), (User::def().name, user.0), message);
        if minutes > allowed.saturating_add(allowed / 4) {
            alert.severity = Severity::High;
        }
        alert.cause = monday.to_string();
        alert.stands_until = Some(end(zone, monday));
        changes = changes.join(raise(ctx, &alert));
    }
    Ok(changes)
}

fn hours(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_told_as_people_say_them() {
        assert_eq!(
            (hours(2_400), hours(2_401), hours(59)),
            ("40 h".to_owned(), "40 h 1 min".to_owned(), "0 h 59 min".to_owned())
        );
    }

    #[test]
    fn a_week_ends_with_its_sunday_in_the_companys_zone() {
        let monday: Date = "2026-03-23".parse().expect("a date");
        let berlin = Zone::parse("Europe/Berlin").expect("a zone");
        // The clocks go forward on that Sunday: it has 23 hours.
        assert_eq!(end(berlin, monday), Timestamp::parse("2026-03-29T22:00:00Z").expect("an instant"));
        assert_eq!(days(monday), (monday, "2026-03-29".parse().expect("a date")));
    }
}
