//! The contract's payroll vectors, each through the whole server: shifts, check-ins and absences by the APIs, then the report.

use serde_json::{Value as Json, json};
use workforceos_core::objects::{DayPart, LeaveStatus};
use workforceos_tests::time::at;
use workforceos_tests::{Db, Setup, TestApp, on_both_databases};

use super::support::{came, hire, holiday, leave, policy, request, shift};
use crate::paths::MARK_ABSENT;
use crate::plan::explained::{check_sum, explained};
use crate::text;

on_both_databases!(payroll_comes_out_as_published);

async fn payroll_comes_out_as_published(db: Db) {
    let file: Json = serde_json::from_str(include_str!("../../../fixtures/payroll_vectors.json")).expect("JSON");
    let vectors = file["vectors"].as_array().expect("a list");
    assert!(vectors.len() >= 13);
    let app = TestApp::with(db, Setup { start: at("2027-03-01T08:00:00Z"), ..Setup::default() }).await;
    for (i, vector) in vectors.iter().enumerate() {
        check(&app, &format!("company{i}"), vector).await;
    }
}

fn list<'j>(vector: &'j Json, name: &str) -> &'j [Json] {
    vector[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

async fn check(app: &TestApp, name: &str, vector: &Json) {
    let id = text(vector, "id");
    let company = app.company(name, &text(vector, "timezone")).await;
    let ann = company.employee("ann").await;
    policy(&company, vector["policy"].clone()).await;
    let since = vector["profile"]["employmentStartDate"].as_str().unwrap_or("2020-01-01");
    hire(&company, &ann, vector["profile"]["salary"].as_f64(), since).await;
    for date in list(vector, "holidays") {
        holiday(&company, date.as_str().expect("a date")).await;
    }
    for planned in list(vector, "shifts") {
        let times = format!("{}-{}", text(planned, "start"), text(planned, "end"));
        let shift = shift(&company, &ann, &text(planned, "date"), &times, planned["breakMinutes"].as_i64().unwrap_or(0)).await;
        for record in list(vector, "attendance").iter().filter(|r| r["shift"] == planned["id"]) {
            match record["in"].as_str() {
                Some(at) => drop(came(&company, &ann, &shift, at, record["out"].as_str()).await),
                None => {
                    let body = json!({"shiftId": shift["id"], "userId": ann.text()});
                    company.owner.post(MARK_ABSENT, body).await.ok();
                }
            }
        }
    }
    for taken in list(vector, "leave") {
        let part = taken["dayPart"].as_str().map_or(DayPart::Full, |p| DayPart::parse(p).expect("a part"));
        let status = LeaveStatus::parse(&text(taken, "status")).expect("a status");
        let days = (text(taken, "start"), text(taken, "end"));
        leave(&company, &ann, &text(taken, "type"), (&days.0, &days.1), part, status).await;
    }
    let date = |i: usize| vector["period"][i].as_str().expect("a date").to_owned();
    let period = (date(0), date(1));
    let mut more = json!({});
    for amount in ["bonus", "deduction"] {
        if vector[amount].is_number() {
            more[amount] = vector[amount].clone();
        }
    }
    let told = request(&company, &ann, (&period.0, &period.1), more).await;
    assert_eq!(told.status, 201, "{id}");
    let (told, expected) = (told.ok()["payrollReport"].clone(), &vector["expected"]);
    for field in ["totalHoursWorked", "overtimeHours", "absenceDays", "salaryCalculated", "absenceDaysExact", "openRecords"] {
        assert_eq!(told[field].as_f64(), expected[field].as_f64(), "{id}: {field} of {told}");
    }
    assert_eq!(told["breakdown"], expected["breakdown"], "{id}");
    let why = explained(&company.owner, &told).await;
    check_sum(&why);
    let hours = [&why["hours"]["totalHoursWorked"], &why["hours"]["overtimeHours"], &why["absence"]["days"]].map(Json::as_f64);
    assert_eq!(hours, ["totalHoursWorked", "overtimeHours", "absenceDaysExact"].map(|name| expected[name].as_f64()), "{id}");
    assert_eq!(why["hours"]["minutes"], expected["totalMinutes"], "{id}");
    assert!(why["steps"].as_array().is_some_and(|steps| steps.iter().all(|step| step["step"] != "earned")), "{id}: {why}");
    assert_eq!((&told["paymentStatus"], &told["warnings"]), (&json!("pending"), &json!([])), "{id}");
}
