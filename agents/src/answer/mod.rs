//! Answers that run: one actor each, which asks the model, runs the tools that it calls, and asks again until it has said all.
//!
//! An answer belongs to a user and a key (a conversation, an execution) and to no connection: readers come, leave and come back,
//! each reading the same log of events. It ends by itself, by [`Running::stop`], by its [`Budget`], or with the server
//! ([`Answers::shutdown`]). However it ends, a panic included, its `on_end` runs exactly once, before the last event is told.

mod actor;
mod approvals;
mod calls;
mod conclude;
mod figures;
mod limits;
mod log;
mod registry;
mod running;
#[cfg(test)]
mod tests;
mod turn;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::{Value as Json, json};
use workforceos_core::id::{CompanyId, UserId};

use crate::provider::{Chosen, Message, Usage};
use crate::tools::Toolbox;
use log::Log;

pub use approvals::APPROVAL;
pub use log::KEPT;
pub use registry::{Answers, KEPT_FOR};
pub use running::Running;

/// What an answer without a provider says.
pub const NOT_CONFIGURED: &str =
    "AI service not configured. Please configure OPENAI_API_KEY or ANTHROPIC_API_KEY in environment variables";

/// What is done with an answer at its end: stored, counted. The last event is told when it has returned, or after half a minute.
pub type OnEnd = Box<dyn FnOnce(Outcome) -> BoxFuture<'static, ()> + Send>;

/// An answer to be given.
pub struct Job {
    pub company: CompanyId,
    pub user: UserId,
    /// The conversation's id, or the execution's: one answer of it runs at a time.
    pub key: String,
    /// Without one, the answer is [`NOT_CONFIGURED`].
    pub provider: Option<Chosen>,
    /// What the agent is; never text of users or of the database.
    pub system: String,
    pub history: Vec<Message>,
    /// What the user says now.
    pub message: String,
    pub toolbox: Arc<dyn Toolbox>,
    pub budget: Budget,
    /// The most tokens of one turn.
    pub max_tokens: u32,
    pub temperature: Option<f64>,
    /// Whether the answer is one JSON object: then only what the model says last counts.
    pub json: bool,
    /// Whether tools that change something wait for the user's approval.
    pub confirm_writes: bool,
    pub on_end: OnEnd,
}

/// What an answer may take; what it took when one of these ends it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What the model writes, in all turns together. Prompts do not count.
    pub tokens: u32,
    pub tool_calls: u32,
    /// From the start to the end; waits for approvals do not count.
    pub time: Duration,
}

/// Something that happened in an answer, for its page.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// From 1, growing by one.
    pub id: u64,
    /// `start`, `text`, `tool_start`, `tool_approval`, `tool_executing`, `tool_result`, `done` or `error`.
    pub kind: &'static str,
    pub data: Json,
}

impl Event {
    /// Whether nothing follows it.
    pub fn is_last(&self) -> bool {
        matches!(self.kind, "done" | "error")
    }
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// The model said all that it wanted to say.
    Stop,
    /// The model reached the most tokens of one turn.
    Length,
    /// Somebody stopped it, or the server ended.
    Stopped,
    /// It used up its tokens, or wanted more tool calls than it may have.
    Budget,
    Timeout,
    Error,
}

impl Finish {
    pub const fn as_str(self) -> &'static str {
        match self {
            Finish::Stop => "stop",
            Finish::Length => "length",
            Finish::Stopped => "stopped",
            Finish::Budget => "budget",
            Finish::Timeout => "timeout",
            Finish::Error => "error",
        }
    }
}

impl fmt::Display for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A tool call that a model made, whatever it came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    pub id: String,
    pub tool: String,
    /// As people know them; an empty object if they could not be read.
    pub args: Json,
    /// For the record: without the values of front-end actions.
    pub kept: Json,
    pub success: bool,
    pub error: Option<String>,
}

impl Ran {
    /// What lists of calls tell of it: `{toolCallId, tool, args, success}`. Its result is told by its event, once.
    pub fn brief(&self) -> Json {
        json!({"toolCallId": self.id, "tool": self.tool, "args": self.args, "success": self.success})
    }
}

/// What an answer came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// All that its `text` events said; of a JSON answer only what the model said last.
    pub text: String,
    /// What is to be added to the history: the user's message first. Every call in it has its result.
    pub messages: Vec<Message>,
    /// In the order in which the model made them.
    pub tool_calls: Vec<Ran>,
    pub usage: Usage,
    pub finish: Finish,
    /// In words for the user, if its last event is `error`.
    pub error: Option<String>,
    pub millis: u64,
}

impl Outcome {
    /// What its readers are told once it is stored: without the messages and results, which only the record needs. Pages have the
    /// results from its events.
    fn told(&self) -> Outcome {
        let briefly = |ran: &Ran| Ran {
            id: ran.id.clone(),
            tool: ran.tool.clone(),
            args: ran.args.clone(),
            kept: Json::Null,
            success: ran.success,
            error: ran.error.clone(),
        };
        Outcome {
            text: self.text.clone(),
            messages: Vec::new(),
            tool_calls: self.tool_calls.iter().map(briefly).collect(),
            usage: self.usage,
            finish: self.finish,
            error: self.error.clone(),
            millis: self.millis,
        }
    }
}
