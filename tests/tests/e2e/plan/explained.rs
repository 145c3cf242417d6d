//! How pay came about, to those who may know.

use serde_json::{Value as Json, json};
use workforceos_core::objects::{DayPart, LeaveStatus};
use workforceos_services::payroll::exact::{exact, parse, whole};
use workforceos_tests::time::at;
use workforceos_tests::{Client, Db, Setup, TestApp, on_both_databases};

use crate::paths::PAYROLL;
use crate::payroll::support::{hire_under, holiday, leave, missed, policy, request, worked};
use crate::text;

on_both_databases!(the_steps_add_up_and_say_why, employees_are_not_told_the_salary, what_was_stored_is_explained);

const JUNE: (&str, &str) = ("2026-06-01", "2026-06-30");

pub async fn explained(who: &Client, report: &Json) -> Json {
    let told = who.get(&format!("{PAYROLL}/{}/explanation", text(report, "id"))).await.ok()["payrollExplanation"].clone();
    super::shapes::check("explainPayroll", &told);
    told
}

/// The decimals of the steps add up to the pay, to the last one.
pub fn check_sum(told: &Json) {
    let amounts = told["steps"].as_array().expect("steps").iter().map(|step| parse(&text(step, "amount")).expect("a decimal"));
    let sum = amounts.fold(whole(0), |sum, amount| sum + amount);
    assert_eq!(sum, exact(told["salaryCalculated"].as_f64().expect("a number")), "{told}");
}

fn steps(told: &Json) -> Vec<(String, String)> {
    told["steps"].as_array().expect("steps").iter().map(|step| (text(step, "step"), text(step, "amount"))).collect()
}

fn step(name: &str, amount: &str) -> (String, String) {
    (name.to_owned(), amount.to_owned())
}

async fn the_steps_add_up_and_say_why(db: Db) {
    let app = TestApp::with(db, Setup { start: at("2026-07-02T08:00:00Z"), ..Setup::default() }).await;
    let acme = app.company("acme", "UTC").await;
    let (mia, ann) = (acme.employee("mia").await, acme.employee("ann").await);
    hire_under(&acme, &ann, Some(3100.0), "2020-01-01", Some(&mia)).await;
    policy(&acme, json!({"unpaidLeaveTypes": ["unpaid"]})).await;
    holiday(&acme, "2026-06-04").await;
    worked(&acme, &ann, "2026-06-01", "08:00-18:00").await;
    missed(&acme, &ann, "2026-06-02", "08:00-16:00").await;
    leave(&acme, &ann, "unpaid", ("2026-06-03", "2026-06-04"), DayPart::Full, LeaveStatus::Approved).await;
    leave(&acme, &ann, "annual", ("2026-06-05", "2026-06-05"), DayPart::FirstHalf, LeaveStatus::Approved).await;
    let report = request(&acme, &ann, JUNE, json!({"bonus": 100, "deduction": 20.5})).await.ok()["payrollReport"].clone();
    let told = explained(&mia, &report).await;
    check_sum(&told);
    // 22 workdays; overtime of two hours at 3100 × 12 ÷ 2080 × 1.5.
    let expected = [
        step("salary", "3100.0000"),
        step("absence", "-281.8182"),
        step("overtime", "53.6538"),
        step("bonus", "100.0000"),
        step("deduction", "-20.5000"),
        step("rounding", "0.0044"),
    ];
    assert_eq!(steps(&told), expected);
    assert_eq!((&told["salaryCalculated"], &told["name"]), (&json!(2951.34), &json!("ann")));
    assert_eq!(told["steps"][0]["formula"], "3100 × 22 ÷ 22");
    assert_eq!(told["steps"][1]["formula"], "−3100 × 2 ÷ 22");
    assert_eq!(told["steps"][2]["formula"], "3100 × 12 ÷ (52 × 40) × 1.5 × 120 ÷ 60");
    let hours = &told["hours"];
    assert_eq!(
        (&hours["totalHoursWorked"], &hours["minutes"], &hours["dailyOvertimeMinutes"], &hours["daysWorked"]),
        (&json!(10.0), &json!(600), &json!(120), &json!(1))
    );
    assert_eq!(hours["overtimeDays"], json!([{"date": "2026-06-01", "minutes": 600, "dailyOvertime": 120, "weeklyOvertime": 0}]));
    let absence = &told["absence"];
    assert_eq!(
        (&absence["days"], &absence["unpaidLeaveDays"], &absence["absentDays"], &absence["paidLeaveDays"]),
        (&json!(2.0), &json!(1.0), &json!(1.0), &json!(0.5))
    );
    assert_eq!((&told["rules"]["salary"], &told["rules"]["salaryBasis"]), (&json!(3100.0), &json!("monthly")));
}

async fn employees_are_not_told_the_salary(db: Db) {
    let app = TestApp::with(db, Setup { start: at("2026-07-02T08:00:00Z"), ..Setup::default() }).await;
    let acme = app.company("acme", "UTC").await;
    let other = app.company("other", "UTC").await;
    let (mia, ann, bob) = (acme.employee("mia").await, acme.employee("ann").await, acme.employee("bob").await);
    hire_under(&acme, &ann, Some(31.17), "2020-01-01", Some(&mia)).await;
    hire_under(&acme, &mia, Some(77.31), "2020-01-01", None).await;
    policy(&acme, json!({"salaryBasis": "hourly"})).await;
    worked(&acme, &ann, "2026-06-01", "08:00-18:00").await;
    worked(&acme, &mia, "2026-06-01", "08:00-18:00").await;
    let report = request(&acme, &ann, JUNE, json!({"bonus": 7, "notes": "quiet"})).await.ok()["payrollReport"].clone();
    let hers = explained(&mia, &report).await;
    assert_eq!(
        steps(&hers),
        [step("straight", "249.3600"), step("overtime", "93.5100"), step("paidLeave", "0.0000"), step("bonus", "7.0000")]
    );
    let own = explained(&ann, &report).await;
    assert_eq!(steps(&own), [step("earned", "342.8700"), step("bonus", "7.0000")]);
    for told in [&hers, &own] {
        check_sum(told);
        assert!(!told.to_string().contains("quiet"));
    }
    assert!(!own.to_string().contains("31.17") && own["steps"][0].get("formula").is_none(), "{own}");
    // A manager's own report is an employee's.
    let mias = request(&acme, &mia, JUNE, json!({})).await.ok()["payrollReport"].clone();
    let told = explained(&mia, &mias).await;
    assert!(!told.to_string().contains("77.31") && steps(&told)[0].0 == "earned", "{told}");
    let path = format!("{PAYROLL}/{}/explanation", text(&report, "id"));
    bob.get(&path).await.refused(404, "PayrollReportNotFound");
    ann.get(&format!("{PAYROLL}/{}/explanation", text(&mias, "id"))).await.refused(404, "PayrollReportNotFound");
    other.owner.get(&path).await.refused(404, "PayrollReportNotFound");
}

async fn what_was_stored_is_explained(db: Db) {
    let app = TestApp::with(db, Setup { start: at("2026-07-02T08:00:00Z"), ..Setup::default() }).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    hire_under(&acme, &ann, Some(1000.0), "2026-06-15", None).await;
    worked(&acme, &ann, "2026-06-16", "08:00-18:00").await;
    let report = request(&acme, &ann, JUNE, json!({"deduction": 5000})).await.ok()["payrollReport"].clone();
    let before = explained(&acme.owner, &report).await;
    check_sum(&before);
    assert_eq!(steps(&before).last(), Some(&step("floor", "4437.2378")), "{before}");
    // Neither another policy nor more work changes what was paid for.
    policy(&acme, json!({"weeklyHours": 20, "overtimeMultiplier": 3, "workdays": [1]})).await;
    worked(&acme, &ann, "2026-06-17", "08:00-18:00").await;
    assert_eq!(explained(&acme.owner, &report).await, before);
    // What is changed in the report is.
    acme.owner.patch(&format!("{PAYROLL}/{}", text(&report, "id")), json!({"deduction": null, "bonus": 0.01})).await.ok();
    let after = explained(&acme.owner, &report).await;
    check_sum(&after);
    assert!(steps(&after).contains(&step("bonus", "0.0100")) && !steps(&after).iter().any(|s| s.0 == "deduction"));
}
