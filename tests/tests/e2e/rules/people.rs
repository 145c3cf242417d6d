//! What becomes of shifts, streams and stored answers when people come, go and change.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    those_who_leave_are_gone_at_once,
    a_clash_by_joining_is_reported,
    a_manager_is_one_as_long_as_there_are_reports,
    one_time_secrets_are_not_kept,
    read_only_keys_read,
);

async fn those_who_leave_are_gone_at_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann, &bob]).await;
    let mut live = ann.stream("").await;
    live.snapshot().await;
    acme.owner.delete(&format!("/auth-api/v1/users/{}", ann.text())).await.ok();
    assert_eq!(live.ended().await, "logout");
    ann.get(RECORDS).await.refused(401, "LoginRequired");
    let login = json!({"username": ann.email, "password": workforceos_tests::PASSWORD});
    app.anonymous().claiming("acme").post("/auth-api/login", login).await.refused(401, "InvalidCredentials");
    acme.plan("2026-06-02", "08:00-16:00", &[&ann]).await.refused(400, "ValidationFailed");
    // What is planned stays, and nobody who is gone becomes absent.
    acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"location": "Ward 3"})).await.ok();
    bob.post(CHECK_IN, json!({"shiftId": shift})).await.ok();
    app.sweep_at(workforceos_tests::time::at("2026-06-01T15:00:00Z")).await;
    let records = acme.owner.get(RECORDS).await.ok();
    assert_eq!((&records["rowCount"], &records["attendanceRecords"][0]["userId"]), (&json!(1), &json!(bob.text())));
}

async fn a_clash_by_joining_is_reported(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let crew = acme.department("crew", &[]).await;
    acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    let body =
        json!({"shiftDate": "2026-06-10", "startTime": "12:00", "endTime": "20:00", "assignedDepartmentIds": [crew.to_string()]});
    acme.owner.post(SHIFTS, body).await.ok();
    let (mut managers, mut owners) = (mia.stream("alerts").await, acme.owner.stream("alerts").await);
    managers.snapshot().await;
    owners.snapshot().await;
    let member = json!({"groupId": crew.to_string(), "userId": ann.text()});
    let joined = acme.owner.post("/auth-api/v1/usergroupmembers", member).await.ok();
    // Whoever is in charge of the person is told; that the department is the manager's as well from now on costs no alert.
    let seen = managers.until(|event| event.kind() == "alert.raised").await;
    assert_eq!(seen[0].name.as_deref(), Some("reset"));
    owners.next_is(acme.alert(&acme.owner).await).await;
    let object = seen.last().expect("an alert").data["object"].clone();
    assert_eq!((&object["alertType"], &object["status"]), (&json!("shift_conflict"), &json!("OPEN")));
    assert_eq!(object["relatedEntityId"], joined["userGroupMember"]["id"]);
    let message = text(&object, "message");
    for wanted in ["ann is planned twice at a time since joining the department", "of 2026-06-10 from 12:00 to 20:00"] {
        assert!(message.contains(wanted), "{wanted}: {message}");
    }
    assert!(!message.contains(&ann.text()), "names, no ids: {message}");
}

async fn a_manager_is_one_as_long_as_there_are_reports(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let path = format!("{SHIFTS}/{shift}");
    mia.get(&path).await.refused(404, "ShiftNotFound");
    mia.get("/auth-api/v1/users").await.refused(403, "Forbidden");
    acme.manager_of(&mia, &[&ann]).await;
    mia.get(&path).await.ok();
    let users = mia.get("/auth-api/v1/users").await.ok();
    let mut seen: Vec<String> = users["users"].as_array().expect("users").iter().map(|u| text(u, "id")).collect();
    let mut expected = vec![ann.text(), mia.text()];
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
    // A report who leaves takes the reach along.
    acme.owner.delete(&format!("/auth-api/v1/users/{}", ann.text())).await.ok();
    mia.get(&path).await.refused(404, "ShiftNotFound");
    mia.get("/auth-api/v1/users").await.refused(403, "Forbidden");
}

async fn one_time_secrets_are_not_kept(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let keys = "/auth-api/v1/apikeys";
    let once = acme.owner.with_key("k").post(keys, json!({"name": "robot"})).await.ok();
    let again = acme.owner.with_key("k").post(keys, json!({"name": "robot"})).await.ok();
    assert_eq!(again["apiKey"]["id"], once["apiKey"]["id"]);
    assert!(once["key"].is_string() && again.get("key").is_none_or(Json::is_null), "{again}");
    assert_eq!(acme.owner.get(keys).await.ok()["rowCount"], 1);
    for row in [&once["apiKey"], &acme.owner.get(keys).await.ok()["apiKeys"][0]] {
        assert!(row.get("digest").is_none(), "{row}");
    }
    // A key cannot make keys.
    let robot = acme.owner.with_token(&text(&once, "key"));
    robot.post(keys, json!({"name": "child"})).await.refused(403, "Forbidden");
    let masked = acme.owner.tool("createApiKey", json!({"name": "tool"})).await.ok();
    let told: Json = serde_json::from_str(masked["result"]["content"][0]["text"].as_str().expect("text")).expect("JSON");
    assert_eq!(told["key"], "***");
}

async fn read_only_keys_read(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let keys = "/auth-api/v1/apikeys";
    let made = acme.owner.post(keys, json!({"name": "reader", "readOnly": true, "services": ["scheduleManagement"]})).await.ok();
    let reader = acme.owner.with_token(&text(&made, "key"));
    reader.get(SHIFTS).await.ok();
    let body = json!({"shiftDate": "2026-06-10", "startTime": "09:00", "endTime": "17:00"});
    reader.post(SHIFTS, body.clone()).await.refused(403, "Forbidden");
    assert_eq!(reader.tool("createShift", body).await.status, 403);
    reader.get(RECORDS).await.refused(403, "Forbidden");
    let expiring = acme.owner.post(keys, json!({"name": "brief", "expiresAt": "2026-06-01T07:00:00Z"})).await.ok();
    let brief = acme.owner.with_token(&text(&expiring, "key"));
    brief.get(SHIFTS).await.ok();
    app.set("2026-06-01T07:00:00Z");
    brief.get(SHIFTS).await.refused(401, "LoginRequired");
}
