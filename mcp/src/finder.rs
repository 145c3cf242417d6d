//! The four tools of `?mode=search`: clients that cannot hold a long list find tools, and call them, by these.

use rmcp::model::Tool;
use serde_json::{Value as Json, json};
use workforceos_core::api::Effect;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::input::Input;
use workforceos_core::{input, tool};

use crate::catalogue::{Listed, built};

/// The tools that a search answers: unless it says otherwise, and at most.
const FOUND: i64 = 8;
const MOST: i64 = 20;

/// Their service in lists: they are of none.
pub(crate) const NO_SERVICE: &str = "mcpbff";

input! {
    /// What to look for.
    pub struct Search {
        /// What you want to do, in a few words.
        query: String => "query" Body,
        /// The most tools to answer, 1 to 20 (8).
        limit: Option<i64> => "limit" Body,
    }
}

input! {
    /// Which tool to describe.
    pub struct Describe {
        /// The tool's name.
        name: String => "name" Body,
    }
}

input! {
    /// Which tool to call.
    pub struct Call {
        /// The tool's name.
        name: String => "name" Body,
        /// Its arguments, as describeTool tells them.
        args: Option<Json> => "args" Body,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finder {
    Search,
    Describe,
    Call,
    CallReadOnly,
}

pub(crate) const FINDERS: &[Finder] = &[Finder::Search, Finder::Describe, Finder::Call, Finder::CallReadOnly];

impl Finder {
    pub fn named(name: &str) -> Option<Finder> {
        FINDERS.iter().copied().find(|finder| finder.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Finder::Search => "searchTools",
            Finder::Describe => "describeTool",
            Finder::Call => "callTool",
            Finder::CallReadOnly => "callReadOnlyTool",
        }
    }

    pub fn listed(self) -> Listed {
        let (about, fields) = match self {
            Finder::Search => (
                "Finds the tools for what you want to do, the best first: by words such as \"request vacation\" or \"who is late\".",
                Search::FIELDS,
            ),
            Finder::Describe => {
                ("A tool's description, its arguments as JSON Schema, and what it does to the world.", Describe::FIELDS)
            }
            Finder::Call => (
                "Calls a tool that searchTools found, also one that creates, changes or deletes. For those that only read use callReadOnlyTool.",
                Call::FIELDS,
            ),
            Finder::CallReadOnly => {
                ("Calls a tool that searchTools found, if it only reads; refuses every other one.", Call::FIELDS)
            }
        };
        // Whatever may be called by it.
        let changes = self == Finder::Call;
        let effect = Effect { read_only: !changes, destructive: changes, idempotent: !changes };
        let tool = built(self.name(), None, about.into(), tool::of_fields(fields, usize::MAX), effect);
        Listed { service: NO_SERVICE, tool }
    }
}

/// How many tools a search answers.
pub(crate) fn limit(search: &Search) -> Result<usize> {
    let limit = search.limit.unwrap_or(FOUND);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::field("limit", format!("must be a whole number from 1 to {MOST}")));
    }
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// A tool in a search's answer: what it does, and what it cannot do without.
pub(crate) fn brief(listed: &Listed) -> Json {
    let Listed { service, tool } = listed;
    let required = tool.input_schema.get("required").cloned().unwrap_or_else(|| json!([]));
    json!({"name": tool.name, "description": tool.description, "service": service, "readOnly": reads(tool), "required": required})
}

pub(crate) fn described(listed: &Listed) -> Json {
    let Listed { service, tool } = listed;
    let mut json = json!({
        "name": tool.name, "description": tool.description, "service": service,
        "inputSchema": tool.input_schema, "annotations": tool.annotations,
    });
    if let Some(output) = &tool.output_schema {
        json["outputSchema"] = json!(output);
    }
    json
}

pub(crate) fn reads(tool: &Tool) -> bool {
    tool.annotations.as_ref().is_some_and(|hints| hints.read_only_hint == Some(true))
}

/// 404 for a tool that is not there for the caller, with those that were probably meant.
pub(crate) fn unknown<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Error {
    let meant = tool::near(name, names);
    let message = match meant.is_empty() {
        true => "There is no tool of that name".to_owned(),
        false => format!("There is no tool of that name; did you mean {}?", meant.join(", ")),
    };
    Error::new(Status::NotFound, "ToolNotFound", message)
}
