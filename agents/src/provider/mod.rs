//! What language models are asked and what they answer, whoever serves them.

mod anthropic;
mod choice;
mod chunks;
mod heard;
mod openai;
mod remote;
mod retry;
mod sse;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde_json::{Map, Value as Json};

pub use choice::{ANTHROPIC, Chosen, Endpoint, OPENAI, Providers, Settings};
pub use retry::Patience;
pub use wire::{is_unencrypted, url_problem};

/// One turn of a model: everything that it is told, since it remembers nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub model: String,
    /// What the agent is and how it behaves; never text of users or of the database.
    pub system: String,
    /// From the oldest to the newest. Every [`Message::Result`] follows the [`Message::Assistant`] that made its call.
    pub messages: Vec<Message>,
    pub tools: Vec<Spec>,
    pub temperature: Option<f64>,
    /// The most tokens that it may answer in this turn.
    pub max_tokens: u32,
    /// Whether the whole answer is to be one JSON object.
    pub json: bool,
}

/// What was said before.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    User(String),
    /// Text, calls, or both.
    Assistant {
        text: String,
        calls: Vec<Call>,
    },
    /// What one call came to.
    Result {
        /// [`Call::id`].
        call: String,
        text: String,
        failed: bool,
    },
}

/// A tool as a model sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    pub name: String,
    pub description: String,
    /// JSON Schema of its arguments: an object.
    pub schema: Map<String, Json>,
}

/// A model's wish to call a tool. Its arguments are text as the model wrote it: JSON if all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The provider's id of it, within one conversation.
    pub id: String,
    pub name: String,
    pub arguments: String,
}

/// A part of a model's answer, in the order in which they arrive. [`Piece::End`] is the last.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// More of its text; never empty.
    Text(String),
    /// A call begins; its arguments are still being written. One that the most tokens of a turn cut off never becomes complete.
    Begun {
        id: String,
        name: String,
    },
    /// A call is complete. Several of one turn may run side by side.
    Call(Call),
    End {
        finish: Finish,
        usage: Usage,
    },
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// It said all that it wanted to say.
    Stop,
    /// It waits for the results of its calls.
    Calls,
    /// It reached the most tokens of a turn.
    Length,
    /// The provider withheld the rest.
    Filtered,
}

/// Tokens as the provider counted them; estimated where it did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt: u64,
    pub completion: u64,
}

impl Usage {
    pub fn total(self) -> u64 {
        self.prompt + self.completion
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Usage) {
        self.prompt += other.prompt;
        self.completion += other.completion;
    }
}

/// Why a model could not be heard, for the log; people are told [`Failure::public`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The provider refuses the key, the model or the request: trying again is no use.
    Refused { status: u16, message: String },
    /// 429 or 5xx, after every try.
    Overloaded { status: u16, retry_after: Option<Duration> },
    /// No connection, or it broke before the end.
    Unreachable(String),
    /// Nothing came for too long.
    TimedOut,
    /// What came is not what the protocol says.
    Malformed(String),
}

impl Failure {
    /// What it is counted as.
    pub const fn kind(&self) -> &'static str {
        match self {
            Failure::Refused { .. } => "refused",
            Failure::Overloaded { .. } => "overloaded",
            Failure::Unreachable(_) => "unreachable",
            Failure::TimedOut => "timed_out",
            Failure::Malformed(_) => "malformed",
        }
    }

    /// What a user may know: nothing of keys, addresses and the provider's own words.
    pub fn public(&self) -> &'static str {
        match self {
            Failure::Refused { .. } => "The AI provider refused the request. Please tell an administrator",
            Failure::Overloaded { .. } => "The AI provider is overloaded. Please try again in a moment",
            Failure::Unreachable(_) => "The AI provider cannot be reached",
            Failure::TimedOut => "The AI provider did not answer in time",
            Failure::Malformed(_) => "The AI provider sent an answer that cannot be read",
        }
    }
}

/// A server of language models. It tries again by itself, with growing pauses, as long as nothing was heard.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// `openai` or `anthropic`.
    fn name(&self) -> &'static str;

    /// Begins a turn, and answers once its first piece is there, or once no further try is of use. Dropping the stream, or this before it
    /// answers, ends the turn, at the provider too.
    async fn turn(&self, request: Request) -> Result<BoxStream<'static, Result<Piece, Failure>>, Failure>;
}
