//! What leaves as a file: the audit log itself, tables, calendars. Each is an entry before its first byte is sent.

use reqwest::Method;
use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Db, TestApp, on_both_databases};

use super::page;
use crate::paths::SHIFTS;
use crate::text;

on_both_databases!(
    the_log_is_exported_whole_in_both_forms,
    an_export_is_narrowed_and_listed,
    cells_are_harmless,
    an_export_ends_with_the_login,
    tables_are_listed_with_their_filters,
    a_calendar_is_listed_once_a_day,
);

const EXPORT: &str = "/api/v1/audit-logs/export";
const GROUPS: &str = "/auth-api/v1/usergroups";

async fn export(client: &Client, query: &str) -> (String, String) {
    let response = client.request(Method::GET, &format!("{EXPORT}?{query}")).send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 200, "{query}");
    let kind = response.headers()["content-type"].to_str().expect("text").to_owned();
    let disposition = response.headers()["content-disposition"].to_str().expect("text").to_owned();
    assert!(disposition.starts_with("attachment; filename=\"audit-log."), "{disposition}");
    (kind, response.text().await.expect("the whole file"))
}

async fn entries(client: &Client, query: &str) -> Vec<Json> {
    let (kind, text) = export(client, &format!("format=json&{query}")).await;
    assert_eq!(kind, "application/json");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn groups(client: &Client, count: usize) {
    for i in 0..count {
        client.post(GROUPS, json!({"groupName": format!("group{i}")})).await.ok();
    }
}

async fn the_log_is_exported_whole_in_both_forms(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    // Exactly two pages, then more.
    groups(&acme.owner, 400).await;
    assert_eq!(entries(&acme.owner, "entity_type=userGroup").await.len(), 400);
    groups(&acme.owner, 30).await;
    let (mut listed, mut before) = (Vec::new(), String::new());
    loop {
        let some = page(&acme.owner, &format!("entity_type=userGroup{before}")).await;
        let Some(last) = some.last() else { break };
        before = format!("&before={}", last["id"]);
        listed.extend(some);
    }
    let exported = entries(&acme.owner, "entity_type=userGroup").await;
    assert_eq!((exported.len(), &exported), (430, &listed), "as the list tells them");
    let (kind, csv) = export(&acme.owner, "entity_type=userGroup").await;
    assert_eq!(kind, "text/csv; charset=utf-8; header=present");
    let lines: Vec<&str> = csv.split("\r\n").collect();
    let header = "id,created_at,actor_user_id,actor_name,action_type,entity_type,entity_id,old_value,new_value,extra_metadata";
    assert_eq!((lines[0], lines.len()), (header, 432), "a header, the entries, and nothing after the last line's end");
    let of_first: Vec<&str> = lines[1].split(',').take(6).collect();
    let first = &listed[0];
    let id = first["id"].to_string();
    let expected =
        [&id, first["created_at"].as_str().expect("text"), &acme.owner.text(), "Owner of acme", "createUserGroup", "userGroup"];
    assert_eq!(of_first, expected);
    assert!(lines[1].contains("\"\"groupName\"\":\"\"group29\"\""), "{}", lines[1]);
}

async fn an_export_is_narrowed_and_listed(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let eve = acme.admin("eve").await;
    groups(&acme.owner, 2).await;
    app.set("2026-06-01T09:00:00Z");
    groups(&eve, 3).await;
    let count = async |query: &str| entries(&acme.owner, query).await.len();
    assert_eq!(count("entity_type=userGroup").await, 5);
    assert_eq!(count("entity_type=userGroup&from=2026-06-01T09:00:00Z").await, 3);
    assert_eq!(count("entity_type=userGroup&to=2026-06-01T09:00:00Z").await, 2);
    assert_eq!(count(&format!("entity_type=userGroup&actor_user_id={}", eve.text())).await, 3);
    assert_eq!(count("entity_type=nothing").await, 0);
    assert_eq!(entries(&other.owner, "entity_type=userGroup").await, [] as [Json; 0]);
    let token = acme.owner.token.clone().expect("a token");
    acme.owner.get(&format!("{EXPORT}?entity_type=shift&access_token={token}&limit=3")).await;
    let exports = page(&acme.owner, "entity_type=export").await;
    assert_eq!(exports.len(), 6, "{exports:?}");
    let newest = &exports[0];
    assert_eq!((&newest["action_type"], &newest["actor_user_id"]), (&json!("export"), &json!(acme.owner.text())));
    let extra = &newest["extra_metadata"];
    assert_eq!((&extra["api"], &extra["format"]), (&json!("listAuditLogs"), &json!("csv")));
    assert_eq!(extra["filters"], json!({"entity_type": "shift"}), "no token, nothing that does not narrow");
    // What is wrong is told, and is no export.
    for (query, fields) in [
        ("format=xml", vec!["format"]),
        ("format=xml&from=x&actor_user_id=7", vec!["actor_user_id", "format", "from"]),
        ("to=never", vec!["to"]),
    ] {
        let told = acme.owner.get(&format!("{EXPORT}?{query}")).await;
        let details = told.body["error"]["details"].as_array().expect("details").clone();
        let mut named: Vec<&str> = details.iter().map(|d| d["field"].as_str().expect("a name")).collect();
        named.sort_unstable();
        assert_eq!((told.status, named), (422, fields), "{query}: {}", told.text);
    }
    let told = app.anonymous().get(EXPORT).await;
    assert_eq!((told.status, &told.body["error"]["code"]), (401, &json!("AUTH_ERROR")), "{}", told.text);
    assert_eq!(acme.owner.post(EXPORT, json!({})).await.status, 405);
    assert_eq!(page(&acme.owner, "entity_type=export").await.len(), 6);
    // The root admin exports a company's in the company, and the SaaS level's at home.
    let root = app.super_admin().await;
    entries(&root.claiming("acme"), "").await;
    assert!(!entries(&root, "").await.is_empty());
    assert_eq!(page(&acme.owner, "entity_type=export").await.len(), 7);
    assert_eq!(page(&root, "entity_type=export").await.len(), 1);
    // A key that only reads takes files as well; one for another service does not.
    let made = acme.owner.post("/auth-api/v1/apikeys", json!({"name": "reads", "readOnly": true})).await.ok();
    entries(&acme.owner.with_token(&text(&made, "key")), "entity_type=userGroup").await;
    let made = acme.owner.post("/auth-api/v1/apikeys", json!({"name": "leave", "services": ["leaveManagement"]})).await.ok();
    assert_eq!(acme.owner.with_token(&text(&made, "key")).get(EXPORT).await.status, 403);
}

async fn cells_are_harmless(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let owner = &acme.owner;
    owner.patch("/auth-api/v1/profile", json!({"fullname": "=HYPERLINK(\"http://x.test\")"})).await.ok();
    groups(owner, 1).await;
    let (_, csv) = export(owner, "entity_type=userGroup").await;
    assert!(csv.contains(",\"'=HYPERLINK(\"\"http://x.test\"\")\","), "{csv}");
}

async fn an_export_ends_with_the_login(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    groups(&acme.owner, 2).await;
    let eve = acme.admin("eve").await;
    // Far more than what fits between server and client before the client reads.
    let wide = "x".repeat(60_000);
    let mut changes = workforceos_core::change::Changes::none();
    for _ in 0..900 {
        let event = workforceos_core::change::Event::audit(&acme.ctx(), "company", acme.id).extra(json!({"wide": wide}));
        changes = changes.event(event);
    }
    acme.write(changes).await;
    for format in ["csv", "json"] {
        let mut eve = eve.clone();
        eve.log_in().await;
        let mut response = eve.request(Method::GET, &format!("{EXPORT}?format={format}")).send().await.expect("an answer");
        let first = response.chunk().await.expect("bytes").expect("the first page");
        assert!(!first.is_empty());
        eve.post("/auth-api/logout", json!({})).await.ok();
        let mut cut = false;
        let mut last = first;
        loop {
            match response.chunk().await {
                Ok(Some(more)) => last = more,
                Ok(None) => break,
                Err(_) => {
                    cut = true;
                    break;
                }
            }
        }
        assert!(cut, "{format}: the connection is cut, not ended");
        assert!(!last.ends_with(b"]\n"), "{format}");
    }
}

async fn tables_are_listed_with_their_filters(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-10", "09:00-17:00", &[&ann]).await;
    let token = ann.token.clone().expect("a token");
    let table = async |path: &str| {
        let response = ann.request(Method::GET, path).header("accept", "text/csv").header("x-request-id", "table-1");
        let response = response.send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a table"))
    };
    assert_eq!(table(&format!("{SHIFTS}?status=scheduled&location=a&location=b&access_token={token}&colour=red")).await.0, 200);
    assert_eq!(table(&format!("{SHIFTS}/{shift}")).await.0, 200);
    assert_eq!(table("/auth-api/v1/users").await.0, 403);
    assert_eq!(table("/auth-api/v1/briefcompanies").await.0, 200);
    ann.get(SHIFTS).await.ok();
    let exports = page(&acme.owner, &format!("entity_type=export&actor_user_id={}", ann.text())).await;
    assert_eq!(exports.len(), 2, "not what was refused, what is public, or what is read as JSON: {exports:?}");
    let told = |entry: &Json| (entry["extra_metadata"]["api"].clone(), entry["extra_metadata"]["filters"].clone());
    assert_eq!(told(&exports[0]), (json!("getShift"), json!({"shiftId": shift})));
    assert_eq!(told(&exports[1]), (json!("listShifts"), json!({"status": "scheduled", "location": ["a", "b"]})));
    assert_eq!((&exports[0]["extra_metadata"]["requestId"], &exports[0]["action_type"]), (&json!("table-1"), &json!("export")));
    assert!(!serde_json::to_string(&exports).expect("JSON").contains(&token));
}

async fn a_calendar_is_listed_once_a_day(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mut ann = acme.employee("ann").await;
    ann.use_key().await;
    let read = async |times: usize| {
        for _ in 0..times {
            assert_eq!(ann.get("/schedulemanagement-api/v1/shifts.ics").await.status, 200);
        }
    };
    let query = format!("entity_type=export&actor_user_id={}", ann.text());
    read(3).await;
    let told = page(&acme.owner, &query).await;
    assert_eq!(
        (told.len(), &told[0]["action_type"], &told[0]["extra_metadata"]["format"]),
        (1, &json!("readCalendar"), &json!("ics"))
    );
    app.clock.advance_minutes(23 * 60);
    read(1).await;
    assert_eq!(page(&acme.owner, &query).await.len(), 1);
    app.clock.advance_minutes(60);
    read(1).await;
    let mut owner = acme.owner.clone();
    owner.log_in().await;
    assert_eq!(page(&owner, &query).await.len(), 2);
}
