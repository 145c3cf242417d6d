use serde_json::{Value as Json, json};
use workforceos_core::tool::MAX_CHARS;

use super::{call, ctx, names, server_of};
use crate::{CURRENT_USER, Narrowing};

#[tokio::test]
async fn everybody_sees_what_they_may_use() {
    let server = server_of(0, 1);
    assert_eq!(names(&server, "employee", "").await, [CURRENT_USER, "listLockers", "whoCalls"]);
    assert_eq!(names(&server, "manager", "").await, [CURRENT_USER, "listLockers", "whoCalls", "runSweep"]);
    assert_eq!(names(&server, "key", "").await, [CURRENT_USER, "listLockers", "whoCalls"]);
    assert_eq!(names(&server, "owner", "").await.len(), server.count());
    let nobody = server.tools_for(ctx(&server, "gone").await, &Narrowing::default()).await;
    assert_eq!(nobody.expect_err("refused").code, "LoginRequired");
}

/// What strict clients refuse a whole list for.
#[tokio::test]
async fn schemas_are_what_strict_clients_accept() {
    let server = server_of(0, 1);
    for tool in server.tools_for(ctx(&server, "owner").await, &Narrowing::default()).await.expect("a list") {
        let tool = serde_json::to_value(tool).expect("JSON");
        let name = tool["name"].as_str().expect("a name");
        assert!(
            (1..=48).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)),
            "{name}"
        );
        assert!(tool["description"].as_str().is_some_and(|d| d.len() > 10), "{tool}");
        assert!(tool["title"].is_string() && tool["annotations"]["openWorldHint"] == false, "{tool}");
        let schema = &tool["inputSchema"];
        assert!(schema["type"] == "object" && schema["properties"].is_object(), "{schema}");
        assert!(!schema.to_string().contains("$ref"), "{schema}");
        for bad in ["anyOf", "oneOf", "allOf", "$defs", "definitions"] {
            assert!(schema.get(bad).is_none(), "{schema}");
        }
        for property in schema["properties"].as_object().expect("properties").values() {
            assert!(property["type"].is_string() && property["description"].is_string(), "{property}");
            assert!(property["type"] != "array" || property["items"]["type"].is_string(), "{property}");
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(schema["properties"].get(required.as_str().expect("a name")).is_some(), "{schema}");
        }
    }
}

#[tokio::test]
async fn hints_follow_the_effect() {
    let server = server_of(0, 1);
    let tools = server.tools_for(ctx(&server, "owner").await, &Narrowing::default()).await.expect("a list");
    let hints = |name: &str| {
        let hints = tools.iter().find(|t| t.name == name).and_then(|t| t.annotations.clone()).expect("hints");
        (hints.read_only_hint == Some(true), hints.destructive_hint == Some(true), hints.idempotent_hint == Some(true))
    };
    assert_eq!(hints("listLockers"), (true, false, true));
    assert_eq!(hints("createLocker"), (false, false, false));
    assert_eq!(hints("deleteLocker"), (false, true, true));
    assert_eq!(hints("runSweep"), (false, false, false));
}

#[tokio::test]
async fn a_list_is_a_page_that_tells_of_the_next() {
    let server = server_of(60, 1);
    let (outcome, json) = call(&server, "employee", "listLockers", json!({"pageRowCount": 400, "pageNumber": "2"})).await;
    assert!(!outcome.is_error && outcome.status == 200);
    assert_eq!(json["lockers"].as_array().map(Vec::len), Some(25));
    assert_eq!(json["paging"], json!({"pageNumber": 2, "pageRowCount": 25, "totalRowCount": 60, "pageCount": 3}));
    assert!(json["next"].as_str().is_some_and(|n| n.contains("pageNumber=3")), "{json}");
    let (_, last) = call(&server, "employee", "listLockers", json!({"pageNumber": 3})).await;
    assert!(last["lockers"].as_array().map(Vec::len) == Some(10) && last.get("next").is_none());
}

#[tokio::test]
async fn an_overlong_page_is_cut_and_says_so() {
    let server = server_of(30, 20_000);
    let (outcome, json) = call(&server, "employee", "listLockers", json!({})).await;
    let shown = json["lockers"].as_array().map(Vec::len).expect("rows");
    assert!(outcome.text.len() <= MAX_CHARS && (1..25).contains(&shown));
    assert!(json["truncated"].as_str().is_some_and(|t| t.contains(&format!("pageRowCount={shown}"))), "{}", json["truncated"]);
}

#[tokio::test]
async fn secrets_are_masked() {
    let server = server_of(2, 1);
    let (outcome, json) = call(&server, "owner", "listLockers", json!({})).await;
    assert_eq!(json["lockers"][1]["code"], "***");
    assert!(!outcome.text.contains("code-"), "{}", outcome.text);
    let (outcome, json) = call(&server, "owner", "createLocker", json!({"label": "A", "code": "1234", "shelves": 1})).await;
    assert_eq!((&json["locker"]["code"], &json["key"]), (&json!("***"), &json!("***")));
    assert!(!outcome.text.contains("1234") && !outcome.text.contains("s3cret"), "{}", outcome.text);
}

#[tokio::test]
async fn text_stands_for_other_types() {
    let server = server_of(0, 1);
    let user = "01890a5d-ac96-774b-bcce-b302099a8057";
    let asked = json!({"label": "A", "code": "1", "shelves": "4", "userIds": format!("[\"{user}\"]")});
    let (outcome, json) = call(&server, "owner", "createLocker", asked).await;
    assert!(!outcome.is_error, "{}", outcome.text);
    assert_eq!(json["locker"]["shelves"], 4);
}

#[tokio::test]
async fn failures_say_what_to_mend() {
    let server = server_of(0, 1);
    let (outcome, json) = call(&server, "owner", "createLocker", json!({"label": " ", "shelves": "many"})).await;
    assert!(outcome.is_error && outcome.status == 400);
    assert_eq!(json["errCode"], "ValidationFailed");
    let fields: Vec<&Json> = json["detail"].as_array().expect("a list").iter().map(|p| &p["field"]).collect();
    assert_eq!(fields, ["label", "code", "shelves"]);

    let code = async |token, name, arguments| {
        let (outcome, json) = call(&server, token, name, arguments).await;
        assert!(outcome.is_error);
        (outcome.status, json["errCode"].as_str().expect("a code").to_owned())
    };
    assert_eq!(code("employee", "createLocker", json!({})).await, (403, "Forbidden".to_owned()));
    assert_eq!(code("key", "createLocker", json!({})).await, (403, "Forbidden".to_owned()));
    assert_eq!(code("gone", "listLockers", json!({})).await, (401, "LoginRequired".to_owned()));
    assert_eq!(code("gone", CURRENT_USER, json!({})).await, (401, "LoginRequired".to_owned()));
    assert_eq!(code("owner", "noSuchTool", json!({})).await, (404, "ToolNotFound".to_owned()));
    let id = json!({"lockerId": "01890a5d-ac96-774b-bcce-b302099a8057"});
    assert_eq!(code("owner", "deleteLocker", id).await, (404, "LockerNotFound".to_owned()));
}

#[tokio::test]
async fn the_servers_own_faults_keep_their_cause() {
    let server = server_of(0, 1);
    let asked = json!({"label": "broken", "code": "1", "shelves": 1});
    let (outcome, json) = call(&server, "owner", "createLocker", asked).await;
    assert_eq!((outcome.status, &json["requestId"]), (500, &json!("r-1")));
    assert!(!outcome.text.contains("disk"), "{}", outcome.text);
}

#[tokio::test]
async fn currentuser_is_the_session_without_its_token() {
    let server = server_of(0, 1);
    let (_, json) = call(&server, "manager", CURRENT_USER, json!({})).await;
    assert_eq!((&json["email"], &json["roleId"]), (&json!("manager@acme.test"), &json!("tenantUser")));
    assert_eq!((&json["isAdmin"], &json["isManager"], &json["actsOn"]), (&json!(false), &json!(true), &json!("acme")));
    // Past midnight in the company's zone, not yet in UTC.
    assert_eq!((&json["timeZone"], &json["localTime"]), (&json!("Europe/Berlin"), &json!("2026-06-16T00:05")));
    assert!(json.get("accessToken").is_none());
}
