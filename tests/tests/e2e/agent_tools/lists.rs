//! Which tools a model is told of.

use std::collections::BTreeSet;

use serde_json::json;
use workforceos_agents::alias::AliasMap;
use workforceos_agents::toolbox::Choice;
use workforceos_agents::tools::Toolbox as _;
use workforceos_core::tool;
use workforceos_tests::{Client, Db, TestApp, on_both_databases};

use super::{ask, refused, told, with};

on_both_databases!(everybody_has_their_own, a_choice_is_kept_to, too_many_tools_are_searched);

async fn names(app: &TestApp, client: &Client, choice: &Choice) -> BTreeSet<String> {
    let tools = with(app, client, choice, AliasMap::default()).await.expect("tools");
    tools.specs().into_iter().map(|spec| spec.name).collect()
}

async fn everybody_has_their_own(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let chat = Choice::chat(Vec::new());
    let (own, manager) = (names(&app, &ann, &chat).await, names(&app, &mia, &chat).await);
    for there in ["currentuser", "listShifts", "createLeaveRequest", "showQrCode", "showBusinessApiListInFrontEnd"] {
        assert!(own.contains(there), "{there} in {own:?}");
    }
    for missing in ["createShift", "createAnnouncement", "updateUserRole", "listPayPeriodLocks", "listCompaniesAccounts"] {
        assert!(!own.contains(missing), "{missing}");
    }
    assert!(manager.contains("createAnnouncement") && !manager.contains("updateUserRole"), "{manager:?}");
    // Nobody has none.
    let nobody = with(&app, &app.anonymous(), &chat, AliasMap::default()).await.err().expect("refused");
    assert_eq!(nobody.status.http(), 401);
    let bad = with(&app, &ann.with_token("nonsense"), &chat, AliasMap::default()).await.err().expect("refused");
    assert_eq!(bad.status.http(), 401);
    // A key that reads, or is for some services, has what it is for.
    let key = async |more: serde_json::Value| {
        let mut body = json!({"name": "key"});
        body.as_object_mut().expect("fields").extend(more.as_object().cloned().expect("fields"));
        let key = acme.owner.post("/auth-api/v1/apikeys", body).await.ok()["key"].as_str().expect("a key").to_owned();
        names(&app, &acme.owner.with_token(&key), &chat).await
    };
    let reading = key(json!({"readOnly": true})).await;
    assert!(reading.contains("listShifts") && !reading.contains("createShift") && !reading.contains("callTool"), "{reading:?}");
    let limited = key(json!({"services": ["taskManagement"]})).await;
    assert!(limited.contains("createTaskAssignment") && !limited.contains("listShifts"), "{limited:?}");
}

async fn a_choice_is_kept_to(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let quiet = names(&app, &ann, &Choice::reading()).await;
    assert!(quiet.contains("listShifts") && quiet.contains("currentuser"));
    for missing in ["createLeaveRequest", "showQrCode", "showBusinessApiListInFrontEnd", "initiatePayment"] {
        assert!(!quiet.contains(missing), "{missing}");
    }
    let without = Choice::chat(vec!["LeaveManagement".to_owned(), "mcpbff".to_owned(), "nothing".to_owned()]);
    let listed = names(&app, &ann, &without).await;
    assert!(listed.contains("listShifts") && !listed.iter().any(|name| name.contains("Leave") || name.contains("FrontEnd")));
    // What is left out cannot be called either.
    let tools = with(&app, &ann, &without, AliasMap::default()).await.expect("tools");
    assert_eq!(refused(&ask(&tools, "listMyLeaveRequests", json!({})).await).0, 403);
    assert_eq!(refused(&ask(&tools, "showQrCode", json!({"value": "x"})).await).0, 403);
    let text = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let selected = text(&["scheduleManagement:listShifts", "auth:listTaskAssignments", "taskManagement:nothing", "getCompany"]);
    let listed = names(&app, &ann, &Choice::chat(Vec::new()).selecting(selected)).await;
    assert_eq!(listed, ["currentuser", "getCompany", "listShifts"].map(str::to_owned).into());
    let beyond = text(&["scheduleManagement:createShift", "scheduleManagement:listShifts"]);
    assert!(!names(&app, &ann, &Choice::chat(Vec::new()).selecting(beyond)).await.contains("createShift"), "it never grants");
}

async fn too_many_tools_are_searched(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let tools = super::tools(&app, &acme.owner).await;
    let specs = tools.specs();
    let tokens: usize = specs
        .iter()
        .map(|spec| tool::tokens(&spec.description) + tool::tokens(&serde_json::to_string(&spec.schema).expect("JSON")))
        .sum();
    // Providers take 128.
    assert!(specs.len() <= 120 && tokens <= 24_000, "{} tools of {tokens} tokens", specs.len());
    let names: BTreeSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    assert_eq!(names.len(), specs.len());
    for there in ["searchTools", "describeTool", "callTool", "callReadOnlyTool", "currentuser", "createShift"] {
        assert!(names.contains(there), "{there} in {names:?}");
    }
    assert!(!names.contains("createHoliday"));
    let found = told(&ask(&tools, "searchTools", json!({"query": "add a public holiday"})).await);
    assert!(found["tools"].as_array().expect("tools").iter().any(|tool| tool["name"] == "createHoliday"), "{found}");
    // A call of another tool is that tool's, to whoever asks what it does.
    let call = |name: &str, inner: &str, args: serde_json::Value| workforceos_agents::provider::Call {
        id: "call_7".to_owned(),
        name: name.to_owned(),
        arguments: json!({"name": inner, "args": args}).to_string(),
    };
    let holiday = json!({"name": "Feast", "holidayDate": "2026-07-01"});
    let meant = tools.meant(&call("callTool", "createHoliday", holiday.clone()));
    assert_eq!((meant.id.as_str(), meant.name.as_str()), ("call_7", "createHoliday"));
    assert!(tools.changes(&meant.name) && tools.changes("callTool") && !tools.changes("callReadOnlyTool"));
    assert!(!tools.changes(&tools.meant(&call("callTool", "listHolidays", json!({}))).name));
    let made = told(&ask(&tools, "callTool", json!({"name": "createHoliday", "args": holiday})).await);
    assert_eq!(made["holiday"]["id"], "holiday_feast");
    let listed = ask(&tools, "callReadOnlyTool", json!({"name": "listHolidays"})).await;
    assert_eq!((&listed.page["tool"], &listed.page["service"]), (&json!("listHolidays"), &json!("leaveManagement")));
    // Its arguments are turned back whoever unwraps them.
    let whole = call("callTool", "deleteHoliday", json!({"holidayId": "holiday_feast"}));
    let arguments = tools.arguments(&whole).expect("arguments");
    let id = super::revealed(&tools, &made)["holiday"]["id"].clone();
    assert_eq!(arguments["args"]["holidayId"], id);
    // What only reads does not change things by way of another.
    let sly = call("callReadOnlyTool", "deleteHoliday", json!({"holidayId": "holiday_feast"}));
    assert_eq!(tools.meant(&sly), sly);
    let args = tools.arguments(&sly).expect("arguments");
    assert_eq!(refused(&tools.call(&sly.name, args).await).0, 403);
    let done = tools.call(&whole.name, arguments).await;
    assert!(done.success && done.page["tool"] == "deleteHoliday", "{done:?}");
    for inner in ["callTool", "searchTools", "nothing"] {
        let again = json!({"name": inner, "args": {"name": "deleteHoliday", "args": {}, "query": "x"}});
        assert_eq!(refused(&ask(&tools, "callTool", again).await), (404, "ToolNotFound".to_owned()), "{inner}");
    }
    // Whoever has few needs no search.
    let few = super::tools(&app, &ann).await.specs();
    assert!(!few.iter().any(|spec| spec.name == "searchTools") && few.len() > 40, "{}", few.len());
}
