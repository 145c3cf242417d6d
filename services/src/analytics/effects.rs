//! Effects that are planted are found, and where none is, next to nothing is: over many made-up companies.

use std::collections::HashMap;

use chrono::Datelike;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::time::Date;

use super::rates::{Rates, Unit, analyse};

const PEOPLE: u128 = 40;
const WEEKS: u32 = 12;
/// How often people are absent unless something is planted.
const USUAL: f64 = 0.06;

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number + 1))
}

/// A company of forty people in four departments who work from Monday to Friday for twelve weeks; `chance` says how probable an
/// absence is for a person, on a weekday, in a week.
fn company(seed: u64, chance: impl Fn(u128, u32, u32) -> f64) -> Rates {
    let mut random = StdRng::seed_from_u64(seed);
    let monday = Date::from_ymd_opt(2026, 3, 2).expect("a Monday");
    let mut units = Vec::new();
    for (day, date) in (0..WEEKS * 7).zip(monday.iter_days()).filter(|(_, date)| date.weekday().number_from_monday() < 6) {
        for person in 0..PEOPLE {
            let chance = chance(person, date.weekday().number_from_monday(), day / 7);
            units.push(Unit { user: user(person), date, hit: random.random_bool(chance) });
        }
    }
    let departments: HashMap<UserId, DepartmentId> =
        (0..PEOPLE).map(|p| (user(p), DepartmentId(Uuid::from_u128(100 + p % 4)))).collect();
    analyse(&units, &departments)
}

/// What stands out: people, weekdays, departments, and whether there is a trend.
fn found(rates: &Rates) -> (Vec<UserId>, Vec<u32>, Vec<DepartmentId>, bool) {
    fn of<K: Copy>(groups: &super::rates::Groups<K>) -> Vec<K> {
        let found = groups.keys.iter().zip(&groups.family.groups).filter(|(_, group)| group.significant());
        found.map(|(key, _)| *key).collect()
    }
    (of(&rates.people), of(&rates.weekdays), of(&rates.departments), rates.trend.is_ok_and(|trend| trend.significant()))
}

#[test]
fn without_an_effect_little_is_found() {
    const SEEDS: u64 = 400;
    let (mut people, mut weekdays, mut departments, mut trends) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        let (p, w, d, t) = found(&company(seed, |_, _, _| USUAL));
        people += u64::from(!p.is_empty());
        weekdays += u64::from(!w.is_empty());
        departments += u64::from(!d.is_empty());
        trends += u64::from(t);
    }
    // With nothing to find, a family says something in one case of twenty at most; the margin is three standard errors.
    let most = (SEEDS as f64 * 0.05 + 3.0 * (SEEDS as f64 * 0.05 * 0.95).sqrt()) as u64;
    for (family, count) in [("people", people), ("weekdays", weekdays), ("departments", departments), ("trends", trends)] {
        assert!(count <= most, "{family}: {count} of {SEEDS}, at most {most}");
    }
}

#[test]
fn mondays_with_twice_the_absences_are_found() {
    let hits = (0..50).filter(|seed| {
        let (_, weekdays, ..) = found(&company(*seed, |_, day, _| if day == 1 { 2.5 * USUAL } else { USUAL }));
        weekdays.contains(&1)
    });
    assert!(hits.count() >= 48);
}

#[test]
fn somebody_who_is_often_absent_is_found_among_all() {
    let hits = (0..50).filter(|seed| {
        let (people, ..) = found(&company(*seed, |person, _, _| if person == 7 { 0.4 } else { USUAL }));
        people.contains(&user(7)) && people.len() <= 2
    });
    assert!(hits.count() >= 48);
}

#[test]
fn a_department_with_a_rate_of_its_own_is_found() {
    let hits = (0..50).filter(|seed| {
        let (_, _, departments, _) = found(&company(*seed, |person, _, _| if person % 4 == 2 { 2.5 * USUAL } else { USUAL }));
        departments.contains(&DepartmentId(Uuid::from_u128(102)))
    });
    assert!(hits.count() >= 48);
}

#[test]
fn a_rate_that_rises_is_found_and_its_slope_is_about_right() {
    let mut slopes = Vec::new();
    for seed in 0..50 {
        let rates = company(seed, |_, _, week| 0.03 + 0.012 * f64::from(week));
        let trend = rates.trend.expect("twelve weeks");
        if trend.significant() && trend.s > 0 {
            slopes.push(trend.slope);
            assert!(trend.interval.low <= trend.slope && trend.slope <= trend.interval.high);
        }
    }
    assert!(slopes.len() >= 48, "{} of 50", slopes.len());
    let mean = slopes.iter().sum::<f64>() / slopes.len() as f64;
    assert!((mean - 0.012).abs() < 0.002, "{mean}");
}

#[test]
fn weeks_of_few_shifts_are_no_weeks_of_a_trend() {
    let monday = Date::from_ymd_opt(2026, 3, 2).expect("a Monday");
    let unit = |day: usize| Unit { user: user(0), date: monday + chrono::Duration::days(day as i64), hit: day.is_multiple_of(9) };
    let rates = analyse(&(0..84).map(unit).collect::<Vec<_>>(), &HashMap::new());
    let little = rates.trend.expect_err("seven a week");
    assert_eq!((little.n, little.needed, little.of), (0, 8, "weeks"));
    assert_eq!((rates.weeks.len(), rates.overall.n, rates.departments.keys.len()), (12, 84, 0));
}
