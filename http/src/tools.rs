//! The tool layer over plain REST: for programs that call tools but speak no MCP.

mod document;

use std::sync::Arc;

use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value as Json, json};
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::session::{Ctx, Via};
use workforceos_core::{Caller, input, tool};
use workforceos_mcp::Narrowing;
use workforceos_services::{SERVICES, agent_hub};

use crate::reply;
use crate::request::Incoming;
use crate::routes;
use crate::server::Server;
use crate::{caller, mcp_refusal, sent};

pub use document::{content, operations};

/// The longest name of a client that is kept: it reaches the audit log.
const CLIENT_NAME: usize = 80;

input! {
    /// A call of a tool.
    pub struct ToolCall {
        /// The tool, as the list names it.
        tool: String => "toolName" Body,
        /// Its arguments, as its inputSchema says.
        args: Option<Json> => "args" Body,
    }
}

/// `GET /` and `GET /service/:serviceName`: the tools that the caller may use. A name that no service has is a 404.
pub async fn list(
    server: &Server,
    request: &HttpRequest,
    incoming: &mut Incoming,
    service: Option<&str>,
) -> Result<HttpResponse> {
    let ctx = enter(server, request, incoming, &Map::new()).await?;
    let mut narrowing = Narrowing::parse(request.query_string());
    if let Some(service) = service {
        if !SERVICES.into_iter().chain([routes::ALL]).any(|name| name.eq_ignore_ascii_case(service)) {
            let message = format!("There is no such service; there are {}", SERVICES.join(", "));
            return Err(Error::new(Status::NotFound, "ServiceNotFound", message));
        }
        narrowing = narrowing.within(service);
    }
    let listed = server.mcp.tools.listed(ctx, &narrowing).await?;
    let in_service = |name: &str| service.is_none_or(|s| s.eq_ignore_ascii_case(name));
    let tools = listed.into_iter().filter(|listed| in_service(listed.service)).map(|listed| {
        let tool = &listed.tool;
        json!({"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema, "service": listed.service})
    });
    let tools: Vec<Json> = tools.collect();
    let body = match service {
        Some(_) => json!({"tools": tools}),
        None => json!({"count": tools.len(), "tools": tools}),
    };
    Ok(reply::json(request, 200, &body, 64 * 1024))
}

/// `GET /status`: that the layer is there, and how much of it.
pub async fn status(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<HttpResponse> {
    enter(server, request, incoming, &Map::new()).await?;
    let services: Vec<&str> = server.dispatch.registry.services().iter().map(|(name, _)| *name).collect();
    Ok(reply::value(request, 200, &json!({"status": "ok", "tools": server.mcp.tools.count(), "services": services})))
}

/// `POST /refresh`: tools are made from the registry when the program starts, so there is nothing to fetch anew; the catalogue
/// follows.
pub async fn refresh(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<HttpResponse> {
    enter(server, request, incoming, &Map::new()).await?;
    agent_hub::refresh(&server.app).await?;
    Ok(reply::value(request, 200, &json!({"success": true, "count": server.mcp.tools.count()})))
}

/// `POST /call {toolName, args}`: the result as MCP has it, a failure with its HTTP status. The query narrows as it does there. With an
/// `Idempotency-Key` a tool that changes something does so once.
pub async fn call(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
) -> Result<HttpResponse> {
    let read = caller::json_body(request.headers(), payload).await;
    let read = read.map_err(|error| if error.code == "PayloadTooLarge" { mcp_refusal::too_large() } else { error });
    let (body, bad_body) = read.map_or_else(|error| (Map::new(), Some(error)), |body| (body, None));
    let named = body.get("toolName").and_then(Json::as_str).map(|name| name.chars().take(CLIENT_NAME).collect::<String>());
    let entered = enter(server, request, incoming, &body).await;
    let asked = match (entered, bad_body) {
        (Err(error), _) | (_, Some(error)) => Err(error),
        (Ok(ctx), None) => {
            sent::read::<ToolCall>(&body, |_| {}).and_then(|call| Ok((ctx, call, caller::idempotency_key(request.headers())?)))
        }
    };
    let (ctx, ToolCall { tool: name, args }, key) = match asked {
        Ok(asked) => asked,
        Err(error) if error.status == Status::Internal => return Err(error),
        Err(error) => return Ok(not_called(server, request, named, &error)),
    };
    let narrowing = Narrowing::parse(request.query_string());
    let args = match args {
        Some(Json::Object(args)) => args,
        _ => Map::new(),
    };
    let outcome = server.mcp.tools.call_once(ctx, &narrowing, &name, args, key).await;
    if outcome.is_error {
        let mut failure = serde_json::from_str::<Map<String, Json>>(&outcome.text).unwrap_or_default();
        let retry = failure.get("retryAfterSeconds").and_then(Json::as_u64).and_then(|seconds| u32::try_from(seconds).ok());
        let mut body = json!({"success": false, "tool": name, "error": failure.remove("message")});
        for beside in ["errCode", "detail", "hint", "retryAfterSeconds", "requestId"] {
            if let Some(value) = failure.remove(beside) {
                body[beside] = value;
            }
        }
        return Ok(failed(request, outcome.status, &body, retry));
    }
    let result = json!({"content": [{"type": "text", "text": outcome.text}]});
    let service = server.mcp.tools.service(&name);
    let body = json!({"success": true, "service": service, "tool": name, "result": result});
    Ok(reply::json(request, 200, &body, 4 * 1024))
}

/// A failure before any tool was called: as every other one, and as those of tools.
fn not_called(server: &Server, request: &HttpRequest, name: Option<String>, error: &Error) -> HttpResponse {
    let mut body = reply::error_body(error, server.dispatch.clock.now());
    body["success"] = json!(false);
    body["tool"] = json!(name);
    body["error"] = json!(error.message);
    if let Some(seconds) = error.retry_after {
        body["retryAfterSeconds"] = json!(seconds);
    }
    if let Some(hint) = tool::plain_hint(error) {
        body["hint"] = json!(hint);
    }
    failed(request, error.status.http(), &body, error.retry_after)
}

fn failed(request: &HttpRequest, status: u16, body: &Json, retry_after: Option<u32>) -> HttpResponse {
    let mut response = reply::value(request, status, body);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn enter(server: &Server, request: &HttpRequest, incoming: &mut Incoming, body: &Map<String, Json>) -> Result<Ctx> {
    let caller = Caller { client: client(request), ..incoming.caller(request, body, Via::Mcp) };
    let ctx = incoming.enter_logged_in(server, caller).await?;
    ctx.second_factor_done()?;
    Ok(ctx)
}

/// What the calling program calls itself.
fn client(request: &HttpRequest) -> Option<Arc<str>> {
    let name = caller::header(request.headers(), "user-agent")?;
    let name: String = name.chars().filter(|c| !c.is_control()).take(CLIENT_NAME).collect();
    (!name.trim().is_empty()).then(|| name.trim().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_call_names_its_tool() {
        let read = |body: Json| match body {
            Json::Object(body) => sent::read::<ToolCall>(&body, |_| {}),
            _ => panic!("an object"),
        };
        let call =
            read(json!({"toolName": "getUser", "args": {"userId": "x"}, "client": "one that is not looked at"})).expect("valid");
        assert_eq!((call.tool.as_str(), call.args), ("getUser", Some(json!({"userId": "x"}))));
        for none in [json!({"toolName": "getUser"}), json!({"toolName": "getUser", "args": null})] {
            assert_eq!(read(none).expect("valid").args, None);
        }
        let fields = |body: Json| read(body).err().and_then(|e| e.detail).and_then(|d| d.as_array().map(Vec::len));
        assert_eq!(fields(json!({"args": []})), Some(2));
        assert_eq!(fields(json!({"toolName": "x".repeat(1_001), "args": "{}"})), Some(2));
    }
}
