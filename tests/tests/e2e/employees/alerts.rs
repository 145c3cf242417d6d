//! A document about to expire is reported 30, 7 and 1 days before, each once, and settled when it is renewed.

use serde_json::json;
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::Alert;
use workforceos_core::query::{Cond, Query};
use workforceos_core::value::Value;
use workforceos_tests::time::at;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{ADDRESS, Team};
use crate::paths::DOCUMENTS;

on_both_databases!(
    each_step_is_told_once,
    once_also_across_a_restart_and_a_long_sleep,
    what_ends_the_cause_settles_the_alerts,
    a_longer_one_of_the_same_type_renews,
    the_owner_hears_where_there_is_no_manager,
    who_has_left_needs_no_permit,
    the_sample_company_has_some,
);

fn open(alerts: &[Record]) -> usize {
    alerts.iter().filter(|a| *a.get("status") == Value::Text("OPEN".to_owned())).count()
}

async fn each_step_is_told_once(db: Db) {
    let app = TestApp::start(db).await;
    // Berlin is two hours ahead: its days begin at 22:00.
    let team = Team::make(&app, "acme", "Europe/Berlin").await;
    let permit = team.document("permit", Some("2026-07-31")).await;
    let mut live = team.ann.stream("alerts").await;
    live.snapshot().await;
    let mut told = 0;
    for (now, raised) in [
        ("2026-06-30T21:59:00Z", 0),
        ("2026-06-30T22:00:00Z", 2),
        ("2026-06-30T22:00:00Z", 0),
        ("2026-07-10T12:00:00Z", 0),
        ("2026-07-23T21:59:00Z", 0),
        ("2026-07-23T22:00:00Z", 2),
        ("2026-07-24T12:00:00Z", 0),
        ("2026-07-29T22:00:00Z", 2),
        ("2026-07-31T12:00:00Z", 0),
        ("2026-08-05T12:00:00Z", 0),
    ] {
        app.sweep_at(at(now)).await;
        told += raised;
        let alerts = team.alerts(&app, &permit).await;
        assert_eq!(alerts.len(), told, "{now}");
        assert_eq!(open(&alerts), told.min(2), "the one before has had its time: {now}");
    }
    let alerts = team.alerts(&app, &permit).await;
    for person in [&team.ann, &team.mia] {
        let theirs: Vec<&Record> = alerts.iter().filter(|a| a.get("recipientUserId").as_id() == Some(person.id.0)).collect();
        let messages: Vec<&str> = theirs.iter().filter_map(|a| a.get("message").as_text()).collect();
        assert_eq!(messages.len(), 3);
        for (message, left) in messages.iter().zip(["30 days are left", "7 days are left", "one day is left"]) {
            assert!(message.contains("permit\" of ann") && message.contains("2026-07-31") && message.contains(left), "{message}");
            assert!(!message.contains("planted"), "{message}");
        }
    }
    let mut kinds = Vec::new();
    while kinds.len() < 5 {
        kinds.push(live.told().await.kind().to_owned());
    }
    assert_eq!(kinds, ["alert.raised", "alert.resolved", "alert.raised", "alert.resolved", "alert.raised"]);
}

async fn once_also_across_a_restart_and_a_long_sleep(db: Db) {
    let mut app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let permit = team.document("permit", Some("2026-07-31")).await;
    let passed = team.document("old permit", Some("2026-06-10")).await;
    let ended = team.document("ended", Some("2026-05-10")).await;
    app.sweep().await;
    assert_eq!(team.alerts(&app, &permit).await.len(), 0);
    assert_eq!(team.alerts(&app, &passed).await.len(), 2, "of nine days the alert of thirty");
    app.sweep_at(at("2026-07-01T00:00:00Z")).await;
    app.restart().await;
    app.sweep().await;
    assert_eq!(team.alerts(&app, &permit).await.len(), 2);
    // Asleep for the second and the third: the latest alone is told.
    app.restart().await;
    app.sweep_at(at("2026-07-30T10:00:00Z")).await;
    app.sweep().await;
    assert_eq!(team.alerts(&app, &permit).await.len(), 4);
    assert_eq!(team.alerts(&app, &ended).await.len(), 0, "what is expired is seen to be");
}

async fn what_ends_the_cause_settles_the_alerts(db: Db) {
    let app = TestApp::start(db).await;
    let mut team = Team::make(&app, "acme", "UTC").await;
    let (moved, deleted, endless) = (
        team.document("a", Some("2026-06-20")).await,
        team.document("b", Some("2026-06-20")).await,
        team.document("c", Some("2026-06-20")).await,
    );
    app.sweep().await;
    for document in [&moved, &deleted, &endless] {
        assert_eq!(open(&team.alerts(&app, document).await), 2);
    }
    // A change of something else settles nothing.
    team.mia.patch(&format!("{DOCUMENTS}/{moved}"), json!({"documentUrl": format!("{ADDRESS}?2")})).await.ok();
    assert_eq!(open(&team.alerts(&app, &moved).await), 2);
    team.mia.patch(&format!("{DOCUMENTS}/{moved}"), json!({"validUntil": "2026-07-10"})).await.ok();
    team.mia.delete(&format!("{DOCUMENTS}/{deleted}")).await.ok();
    team.mia.patch(&format!("{DOCUMENTS}/{endless}"), json!({"validUntil": null})).await.ok();
    for document in [&moved, &deleted, &endless] {
        let alerts = team.alerts(&app, document).await;
        assert_eq!((alerts.len(), open(&alerts)), (2, 0));
        assert!(alerts.iter().all(|a| !a.get("resolvedAt").is_null()));
    }
    // The moved one begins anew.
    app.sweep_at(at("2026-06-10T00:00:00Z")).await;
    assert_eq!(open(&team.alerts(&app, &moved).await), 2);
    assert_eq!(team.alerts(&app, &endless).await.len(), 2);
    // With the profile goes all of it.
    team.log_in().await;
    team.eve.delete(&team.path()).await.ok();
    assert_eq!(open(&team.alerts(&app, &moved).await), 0);
    app.sweep_at(at("2026-07-09T00:00:00Z")).await;
    assert_eq!(team.alerts(&app, &moved).await.len(), 4);
}

async fn a_longer_one_of_the_same_type_renews(db: Db) {
    let app = TestApp::start(db).await;
    let mut team = Team::make(&app, "acme", "UTC").await;
    let old = team.document("Work permit", Some("2026-06-20")).await;
    app.sweep().await;
    assert_eq!(open(&team.alerts(&app, &old).await), 2);
    let shorter = team.document("work permit", Some("2026-06-20")).await;
    assert_eq!(open(&team.alerts(&app, &old).await), 2);
    team.mia.delete(&format!("{DOCUMENTS}/{shorter}")).await.ok();
    let renewed = team.document("work permit", Some("2028-06-20")).await;
    assert_eq!(open(&team.alerts(&app, &old).await), 0);
    app.sweep_at(at("2026-06-13T00:00:00Z")).await;
    assert_eq!(team.alerts(&app, &old).await.len(), 2, "what is renewed is not told of");
    // The new one gone, the old one matters again.
    team.log_in().await;
    team.mia.delete(&format!("{DOCUMENTS}/{renewed}")).await.ok();
    app.sweep().await;
    assert_eq!(open(&team.alerts(&app, &old).await), 2);
}

async fn the_owner_hears_where_there_is_no_manager(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    team.eve.patch(&team.path(), json!({"managerId": null})).await.ok();
    let body =
        json!({"employeeProfileId": team.profile, "documentType": "visa", "documentUrl": ADDRESS, "validUntil": "2026-06-20"});
    let visa = crate::text(&team.eve.post(DOCUMENTS, body).await.ok()["employeeDocument"], "id");
    app.sweep().await;
    let alerts = team.alerts(&app, &visa).await;
    let told: std::collections::BTreeSet<_> = alerts.iter().filter_map(|a| a.get("recipientUserId").as_id()).collect();
    assert_eq!(told, [team.ann.id.0, team.company.owner.id.0].into());
}

async fn who_has_left_needs_no_permit(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let visa = team.document("visa", Some("2026-07-10")).await;
    team.ann.delete("/auth-api/v1/profile").await.ok();
    app.sweep().await;
    app.sweep_at(at("2026-06-13T00:00:00Z")).await;
    assert_eq!(team.alerts(&app, &visa).await, []);
}

async fn the_sample_company_has_some(db: Db) {
    let app = TestApp::start(db).await;
    let babil = app.company("babil", "Asia/Karachi").await;
    workforceos_services::sample::fill(&app.services()).await.expect("filled");
    let count = async |path: &str| babil.owner.get(path).await.ok()["paging"]["totalRowCount"].as_u64().expect("a number");
    assert_eq!(count(crate::paths::PROFILES).await, 38);
    assert!(count(DOCUMENTS).await > 50);
    app.sweep().await;
    let raised = Query::of(Alert::def(), babil.id, Cond::eq("alertType", "document_expiring"));
    let raised = app.services().store.select(&raised).await.expect("reads");
    assert!(raised.len() >= 8 && raised.len().is_multiple_of(2), "{}", raised.len());
}
