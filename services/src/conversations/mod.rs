//! Conversations with the assistants: each its owner's alone, written message by message, erased when it is deleted.
//!
//! What is asked is written before the answer begins, the answer at its end: whatever happens in between, the conversation is one
//! that can go on. The journal tells that there was something, never what.

mod forget;
mod names;
mod reach;
mod read;
mod title;
mod write;

use serde_json::Value as Json;
use workforceos_core::error::Error;
use workforceos_core::objects::{Assistant, Conversation};

pub use forget::forget_everywhere;
pub use read::{History, check_own, history, list, messages, open};
pub use write::{answered, asked, delete};

/// The most conversations of one person in one company; one more drops the one that was idle for longest.
pub const CONVERSATIONS: usize = 200;
/// The most messages of a conversation.
pub const MESSAGES: i64 = 500;
/// The most characters kept of a conversation, tools' results included.
pub const CHARACTERS: i64 = 5_000_000;

/// A conversation that is to go on, and the short names that it uses.
pub struct Open {
    pub conversation: Conversation,
    pub aliases: Option<Json>,
}

/// What somebody asks.
#[derive(Clone, Debug)]
pub struct Question {
    pub assistant: Assistant,
    /// As people read it.
    pub text: String,
    /// As the model is told: a list of messages.
    pub exchange: Json,
    /// The short names of the conversation, those in the question included.
    pub aliases: Option<Json>,
    /// The place of the question before, if this server ran its answer and that is over, though nothing may have come of it.
    pub over: Option<i64>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Reply {
    pub text: String,
    /// The tools that were used, as the page was told of them.
    pub tool_calls: Option<Json>,
    /// As the model saw and wrote it: a list of messages.
    pub exchange: Json,
    /// The short names of the whole conversation.
    pub aliases: Option<Json>,
    /// What is answered to a call that is sent again with its `Idempotency-Key`.
    pub answer: Option<Json>,
}

/// One answer of a conversation runs at a time.
pub fn still_written() -> Error {
    Error::conflict("AnswerRunning", "The answer to the last message is still being written: wait for its end, or stop it")
}

fn full() -> Error {
    Error::conflict("ConversationFull", "This conversation has become too long. Begin a new one")
}
