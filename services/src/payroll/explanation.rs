//! How a stored report's pay came about: from what was kept with it, in decimals that add up to it.

use std::collections::BTreeSet;

use num_bigint::BigInt;
use serde_json::Value as Json;
use workforceos_core::objects::{DayPart, PayrollReport, SalaryBasis};
use workforceos_core::time::Date;

use super::compute::{Absence, Calculation, Day, Inputs, Leave, Reason, Terms, paid_leave_halves};
use super::exact::{Exact, decimal, exact, parse, rounded, whole};
use super::steps::{Part, Step, steps};

/// Decimals of amounts.
pub const DECIMALS: u32 = 4;

/// An amount of the pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub entry: Entry,
    /// Decimal text with four decimals; the amounts of all lines add up to the pay.
    pub amount: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Part(Part),
    /// All parts in one: for readers who are not told the salary, and where the parts are not known any more.
    Earned,
    Bonus,
    Deduction,
    /// Up to nothing: pay is never below.
    Floor,
    /// To the cent, with what the decimals of the other lines leave out.
    Rounding,
}

/// What a report was calculated from, and its figures; `None` where what was kept cannot be read.
pub fn recalled(report: &PayrollReport) -> Option<(Inputs, Calculation)> {
    let from = &report.calculated_from;
    let inputs = Inputs {
        from: report.period_start,
        to: report.period_end,
        terms: Terms {
            basis: SalaryBasis::parse(from["salaryBasis"].as_str()?)?,
            daily_hours: from["dailyHours"].as_f64()?,
            weekly_hours: from["weeklyHours"].as_f64()?,
            overtime_multiplier: from["overtimeMultiplier"].as_f64()?,
            workdays: each(&from["workdays"], |day| u32::try_from(day.as_u64()?).ok())?,
            unpaid_leave_types: each(&from["unpaidLeaveTypes"], |kind| kind.as_str().map(str::to_owned))?,
            rounding_minutes: from["roundingMinutes"].as_i64()?,
        },
        salary: from["salary"].as_f64(),
        employed_from: date(&from["employmentStartDate"])?,
        records: Vec::new(),
        leave: each(&from["leave"], leave)?,
        holidays: each::<BTreeSet<Date>, _>(&from["holidays"], date)?,
    };
    let calculation = Calculation {
        days: each(&report.breakdown, day)?,
        absences: each(&report.absences, absence)?,
        open_records: report.open_records,
        paid_leave_halves: paid_leave_halves(&inputs),
        earned: parse(&report.earned)?,
    };
    Some((inputs, calculation))
}

/// The lines of a report's pay, in parts or in one sum; `None` where they do not come to what the report says.
pub fn lines(report: &PayrollReport, inputs: &Inputs, calculation: &Calculation, with_parts: bool) -> Option<Vec<Line>> {
    let parts = steps(inputs, calculation);
    // Parts that do not come to what was kept explain nothing: rules of another time made it.
    let fits = parts.iter().fold(whole(0), |sum, step| sum + &step.amount) == calculation.earned;
    let mut entries: Vec<(Entry, Exact)> = if with_parts && fits {
        parts.into_iter().map(|Step { part, amount }| (Entry::Part(part), amount)).collect()
    } else {
        vec![(Entry::Earned, calculation.earned.clone())]
    };
    entries.extend(report.bonus.map(|bonus| (Entry::Bonus, exact(bonus))));
    entries.extend(report.deduction.map(|deduction| (Entry::Deduction, -exact(deduction))));
    let sum = entries.iter().fold(whole(0), |sum, (_, amount)| sum + amount);
    let pay = exact(report.salary_calculated);
    if rounded(&sum, 2).max(BigInt::ZERO) != rounded(&pay, 2) {
        return None;
    }
    let mut shown: Vec<(Entry, BigInt)> = entries.into_iter().map(|(e, amount)| (e, rounded(&amount, DECIMALS))).collect();
    let so_far = |shown: &[(Entry, BigInt)]| shown.iter().fold(BigInt::ZERO, |sum, (_, amount)| sum + amount);
    let missing = rounded(&pay, DECIMALS) - so_far(&shown);
    if missing != BigInt::ZERO {
        let entry = if sum < whole(0) { Entry::Floor } else { Entry::Rounding };
        shown.push((entry, missing));
    }
    Some(shown.into_iter().map(|(entry, units)| Line { entry, amount: decimal(&units, DECIMALS) }).collect())
}

/// Every item of a list, read; `None` if it is none, or one cannot be read.
fn each<T: FromIterator<I>, I>(list: &Json, read: impl Fn(&Json) -> Option<I>) -> Option<T> {
    list.as_array()?.iter().map(read).collect()
}

fn date(json: &Json) -> Option<Date> {
    json.as_str()?.parse().ok()
}

fn leave(json: &Json) -> Option<Leave> {
    let (from, to) = (date(&json["from"])?, date(&json["to"])?);
    let part = DayPart::parse(json["dayPart"].as_str()?)?;
    Some(Leave { from, to, part, kind: json["leaveType"].as_str()?.to_owned() })
}

fn day(json: &Json) -> Option<Day> {
    let minutes = |name: &str| json[name].as_i64();
    Some(Day {
        date: date(&json["date"])?,
        minutes: minutes("minutes")?,
        daily_overtime: minutes("dailyOvertime")?,
        weekly_overtime: minutes("weeklyOvertime")?,
    })
}

fn absence(json: &Json) -> Option<Absence> {
    let reason = match json["reason"].as_str()? {
        "unpaidLeave" => Reason::UnpaidLeave,
        _ => Reason::Absent,
    };
    // Halves of a day are exact in binary, too.
    Some(Absence { date: date(&json["date"])?, halves: (json["days"].as_f64()? * 2.0) as i64, reason })
}
