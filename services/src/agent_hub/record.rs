//! Keeps what an agent answered.

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{AgentExecution, AgentType, ExecutionSource, ExecutionStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;

use crate::{App, commit_with};

/// The most characters that are kept of what was asked, and of what was answered.
pub const MAX_TEXT: usize = 4_000;
const MAX_ERROR: usize = 1_000;

/// An answer that has ended, however it did. Its texts are as its reader got them: secrets masked.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The execution's id, made when it began.
    pub id: Uuid,
    pub agent: String,
    pub agent_type: AgentType,
    pub source: ExecutionSource,
    pub input: String,
    /// Empty: nothing was answered.
    pub output: String,
    pub tool_calls: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub began: Timestamp,
    pub status: ExecutionStatus,
    pub error: Option<String>,
}

/// Keeps an answer to the caller, in the company that they acted on.
pub async fn record(app: &App, ctx: &Ctx, answered: Answered) -> Result<()> {
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let row = row(&act, &answered, facts.now);
        // What was said is of the row alone: it is forgotten with it.
        let entry = Event { action: "answer", audited: false, ..Event::audit(&act, AgentExecution::def().name, row.meta.id) };
        Ok((Changes::none().put(&row).event(entry), ()))
    };
    commit_with(app, ctx, Needs::none(), decide).await
}

fn row(ctx: &Ctx, answered: &Answered, now: Timestamp) -> AgentExecution {
    let user = ctx.session.as_ref().map(|session| session.user);
    let (prompt, completion) = (answered.prompt_tokens, answered.completion_tokens);
    let output = Some(answered.output.as_str()).filter(|text| !text.is_empty());
    AgentExecution {
        meta: Meta::new(answered.id, now, user.map(Uuid::from)),
        agent_name: answered.agent.clone(),
        agent_type: answered.agent_type,
        source: answered.source,
        user_id: user,
        input: Some(kept("prompt", &answered.input)),
        output: output.map(|text| kept("response", text)),
        tool_calls: Some(i64::try_from(answered.tool_calls).unwrap_or(i64::MAX)),
        token_usage: Some(json!({"prompt": prompt, "completion": completion, "total": prompt + completion})),
        duration_ms: Some((now.0 - answered.began.0).max(0)),
        status: answered.status,
        error: answered.error.as_deref().map(|text| cut(text, MAX_ERROR).replace('\0', "")),
        company_id: ctx.company(),
    }
}

/// A text under its name; of a long one the beginning, and how long it was.
fn kept(name: &str, text: &str) -> Json {
    let beginning = cut(text, MAX_TEXT);
    let mut kept = json!({name: beginning});
    if beginning.len() < text.len() {
        kept["characters"] = json!(text.chars().count());
    }
    kept
}

/// So many characters of a text.
fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_the_beginning_is_kept_and_that_is_said() {
        assert_eq!(kept("prompt", "Who is in?"), json!({"prompt": "Who is in?"}));
        let whole = "ü".repeat(MAX_TEXT);
        assert_eq!(kept("prompt", &whole), json!({"prompt": whole}));
        assert_eq!(kept("prompt", &format!("{whole}!")), json!({"prompt": whole, "characters": MAX_TEXT + 1}));
    }
}
