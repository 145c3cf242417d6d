//! A refusal names every bad field at once: what cannot be read, what breaks a rule, and whom the company does not know.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use workforceos_tests::{Company, Db, Person, Reply, TestApp, on_both_databases};

use crate::paths::{LEAVE, LOCKS, PAYROLL, PROFILES, SHIFTS, TEMPLATES};
use crate::text;

on_both_databases!(
    a_shifts_bad_fields_are_named_at_once,
    a_templates_bad_fields_are_named_at_once,
    a_payroll_reports_bad_fields_are_named_at_once,
    a_profiles_bad_fields_are_named_at_once,
    a_leave_requests_bad_fields_are_named_at_once,
    nothing_is_told_of_what_is_not_known_to_be_bad,
);

const UNKNOWN: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

async fn company(db: Db) -> (TestApp, Company, Person) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    (app, acme, ann)
}

/// The names of the bad fields, each of which is told once.
#[track_caller]
fn named(reply: Reply) -> BTreeSet<String> {
    let fields = reply.bad_fields();
    let names: BTreeSet<String> = fields.iter().cloned().collect();
    assert_eq!(names.len(), fields.len(), "each once: {fields:?}");
    names
}

fn names(wanted: &[&str]) -> BTreeSet<String> {
    wanted.iter().map(|name| (*name).to_owned()).collect()
}

async fn a_shifts_bad_fields_are_named_at_once(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let body = json!({"shiftDate": "2026-06-10", "startTime": "xx", "endTime": "16:00", "assignedUserIds": [UNKNOWN], "breakMinutes": -5,
        "neededCount": 0});
    let wanted = names(&["startTime", "assignedUserIds", "breakMinutes", "neededCount"]);
    assert_eq!(named(acme.owner.post(SHIFTS, body).await), wanted);
    let all = json!({"shiftDate": "soon", "startTime": "xx", "endTime": "25:00", "assignedUserIds": [UNKNOWN],
        "assignedDepartmentIds": [UNKNOWN], "departmentId": UNKNOWN, "breakMinutes": -5, "neededCount": 0, "draft": "maybe"});
    let every = [
        "shiftDate",
        "startTime",
        "endTime",
        "assignedUserIds",
        "assignedDepartmentIds",
        "departmentId",
        "breakMinutes",
        "neededCount",
    ];
    let told = named(acme.owner.post(SHIFTS, all.clone()).await);
    assert_eq!(told, &names(&every) | &names(&["draft"]));
    let path = format!("{SHIFTS}/{}", acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await);
    let mut change = all;
    change.as_object_mut().expect("an object").remove("draft");
    change["status"] = json!("nonsense");
    assert_eq!(named(acme.owner.patch(&path, change.clone()).await), &names(&every) | &names(&["status"]));
    // All that can be read: the rules alone.
    change["shiftDate"] = json!("2026-06-10");
    change["status"] = json!("cancelled");
    let every = &names(&every) - &names(&["shiftDate"]);
    assert_eq!(named(acme.owner.patch(&path, change).await), every);
    // A break that is too long for the shift, beside others.
    let long =
        json!({"shiftDate": "2026-06-10", "startTime": "08:00", "endTime": "09:00", "breakMinutes": 60, "departmentId": UNKNOWN});
    assert_eq!(named(acme.owner.post(SHIFTS, long).await), names(&["breakMinutes", "departmentId"]));
    let long = json!({"breakMinutes": 480, "departmentId": UNKNOWN, "neededCount": "x"});
    assert_eq!(named(acme.owner.patch(&path, long).await), names(&["breakMinutes", "departmentId", "neededCount"]));
    assert_eq!(acme.owner.get(&path).await.ok()["shift"]["recordVersion"], 1);
    // Ranges of dates, beside what they are about.
    let range = json!({"from": "2026-06-10", "to": "2026-06-09", "departmentId": UNKNOWN});
    let publish = "/schedulemanagement-api/v1/shifts/publish";
    assert_eq!(named(acme.owner.post(publish, range.clone()).await), names(&["to", "departmentId"]));
}

async fn a_templates_bad_fields_are_named_at_once(db: Db) {
    let (_app, acme, _) = company(db).await;
    let bad = json!({"name": "Early", "startTime": "xx", "endTime": "14:00", "recurrenceRule": "WEEKLY", "departmentId": UNKNOWN,
        "breakMinutes": -1, "neededCount": 0});
    let wanted = ["startTime", "recurrenceRule", "departmentId", "breakMinutes", "neededCount"];
    assert_eq!(named(acme.owner.post(TEMPLATES, bad.clone()).await), names(&wanted));
    let good = json!({"name": "Early", "startTime": "06:00", "endTime": "14:00", "recurrenceRule": "FREQ=DAILY"});
    let path = format!("{TEMPLATES}/{}", text(&acme.owner.post(TEMPLATES, good).await.ok()["shiftTemplate"], "id"));
    let mut change = bad;
    change["name"] = json!(" ");
    assert_eq!(named(acme.owner.patch(&path, change).await), &names(&wanted) | &names(&["name"]));
    let generate =
        json!({"from": "2026-06-10", "to": "2026-06-09", "assignedUserIds": [UNKNOWN], "assignedDepartmentIds": [UNKNOWN]});
    let told = named(acme.owner.post(&format!("{path}/generate"), generate).await);
    assert_eq!(told, names(&["to", "assignedUserIds", "assignedDepartmentIds"]));
}

async fn a_payroll_reports_bad_fields_are_named_at_once(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let mut bad = json!({"userId": ann.text(), "periodStart": "2026-06-01", "periodEnd": "2026-06-30", "bonus": -1, "deduction": -3,
        "paymentStatus": "x"});
    assert_eq!(named(acme.owner.post(PAYROLL, bad.clone()).await), names(&["bonus", "deduction", "paymentStatus"]));
    bad["userId"] = json!(UNKNOWN);
    bad["periodEnd"] = json!("2026-05-01");
    bad["paymentDate"] = json!("then");
    let every = ["userId", "periodEnd", "bonus", "deduction", "paymentStatus", "paymentDate"];
    assert_eq!(named(acme.owner.post(PAYROLL, bad).await), names(&every));
    let profile =
        json!({"userId": ann.text(), "employmentStartDate": "2020-01-01", "position": "Nurse", "contractType": "permanent"});
    acme.owner.post(PROFILES, profile).await.ok();
    let period = json!({"userId": ann.text(), "periodStart": "2026-05-01", "periodEnd": "2026-05-31"});
    let path = format!("{PAYROLL}/{}", text(&acme.owner.post(PAYROLL, period).await.ok()["payrollReport"], "id"));
    let change = json!({"bonus": -1, "deduction": 2e12, "paymentStatus": "x", "paymentDate": "then"});
    assert_eq!(named(acme.owner.patch(&path, change).await), names(&["bonus", "deduction", "paymentStatus", "paymentDate"]));
    let span = json!({"from": "2026-06-10", "to": "then"});
    assert_eq!(named(acme.owner.post(LOCKS, span).await), names(&["to"]));
}

async fn a_profiles_bad_fields_are_named_at_once(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let bad = json!({"userId": UNKNOWN, "employmentStartDate": "then", "position": "Nurse", "contractType": "x", "salary": -1,
        "departmentId": UNKNOWN, "managerId": UNKNOWN});
    let every = ["userId", "employmentStartDate", "contractType", "salary", "departmentId", "managerId"];
    assert_eq!(named(acme.owner.post(PROFILES, bad.clone()).await), names(&every));
    let good =
        json!({"userId": ann.text(), "employmentStartDate": "2020-01-01", "position": "Nurse", "contractType": "permanent"});
    let path = format!("{PROFILES}/{}", text(&acme.owner.post(PROFILES, good).await.ok()["employeeProfile"], "id"));
    let mut change = bad;
    change.as_object_mut().expect("an object").remove("userId");
    change["position"] = json!("  ");
    let told = named(acme.owner.patch(&path, change.clone()).await);
    assert_eq!(told, &(&names(&every) - &names(&["userId"])) | &names(&["position"]));
    // Who may not change it learns no more than that it cannot be read.
    let told = named(ann.patch(&path, change).await);
    assert_eq!(told, names(&["employmentStartDate", "contractType"]));
}

async fn a_leave_requests_bad_fields_are_named_at_once(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let asks = async |body: Json| named(ann.post(LEAVE, body).await);
    let turned = json!({"leaveType": "annual", "startDate": "2026-05-20", "endDate": "2026-05-10", "dayPart": "x", "departmentId": UNKNOWN});
    assert_eq!(asks(turned.clone()).await, names(&["startDate", "endDate", "dayPart", "departmentId"]));
    let late = json!({"leaveType": "x".repeat(101), "startDate": "then", "endDate": "2026-05-10", "departmentId": UNKNOWN});
    assert_eq!(asks(late).await, names(&["leaveType", "startDate", "endDate", "departmentId"]));
    let halves = json!({"leaveType": "annual", "startDate": "2026-07-01", "endDate": "2026-07-02", "dayPart": "firstHalf", "departmentId": "x"});
    assert_eq!(asks(halves).await, names(&["dayPart", "departmentId"]));
    // Both dates have to be others.
    let past = json!({"leaveType": "annual", "startDate": "2026-05-10", "endDate": "2026-05-20"});
    assert_eq!(asks(past).await, names(&["startDate", "endDate"]));
    let pending = json!({"leaveType": "annual", "startDate": "2026-07-01", "endDate": "2026-07-02"});
    let path = format!("{LEAVE}/{}", text(&ann.post(LEAVE, pending).await.ok()["leaveRequest"], "id"));
    let change = async |who: &Person, body: Json| named(who.patch(&path, body).await);
    assert_eq!(change(&ann, turned.clone()).await, names(&["startDate", "endDate", "dayPart", "departmentId"]));
    let status = json!({"endDate": "2026-06-30", "status": "x"});
    assert_eq!(change(&ann, status).await, names(&["endDate", "status"]));
    // For others only what cannot be read is bad: the rest is not theirs to ask for.
    assert_eq!(change(&acme.owner, turned).await, names(&["dayPart"]));
}

/// What hangs on a field that cannot be read is not judged, and who may not call is told nothing.
async fn nothing_is_told_of_what_is_not_known_to_be_bad(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let body = json!({"shiftDate": "2026-06-10", "startTime": "xx", "endTime": "09:00", "breakMinutes": 600});
    assert_eq!(named(acme.owner.post(SHIFTS, body).await), names(&["startTime"]));
    let path = format!("{SHIFTS}/{}", acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await);
    let body = json!({"startTime": 7, "endTime": "09:00", "breakMinutes": 300});
    assert_eq!(named(acme.owner.patch(&path, body).await), names(&["startTime"]));
    let body = json!({"leaveType": "annual", "startDate": "2026-07-01", "endDate": "then", "dayPart": "firstHalf"});
    assert_eq!(named(ann.post(LEAVE, body).await), names(&["endDate"]));
    let body = json!({"userId": "x", "periodStart": "then", "periodEnd": "2026-05-01"});
    assert_eq!(named(acme.owner.post(PAYROLL, body.clone()).await), names(&["userId", "periodStart"]));
    let body = json!({"userId": "x", "employmentStartDate": "2020-01-01", "position": "Nurse", "contractType": "permanent",
        "managerId": acme.owner.text()});
    assert_eq!(named(acme.owner.post(PROFILES, body.clone()).await), names(&["userId"]));
    ann.post(PROFILES, body).await.refused(403, "Forbidden");
    // What is not there has no other bad fields.
    let bad = json!({"startTime": 7, "assignedUserIds": [UNKNOWN]});
    assert_eq!(named(acme.owner.patch(&format!("{SHIFTS}/{UNKNOWN}"), bad).await), names(&["startTime"]));
    let tool = acme
        .owner
        .tool("createShift", json!({"shiftDate": "soon", "startTime": "08:00", "endTime": "9", "neededCount": 0}))
        .await;
    assert_eq!(named(tool), names(&["shiftDate", "endTime", "neededCount"]));
}
