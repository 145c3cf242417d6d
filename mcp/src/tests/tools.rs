use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use workforceos_core::tool::MAX_CHARS;

use super::{call, ctx, names, server_of};
use crate::{CURRENT_USER, Narrowing};

#[tokio::test]
async fn everybody_sees_what_they_may_use() {
    let server = server_of(0, 1);
    let shown = ["showSecretFieldInFrontEnd", "showQrCode", "showBusinessApiListInFrontEnd", "showBusinessApiGalleryInFrontEnd"];
    let with_shown = |names: &[&str]| names.iter().chain(&shown).map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let reading = with_shown(&[CURRENT_USER, "listLockers", "getLocker", "whoCalls"]);
    assert_eq!(names(&server, "employee", "").await, reading);
    let managing = with_shown(&[CURRENT_USER, "listLockers", "getLocker", "countLockers", "whoCalls", "runSweep"]);
    assert_eq!(names(&server, "manager", "").await, managing);
    let owners = with_shown(&[CURRENT_USER, "listLockers", "getLocker", "countLockers", "whoCalls", "getCompanySubscription"]);
    assert_eq!(names(&server, "key", "").await, owners, "a key that only reads");
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
        assert!(tool["description"].as_str().is_some_and(|d| d.len() > 5), "{tool}");
        assert!(tool["description"].as_str().is_some_and(|d| d.len() <= 200), "{tool}");
        assert!(tool["annotations"]["openWorldHint"] == false, "{tool}");
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
    assert_eq!(hints("listLockers"), (true, false, false));
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

/// Every row is reached, though no page as asked for fits.
#[tokio::test]
async fn an_overlong_page_is_cut_and_goes_on_where_it_was() {
    let server = server_of(60, 20_000);
    let mut args = json!({"pageRowCount": 20, "pageNumber": 2});
    let mut seen = Vec::new();
    for _ in 0..20 {
        let (outcome, json) = call(&server, "employee", "listLockers", args).await;
        assert!(outcome.text.len() <= MAX_CHARS && !outcome.is_error);
        let rows = json["lockers"].as_array().expect("rows");
        seen.extend(rows.iter().map(|row| row["label"].as_str().expect("a label").trim_start_matches('0').to_owned()));
        let Some(next) = json["next"].as_str() else { break };
        assert!(json["truncated"].as_str().is_some_and(|t| t.contains("fit")) || rows.len() < 20, "{next}");
        let number = |name: &str| next.split(&format!("{name}=")).nth(1).and_then(|t| t.split(' ').next()?.parse::<u64>().ok());
        args = json!({"pageNumber": number("pageNumber"), "pageRowCount": number("pageRowCount").unwrap_or(rows.len() as u64)});
    }
    assert_eq!(seen, (20..60).map(|i| i.to_string()).collect::<Vec<_>>());
}

/// Of a result with a shape, what is cut keeps the shape.
#[tokio::test]
async fn structured_results_are_what_the_text_is() {
    let server = server_of(3, 1);
    let (outcome, json) = call(&server, "manager", "countLockers", json!({})).await;
    assert_eq!(outcome.structured.as_ref(), Some(&json));
    assert_eq!(json["count"], json!({"lockers": 3, "labels": ["0", "1", "2"], "accessToken": "***"}));
    let tools = server.tools_for(ctx(&server, "manager").await, &Narrowing::default()).await.expect("a list");
    let schema = |name: &str| tools.iter().find(|t| t.name == name).and_then(|t| t.output_schema.clone());
    let counted = json!(schema("countLockers").expect("a schema"));
    assert_eq!((&counted["type"], &counted["required"]), (&json!("object"), &json!(["count"])));
    assert_eq!(counted["properties"]["count"]["properties"]["lockers"]["type"], "integer");
    assert!(schema("listLockers").is_none() && schema("showQrCode").is_some());
    let (outcome, _) = call(&server, "employee", "listLockers", json!({})).await;
    assert!(outcome.structured.is_none(), "plain rows are sent once");

    let large = server_of(900, 300);
    let (outcome, json) = call(&large, "manager", "countLockers", json!({})).await;
    assert!(outcome.text.len() <= MAX_CHARS && outcome.structured.as_ref() == Some(&json));
    let shown = json["count"]["labels"].as_array().map(Vec::len).expect("labels");
    let told = json["truncated"].as_str().expect("told");
    assert!(shown < 900 && told.contains(&format!("count.labels: the first {shown} of 900")), "{told}");
}

#[tokio::test]
async fn rows_leave_out_what_says_nothing() {
    let server = server_of(1, 1);
    let (_, json) = call(&server, "employee", "listLockers", json!({})).await;
    let row = json["lockers"][0].as_object().expect("a row");
    let names: BTreeSet<&str> = row.keys().map(String::as_str).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["__proxyCode", "code", "createdAt", "id", "label", "shelves"]);
    let (_, json) = call(&server, "employee", "listLockers", json!({"fields": "cleanedAt,isActive,recordVersion"})).await;
    assert_eq!((&json["lockers"][0]["cleanedAt"], &json["lockers"][0]["isActive"]), (&Json::Null, &json!(true)));
    assert!(json["lockers"][0].as_object().is_some_and(|row| row.contains_key("cleanedAt") && !row.contains_key("label")));
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
async fn failures_say_what_to_do() {
    let server = server_of(1, 1);
    let hint = async |token, name, arguments| {
        let (_, json) = call(&server, token, name, arguments).await;
        json["hint"].as_str().unwrap_or_default().to_owned()
    };
    let nowhere = json!({"lockerId": "01890a5d-ac96-774b-bcce-b302099a8057"});
    assert_eq!(hint("owner", "deleteLocker", nowhere.clone()).await, "listLockers finds those that this user can reach.");
    assert_eq!(hint("owner", "getLocker", json!({"lockerId": "12"})).await, "lockerId: ids are found with listLockers.");
    assert!(hint("employee", "deleteLocker", nowhere).await.contains("tell them"));
    assert!(hint("owner", "createLocker", json!({"label": "broken", "code": "1", "shelves": 1})).await.contains("Look whether"));
    assert!(hint("gone", "listLockers", json!({})).await.contains("a new one"));
    let (_, unknown) = call(&server, "employee", "listLocker", json!({})).await;
    assert!(unknown["message"].as_str().is_some_and(|m| m.contains("did you mean listLockers")), "{unknown}");
    let (_, hidden) = call(&server, "employee", "createLockers", json!({})).await;
    assert!(!hidden["message"].to_string().contains("createLocker"), "names of other people's tools are not told: {hidden}");
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
