//! `?mode=search`.

use serde_json::{Value as Json, json};

use super::{call_in, ctx, names, server_of};
use crate::Narrowing;

const MODE: &str = "mode=search";

#[tokio::test]
async fn four_tools_stand_for_all() {
    let server = server_of(1, 1);
    let all = ["searchTools", "describeTool", "callTool", "callReadOnlyTool"];
    assert_eq!(names(&server, "owner", MODE).await, all);
    assert_eq!(names(&server, "owner", "mode=search&services=lockers").await, all);
    let reading = ["searchTools", "describeTool", "callReadOnlyTool"];
    assert_eq!(names(&server, "owner", "mode=search&readonly=true").await, reading);
    assert_eq!(names(&server, "key", MODE).await, reading, "a key that only reads");
    assert_eq!(names(&server, "owner", "mode=search&tools=listLockers").await, reading);
    assert_ne!(names(&server, "owner", "mode=list").await, all);
    let tools = server.tools_for(ctx(&server, "owner").await, &Narrowing::parse(MODE)).await.expect("a list");
    let size = json!({"tools": tools}).to_string().len();
    assert!(size <= 4_000, "{size}");
    let hints = |name: &str| {
        let hints = tools.iter().find(|t| t.name == name).and_then(|t| t.annotations.clone()).expect("hints");
        (hints.read_only_hint, hints.destructive_hint)
    };
    assert_eq!(hints("callTool"), (Some(false), Some(true)));
    for name in reading {
        assert_eq!(hints(name), (Some(true), None), "{name}");
    }
}

#[tokio::test]
async fn tools_are_found_described_and_called() {
    let server = server_of(2, 1);
    let call = async |token, name, arguments| call_in(&server, token, MODE, name, arguments).await;
    let (_, json) = call("owner", "searchTools", json!({"query": "remove a locker", "limit": "1"})).await;
    let found = &json["tools"][0];
    assert_eq!(
        (&found["name"], &found["required"], &found["readOnly"]),
        (&json!("deleteLocker"), &json!(["lockerId"]), &json!(false))
    );
    assert_eq!(json["tools"].as_array().map(Vec::len), Some(1));
    let (_, json) = call("employee", "searchTools", json!({"query": "remove a locker"})).await;
    let theirs: Vec<&Json> = json["tools"].as_array().expect("tools").iter().map(|t| &t["name"]).collect();
    assert!(!theirs.contains(&&json!("deleteLocker")) && theirs.contains(&&json!("listLockers")), "{theirs:?}");
    let (_, json) = call("owner", "searchTools", json!({"query": "zzz"})).await;
    assert!(json["tools"] == json!([]) && json["hint"].as_str().is_some_and(|h| h.contains("lockers")), "{json}");

    let (_, json) = call("owner", "describeTool", json!({"name": "createLocker"})).await;
    assert!(
        json["inputSchema"]["properties"]["shelves"]["type"] == "integer" && json["annotations"]["readOnlyHint"] == false,
        "{json}"
    );
    let told = json["description"].as_str().expect("words");
    assert!(told.starts_with("Makes.") && told.ends_with("In the end it may be opened."), "all of its words: {told}");
    let (outcome, json) = call("employee", "describeTool", json!({"name": "createLocker"})).await;
    assert_eq!((outcome.status, &json["errCode"]), (404, &json!("ToolNotFound")), "what one may not use is not described");

    let (_, json) = call("owner", "callReadOnlyTool", json!({"name": "listLockers", "args": {"pageRowCount": 1}})).await;
    assert_eq!(json["lockers"].as_array().map(Vec::len), Some(1));
    let asked = json!({"name": "createLocker", "args": "{\"label\":\"A\",\"code\":\"1\",\"shelves\":2}"});
    let (outcome, json) = call("owner", "callTool", asked.clone()).await;
    assert!(!outcome.is_error && json["locker"]["code"] == "***", "{json}");
    let (outcome, json) = call("owner", "callReadOnlyTool", asked).await;
    assert!(outcome.status == 403 && json["message"].as_str().is_some_and(|m| m.contains("callTool")), "{json}");
    let (outcome, _) = call("employee", "callReadOnlyTool", json!({"name": "deleteLocker"})).await;
    assert_eq!(outcome.status, 404, "what one may not use is not there");
    let (outcome, json) = call("owner", "callTool", json!({"name": "deleteLocker"})).await;
    assert!(outcome.status == 400 && json["detail"][0]["field"] == "lockerId", "a failure is the called tool's: {json}");
    assert!(json["hint"].as_str().is_some_and(|h| h.contains("listLockers")), "{json}");
    for name in ["callTool", "searchTools", "listLocker"] {
        let (outcome, json) = call("owner", "callTool", json!({"name": name})).await;
        assert_eq!((outcome.status, &json["errCode"]), (404, &json!("ToolNotFound")), "{name}");
    }
}

#[tokio::test]
async fn a_search_is_narrowed_and_needs_a_login() {
    let server = server_of(1, 1);
    let narrow = "mode=search&readonly=true&services=lockers";
    let (_, json) = call_in(&server, "owner", narrow, "searchTools", json!({"query": "lockers, sweep, who"})).await;
    let found: Vec<&Json> = json["tools"].as_array().expect("tools").iter().map(|t| &t["name"]).collect();
    assert!(
        found.contains(&&json!("getLocker")) && !found.contains(&&json!("deleteLocker")) && !found.contains(&&json!("runSweep")),
        "{found:?}"
    );
    let (outcome, _) = call_in(&server, "owner", narrow, "callTool", json!({"name": "deleteLocker"})).await;
    assert_eq!(outcome.status, 403);
    for name in ["searchTools", "describeTool", "callTool", "callReadOnlyTool"] {
        let arguments = json!({"query": "x", "name": "x"});
        let (outcome, _) = call_in(&server, "gone", MODE, name, arguments).await;
        assert_eq!(outcome.status, 401, "{name}");
        let (outcome, json) = call_in(&server, "owner", "", name, json!({})).await;
        assert_eq!((outcome.status, &json["errCode"]), (404, &json!("ToolNotFound")), "{name} is there for who searches");
    }
    let (outcome, json) = call_in(&server, "owner", MODE, "searchTools", json!({"query": "x", "limit": 21})).await;
    assert_eq!((outcome.status, &json["detail"][0]["field"]), (400, &json!("limit")));
}
