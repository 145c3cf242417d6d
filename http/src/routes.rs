//! From method and path to what answers: a Business API of the registry, else one of the server's own routes.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::FutureExt;
use workforceos_core::api::Method;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::registry::NoRoute;
use workforceos_services::{Bucket, SERVICES};

use crate::request::Incoming;
use crate::server::Server;
use crate::{agents, agents_chat, audit_export, auth, bucket, business, calendar, chat, reply, stream, system, tools, unread};

/// Stands for all services: the prefix of the tool layer is that of none.
pub const ALL: &str = "mcpbff";

/// The service of a path's first segment, in whatever case.
pub fn service(segment: &str) -> Option<&'static str> {
    let name = segment.len().checked_sub("-api".len()).and_then(|end| segment.split_at_checked(end));
    let name = name.filter(|(_, suffix)| suffix.eq_ignore_ascii_case("-api")).map(|(name, _)| name)?;
    if name.eq_ignore_ascii_case("mcpbff") || name.eq_ignore_ascii_case("realtime") {
        return Some(ALL);
    }
    SERVICES.into_iter().find(|service| service.eq_ignore_ascii_case(name))
}

/// A route of the server's own.
#[derive(Debug, PartialEq, Eq)]
enum Own<'p> {
    Health,
    Ready,
    Metrics,
    OpenApi,
    CurrentUser,
    Permissions(&'static str),
    Permission(&'p str),
    Login,
    Logout,
    Verification(auth::Verification),
    Upload(Bucket),
    Download(Bucket, bucket::Ask<'p>),
    Private(&'p str),
    Stream,
    Calendar,
    AuditExport,
    Tools,
    ToolsOf(&'p str),
    ToolsStatus,
    CallTool,
    RefreshTools,
    Chat(chat::Route<'p>),
    /// The agent that people talk to, whole or streamed.
    Assistant(bool),
    Insight(&'static str),
    InsightStream(&'static str),
    InsightChart(&'p str),
}

impl Own<'_> {
    /// Whether its address is that of something that can be deleted as well.
    fn can_be_deleted(&self) -> bool {
        matches!(self, Own::Chat(chat::Route::Conversation(_)))
    }
}

/// Finds the server's own route of a path, and its method.
fn own(path: &str) -> Option<(Method, Own<'_>)> {
    let raw: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let lower: Vec<Cow<'_, str>> = raw.iter().map(|part| Cow::Owned(part.to_ascii_lowercase())).collect();
    let parts: Vec<&str> = lower.iter().map(|part| &**part).collect();
    let found = match parts.as_slice() {
        ["health"] => (Method::Get, Own::Health),
        ["health", "ready"] => (Method::Get, Own::Ready),
        ["metrics"] => (Method::Get, Own::Metrics),
        ["openapi.json"] => (Method::Get, Own::OpenApi),
        [prefix, "currentuser"] if service(prefix).is_some() => (Method::Get, Own::CurrentUser),
        [prefix, "permissions"] => (Method::Get, Own::Permissions(service(prefix)?)),
        [prefix, "permissions", _] if service(prefix).is_some() => (Method::Get, Own::Permission(raw[2])),
        ["auth-api", "login"] => (Method::Post, Own::Login),
        ["auth-api", "logout"] => (Method::Post, Own::Logout),
        ["auth-api", "verification-services", kind, step] => {
            (Method::Post, Own::Verification(auth::Verification::named(kind, step)?))
        }
        [prefix, "bucket", name, rest @ ..] => {
            in_bucket(Bucket::named(name).filter(|b| service(prefix) == Some(b.service()))?, rest, &raw)?
        }
        ["realtime-api", "v1", "stream"] => (Method::Get, Own::Stream),
        ["schedulemanagement-api", "v1", "shifts.ics"] => (Method::Get, Own::Calendar),
        ["aiworkforceanalytics-api", "ai-insight", "generate"] => (Method::Post, Own::Insight("insightGenerator")),
        ["aiworkforceanalytics-api", "ai-insight", "generate", "stream"] => {
            (Method::Post, Own::InsightStream("insightGenerator"))
        }
        ["aiworkforceanalytics-api", "v1", "insights", _, "chart.svg"] => (Method::Get, Own::InsightChart(raw[3])),
        ["agenthub-api", "agents", "workforceinsightgenerator"] => (Method::Post, Own::Insight("workforceInsightGenerator")),
        ["agenthub-api", "agents", "workforceinsightgenerator", "stream"] => {
            (Method::Post, Own::InsightStream("workforceInsightGenerator"))
        }
        ["api", "v1", "audit-logs", "export"] => (Method::Get, Own::AuditExport),
        ["mcpbff-api", "api", "tools"] => (Method::Get, Own::Tools),
        ["mcpbff-api", "api", "tools", "status"] => (Method::Get, Own::ToolsStatus),
        ["mcpbff-api", "api", "tools", "call"] => (Method::Post, Own::CallTool),
        ["mcpbff-api", "api", "tools", "refresh"] => (Method::Post, Own::RefreshTools),
        ["mcpbff-api", "api", "tools", "service", _] => (Method::Get, Own::ToolsOf(raw[4])),
        ["mcpbff-api", "api", "chat", rest @ ..] => {
            let (method, route) = chat::route(rest, &raw)?;
            (method, Own::Chat(route))
        }
        ["agenthub-api", "agents", "workforceassistant"] => (Method::Post, Own::Assistant(false)),
        ["agenthub-api", "agents", "workforceassistant", "stream"] => (Method::Post, Own::Assistant(true)),
        _ => return None,
    };
    Some(found)
}

/// What is asked of a bucket; `raw` is the whole path as it came.
fn in_bucket<'p>(bucket: Bucket, rest: &[&str], raw: &[&'p str]) -> Option<(Method, Own<'p>)> {
    let last = raw.last().copied()?;
    let open = bucket != Bucket::EmployeeDocuments;
    Some(match rest {
        ["upload"] => (Method::Post, Own::Upload(bucket)),
        ["download", _] if !open => (Method::Get, Own::Private(last)),
        ["download", _] => (Method::Get, Own::Download(bucket, bucket::Ask::Id(last))),
        ["download", "key", _] if open => (Method::Get, Own::Download(bucket, bucket::Ask::Key(last))),
        ["default", _] if open => (Method::Get, Own::Download(bucket, bucket::Ask::Default(last))),
        _ => return None,
    })
}

/// Answers every request but MCP's.
pub async fn handle(request: HttpRequest, payload: web::Payload, server: web::Data<Server>) -> HttpResponse {
    let mut incoming = Incoming::begin(&server, &request);
    let (payload, rest) = match unread::watch(&request, payload).await {
        Ok(watched) => watched,
        Err(error) => return HttpResponse::from_error(error),
    };
    // A panic fails its own request only, and is told from a lost connection.
    let answered = AssertUnwindSafe(answer(&server, &request, payload, &mut incoming)).catch_unwind().await;
    let result = answered.unwrap_or_else(|_| Err(Error::internal("a handler panicked")));
    let mut response = result.unwrap_or_else(|error| incoming.failed(&server, &request, &error));
    let status = response.status().as_u16();
    incoming.finish(&server, &request, status, response.headers_mut());
    match rest {
        Some(rest) => rest.keep_in(response),
        None => response,
    }
}

/// Tools whose API key was refused look for an authorization server, and show people what they are told there.
fn nothing_at(path: &str) -> Error {
    let sought =
        ["/.well-known/oauth-", "/.well-known/openid-"].iter().any(|start| path.starts_with(start)) || path == "/register";
    let message = if sought {
        "There is no sign-in by OAuth here: tools send an API key. Look whether the one that is configured is right"
    } else {
        "There is nothing at this address"
    };
    Error::new(Status::NotFound, "NotFound", message)
}

async fn answer(
    server: &web::Data<Server>,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
) -> Result<HttpResponse> {
    let (method, path) = (method(request), request.path());
    // Of a method that no API has, what matters is whether the path exists at all.
    match server.dispatch.registry.route(method.unwrap_or(Method::Get), path) {
        Ok(routed) if method.is_some() => return business::call(server, request, payload, incoming, routed).await,
        Ok(_) | Err(NoRoute::MethodNotAllowed) => return Ok(not_allowed(server, request)),
        Err(NoRoute::NotFound) => {}
    }
    let Some((wanted, own)) = own(path) else { return Err(nothing_at(path)) };
    if method != Some(wanted) && !(method == Some(Method::Delete) && own.can_be_deleted()) {
        return Ok(not_allowed(server, request));
    }
    match own {
        Own::Health => Ok(system::health(request)),
        Own::Ready => system::ready(server, request).await,
        Own::Metrics => Ok(system::metrics(server)),
        Own::OpenApi => Ok(system::openapi(server, request)),
        Own::CurrentUser => auth::current_user(server, request, incoming).await,
        Own::Permissions(service) => auth::permissions(server, request, incoming, service).await,
        Own::Permission(name) => auth::permission(server, request, incoming, name).await,
        Own::Login => auth::login(server, request, payload, incoming).await,
        Own::Logout => auth::logout(server, request, payload, incoming).await,
        Own::Verification(what) => auth::verification(server, request, payload, incoming, what).await,
        Own::Upload(bucket) => bucket::upload(server, request, payload, incoming, bucket).await,
        Own::Download(bucket, ask) => bucket::download(server, request, incoming, bucket, ask).await,
        Own::Private(id) => bucket::private(server, request, incoming, id).await,
        Own::Stream => stream::open(server, request, incoming).await,
        Own::Calendar => calendar::shifts(server, request, incoming).await,
        Own::AuditExport => audit_export::run(server, request, incoming).await,
        Own::Tools => tools::list(server, request, incoming, None).await,
        Own::ToolsOf(service) => tools::list(server, request, incoming, Some(service)).await,
        Own::ToolsStatus => tools::status(server, request, incoming).await,
        Own::CallTool => tools::call(server, request, payload, incoming).await,
        Own::RefreshTools => tools::refresh(server, request, incoming).await,
        Own::Chat(route) => chat::handle(server, request, payload, incoming, route).await,
        Own::Assistant(streamed) => agents_chat::ask(server, request, payload, incoming, streamed).await,
        Own::Insight(agent) => agents::insight(server, request, payload, incoming, agent).await,
        Own::InsightStream(agent) => agents::insight_stream(server, request, payload, incoming, agent).await,
        Own::InsightChart(id) => agents::chart(server, request, incoming, id).await,
    }
}

fn method(request: &HttpRequest) -> Option<Method> {
    match request.method().as_str() {
        // The transport leaves the body of a HEAD out by itself.
        "GET" | "HEAD" => Some(Method::Get),
        "POST" => Some(Method::Post),
        "PATCH" => Some(Method::Patch),
        "DELETE" => Some(Method::Delete),
        _ => None,
    }
}

/// 405 is no failure that an API can have, so it has no place among [`Status`].
fn not_allowed(server: &Server, request: &HttpRequest) -> HttpResponse {
    let error = Error::new(Status::NotFound, "MethodNotAllowed", format!("{} is not for this address", request.method()));
    let body = if reply::is_plain(request.path()) {
        reply::plain_error(&error).1
    } else {
        let mut body = reply::error_body(&error, server.dispatch.clock.now());
        body["status"] = 405.into();
        body
    };
    reply::value(request, 405, &body)
}

#[cfg(test)]
mod tests;
