use serde_json::{Value as Json, json};
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{BOARD, Session, listen_stateless, stateless, stateless_exchange, ward};
use crate::paths::{PROFILES, TEMPLATES};

on_both_databases!(
    long_calls_tell_how_far_they_are,
    a_failed_call_is_told_by_its_id,
    a_new_manager_is_told_of_new_tools,
    bad_parameters_are_named_as_such,
);

async fn long_calls_tell_how_far_they_are(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ..) = ward(&app).await;
    let body = json!({"name": "Daily", "recurrenceRule": "FREQ=DAILY", "startTime": "08:00", "endTime": "16:00"});
    let template = crate::text(&ward.owner.post(TEMPLATES, body).await.ok()["shiftTemplate"], "id");
    let generate = |from: &str, to: &str| {
        let arguments = json!({"shiftTemplateId": template, "from": from, "to": to});
        json!({"name": "generateShifts", "arguments": arguments, "_meta": {"progressToken": "how far"}})
    };
    let check = |messages: Vec<Json>| {
        let (last, told) = messages.split_last().expect("an answer");
        assert_eq!(last["result"]["isError"], false, "{last}");
        assert!(!told.is_empty(), "some progress at least");
        let steps: Vec<f64> = told.iter().filter_map(|m| m["params"]["progress"].as_f64()).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        assert!(told.iter().all(|m| m["params"]["progressToken"] == "how far" && m["method"] == "notifications/progress"));
        assert_eq!(told.last().map(|m| &m["params"]["progress"]), told.last().map(|m| &m["params"]["total"]), "all is done");
    };
    let session = Session::open(&ward.owner).await;
    check(session.exchange("tools/call", generate("2026-06-02", "2026-09-30")).await);
    check(stateless_exchange(&ward.owner, "tools/call", generate("2026-10-01", "2026-12-31")).await);
    // An import goes twice through its rows.
    let rows: Vec<String> = (0..300).map(|n| format!("guest{n}@ward.test,Guest {n}")).collect();
    let csv = format!("email,fullname\n{}", rows.join("\n"));
    let import = json!({"name": "importPeople", "arguments": {"csv": csv}, "_meta": {"progressToken": "how far"}});
    check(session.exchange("tools/call", import).await);
    // Who does not ask is told nothing.
    let mut quiet = generate("2027-01-01", "2027-02-01");
    quiet["_meta"] = json!({});
    assert_eq!(session.exchange("tools/call", quiet).await.len(), 1);
}

async fn a_failed_call_is_told_by_its_id(db: Db) {
    let app = TestApp::start(db).await;
    let (_, ann, ..) = ward(&app).await;
    let session = Session::open(&ann).await;
    let mut stream = session.listen().await;
    let call = |name: &str| json!({"name": name, "arguments": {}});
    // A refusal is below what is told unless the client wants it.
    session.ok("tools/call", call("createUser")).await;
    session.ok("logging/setLevel", json!({"level": "info"})).await;
    let refused = session.ok("tools/call", call("createShift")).await;
    assert_eq!(refused["isError"], true);
    let message = stream.next().await.expect("a message").data;
    assert_eq!((&message["method"], &message["params"]["level"]), (&json!("notifications/message"), &json!("info")));
    let told = &message["params"]["data"];
    assert_eq!((&told["tool"], &told["errCode"]), (&json!("createShift"), &json!("Forbidden")), "{told}");
    assert!(told["requestId"].as_str().is_some_and(|id| !id.is_empty()));
    assert!(stream.waiting().is_none());
    assert_eq!(session.refused("logging/setLevel", json!({"level": "loud"})).await, -32602);

    // Without a session each request says so itself, and hears on its own stream.
    let messages = stateless_exchange(&ann, "tools/call", call("createShift")).await;
    assert_eq!(messages.len(), 1);
    let mut asked = call("createShift");
    asked["_meta"] = json!({"io.modelcontextprotocol/logLevel": "debug"});
    let messages = stateless_exchange(&ann, "tools/call", asked).await;
    assert_eq!((messages.len(), &messages[0]["method"]), (2, &json!("notifications/message")));
}

async fn a_new_manager_is_told_of_new_tools(db: Db) {
    let app = TestApp::start(db).await;
    let ward = app.company("ward", "UTC").await;
    let (ann, mia) = (ward.employee("ann").await, ward.employee("mia").await);
    let session = Session::open(&mia).await;
    let tools = session.ok("tools/list", json!({})).await;
    assert!(!tools.to_string().contains("\"listUsers\""));
    let mut stream = session.listen().await;
    let wanted = json!({"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true});
    let (mut listening, first) = listen_stateless(&mia, 9, wanted).await;
    let accepted = json!({"toolsListChanged": true, "promptsListChanged": true});
    assert_eq!(first["params"]["notifications"], accepted, "the resources' list never changes");

    let profile = json!({
        "userId": ann.text(), "employmentStartDate": "2020-01-01", "position": "Nurse", "contractType": "permanent",
        "managerId": mia.text(),
    });
    ward.owner.post(PROFILES, profile).await.ok();
    for method in ["notifications/tools/list_changed", "notifications/prompts/list_changed"] {
        let message = listening.next().await.expect("a message").data;
        assert_eq!(
            (&message["method"], &message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"]),
            (&json!(method), &json!(9))
        );
    }
    // A session hears of it with its next request.
    assert!(session.ok("tools/list", json!({})).await.to_string().contains("\"listUsers\""));
    assert_eq!(stream.next().await.expect("a message").data["method"], "notifications/tools/list_changed");
}

async fn bad_parameters_are_named_as_such(db: Db) {
    let app = TestApp::start(db).await;
    let (_, ann, ..) = ward(&app).await;
    let session = Session::open(&ann).await;
    for (method, params) in [
        ("tools/call", json!({"arguments": {}})),
        ("resources/read", json!({"uri": 7})),
        ("resources/subscribe", json!({})),
        ("prompts/get", json!({"name": ["my_day"]})),
        ("completion/complete", json!({"ref": {"type": "ref/none"}})),
    ] {
        assert_eq!(session.refused(method, params).await, -32602, "{method}");
    }
    assert_eq!(session.refused("workforce/nothing", json!({})).await, -32601);
    for (method, code) in [("workforce/nothing", -32601), ("logging/setLevel", -32601), ("resources/read", -32602)] {
        let answer = stateless(&ann, method, json!({"level": "info"})).await;
        assert_eq!(answer["error"]["code"], code, "{method}: {answer}");
    }
    let read = stateless(&ann, "resources/read", json!({"uri": BOARD})).await;
    assert!(read["result"]["contents"].is_array(), "{read}");
}
