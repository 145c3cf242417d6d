//! The tool layer over MCP's Streamable HTTP, below every service's prefix and, for all services, below `/mcpbff-api`.
//!
//! A request without a valid login is answered before MCP is reached, in the shape of every other failure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{HttpServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use rmcp::transport::streamable_http_server::session::SessionManager as _;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp_actix_web::transport::StreamableHttpService;
use serde_json::Map;
use tokio_util::sync::CancellationToken;
use workforceos_core::Dispatch;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::{SessionId, UserId};
use workforceos_core::session::Via;
use workforceos_core::value::Kind;
use workforceos_mcp::{McpCaller, McpServer, Narrowing};
use workforceos_services::App;
use workforceos_services::bucket::MB;

use crate::caller::{BODY, MAX_BODY, header};
use crate::login_end::{UntilLogout, login_ended};
use crate::request::Incoming;
use crate::server::Server;
use crate::{mcp_sse, routes, unread};

const SESSION: &str = "mcp-session-id";
/// How long a session lives without a request: a person may well think that long between two questions.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// The most sessions of one user.
pub const PER_USER: usize = 256;
/// Sessions opened between two looks for those that have ended.
const SWEEP: usize = 64;

/// Who opened a session, and as which one of all.
struct Owner {
    who: Who,
    number: u64,
}

/// A user, by one login or key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    pub user: UserId,
    pub login: SessionId,
}

/// The MCP server with its sessions; all HTTP workers share it.
pub struct Mount {
    pub tools: McpServer<App>,
    sessions: Arc<LocalSessionManager>,
    /// Who opened a session: nobody else may use it, nor the same user by another login.
    owners: Mutex<HashMap<String, Owner>>,
    pub ended: CancellationToken,
    pub legacy: mcp_sse::Open,
}

impl Mount {
    pub fn new(dispatch: Arc<Dispatch<App>>) -> Mount {
        let mut sessions = LocalSessionManager::default();
        sessions.session_config.keep_alive = Some(IDLE);
        Mount {
            tools: workforceos_mcp::server(dispatch),
            sessions: Arc::new(sessions),
            owners: Mutex::default(),
            ended: CancellationToken::new(),
            legacy: mcp_sse::Open::default(),
        }
    }

    /// The route of every endpoint.
    pub fn scope(&self) -> impl HttpServiceFactory + 'static {
        let tools = self.tools.clone();
        StreamableHttpService::builder()
            .service_factory(Arc::new(move || Ok(tools.clone())))
            .session_manager(self.sessions.clone())
            .cancellation_token(self.ended.clone())
            .max_request_body_bytes(MAX_BODY)
            // The check of host names guards servers without a login; here every request carries one, which a page of a
            // rebound name does not have.
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

    /// 404 for a session that is not there, as for one that somebody else opened.
    async fn check(&self, session: &str, who: Who, ending: bool) -> Result<()> {
        let foreign = {
            let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
            owners.get(session).is_some_and(|owner| owner.who != who)
        };
        // rmcp finds out by itself, but answers the end of a session that never was with a success.
        if foreign || (ending && !self.sessions.sessions.read().await.contains_key(session)) {
            return Err(Error::new(Status::NotFound, "SessionNotFound", "There is no such session: initialize a new one"));
        }
        Ok(())
    }

    async fn opened(&self, session: &str, who: Who) {
        let (grown, theirs) = {
            let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
            let number = owners.values().map(|owner| owner.number).max().unwrap_or(0) + 1;
            owners.entry(session.to_owned()).or_insert(Owner { who, number });
            (owners.len().is_multiple_of(SWEEP), owners.values().filter(|owner| owner.who.user == who.user).count())
        };
        if grown || theirs > PER_USER {
            let alive = self.sessions.sessions.read().await;
            let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
            owners.retain(|id, _| alive.contains_key(id.as_str()));
        }
        if theirs > PER_USER {
            self.close_oldest(who.user).await;
        }
    }

    /// A user's oldest sessions make room for new ones: each takes memory as long as it is open.
    async fn close_oldest(&self, user: UserId) {
        let surplus: Vec<String> = {
            let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
            let own = owners.iter().filter(|(_, owner)| owner.who.user == user);
            let mut own: Vec<_> = own.map(|(id, owner)| (owner.number, id.clone())).collect();
            own.sort_unstable();
            let surplus = own.len().saturating_sub(PER_USER);
            own.into_iter().take(surplus).map(|(_, id)| id).collect()
        };
        for id in surplus {
            // One that has ended meanwhile is what was wanted.
            let _ = self.sessions.close_session(&id.as_str().into()).await;
            self.owners.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        }
    }
}

/// Lets requests with a login through, as that login's, and ends what streams with it.
async fn gate<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<UntilLogout>>, actix_web::Error> {
    let Some(server) = request.app_data::<web::Data<Server>>().cloned() else {
        return Err(actix_web::error::ErrorInternalServerError("the server is not in the application"));
    };
    let mut incoming = Incoming::begin(&server, request.request());
    let rest = unread::watch_in_time(&mut request, BODY);
    let mut response = match admit(&server, request.request(), &mut incoming).await {
        Ok((caller, who)) => {
            // The answer to a call is let out, though the call has ended the caller's own login.
            let pushed = request.method() == Method::GET;
            let token = caller.caller.token.clone().unwrap_or_default();
            request.extensions_mut().insert(who);
            request.extensions_mut().insert(caller);
            let response = next.call(request).await?;
            if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let (request, error) = (response.request().clone(), too_large());
                let mut failed = incoming.failed(&server, &request, &error);
                incoming.finish(&server, &request, failed.status().as_u16(), failed.headers_mut());
                let failed = failed.map_body(|_, body| BoxBody::new(unread::Holding::new(body, rest)));
                return Ok(ServiceResponse::new(request, failed.map_into_right_body()));
            }
            if let Some(session) = header(response.headers(), SESSION) {
                server.mcp.opened(session, who).await;
            }
            let ended = pushed.then(|| login_ended(&server, token));
            response.map_body(|_, body| UntilLogout::new(unread::Holding::new(body, rest), ended)).map_into_left_body()
        }
        Err(error) => {
            let failed = incoming.failed(&server, request.request(), &error);
            let failed = failed.map_body(|_, body| BoxBody::new(unread::Holding::new(body, rest)));
            request.into_response(failed).map_into_right_body()
        }
    };
    let (request, status) = (response.request().clone(), response.status().as_u16());
    incoming.finish(&server, &request, status, response.headers_mut());
    Ok(response)
}

/// What a tool's call may have, a file included, as models read it.
pub fn too_large() -> Error {
    let (kib, mb) = (MAX_BODY / 1024, Kind::MAX_FILE / MB);
    let message =
        format!("A tool's call may have {kib} KiB at most. Send a larger file over REST: importing APIs take {mb} MB there");
    Error::new(Status::TooLarge, "PayloadTooLarge", message)
}

async fn admit(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<(McpCaller, Who)> {
    let service = request.match_info().get("prefix").and_then(routes::service);
    let service = service.ok_or_else(|| Error::new(Status::NotFound, "NotFound", "There is nothing at this address"))?;
    let caller = incoming.caller(request, &Map::new(), Via::Mcp);
    // A message is counted where it is carried out, so that a tool's refusal is the tool's; a stream, when it is opened.
    let entered = match *request.method() {
        Method::POST => incoming.enter_logged_in_uncounted(server, caller.clone()).await,
        _ => incoming.enter_logged_in(server, caller.clone()).await,
    };
    let ctx = entered?;
    ctx.second_factor_done()?;
    let login = ctx.session.as_ref().map(|session| session.id).ok_or_else(Error::login_required)?;
    let who = Who { user: ctx.user(), login };
    if let Some(session) = header(request.headers(), SESSION) {
        server.mcp.check(session, who, request.method() == Method::DELETE).await?;
    }
    let mut narrowing = Narrowing::parse(request.query_string());
    if service != routes::ALL {
        narrowing = narrowing.within(service);
    }
    Ok((McpCaller::new(caller, Arc::new(narrowing)), who))
}

async fn nothing_here(request: HttpRequest, server: web::Data<Server>) -> HttpResponse {
    let error = Error::new(Status::NotFound, "NotFound", "There is nothing at this address");
    let body = crate::reply::error_body(&error, server.dispatch.clock.now());
    crate::reply::value(&request, 404, &body)
}
