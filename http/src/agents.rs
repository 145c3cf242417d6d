//! The insight agents: one question, one insight, as JSON or as a stream.

mod document;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::{iter, once};
use futures_util::{FutureExt, StreamExt};
use serde_json::{Map, Value as Json, json};
use workforceos_agents::chat::{Called, Mine};
use workforceos_agents::insight::chart::Chart;
use workforceos_agents::insight::{self, Begun, PROMPT};
use workforceos_core::answer::Data;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::objects::ExecutionSource;
use workforceos_core::session::Via;
use workforceos_core::value::LongText;
use workforceos_core::{Args, Value, input};

use crate::chat::{self, Written};
use crate::request::Incoming;
use crate::server::Server;
use crate::{reply, sent};

pub use document::operations;

/// How much of an insight goes out at once, in bytes.
const CHUNK: usize = 2 * 1024;
/// The longest id of a conversation.
const CONVERSATION: usize = 100;

input! {
    /// What is asked.
    pub struct Question {
        /// What the insight is to answer, up to 4000 characters; it may name its days.
        prompt: LongText => "prompt" Body,
        /// Comes back as it was sent, up to 100 characters: an insight stands by itself.
        conversation: Option<String> => "conversationId" Body,
    }
}

/// `POST …/generate` and `…/workforceInsightGenerator`: the whole insight at once.
pub async fn insight(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    agent: &'static str,
) -> Result<HttpResponse> {
    let asked = ask(server, request, payload, incoming, agent, ExecutionSource::Rest).await?;
    let conversation = asked.question.conversation.clone();
    let mut data = asked.answer(server).await?;
    if let Some(conversation) = conversation {
        data["conversationId"] = json!(conversation);
    }
    Ok(reply::json(request, 200, &json!({"success": true, "data": data}), 16 * 1024))
}

/// The same as a stream: `chunk {content}`…, then `complete {}`; or `error {message}`. Nothing of an insight goes out before all of it
/// was checked. A client that leaves ends the work, and so does the end of the server.
pub async fn insight_stream(
    server: &web::Data<Server>,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    agent: &'static str,
) -> Result<HttpResponse> {
    let asked = ask(server, request, payload, incoming, agent, ExecutionSource::Sse).await?;
    let work = AssertUnwindSafe(work(server.clone().into_inner(), asked, incoming.id.clone())).catch_unwind();
    let work = work.map(|frames| frames.unwrap_or_else(|_| vec![failed("Something went wrong. Please try again")]));
    let frames = once(work).flat_map(iter).boxed();
    // Whoever logs out meanwhile is told so by the work.
    Ok(chat::sse(server, Written::new(frames, |frame: &Bytes| Some(frame.clone())), None))
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

/// A question that may be answered.
struct Asked {
    question: Question,
    begun: Begun,
    /// What was answered to the same call before.
    kept: Option<Json>,
    /// Until it is answered, nobody else answers the same call.
    mine: Option<Mine>,
}

impl Asked {
    /// `{response, provider}`.
    async fn answer(self, server: &Server) -> Result<Json> {
        let Asked { question, begun, kept, mine: _mine } = self;
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let made = begun.answer(&server.agents, question.prompt.0.trim());
        Ok(server.agents.answers.unless_ending(made).await?.answer())
    }
}

/// Everything that can be refused before there is anything to stream.
async fn ask(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    agent: &'static str,
    source: ExecutionSource,
) -> Result<Asked> {
    let service = insight::AGENTS.iter().find(|(name, _)| *name == agent).map_or(chat::SERVICE, |(_, service)| service);
    let mut asker = chat::enter_to_write(server, request, Some(payload), incoming, agent, service).await?;
    let question = question(&asker.body)?;
    server.agents.answers.check_open()?;
    asker.ctx.idempotency = chat::key(server, request, &asker)?;
    let mine = match &asker.ctx.idempotency {
        Some(key) => match server.agents.chats.call(key).await? {
            Called::Mine(mine) => Some(mine),
            // What has a conversation is another call.
            Called::Answered(_) => return Err(key.taken()),
        },
        None => None,
    };
    let begun = insight::begin(&server.agents, &asker.caller, &asker.ctx, agent, source).await?;
    let kept = server.dispatch.kept(&asker.ctx).await?;
    Ok(Asked { question, begun, kept, mine })
}

/// Reads `{prompt, conversationId?}`; every bad field is named.
fn question(body: &Map<String, Json>) -> Result<Question> {
    sent::read(body, |problems| {
        for (name, most) in [("prompt", PROMPT), ("conversationId", CONVERSATION)] {
            let text = body.get(name).and_then(Json::as_str).unwrap_or_default();
            let told = problems.iter().any(|problem| problem.field == name);
            if !told && text.chars().count() > most {
                problems.push(Problem::new(name, format!("must have at most {most} characters")));
            }
        }
    })
}

/// The insight in its frames, or why there is none.
async fn work(server: Arc<Server>, asked: Asked, request_id: Arc<str>) -> Vec<Bytes> {
    match asked.answer(&server).await {
        Ok(answer) => frames(answer["response"].as_str().unwrap_or_default()),
        Err(error) => {
            if error.status.http() >= 500 {
                tracing::error!(requestId = &*request_id, errCode = %error.code, source = ?error.source, "an insight could not be made");
            }
            vec![failed(&error.message)]
        }
    }
}

fn frames(text: &str) -> Vec<Bytes> {
    let (mut frames, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(CHUNK));
        frames.push(frame("chunk", &json!({"content": piece})));
        rest = more;
    }
    frames.push(frame("complete", &json!({})));
    frames
}

fn failed(message: &str) -> Bytes {
    frame("error", &json!({"message": message}))
}

fn frame(event: &str, data: &Json) -> Bytes {
    format!("event: {event}\ndata: {data}\n\n").into()
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
        assert_eq!((good.prompt.0.trim(), good.conversation.as_deref()), ("Who is late?", Some("c1")));
        let bad = |body: Json| read(body).err().and_then(|e| e.detail).and_then(|d| d.as_array().map(Vec::len));
        assert_eq!(bad(json!({})), Some(1));
        assert_eq!(bad(json!({"prompt": " "})), Some(1));
        assert_eq!(bad(json!({"prompt": 5, "conversationId": {}})), Some(2));
        for long in [PROMPT + 1, 30_000] {
            assert_eq!(bad(json!({"prompt": "x".repeat(long), "conversationId": "c".repeat(101)})), Some(2));
        }
    }

    #[test]
    fn an_insight_goes_out_in_whole_characters() {
        let text = "ä€".repeat(CHUNK);
        let told: Vec<String> = frames(&text).iter().map(|frame| String::from_utf8(frame.to_vec()).expect("text")).collect();
        let (last, chunks) = told.split_last().expect("an end");
        assert_eq!(last, "event: complete\ndata: {}\n\n");
        let content = |frame: &String| {
            let data = frame.strip_prefix("event: chunk\ndata: ").expect("a chunk");
            serde_json::from_str::<Json>(data).expect("JSON")["content"].as_str().expect("text").to_owned()
        };
        assert_eq!(chunks.iter().map(content).collect::<String>(), text);
        assert!(chunks.iter().all(|chunk| content(chunk).len() <= CHUNK));
    }
}
