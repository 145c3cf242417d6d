//! What counts: ended, published shifts; approved leave is no absence; overtime is payroll's.

use serde_json::json;
use workforceos_core::objects::{DayPart, ShiftStatus};
use workforceos_tests::time::day;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::support::{Past, ask, comparison, rows, workdays};
use crate::paths::{CHECK_IN, PAYROLL};
use crate::payroll::support::{hire, worked};
use crate::text;

on_both_databases!(only_what_is_over_counts, approved_leave_is_no_absence, overtime_is_payrolls, few_facts_say_so);

async fn only_what_is_over_counts(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let mut past = Past::of(&acme);
    let done = past.shift(day("2026-05-29"), "09:00-17:00", &[&ann]).await;
    past.came(&done, &ann, 0, 0).await;
    let missed = past.shift(day("2026-05-28"), "09:00-17:00", &[&ann]).await;
    past.absent(&missed, &ann).await;
    let mut cancelled = past.planned(day("2026-05-27"), "09:00-17:00", &[&ann]);
    cancelled.status = ShiftStatus::Cancelled;
    let mut draft = past.planned(day("2026-05-26"), "09:00-17:00", &[&ann]);
    draft.is_draft = true;
    let mut running = past.planned(day("2026-06-01"), "05:00-09:00", &[&ann]);
    running.status = ShiftStatus::Scheduled;
    let mut to_come = past.planned(day("2026-06-02"), "09:00-17:00", &[&ann]);
    to_come.status = ShiftStatus::Scheduled;
    for shift in [&cancelled, &draft, &to_come] {
        past.add(shift).await;
        past.absent(shift, &ann).await;
    }
    past.add(&running).await;
    past.open(&running, &ann).await;
    past.write().await;
    let query = "from=2026-05-01&to=2026-06-05";
    let absence = ask(&acme.owner, "analyzeAbsenteeism", query).await;
    assert_eq!((&absence["overall"]["count"], &absence["overall"]["n"]), (&json!(1), &json!(2)));
    let attendance = ask(&acme.owner, "analyzeAttendance", query).await;
    assert_eq!((&attendance["overall"]["n"], &attendance["attended"]["workedMinutes"]), (&json!(2), &json!(480)));
    assert_eq!((&attendance["attended"]["n"], &attendance["attended"]["meanMinutes"]), (&json!(1), &json!(480.0)));
    // The running shift counts once it is over.
    app.set("2026-06-01T09:00:00Z");
    let later = ask(&acme.owner, "analyzeAttendance", query).await;
    assert_eq!((&later["overall"]["n"], &later["attended"]["missingCheckOut"]["count"]), (&json!(3), &json!(1)));
    // Whose period says nothing has the last twelve weeks, today included.
    let usual = ask(&acme.owner, "analyzeAttendance", "").await;
    assert_eq!(usual["period"], json!({"from": "2026-03-10", "to": "2026-06-01", "timezone": "UTC", "days": 84}));
}

async fn approved_leave_is_no_absence(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let mut past = Past::of(&acme);
    for date in ["2026-05-25", "2026-05-26", "2026-05-27", "2026-05-28"] {
        let shift = past.shift(day(date), "09:00-17:00", &[&ann, &bob]).await;
        past.absent(&shift, &ann).await;
        past.came(&shift, &bob, 0, 0).await;
    }
    past.write().await;
    acme.leave(&ann, day("2026-05-25"), day("2026-05-25"), DayPart::Full).await;
    // Two halves are a day, one is not.
    acme.leave(&ann, day("2026-05-26"), day("2026-05-26"), DayPart::FirstHalf).await;
    acme.leave(&ann, day("2026-05-26"), day("2026-05-26"), DayPart::SecondHalf).await;
    acme.leave(&ann, day("2026-05-27"), day("2026-05-27"), DayPart::FirstHalf).await;
    let told = ask(&acme.owner, "analyzeAbsenteeism", "").await;
    assert_eq!((&told["overall"]["count"], &told["overall"]["n"], &told["onLeave"]), (&json!(2), &json!(6), &json!(2)));
    assert_eq!(told["leaveStarts"][0]["n"], json!(4));
    // Six shifts of two people: nobody is compared with anybody.
    let people = comparison(&told, "person");
    let row = &people["rows"][0];
    assert_eq!(
        (&people["compared"], &row["tooLittleData"], &row["n"], &row["needed"]),
        (&json!(0), &json!(true), &json!(2), &json!(20))
    );
}

async fn overtime_is_payrolls(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    hire(&acme, &ann, Some(3000.0), "2020-01-01").await;
    // The week begins before the period: forty hours by Thursday, so that all of Friday's are overtime.
    for date in ["2026-05-25", "2026-05-26", "2026-05-27", "2026-05-28"] {
        worked(&acme, &ann, date, "08:00-19:00").await;
    }
    worked(&acme, &ann, "2026-05-29", "08:00-16:30").await;
    worked(&acme, &bob, "2026-05-29", "08:00-15:00").await;
    let (from, to) = ("2026-05-28", "2026-05-31");
    let body = json!({"userId": ann.text(), "periodStart": from, "periodEnd": to});
    let report = acme.owner.post(PAYROLL, body).await.ok()["payrollReport"].clone();
    let told = ask(&acme.owner, "analyzeOvertime", &format!("from={from}&to={to}&userId={}", ann.text())).await;
    let minutes = |name: &str| (report[name].as_f64().expect("hours") * 60.0).round() as i64;
    assert_eq!(
        (&told["totals"]["workedMinutes"], &told["totals"]["overtimeMinutes"]),
        (&json!(minutes("totalHoursWorked")), &json!(minutes("overtimeHours")))
    );
    assert_eq!((&told["totals"]["dailyOvertime"], &told["totals"]["weeklyOvertime"]), (&json!(180 + 30), &json!(0)));
    assert_eq!((&told["overall"]["count"], &told["overall"]["n"]), (&json!(2), &json!(2)));
    let all = ask(&acme.owner, "analyzeOvertime", &format!("from={from}&to={to}")).await;
    let people: Vec<String> = rows(&all["byPerson"]["rows"]).iter().map(|row| text(row, "fullname")).collect();
    assert_eq!((people, &all["overall"]["n"]), (vec!["ann".to_owned(), "bob".to_owned()], &json!(3)));
    assert!(!all.to_string().contains("3000") && !all.to_string().to_lowercase().contains("salary"));
}

async fn few_facts_say_so(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let ann = acme.employee("ann").await;
    for api in ["analyzeAttendance", "analyzeAbsenteeism", "analyzeLateness", "analyzeOvertime", "analyzeTaskLoad"] {
        let told = ask(&acme.owner, api, "").await;
        assert_eq!(
            told["overall"],
            json!({"count": 0, "n": 0, "tooLittleData": true, "needed": 1, "of": "observations"}),
            "{api}"
        );
        assert_eq!((&told["findings"], &told["trend"]["needed"]), (&json!([]), &json!(8)), "{api}");
    }
    let staffing = ask(&acme.owner, "predictStaffing", "").await;
    assert_eq!((&staffing["tooLittleData"], &staffing["n"], &staffing["hours"]), (&json!(true), &json!(0), &json!([])));
    let anomalies = ask(&acme.owner, "detectShiftAnomalies", "").await;
    assert_eq!(
        (&anomalies["anomalies"], &anomalies["tooLittleData"], &anomalies["n"], &anomalies["needed"]),
        (&json!([]), &json!(true), &json!(0), &json!(20))
    );
    // What was recorded by the clock a moment ago counts as soon as the shift is over.
    let body = json!({"shiftId": acme.shift("2026-06-01", "06:00-06:30", &[&ann]).await});
    ann.post(CHECK_IN, body).await.ok();
    app.set("2026-06-01T06:30:00Z");
    let told = ask(&ann, "analyzeAttendance", "").await;
    assert_eq!((&told["overall"]["count"], &told["overall"]["rate"]), (&json!(1), &json!(1.0)));
    // Seven weeks of a trend are too few, nineteen shifts too few for a person.
    let mut past = Past::of(&acme);
    let bob = acme.unseen("bob").await;
    for date in workdays(day("2026-03-16"), 4).into_iter().take(19) {
        let shift = past.shift(date, "09:00-17:00", &[&ann, &bob]).await;
        past.came(&shift, &ann, 0, 0).await;
        past.absent(&shift, &bob).await;
    }
    past.write().await;
    let told = ask(&acme.owner, "analyzeAbsenteeism", "").await;
    let people = rows(&comparison(&told, "person")["rows"]);
    let bobs = people.iter().find(|row| row["userId"] == bob.text()).expect("bob");
    assert_eq!((&bobs["tooLittleData"], &bobs["n"], &bobs["needed"]), (&json!(true), &json!(19), &json!(20)));
    assert_eq!((&bobs["rate"], bobs.get("p")), (&json!(1.0), None));
    assert_eq!(told["trend"], json!({"tooLittleData": true, "n": 3, "needed": 8, "of": "weeks"}));
}
