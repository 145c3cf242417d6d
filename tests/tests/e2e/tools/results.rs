//! Calls as models make them: read kindly, answered thriftily, noted with door and client, limited like all others.

use reqwest::Method;
use serde_json::{Value as Json, json};
use workforceos_core::Clock;
use workforceos_core::Timestamp;
use workforceos_core::tool::LIFETIME;
use workforceos_tests::{Db, Setup, TestApp, on_both_databases};

use super::{Session, journal};
use crate::paths::{PROFILES, SHIFTS};
use crate::text;

on_both_databases!(changes_are_noted_with_door_and_client, references_are_good_on_every_node);

async fn changes_are_noted_with_door_and_client(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let session = Session::at(&acme.owner, "/mcpbff-api/mcp", "desk-agent").await;
    let made = session.call("createUserGroup", json!({"groupName": "By MCP"})).await;
    assert!(!made.failed, "{}", made.json);
    let body = json!({"toolName": "createUserGroup", "args": {"groupName": "By the tools' own route"}});
    let request = acme.owner.request(Method::POST, "/mcpbff-api/api/tools/call").header("user-agent", "desk-bot/2").json(&body);
    assert_eq!(request.send().await.expect("answered").status(), 200);
    acme.owner.tool("createUserGroup", json!({"groupName": "Nameless"})).await.ok();
    acme.owner.post("/auth-api/v1/usergroups", json!({"groupName": "By REST"})).await.ok();
    let entries = journal::of(&app).await;
    let doors: Vec<(&str, Json)> = entries
        .iter()
        .filter(|entry| entry.action == "createUserGroup")
        .map(|entry| (entry.via.as_str(), serde_json::from_str(entry.extra.as_deref().unwrap_or("null")).expect("JSON")))
        .collect();
    let by = |client: &str| json!({"client": client});
    assert_eq!(doors, [("mcp", by("desk-agent")), ("mcp", by("desk-bot/2")), ("mcp", Json::Null), ("rest", Json::Null)]);
    assert_eq!(app.services().store.verify(acme.id).await.expect("read").first_bad, None, "the chain holds");
}

/// The page's code is made by one node and read by another; nobody keeps it.
async fn references_are_good_on_every_node(db: Db) {
    let mut app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let found = acme.owner.get(PROFILES).await.ok();
    let profile = text(&found["employeeProfiles"][0], "id");
    acme.owner.patch(&format!("{PROFILES}/{profile}"), json!({"notes": "asthma"})).await.ok();
    let session = Session::open(&mia, "").await;
    let read = session.call("getEmployeeProfile", json!({"employeeProfileId": profile})).await.json;
    assert_eq!(read["employeeProfile"]["notes"], "***");
    let code = text(&read["employeeProfile"], "__proxyCode");
    let asked = json!({"proxyCode": code, "fieldName": "notes"});
    let shown = session.call("showSecretFieldInFrontEnd", asked.clone()).await;
    assert_eq!(shown.structured.as_ref(), Some(&shown.json));
    let action = &shown.json["__frontendAction"];
    assert_eq!(
        (&action["value"], &action["recordId"], &action["renderType"]),
        (&json!("***"), &json!(profile), &json!("asText"))
    );
    // Another user, who may read the record as well.
    acme.owner.tool("showSecretFieldInFrontEnd", asked.clone()).await.refused(400, "ValidationFailed");
    if db == Db::Postgres {
        let twin = app.twin().await;
        mia.client.at(&twin).tool("showSecretFieldInFrontEnd", asked.clone()).await.ok();
    }
    app.restart().await;
    mia.tool("showSecretFieldInFrontEnd", asked.clone()).await.ok();
    // Rights are looked at when it is used.
    let body = json!({"managerId": null});
    acme.owner.patch(&format!("{PROFILES}/{profile}"), body).await.ok();
    assert_ne!(mia.tool("showSecretFieldInFrontEnd", asked.clone()).await.status, 200, "no manager any more");
    acme.owner.patch(&format!("{PROFILES}/{profile}"), json!({"managerId": mia.text()})).await.ok();
    mia.tool("showSecretFieldInFrontEnd", asked.clone()).await.ok();
    app.clock.set(Timestamp(app.clock.now().0 + LIFETIME + 1_000));
    mia.tool("showSecretFieldInFrontEnd", asked).await.refused(400, "ValidationFailed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loose_arguments_are_taken_for_what_they_mean() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let session = Session::open(&acme.owner, "").await;
    let people = format!("{}, {}", ann.text(), bob.text());
    let asked = json!({"shift_date": "2026-06-08T00:00:00Z", "startTime": "09:00", "endTime": "17:00", "assignedUserIds": people,
        "location": null, "departmentId": "", "draft": "false", "breakMinutes": null});
    let made = session.call("createShift", asked).await;
    assert!(!made.failed, "{}", made.json);
    let shift = &made.json["shift"];
    assert_eq!((&shift["shiftDate"], shift["assignedUserIds"].as_array().map(Vec::len)), (&json!("2026-06-08"), Some(2)));
    assert!(shift.get("location").is_none() && shift.get("status_idx").is_none() && shift["status"] == "scheduled", "{shift}");
    let asked = json!({"assignedUserIds": ann.text(), "shiftDate": {"gte": "2026-06-01", "lt": "2026-07-01"}, "status": "Scheduled,completed"});
    let listed = session.call("listShifts", asked).await;
    assert_eq!(listed.json["paging"]["totalRowCount"], 1, "{}", listed.json);
    let named = session.call("listShifts", json!({"fields": ["location", "isActive", "status"]})).await.json;
    let row = named["shifts"][0].as_object().expect("a row");
    assert!(row["location"].is_null() && row["isActive"] == true && row.contains_key("location"), "asked for, so told: {named}");

    let wrong = session.call("createShift", json!({"shiftDay": "2026-06-08", "startTime": "09:00", "endTime": "17:00"})).await;
    assert!(
        wrong.failed && wrong.json["detail"][0]["problem"].as_str().is_some_and(|p| p.contains("did you mean shiftDate")),
        "{}",
        wrong.json
    );
    let wrong = session.call("getShift", json!({"shiftId": "night shift of Ann"})).await;
    assert_eq!(wrong.json["hint"], "shiftId: ids are found with listShifts.", "{}", wrong.json);
    let gone = session.call("getShift", json!({"shiftId": ann.text()})).await;
    assert_eq!(
        (&gone.json["errCode"], &gone.json["hint"]),
        (&json!("ShiftNotFound"), &json!("listShifts finds those that this user can reach."))
    );
    let wrong = session.call("createTaskAssignment", json!({"title": "Count", "assigneeUserIds": ["Ann"]})).await;
    assert_eq!(wrong.json["hint"], "assigneeUserIds: ids are found with listUsers.", "{}", wrong.json);
    // REST goes on ignoring what it does not know.
    let body = json!({"shiftDate": "2026-06-09", "startTime": "09:00", "endTime": "17:00", "colour": "red"});
    acme.owner.post(SHIFTS, body).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_calls_too_often_is_told_when_to_go_on() {
    let app = TestApp::with(Db::Sqlite, Setup { rate_limit: 40, ..Setup::default() }).await;
    let acme = app.company("acme", "UTC").await;
    let mut ann = acme.employee("ann").await;
    ann.use_key().await;
    app.clock.set(Timestamp(app.clock.now().0 + 60_000));
    let session = Session::open(&ann, "").await;
    let mut refused = None;
    for _ in 0..12 {
        let called = session.call("currentuser", json!({})).await;
        if called.failed {
            refused = Some(called.json);
            break;
        }
    }
    let refused = refused.expect("a limit");
    let seconds = refused["retryAfterSeconds"].as_i64().expect("seconds");
    assert_eq!((&refused["errCode"], &refused["status"]), (&json!("RateLimited"), &json!(429)));
    let hint = format!("Wait {seconds} seconds, then make the same call again.");
    assert_eq!(refused["hint"], hint.as_str());
    let told = ann.tool("currentuser", json!({})).await;
    assert_eq!((told.status, &told.body["success"], &told.body["errCode"]), (429, &json!(false), &json!("RateLimited")));
    assert!(told.body["hint"].as_str().is_some_and(|h| h.starts_with("Wait")), "{}", told.text);
    app.clock.set(Timestamp(app.clock.now().0 + seconds * 1000));
    assert!(!session.call("currentuser", json!({})).await.failed);
}
