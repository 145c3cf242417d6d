//! A manager's reach follows the profiles: at once, everywhere, on every node.

use serde_json::json;
use workforceos_tests::{Client, DEADLINE, Db, TestApp, on_both_databases};

use super::{Team, hired};
use crate::paths::{CHECK_IN, DOCUMENTS, MARK_ABSENT, PROFILES, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(reach_moves_with_the_manager, streams_move_with_the_manager, alerts_go_to_the_manager_of_the_day);

async fn count(who: &Client, path: &str) -> u64 {
    who.get(path).await.ok()["rowCount"].as_u64().expect("a number")
}

async fn reach_moves_with_the_manager(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let worked = team.company.shift("2026-06-01", "06:00-14:00", &[&team.ann]).await;
    let coming = team.company.shift("2026-06-02", "06:00-14:00", &[&team.ann]).await;
    let record = text(&team.ann.post(CHECK_IN, json!({"shiftId": worked})).await.ok()["attendanceRecord"], "id");
    team.document("permit", None).await;
    let user = format!("/auth-api/v1/users/{}", team.ann.text());
    // What each of the two sees of Ann and may do about her, before and after.
    let (mia, bob) = (&team.mia, &team.bob);
    let reaches = async |who: &Client, all: u64| {
        for path in [SHIFTS, RECORDS, DOCUMENTS] {
            let expected = if path == SHIFTS { 2 * all } else { all };
            assert_eq!(count(who, path).await, expected, "{path}");
        }
        let status = if all == 1 { 200 } else { 404 };
        for path in [team.path(), format!("{SHIFTS}/{coming}"), format!("{RECORDS}/{record}"), user.clone()] {
            let told = who.get(&path).await;
            assert!(told.status == status || (status == 404 && told.status == 403), "{path}: {} {}", told.status, told.text);
        }
        assert_eq!(who.patch(&format!("{RECORDS}/{record}"), json!({"managerNote": "ok"})).await.status == 200, all == 1);
        assert_eq!(who.patch(&team.path(), json!({"notes": "ok"})).await.status == 200, all == 1);
    };
    reaches(mia, 1).await;
    reaches(bob, 0).await;
    team.eve.patch(&team.path(), json!({"managerId": bob.text()})).await.ok();
    reaches(mia, 0).await;
    reaches(bob, 1).await;
    bob.post(MARK_ABSENT, json!({"shiftId": coming, "userId": team.ann.text()})).await.ok();
    // The profile gone, nobody manages her.
    team.eve.delete(&team.path()).await.ok();
    reaches(mia, 0).await;
    assert_eq!((count(bob, SHIFTS).await, count(bob, RECORDS).await, count(bob, PROFILES).await), (0, 0, 0));
    let body = hired(&team.ann, json!({"managerId": mia.text()}));
    team.eve.post(PROFILES, body).await.ok();
    assert_eq!((count(mia, SHIFTS).await, count(mia, RECORDS).await, count(mia, PROFILES).await), (2, 2, 1));
}

async fn streams_move_with_the_manager(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let (mut mia, mut bob) = (team.mia.stream("").await, team.bob.stream("").await);
    mia.snapshot().await;
    bob.snapshot().await;
    let first = team.company.shift("2026-06-03", "06:00-14:00", &[&team.ann]).await;
    mia.next_is(first).await;
    team.eve.patch(&team.path(), json!({"managerId": team.bob.text()})).await.ok();
    let told = bob.told().await;
    assert_eq!((told.kind(), told.object_id()), ("profile.updated", team.profile.as_str()));
    assert_eq!(told.data["object"]["notes"], "***", "whole, as managers read it");
    let gone = mia.told().await;
    assert_eq!(gone.data["object"], json!({"id": team.profile, "isActive": false, "withdrawn": true}));
    bob.begins_anew().await;
    mia.begins_anew().await;
    let second = team.company.shift("2026-06-04", "06:00-14:00", &[&team.ann]).await;
    let own = team.company.shift("2026-06-04", "06:00-14:00", &[&team.mia]).await;
    bob.next_is(second).await;
    // The manager of old does not hear of it.
    mia.next_is(own).await;
}

async fn alerts_go_to_the_manager_of_the_day(db: Db) {
    let app = TestApp::start(db).await;
    let team = Team::make(&app, "acme", "UTC").await;
    let permit = team.document("permit", Some("2026-07-02")).await;
    team.eve.patch(&team.path(), json!({"managerId": team.bob.text()})).await.ok();
    app.sweep_at(workforceos_tests::time::at("2026-06-02T06:30:00Z")).await;
    let mut told: Vec<_> = team.alerts(&app, &permit).await.iter().filter_map(|a| a.get("recipientUserId").as_id()).collect();
    told.sort();
    let mut expected = vec![team.ann.id.0, team.bob.id.0];
    expected.sort();
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reach_moves_on_both_nodes() {
    if !Db::Postgres.is_here() {
        return;
    }
    let one = TestApp::start(Db::Postgres).await;
    let other = one.twin().await;
    let team = Team::make(&one, "acme", "UTC").await;
    let eventually = async |who: &Client, status: u16| {
        let asking = async { while who.get(&team.path()).await.status != status {} };
        tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(|_| panic!("never answered {status}"));
    };
    eventually(&team.mia.at(&other), 200).await;
    eventually(&team.bob.at(&other), 404).await;
    let mut bob = team.bob.at(&other).stream("schedule").await;
    bob.snapshot().await;
    team.eve.at(&one).patch(&team.path(), json!({"managerId": team.bob.text()})).await.ok();
    eventually(&team.mia.at(&other), 404).await;
    eventually(&team.bob.at(&other), 200).await;
    bob.begins_anew().await;
    let body = json!({"shiftDate": "2026-06-03", "startTime": "06:00", "endTime": "14:00", "assignedUserIds": [team.ann.text()]});
    let shift = text(&team.eve.at(&other).post(SHIFTS, body).await.ok()["shift"], "id");
    assert_eq!(bob.told().await.object_id(), shift);
}
