//! The tool layer over MCP's Streamable HTTP, below every service's prefix and, for all services, below `/mcpbff-api`.
//!
//! A request without a valid login is answered before MCP is reached, in the shape of every other failure.

use std::sync::Arc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{HttpServiceFactory, Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::stream;
use rmcp_actix_web::transport::StreamableHttpService;
use serde_json::{Map, Value as Json};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use workforceos_core::Dispatch;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::session::Via;
use workforceos_mcp::{McpCaller, McpServer, Narrowing};
use workforceos_services::App;

use crate::caller::{BODY, MAX_BODY, bytes, header};
use crate::login_end::{UntilLogout, login_ended};
use crate::mcp_sessions::{Sessions, Who};
use crate::request::Incoming;
use crate::server::Server;
use crate::unheard::Heard;
use crate::{mcp_live, mcp_refusal, mcp_sse, origin, reply, routes, unread};

const SESSION: &str = "mcp-session-id";
const VERSION: &str = "mcp-protocol-version";
/// The last version of the protocol that has sessions; versions are dates.
const LAST_WITH_SESSIONS: &str = "2025-11-25";

/// The MCP server with its sessions; all HTTP workers share it.
pub struct Mount {
    pub tools: McpServer<App>,
    pub sessions: Arc<Sessions>,
    pub ended: CancellationToken,
    pub legacy: mcp_sse::Open,
    /// Origins whose pages may call, beside those on this machine.
    origins: Vec<String>,
}

impl Mount {
    pub fn new(dispatch: Arc<Dispatch<App>>, fixtures: bool, origins: Vec<String>) -> Mount {
        Mount {
            sessions: Arc::new(Sessions::new(dispatch.clock.clone())),
            tools: mcp_live::tools(dispatch, fixtures),
            ended: CancellationToken::new(),
            legacy: mcp_sse::Open::default(),
            origins,
        }
    }

    /// The route of every endpoint.
    pub fn scope(&self) -> impl HttpServiceFactory + 'static {
        let tools = self.tools.clone();
        StreamableHttpService::builder()
            .service_factory(Arc::new(move || Ok(tools.for_session())))
            .session_manager(self.sessions.manager())
            .cancellation_token(self.ended.clone())
            .max_request_body_bytes(MAX_BODY)
            // Whatever name a proxy serves us by is ours. Pages of a rebound name are known by their origin; those of their
            // requests that have none carry no login.
            .allowed_hosts(Vec::new())
            .on_request_fn(|request, extensions| {
                if let Some(caller) = request.extensions().get::<McpCaller>() {
                    extensions.insert(caller.clone());
                }
            })
            .build()
            .scope_with_path("/{prefix:[A-Za-z]+-[Aa][Pp][Ii]}/mcp")
            .route("/sse", web::get().to(mcp_sse::open))
            .route(mcp_sse::MESSAGES, web::post().to(mcp_sse::message))
            .default_service(web::to(nothing_here))
            .wrap(from_fn(gate))
    }

    /// Ends every session.
    pub fn shutdown(&self) {
        self.ended.cancel();
    }
}

/// Takes their sessions from logins that end, on whichever node; [`Sessions::sweep`] ends them.
pub async fn follow_logins(server: Arc<Server>) {
    let mut endings = server.app.caches.endings();
    loop {
        match endings.recv().await {
            Ok(Some(login)) => server.mcp.sessions.login_ended(login),
            // Nobody may use them in any case.
            Ok(None) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// Lets requests with a login through, as that login's, and ends what streams with it.
async fn gate<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<Heard>>, actix_web::Error> {
    let Some(server) = request.app_data::<web::Data<Server>>().cloned() else {
        return Err(actix_web::error::ErrorInternalServerError("the server is not in the application"));
    };
    let mut incoming = Incoming::begin(&server, request.request());
    let rest = unread::watch_in_time(&mut request, BODY);
    let mut response = match admit(&server, &mut request, &mut incoming).await {
        Ok((caller, who)) => {
            // The answer to a call is let out, though the call has ended the caller's own login.
            let pushed = request.method() == Method::GET;
            let token = caller.caller.token.clone().unwrap_or_default();
            let used = header(request.headers(), SESSION).map(str::to_owned);
            request.extensions_mut().insert(who);
            request.extensions_mut().insert(caller);
            let mut response = mcp_refusal::spoken(next.call(request).await?, server.dispatch.clock.now()).await;
            if response.request().method() == Method::DELETE && response.status() == StatusCode::ACCEPTED {
                // It has ended already, and clients ask for no less.
                *response.response_mut().status_mut() = StatusCode::NO_CONTENT;
            }
            if let Some(session) = header(response.headers(), SESSION) {
                server.mcp.sessions.opened(session, who);
            }
            let ended = pushed.then(|| login_ended(&server, token));
            let held = used.filter(|_| pushed && response.status().is_success()).map(|id| server.mcp.sessions.hold(&id));
            let clock = &server.dispatch.clock;
            response
                .map_body(|_, body| Heard::new(UntilLogout::new(unread::Holding::new(body, rest), ended), clock, held))
                .map_into_left_body()
        }
        Err(error) => {
            let now = server.dispatch.clock.now();
            let body = if request.method() == Method::POST { mcp_refusal::body } else { reply::error_body }(&error, now);
            let mut failed = reply::error_as(request.request(), &incoming.id, &error, &body);
            if error.status == Status::Unauthenticated {
                // Nothing in it leads to an authorization server: there is none, keys are configured.
                failed.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"WorkforceOS\""));
            }
            let failed = failed.map_body(|_, body| BoxBody::new(unread::Holding::new(body, rest)));
            request.into_response(failed).map_into_right_body()
        }
    };
    let (request, status) = (response.request().clone(), response.status().as_u16());
    incoming.finish(&server, &request, status, response.headers_mut());
    Ok(response)
}

async fn admit(server: &Server, request: &mut ServiceRequest, incoming: &mut Incoming) -> Result<(McpCaller, Who)> {
    let here = request.match_info().get("prefix").and_then(routes::service);
    // Clients look below the endpoint, too, for an authorization server.
    let service = here.filter(|_| !request.path().contains("/.well-known/")).ok_or_else(nothing)?;
    origin::check(request.headers(), &server.mcp.origins)?;
    let caller = incoming.caller(request.request(), &Map::new(), Via::Mcp);
    // A message is counted where it is carried out, so that a tool's refusal is the tool's; a stream, when it is opened.
    let entered = match *request.method() {
        Method::POST => incoming.enter_logged_in_uncounted(server, caller.clone()).await,
        _ => incoming.enter_logged_in(server, caller.clone()).await,
    };
    let ctx = entered?;
    ctx.second_factor_done()?;
    let login = ctx.session.as_ref().map(|session| session.id).ok_or_else(Error::login_required)?;
    let who = Who { user: ctx.user(), login };
    use_session(server, request, who).await?;
    let mut narrowing = Narrowing::parse(request.query_string());
    if service != routes::ALL {
        narrowing = narrowing.within(service);
    }
    Ok((McpCaller::new(caller, Arc::new(narrowing)), who))
}

/// Sees to the session that a request names: it is the caller's, or it is not named any more, or the answer is 404.
async fn use_session(server: &Server, request: &mut ServiceRequest, who: Who) -> Result<()> {
    let Some(session) = header(request.headers(), SESSION) else { return Ok(()) };
    if sessionless(request.headers()) {
        request.headers_mut().remove(SESSION);
        return Ok(());
    }
    let known = server.mcp.sessions.enter(session, who).await;
    if known.is_err() && begins_anew(request).await {
        // Somebody whose session a restart has ended may well name it when beginning a new one.
        request.headers_mut().remove(SESSION);
        return Ok(());
    }
    known
}

/// Whether a request is of a version of the protocol that knows no sessions.
fn sessionless(headers: &HeaderMap) -> bool {
    header(headers, VERSION).is_some_and(|version| version > LAST_WITH_SESSIONS)
}

/// Whether a message introduces a client; it can be read again.
async fn begins_anew(request: &mut ServiceRequest) -> bool {
    if request.method() != Method::POST {
        return false;
    }
    let mut payload = request.take_payload();
    let Ok(payload) = web::Payload::from_request(request.request(), &mut payload).await else { return false };
    let Ok(body) = bytes(request.headers(), payload, MAX_BODY).await else { return false };
    let message: Json = serde_json::from_slice(&body).unwrap_or_default();
    request.set_payload(Payload::Stream { payload: Box::pin(stream::iter([Ok(body.freeze())])) });
    message["method"] == "initialize"
}

fn nothing() -> Error {
    Error::new(Status::NotFound, "NotFound", "There is nothing at this address")
}

async fn nothing_here(request: HttpRequest, server: web::Data<Server>) -> HttpResponse {
    reply::value(&request, 404, &reply::error_body(&nothing(), server.dispatch.clock.now()))
}
