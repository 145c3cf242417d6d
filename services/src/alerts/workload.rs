//! Who is planned for more than the weekly hours of the policy, as pure functions of a company's state, and the alerts of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use chrono::Days;
use num_bigint::BigInt;
use workforceos_actors::{Facts, State};
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Alert, AlertType, Severity, Shift, User};
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
    if shift.takes_place() { (shift.ends_at.minutes_since(shift.starts_at) - shift.break_minutes).max(0) } else { 0 }
}

/// The days of a week.
pub fn days(monday: Date) -> (Date, Date) {
    (monday, monday.checked_add_days(Days::new(6)).unwrap_or(monday))
}

/// When a week is over.
fn end(zone: Zone, monday: Date) -> Timestamp {
    monday.checked_add_days(Days::new(7)).map_or(Timestamp(i64::MAX), |next| zone.day(next).0)
}

fn on_the_week(state: &State, monday: Date) -> impl Iterator<Item = &Arc<Shift>> {
    monday.iter_days().take(7).flat_map(|date| state.schedule.on(date))
}

/// What somebody is planned for in a week, whose days must be here.
fn planned(state: &State, user: UserId, monday: Date) -> i64 {
    on_the_week(state, monday).filter(|shift| state.is_assigned(shift, user)).map(|shift| minutes(shift)).sum()
}

/// Whether that is more than is allowed.
pub fn is_over(state: &State, user: UserId, monday: Date) -> bool {
    planned(state, user, monday) > allowed(state)
}

/// Some people, and the members of departments.
#[derive(Clone, Debug, Default)]
pub struct Whose {
    pub people: HashSet<UserId>,
    pub departments: BTreeSet<DepartmentId>,
}

/// Which weeks, and whose.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// These people's, by their Mondays.
    pub weeks: BTreeMap<Date, Whose>,
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

    pub fn add(&mut self, more: Scope) {
        for (monday, whose) in more.weeks {
            let there = self.weeks.entry(monday).or_default();
            there.people.extend(whose.people);
            there.departments.extend(whose.departments);
        }
        self.people.extend(more.people);
        self.all |= more.all;
    }

    fn takes(&self, state: &State, (monday, user): Week) -> bool {
        let whose = self.weeks.get(&monday);
        let through = |whose: &Whose| whose.departments.iter().any(|d| state.people.is_member(*d, user));
        self.all || self.people.contains(&user) || whose.is_some_and(|whose| whose.people.contains(&user) || through(whose))
    }
}

/// Who is planned for too much. Weeks that are over do not count.
pub fn overloaded(state: &State, scope: &Scope, now: Timestamp) -> Vec<Week> {
    let this_week = week_start(state.zone().date(now));
    let mut planned: BTreeMap<Week, i64> = BTreeMap::new();
    let to_come = scope.wants_future().then(|| state.schedule.all()).into_iter().flatten();
    let named = scope.weeks.keys().filter(|_| !scope.wants_future()).flat_map(|monday| on_the_week(state, *monday));
    for shift in to_come.chain(named) {
        let (monday, minutes) = (week_start(shift.shift_date), minutes(shift));
        if monday < this_week || minutes == 0 {
            continue;
        }
        let mut add = |user: UserId| *planned.entry((monday, user)).or_default() += minutes;
        if scope.all || scope.weeks.contains_key(&monday) {
            state.assignees(shift).into_iter().filter(|user| scope.takes(state, (monday, *user))).for_each(&mut add);
        } else {
            // Few people: whoever else is assigned does not matter.
            scope.people.iter().copied().filter(|user| state.is_assigned(shift, *user)).for_each(&mut add);
        }
    }
    let allowed = allowed(state);
    planned.into_iter().filter(|(_, minutes)| *minutes > allowed).map(|(week, _)| week).collect()
}

/// Tells the superiors of those who are planned for too much, where there is none the person, unless it was told. The people's rows and
/// all alerts that stand about these weeks must be among the facts.
pub fn told(facts: &Facts, ctx: &Ctx, weeks: &[Week]) -> Result<Changes> {
    let stands = |a: &Alert| a.alert_type == AlertType::WorkloadOverload && a.stands;
    let told = facts.rows::<Alert>()?.into_iter().filter(stands);
    let told: HashSet<Week> = told.filter_map(|a| Some((a.cause.parse().ok()?, a.subject_user_id?))).collect();
    let mut changes = Changes::none();
    let (allowed, zone) = (allowed(facts.state), facts.state.zone());
    for (monday, user) in weeks.iter().copied().filter(|week| !told.contains(week)) {
        let minutes = planned(facts.state, user, monday);
        let Some(person) = facts.any::<User>(user)?.filter(|_| minutes > allowed) else { continue };
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
