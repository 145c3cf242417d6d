//! The tool layer's part of the OpenAPI document.

use serde_json::{Value as Json, json};
use workforceos_services::SERVICES;

use super::ToolCall;
use crate::openapi::{answering, idempotency_key, operation, parameter};
use crate::sent;

/// Path, method and operation of each route.
pub fn operations() -> [(&'static str, &'static str, Json); 5] {
    let flag = || json!({"type": "boolean"});
    let about = "The tools that the caller may use.";
    let list = operation("listTools", "List tools", about, json!({"parameters": narrowing()}));
    let all = answering(list, json!({"tools": tools(), "count": {"type": "integer"}}));

    let about = "The tools of one service that the caller may use; 404 ServiceNotFound where there is no such service.";
    let services = json!({"type": "string", "enum": SERVICES.into_iter().chain(["mcpbff"]).collect::<Vec<_>>()});
    let service =
        parameter("serviceName", "path", true, services, "The service, in any case; mcpbff is that of the front-end tools.");
    let mut parameters = narrowing();
    parameters.insert(0, service);
    let list = operation("listServiceTools", "List a service's tools", about, json!({"parameters": parameters}));
    let of_service = answering(list, json!({"tools": tools()}));

    let about =
        "Calls a tool as the MCP endpoint does; secrets are masked. A failure has the status that the same call has by REST.";
    let mut sent = sent::described::<ToolCall>();
    let mut parameters = narrowing();
    parameters.push(idempotency_key("A tool that changes something does so once"));
    sent["parameters"] = parameters.into();
    let call = answering(
        operation("callTool", "Call a tool", about, sent),
        json!({"success": flag(), "service": text(), "tool": text(), "result": content()}),
    );

    let about = "That the tool layer is there, how many tools it has in all, and of which services.";
    let status = json!({"status": text(), "tools": {"type": "integer"}, "services": {"type": "array", "items": text()}});
    let status = answering(operation("toolsStatus", "State of the tool layer", about, json!({})), status);

    let about = "Brings the tool catalogue of the agents to what the program has. It does so itself when it starts.";
    let refresh = operation("refreshTools", "Refresh the tools", about, json!({}));
    let refresh = answering(refresh, json!({"success": flag(), "count": {"type": "integer"}}));
    [
        ("/mcpbff-api/api/tools", "get", all),
        ("/mcpbff-api/api/tools/service/{serviceName}", "get", of_service),
        ("/mcpbff-api/api/tools/call", "post", failing(call)),
        ("/mcpbff-api/api/tools/status", "get", status),
        ("/mcpbff-api/api/tools/refresh", "post", refresh),
    ]
}

/// A tool's result, as every protocol has it.
pub fn content() -> Json {
    let one = json!({"type": "object", "properties": {"type": text(), "text": text()}});
    json!({"type": "object", "properties": {"content": {"type": "array", "items": one}}})
}

fn text() -> Json {
    json!({"type": "string"})
}

fn tools() -> Json {
    let tool = json!({"name": text(), "description": text(), "inputSchema": {"type": "object"}, "service": text()});
    json!({"type": "array", "items": {"type": "object", "properties": tool}})
}

/// What narrows tools, as it does at the MCP endpoint.
fn narrowing() -> Vec<Json> {
    let narrows = |name: &str, schema: Json, about: &str| parameter(name, "query", false, schema, about);
    let search = json!({"type": "string", "enum": ["search"]});
    vec![
        narrows("services", text(), "Only tools of these services, a comma list."),
        narrows("readonly", json!({"type": "boolean"}), "Only tools that change nothing."),
        narrows("tools", text(), "Only these tools, a comma list."),
        narrows("mode", search, "Instead of all tools the four that search, describe and call them."),
    ]
}

/// Its failures tell which tool failed, beside what every failure tells.
fn failing(mut call: Json) -> Json {
    let failure = json!({
        "success": {"type": "boolean"}, "tool": {"type": ["string", "null"]}, "error": text(), "errCode": text(), "detail": {},
        "hint": text(), "retryAfterSeconds": {"type": "integer"}, "requestId": text(),
        "result": text(), "status": {"type": "integer"}, "message": text(), "date": text(),
    });
    let schema = json!({"type": "object", "properties": failure, "required": ["success", "tool", "error", "errCode"]});
    call["responses"]["default"]["content"]["application/json"]["schema"] = schema;
    call
}
