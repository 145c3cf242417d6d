//! The server as rmcp's own client sees it, over a pair of channels: what the legacy SSE endpoint does with requests.

use futures_channel::mpsc;
use futures_util::StreamExt;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientConfig, ClientJsonRpcMessage, ErrorCode, Extensions, GetExtensions,
    Implementation, ProtocolVersion,
};
use rmcp::service::{RunningService, ServiceError};
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient, ServiceExt};
use serde_json::{Value as Json, json};
use std::sync::Arc;

use super::{caller, server_of};
use crate::{McpCaller, Narrowing};

type Client = RunningService<RoleClient, ClientConfig>;

fn stateless() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

/// A client whose every request arrives as `token`'s, inserted by `put`.
async fn client(token: &'static str, mode: ClientLifecycleMode, put: fn(&mut Extensions, McpCaller)) -> Client {
    let (to_server, from_client) = mpsc::channel(16);
    let (to_client, from_server) = mpsc::channel(16);
    let from_client = from_client.map(move |mut message| {
        if let ClientJsonRpcMessage::Request(request) = &mut message {
            put(request.request.extensions_mut(), McpCaller::new(caller(token), Arc::new(Narrowing::default())));
        }
        message
    });
    let server = server_of(60, 1);
    tokio::spawn(async move {
        let running = server.serve((to_client, from_client)).await.expect("serves");
        running.waiting().await
    });
    let info = ClientConfig::new(Default::default(), Implementation::new("probe", "1"));
    info.serve_with_lifecycle((to_server, from_server), mode).await.expect("connects")
}

fn directly(extensions: &mut Extensions, caller: McpCaller) {
    extensions.insert(caller);
}

/// As rmcp-actix-web leaves what its hook wrote.
fn within_parts(extensions: &mut Extensions, caller: McpCaller) {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    let mut hook = Extensions::new();
    hook.insert(caller);
    parts.extensions.insert(hook);
    extensions.insert(parts);
}

async fn call(client: &Client, name: &'static str, arguments: Json) -> Result<CallToolResult, ServiceError> {
    let mut params = CallToolRequestParams::new(name);
    params.arguments = arguments.as_object().cloned();
    client.call_tool(params).await
}

fn text(result: &CallToolResult) -> Json {
    assert!(result.structured_content.is_none() && result.content.len() == 1);
    serde_json::from_str(&result.content[0].as_text().expect("text").text).expect("JSON")
}

#[tokio::test]
async fn both_eras_list_and_call() {
    for mode in [ClientLifecycleMode::Initialize, stateless()] {
        let client = client("employee", mode, within_parts).await;
        let info = client.peer_info().expect("a server");
        let instructions = info.instructions.as_deref().expect("instructions");
        assert!(instructions.contains("You act for The employee (tenantUser), on company `acme`"), "{instructions}");
        assert_eq!(info.server_info.as_ref().map(|i| i.name.as_str()), Some("workforceos"));
        let names: Vec<_> = client.list_all_tools().await.expect("a list").into_iter().map(|t| t.name).collect();
        assert_eq!(names[..4], ["currentuser", "listLockers", "getLocker", "whoCalls"]);

        let page = call(&client, "listLockers", json!({"pageNumber": 3})).await.expect("a result");
        assert_eq!(page.is_error, Some(false));
        assert_eq!(text(&page)["lockers"].as_array().map(Vec::len), Some(10));
        let who = text(&call(&client, "whoCalls", json!({})).await.expect("a result"));
        assert_eq!(who["who"], json!({"via": "mcp", "client": "probe"}));
        let shown = call(&client, "showQrCode", json!({"value": "https://a.test"})).await.expect("a result");
        let text = shown.content[0].as_text().and_then(|t| serde_json::from_str::<Json>(&t.text).ok());
        assert!(shown.structured_content.is_some() && shown.structured_content == text, "{shown:?}");
        let refused = call(&client, "showQrCode", json!({})).await.expect("a result");
        assert!(refused.is_error == Some(true) && refused.structured_content.is_none(), "{refused:?}");
        client.cancel().await.expect("closes");
    }
}

#[tokio::test]
async fn a_refused_call_is_a_result_and_an_unknown_tool_an_error() {
    let client = client("employee", ClientLifecycleMode::Initialize, directly).await;
    let refused = call(&client, "deleteLocker", json!({})).await.expect("a result");
    assert_eq!((refused.is_error, &text(&refused)["errCode"]), (Some(true), &json!("Forbidden")));
    let unknown = call(&client, "noSuchTool", json!({})).await.expect_err("refused");
    let ServiceError::McpError(error) = unknown else { panic!("{unknown:?}") };
    assert!(error.code == ErrorCode::INVALID_PARAMS && error.message.contains("noSuchTool"), "{error:?}");
}

#[tokio::test]
async fn a_login_that_ended_reads_and_calls_nothing() {
    let client = client("gone", ClientLifecycleMode::Initialize, directly).await;
    let ServiceError::McpError(error) = client.list_all_tools().await.expect_err("refused") else { panic!("an MCP error") };
    assert_eq!(error.data.expect("data")["errCode"], "LoginRequired");
    let refused = call(&client, "listLockers", json!({})).await.expect("a result");
    assert_eq!((refused.is_error, &text(&refused)["errCode"]), (Some(true), &json!("LoginRequired")));
}
