//! The calculation against the second one, over whatever chance comes up with.

use std::collections::BTreeSet;

use chrono::{Duration, NaiveDate};
use proptest::prelude::*;
use workforceos_core::objects::{DayPart, SalaryBasis};
use workforceos_services::payroll::compute::{Attended, Inputs, Leave, Terms, calculate};
use workforceos_services::payroll::exact::{exact, to_cents};

use super::naive::{Came, Case, payroll};

/// Days before and in the period that records may lie on.
const SPAN: i64 = 60;

fn number(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

pub fn inputs(case: &Case) -> Inputs {
    let attended = |came: Came| match came {
        Came::Never => Attended::Absent,
        Came::AndStayed => Attended::Open,
        Came::ForMinutes(minutes) => Attended::Minutes(minutes),
    };
    Inputs {
        from: case.from,
        to: case.to,
        terms: Terms {
            basis: if case.monthly { SalaryBasis::Monthly } else { SalaryBasis::Hourly },
            daily_hours: number(case.daily),
            weekly_hours: number(case.weekly),
            overtime_multiplier: number(case.multiplier),
            workdays: case.workdays.clone(),
            unpaid_leave_types: vec!["Unpaid".to_owned(), " study ".to_owned()],
            rounding_minutes: case.rounding,
        },
        salary: Some(number(case.salary)),
        employed_from: case.employed_from,
        records: case.records.iter().map(|(date, came)| (*date, attended(*came))).collect(),
        leave: leave(case),
        holidays: case.holidays.clone(),
    }
}

/// Full days are requests of one day, or of several that follow each other; halves are requests of their own.
fn leave(case: &Case) -> Vec<Leave> {
    let kind = |paid: bool| if paid { "annual" } else { "UNPAID" }.to_owned();
    let mut out: Vec<Leave> = Vec::new();
    for (date, halves) in &case.leave {
        match *halves {
            [Some(a), Some(b)] if a == b => match out.last_mut() {
                Some(last) if last.part == DayPart::Full && last.kind == kind(a) && last.to + Duration::days(1) == *date => {
                    last.to = *date
                }
                _ => out.push(Leave { from: *date, to: *date, part: DayPart::Full, kind: kind(a) }),
            },
            halves => {
                for (half, part) in halves.into_iter().zip([DayPart::FirstHalf, DayPart::SecondHalf]) {
                    out.extend(half.map(|paid| Leave { from: *date, to: *date, part, kind: kind(paid) }));
                }
            }
        }
    }
    out
}

/// Two halves that differ are two requests, and no full day.
fn split(case: &Case) -> Case {
    let mut case = case.clone();
    let days = std::mem::take(&mut case.leave);
    for (date, halves) in days {
        match halves {
            [Some(a), Some(b)] if a != b => case.leave.extend([(date, [Some(a), None]), (date, [None, Some(b)])]),
            halves => case.leave.push((date, halves)),
        }
    }
    case
}

prop_compose! {
    fn cases()(
        first in 0i64..1400,
        length in 0i64..SPAN,
        monthly in any::<bool>(),
        daily in prop_oneof![Just(800i64), 1i64..2400],
        weekly in prop_oneof![Just(4000i64), 1i64..16800],
        multiplier in 100i64..1000,
        workdays in prop::collection::btree_set(1u32..=7, 1..=7),
        rounding in prop_oneof![Just(0i64), Just(1), Just(5), Just(15), 0i64..=60],
        salary in prop_oneof![0i64..10_000, 0i64..100_000_000],
        employed in -400i64..SPAN + 10,
        records in prop::collection::vec(
            (-8i64..SPAN + 8, prop_oneof![
                2 => Just(Came::Never), 1 => Just(Came::AndStayed), 6 => (0i64..1440).prop_map(Came::ForMinutes),
                6 => (400i64..620).prop_map(Came::ForMinutes),
            ]), 0..50),
        leave in prop::collection::btree_map(
            0i64..SPAN, (prop::option::of(any::<bool>()), prop::option::of(any::<bool>())), 0..12),
        holidays in prop::collection::btree_set(0i64..SPAN, 0..5),
        bonus in prop_oneof![Just(0i64), 0i64..1_000_000],
        deduction in prop_oneof![Just(0i64), 0i64..1_000_000],
    ) -> Case {
        let from = NaiveDate::from_ymd_opt(2024, 1, 1).expect("a date") + Duration::days(first);
        let date = |day: i64| from + Duration::days(day);
        Case {
            from, to: date(length), monthly, daily, weekly, multiplier, workdays, rounding, salary,
            employed_from: date(employed),
            records: records.into_iter().map(|(day, came)| (date(day), came)).collect(),
            leave: leave.into_iter().map(|(day, (a, b))| (date(day), [a, b])).collect(),
            holidays: holidays.into_iter().map(date).collect::<BTreeSet<_>>(),
            bonus, deduction,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn both_computations_agree(case in cases()) {
        let case = split(&case);
        let (told, expected) = (calculate(&inputs(&case)), payroll(&case));
        let days: Vec<_> = told.days.iter().map(|d| (d.date, (d.minutes, d.daily_overtime, d.weekly_overtime))).collect();
        prop_assert_eq!(days, expected.days.clone().into_iter().collect::<Vec<_>>());
        let absences: Vec<_> = told.absences.iter().map(|a| (a.date, a.halves)).collect();
        prop_assert_eq!(absences, expected.absent_halves.clone().into_iter().collect::<Vec<_>>());
        prop_assert_eq!(told.open_records, expected.open);
        let pay = to_cents(&(&told.earned + exact(number(case.bonus)) - exact(number(case.deduction))));
        let written = format!("{}.{:02}", expected.cents / 100, expected.cents % 100);
        prop_assert_eq!(pay, written.parse().ok());
    }

    /// A whole week has the overtime that lies above both limits, counted once.
    #[test]
    fn a_weeks_overtime_is_counted_once(minutes in prop::collection::vec(0i64..1440, 7), daily in 1i64..24, weekly in 1i64..168) {
        let monday = NaiveDate::from_ymd_opt(2026, 6, 1).expect("a date");
        let records = minutes.iter().enumerate().map(|(i, m)| (monday + Duration::days(i as i64), Came::ForMinutes(*m))).collect();
        let case = Case {
            from: monday, to: monday + Duration::days(6), monthly: false, daily: daily * 100, weekly: weekly * 100, multiplier: 150,
            workdays: (1..=5).collect(), rounding: 0, salary: 1000, employed_from: monday, records, leave: Vec::new(),
            holidays: BTreeSet::new(), bonus: 0, deduction: 0,
        };
        let daily_overtime: i64 = minutes.iter().map(|m| (m - daily * 60).max(0)).sum();
        let above_week = minutes.iter().sum::<i64>() - weekly * 60;
        prop_assert_eq!(calculate(&inputs(&case)).overtime(), daily_overtime.max(above_week));
    }
}
