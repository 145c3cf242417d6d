//! The same with every official client, over every transport and in both eras of the protocol.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_core::{Clock, Timestamp};
use workforceos_tests::{Company, Db, TestApp};

use super::doorway::Doorway;
use super::driver::{Driver, How, Sdk};
use super::{KEYS, MCP};
use crate::paths::SHIFTS;
use crate::text;

/// A test for each client out of `async fn name(sdk: Sdk, how: How)`.
macro_rules! with_every_client {
    ($($name:ident),+ $(,)?) => { $(
        mod $name {
            use super::{How, Sdk};

            with_every_client!(@ $name
                python_sessions(Python, Sessions), python_stateless(Python, Stateless), python_auto(Python, Auto),
                python_sse(Python, Sse),
                typescript_1_sessions(TypeScript1, Sessions), typescript_1_sse(TypeScript1, Sse),
                typescript_2_sessions(TypeScript2, Sessions), typescript_2_stateless(TypeScript2, Stateless),
                typescript_2_auto(TypeScript2, Auto), typescript_2_sse(TypeScript2, Sse),
            );
        }
    )+ };
    (@ $name:ident $($test:ident($sdk:ident, $how:ident)),+ $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            super::$name(Sdk::$sdk, How::$how).await;
        }
    )+ };
}

with_every_client!(
    tools_are_listed_and_called,
    keys_and_addresses_narrow_what_is_seen,
    a_key_that_is_no_good_is_reported_plainly,
    a_restart_is_survived,
    cancelled_calls_disturb_nothing,
);

async fn company(app: &TestApp) -> (Company, String) {
    let acme = app.company("acme", "UTC").await;
    let key = key(&acme, json!({"name": "an AI tool"})).await;
    (acme, key)
}

async fn key(acme: &Company, wanted: Json) -> String {
    text(&acme.owner.post(KEYS, wanted).await.ok(), "key")
}

fn names(tools: &[String]) -> BTreeSet<&str> {
    tools.iter().map(String::as_str).collect()
}

async fn tools_are_listed_and_called(sdk: Sdk, how: How) {
    let Some(mut client) = Driver::start(sdk).await else { return };
    let app = TestApp::start(Db::Sqlite).await;
    let (acme, key) = company(&app).await;
    let hello = client.does(client.connect(how, &format!("{}{}", app.base(), how.path()), &key)).await;
    assert!(["workforceos", ""].contains(&hello["server"].as_str().unwrap_or_default()), "{hello}");
    match how {
        How::Stateless | How::Auto => assert_eq!(hello["version"], "2026-07-28"),
        How::Sessions => assert_eq!(hello["version"], "2025-11-25"),
        How::Sse => {}
    }

    let tools = client.tools().await;
    let listed = acme.owner.with_token(&key).get("/mcpbff-api/api/tools").await.ok();
    let by_rest: BTreeSet<&str> =
        listed["tools"].as_array().expect("tools").iter().map(|tool| tool["name"].as_str().expect("a name")).collect();
    assert_eq!(names(&tools), by_rest, "the same tools by REST");
    assert!(by_rest.contains("currentuser") && by_rest.contains("createShift"), "{by_rest:?}");

    let (failed, me) = client.call("currentuser", json!({})).await;
    assert_eq!((failed, &me["email"]), (false, &json!(acme.owner.email)), "{me}");
    // Numbers as strings, as models write them.
    let plan = json!({"shiftDate": "2026-06-05", "startTime": "08:00", "endTime": "16:00", "neededCount": "2"});
    let (failed, made) = client.call("createShift", plan).await;
    assert!(!failed, "{made}");
    let shift = acme.owner.get(&format!("{SHIFTS}/{}", text(&made["shift"], "id"))).await.ok();
    assert_eq!(shift["shift"]["neededCount"], 2);

    let (failed, missing) = client.call("getShift", json!({"shiftId": Uuid::from_u128(7).to_string()})).await;
    assert_eq!((failed, &missing["errCode"]), (true, &json!("ShiftNotFound")), "{missing}");
    let (failed, wrong) = client.call("createShift", json!({"shiftDate": "soon", "startTime": 8, "endTime": "16:00"})).await;
    assert_eq!((failed, &wrong["errCode"]), (true, &json!("ValidationFailed")));
    assert_eq!(wrong["detail"].as_array().map(Vec::len), Some(2), "every bad field at once: {wrong}");
    let (_, code) = client.fails(json!({"do": "call", "name": "noSuchTool"})).await;
    assert_eq!(code, -32602);
    results_keep_their_schemas(&mut client).await;
    client.does(json!({"do": "end"})).await;
}

/// The SDKs check what a tool answers by the schema that it listed for it.
async fn results_keep_their_schemas(client: &mut Driver) {
    let listed = client.does(json!({"do": "tools"})).await;
    let promising = |tool: &&Json| {
        let needs = tool["inputSchema"]["required"].as_array().is_some_and(|required| !required.is_empty());
        tool["outputSchema"].is_object() && tool["annotations"]["readOnlyHint"] == true && !needs
    };
    for tool in listed["tools"].as_array().expect("tools").iter().filter(promising) {
        let answer = client.does(json!({"do": "call", "name": tool["name"]})).await;
        assert!(answer["isError"] == true || answer["structured"].is_object(), "{}: {answer}", tool["name"]);
    }
}

async fn keys_and_addresses_narrow_what_is_seen(sdk: Sdk, how: How) {
    let Some(mut client) = Driver::start(sdk).await else { return };
    let app = TestApp::start(Db::Sqlite).await;
    let (acme, whole) = company(&app).await;
    let at = |address: &str| format!("{}{}", app.base(), address);
    let own = how.path();

    let reader = key(&acme, json!({"name": "reader", "readOnly": true})).await;
    client.does(client.connect(how, &at(own), &reader)).await;
    let tools = client.tools().await;
    assert!(names(&tools).contains("listShifts") && !names(&tools).contains("createShift"));
    let (failed, refused) = client.call("createShift", json!({"shiftDate": "2026-06-05"})).await;
    assert_eq!((failed, &refused["errCode"]), (true, &json!("Forbidden")), "{refused}");

    let limited = key(&acme, json!({"name": "leave only", "services": ["leaveManagement"]})).await;
    let tail = own.trim_start_matches("/mcpbff-api");
    for (address, key) in [
        (own.to_owned(), &limited),
        (format!("{own}?services=leaveManagement"), &whole),
        (format!("/leavemanagement-api{tail}"), &whole),
        (format!("/leaveManagement-api{tail}"), &whole),
    ] {
        client.does(client.connect(how, &at(&address), key)).await;
        let tools = client.tools().await;
        let tools = names(&tools);
        assert!(tools.contains("createLeaveRequest") && !tools.contains("listShifts"), "{address}: {tools:?}");
        let (failed, refused) = client.call("listShifts", json!({})).await;
        assert_eq!((failed, &refused["errCode"]), (true, &json!("Forbidden")), "{address}: {refused}");
    }
    client.does(client.connect(how, &at(&format!("{own}?tools=listShifts,currentuser&readonly=true")), &whole)).await;
    assert_eq!(names(&client.tools().await), BTreeSet::from(["currentuser", "listShifts"]));

    // A root admin claims the company, by the address alone.
    let root = app.super_admin().await;
    let root_key = text(&root.post(KEYS, json!({"name": "root's"})).await.ok(), "key");
    client.does(client.connect(how, &at(&format!("{own}?_company=acme")), &root_key)).await;
    let (failed, me) = client.call("currentuser", json!({})).await;
    assert_eq!((failed, &me["actsOn"]), (false, &json!("acme")), "{me}");
    client.does(json!({"do": "end"})).await;
}

async fn a_key_that_is_no_good_is_reported_plainly(sdk: Sdk, how: How) {
    let Some(mut client) = Driver::start(sdk).await else { return };
    let app = TestApp::start(Db::Sqlite).await;
    let (acme, _) = company(&app).await;
    let url = format!("{}{}", app.base(), how.path());
    let soon = Timestamp(app.clock.now().0 + 60_000).to_string();
    let short = key(&acme, json!({"name": "short-lived", "expiresAt": soon})).await;
    let nobodys = client.connect(how, &url, "sk_mbx_nobodys");
    no_way_in(&mut client, nobodys).await;

    client.does(client.connect(how, &url, &short)).await;
    let (failed, me) = client.call("currentuser", json!({})).await;
    assert!(!failed, "{me}");
    app.clock.advance_minutes(2);
    // In the middle of a session. The first transport's client may notice first that its stream has ended.
    let (message, code) = client.fails(json!({"do": "call", "name": "currentuser"})).await;
    assert!(is_plain(&message, &code) || how == How::Sse, "{message} ({code})");
    let expired = client.connect(how, &url, &short);
    no_way_in(&mut client, expired).await;
}

/// The client cannot connect; one that says nothing before its first call cannot call.
async fn no_way_in(client: &mut Driver, order: Json) {
    let answer = client.tell(order).await;
    let answer = match answer.get("failed") {
        Some(_) => answer,
        None => client.tell(json!({"do": "call", "name": "currentuser"})).await,
    };
    let message = text(&answer["failed"], "message");
    assert!(is_plain(&message, &answer["failed"]["code"]), "{answer}");
}

/// What the user is shown names the login, and nobody sets out to sign in elsewhere.
fn is_plain(message: &str, code: &Json) -> bool {
    let leads_astray = ["oauth", "registration", "metadata"].iter().any(|word| message.to_ascii_lowercase().contains(word));
    (*code == 401 || message.contains("401") || message.contains("Log in first")) && !leads_astray
}

async fn a_restart_is_survived(sdk: Sdk, how: How) {
    let Some(mut client) = Driver::start(sdk).await else { return };
    let mut app = TestApp::start(Db::Sqlite).await;
    let (_, key) = company(&app).await;
    let door = Doorway::open(&app.base(), None).await;
    let order = client.connect(how, &format!("{}{}", door.base, how.path()), &key);
    client.does(order.clone()).await;
    assert!(!client.call("currentuser", json!({})).await.0);
    app.restart().await;
    door.leads_to(&app.base());
    if how == How::Sessions {
        // What tells a client to begin anew is the status 404.
        let (message, code) = client.fails(json!({"do": "call", "name": "currentuser"})).await;
        let lost = code == 404 || ["404", "session", "Session"].iter().any(|word| message.contains(word));
        assert!(lost, "{message} ({code})");
    }
    if how.has_session() {
        client.does(order).await;
    }
    let (failed, me) = client.call("currentuser", json!({})).await;
    assert!(!failed, "{me}");
}

async fn cancelled_calls_disturb_nothing(sdk: Sdk, how: How) {
    let Some(mut client) = Driver::start(sdk).await else { return };
    let app = TestApp::start(Db::Sqlite).await;
    let (acme, key) = company(&app).await;
    client.does(client.connect(how, &format!("{}{}", app.base(), how.path()), &key)).await;
    for number in 0..10 {
        let plan = json!({"shiftDate": format!("2026-06-{:02}", 10 + number), "startTime": "08:00", "endTime": "16:00"});
        client.tell(json!({"do": "call", "name": "createShift", "args": plan, "cancel": true})).await;
    }
    let (failed, listed) = client.call("listShifts", json!({})).await;
    assert!(!failed, "{listed}");
    // Each was made as a whole or not at all, and whoever asks again learns which.
    let shifts = acme.owner.get(SHIFTS).await.ok();
    assert!(shifts["rowCount"].as_u64().is_some_and(|count| count <= 10), "{shifts}");
    let again = acme.owner.post(MCP, json!({})).await;
    assert_eq!(again.status, 406, "the server goes on: {}", again.text);
}
