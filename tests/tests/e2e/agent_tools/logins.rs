//! Every call of a tool is a call of the caller, of that moment.

use serde_json::{Map, Value as Json, json};
use workforceos_agents::tools::Toolbox as _;
use workforceos_tests::{Db, Setup, TestApp, on_both_databases};

use super::{ask, refused, told, tools};
use crate::tools::journal;

on_both_databases!(
    a_login_that_ends_ends_its_tools,
    reach_is_that_of_the_moment,
    calls_count_against_the_login,
    changes_are_told_to_be_an_agents,
    passwords_are_shown_under_no_name,
);

async fn a_login_that_ends_ends_its_tools(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let tools = tools(&app, &ann).await;
    told(&ask(&tools, "listShifts", json!({})).await);
    ann.post("/auth-api/logout", json!({})).await;
    for (name, args) in [
        ("listShifts", json!({})),
        ("currentuser", json!({})),
        ("showQrCode", json!({"value": "x"})),
        ("createLeaveRequest", json!({"leaveType": "annual", "startDate": "2026-07-01", "endDate": "2026-07-01"})),
        ("nothing", json!({})),
    ] {
        assert_eq!(refused(&ask(&tools, name, args).await), (401, "LoginRequired".to_owned()), "{name}");
    }
    let leave = acme.owner.get(crate::paths::LEAVE).await.ok();
    assert_eq!(leave["rowCount"], 0, "{leave}");
}

async fn reach_is_that_of_the_moment(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let eve = acme.admin("eve").await;
    let tools = tools(&app, &eve).await;
    told(&ask(&tools, "listEmployeeProfiles", json!({})).await);
    let role = format!("/auth-api/v1/userrole/{}", eve.text());
    acme.owner.patch(&role, json!({"roleId": "tenantUser"})).await.ok();
    let done = ask(&tools, "createUserGroup", json!({"groupName": "Mine"})).await;
    assert_eq!(refused(&done), (401, "LoginRequired".to_owned()), "whose role changes has to log in anew");
}

async fn calls_count_against_the_login(db: Db) {
    let app = TestApp::with(db, Setup { rate_limit: 30, ..Setup::default() }).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let tools = tools(&app, &ann).await;
    let mut done = ask(&tools, "listShifts", json!({})).await;
    for _ in 0..60 {
        if !done.success {
            break;
        }
        done = ask(&tools, "listShifts", json!({})).await;
    }
    assert_eq!(refused(&done), (429, "RateLimited".to_owned()));
    assert!(done.model.contains("retryAfterSeconds"), "{}", done.model);
    // It is the login's own rate.
    assert_eq!(ann.get(crate::paths::SHIFTS).await.status, 429);
}

async fn changes_are_told_to_be_an_agents(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let tools = tools(&app, &acme.owner).await;
    told(&ask(&tools, "createUserGroup", json!({"groupName": "Kitchen"})).await);
    let entries = journal::of(&app).await;
    let entry = entries.iter().find(|entry| entry.action == "createUserGroup").expect("an entry");
    assert_eq!(entry.via, "agent");
    let extra: serde_json::Value = serde_json::from_str(entry.extra.as_deref().expect("details")).expect("JSON");
    assert_eq!(extra["client"], "assistant");
}

async fn passwords_are_shown_under_no_name(db: Db) {
    const PASSWORD: &str = "a long password";
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let tools = tools(&app, &acme.owner).await;
    let shown = |tool: &str, arguments: &Json| {
        let arguments: Map<String, Json> = arguments.as_object().expect("arguments").clone();
        Json::Object(tools.shown(tool, &arguments))
    };
    for (tool, name) in [("createUser", "password"), ("createUser", "PassWord"), ("updateUserPassword", "new_password")] {
        let arguments = json!({"email": "x@acme.test", name: PASSWORD});
        let seen = shown(tool, &arguments);
        assert!(!seen.to_string().contains(PASSWORD) && seen["email"] == "x@acme.test", "{tool}: {seen}");
        let called = json!({"name": tool, "args": arguments});
        for through in ["callTool", "callReadOnlyTool"] {
            assert_eq!(shown(through, &called), json!({"name": tool, "args": seen}), "{through}");
        }
    }
}
