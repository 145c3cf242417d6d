//! What pay is made of before bonus, deduction and rounding: a list of amounts that add up to it.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use workforceos_core::objects::SalaryBasis;
use workforceos_core::time::Date;

use super::compute::{Calculation, Inputs, is_workday, workdays_of_month};
use super::exact::{Exact, exact, ratio, whole};

/// A part of the pay.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub part: Part,
    pub amount: Exact,
}

/// What a part is paid, or taken, for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Workdays of the period in a month, named by its first day in the period, of all that the month has.
    Month { from: Date, workdays: i64, of: i64 },
    /// Half days of absence in a month.
    Absence { month: Date, halves: i64, of: i64 },
    /// What absence costs beyond the salary: it is not taken.
    AbsenceBeyondSalary,
    /// Minutes at the plain rate.
    Straight { minutes: i64 },
    /// Minutes of overtime.
    Overtime { minutes: i64 },
    /// Half days of paid leave.
    PaidLeave { halves: i64 },
}

/// The parts, in the order in which they are reckoned.
pub fn steps(inputs: &Inputs, calculation: &Calculation) -> Vec<Step> {
    match inputs.terms.basis {
        SalaryBasis::Monthly => monthly(inputs, calculation),
        SalaryBasis::Hourly => hourly(inputs, calculation),
    }
}

/// The share of each month's salary that the period's workdays are, less what absence costs, plus overtime.
fn monthly(inputs: &Inputs, calculation: &Calculation) -> Vec<Step> {
    let terms = &inputs.terms;
    let salary = exact(inputs.salary.unwrap_or(0.0));
    let (mut steps, mut base) = (Vec::new(), whole(0));
    let mut from = inputs.from;
    while from <= inputs.to {
        let next = first_after(from).unwrap_or(NaiveDate::MAX);
        let days = from.iter_days().take_while(|d| *d < next && *d <= inputs.to);
        let paid = days.filter(|d| *d >= inputs.employed_from && is_workday(terms, *d)).count() as i64;
        let of = workdays_of_month(terms, from);
        let amount = &salary * ratio(paid, of);
        base += &amount;
        steps.push(Step { part: Part::Month { from, workdays: paid, of }, amount });
        from = next;
    }
    let mut absent: BTreeMap<Date, (Date, i64)> = BTreeMap::new();
    for absence in &calculation.absences {
        let month = absence.date.with_day(1).unwrap_or(absence.date);
        absent.entry(month).or_insert((absence.date, 0)).1 += absence.halves;
    }
    let mut lost = whole(0);
    for (month, (date, halves)) in absent {
        let of = workdays_of_month(terms, date);
        let amount = &salary * ratio(halves, 2 * of);
        lost += &amount;
        steps.push(Step { part: Part::Absence { month, halves, of }, amount: -amount });
    }
    if lost > base {
        steps.push(Step { part: Part::AbsenceBeyondSalary, amount: lost - base });
    }
    let minutes = calculation.overtime();
    let rate = salary * whole(12) / (whole(52) * exact(terms.weekly_hours));
    let amount = rate * exact(terms.overtime_multiplier) * ratio(minutes, 60);
    steps.push(Step { part: Part::Overtime { minutes }, amount });
    steps
}

/// The first day of the month after a date's.
fn first_after(date: Date) -> Option<Date> {
    let (year, month) = if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
    NaiveDate::from_ymd_opt(year, month, 1)
}

/// Hours at the rate, overtime at its multiple, and paid leave by the normal day.
fn hourly(inputs: &Inputs, calculation: &Calculation) -> Vec<Step> {
    let terms = &inputs.terms;
    let rate = exact(inputs.salary.unwrap_or(0.0));
    let overtime = calculation.overtime();
    let straight = calculation.minutes() - overtime;
    let halves = calculation.paid_leave_halves;
    let step = |part, amount| Step { part, amount };
    vec![
        step(Part::Straight { minutes: straight }, &rate * ratio(straight, 60)),
        step(Part::Overtime { minutes: overtime }, &rate * ratio(overtime, 60) * exact(terms.overtime_multiplier)),
        step(Part::PaidLeave { halves }, rate * ratio(halves, 2) * exact(terms.daily_hours)),
    ]
}
