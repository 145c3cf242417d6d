//! The insight agents: one question, one insight, as JSON or as a stream.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt;
use futures_util::stream::unfold;
use serde_json::{Map, Value as Json, json};
use tokio::time::{Interval, MissedTickBehavior, interval_at};
use workforceos_agents::insight::chart::Chart;
use workforceos_agents::insight::{self, Begun, Made, PROMPT};
use workforceos_core::answer::Data;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::objects::ExecutionSource;
use workforceos_core::session::Via;
use workforceos_core::{Args, Value};

use crate::caller;
use crate::reply;
use crate::request::Incoming;
use crate::server::Server;

/// How often a stream shows that it is alive.
const PING: Duration = Duration::from_secs(15);
/// How much of an insight goes out at once, in bytes.
const CHUNK: usize = 2 * 1024;
/// The longest id of a conversation.
const CONVERSATION: usize = 100;

/// What is asked.
struct Question {
    prompt: String,
    /// Answered as it came: an insight stands by itself.
    conversation: Option<String>,
}

/// `POST …/generate` and `…/workforceInsightGenerator`: the whole insight at once.
pub async fn insight(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    agent: &'static str,
) -> Result<HttpResponse> {
    let (begun, question) = begin(server, request, payload, incoming, agent, ExecutionSource::Rest).await?;
    let made = begun.answer(&server.agents, &question.prompt).await?;
    let mut data = json!({"response": made.text(), "provider": made.provider});
    if let Some(conversation) = question.conversation {
        data["conversationId"] = json!(conversation);
    }
    Ok(reply::json(request, 200, &json!({"success": true, "data": data}), 16 * 1024))
}

/// The same as a stream: `chunk {content}`…, then `complete {}`; or `error {message}`. Nothing of an insight goes out before all of it
/// was checked. A client that leaves ends the work.
pub async fn insight_stream(
    server: &web::Data<Server>,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    agent: &'static str,
) -> Result<HttpResponse> {
    let (begun, question) = begin(server, request, payload, incoming, agent, ExecutionSource::Sse).await?;
    let (server, id) = (server.clone().into_inner(), incoming.id.clone());
    let work = AssertUnwindSafe(work(server, begun, question.prompt, id)).catch_unwind();
    let work = work.map(|frames| frames.unwrap_or_else(|_| VecDeque::from([failed("Something went wrong. Please try again")])));
    let state =
        State { work: Some(Box::pin(work)), ping: pings(), ready: VecDeque::from([Bytes::from_static(b": working\n\n")]) };
    let body = unfold(state, |mut state| async move { state.next().await.map(|bytes| (Ok::<_, std::io::Error>(bytes), state)) });
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("text/event-stream")));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")));
    response.insert_header((HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")));
    Ok(response.streaming(Box::pin(body)))
}

/// `GET …/v1/insights/:id/chart.svg`: an insight's chart as a picture, for those who may read the insight.
pub async fn chart(server: &Server, request: &HttpRequest, incoming: &mut Incoming, id: &str) -> Result<HttpResponse> {
    let caller = incoming.caller(request, &Map::new(), Via::Rest);
    let ctx = incoming.enter_logged_in(server, caller).await?;
    let none = || Error::not_found("AiInsight");
    let api = server.dispatch.registry.by_name("getAiInsight").ok_or_else(none)?;
    let args = Args { path: vec![("id", id.to_owned())], ..Args::default() };
    let answer = server.dispatch.call(ctx, api, args, None).await?;
    let chart = match &answer.data {
        Data::One(row) => match row.record.get("chart") {
            Value::Json(chart) => Chart::read(chart),
            _ => None,
        },
        _ => None,
    };
    let picture = chart.map(Chart::drawn).map(|chart| chart.svg).filter(|svg| !svg.is_empty());
    let picture = picture.ok_or_else(|| Error::not_found("Chart"))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")));
    // A picture and nothing else, should a browser be led to open it as a page.
    response.insert_header((
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
    ));
    response.insert_header((CONTENT_DISPOSITION, HeaderValue::from_static("inline; filename=\"chart.svg\"")));
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("private, no-store")));
    Ok(response.body(picture))
}

/// Everything that can be refused before there is anything to stream.
async fn begin(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    agent: &'static str,
    source: ExecutionSource,
) -> Result<(Begun, Question)> {
    let read = caller::json_body(request.headers(), payload).await;
    let (body, bad_body) = read.map_or_else(|error| (Map::new(), Some(error)), |body| (body, None));
    let caller = incoming.caller(request, &body, Via::Agent);
    let ctx = incoming.enter_logged_in(server, caller.clone()).await?;
    let service = insight::AGENTS.iter().find(|(name, _)| *name == agent).map_or("agentHub", |(_, service)| service);
    let ctx = server.member(ctx, agent, &[service]).await?;
    if let Some(error) = bad_body {
        return Err(error);
    }
    let question = question(&body)?;
    Ok((insight::begin(&server.agents, &caller, &ctx, agent, source).await?, question))
}

/// Reads `{prompt, conversationId?}`; every bad field is named.
fn question(body: &Map<String, Json>) -> Result<Question> {
    let mut problems = Vec::new();
    let prompt = match body.get("prompt") {
        Some(Json::String(prompt)) if !prompt.trim().is_empty() => {
            if prompt.chars().count() > PROMPT {
                problems.push(Problem::new("prompt", format!("must have at most {PROMPT} characters")));
            }
            prompt.trim().to_owned()
        }
        Some(Json::String(_) | Json::Null) | None => {
            problems.push(Problem::new("prompt", "is required"));
            String::new()
        }
        Some(_) => {
            problems.push(Problem::new("prompt", "must be a string"));
            String::new()
        }
    };
    let conversation = match body.get("conversationId") {
        None | Some(Json::Null) => None,
        Some(Json::String(id)) if id.chars().count() <= CONVERSATION => Some(id.clone()),
        Some(_) => {
            problems.push(Problem::new("conversationId", format!("must be a string of at most {CONVERSATION} characters")));
            None
        }
    };
    Error::none_of(problems)?;
    Ok(Question { prompt, conversation })
}

/// The insight in its frames, or why there is none.
async fn work(server: Arc<Server>, begun: Begun, prompt: String, request_id: Arc<str>) -> VecDeque<Bytes> {
    match begun.answer(&server.agents, &prompt).await {
        Ok(made) => frames(&made),
        Err(error) => {
            if error.status.http() >= 500 {
                tracing::error!(requestId = &*request_id, errCode = %error.code, source = ?error.source, "an insight could not be made");
            }
            VecDeque::from([failed(&error.message)])
        }
    }
}

fn frames(made: &Made) -> VecDeque<Bytes> {
    let text = made.text();
    let mut frames = VecDeque::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let most = rest.len().min(CHUNK);
        let end = (1..=most).rev().find(|i| rest.is_char_boundary(*i)).unwrap_or(rest.len());
        frames.push_back(frame("chunk", &json!({"content": &rest[..end]})));
        rest = &rest[end..];
    }
    frames.push_back(frame("complete", &json!({})));
    frames
}

fn failed(message: &str) -> Bytes {
    frame("error", &json!({"message": message}))
}

fn frame(event: &str, data: &Json) -> Bytes {
    format!("event: {event}\ndata: {data}\n\n").into()
}

fn pings() -> Interval {
    let mut ping = interval_at(tokio::time::Instant::now() + PING, PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping
}

/// A stream's body: the work runs as long as somebody reads, and ends with the stream.
struct State {
    work: Option<Pin<Box<dyn Future<Output = VecDeque<Bytes>>>>>,
    ping: Interval,
    ready: VecDeque<Bytes>,
}

impl State {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        let work = self.work.as_mut()?;
        tokio::select! {
            biased;
            frames = work => {
                self.work = None;
                self.ready = frames;
                self.ready.pop_front()
            }
            _ = self.ping.tick() => Some(Bytes::from_static(b": ping\n\n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_all_that_is_wrong() {
        let read = |body: Json| match body {
            Json::Object(body) => question(&body),
            _ => panic!("an object"),
        };
        let good = read(json!({"prompt": " Who is late? ", "conversationId": "c1"})).expect("valid");
        assert_eq!((good.prompt.as_str(), good.conversation.as_deref()), ("Who is late?", Some("c1")));
        let bad = |body: Json| read(body).err().and_then(|e| e.detail).and_then(|d| d.as_array().map(Vec::len));
        assert_eq!(bad(json!({})), Some(1));
        assert_eq!(bad(json!({"prompt": 5, "conversationId": {}})), Some(2));
        assert_eq!(bad(json!({"prompt": "x".repeat(PROMPT + 1), "conversationId": "c".repeat(101)})), Some(2));
    }
}
