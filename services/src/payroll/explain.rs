//! `explainPayroll`: how the figures of a stored report came about.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::PayrollId;
use workforceos_core::object::{DataObject, Level};
use workforceos_core::objects::{PaymentStatus, PayrollReport, SalaryBasis};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::compute::{Calculation, Inputs, Reason};
use super::exact::hours;
use super::explanation::{Entry, Line, lines, recalled};
use super::steps::Part;
use crate::{Api, App, crud, people, shape};

input! {
    pub struct Explain {
        /// The report.
        payroll_report_id: PayrollId => "payrollReportId" Path,
    }
}

pub fn api() -> Api {
    Api::get("explainPayroll")
        .named("payrollExplanation")
        .at("/v1/payrollReports/:payrollReportId/explanation")
        .reach(Reach::Own)
        .output(output)
        .about(
            "How a payroll report came about: hours, the days with overtime, absence by day, and the steps of the pay, whose amounts are \
             decimal texts that add up exactly to salaryCalculated. It explains what was stored, also where the policy or attendance \
             changed since. Employees see their own, without the salary and the steps that tell it.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: Explain) -> Result<Answer> {
    let found = crud::own_rows::<PayrollReport>(&ctx).and(Cond::eq("id", input.payroll_report_id.0));
    let found = app.store.select(&Query { limit: 1, ..Query::of(PayrollReport::def(), ctx.company(), found) }).await?;
    let record = found.into_iter().next().ok_or_else(|| Error::not_found(PayrollReport::def().name))?;
    let report = PayrollReport::from_record(record)?;
    let unknown = || Error::conflict("InvalidState", "What was kept does not explain this report: have it calculated again");
    let (inputs, calculation) = recalled(&report).ok_or_else(unknown)?;
    // The salary is the manager's to know, and parts of the pay tell it.
    let whole = ctx.level(Some(report.user_id)) >= Level::Manager;
    let lines = lines(&report, &inputs, &calculation, whole).ok_or_else(unknown)?;
    let names = people::names(&app, &ctx, [report.user_id]).await?;
    let mut told = json!({
        "payrollReportId": report.meta.id.to_string(), "userId": report.user_id.to_string(), "name": names.of(report.user_id),
        "periodStart": report.period_start, "periodEnd": report.period_end, "calculatedAt": report.calculated_at.to_string(),
        "paymentStatus": report.payment_status.as_str(),
        "rules": rules(&inputs, whole),
        "hours": worked(&report, &calculation),
        "absence": absence(&report, &calculation),
        "steps": lines.iter().map(|line| line_json(line, &inputs)).collect::<Json>(),
        "salaryCalculated": report.salary_calculated,
        "warnings": report.warnings,
    });
    if let Some(date) = report.payment_date {
        told["paymentDate"] = json!(date);
    }
    Ok(Answer::json(told))
}

/// The rules of then.
fn rules(inputs: &Inputs, whole: bool) -> Json {
    let terms = &inputs.terms;
    let mut rules = json!({
        "salaryBasis": terms.basis.as_str(), "dailyHours": terms.daily_hours, "weeklyHours": terms.weekly_hours,
        "overtimeMultiplier": terms.overtime_multiplier, "roundingMinutes": terms.rounding_minutes, "workdays": terms.workdays,
    });
    if let (true, Some(salary)) = (whole, inputs.salary) {
        rules["salary"] = json!(salary);
    }
    rules
}

fn worked(report: &PayrollReport, calculation: &Calculation) -> Json {
    let days = &calculation.days;
    let overtime = days.iter().filter(|d| d.daily_overtime + d.weekly_overtime > 0);
    json!({
        "totalHoursWorked": report.total_hours_worked, "overtimeHours": report.overtime_hours,
        "minutes": calculation.minutes(), "straightMinutes": calculation.minutes() - calculation.overtime(),
        "dailyOvertimeMinutes": days.iter().map(|d| d.daily_overtime).sum::<i64>(),
        "weeklyOvertimeMinutes": days.iter().map(|d| d.weekly_overtime).sum::<i64>(),
        "daysWorked": days.len(), "openRecords": report.open_records,
        "overtimeDays": overtime.map(|d| json!({
            "date": d.date, "minutes": d.minutes, "dailyOvertime": d.daily_overtime, "weeklyOvertime": d.weekly_overtime,
        })).collect::<Json>(),
    })
}

fn absence(report: &PayrollReport, calculation: &Calculation) -> Json {
    let of = |reason| calculation.absences.iter().filter(move |a| a.reason == reason).map(|a| a.halves).sum::<i64>() as f64 / 2.0;
    json!({
        "days": report.absence_days_exact, "unpaidLeaveDays": of(Reason::UnpaidLeave), "absentDays": of(Reason::Absent),
        "dates": report.absences, "paidLeaveDays": calculation.paid_leave_halves as f64 / 2.0,
    })
}

fn line_json(line: &Line, inputs: &Inputs) -> Json {
    let (step, about, formula) = words(line.entry, inputs);
    let mut json = json!({"step": step, "about": about, "amount": line.amount});
    if let Some(formula) = formula {
        json["formula"] = json!(formula);
    }
    json
}

/// What a line is called, what it is for, and how it is reckoned.
fn words(entry: Entry, inputs: &Inputs) -> (&'static str, String, Option<String>) {
    let terms = &inputs.terms;
    let salary = inputs.salary.unwrap_or(0.0);
    let days = |halves: i64| halves as f64 / 2.0;
    let plain = |step, about: &str| (step, about.to_owned(), None);
    match entry {
        Entry::Part(Part::Month { from, workdays, of }) => {
            let about = format!("{}: {workdays} of its {of} workdays, from the first day of work on", from.format("%B %Y"));
            ("salary", about, Some(format!("{salary} × {workdays} ÷ {of}")))
        }
        Entry::Part(Part::Absence { month, halves, of }) => {
            let about = format!("{}: {} unpaid or missed days", month.format("%B %Y"), days(halves));
            ("absence", about, Some(format!("−{salary} × {} ÷ {of}", days(halves))))
        }
        Entry::Part(Part::AbsenceBeyondSalary) => {
            plain("absenceBeyondSalary", "Absence takes no more than the salary of the period")
        }
        Entry::Part(Part::Straight { minutes }) => {
            let about = format!("{} hours at the rate", hours(minutes));
            ("straight", about, Some(format!("{salary} × {minutes} ÷ 60")))
        }
        Entry::Part(Part::Overtime { minutes }) => {
            let about = format!("{} hours of overtime at {} times the rate", hours(minutes), terms.overtime_multiplier);
            let rate = match terms.basis {
                SalaryBasis::Monthly => format!("{salary} × 12 ÷ (52 × {})", terms.weekly_hours),
                SalaryBasis::Hourly => salary.to_string(),
            };
            ("overtime", about, Some(format!("{rate} × {} × {minutes} ÷ 60", terms.overtime_multiplier)))
        }
        Entry::Part(Part::PaidLeave { halves }) => {
            let about = format!("{} days of paid leave, {} hours each", days(halves), terms.daily_hours);
            ("paidLeave", about, Some(format!("{salary} × {} × {}", days(halves), terms.daily_hours)))
        }
        Entry::Earned => plain("earned", "Salary, absence, overtime and paid leave together"),
        Entry::Bonus => plain("bonus", "Added"),
        Entry::Deduction => plain("deduction", "Taken off"),
        Entry::Floor => plain("floor", "The pay is never below 0"),
        Entry::Rounding => plain("rounding", "Rounded once, half-even to cents; with what the decimals above leave out"),
    }
}

/// Names of the steps.
const STEPS: &[&str] = &[
    "salary",
    "absence",
    "absenceBeyondSalary",
    "straight",
    "overtime",
    "paidLeave",
    "earned",
    "bonus",
    "deduction",
    "floor",
    "rounding",
];

fn output() -> Json {
    let rules = [
        ("salaryBasis", shape::one_of(SalaryBasis::NAMES, "What the salary is paid for.")),
        ("salary", shape::number("Salary per month or rate per hour; left out for employees.")),
        ("dailyHours", shape::number("Hours of a day, beyond which is overtime.")),
        ("weeklyHours", shape::number("Hours of a week, beyond which is overtime.")),
        ("overtimeMultiplier", shape::number("What overtime pays, as a multiple.")),
        ("roundingMinutes", shape::whole("Worked minutes were rounded to a multiple of this; 0 or 1: not.")),
        ("workdays", shape::list(shape::whole("1 Monday to 7 Sunday."), "ISO weekdays that are worked.")),
    ];
    let day = [
        ("date", shape::date("The day.")),
        ("minutes", shape::whole("Minutes worked.")),
        ("dailyOvertime", shape::whole("Of these, above the day's hours.")),
        ("weeklyOvertime", shape::whole("Of these, above the week's hours.")),
    ];
    let hours = [
        ("totalHoursWorked", shape::number("As in the report.")),
        ("overtimeHours", shape::number("As in the report.")),
        ("minutes", shape::whole("Minutes worked.")),
        ("straightMinutes", shape::whole("Of these, at the plain rate.")),
        ("dailyOvertimeMinutes", shape::whole("Of these, overtime of days.")),
        ("weeklyOvertimeMinutes", shape::whole("Of these, overtime of weeks.")),
        ("daysWorked", shape::whole("Days with closed records.")),
        ("openRecords", shape::whole("Records without a check-out: they count no hours.")),
        ("overtimeDays", shape::list(shape::object("A day.", day), "The days with overtime.")),
    ];
    let missed = [
        ("date", shape::date("The day.")),
        ("days", shape::number("1, or 0.5.")),
        ("reason", shape::one_of(&["unpaidLeave", "absent"], "Why.")),
    ];
    let absence = [
        ("days", shape::number("Days of absence, half ones included.")),
        ("unpaidLeaveDays", shape::number("Of these, unpaid leave.")),
        ("absentDays", shape::number("Of these, missed shifts.")),
        ("dates", shape::list(shape::object("A day of absence.", missed), "Day by day.")),
        ("paidLeaveDays", shape::number("Days of paid leave: no absence.")),
    ];
    let step = [
        ("step", shape::one_of(STEPS, "What it is.")),
        ("about", shape::text("The same in words.")),
        ("formula", shape::text("How it is reckoned, exactly.")),
        ("amount", shape::text("Decimal text with four decimals, negative where it takes off.")),
    ];
    let own = [
        ("payrollReportId", shape::id("The report.")),
        ("userId", shape::id("Whose.")),
        ("name", shape::text("Their full name.")),
        ("periodStart", shape::date("The period's first day.")),
        ("periodEnd", shape::date("The period's last day.")),
        ("calculatedAt", shape::instant("When it was calculated: what applied then is explained.")),
        ("paymentStatus", shape::one_of(PaymentStatus::NAMES, "How far it is paid.")),
        ("paymentDate", shape::date("When it was paid, if that is said.")),
        ("rules", shape::object("The rules of then.", rules)),
        ("hours", shape::object("What was worked.", hours)),
        ("absence", shape::object("What was missed.", absence)),
        (
            "steps",
            shape::list(shape::object("A part of the pay.", step), "They add up to salaryCalculated, to the last decimal."),
        ),
        ("salaryCalculated", shape::number("The pay.")),
        ("warnings", shape::list(shape::text("A warning."), "What to know before paying.")),
    ];
    shape::object("How a report came about.", own)
}
