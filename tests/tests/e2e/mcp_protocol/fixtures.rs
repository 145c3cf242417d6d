use serde_json::json;
use workforceos_tests::{Db, Setup, TestApp, on_both_databases};

use super::{Session, names, stateless};

on_both_databases!(fixtures_are_absent_unless_wanted, fixtures_are_there_if_wanted);

async fn fixtures_are_absent_unless_wanted(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let session = Session::open(&acme.owner).await;
    let tools = session.ok("tools/list", json!({})).await;
    assert!(!names(&tools["tools"]).iter().any(|name| name.starts_with("test_") || name.starts_with("json_schema")));
    let resources = session.ok("resources/list", json!({})).await;
    assert!(!resources.to_string().contains("test://"));
    assert!(!session.ok("prompts/list", json!({})).await.to_string().contains("test_"));
    for name in ["test_simple_text", "test_sampling", "json_schema_2020_12_tool", "test_input_required_result_elicitation"] {
        assert_eq!(session.refused("tools/call", json!({"name": name, "arguments": {}})).await, -32602, "{name}");
        let called = acme.owner.tool(name, json!({})).await;
        assert_eq!(called.status, 404, "{name}");
    }
    assert_eq!(session.refused("resources/read", json!({"uri": "test://static-text"})).await, -32002);
    assert_eq!(session.refused("resources/subscribe", json!({"uri": "test://watched-resource"})).await, -32002);
    assert_eq!(session.refused("prompts/get", json!({"name": "test_simple_prompt"})).await, -32602);
    let asked = json!({"ref": {"type": "ref/prompt", "name": "test_simple_prompt"}, "argument": {"name": "a", "value": ""}});
    assert_eq!(session.refused("completion/complete", asked).await, -32602);
}

async fn fixtures_are_there_if_wanted(db: Db) {
    let app = TestApp::with(db, Setup { mcp_fixtures: true, ..Setup::default() }).await;
    let acme = app.company("acme", "UTC").await;
    let session = Session::open(&acme.owner).await;
    let called = session.ok("tools/call", json!({"name": "test_simple_text", "arguments": {}})).await;
    assert_eq!(called["content"][0]["text"], "This is a simple text response for testing.");
    let asked =
        stateless(&acme.owner, "tools/call", json!({"name": "test_input_required_result_elicitation", "arguments": {}})).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    // No more than others is it for nobody.
    let nobody = acme.owner.with_token("sk_mbx_nobody");
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "test_simple_text"}});
    assert_eq!(nobody.post(super::MCP, body).await.status, 401);
}
