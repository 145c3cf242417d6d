//! Who archives the own profile is gone for good after a month.

use serde_json::json;
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Alert, ApiKey, EmployeeProfile, UserAvatarsFile, UserSession};
use workforceos_services::auth::purge_archived;
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, MARK_ABSENT, PAYROLL, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    a_purged_person_leaves_no_trace,
    nobody_is_purged_too_early,
    whoever_is_deleted_meanwhile_is_purged_all_the_same,
    an_address_is_free_after_the_month,
    the_platforms_own_people_are_purged_too,
);

const PROFILE: &str = "/auth-api/v1/profile";

async fn a_purged_person_leaves_no_trace(db: Db) {
    let app = TestApp::start(db).await;
    let (mut acme, mut other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let (ann, bob, mia) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let crew = acme.department("crew", &[&ann, &bob]).await;
    ann.clone().use_key().await;
    let worked = acme.shift("2026-06-01", "06:30-14:00", &[&ann, &bob]).await;
    ann.post(CHECK_IN, json!({"shiftId": worked})).await.ok();
    let missed = acme.shift("2026-06-02", "06:30-14:00", &[&ann]).await;
    let absent = json!({"shiftId": missed, "userId": ann.text(), "absenceReason": "a broken leg"});
    acme.owner.post(MARK_ABSENT, absent).await.ok();
    let later = acme.shift("2026-08-03", "06:30-14:00", &[&ann, &bob]).await;
    app.sweep_at(workforceos_tests::time::at("2026-06-03T06:00:00Z")).await;
    acme.owner.log_in().await;
    let pay = json!({"userId": ann.text(), "periodStart": "2026-06-01", "periodEnd": "2026-06-02", "notes": "a broken leg"});
    let pay = format!("{PAYROLL}/{}", text(&acme.owner.post(PAYROLL, pay).await.ok()["payrollReport"], "id"));
    let mut ann = ann;
    ann.log_in().await;
    ann.delete(PROFILE).await.ok();
    app.set("2026-07-04T06:00:00Z");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 1);
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 0, "once");
    acme.owner.log_in().await;

    // What the company accounts for stays, without a name.
    let records = acme.owner.get(RECORDS).await.ok();
    let hers: Vec<_> =
        records["attendanceRecords"].as_array().expect("records").iter().filter(|r| r["userId"] == ann.text()).collect();
    assert_eq!(hers.len(), 2);
    for record in hers {
        assert_eq!((&record["absenceReason"], &record["user"]["fullname"]), (&json!(null), &json!("Deleted user")), "{record}");
    }
    let report = acme.owner.get(&pay).await.ok()["payrollReport"].clone();
    // A workday of June's 22 was missed.
    assert_eq!((&report["salaryCalculated"], &report["notes"]), (&json!(136.36), &json!(null)), "{report}");
    assert_eq!(report["calculatedFrom"], json!({}));
    let shift = acme.owner.get(&format!("{SHIFTS}/{later}")).await.ok();
    assert_eq!(shift["shift"]["assignedUserIds"], json!([bob.text()]));
    let members = acme.owner.get(&format!("/auth-api/v1/listusergroupmembers/{crew}")).await.ok();
    assert_eq!(members["rowCount"], 1, "{members}");
    nobody_finds(&acme, &ann).await;
    nothing_is_kept(&app, &acme, ann.id).await;
    // Nobody else was touched.
    other.owner.log_in().await;
    let ghost = other.owner.get("/auth-api/v1/users").await.ok();
    assert_eq!(ghost["rowCount"], 1);
    let store = &app.services().store;
    for company in [acme.id, other.id] {
        let verified = store.verify(company).await.expect("verifies");
        assert_eq!((verified.first_bad, verified.erased > 0), (None, company == acme.id), "{verified:?}");
    }
}

async fn nobody_finds(acme: &Company, ann: &Person) {
    acme.owner.get(&format!("/auth-api/v1/users/{}", ann.text())).await.refused(404, "UserNotFound");
    let found = acme.owner.get(&format!("/auth-api/v1/searchusers?keyword={}", &ann.email)).await.ok();
    assert_eq!(found["rowCount"], 0, "{found}");
    let login = json!({"username": ann.email, "password": workforceos_tests::PASSWORD});
    ann.client.post("/auth-api/login", login).await.refused(401, "InvalidCredentials");
}

async fn nothing_is_kept(app: &TestApp, acme: &Company, ann: UserId) {
    let store = &app.services().store;
    for def in [UserSession::def(), ApiKey::def(), Alert::def(), UserAvatarsFile::def()] {
        assert_eq!(store.owned(def, acme.id, ann).await.expect("reads"), [], "{}", def.name);
    }
    let profiles = store.owned(EmployeeProfile::def(), acme.id, ann).await.expect("reads");
    assert!(!profiles[0].is_active() && profiles[0].get("salary").is_null());
    let entries = store.journal(acme.id, 0, 10_000).await.expect("reads");
    for entry in entries {
        for trace in ["ann@", "a broken leg", "3000"] {
            assert!(!entry.after.contains(trace), "{trace} in {}: {}", entry.seq, entry.after);
        }
    }
}

async fn nobody_is_purged_too_early(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mut bob) = (acme.employee("ann").await, acme.employee("bob").await);
    ann.delete(PROFILE).await.ok();
    bob.delete(PROFILE).await.ok();
    app.set("2026-07-01T05:59:59Z");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 0);
    bob.log_in().await;
    app.set("2026-07-01T06:00:01Z");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 1, "the one who did not come back");
    assert_eq!(text(&bob.get("/auth-api/currentuser").await.ok(), "userId"), bob.text());
}

async fn whoever_is_deleted_meanwhile_is_purged_all_the_same(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    ann.delete(PROFILE).await.ok();
    acme.owner.delete(&format!("/auth-api/v1/users/{}", ann.text())).await.ok();
    app.set("2026-07-01T05:59:59Z");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 0);
    app.set("2026-07-01T06:00:01Z");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 1);
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 0, "once");
    acme.owner.log_in().await;
    nobody_finds(&acme, &ann).await;
    nothing_is_kept(&app, &acme, ann.id).await;
    let store = &app.services().store;
    assert_eq!(store.verify(acme.id).await.expect("verifies").first_bad, None);
}

async fn an_address_is_free_after_the_month(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    ann.delete(PROFILE).await.ok();
    app.set("2026-07-01T06:00:01Z");
    // The daily purge has not come by yet.
    let body = json!({"email": ann.email, "password": "another password", "fullname": "Anna Newcomer"});
    let made = app.anonymous().claiming("acme").post("/auth-api/v1/registercompanyuser", body).await.ok();
    assert_ne!(text(&made["user"], "id"), ann.text());
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 0);
    let login = json!({"username": ann.email, "password": "another password"});
    app.anonymous().claiming("acme").post("/auth-api/login", login).await.ok();
}

async fn the_platforms_own_people_are_purged_too(db: Db) {
    let app = TestApp::start(db).await;
    let sam = app.root_person("sam", workforceos_core::session::Role::SaasUser).await;
    sam.delete(PROFILE).await.ok();
    app.set("2026-07-02T06:00:00Z");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 1);
    app.super_admin().await.get(&format!("/auth-api/v1/users/{}", sam.text())).await.refused(404, "UserNotFound");
}
