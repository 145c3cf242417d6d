//! Payroll worked out a second time, without a look at the first: overtime minute by minute, absence by halves of days, base
//! pay day by day, money in fractions of its own.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Duration, NaiveDate};

/// A case in whole numbers: hours, factors and money in hundredths.
#[derive(Clone, Debug)]
pub struct Case {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub monthly: bool,
    pub daily: i64,
    pub weekly: i64,
    pub multiplier: i64,
    pub workdays: BTreeSet<u32>,
    pub rounding: i64,
    pub salary: i64,
    pub employed_from: NaiveDate,
    pub records: Vec<(NaiveDate, Came)>,
    /// By day: which halves are taken off, and whether they are paid.
    pub leave: Vec<(NaiveDate, [Option<bool>; 2])>,
    pub holidays: BTreeSet<NaiveDate>,
    pub bonus: i64,
    pub deduction: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    Never,
    AndStayed,
    ForMinutes(i64),
}

/// What comes of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// By day: minutes, and those of them that are daily and weekly overtime.
    pub days: BTreeMap<NaiveDate, (i64, i64, i64)>,
    pub absent_halves: BTreeMap<NaiveDate, i64>,
    pub open: i64,
    pub cents: i128,
}

impl Told {
    pub fn minutes(&self) -> i64 {
        self.days.values().map(|d| d.0).sum()
    }

    pub fn overtime(&self) -> i64 {
        self.days.values().map(|d| d.1 + d.2).sum()
    }

    pub fn halves(&self) -> i64 {
        self.absent_halves.values().sum()
    }
}

#[derive(Clone, Copy, Debug)]
struct Fraction(i128, i128);

impl Fraction {
    fn of(n: i128, d: i128) -> Fraction {
        let (mut a, mut b) = (n.abs(), d.abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let sign = d.signum();
        Fraction(sign * n / a.max(1), sign * d / a.max(1))
    }

    fn plus(self, other: Fraction) -> Fraction {
        Fraction::of(self.0 * other.1 + other.0 * self.1, self.1 * other.1)
    }

    fn times(self, n: i64, d: i64) -> Fraction {
        Fraction::of(self.0 * i128::from(n), self.1 * i128::from(d))
    }

    fn minus(self, other: Fraction) -> Fraction {
        self.plus(Fraction(-other.0, other.1))
    }

    fn exceeds(self, other: Fraction) -> bool {
        self.minus(other).0 > 0
    }

    /// Half-even to cents, not below 0.
    fn cents(self) -> i128 {
        let (n, d) = (self.0 * 100, self.1);
        let down = n.div_euclid(d);
        let twice = 2 * n.rem_euclid(d);
        let up = twice > d || (twice == d && down % 2 != 0);
        (down + i128::from(up)).max(0)
    }
}

pub fn payroll(case: &Case) -> Told {
    let days = days(case);
    let absent_halves = absent_halves(case);
    let open =
        case.records.iter().filter(|(d, came)| *d >= case.from && *d <= case.to && *came == Came::AndStayed).count() as i64;
    let mut told = Told { days, absent_halves, open, cents: 0 };
    let pay = if case.monthly { monthly(case, &told) } else { hourly(case, &told) };
    told.cents = pay.plus(Fraction::of(case.bonus.into(), 100)).minus(Fraction::of(case.deduction.into(), 100)).cents();
    told
}

/// The multiple of the step that is nearest; of two the greater.
fn rounded(minutes: i64, step: i64) -> i64 {
    if step < 2 {
        return minutes;
    }
    let mut best = 0;
    let mut candidate = 0;
    while candidate <= minutes + step {
        if (candidate - minutes).abs() <= (best - minutes).abs() {
            best = candidate;
        }
        candidate += step;
    }
    best
}

/// Hundredths of hours in whole minutes, ties up.
fn limit(hundredths: i64) -> i64 {
    let tenths_of_seconds = hundredths * 360;
    (tenths_of_seconds + 300) / 600
}

fn days(case: &Case) -> BTreeMap<NaiveDate, (i64, i64, i64)> {
    let mut out = BTreeMap::new();
    let mut date = case.from;
    while date.weekday().number_from_monday() != 1 {
        date -= Duration::days(1);
    }
    let mut straight = 0;
    while date <= case.to {
        if date.weekday().number_from_monday() == 1 {
            straight = 0;
        }
        let closed: Vec<i64> = case
            .records
            .iter()
            .filter(|(d, _)| *d == date)
            .filter_map(|(_, came)| if let Came::ForMinutes(m) = came { Some(rounded(*m, case.rounding)) } else { None })
            .collect();
        let (mut daily, mut weekly) = (0, 0);
        let minutes: i64 = closed.iter().sum();
        for minute in 0..minutes {
            if minute >= limit(case.daily) {
                daily += 1;
            } else {
                straight += 1;
                weekly += i64::from(straight > limit(case.weekly));
            }
        }
        if date >= case.from && !closed.is_empty() {
            out.insert(date, (minutes, daily, weekly));
        }
        date += Duration::days(1);
    }
    out
}

fn absent_halves(case: &Case) -> BTreeMap<NaiveDate, i64> {
    let mut out = BTreeMap::new();
    let mut date = case.from;
    while date <= case.to {
        let halves = off(case, date);
        let counts = works_on(case, date) && !case.holidays.contains(&date);
        let mut absent = [false; 2];
        for (i, half) in halves.iter().enumerate() {
            absent[i] = counts && *half == Some(false);
        }
        let of_day: Vec<Came> = case.records.iter().filter(|(d, _)| *d == date).map(|(_, came)| *came).collect();
        let missed = of_day.contains(&Came::Never) && of_day.iter().all(|came| *came == Came::Never);
        let full = halves[0].is_some() && halves[1].is_some();
        if missed && !full {
            for (i, half) in halves.iter().enumerate() {
                absent[i] |= *half != Some(true);
            }
        }
        let count = absent.iter().filter(|a| **a).count() as i64;
        if count > 0 {
            out.insert(date, count);
        }
        date += Duration::days(1);
    }
    out
}

/// The halves of a day that are taken off, by however many requests.
fn off(case: &Case, date: NaiveDate) -> [Option<bool>; 2] {
    let mut halves = [None; 2];
    for (_, taken) in case.leave.iter().filter(|(d, _)| *d == date) {
        for i in 0..2 {
            halves[i] = taken[i].or(halves[i]);
        }
    }
    halves
}

fn works_on(case: &Case, date: NaiveDate) -> bool {
    case.workdays.contains(&date.weekday().number_from_monday())
}

fn workdays_in_month(case: &Case, of: NaiveDate) -> i64 {
    (1..=31).filter_map(|day| of.with_day(day)).filter(|date| works_on(case, *date)).count() as i64
}

fn monthly(case: &Case, told: &Told) -> Fraction {
    let salary = Fraction::of(case.salary.into(), 100);
    let mut base = Fraction::of(0, 1);
    let mut date = case.from;
    while date <= case.to {
        if works_on(case, date) && date >= case.employed_from {
            base = base.plus(salary.times(1, workdays_in_month(case, date)));
        }
        date += Duration::days(1);
    }
    let mut lost = Fraction::of(0, 1);
    for (date, halves) in &told.absent_halves {
        lost = lost.plus(salary.times(*halves, 2 * workdays_in_month(case, *date)));
    }
    let kept = if lost.exceeds(base) { Fraction::of(0, 1) } else { base.minus(lost) };
    let overtime = salary.times(12, 52).times(100, case.weekly).times(case.multiplier, 100).times(told.overtime(), 60);
    kept.plus(overtime)
}

fn hourly(case: &Case, told: &Told) -> Fraction {
    let rate = Fraction::of(case.salary.into(), 100);
    let mut paid_halves = 0;
    let mut date = case.from;
    while date <= case.to {
        if works_on(case, date) && !case.holidays.contains(&date) {
            paid_halves += off(case, date).iter().filter(|half| **half == Some(true)).count() as i64;
        }
        date += Duration::days(1);
    }
    rate.times(told.minutes() - told.overtime(), 60)
        .plus(rate.times(told.overtime(), 60).times(case.multiplier, 100))
        .plus(rate.times(paid_halves, 2).times(case.daily, 100))
}
