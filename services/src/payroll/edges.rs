//! The corners of the calculation, one by one.

use std::collections::BTreeSet;

use workforceos_core::objects::{DayPart, SalaryBasis};
use workforceos_core::time::Date;

use super::compute::{Attended, Calculation, Inputs, Leave, Reason, Terms, calculate};
use super::exact::{parse, ratio, to_cents};

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

/// June 2026: 22 workdays from Monday the 1st, 2200 a month.
fn june() -> Inputs {
    Inputs {
        from: date("2026-06-01"),
        to: date("2026-06-30"),
        terms: Terms {
            basis: SalaryBasis::Monthly,
            daily_hours: 8.0,
            weekly_hours: 40.0,
            overtime_multiplier: 1.5,
            workdays: (1..=5).collect(),
            unpaid_leave_types: vec!["unpaid".to_owned()],
            rounding_minutes: 0,
        },
        salary: Some(2200.0),
        employed_from: date("2020-01-01"),
        records: Vec::new(),
        leave: Vec::new(),
        holidays: BTreeSet::new(),
    }
}

fn by_the_hour() -> Inputs {
    let inputs = june();
    Inputs { terms: Terms { basis: SalaryBasis::Hourly, ..inputs.terms }, salary: Some(10.0), ..inputs }
}

fn half(day: &str, part: DayPart, kind: &str) -> Leave {
    Leave { from: date(day), to: date(day), part, kind: kind.to_owned() }
}

fn pay(calculation: &Calculation) -> Option<f64> {
    to_cents(&calculation.earned)
}

#[test]
fn two_halves_of_a_day_are_weighed_each() {
    let halves = |first: &str, second: &str, missed: bool| {
        let mut inputs = june();
        inputs.leave = vec![half("2026-06-10", DayPart::FirstHalf, first), half("2026-06-10", DayPart::SecondHalf, second)];
        inputs.records.extend(missed.then(|| (date("2026-06-10"), Attended::Absent)));
        calculate(&inputs).absence_halves()
    };
    assert_eq!((halves("unpaid", "unpaid", false), halves("unpaid", "unpaid", true)), (2, 2));
    assert_eq!((halves("unpaid", "annual", false), halves("unpaid", "annual", true)), (1, 1));
    assert_eq!((halves("annual", "sick", false), halves("annual", "sick", true)), (0, 0));
}

#[test]
fn two_halves_are_a_day_off_on_days_without_work_too() {
    let on_saturday = |leave: Vec<Leave>| {
        let mut inputs = june();
        inputs.records = vec![(date("2026-06-13"), Attended::Absent)];
        inputs.leave = leave;
        calculate(&inputs).absence_halves()
    };
    let [first, second] = [DayPart::FirstHalf, DayPart::SecondHalf].map(|part| half("2026-06-13", part, "unpaid"));
    assert_eq!(on_saturday(vec![first.clone()]), 2, "missed the shift of a day of which half was off");
    assert_eq!(on_saturday(vec![first, second]), 0, "as with a full day, which costs nothing on a Saturday");
}

#[test]
fn a_missed_weekend_shift_is_absence_unless_on_leave() {
    let mut inputs = june();
    inputs.records = vec![(date("2026-06-13"), Attended::Absent), (date("2026-06-14"), Attended::Absent)];
    inputs.leave =
        vec![Leave { from: date("2026-06-14"), to: date("2026-06-14"), part: DayPart::Full, kind: "unpaid".to_owned() }];
    let told = calculate(&inputs);
    assert_eq!((told.absences.len(), told.absences[0].date, told.absences[0].reason), (1, date("2026-06-13"), Reason::Absent));
    assert_eq!(pay(&told), Some(2100.0));
}

#[test]
fn absence_costs_the_base_at_most_and_leaves_the_overtime() {
    let mut inputs = june();
    inputs.employed_from = date("2026-06-30");
    inputs.leave =
        vec![Leave { from: date("2026-06-01"), to: date("2026-06-30"), part: DayPart::Full, kind: "Unpaid".to_owned() }];
    inputs.records = vec![(date("2026-06-30"), Attended::Minutes(600))];
    let told = calculate(&inputs);
    // Two hours at 2200 × 12 ÷ (52 × 40) × 1.5; the base of one day is used up.
    assert_eq!((told.absence_halves(), told.earned), (44, ratio(2200 * 12 * 3 * 2, 52 * 40 * 2)));
}

#[test]
fn every_month_has_its_own_workdays() {
    let mut inputs = june();
    // 11 of June's 22, and 23 of July's 23, and the first Monday of August's 21.
    (inputs.from, inputs.to) = (date("2026-06-16"), date("2026-08-03"));
    inputs.leave = vec![half("2026-08-03", DayPart::FirstHalf, "unpaid")];
    let told = calculate(&inputs);
    assert_eq!(told.earned, ratio(1100, 1) + ratio(2200, 1) + ratio(2200, 21) - ratio(1100, 21));
}

#[test]
fn holidays_are_paid_by_the_month_and_not_by_the_hour() {
    let mut inputs = june();
    inputs.holidays = [date("2026-06-04")].into();
    assert_eq!(pay(&calculate(&inputs)), Some(2200.0));
    let mut inputs = by_the_hour();
    inputs.holidays = [date("2026-06-04")].into();
    inputs.leave =
        vec![Leave { from: date("2026-06-04"), to: date("2026-06-05"), part: DayPart::Full, kind: "annual".to_owned() }];
    // Of the two days of leave one is a holiday.
    assert_eq!(pay(&calculate(&inputs)), Some(80.0));
}

#[test]
fn limits_are_whole_minutes_and_rounding_goes_up_at_ties() {
    let mut inputs = by_the_hour();
    // 7.675 hours are 460.5 minutes: 461.
    inputs.terms.daily_hours = 7.675;
    inputs.records = vec![(date("2026-06-01"), Attended::Minutes(462))];
    assert_eq!(calculate(&inputs).overtime(), 1);
    let rounded = |minutes: i64, step: i64| {
        let mut inputs = by_the_hour();
        inputs.terms.rounding_minutes = step;
        inputs.records = vec![(date("2026-06-01"), Attended::Minutes(minutes))];
        calculate(&inputs).minutes()
    };
    assert_eq!(
        [rounded(5, 10), rounded(4, 10), rounded(15, 30), rounded(14, 30), rounded(7, 15), rounded(8, 15)],
        [10, 0, 30, 0, 0, 15]
    );
    assert_eq!([rounded(7, 0), rounded(7, 1)], [7, 7]);
    // Each record is rounded by itself.
    let mut twice = by_the_hour();
    twice.terms.rounding_minutes = 10;
    twice.records = vec![(date("2026-06-01"), Attended::Minutes(5)), (date("2026-06-01"), Attended::Minutes(5))];
    assert_eq!(calculate(&twice).minutes(), 20);
}

#[test]
fn a_week_begins_on_monday_and_daily_overtime_is_not_counted_again() {
    let mut inputs = by_the_hour();
    (inputs.from, inputs.to) = (date("2026-06-04"), date("2026-06-08"));
    let minutes = |day: &str, minutes| (date(day), Attended::Minutes(minutes));
    inputs.records = vec![
        // The Sunday before and the day after the period say nothing.
        minutes("2026-05-31", 1000),
        minutes("2026-06-09", 1000),
        minutes("2026-06-01", 600),
        minutes("2026-06-02", 600),
        minutes("2026-06-03", 600),
        minutes("2026-06-04", 600),
        minutes("2026-06-05", 480),
        minutes("2026-06-06", 600),
        minutes("2026-06-08", 480),
    ];
    let told: Vec<_> = calculate(&inputs).days.iter().map(|d| (d.minutes, d.daily_overtime, d.weekly_overtime)).collect();
    assert_eq!(told, [(600, 120, 0), (480, 0, 0), (600, 120, 480), (480, 0, 0)]);
}

#[test]
fn fractions_stay_exact_until_the_end() {
    let mut inputs = june();
    // Overtime at a rate that no decimal writes: 1000.01 × 12 ÷ (52 × 37.7) × 1.37 × 7 ÷ 60.
    inputs.salary = Some(1000.01);
    inputs.terms.weekly_hours = 37.7;
    inputs.terms.overtime_multiplier = 1.37;
    inputs.records = vec![(date("2026-06-01"), Attended::Minutes(487))];
    let number = |text| parse(text).expect("a number");
    let rate = number("1000.01") * number("12") / (number("52") * number("37.7"));
    assert_eq!(calculate(&inputs).earned, number("1000.01") + rate * number("1.37") * ratio(7, 60));
}
