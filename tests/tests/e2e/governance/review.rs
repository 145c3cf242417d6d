//! Who sees submitted reports, who reviews them, and what both sides are told.

use serde_json::json;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Duty;
use workforceos_core::query::{Cond, Query};
use workforceos_services::auth::purge_archived;
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use super::causes::{open, until};
use super::{ALERTS, DUTIES, EOD, SUMMARY, bad_fields, refused, review, submit};
use crate::paths::PROFILES;
use crate::text;

on_both_databases!(
    every_move_that_is_not_allowed_is_refused,
    only_the_direct_manager_reviews,
    both_sides_are_told,
    a_team_is_searched,
    two_reviews_at_once_are_one,
    what_is_written_has_its_length,
    the_manager_of_now_reviews,
    without_a_manager_nobody_reviews_until_there_is_one,
    who_leaves_waits_for_nothing,
    who_is_forgotten_leaves_no_report,
);

const SUBMITTED: &str = "eod_submitted";

async fn every_move_that_is_not_allowed_is_refused(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let id = text(&super::generate(&ann).await.ok(), "id");
    refused(review(&mia, &id, "Approved").await, 409, "CONFLICT");
    assert_eq!(mia.get(&format!("{EOD}/team")).await.ok(), json!([]), "what is not submitted is its author's");
    submit(&ann).await.ok();
    assert_eq!(bad_fields(review(&mia, &id, "Generated").await), ["action"]);
    assert_eq!(review(&mia, &id, "Needs Revision").await.ok()["status"], "Needs Revision");
    refused(review(&mia, &id, "Approved").await, 409, "CONFLICT");
    assert_eq!(submit(&ann).await.ok()["status"], "Pending Approval");
    let approved = review(&mia, &id, "Approved").await.ok();
    assert_eq!((&approved["status"], &approved["manager_comments"]), (&json!("Approved"), &json!("I see")));
    for action in ["Approved", "Rejected", "Needs Revision"] {
        refused(review(&mia, &id, action).await, 409, "CONFLICT");
    }
    refused(submit(&ann).await, 409, "CONFLICT");
    refused(super::generate(&ann).await, 409, "CONFLICT");
    app.set("2026-06-02T06:00:00Z");
    let mut fresh = ann.clone();
    fresh.log_in().await;
    let second = text(&submit(&fresh).await.ok(), "id");
    let mut manager = mia.clone();
    manager.log_in().await;
    assert_eq!(review(&manager, &second, "Rejected").await.ok()["status"], "Rejected");
    refused(submit(&fresh).await, 409, "CONFLICT");
}

async fn only_the_direct_manager_reviews(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia, max, eve) =
        (acme.employee("ann").await, acme.employee("mia").await, acme.employee("max").await, acme.admin("eve").await);
    let bob = acme.employee("bob").await;
    acme.manager_of(&mia, &[&ann]).await;
    acme.manager_of(&max, &[&bob, &mia]).await;
    let id = text(&submit(&ann).await.ok(), "id");
    refused(review(&ann, &id, "Approved").await, 403, "PERMISSION_ERROR");
    refused(review(&max, &id, "Approved").await, 403, "PERMISSION_ERROR");
    for admin in [&eve.client, &acme.owner.client, &app.super_admin().await.claiming(&acme.codename)] {
        refused(review(admin, &id, "Approved").await, 403, "PERMISSION_ERROR");
        assert_eq!(admin.get(&format!("{EOD}/team")).await.ok()[0]["id"], json!(id));
    }
    let foreign = app.company("other", "UTC").await;
    refused(review(&foreign.owner, &id, "Approved").await, 404, "NOT_FOUND");
    assert_eq!(max.get(&format!("{EOD}/team")).await.ok(), json!([]), "a report's report is not one's own");
    refused(ann.get(&format!("{EOD}/team")).await, 403, "PERMISSION_ERROR");
    // One's own neither, whoever one manages.
    let own = text(&submit(&mia).await.ok(), "id");
    refused(review(&mia, &own, "Approved").await, 403, "PERMISSION_ERROR");
    review(&mia, &id, "Approved").await.ok();
}

async fn both_sides_are_told(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (mut ann, mut mia, mut bob) = (acme.employee("ann").await, acme.employee("mia").await, acme.employee("bob").await);
    acme.manager_of(&mia, &[&ann]).await;
    for who in [&mut ann, &mut mia, &mut bob] {
        who.use_key().await;
    }
    let (mut hers, mut managers, mut others) =
        (ann.stream("eod,alerts").await, mia.stream("eod,alerts").await, bob.stream("eod,alerts").await);
    for live in [&mut hers, &mut managers, &mut others] {
        live.snapshot().await;
    }
    super::generate(&ann).await.ok();
    assert_eq!(hers.told().await.kind(), "eod.generated");
    let id = text(&submit(&ann).await.ok(), "id");
    let seen = [managers.next().await, managers.next().await].map(|event| event.expect("an event").kind().to_owned());
    assert_eq!(seen, ["eod.submitted", "alert.raised"], "nothing before it is submitted");
    let alert = mia.get(ALERTS).await.ok()[0].clone();
    let said = (&alert["alert_type"], &alert["related_entity_type"], &alert["related_entity_id"], &alert["status"]);
    assert_eq!(said, (&json!("eod_submitted"), &json!("eodReport"), &json!(id), &json!("OPEN")));
    assert_eq!(hers.told().await.kind(), "eod.submitted");
    review(&mia, &id, "Needs Revision").await.ok();
    let mut told = Vec::new();
    while told.len() < 2 {
        told.push(hers.told().await.kind().to_owned());
    }
    assert_eq!(told, ["eod.reviewed", "alert.raised"]);
    assert_eq!(mia.get(ALERTS).await.ok()[0]["status"], "RESOLVED", "what it waited for is done");
    let hers = ann.get(ALERTS).await.ok();
    assert_eq!(hers[0]["alert_type"], "eod_reviewed");
    assert!(text(&hers[0], "message").contains("Needs Revision. I see"), "{hers}");
    // Again, and the manager is told again.
    submit(&ann).await.ok();
    let open = mia.get(ALERTS).await.ok().as_array().expect("alerts").iter().filter(|a| a["status"] == "OPEN").count();
    assert_eq!(open, 1);
    acme.alert(&bob).await;
    assert_eq!(others.told().await.kind(), "alert.raised");
    assert_eq!(bob.get(ALERTS).await.ok().as_array().map(Vec::len), Some(1), "who is neither is told nothing");
}

async fn a_team_is_searched(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, cid, mia) =
        (acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    acme.department("Night watch", &[&bob, &cid]).await;
    for who in [&ann, &bob, &cid] {
        for date in ["2026-05-31", "2026-06-01"] {
            who.post(&format!("{EOD}/me/submit"), json!({"report_date": date, "work_summary": SUMMARY})).await.ok();
        }
    }
    let found = async |who: &workforceos_tests::Client, query: &str| {
        let told = who.get(&format!("{EOD}/team?{query}")).await.ok();
        let line = |report: &serde_json::Value| format!("{} {}", text(report, "user_name"), &text(report, "date")[5..]);
        let mut lines: Vec<String> = told.as_array().expect("reports").iter().map(line).collect();
        let dates: Vec<String> = lines.iter().map(|line| line[4..].to_owned()).collect();
        assert!(dates.windows(2).all(|two| two[0] >= two[1]), "the latest first: {dates:?}");
        lines.sort();
        lines
    };
    assert_eq!(found(&mia, "").await, ["ann 05-31", "ann 06-01", "bob 05-31", "bob 06-01"]);
    assert_eq!(found(&acme.owner, "date=2026-06-01").await, ["ann 06-01", "bob 06-01", "cid 06-01"]);
    assert_eq!(found(&mia, "search=ANN").await, ["ann 05-31", "ann 06-01"]);
    assert_eq!(found(&mia, "search=night&date=2026-06-01").await, ["bob 06-01"]);
    assert_eq!(found(&mia, "search=nurse&date=2026-05-31").await, ["ann 05-31", "bob 05-31"], "by position");
    assert_eq!(found(&acme.owner, "search=tenantUser&date=2026-05-31").await, ["ann 05-31", "bob 05-31", "cid 05-31"]);
    assert!(found(&mia, "search=cid").await.is_empty() && found(&mia, "search=100%25").await.is_empty());
    let id = text(&ann.get(&format!("{EOD}/me?date=2026-06-01")).await.ok(), "id");
    review(&mia, &id, "Approved").await.ok();
    assert_eq!(found(&mia, "status=Approved").await, ["ann 06-01"]);
    assert_eq!(found(&mia, "status=Pending%20Approval&search=ann").await, ["ann 05-31"]);
    assert_eq!(bad_fields(mia.get(&format!("{EOD}/team?status=open&date=x")).await), ["status", "date"]);
}

async fn two_reviews_at_once_are_one(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let id = text(&submit(&ann).await.ok(), "id");
    let calls: Vec<_> = ["Approved", "Rejected", "Needs Revision", "Approved"]
        .map(|action| {
            let (mia, id) = (mia.client.clone(), id.clone());
            tokio::spawn(async move { review(&mia, &id, action).await.status })
        })
        .into_iter()
        .collect();
    let mut done = 0;
    for call in calls {
        match call.await.expect("an answer") {
            200 => done += 1,
            status => assert_eq!(status, 409),
        }
    }
    assert_eq!(done, 1);
    let reviewed = ann.get(ALERTS).await.ok();
    assert_eq!(reviewed.as_array().map(Vec::len), Some(1), "{reviewed}");
}

async fn what_is_written_has_its_length(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let sent = async |body: serde_json::Value| ann.post(&format!("{EOD}/me/submit"), body).await;
    let (fits, long) = ("é".repeat(5_000), "é".repeat(5_001));
    let wrong = json!({"report_date": "2026-06-02", "work_summary": long, "blockers": long, "next_day_plan": long});
    assert_eq!(bad_fields(sent(wrong).await), ["report_date", "work_summary", "blockers", "next_day_plan"]);
    // What cannot be read is named along with what breaks the rules.
    let wrong = json!({"report_date": "2026-06-02", "work_summary": 7, "blockers": long, "next_day_plan": []});
    assert_eq!(bad_fields(sent(wrong).await), ["work_summary", "next_day_plan", "report_date", "blockers"]);
    let right = json!({"work_summary": fits, "blockers": fits, "next_day_plan": fits});
    let path = format!("{EOD}/{}/review", text(&sent(right).await.ok(), "id"));
    assert_eq!(bad_fields(mia.post(&path, json!({"action": "Approved", "comments": long})).await), ["comments"]);
    assert_eq!(bad_fields(mia.post(&path, json!({"action": "Approve", "comments": long})).await), ["action", "comments"]);
    assert_eq!(mia.post(&path, json!({"action": "Approved", "comments": fits})).await.ok()["manager_comments"], json!(fits));
}

/// The path of somebody's profile.
async fn profile(acme: &Company, who: &Person) -> String {
    let found = acme.owner.get(&format!("{PROFILES}?userId={}", who.text())).await.ok();
    format!("{PROFILES}/{}", text(&found["employeeProfiles"][0], "id"))
}

async fn the_manager_of_now_reviews(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let (mia, eve) = (acme.employee("mia").await, acme.employee("eve").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    let id = text(&submit(&ann).await.ok(), "id");
    acme.owner.patch(&profile(&acme, &ann).await, json!({"managerId": eve.text()})).await.ok();
    // Mia still manages Bob, and no longer Ann.
    refused(review(&mia, &id, "Approved").await, 403, "PERMISSION_ERROR");
    assert_eq!(mia.get(&format!("{EOD}/team")).await.ok(), json!([]));
    assert_eq!(eve.get(&format!("{EOD}/team")).await.ok()[0]["id"], json!(id));
    let alert = until(&eve, SUBMITTED, 1).await.remove(0);
    assert_eq!(alert["related_entity_id"], json!(id));
    until(&mia, SUBMITTED, 0).await;
    assert_eq!(review(&eve, &id, "Approved").await.ok()["status"], "Approved");
    assert_eq!(open(&eve, SUBMITTED).await.len(), 0);
}

async fn without_a_manager_nobody_reviews_until_there_is_one(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia, eve) = (acme.employee("ann").await, acme.employee("mia").await, acme.employee("eve").await);
    acme.manager_of(&mia, &[&ann]).await;
    let id = text(&submit(&ann).await.ok(), "id");
    acme.owner.delete(&format!("/auth-api/v1/users/{}", mia.text())).await.ok();
    refused(review(&mia, &id, "Approved").await, 401, "AUTH_ERROR");
    // The owner is told, and can name somebody.
    assert_eq!(until(&acme.owner, SUBMITTED, 1).await[0]["related_entity_id"], json!(id));
    refused(review(&acme.owner, &id, "Approved").await, 403, "PERMISSION_ERROR");
    acme.owner.patch(&profile(&acme, &ann).await, json!({"managerId": eve.text()})).await.ok();
    until(&eve, SUBMITTED, 1).await;
    until(&acme.owner, SUBMITTED, 0).await;
    assert_eq!(review(&eve, &id, "Needs Revision").await.ok()["status"], "Needs Revision");
    assert_eq!(submit(&ann).await.ok()["status"], "Pending Approval");
}

async fn who_leaves_waits_for_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    submit(&ann).await.ok();
    until(&mia, SUBMITTED, 1).await;
    acme.owner.delete(&format!("/auth-api/v1/users/{}", ann.text())).await.ok();
    until(&mia, SUBMITTED, 0).await;
    refused(submit(&ann).await, 401, "AUTH_ERROR");
    // What was reported stays for admins to read.
    assert_eq!(acme.owner.get(&format!("{EOD}/team")).await.ok().as_array().map(Vec::len), Some(1));
}

async fn who_is_forgotten_leaves_no_report(db: Db) {
    let app = TestApp::start(db).await;
    let mut acme = app.company("acme", "UTC").await;
    let (ann, bob, mia) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    acme.owner.use_key().await;
    let (anns, bobs) = (text(&submit(&ann).await.ok(), "id"), text(&submit(&bob).await.ok(), "id"));
    bob.post(DUTIES, json!({"title": "Water the plants"})).await.ok();
    review(&mia, &anns, "Rejected").await.ok();
    for who in [&bob, &mia] {
        who.delete("/auth-api/v1/profile").await.ok();
    }
    app.set("2026-07-15T06:00:00Z");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 2);
    // What the manager said of others is theirs, and stays.
    let left = acme.owner.get(&format!("{EOD}/team")).await.ok();
    assert_eq!(left.as_array().map(Vec::len), Some(1), "{left}");
    assert_eq!((&left[0]["id"], &left[0]["manager_comments"]), (&json!(anns), &json!("I see")));
    refused(review(&acme.owner, &bobs, "Approved").await, 404, "NOT_FOUND");
    let duties = Query::of(Duty::def(), acme.id, Cond::eq("userId", bob.id.0));
    assert!(app.services().store.select(&duties).await.expect("reads").is_empty());
}
