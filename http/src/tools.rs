//! The tool layer over plain REST: for programs that call tools but speak no MCP.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value as Json, json};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::session::{Ctx, Via};
use workforceos_mcp::Narrowing;

use crate::reply;
use crate::request::Incoming;
use crate::server::Server;
use crate::{caller, mcp};

/// `GET /` and `GET /service/:serviceName`: the tools that the caller may use.
pub async fn list(
    server: &Server,
    request: &HttpRequest,
    incoming: &mut Incoming,
    service: Option<&str>,
) -> Result<HttpResponse> {
    let ctx = enter(server, request, incoming, &Map::new()).await?;
    let mut narrowing = Narrowing::parse(request.query_string());
    if let Some(service) = service {
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

/// `POST /refresh`: tools are made from the registry when the program starts, so there is nothing to fetch anew.
pub async fn refresh(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<HttpResponse> {
    enter(server, request, incoming, &Map::new()).await?;
    Ok(reply::value(request, 200, &json!({"success": true, "count": server.mcp.tools.count()})))
}

/// `POST /call {toolName, args}`: the result as MCP has it, a failure with its HTTP status.
pub async fn call(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
) -> Result<HttpResponse> {
    let read = caller::json_body(request.headers(), payload).await;
    let read = read.map_err(|error| if error.code == "PayloadTooLarge" { mcp::too_large() } else { error });
    let (mut body, bad_body) = read.map_or_else(|error| (Map::new(), Some(error)), |body| (body, None));
    let ctx = enter(server, request, incoming, &body).await?;
    if let Some(error) = bad_body {
        return Err(error);
    }
    let (name, args) = tool_call(&mut body)?;
    let outcome = server.mcp.tools.call(ctx, &Narrowing::default(), &name, args).await;
    let service = server.dispatch.registry.by_name(&name).map_or("auth", |api| api.service);
    if outcome.is_error {
        let failure = serde_json::from_str::<Json>(&outcome.text).unwrap_or_default();
        let mut body = json!({"success": false, "tool": name, "error": failure["message"], "errCode": failure["errCode"]});
        if let Some(detail) = failure.get("detail") {
            body["detail"] = detail.clone();
        }
        return Ok(reply::value(request, outcome.status, &body));
    }
    let result = json!({"content": [{"type": "text", "text": outcome.text}]});
    let body = json!({"success": true, "service": service, "tool": name, "result": result});
    Ok(reply::json(request, 200, &body, 4 * 1024))
}

async fn enter(server: &Server, request: &HttpRequest, incoming: &mut Incoming, body: &Map<String, Json>) -> Result<Ctx> {
    let caller = incoming.caller(request, body, Via::Mcp);
    let ctx = incoming.enter_logged_in(server, caller).await?;
    ctx.second_factor_done()?;
    Ok(ctx)
}

/// The tool's name and its arguments.
fn tool_call(body: &mut Map<String, Json>) -> Result<(String, Map<String, Json>)> {
    let mut problems = Vec::new();
    let name = match body.remove("toolName") {
        Some(Json::String(name)) if !name.is_empty() => name,
        Some(Json::String(_) | Json::Null) | None => {
            problems.push(Problem::new("toolName", "is required"));
            String::new()
        }
        Some(_) => {
            problems.push(Problem::new("toolName", "must be a string"));
            String::new()
        }
    };
    let args = match body.remove("args") {
        Some(Json::Object(args)) => args,
        Some(Json::Null) | None => Map::new(),
        Some(_) => {
            problems.push(Problem::new("args", "must be an object"));
            Map::new()
        }
    };
    if problems.is_empty() { Ok((name, args)) } else { Err(Error::invalid(problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_call_names_its_tool() {
        let read = |body: Json| match body {
            Json::Object(mut body) => tool_call(&mut body),
            _ => panic!("an object"),
        };
        let (name, args) = read(json!({"toolName": "getUser", "args": {"userId": "x"}})).expect("valid");
        assert_eq!((name.as_str(), args.len()), ("getUser", 1));
        assert!(read(json!({"toolName": "getUser"})).expect("valid").1.is_empty());
        let error = read(json!({"args": []})).expect_err("invalid");
        assert_eq!(error.detail.expect("detail").as_array().map(Vec::len), Some(2));
    }
}
