//! An answer in a conversation, for whoever reads it.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value as Json, json};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::ConversationId;
use workforceos_core::session::Ctx;

use super::record::called;
use crate::Agents;
use crate::answer::{Event, Outcome, Running};

/// Ids of events grow from one answer of a conversation to the next: whoever comes back with an id from before gets the whole answer.
/// No answer has so many events.
const STEP: u64 = 1_000_000;

/// The id in the conversation of an event of the answer to the question at a place.
pub(super) fn id_of(place: u64, event: u64) -> u64 {
    place.saturating_sub(1) * STEP + event
}

/// An answer in a conversation.
pub struct Talk {
    pub conversation: ConversationId,
    running: Arc<Running>,
    /// The place of its question in the conversation, from 1.
    place: u64,
}

/// An event, and its id in the conversation.
#[derive(Clone, Debug)]
pub struct Told {
    pub id: u64,
    pub event: Arc<Event>,
}

impl Agents {
    /// The answer of a conversation of the caller's that runs, or has ended not long ago.
    pub fn talk(&self, ctx: &Ctx, conversation: ConversationId) -> Option<Talk> {
        let running = self.answers.find(ctx.company(), ctx.user(), &conversation.to_string())?;
        let place = self.chats.place(conversation, &running)?;
        Some(Talk { conversation, running, place })
    }

    /// Lets a tool of the caller's that waits run, or not; 404 if none waits under that id.
    pub fn approve(&self, ctx: &Ctx, approval: &str, yes: bool) -> Result<()> {
        self.answers.approve(ctx.company(), ctx.user(), approval, yes)
    }
}

impl Talk {
    pub(super) fn new(conversation: ConversationId, running: Arc<Running>, place: u64) -> Talk {
        Talk { conversation, running, place }
    }

    /// Its events after an id, to its end. An id of another answer of the conversation, or none (0): all of them.
    pub fn events(&self, after: u64) -> BoxStream<'static, Told> {
        let place = self.place;
        let after = after.checked_sub(id_of(place, 0)).filter(|after| *after < STEP).unwrap_or(0);
        self.running.events(after).map(move |event| Told { id: id_of(place, event.id), event }).boxed()
    }

    pub(super) fn place(&self) -> u64 {
        self.place
    }

    pub fn is_over(&self) -> bool {
        self.running.ended()
    }

    /// Whether it is over and nothing of it is left after an id.
    pub fn is_read(&self, after: u64) -> bool {
        self.is_over() && matches!(self.events(after).next().now_or_never(), Some(None))
    }

    /// Ends it; what was written of it stays.
    pub fn stop(&self) {
        self.running.stop();
    }

    /// Waits until it is over and kept.
    pub async fn over(&self) {
        self.running.outcome().await;
    }

    /// All that it came to, tools' results as pages see them; a failure if it came to nothing.
    pub async fn whole(&self) -> Result<Json> {
        let outcome = self.running.outcome().await;
        let events: Vec<Told> = self.events(0).collect().await;
        let last = events.last().map(|told| told.event.clone());
        match last {
            Some(last) if last.kind == "error" => Err(failure(&outcome, &last)),
            Some(last) => {
                let calls: Vec<Json> = outcome.tool_calls.iter().map(|ran| shown(ran, &events)).collect();
                Ok(whole(self.conversation, &outcome, calls.into(), last.data["aliasMapSummary"].clone()))
            }
            None => Err(Error::internal("an answer without an end")),
        }
    }

    /// Who serves the model.
    pub async fn provider(&self) -> Json {
        let first = self.running.events(0).next().await;
        first.map(|start| start.data["provider"].clone()).unwrap_or_default()
    }

    /// As its text alone, for agents: 503 if it came to nothing.
    pub async fn text(&self) -> Result<String> {
        let outcome = self.running.outcome().await;
        match self.running.events(0).filter(|event| std::future::ready(event.is_last())).next().await {
            Some(last) if last.kind == "error" => Err(failure(&outcome, &last)),
            _ => Ok(outcome.text.clone()),
        }
    }
}

fn failure(outcome: &Outcome, last: &Event) -> Error {
    let told = outcome.error.as_deref().or_else(|| last.data["message"].as_str());
    Error::unavailable(told.unwrap_or("The answer came to nothing. Please try again in a moment"))
}

/// A call with the result that the page was told.
fn shown(ran: &crate::answer::Ran, events: &[Told]) -> Json {
    let its = |told: &&Told| told.event.kind == "tool_result" && told.event.data["toolCallId"] == ran.id;
    let told = events.iter().find(its).map(|told| told.event.data["result"].clone());
    called(&ran.id, &ran.tool, ran.args.clone(), told.unwrap_or_default(), ran.success, ran.error.as_deref())
}

/// An answer as `POST /api/chat` gives it.
pub(super) fn whole(conversation: ConversationId, outcome: &Outcome, tool_calls: Json, aliases: Json) -> Json {
    let usage = outcome.usage;
    json!({
        "conversationId": conversation.to_string(),
        "response": outcome.text,
        "toolCalls": tool_calls,
        "processingTime": outcome.millis,
        "aliasMapSummary": aliases,
        "usage": {"prompt": usage.prompt, "completion": usage.completion, "total": usage.total()},
        "finishReason": outcome.finish.as_str(),
    })
}
