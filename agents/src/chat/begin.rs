//! From a question to an answer that runs.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value as Json;
use workforceos_core::Caller;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::ConversationId;
use workforceos_core::objects::{ExecutionSource, ExecutionStatus};
use workforceos_core::session::Ctx;
use workforceos_services::App;
use workforceos_services::conversations::{self, History, Question, Reply, still_written};

use super::{Ask, Asked, Called, Kept, Mine, Talk, record, talk, told};
use crate::Agents;
use crate::alias::AliasMap;
use crate::answer::{Budget, Finish, Job, NOT_CONFIGURED, OnEnd, Outcome};
use crate::design::Design;
use crate::execution::{self, Ended, Execution};
use crate::history::{self, Fitted, LEFT_OUT};
use crate::provider::Message;
use crate::toolbox::{Choice, Tools};
use crate::tools::Toolbox as _;

/// The most tokens of what was said before that a model is told.
const TOKENS: usize = 40_000;
/// How much of a conversation is read for it: a token has about four characters.
const READ: History = History { messages: 100, characters: 4 * TOKENS };
/// How often an answer is tried to be kept, and the pause before the second try, in milliseconds.
const TRIES: u64 = 4;
const PAUSE: u64 = 200;

impl Agents {
    /// Begins an answer, which from then on runs by itself, whoever reads it. A call that was sent before gets the answer that it has.
    ///
    /// # Errors
    /// 404 for a conversation that is not the caller's; 409 `AnswerRunning` if its last answer still runs, `ConversationFull`; and
    /// what [`execution::begin`] refuses. 503 without a provider, if one is needed, and where the server is ending.
    pub async fn ask(self: &Arc<Self>, ctx: Ctx, caller: Caller, ask: Ask, source: ExecutionSource) -> Result<Asked> {
        let agents = self.clone();
        // On a task of its own: who leaves between question and answer must not cut the two apart.
        let begun = tokio::spawn(async move { agents.begin(ctx, caller, ask, source).await });
        begun.await.unwrap_or_else(|error| Err(Error::internal(error)))
    }

    async fn begin(&self, ctx: Ctx, caller: Caller, ask: Ask, source: ExecutionSource) -> Result<Asked> {
        let (call, answered) = self.sent_before(&ctx).await?;
        if let Some(answered) = answered {
            return Ok(answered);
        }
        // From here until the answer runs nobody else asks in this conversation.
        let _asking = ask.conversation.map(|id| self.chats.ask_in(id)).transpose()?;
        let (history, mut aliases) = self.before(&ctx, &ask).await?;
        let execution = execution::begin(self, &ctx, ask.assistant.as_str(), source).await?;
        if ask.needs_provider && execution.chosen.is_none() {
            return Err(Error::new(Status::Unavailable, "ProviderUnavailable", NOT_CONFIGURED));
        }
        let message = told::question(&ctx, &ask.message, ask.context.as_ref(), &mut aliases);
        let choice = Choice::chat(ask.disabled_services).selecting(execution.design.selected_tools.clone());
        let tools = Arc::new(Tools::new(self, caller, &choice, aliases).await?);
        let before = ask.conversation.and_then(|id| self.talk(&ctx, id)).filter(Talk::is_over);
        let question = Question {
            assistant: ask.assistant,
            text: ask.message.clone(),
            exchange: record::exchange(&[Message::User(message.clone())]),
            // Kept with the question: the names in it have to mean the same, whatever becomes of the answer.
            aliases: serde_json::to_value(tools.aliases()).ok(),
            over: before.and_then(|talk| i64::try_from(talk.place()).ok()),
        };
        // What is refused leaves no question behind.
        self.answers.check_open()?;
        let conversation = conversations::asked(&self.app, &ctx, ask.conversation, question).await?;
        let (id, place) = (ConversationId(conversation.meta.id), conversation.message_count.unsigned_abs());
        let (design, provider) = (execution.design.clone(), execution.chosen.clone());
        let (company, user) = (ctx.company(), ctx.user());
        let system = system(&design, &ctx, history.left_out);
        let app = self.app.clone();
        // Whoever sends the call again gets this answer: until it is kept from here, then from what is kept.
        let call = call.map(Arc::new);
        let ending = Ending { app, ctx, id, place, question: ask.message, execution, tools: tools.clone(), _call: call.clone() };
        let running = self.answers.start(Job {
            company,
            user,
            key: id.to_string(),
            provider,
            system,
            history: history.messages,
            message,
            toolbox: tools,
            budget: budget(&design),
            max_tokens: design.max_tokens,
            temperature: design.temperature,
            json: design.json,
            confirm_writes: ask.confirm_writes,
            on_end: ending.into_on_end(),
        })?;
        self.chats.begun(id, &running, place);
        let talk = Arc::new(Talk::new(id, running, place));
        if let Some(call) = call {
            call.begun(&talk);
        }
        Ok(Asked::Begun(talk))
    }

    /// A call that has a key, and the answer that it has if it was sent before: to whoever still has its conversation, with its events
    /// as they were for as long as they are there.
    async fn sent_before(&self, ctx: &Ctx) -> Result<(Option<Mine>, Option<Asked>)> {
        let Some(key) = &ctx.idempotency else { return Ok((None, None)) };
        let mine = match self.chats.call(key).await? {
            Called::Mine(mine) => mine,
            Called::Answered(talk) => {
                conversations::check_own(&self.app, ctx, talk.conversation).await?;
                return Ok((None, Some(Asked::Again(talk))));
            }
        };
        // Only who has the call knows that the one before is over, and kept if it came to something.
        let Some(kept) = self.dispatch.kept(ctx).await? else { return Ok((Some(mine), None)) };
        let kept = Kept::read(kept)?;
        conversations::check_own(&self.app, ctx, kept.conversation()).await?;
        let talk = self.talk(ctx, kept.conversation()).filter(|talk| talk.place() == kept.place);
        Ok((None, Some(talk.map_or(Asked::Kept(kept), |talk| Asked::Again(Arc::new(talk))))))
    }

    /// What was said before, as far as a model is told, and the conversation's short names.
    async fn before(&self, ctx: &Ctx, ask: &Ask) -> Result<(Fitted, AliasMap)> {
        let Some(id) = ask.conversation else {
            return Ok((Fitted { messages: Vec::new(), left_out: false }, AliasMap::default()));
        };
        let open = conversations::open(&self.app, ctx, ask.assistant, id).await?;
        if self.talk(ctx, id).is_some_and(|talk| !talk.is_over()) {
            return Err(still_written());
        }
        let read = conversations::history(&self.app, ctx, id, READ).await?;
        let more = (read.len() as i64) < open.conversation.message_count;
        let mut fitted = history::fit(read.iter().flat_map(|message| record::messages(&message.exchange)).collect(), TOKENS);
        fitted.left_out |= more;
        Ok((fitted, aliases(open.aliases)))
    }
}

/// Short names as they were kept; none where another version kept them: things are called anew then.
fn aliases(kept: Option<Json>) -> AliasMap {
    let read = kept.map(serde_json::from_value).transpose();
    read.unwrap_or_else(|error| {
        tracing::warn!(%error, "a conversation's short names cannot be read");
        None
    })
    .unwrap_or_default()
}

fn system(design: &Design, ctx: &Ctx, left_out: bool) -> String {
    let system = design.system(ctx);
    if left_out { format!("{system}\n\n{LEFT_OUT}") } else { system }
}

fn budget(design: &Design) -> Budget {
    let tokens = u32::try_from(design.budget.tokens).unwrap_or(u32::MAX);
    Budget { tokens, tool_calls: design.budget.tool_calls, time: design.budget.time }
}

/// What the log of executions calls it. A budget that ended an answer before it said anything is a failure.
fn status(outcome: &Outcome) -> ExecutionStatus {
    match outcome.finish {
        Finish::Timeout => ExecutionStatus::Timeout,
        Finish::Error => ExecutionStatus::Error,
        Finish::Budget if outcome.error.is_some() => ExecutionStatus::Error,
        Finish::Stop | Finish::Length | Finish::Stopped | Finish::Budget => ExecutionStatus::Success,
    }
}

/// What is done with an answer at its end.
struct Ending {
    app: Arc<App>,
    ctx: Ctx,
    id: ConversationId,
    /// The question's.
    place: u64,
    question: String,
    execution: Execution,
    tools: Arc<Tools>,
    /// Until the answer is kept, nobody else answers the same call.
    _call: Option<Arc<Mine>>,
}

impl Ending {
    fn into_on_end(self) -> OnEnd {
        Box::new(move |outcome| self.end(outcome).boxed())
    }

    async fn end(self, outcome: Outcome) {
        self.keep(&outcome).await;
        let status = status(&outcome);
        let ended = Ended {
            input: self.question,
            output: outcome.text,
            tool_calls: outcome.tool_calls.len() as u64,
            usage: outcome.usage,
            status,
            error: outcome.error,
        };
        self.execution.end(ended).await;
    }

    /// What is kept for the call's key, if it has one. Of what failed, asking again may come to something, unless it would change
    /// something again.
    fn answer(&self, outcome: &Outcome, tool_calls: Option<&Json>) -> Option<Json> {
        let changed = || outcome.tool_calls.iter().any(|ran| self.tools.changes(&ran.tool));
        if self.ctx.idempotency.is_none() || (outcome.error.is_some() && !changed()) {
            return None;
        }
        let calls = tool_calls.cloned().unwrap_or_else(|| Json::Array(Vec::new()));
        let whole = talk::whole(self.id, outcome, calls, self.tools.summary());
        let provider = self.execution.chosen.as_ref().map(|chosen| chosen.provider.name());
        serde_json::to_value(Kept::of(self.id, self.place, provider, outcome, whole)).ok()
    }

    /// Writes the answer down. What cannot be kept is for the log: it was given.
    async fn keep(&self, outcome: &Outcome) {
        // The question stands already.
        let said = outcome.messages.get(1..).unwrap_or_default();
        if outcome.text.is_empty() && said.is_empty() {
            return;
        }
        let tool_calls = record::tool_calls(&outcome.tool_calls);
        let reply = Reply {
            text: outcome.text.clone(),
            exchange: record::exchange(said),
            aliases: serde_json::to_value(self.tools.aliases()).ok(),
            answer: self.answer(outcome, tool_calls.as_ref()),
            tool_calls,
        };
        for tried in 1..=TRIES {
            match conversations::answered(&self.app, &self.ctx, self.id, reply.clone()).await {
                Ok(_) => return,
                Err(error) if tried == TRIES => {
                    let conversation = self.id;
                    tracing::error!(%conversation, %error, source = ?error.source, "an answer could not be kept");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(PAUSE << tried)).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Usage;

    #[test]
    fn an_answer_that_came_to_nothing_is_no_success() {
        let status = |finish: Finish, error: Option<&str>| {
            let (text, messages, tool_calls) = (String::new(), Vec::new(), Vec::new());
            let error = error.map(str::to_owned);
            status(&Outcome { text, messages, tool_calls, usage: Usage::default(), finish, error, millis: 0 })
        };
        assert_eq!(status(Finish::Budget, Some("used up")), ExecutionStatus::Error);
        assert_eq!(status(Finish::Budget, None), ExecutionStatus::Success);
        assert_eq!(status(Finish::Stopped, None), ExecutionStatus::Success);
        assert_eq!(status(Finish::Timeout, Some("too long")), ExecutionStatus::Timeout);
        assert_eq!(status(Finish::Error, Some("failed")), ExecutionStatus::Error);
    }
}
