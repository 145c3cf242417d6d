//! The rules of payroll, one by one.

use serde_json::{Value as Json, json};
use workforceos_core::objects::{DayPart, LeaveStatus};
use workforceos_tests::time::at;
use workforceos_tests::{Company, Db, Person, Setup, TestApp, on_both_databases};

use super::support::{came, hire, holiday, leave, missed, policy, report, request, shift, worked};
use crate::paths::{CHECK_OUT, RECORDS};
use crate::text;

on_both_databases!(
    days_on_which_clocks_change_have_the_hours_that_passed,
    a_night_counts_whole_on_its_date_and_a_week_from_its_monday,
    absence_is_counted_by_the_day_and_by_halves,
    open_records_are_told_and_count_nothing,
    who_starts_within_the_period_is_paid_from_then,
    a_missing_salary_is_told_and_a_missing_profile_refused,
    amounts_are_rounded_once_and_shown_as_published,
    amounts_out_of_range_are_refused,
);

/// A company in Berlin in the middle of August 2026, paying by the hour, and somebody who earns 20 an hour.
async fn by_the_hour(db: Db) -> (TestApp, Company, Person) {
    let app = TestApp::with(db, Setup { start: at("2026-08-15T08:00:00Z"), ..Setup::default() }).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    policy(&acme, json!({"salaryBasis": "hourly", "unpaidLeaveTypes": ["Study"]})).await;
    hire(&acme, &ann, Some(20.0), "2020-01-01").await;
    (app, acme, ann)
}

fn figures(report: &Json) -> (f64, f64, f64) {
    let number = |name: &str| report[name].as_f64().unwrap_or_else(|| panic!("{name} in {report}"));
    (number("totalHoursWorked"), number("overtimeHours"), number("salaryCalculated"))
}

async fn days_on_which_clocks_change_have_the_hours_that_passed(db: Db) {
    let (app, acme, ann) = by_the_hour(db).await;
    // The clocks went forward on 29 March 2026: that night has 7 hours.
    worked(&acme, &ann, "2026-03-28", "22:00-06:00").await;
    assert_eq!(figures(&report(&acme, &ann, ("2026-03-28", "2026-03-28")).await), (7.0, 0.0, 140.0));
    // They go back on 25 October: that night has 9, of which one is overtime.
    app.set("2026-11-01T08:00:00Z");
    let mut acme = acme;
    acme.owner.log_in().await;
    worked(&acme, &ann, "2026-10-24", "22:00-06:00").await;
    assert_eq!(figures(&report(&acme, &ann, ("2026-10-24", "2026-10-24")).await), (9.0, 1.0, 190.0));
    assert_eq!(figures(&report(&acme, &ann, ("2026-10-25", "2026-10-25")).await), (0.0, 0.0, 0.0));
}

async fn a_night_counts_whole_on_its_date_and_a_week_from_its_monday(db: Db) {
    let (_app, acme, ann) = by_the_hour(db).await;
    // Monday to Friday are 29 June to 3 July; the night of Tuesday ends in July.
    for (date, times) in [
        ("2026-06-29", "08:00-18:00"),
        ("2026-06-30", "20:00-06:00"),
        ("2026-07-01", "20:00-04:00"),
        ("2026-07-02", "20:00-04:00"),
        ("2026-07-03", "20:00-04:00"),
        ("2026-07-04", "20:00-04:00"),
        ("2026-07-05", "20:00-22:00"),
    ] {
        worked(&acme, &ann, date, times).await;
    }
    let june = report(&acme, &ann, ("2026-06-01", "2026-06-30")).await;
    assert_eq!(figures(&june), (20.0, 4.0, 16.0 * 20.0 + 4.0 * 30.0));
    // Sixteen straight hours of June fill the week: 24 of July are straight, 10 are overtime.
    let july = report(&acme, &ann, ("2026-07-01", "2026-07-31")).await;
    assert_eq!(figures(&july), (34.0, 10.0, 24.0 * 20.0 + 10.0 * 30.0));
    let day = |date: &str, minutes: i64, weekly: i64| json!({"date": date, "minutes": minutes, "dailyOvertime": 0, "weeklyOvertime": weekly});
    assert_eq!(july["breakdown"][0], day("2026-07-01", 480, 0));
    assert_eq!(july["breakdown"][3], day("2026-07-04", 480, 480));
    assert_eq!(july["breakdown"][4], day("2026-07-05", 120, 120));

    // What comes after the period's end is none of its business: Saturday's overtime is not that of a period to Friday.
    let bob = acme.employee("bob").await;
    hire(&acme, &bob, Some(20.0), "2020-01-01").await;
    for day in 6..=11 {
        worked(&acme, &bob, &format!("2026-07-{day:02}"), "09:00-17:00").await;
    }
    assert_eq!(figures(&report(&acme, &bob, ("2026-07-06", "2026-07-10")).await), (40.0, 0.0, 800.0));
    assert_eq!(figures(&report(&acme, &bob, ("2026-07-11", "2026-07-12")).await), (8.0, 8.0, 240.0));
}

async fn absence_is_counted_by_the_day_and_by_halves(db: Db) {
    let (_app, acme, ann) = by_the_hour(db).await;
    policy(&acme, json!({"salaryBasis": "monthly"})).await;
    let approved = LeaveStatus::Approved;
    // Monday 6 July 2026: two shifts missed are one day. Tuesday: one missed, the other worked.
    missed(&acme, &ann, "2026-07-06", "08:00-10:00").await;
    missed(&acme, &ann, "2026-07-06", "12:00-14:00").await;
    missed(&acme, &ann, "2026-07-07", "08:00-10:00").await;
    worked(&acme, &ann, "2026-07-07", "12:00-14:00").await;
    // Wednesday: missed, with half a paid day. Thursday: missed under a full paid day.
    missed(&acme, &ann, "2026-07-08", "08:00-10:00").await;
    leave(&acme, &ann, "annual", ("2026-07-08", "2026-07-08"), DayPart::SecondHalf, approved).await;
    missed(&acme, &ann, "2026-07-09", "08:00-10:00").await;
    leave(&acme, &ann, "annual", ("2026-07-09", "2026-07-09"), DayPart::Full, approved).await;
    // Friday: half a day unpaid, whatever its case; and Saturday's leave costs nothing.
    leave(&acme, &ann, "STUDY", ("2026-07-10", "2026-07-10"), DayPart::FirstHalf, approved).await;
    leave(&acme, &ann, "study", ("2026-07-11", "2026-07-11"), DayPart::Full, approved).await;
    // The week after: a holiday and a request that nobody approved.
    holiday(&acme, "2026-07-13").await;
    leave(&acme, &ann, "study", ("2026-07-13", "2026-07-13"), DayPart::Full, approved).await;
    leave(&acme, &ann, "study", ("2026-07-14", "2026-07-14"), DayPart::Full, LeaveStatus::Rejected).await;
    let told = report(&acme, &ann, ("2026-07-01", "2026-07-31")).await;
    let expected = json!([
        {"date": "2026-07-06", "days": 1, "reason": "absent"}, {"date": "2026-07-08", "days": 0.5, "reason": "absent"},
        {"date": "2026-07-10", "days": 0.5, "reason": "unpaidLeave"},
    ]);
    assert_eq!(told["absences"], expected);
    assert_eq!((&told["absenceDaysExact"], &told["absenceDays"]), (&json!(2), &json!(2)));
    // 23 workdays in July: 20 − 20 × 2 ÷ 23.
    assert_eq!(told["salaryCalculated"], 18.26);
}

async fn open_records_are_told_and_count_nothing(db: Db) {
    let (app, acme, ann) = by_the_hour(db).await;
    let planned = shift(&acme, &ann, "2026-08-15", "09:00-17:00", 0).await;
    app.set("2026-08-15T15:00:00Z");
    let open = came(&acme, &ann, &planned, "2026-08-15T07:00:00Z", None).await;
    let told = report(&acme, &ann, ("2026-08-15", "2026-08-15")).await;
    assert_eq!((&told["openRecords"], &told["absenceDays"], &told["breakdown"]), (&json!(1), &json!(0), &json!([])));
    assert_eq!(told["warnings"].as_array().map(Vec::len), Some(2), "open, and not over yet: {told}");
    let body = json!({"attendanceRecordId": open["id"], "checkOutTime": "2026-08-15T15:00:00Z"});
    acme.owner.post(CHECK_OUT, body).await.ok();
    let told = report(&acme, &ann, ("2026-08-15", "2026-08-15")).await;
    assert_eq!((&told["openRecords"], figures(&told)), (&json!(0), (8.0, 0.0, 160.0)));
    // A correction is in the next calculation.
    let record = format!("{RECORDS}/{}", text(&open, "id"));
    acme.owner.patch(&record, json!({"checkInTime": "2026-08-15T08:00:00Z"})).await.ok();
    assert_eq!(figures(&report(&acme, &ann, ("2026-08-15", "2026-08-15")).await), (7.0, 0.0, 140.0));
}

async fn who_starts_within_the_period_is_paid_from_then(db: Db) {
    let (_app, acme, _) = by_the_hour(db).await;
    policy(&acme, json!({"salaryBasis": "monthly"})).await;
    let new = acme.employee("new").await;
    hire(&acme, &new, Some(2200.0), "2026-06-25").await;
    // 4 of June's 22 workdays, and 10 of July's 23.
    let told = report(&acme, &new, ("2026-06-15", "2026-07-14")).await;
    assert_eq!(told["salaryCalculated"], 1356.52);
    let before = report(&acme, &new, ("2026-06-01", "2026-06-14")).await;
    assert_eq!(before["salaryCalculated"], 0);
}

async fn a_missing_salary_is_told_and_a_missing_profile_refused(db: Db) {
    let (_app, acme, _) = by_the_hour(db).await;
    let (volunteer, nobody) = (acme.employee("volunteer").await, acme.employee("nobody").await);
    hire(&acme, &volunteer, None, "2026-01-01").await;
    worked(&acme, &volunteer, "2026-07-01", "09:00-17:00").await;
    let told = request(&acme, &volunteer, ("2026-07-01", "2026-07-31"), json!({"bonus": 50})).await.ok()["payrollReport"].clone();
    assert_eq!(figures(&told), (8.0, 0.0, 50.0));
    assert!(told["warnings"][0].as_str().is_some_and(|w| w.contains("no salary")), "{told}");
    request(&acme, &nobody, ("2026-07-01", "2026-07-31"), json!({})).await.refused(409, "ProfileMissing");
}

async fn amounts_are_rounded_once_and_shown_as_published(db: Db) {
    let (_app, acme, _) = by_the_hour(db).await;
    // Half an hour at each rate: a tie goes to the even cent.
    for (name, rate, pay) in [("a", 10.01, 5.0), ("b", 10.03, 5.02), ("c", 10.05, 5.02)] {
        let who = acme.employee(name).await;
        hire(&acme, &who, Some(rate), "2026-01-01").await;
        worked(&acme, &who, "2026-07-01", "09:00-09:30").await;
        assert_eq!(figures(&report(&acme, &who, ("2026-07-01", "2026-07-01")).await), (0.5, 0.0, pay), "{rate}");
    }
    // Twenty minutes are 0.33 hours to look at and a third of an hour to pay. Bonus and deduction come before the rounding.
    let who = acme.employee("d").await;
    hire(&acme, &who, Some(30.01), "2026-01-01").await;
    worked(&acme, &who, "2026-07-01", "09:00-09:20").await;
    assert_eq!(figures(&report(&acme, &who, ("2026-07-01", "2026-07-01")).await), (0.33, 0.0, 10.0));
    let more = json!({"bonus": 0.009, "deduction": 0.001});
    let told = request(&acme, &who, ("2026-07-01", "2026-07-01"), more).await.ok()["payrollReport"].clone();
    assert_eq!(told["salaryCalculated"], 10.01, "10.00333… + 0.009 − 0.001");
}

async fn amounts_out_of_range_are_refused(db: Db) {
    let (_app, acme, ann) = by_the_hour(db).await;
    let july = ("2026-07-01", "2026-07-31");
    let bad = async |more: Json| request(&acme, &ann, july, more).await.bad_fields();
    assert_eq!(bad(json!({"bonus": -0.01, "deduction": -1})).await, ["bonus", "deduction"]);
    assert_eq!(bad(json!({"bonus": 1e13, "deduction": 1e300})).await, ["bonus", "deduction"]);
    assert_eq!(bad(json!({"userId": "01890a5d-ac96-774b-bcce-b302099a8057", "bonus": -1})).await, ["bonus", "userId"]);
    assert_eq!(request(&acme, &ann, ("2026-07-31", "2026-07-01"), json!({})).await.bad_fields(), ["periodEnd"]);
    assert_eq!(request(&acme, &ann, ("2026-01-01", "2027-01-02"), json!({})).await.bad_fields(), ["periodEnd"]);
    request(&acme, &ann, ("2025-01-01", "2026-01-01"), json!({})).await.ok();
    let most = request(&acme, &ann, july, json!({"bonus": 1e12})).await.ok()["payrollReport"].clone();
    assert_eq!(most["salaryCalculated"].as_f64(), Some(1e12));
    // A salary beyond all bounds is told, not written down wrongly.
    let rich = acme.employee("rich").await;
    hire(&acme, &rich, Some(1e300), "2026-01-01").await;
    worked(&acme, &rich, "2026-07-01", "09:00-17:00").await;
    request(&acme, &rich, july, json!({})).await.refused(409, "InvalidState");
}
