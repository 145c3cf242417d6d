//! What somebody worked and earned in a period: a pure calculation over plain inputs, in exact numbers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use workforceos_core::objects::{DayPart, SalaryBasis};
use workforceos_core::time::Date;
use workforceos_core::zone::week_start;

use super::exact::{Exact, exact, nearest, whole};
use super::steps::steps;

/// The rules of pay, as a company's policy has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    pub basis: SalaryBasis,
    pub daily_hours: f64,
    pub weekly_hours: f64,
    pub overtime_multiplier: f64,
    /// ISO weekdays, at least one.
    pub workdays: BTreeSet<u32>,
    /// Names of leave types, in whatever case.
    pub unpaid_leave_types: Vec<String>,
    pub rounding_minutes: i64,
}

/// How somebody attended one shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attended {
    Absent,
    /// Came, and has not left.
    Open,
    /// Came and left, with these paid minutes.
    Minutes(i64),
}

/// Approved leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Leave {
    pub from: Date,
    pub to: Date,
    pub part: DayPart,
    pub kind: String,
}

/// All that a person's pay of a period depends on, bonus and deduction aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// The first and the last day.
    pub from: Date,
    pub to: Date,
    pub terms: Terms,
    /// Per month or per hour, as the terms say.
    pub salary: Option<f64>,
    pub employed_from: Date,
    /// By shift date, from the Monday before the period (or its first day) to its end.
    pub records: Vec<(Date, Attended)>,
    pub leave: Vec<Leave>,
    pub holidays: BTreeSet<Date>,
}

/// A day with closed records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    pub minutes: i64,
    pub daily_overtime: i64,
    pub weekly_overtime: i64,
}

/// Why a day counts as absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    UnpaidLeave,
    Absent,
}

/// A day of absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    pub date: Date,
    /// 2 is the whole day.
    pub halves: i64,
    pub reason: Reason,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Calculation {
    pub days: Vec<Day>,
    pub absences: Vec<Absence>,
    pub open_records: i64,
    /// Half days of paid leave on workdays that are no holiday.
    pub paid_leave_halves: i64,
    /// The pay before bonus, deduction and rounding.
    pub earned: Exact,
}

impl Calculation {
    pub fn minutes(&self) -> i64 {
        self.days.iter().map(|d| d.minutes).sum()
    }

    pub fn overtime(&self) -> i64 {
        self.days.iter().map(|d| d.daily_overtime + d.weekly_overtime).sum()
    }

    pub fn absence_halves(&self) -> i64 {
        self.absences.iter().map(|a| a.halves).sum()
    }
}

pub fn calculate(inputs: &Inputs) -> Calculation {
    let period = inputs.from..=inputs.to;
    let open = |(date, attended): &&(Date, Attended)| period.contains(date) && *attended == Attended::Open;
    let mut calculation = Calculation {
        days: days(inputs),
        absences: absences(inputs),
        open_records: inputs.records.iter().filter(open).count() as i64,
        paid_leave_halves: paid_leave_halves(inputs),
        earned: whole(0),
    };
    calculation.earned = steps(inputs, &calculation).into_iter().fold(whole(0), |sum, step| sum + step.amount);
    calculation
}

/// Half days of paid leave on workdays of the period that are no holiday.
pub fn paid_leave_halves(inputs: &Inputs) -> i64 {
    dates(inputs).map(|date| charged(inputs, date, false)).sum()
}

fn dates(inputs: &Inputs) -> impl Iterator<Item = Date> + use<> {
    let to = inputs.to;
    inputs.from.iter_days().take_while(move |date| *date <= to)
}

/// The period's days with their overtime. Weeks begin on Monday, also before the period; a day's overtime is the period's
/// that holds the day, and nothing after the period counts.
pub(crate) fn days(inputs: &Inputs) -> Vec<Day> {
    let limit = |hours: f64| nearest(&(exact(hours) * whole(60)));
    let (daily, weekly) = (limit(inputs.terms.daily_hours), limit(inputs.terms.weekly_hours));
    let mut minutes: BTreeMap<Date, i64> = BTreeMap::new();
    for (date, attended) in &inputs.records {
        if let Attended::Minutes(worked) = attended
            && (week_start(inputs.from)..=inputs.to).contains(date)
        {
            *minutes.entry(*date).or_default() += rounded(*worked, inputs.terms.rounding_minutes);
        }
    }
    let mut days = Vec::new();
    let (mut week, mut straight_so_far) = (None, 0);
    for (date, minutes) in minutes {
        if week != Some(week_start(date)) {
            (week, straight_so_far) = (Some(week_start(date)), 0);
        }
        let daily_overtime = (minutes - daily).max(0);
        let straight = minutes - daily_overtime;
        let weekly_overtime = (straight_so_far + straight - weekly.max(straight_so_far)).max(0);
        straight_so_far += straight;
        if date >= inputs.from {
            days.push(Day { date, minutes, daily_overtime, weekly_overtime });
        }
    }
    days
}

/// The nearest multiple, ties up; a step of 0 or 1 rounds nothing.
fn rounded(minutes: i64, step: i64) -> i64 {
    if step <= 1 { minutes } else { (2 * minutes + step).div_euclid(2 * step) * step }
}

/// Absence per date: unpaid leave, or a shift that was missed by somebody who came to none that day and was not on leave.
fn absences(inputs: &Inputs) -> Vec<Absence> {
    let mut missed: BTreeSet<Date> = BTreeSet::new();
    let mut came: BTreeSet<Date> = BTreeSet::new();
    for (date, attended) in &inputs.records {
        if *attended == Attended::Absent {
            missed.insert(*date)
        } else {
            came.insert(*date)
        };
    }
    let absence = |date: Date| {
        let unpaid = charged(inputs, date, true);
        let off = |part| on(inputs, date).any(|leave| leave.part == part);
        let full_day = off(DayPart::Full) || (off(DayPart::FirstHalf) && off(DayPart::SecondHalf));
        let paid_halves = on(inputs, date).filter(|leave| !is_unpaid(inputs, leave)).count() as i64;
        let missed = if missed.contains(&date) && !came.contains(&date) && !full_day { (2 - paid_halves).max(0) } else { 0 };
        let reason = if unpaid >= missed { Reason::UnpaidLeave } else { Reason::Absent };
        Absence { date, halves: unpaid.max(missed), reason }
    };
    dates(inputs).map(absence).filter(|a| a.halves > 0).collect()
}

fn on(inputs: &Inputs, date: Date) -> impl Iterator<Item = &Leave> {
    inputs.leave.iter().filter(move |leave| leave.from <= date && date <= leave.to)
}

fn is_unpaid(inputs: &Inputs, leave: &Leave) -> bool {
    let name = |text: &str| text.trim().to_lowercase();
    inputs.terms.unpaid_leave_types.iter().any(|kind| name(kind) == name(&leave.kind))
}

/// The half days of leave, unpaid or paid, that a date counts: workdays that are no holiday alone do.
fn charged(inputs: &Inputs, date: Date, unpaid: bool) -> i64 {
    if !is_workday(&inputs.terms, date) || inputs.holidays.contains(&date) {
        return 0;
    }
    let halves = |leave: &Leave| if leave.part == DayPart::Full { 2 } else { 1 };
    on(inputs, date).filter(|leave| is_unpaid(inputs, leave) == unpaid).map(halves).sum::<i64>().min(2)
}

pub(super) fn is_workday(terms: &Terms, date: Date) -> bool {
    terms.workdays.contains(&date.weekday().number_from_monday())
}

/// The workdays of a date's whole month.
pub(super) fn workdays_of_month(terms: &Terms, date: Date) -> i64 {
    let first = date.with_day(1).unwrap_or(date);
    let days = first.iter_days().take_while(|d: &NaiveDate| d.month() == first.month());
    days.filter(|d| is_workday(terms, *d)).count() as i64
}
