//! The sample company shows what there is, on whatever day it is filled.

use serde_json::{Value as Json, json};
use workforceos_core::DataObject;
use workforceos_core::objects::{Alert, Duty, EodReport, EodStatus, User};
use workforceos_core::query::{Cond, Query};
use workforceos_core::time::Clock;
use workforceos_services::sample;
use workforceos_tests::time::at;
use workforceos_tests::{Company, Db, Setup, TestApp, on_both_databases};

use crate::paths::{ANNOUNCEMENTS, EXECUTIONS, LEAVE, LOCKS, OPEN_SHIFTS, PAYROLL, SHIFTS, SWAPS, TASK_ASSIGNMENTS};

on_both_databases!(the_sample_company_shows_everything);

/// The first of a month, its last night, the Sunday on which clocks go forward elsewhere, and a leap day.
const DAYS: [&str; 4] = ["2026-06-01T06:00:00Z", "2026-01-31T18:30:00Z", "2026-03-29T09:00:00Z", "2028-02-29T12:00:00Z"];

async fn the_sample_company_shows_everything(db: Db) {
    for start in DAYS {
        let app = TestApp::with(db, Setup { start: at(start), ..Setup::default() }).await;
        let babil = app.company("babil", "Asia/Karachi").await;
        let logins = sample::fill(&app.services()).await.expect("filled");
        let admin = babil.owner.with_token(&logins.api_key);
        let count = async |path: String| {
            let told = admin.get(&path).await.ok();
            told["paging"]["totalRowCount"].as_u64().unwrap_or_else(|| panic!("{path} on {start}: {told}"))
        };
        let some = [
            format!("{SHIFTS}?isDraft=true"),
            OPEN_SHIFTS.to_owned(),
            format!("{SWAPS}?status=pending"),
            format!("{SWAPS}?status=approved"),
            format!("{SWAPS}?status=rejected"),
            format!("{ANNOUNCEMENTS}?status=scheduled"),
            format!("{ANNOUNCEMENTS}?status=sent"),
            format!("{ANNOUNCEMENTS}?status=cancelled"),
            format!("{LEAVE}?dayPart=firstHalf&status=approved"),
            format!("{LEAVE}?dayPart=secondHalf&status=pending"),
            LOCKS.to_owned(),
            format!("{PAYROLL}?paymentStatus=paid"),
            format!("{PAYROLL}?paymentStatus=pending"),
            format!("{TASK_ASSIGNMENTS}?status=active"),
            format!("{TASK_ASSIGNMENTS}?status=completed"),
            format!("{EXECUTIONS}?status=success"),
            format!("{EXECUTIONS}?status=timeout"),
        ];
        for path in some {
            assert!(count(path.clone()).await > 0, "{path} on {start}");
        }
        // A paid month lies in the locked one.
        let lock = admin.get(LOCKS).await.ok()["payPeriodLocks"][0].clone();
        let paid = admin.get(&format!("{PAYROLL}?paymentStatus=paid")).await.ok()["payrollReports"][0].clone();
        assert_eq!(lock["from"], paid["periodStart"], "{start}");
        let journal = app.services().store.journal(babil.id, 0, 100_000).await.expect("the journal");
        let import = journal.iter().filter(|entry| &*entry.object == "shift" && entry.after.contains("\"Gate\"")).count();
        assert_eq!(import, 1, "the imported shift is in the journal: {start}");
        app.sweep().await;
        for kind in ["overdue_task", "document_expiring"] {
            let raised = Query::of(Alert::def(), babil.id, Cond::eq("alertType", kind));
            assert!(!app.services().store.select(&raised).await.expect("reads").is_empty(), "{kind} on {start}");
        }
        reports_are_of_every_kind(&app, &babil, start).await;
        for analysis in ["attendance", "absenteeism", "lateness"] {
            let told = admin.get(&format!("/aiworkforceanalytics-api/v1/analytics/{analysis}")).await.ok();
            assert!(told[analysis]["trend"]["tooLittleData"].is_null(), "{analysis} on {start}: {}", told[analysis]["trend"]);
        }
        // What is drafted for the week after next can be published as it is.
        let from = babil.zone.date(app.clock.now()).to_string();
        let body = json!({"from": from, "to": plus(&from, 27)});
        let published = admin.post(&format!("{SHIFTS}/publish"), body).await.ok();
        assert!(published["shifts"].as_array().is_some_and(|shifts| shifts.len() >= 14), "{start}");
        // Another start adds nothing.
        let before = count(SHIFTS.to_owned()).await;
        let again = sample::fill(&app.services()).await.expect("filled");
        let admin = babil.owner.with_token(&again.api_key);
        assert_eq!(admin.get(SHIFTS).await.ok()["paging"]["totalRowCount"], Json::from(before), "{start}");
    }
}

/// Reports of today and before, of every status, and days without one, by the login that the demo shows.
async fn reports_are_of_every_kind(app: &TestApp, babil: &Company, start: &str) {
    let services = app.services();
    let all = async |cond: Cond| services.store.select(&Query::of(EodReport::def(), babil.id, cond)).await.expect("reads");
    for status in EodStatus::NAMES {
        assert!(!all(Cond::eq("status", *status)).await.is_empty(), "{status} on {start}");
    }
    let today = babil.zone.date(app.clock.now());
    assert_eq!(all(Cond::eq("reportDate", today)).await.len(), 3, "the people whose logins are shown: {start}");
    let hassan = Query::of(User::def(), babil.id, Cond::eq("email", "hassan.malik@babil.example"));
    let hassan = services.store.select(&hassan).await.expect("reads")[0].id();
    let (his, duties) = (all(Cond::eq("userId", hassan)).await, Query::of(Duty::def(), babil.id, Cond::eq("userId", hassan)));
    let duties = services.store.select(&duties).await.expect("reads");
    let days: std::collections::BTreeSet<String> = duties.iter().map(|duty| format!("{:?}", duty.get("dutyDate"))).collect();
    assert!(his.len() > 3 && his.len() < days.len(), "one is missing: {} of {} on {start}", his.len(), days.len());
}

fn plus(date: &str, days: i64) -> String {
    (workforceos_tests::time::day(date) + chrono::Duration::days(days)).to_string()
}
