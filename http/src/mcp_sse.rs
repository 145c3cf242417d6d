//! MCP's first HTTP transport, for clients that know no other: a stream of the server's messages, and a second address to
//! which the client posts its own. Each stream is one session, a pair of channels to the MCP server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use futures_channel::mpsc;
use futures_util::{SinkExt, Stream, StreamExt, stream};
use rmcp::ServiceExt;
use rmcp::model::{ClientJsonRpcMessage, GetExtensions, ServerJsonRpcMessage};
use serde_json::Value as Json;
use tokio::time::{Instant, Interval, interval_at};
use tokio_util::sync::CancellationToken;
use workforceos_core::error::{Error, Result, Status};
use workforceos_mcp::{McpCaller, Narrowing};

use crate::caller::{first, json_body, query};
use crate::login_end::{LoginEnded, login_ended};
use crate::mcp_sessions::{PER_USER, Who};
use crate::mcp_unanswered::Unanswered;
use crate::reply;
use crate::server::Server;

/// Where clients post, below the endpoint.
pub const MESSAGES: &str = "/messages";
/// How often a quiet stream shows that it is alive.
const PING: Duration = Duration::from_secs(15);
/// Messages that may wait in either direction.
const QUEUE: usize = 16;
/// What of the stream's address belongs to the address for posts as well: who calls, and for which company.
const CARRIED: [&str; 2] = ["_company", "access_token"];

/// The sessions that are open, by their id.
#[derive(Default)]
pub struct Open(Mutex<Sessions>);

#[derive(Default)]
struct Sessions {
    by_id: HashMap<String, Session>,
    /// How many there have been.
    opened: u64,
}

#[derive(Clone)]
struct Session {
    /// Whose it is: a user's, by one login or key.
    who: Who,
    /// As which one of all it was opened.
    number: u64,
    /// Ends its stream.
    ended: CancellationToken,
    /// What the stream's address leaves of the tools; the address for posts has no room for it.
    narrowing: Arc<Narrowing>,
    to_server: mpsc::Sender<ClientJsonRpcMessage>,
    unanswered: Unanswered,
}

impl Open {
    /// The session, if this login opened it.
    fn of(&self, id: &str, who: Who) -> Option<Session> {
        self.sessions().by_id.get(id).filter(|session| session.who == who).cloned()
    }

    /// Opens a session; of a user who has too many, the oldest ends.
    fn add(&self, id: String, who: Who, narrowing: Arc<Narrowing>, to_server: mpsc::Sender<ClientJsonRpcMessage>) -> Session {
        let mut open = self.sessions();
        open.opened += 1;
        let (number, ended, unanswered) = (open.opened, CancellationToken::new(), Unanswered::default());
        let session = Session { who, number, ended, narrowing, to_server, unanswered };
        open.by_id.insert(id, session.clone());
        let theirs = || open.by_id.iter().filter(|(_, session)| session.who.user == who.user);
        if theirs().count() > PER_USER
            && let Some(oldest) = theirs().min_by_key(|(_, session)| session.number).map(|(id, _)| id.clone())
            && let Some(oldest) = open.by_id.remove(&oldest)
        {
            oldest.ended.cancel();
        }
        session
    }

    pub fn count(&self) -> usize {
        self.sessions().by_id.len()
    }

    fn remove(&self, id: &str) {
        self.sessions().by_id.remove(id);
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's end of a session; with it the session ends.
struct Client {
    server: web::Data<Server>,
    id: String,
    login_ended: LoginEnded,
    /// Somebody else's, of the same user, took its place.
    ended: CancellationToken,
    unanswered: Unanswered,
    from_server: mpsc::Receiver<ServerJsonRpcMessage>,
    ping: Interval,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.server.mcp.legacy.remove(&self.id);
    }
}

impl Client {
    /// What the stream brings next; `None` at its end.
    async fn next(&mut self) -> Option<Bytes> {
        tokio::select! {
            biased;
            () = self.server.mcp.ended.cancelled() => None,
            () = &mut self.login_ended => None,
            () = self.ended.cancelled() => None,
            message = self.unanswered.next(&mut self.from_server) => {
                let text = serde_json::to_string(&message?).ok()?;
                Some(format!("event: message\ndata: {text}\n\n").into())
            }
            _ = self.ping.tick() => Some(Bytes::from_static(b": ping\n\n")),
        }
    }
}

/// `GET …/mcp/sse`: opens a session; the first event tells where to post.
pub async fn open(request: HttpRequest, server: web::Data<Server>) -> HttpResponse {
    let Some((caller, who)) = admitted(&request) else { return HttpResponse::InternalServerError().finish() };
    let id = server.new_id();
    let (to_server, from_client) = mpsc::channel(QUEUE);
    let (to_client, from_server) = mpsc::channel(QUEUE);
    let Session { ended, unanswered, .. } = server.mcp.legacy.add(id.clone(), who, caller.narrowing, to_server);
    let tools = server.mcp.tools.for_session();
    tokio::spawn(async move {
        // A client that leaves before it has introduced itself is nobody's failure.
        if let Ok(running) = tools.serve((to_client, from_client)).await {
            let _ = running.waiting().await;
        }
    });
    let endpoint = request.path().trim_end_matches('/').trim_end_matches("/sse");
    let carried = carried(request.query_string());
    let hello = format!("event: endpoint\ndata: {endpoint}{MESSAGES}?sessionId={id}{carried}\n\n");
    let login_ended = login_ended(&server, caller.caller.token.unwrap_or_default());
    let ping = interval_at(Instant::now() + PING, PING);
    let client = Client { server, id, login_ended, ended, unanswered, from_server, ping };
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("text/event-stream")));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")));
    response.insert_header((HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")));
    response.streaming(events(hello, client))
}

/// The part of a stream's query that posts need as well, as it came.
fn carried(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| CARRIED.contains(&pair.split('=').next().unwrap_or_default()));
    pairs.fold(String::new(), |text, pair| text + "&" + pair)
}

fn events(hello: String, client: Client) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    let first = stream::once(async move { Ok(Bytes::from(hello)) });
    let rest = stream::unfold(client, |mut client| async move { client.next().await.map(|bytes| (Ok(bytes), client)) });
    first.chain(Box::pin(rest))
}

/// `POST …/mcp/messages?sessionId=`: a message of the client; what comes of it comes in the stream.
pub async fn message(request: HttpRequest, payload: web::Payload, server: web::Data<Server>) -> HttpResponse {
    let Some((caller, who)) = admitted(&request) else { return HttpResponse::InternalServerError().finish() };
    let request_id = caller.caller.request_id.clone();
    match deliver(&request, payload, &server, caller, who).await {
        Ok(()) => HttpResponse::Accepted().finish(),
        Err(error) => reply::error(&request, &request_id, server.dispatch.clock.now(), &error),
    }
}

async fn deliver(request: &HttpRequest, payload: web::Payload, server: &Server, caller: McpCaller, who: Who) -> Result<()> {
    let gone = || Error::new(Status::NotFound, "SessionNotFound", "There is no such session: open a new stream");
    let query = query(request.query_string());
    let session = first(&query, "sessionId").and_then(|id| server.mcp.legacy.of(id, who));
    let mut session = session.ok_or_else(gone)?;
    let body = Json::Object(json_body(request.headers(), payload).await?);
    let read = serde_json::from_value::<ClientJsonRpcMessage>(body);
    let mut message = read.map_err(|e| Error::new(Status::Invalid, "ValidationFailed", format!("No JSON-RPC message: {e}")))?;
    session.unanswered.asked(&message)?;
    let caller = McpCaller::new(caller.caller, session.narrowing.clone());
    match &mut message {
        ClientJsonRpcMessage::Request(request) => {
            request.request.extensions_mut().insert(caller);
        }
        ClientJsonRpcMessage::Notification(notification) => {
            notification.notification.extensions_mut().insert(caller);
        }
        ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => {}
    }
    session.to_server.send(message).await.map_err(|_| gone())
}

/// Whom the gate let through, and by which login.
fn admitted(request: &HttpRequest) -> Option<(McpCaller, Who)> {
    let extensions = request.extensions();
    Some((extensions.get::<McpCaller>()?.clone(), *extensions.get::<Who>()?))
}

#[cfg(test)]
mod tests {
    use workforceos_core::id::{SessionId, UserId};

    use super::*;

    #[test]
    fn one_stream_too_many_ends_the_users_oldest() {
        let open = Open::default();
        let add = |id: String, user: u128, login: u128| {
            let who = Who { user: UserId(uuid::Uuid::from_u128(user)), login: SessionId(uuid::Uuid::from_u128(login)) };
            open.add(id, who, Arc::new(Narrowing::parse("")), mpsc::channel(1).0).ended
        };
        let others = add("other".to_owned(), 2, 0);
        // By whichever login.
        let streams: Vec<_> = (0..PER_USER).map(|n| add(n.to_string(), 1, n as u128)).collect();
        assert!(streams.iter().all(|ended| !ended.is_cancelled()));
        let last = add("last".to_owned(), 1, 0);
        assert!(streams[0].is_cancelled() && !streams[1].is_cancelled() && !last.is_cancelled() && !others.is_cancelled());
        assert_eq!(open.count(), PER_USER + 1);
    }

    #[test]
    fn posts_go_to_the_same_company_by_the_same_token() {
        assert_eq!(carried(""), "");
        assert_eq!(carried("services=leave&_company=acme&access_token=a%2Bb&x_company=1"), "&_company=acme&access_token=a%2Bb");
    }
}
