//! Conversations with the assistants: what was said before, what is asked now, and the answer that runs.
//!
//! An answer belongs to its conversation and not to a connection: pages come and go, and each reads the events from where it was.

mod begin;
mod kept;
mod record;
mod room;
mod talk;
mod told;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::Value as Json;
use workforceos_core::error::Result;
use workforceos_core::id::ConversationId;
use workforceos_core::objects::Assistant;

pub use kept::Kept;
pub use room::{Called, Chats, Mine};
pub use talk::{Talk, Told};

/// What somebody asks an assistant.
#[derive(Clone, Debug)]
pub struct Ask {
    pub assistant: Assistant,
    /// The conversation that goes on; `None`: a new one.
    pub conversation: Option<ConversationId>,
    pub message: String,
    /// What the page shows: told to the model as data.
    pub context: Option<Json>,
    /// Services whose tools are left out.
    pub disabled_services: Vec<String>,
    /// Whether tools that change something wait for approval.
    pub confirm_writes: bool,
    /// Whether nothing is to begin without a provider. Else there is an answer that says so.
    pub needs_provider: bool,
}

/// The answer to what somebody asks.
pub enum Asked {
    /// It has begun.
    Begun(Arc<Talk>),
    /// The same call was sent before: its answer runs, or has ended not long ago.
    Again(Arc<Talk>),
    /// The same call was answered before.
    Kept(Kept),
}

impl Asked {
    pub fn conversation(&self) -> ConversationId {
        match self {
            Asked::Begun(talk) | Asked::Again(talk) => talk.conversation,
            Asked::Kept(kept) => kept.conversation(),
        }
    }

    /// Its events. Who comes again goes on after an id, unless only what came of the answer is kept: that is told whole.
    pub fn events(&self, after: u64) -> BoxStream<'static, Told> {
        match self {
            Asked::Begun(talk) => talk.events(0),
            Asked::Again(talk) => talk.events(after),
            Asked::Kept(kept) => stream::iter(kept.events()).boxed(),
        }
    }

    /// All that it came to, tools' results as pages see them; a failure if it came to nothing.
    pub async fn whole(self) -> Result<Json> {
        match self {
            Asked::Begun(talk) | Asked::Again(talk) => talk.whole().await,
            Asked::Kept(kept) => kept.whole(),
        }
    }

    /// As its text alone, for agents: 503 if it came to nothing.
    pub async fn text(&self) -> Result<String> {
        match self {
            Asked::Begun(talk) | Asked::Again(talk) => talk.text().await,
            Asked::Kept(kept) => kept.text(),
        }
    }

    /// Who serves the model.
    pub async fn provider(&self) -> Json {
        match self {
            Asked::Begun(talk) | Asked::Again(talk) => talk.provider().await,
            Asked::Kept(kept) => kept.provider(),
        }
    }
}
