//! Conversations with the assistants: what was said before, what is asked now, and the answer that runs.
//!
//! An answer belongs to its conversation and not to a connection: pages come and go, and each reads the events from where it was.

mod begin;
mod record;
mod room;
mod talk;
mod told;

use std::sync::Arc;

use serde_json::Value as Json;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::ConversationId;
use workforceos_core::objects::Assistant;

pub use room::Chats;
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

/// What came of asking.
pub enum Asked {
    /// An answer that runs.
    Begun(Arc<Talk>),
    /// What was answered to the same call before.
    Kept(Json),
}

impl Asked {
    /// The answer that runs, of a call without an `Idempotency-Key`: nothing is kept for it.
    pub fn begun(self) -> Result<Arc<Talk>> {
        match self {
            Asked::Begun(talk) => Ok(talk),
            Asked::Kept(_) => Err(Error::internal("an answer is kept of a call without a key")),
        }
    }
}
