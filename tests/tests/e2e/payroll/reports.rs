//! Reports as things: one per period, kept once paid, seen by whom they concern, told and audited.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use sqlx::{Connection, PgConnection, SqliteConnection};
use workforceos_core::object::DataObject;
use workforceos_core::objects::PayrollReport;
use workforceos_core::query::{Cond, Query};
use workforceos_store::Database;
use workforceos_tests::time::at;
use workforceos_tests::{Company, Db, Person, Setup, TestApp, on_both_databases};

use super::support::{hire, hire_under, policy, report, request, shift, worked};
use crate::paths::{MARK_ABSENT, PAYROLL, SHIFTS};
use crate::text;

on_both_databases!(
    creating_again_recalculates,
    overlapping_periods_are_refused,
    paid_reports_are_kept,
    concurrent_creates_give_one_report,
    reports_are_read_by_whom_they_concern,
    lists_are_narrowed_by_period_department_and_status,
    changes_are_told_and_audited,
    a_mistyped_period_is_taken_back,
    who_archived_is_paid_to_the_last_day,
    absences_from_cancelled_shifts_are_pointed_out,
);

const JULY: (&str, &str) = ("2026-07-01", "2026-07-31");

async fn company(db: Db) -> (TestApp, Company, Person) {
    let app = TestApp::with(db, Setup { start: at("2026-08-15T08:00:00Z"), ..Setup::default() }).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    policy(&acme, json!({"salaryBasis": "hourly"})).await;
    hire(&acme, &ann, Some(20.0), "2020-01-01").await;
    (app, acme, ann)
}

fn path(report: &Json) -> String {
    format!("{PAYROLL}/{}", text(report, "id"))
}

async fn creating_again_recalculates(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let first = request(&acme, &ann, JULY, json!({"bonus": 5, "notes": "first"})).await;
    assert_eq!((first.status, &first.body["statusCode"]), (201, &json!(201)));
    let first = first.ok()["payrollReport"].clone();
    assert_eq!((&first["salaryCalculated"], &first["paymentStatus"]), (&json!(5), &json!("pending")));
    worked(&acme, &ann, "2026-07-01", "09:00-17:00").await;
    // What is left out stays, what is given replaces.
    let again = request(&acme, &ann, JULY, json!({"deduction": 1})).await;
    assert_eq!((again.status, &again.body["statusCode"]), (200, &json!(200)));
    let again = again.ok()["payrollReport"].clone();
    assert_eq!((&again["id"], &again["recordVersion"], &again["notes"]), (&first["id"], &json!(2), &json!("first")));
    assert_eq!(again["salaryCalculated"], 164);
    // A change of bonus leaves the calculation as it was: the salary of then applies.
    policy(&acme, json!({"salaryBasis": "monthly"})).await;
    let changed = acme.owner.patch(&path(&first), json!({"bonus": 7.255, "deduction": null})).await.ok()["payrollReport"].clone();
    assert_eq!((&changed["salaryCalculated"], &changed["deduction"]), (&json!(167.26), &Json::Null));
    assert_eq!(changed["calculatedFrom"]["salaryBasis"], "hourly");
    assert_eq!(acme.owner.patch(&path(&first), json!({"bonus": -1})).await.bad_fields(), ["bonus"]);
    acme.owner
        .patch(&format!("{PAYROLL}/01890a5d-ac96-774b-bcce-b302099a8057"), json!({}))
        .await
        .refused(404, "PayrollReportNotFound");
    // An idempotency key gives the stored answer with its status.
    let body = json!({"userId": ann.text(), "periodStart": "2026-06-01", "periodEnd": "2026-06-30"});
    let keyed = acme.owner.with_key("june");
    let (one, two) = (keyed.post(PAYROLL, body.clone()).await, keyed.post(PAYROLL, body).await);
    assert_eq!((one.status, two.status), (201, 201));
    assert_eq!(one.ok()["payrollReport"]["recordVersion"], two.ok()["payrollReport"]["recordVersion"]);
}

async fn overlapping_periods_are_refused(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let july = report(&acme, &ann, JULY).await;
    for period in [
        ("2026-07-31", "2026-08-01"),
        ("2026-06-01", "2026-07-01"),
        ("2026-07-10", "2026-07-12"),
        ("2026-06-01", "2026-08-31"),
        ("2026-07-01", "2026-07-30"),
    ] {
        let body = request(&acme, &ann, period, json!({})).await.refused(409, "PeriodOverlap");
        assert_eq!(body["detail"]["payrollReport"]["id"], july["id"], "{period:?}");
    }
    report(&acme, &ann, ("2026-06-01", "2026-06-30")).await;
    report(&acme, &ann, ("2026-08-01", "2026-08-31")).await;
    // Somebody else's period is nobody's business.
    let bob = acme.employee("bob").await;
    hire(&acme, &bob, Some(20.0), "2020-01-01").await;
    report(&acme, &bob, ("2026-07-10", "2026-08-10")).await;
}

async fn paid_reports_are_kept(db: Db) {
    let (_app, acme, ann) = company(db).await;
    worked(&acme, &ann, "2026-07-01", "09:00-17:00").await;
    let july = report(&acme, &ann, JULY).await;
    let paid = acme.owner.patch(&path(&july), json!({"paymentStatus": "PAID", "paymentDate": "2026-08-01", "bonus": 1})).await;
    let paid = paid.ok()["payrollReport"].clone();
    assert_eq!(
        (&paid["paymentStatus"], &paid["paymentStatus_idx"], &paid["paymentDate"]),
        (&json!("paid"), &json!(0), &json!("2026-08-01"))
    );
    worked(&acme, &ann, "2026-07-02", "09:00-17:00").await;
    request(&acme, &ann, JULY, json!({})).await.refused(409, "PayrollPaid");
    request(&acme, &ann, JULY, json!({"recalculate": false})).await.refused(409, "PayrollPaid");
    acme.owner.patch(&path(&july), json!({"bonus": 2})).await.refused(409, "PayrollPaid");
    // What is said about it may change; the figures do not.
    let noted = acme.owner.patch(&path(&july), json!({"notes": "by bank", "bonus": 1})).await.ok()["payrollReport"].clone();
    assert_eq!((&noted["salaryCalculated"], &noted["breakdown"]), (&paid["salaryCalculated"], &paid["breakdown"]));
    let kept = acme.owner.get(&path(&july)).await.ok()["payrollReport"].clone();
    assert_eq!((&kept["salaryCalculated"], &kept["totalHoursWorked"]), (&json!(161), &json!(8)));
    // On purpose it is calculated anew, and stays paid.
    let anew = request(&acme, &ann, JULY, json!({"recalculate": true})).await.ok()["payrollReport"].clone();
    assert_eq!((&anew["salaryCalculated"], &anew["paymentStatus"]), (&json!(321), &json!("paid")));
    // A payment that came back opens it again.
    let back = acme.owner.patch(&path(&july), json!({"paymentStatus": "unpaid", "bonus": 2, "paymentDate": null})).await;
    assert_eq!(back.ok()["payrollReport"]["salaryCalculated"], 322);
    assert_eq!(request(&acme, &ann, JULY, json!({})).await.status, 200);
}

async fn concurrent_creates_give_one_report(db: Db) {
    let (app, acme, ann) = company(db).await;
    worked(&acme, &ann, "2026-07-01", "09:00-17:00").await;
    // On PostgreSQL two servers take part.
    let twin = if db == Db::Postgres { Some(app.twin().await) } else { None };
    let at_either =
        |i: usize| twin.as_ref().filter(|_| i % 2 == 1).map_or_else(|| acme.owner.client.clone(), |twin| acme.owner.at(twin));
    let body = json!({"userId": ann.text(), "periodStart": JULY.0, "periodEnd": JULY.1});
    let told = join_all((0..24).map(|i| {
        let (client, body) = (at_either(i), body.clone());
        async move { client.post(PAYROLL, body).await }
    }))
    .await;
    assert_eq!(told.iter().filter(|r| r.status == 201).count(), 1);
    assert!(told.iter().all(|r| matches!(r.status, 200 | 201)));
    let ids: BTreeSet<String> = told.into_iter().map(|r| text(&r.ok()["payrollReport"], "id")).collect();
    assert_eq!(ids.len(), 1);
    let stored = app.services().store.select(&Query::of(PayrollReport::def(), acme.id, Cond::TRUE)).await.expect("reports");
    assert_eq!(stored.len(), 1);
    // Of periods that overlap one another exactly one is left.
    let periods: Vec<(String, String)> =
        (1..=20).map(|d| (format!("2026-05-{d:02}"), format!("2026-05-{:02}", d + 10))).collect();
    let told = join_all(periods.iter().map(|(from, to)| request(&acme, &ann, (from, to), json!({})))).await;
    let made: Vec<&str> =
        told.iter().filter(|r| r.status == 201).filter_map(|r| r.body["payrollReport"]["periodStart"].as_str()).collect();
    assert!(!made.is_empty() && made.len() <= 2, "{made:?}");
    assert!(told.iter().all(|r| r.status == 201 || r.body["errCode"] == "PeriodOverlap"));
}

async fn reports_are_read_by_whom_they_concern(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let (mia, bob) = (acme.employee("mia").await, acme.employee("bob").await);
    hire_under(&acme, &bob, Some(20.0), "2020-01-01", Some(&mia)).await;
    hire(&acme, &mia, Some(20.0), "2020-01-01").await;
    let mut reports = Vec::new();
    for who in [&ann, &bob, &mia] {
        reports.push(request(&acme, who, JULY, json!({"notes": "quiet"})).await.ok()["payrollReport"].clone());
    }
    let [anns, bobs, mias] = &reports[..] else { panic!("three reports") };
    let hidden = |r: &Json| ["notes", "calculatedFrom", "earned"].into_iter().filter(|n| r.get(*n).is_some()).count();
    let own = bob.get(&path(bobs)).await.ok()["payrollReport"].clone();
    assert_eq!((hidden(&own), &own["user"]["fullname"]), (0, &json!("bob")));
    assert!(own["breakdown"].is_array(), "the own days are seen");
    bob.get(&path(anns)).await.refused(404, "PayrollReportNotFound");
    let managed = mia.get(&path(bobs)).await.ok()["payrollReport"].clone();
    assert_eq!((hidden(&managed), &managed["notes"]), (2, &json!("quiet")), "notes and what it was calculated from");
    assert_eq!(hidden(&mia.get(&path(mias)).await.ok()["payrollReport"]), 0, "the own one without");
    mia.get(&path(anns)).await.refused(404, "PayrollReportNotFound");
    // Only admins write.
    for who in [&bob, &mia] {
        let body = json!({"userId": bob.text(), "periodStart": "2026-06-01", "periodEnd": "2026-06-30"});
        who.post(PAYROLL, body).await.refused(403, "Forbidden");
        who.patch(&path(bobs), json!({"bonus": 1})).await.refused(403, "Forbidden");
    }
    let count = async |who: &Person, query: &str| who.get(&format!("{PAYROLL}?{query}")).await.ok()["rowCount"].clone();
    assert_eq!((count(&bob, "").await, count(&mia, "").await, count(&acme.owner, "").await), (json!(1), json!(2), json!(3)));
    assert_eq!(count(&mia, &format!("userId={}", bob.text())).await, 1);
    bob.get(&format!("{PAYROLL}?userId={}", ann.text())).await.refused(403, "Forbidden");
    mia.get(&format!("{PAYROLL}?userId={}", ann.text())).await.refused(403, "Forbidden");
    assert_eq!(bob.get(&format!("{PAYROLL}?sortBy=notes")).await.bad_fields(), ["sortBy"]);
    assert_eq!(acme.owner.get(&format!("{PAYROLL}?fields=earned")).await.bad_fields(), ["fields"]);
    // Paths are read whatever their case.
    assert_eq!(bob.get("/payrollReporting-api/v1/payrollReports").await.status, 200);
    assert_eq!(bob.get("/payrollreporting-api/V1/PayrollREPORTS").await.status, 200);
}

async fn lists_are_narrowed_by_period_department_and_status(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let bob = acme.employee("bob").await;
    hire(&acme, &bob, Some(20.0), "2020-01-01").await;
    let crew = acme.department("crew", &[&bob]).await;
    for period in [("2026-05-01", "2026-05-31"), ("2026-06-01", "2026-06-30"), JULY] {
        report(&acme, &ann, period).await;
        report(&acme, &bob, period).await;
    }
    request(&acme, &ann, JULY, json!({"paymentStatus": "partial"})).await.ok();
    let owner = &acme.owner;
    let count = async |query: &str| {
        let body = owner.get(&format!("{PAYROLL}?{query}")).await.ok();
        assert_eq!(body["rowCount"], body["paging"]["totalRowCount"]);
        body["rowCount"].as_u64().unwrap_or_default()
    };
    assert_eq!(count("periodStart=2026-06-01").await, 4, "on or after");
    assert_eq!(count("periodStart=2026-06-02").await, 2);
    assert_eq!(count("periodEnd=2026-06-30").await, 4, "on or before");
    assert_eq!(count("periodEnd=2026-06-29").await, 2);
    assert_eq!(count("periodStart=2026-06-01&periodEnd=2026-06-30").await, 2);
    assert_eq!(count("periodStart=$lt-2026-06-01").await, 2, "and as filters read");
    assert_eq!(count(&format!("departmentId={crew}")).await, 3);
    assert_eq!(count(&format!("departmentId={crew}&periodStart=2026-07-01")).await, 1);
    assert_eq!(count("departmentId=01890a5d-ac96-774b-bcce-b302099a8057").await, 0);
    assert_eq!(count(&format!("userId={}&userId={}", ann.text(), bob.text())).await, 6);
    assert_eq!(count("paymentStatus=PARTIAL").await, 1);
    assert_eq!(count("paymentStatus=partial&paymentStatus=paid").await, 1);
    let body = owner.get(&format!("{PAYROLL}?paymentStatus=partial")).await.ok();
    assert_eq!(body["filters"], json!([{"name": "paymentStatus", "values": ["partial"]}]));
    assert_eq!(body["payrollReports"][0]["user"]["fullname"], "ann");
    let bad =
        owner.get(&format!("{PAYROLL}?paymentStatus=x&periodStart=x&userId=x&departmentId=x&periodEnd=x")).await.bad_fields();
    assert_eq!(bad.into_iter().collect::<BTreeSet<_>>().len(), 5);
}

async fn changes_are_told_and_audited(db: Db) {
    let (app, acme, ann) = company(db).await;
    let (mia, bob) = (acme.employee("mia").await, acme.employee("bob").await);
    hire_under(&acme, &bob, Some(20.0), "2020-01-01", Some(&mia)).await;
    let mut lives = Vec::new();
    for who in [&bob, &mia, &acme.owner, &ann] {
        let mut live = who.stream("payroll").await;
        live.snapshot().await;
        lives.push(live);
    }
    let bobs = request(&acme, &bob, JULY, json!({"notes": "quiet"})).await.ok()["payrollReport"].clone();
    acme.owner.patch(&path(&bobs), json!({"bonus": 3})).await.ok();
    let anns = report(&acme, &ann, JULY).await;
    for (i, live) in lives.iter_mut().take(3).enumerate() {
        for kind in ["payroll.created", "payroll.updated"] {
            let event = live.told().await;
            assert_eq!((event.kind(), event.object_id()), (kind, text(&bobs, "id").as_str()));
            assert_eq!(event.data["object"].get("notes").is_some(), i > 0, "the employee hears nothing of notes");
            assert_eq!(event.data["object"].get("calculatedFrom").is_some(), i > 0);
            assert!(event.data["object"].get("earned").is_none());
        }
    }
    // Somebody else's report is none of Ann's.
    assert_eq!(lives[3].told().await.object_id(), text(&anns, "id"));
    let entries = audited(&app, &text(&bobs, "id")).await;
    let pay = |json: &Json| json["bonus"].clone();
    let told: Vec<(String, Json, Json)> =
        entries.iter().map(|(action, before, after)| (action.clone(), pay(before), pay(after))).collect();
    let expected =
        [("createPayrollReport".to_owned(), Json::Null, Json::Null), ("updatePayrollReport".to_owned(), Json::Null, json!(3))];
    assert_eq!(told, expected);
    assert_eq!((&entries[0].1, &entries[1].1), (&Json::Null, &entries[0].2), "before is what after was");
    assert_eq!(app.services().store.verify(acme.id).await.expect("verified").first_bad, None);
}

/// The audit log's entries about an object: what was done, before and after.
async fn audited(app: &TestApp, id: &str) -> Vec<(String, Json, Json)> {
    let read = "SELECT action, before, after FROM journal WHERE audited = 1 AND object_id = $1 ORDER BY seq";
    let json = |text: Option<String>| text.and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default();
    type Row = (String, Option<String>, Option<String>);
    let rows: Vec<Row> = match &app.services().settings.database {
        Database::Sqlite(path) => {
            let mut db = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.expect("the database");
            sqlx::query_as(read).bind(id).fetch_all(&mut db).await.expect("the journal")
        }
        Database::Postgres(url) => {
            let mut db = PgConnection::connect(url).await.expect("the database");
            sqlx::query_as(read).bind(id).fetch_all(&mut db).await.expect("the journal")
        }
    };
    rows.into_iter().map(|(action, before, after)| (action, json(before), json(after))).collect()
}

async fn a_mistyped_period_is_taken_back(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let mistyped = report(&acme, &ann, ("2026-01-01", "2026-07-31")).await;
    request(&acme, &ann, JULY, json!({})).await.refused(409, "PeriodOverlap");
    let mut live = ann.stream("payroll").await;
    live.snapshot().await;
    ann.delete(&path(&mistyped)).await.refused(403, "Forbidden");
    for status in ["paid", "partial"] {
        acme.owner.patch(&path(&mistyped), json!({"paymentStatus": status})).await.ok();
        acme.owner.delete(&path(&mistyped)).await.refused(409, "PayrollPaid");
    }
    acme.owner.patch(&path(&mistyped), json!({"paymentStatus": "unpaid"})).await.ok();
    let gone = acme.owner.delete(&path(&mistyped)).await.ok()["payrollReport"].clone();
    assert_eq!((&gone["id"], &gone["isActive"]), (&mistyped["id"], &json!(false)));
    acme.owner.get(&path(&mistyped)).await.refused(404, "PayrollReportNotFound");
    acme.owner.delete(&path(&mistyped)).await.refused(404, "PayrollReportNotFound");
    let seen = live.until(|e| e.kind() == "payroll.deleted").await;
    assert_eq!(seen.last().expect("an event").object_id(), text(&mistyped, "id"));
    // What stood in the way is gone, the very period included.
    let july = report(&acme, &ann, JULY).await;
    acme.owner.delete(&path(&july)).await.ok();
    report(&acme, &ann, ("2026-01-01", "2026-07-31")).await;
}

async fn who_archived_is_paid_to_the_last_day(db: Db) {
    let (_app, acme, ann) = company(db).await;
    worked(&acme, &ann, "2026-07-01", "09:00-17:00").await;
    let stranger = acme.employee("stranger").await;
    request(&acme, &stranger, JULY, json!({})).await.refused(409, "ProfileMissing");
    ann.delete("/auth-api/v1/profile").await.ok();
    assert_eq!(report(&acme, &ann, JULY).await["salaryCalculated"], 160);
    let nobody = json!({"userId": "01890a5d-ac96-774b-bcce-b302099a8057", "periodStart": JULY.0, "periodEnd": JULY.1});
    assert_eq!(acme.owner.post(PAYROLL, nobody).await.bad_fields(), ["userId"]);
}

async fn absences_from_cancelled_shifts_are_pointed_out(db: Db) {
    let (_app, acme, ann) = company(db).await;
    let plan = shift(&acme, &ann, "2026-08-20", "09:00-17:00", 0).await;
    acme.owner.post(MARK_ABSENT, json!({"shiftId": plan["id"], "userId": ann.text()})).await.ok();
    let august = ("2026-08-01", "2026-08-31");
    let warned = async || report(&acme, &ann, august).await["warnings"].to_string().contains("cancelled afterwards");
    assert!(!warned().await);
    acme.owner.patch(&format!("{SHIFTS}/{}", text(&plan, "id")), json!({"status": "cancelled"})).await.ok();
    assert!(warned().await);
}
