//! What a model may use, and how: the seam between an answer that runs and the tool layer.

use async_trait::async_trait;
use serde_json::{Map, Value as Json};

use crate::provider::{Call, Spec};

/// The tools of one conversation, as one caller.
#[async_trait]
pub trait Toolbox: Send + Sync + 'static {
    /// What the model is told of.
    fn specs(&self) -> Vec<Spec>;

    /// Whether a tool does more than read: such ones wait for approval where that is wanted. A name that no tool has does not.
    fn changes(&self, name: &str) -> bool;

    /// The call that a model means by one of a tool that calls others (`callTool`); every other call is itself. Whoever asks whether
    /// a call changes anything, shows it or runs it, asks about this one.
    fn meant(&self, call: &Call) -> Call {
        call.clone()
    }

    /// The arguments that a model wrote, as people and the server know them (real ids); what cannot be read is told to the model.
    fn arguments(&self, call: &Call) -> Result<Map<String, Json>, Box<Done>>;

    /// The same as pages and records may show them: without passwords and the like, which only the tool itself is given.
    fn shown(&self, _name: &str, arguments: &Map<String, Json>) -> Map<String, Json> {
        arguments.clone()
    }

    /// Runs a tool to its end. Never fails as such: what went wrong is a result that the model can read.
    async fn call(&self, name: &str, arguments: Map<String, Json>) -> Done;

    /// Takes from what a model says, as it comes in pieces, what people can be told by now: what they call things in place of short
    /// names. `over`: nothing follows.
    fn told(&self, waiting: &mut String, _over: bool) -> String {
        std::mem::take(waiting)
    }

    /// The short names that stand for ids so far, for pages: `{enabled, count, samples: [{alias}]}`.
    fn summary(&self) -> Json;
}

/// What a tool call came to, for each of its readers.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub success: bool,
    /// For the page: `{success, service, tool, result: {content: […]}}`; real ids, secrets masked, front-end actions with their values.
    pub page: Json,
    /// For the conversation's record: as `page`, without the values of front-end actions.
    pub kept: Json,
    /// For the model: short names for ids, secrets masked.
    pub model: String,
    /// What went wrong, in a sentence.
    pub error: Option<String>,
}
