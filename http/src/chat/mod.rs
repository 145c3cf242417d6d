//! The chat: questions, answers as they are written, and the conversations that they make.

mod body;
mod document;
mod events;
mod kept;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value as Json, json};
use workforceos_agents::chat::{Ask, Asked};
use workforceos_core::Caller;
use workforceos_core::api::Method;
use workforceos_core::change::IdempotencyKey;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::input::Args;
use workforceos_core::objects::{Assistant, ExecutionSource};
use workforceos_core::session::{Ctx, Via};
use workforceos_services::conversations;

use crate::caller;
use crate::login_end::login_ended;
use crate::reply;
use crate::request::Incoming;
use crate::server::Server;

pub use body::read_prompt;
pub use document::operations;
pub use events::{Written, sse};

/// Whose APIs a key must be good for.
pub const SERVICE: &str = "agentHub";

/// What is asked of the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'p> {
    Ask,
    Stream,
    Resume(&'p str),
    Stop,
    Approve,
    Conversations,
    /// Read or deleted, as the method says.
    Conversation(&'p str),
}

/// The route below `/mcpbff-api/api/chat`; `raw` is the whole path as it came.
pub fn route<'p>(rest: &[&str], raw: &[&'p str]) -> Option<(Method, Route<'p>)> {
    let last = raw.last().copied()?;
    Some(match rest {
        [] => (Method::Post, Route::Ask),
        ["stream"] => (Method::Post, Route::Stream),
        ["stream", _] => (Method::Get, Route::Resume(last)),
        ["stop"] => (Method::Post, Route::Stop),
        ["approve"] => (Method::Post, Route::Approve),
        ["conversations"] => (Method::Get, Route::Conversations),
        ["conversations", _] => (Method::Get, Route::Conversation(last)),
        _ => return None,
    })
}

pub async fn handle(
    server: &web::Data<Server>,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    route: Route<'_>,
) -> Result<HttpResponse> {
    match route {
        Route::Ask => ask(server, request, payload, incoming).await,
        Route::Stream => stream(server, request, payload, incoming).await,
        Route::Resume(id) => resume(server, request, incoming, id).await,
        Route::Stop => stop(server, request, payload, incoming).await,
        Route::Approve => approve(server, request, payload, incoming).await,
        Route::Conversations => kept::list(server, request, incoming).await,
        Route::Conversation(id) if request.method() == "DELETE" => kept::delete(server, request, incoming, id).await,
        Route::Conversation(id) => kept::one(server, request, incoming, id).await,
    }
}

/// Somebody who may use the assistants.
pub struct Asker {
    pub ctx: Ctx,
    /// As whom tools are called: each call enters anew.
    pub caller: Caller,
    pub body: Map<String, Json>,
}

/// Reads who calls and what they send. A missing login is told before a bad body. `act` is what it is called in the journal, `service`
/// what a limited API key must be good for.
pub async fn enter(
    server: &Server,
    request: &HttpRequest,
    payload: Option<web::Payload>,
    incoming: &mut Incoming,
    act: &'static str,
    service: &'static str,
) -> Result<Asker> {
    let read = match payload {
        Some(payload) => caller::json_body(request.headers(), payload).await,
        None => Ok(Map::new()),
    };
    let (body, bad_body) = read.map_or_else(|error| (Map::new(), Some(error)), |body| (body, None));
    let caller = incoming.caller(request, &body, Via::Rest);
    let again = Caller { via: Via::Agent, ..caller.clone() };
    let ctx = incoming.enter_logged_in(server, caller).await?;
    let ctx = server.member(ctx, act, &[service]).await?;
    match bad_body {
        Some(error) => Err(error),
        None => Ok(Asker { ctx, caller: again, body }),
    }
}

/// As [`enter`], for what a key that only reads may not do.
pub async fn enter_to_write(
    server: &Server,
    request: &HttpRequest,
    payload: Option<web::Payload>,
    incoming: &mut Incoming,
    act: &'static str,
    service: &'static str,
) -> Result<Asker> {
    let asker = enter(server, request, payload, incoming, act, service).await?;
    let key = asker.ctx.session.as_ref().and_then(|session| session.key.as_ref());
    if key.is_some_and(|key| key.read_only) {
        return Err(Error::forbidden("This API key only reads"));
    }
    Ok(asker)
}

/// Begins an answer, which from then on runs by itself: until its end, or until the login behind it ends. A call that was sent before
/// with its `Idempotency-Key` gets the answer that it has.
pub async fn begin(
    server: &web::Data<Server>,
    request: &HttpRequest,
    asker: Asker,
    ask: Ask,
    source: ExecutionSource,
) -> Result<Asked> {
    let idempotency = key(server, request, &asker)?;
    let Asker { ctx, caller, .. } = asker;
    let ctx = Ctx { idempotency, ..ctx };
    let token = caller.token.clone().unwrap_or_default();
    let server = server.clone();
    // On a task of its own: the answer is watched even if its reader has left already.
    let begun = actix_web::rt::spawn(async move {
        let asked = server.agents.ask(ctx, caller, ask, source).await?;
        let Asked::Begun(talk) = &asked else { return Ok(asked) };
        let (ended, watched) = (login_ended(&server, token), talk.clone());
        actix_web::rt::spawn(async move {
            tokio::select! {
                () = ended => watched.stop(),
                () = watched.over() => {}
            }
        });
        Ok(asked)
    });
    begun.await.unwrap_or_else(|error| Err(Error::internal(error)))
}

/// The call's `Idempotency-Key`, tied to what is asked and to how far the caller's API key reaches: what was answered to one that
/// reaches further is not for this one.
pub fn key(server: &Server, request: &HttpRequest, asker: &Asker) -> Result<Option<IdempotencyKey>> {
    let Some(key) = caller::idempotency_key(request.headers())? else { return Ok(None) };
    let reach = asker.ctx.limited_to().map(|services| ("services".to_owned(), services.join(",")));
    let args = Args { query: reach.into_iter().collect(), body: asker.body.clone(), ..Args::default() };
    server.dispatch.idempotency_key(&asker.ctx, &args, key).map(Some)
}

/// `POST /api/chat/stream`: the answer as it is written. Sent again with its `Idempotency-Key`, it goes on after `Last-Event-ID`.
async fn stream(
    server: &web::Data<Server>,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
) -> Result<HttpResponse> {
    let asker = enter_to_write(server, request, Some(payload), incoming, "chat", SERVICE).await?;
    let ask = body::read_ask(&asker.body)?.into_ask(Assistant::Chat);
    let (token, after) = (asker.caller.token.clone(), events::position(request, incoming)?);
    match begin(server, request, asker, ask, ExecutionSource::Sse).await? {
        Asked::Again(talk) if talk.is_read(after) => Ok(HttpResponse::NoContent().finish()),
        asked => Ok(events::response(server, asked.events(after), token)),
    }
}

/// `GET /api/chat/stream/:conversationId`: an answer's events after the last that was seen.
async fn resume(server: &web::Data<Server>, request: &HttpRequest, incoming: &mut Incoming, id: &str) -> Result<HttpResponse> {
    let asker = enter(server, request, None, incoming, "chat", SERVICE).await?;
    let after = events::position(request, incoming)?;
    let conversation = kept::conversation(id)?;
    // Of others' conversations nothing is told, and nothing of one that is deleted.
    conversations::check_own(&server.app, &asker.ctx, conversation).await?;
    let Some(talk) = server.agents.talk(&asker.ctx, conversation) else {
        let message = "No answer is being written in this conversation; what was said is all in its messages";
        return Err(Error::new(Status::NotFound, "AnswerNotFound", message));
    };
    if talk.is_read(after) {
        // What makes a browser's EventSource stop asking.
        return Ok(HttpResponse::NoContent().finish());
    }
    Ok(events::response(server, talk.events(after), asker.caller.token))
}

/// `POST /api/chat`: the whole answer at once.
async fn ask(
    server: &web::Data<Server>,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
) -> Result<HttpResponse> {
    let asker = enter_to_write(server, request, Some(payload), incoming, "chat", SERVICE).await?;
    let ask = Ask { needs_provider: true, ..body::read_ask(&asker.body)?.into_ask(Assistant::Chat) };
    let asked = begin(server, request, asker, ask, ExecutionSource::Rest).await?;
    Ok(reply::json(request, 200, &asked.whole().await?, 4 * 1024))
}

/// `POST /api/chat/stop`: ends an answer; what was written of it stays.
async fn stop(server: &Server, request: &HttpRequest, payload: web::Payload, incoming: &mut Incoming) -> Result<HttpResponse> {
    let asker = enter_to_write(server, request, Some(payload), incoming, "stopChat", SERVICE).await?;
    let conversation = body::read_stop(&asker.body)?;
    conversations::check_own(&server.app, &asker.ctx, conversation).await?;
    let running = server.agents.talk(&asker.ctx, conversation).filter(|talk| !talk.is_over());
    if let Some(talk) = &running {
        talk.stop();
        talk.over().await;
    }
    let stopped = running.is_some();
    Ok(reply::value(request, 200, &json!({"success": true, "stopped": stopped})))
}

/// `POST /api/chat/approve`: whether a tool that waits may run.
async fn approve(server: &Server, request: &HttpRequest, payload: web::Payload, incoming: &mut Incoming) -> Result<HttpResponse> {
    let asker = enter_to_write(server, request, Some(payload), incoming, "approveTool", SERVICE).await?;
    let (id, yes) = body::read_approval(&asker.body)?;
    server.agents.approve(&asker.ctx, &id, yes)?;
    Ok(reply::value(request, 200, &json!({"success": true})))
}
