//! The tool layer by plain REST.

use reqwest::Method;
use serde_json::{Value as Json, json};
use workforceos_tests::{Db, PASSWORD, Reply, TestApp};

use crate::text;

const TOOLS: &str = "/mcpbff-api/api/tools";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_routes_are_as_documented() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let (owner, ann) = (&acme.owner, acme.employee("ann").await);
    let all = owner.get(TOOLS).await.ok();
    let tools = all["tools"].as_array().expect("tools");
    assert_eq!((all["count"].as_u64(), all.as_object().map(|o| o.len())), (Some(tools.len() as u64), Some(2)));
    for tool in tools {
        assert_eq!(keys(tool), ["description", "inputSchema", "name", "service"]);
    }
    let of = async |service: &str| owner.get(&format!("{TOOLS}/service/{service}")).await;
    let shifts = of("scheduleManagement").await.ok();
    let shifts = shifts["tools"].as_array().expect("tools");
    assert!(shifts.len() > 5 && shifts.iter().all(|t| t["service"] == "scheduleManagement"));
    assert_eq!(of("SCHEDULEMANAGEMENT").await.ok()["tools"].as_array().map(Vec::len), Some(shifts.len()));
    assert!(of("auth").await.ok()["tools"].as_array().is_some_and(|t| t.iter().any(|t| t["name"] == "currentuser")));
    assert!(of("mcpbff").await.ok()["tools"].as_array().is_some_and(|t| t.iter().any(|t| t["name"] == "showQrCode")));
    assert_eq!(of("subscriptionManagement").await.ok(), json!({"tools": []}), "a service without tools of its own yet");
    of("nothing").await.refused(404, "ServiceNotFound");
    assert!(ann.get(TOOLS).await.ok()["count"].as_u64() < all["count"].as_u64());
    let read = owner.get(&format!("{TOOLS}?readonly=true&services=scheduleManagement")).await.ok();
    assert!(read["tools"].as_array().is_some_and(|t| t.iter().all(|t| !text(t, "name").starts_with("create"))));
    let status = owner.get(&format!("{TOOLS}/status")).await.ok();
    assert_eq!(status["status"], "ok");
    assert_eq!(owner.post(&format!("{TOOLS}/refresh"), json!({})).await.ok()["success"], true);
    app.anonymous().get(TOOLS).await.refused(401, "LoginRequired");
}

/// The names in an object, in order.
fn keys(json: &Json) -> Vec<&str> {
    let mut names: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// A success or a failure, as the caller reads it.
fn told(reply: &Reply) -> (u16, bool, Option<&str>) {
    (reply.status, reply.body["success"] == true, reply.body["errCode"].as_str())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_succeed_or_fail_in_one_shape_each() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let (owner, ann) = (&acme.owner, acme.employee("ann").await);
    let made = owner.tool("createUserGroup", json!({"groupName": "Ward"})).await.ok();
    assert_eq!(keys(&made), ["result", "service", "success", "tool"]);
    assert_eq!((&made["success"], &made["service"], &made["tool"]), (&json!(true), &json!("auth"), &json!("createUserGroup")));
    let content = &made["result"]["content"][0];
    assert_eq!((made["result"].as_object().map(|r| r.len()), &content["type"]), (Some(1), &json!("text")));
    let group: Json = serde_json::from_str(&text(content, "text")).expect("JSON");
    assert_eq!(group["userGroup"]["groupName"], "Ward");

    let nowhere = json!({"shiftId": ann.text()});
    for (reply, wanted) in [
        (owner.tool("getShift", nowhere).await, (404, false, Some("ShiftNotFound"))),
        (owner.tool("getShift", json!({})).await, (400, false, Some("ValidationFailed"))),
        (ann.tool("createShift", json!({})).await, (403, false, Some("Forbidden"))),
        (owner.tool("noTool", json!({})).await, (404, false, Some("ToolNotFound"))),
        (
            owner.tool("createUser", json!({"email": ann.email, "password": PASSWORD, "fullname": "Ann"})).await,
            (409, false, Some("AlreadyExists")),
        ),
        (app.anonymous().tool("getShift", json!({})).await, (401, false, Some("LoginRequired"))),
        (owner.post(&format!("{TOOLS}/call"), json!({"args": []})).await, (400, false, Some("ValidationFailed"))),
        (owner.tool(&"x".repeat(2_000), json!({})).await, (400, false, Some("ValidationFailed"))),
    ] {
        assert_eq!(told(&reply), wanted, "{}", reply.text);
        assert!(
            reply.body["error"].as_str().is_some_and(|e| !e.is_empty()) && reply.body.get("tool").is_some(),
            "{}",
            reply.text
        );
    }
    let narrowed = |query: &str| format!("{TOOLS}/call?{query}");
    let body = json!({"toolName": "createUserGroup", "args": {"groupName": "Other"}});
    owner.post(&narrowed("readonly=true"), body).await.refused(403, "Forbidden");
    let body = json!({"toolName": "searchTools", "args": {"query": "shifts"}});
    owner.post(&narrowed("mode=search"), body.clone()).await.ok();
    owner.post(&narrowed(""), body).await.refused(404, "ToolNotFound");
    let raw = owner.request(Method::POST, &format!("{TOOLS}/call")).header("content-type", "application/json").body("{");
    let reply = Reply::of(raw, "broken JSON").await.expect("answered");
    assert_eq!((reply.status, &reply.body["success"]), (400, &json!(false)), "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_with_a_key_is_made_once() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let owner = acme.owner.with_key("k1");
    let ward = || json!({"groupName": "Ward"});
    let first = owner.tool("createUserGroup", ward()).await.ok();
    let told = |body: &Json| -> Json { serde_json::from_str(&text(&body["result"]["content"][0], "text")).expect("JSON") };
    let again = told(&owner.tool("createUserGroup", ward()).await.ok());
    assert_eq!(again["userGroup"]["id"], told(&first)["userGroup"]["id"]);
    // By whichever tool it is called, and by REST, it is the same call.
    let by_rest = owner.post("/auth-api/v1/usergroups", ward()).await.ok();
    assert_eq!(by_rest["userGroup"]["id"], again["userGroup"]["id"]);
    let by_another = json!({"toolName": "callTool", "args": {"name": "createUserGroup", "args": ward()}});
    let by_another = owner.post(&format!("{TOOLS}/call?mode=search"), by_another).await.ok();
    assert_eq!(told(&by_another)["userGroup"]["id"], again["userGroup"]["id"]);
    let other = owner.tool("createUserGroup", json!({"groupName": "Other"})).await;
    assert_eq!(self::told(&other), (409, false, Some("IdempotencyConflict")), "{}", other.text);
    let groups = owner.tool("listUserGroups", json!({})).await.ok();
    assert_eq!(told(&groups)["userGroups"].as_array().map(Vec::len), Some(1), "what only reads needs no key and minds none");
    let odd = acme.owner.with_key(&"k".repeat(256)).tool("createUserGroup", ward()).await;
    assert_eq!(odd.clone().bad_fields(), ["Idempotency-Key"]);
    assert_eq!(odd.body["success"], false);
    let raw = acme.owner.request(Method::POST, &format!("{TOOLS}/call")).header("idempotency-key", "Schön".as_bytes());
    let raw = raw.json(&json!({"toolName": "createUserGroup", "args": ward()}));
    assert_eq!(Reply::of(raw, "a key that is no text").await.expect("answered").bad_fields(), ["Idempotency-Key"]);
}
