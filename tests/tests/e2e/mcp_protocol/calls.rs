use serde_json::{Value as Json, json};
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{Session, stateless_exchange, ward};
use crate::paths::TEMPLATES;

on_both_databases!(long_calls_tell_how_far_they_are, a_failed_call_is_told_by_its_id);

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
