//! The actor of one answer: it asks the model, runs what it calls, and asks again.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value as Json, json};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use super::calls::{Ended, Open};
use super::figures::{self, Counted};
use super::limits::{Cut, Limits};
use super::registry::Registry;
use super::turn::Heard;
use super::{Budget, Finish, Job, OnEnd, Outcome, Ran, Running};
use crate::provider::{self, Call, Chosen, Message, Usage};
use crate::tools::Toolbox;

/// How long the last event waits for `on_end`.
const ON_END: Duration = Duration::from_secs(30);

/// All that an answer knows. It is whole at every await, so that whatever cuts it off leaves what was said and done so far.
pub(super) struct Actor {
    pub provider: Option<Chosen>,
    pub system: String,
    pub history: Vec<Message>,
    pub toolbox: Arc<dyn Toolbox>,
    pub budget: Budget,
    pub max_tokens: u32,
    pub temperature: Option<f64>,
    pub json: bool,
    pub confirm_writes: bool,

    pub running: Arc<Running>,
    pub limits: Limits,
    pub started: Instant,

    /// All text so far.
    pub said: String,
    pub spoken: bool,
    /// What this answer adds to the history.
    pub added: Vec<Message>,
    /// The turn that is being heard.
    pub heard: Option<Heard>,
    /// The calls of the last turn, until all have their results.
    pub batch: Vec<Call>,
    pub results: HashMap<String, Ended>,
    /// Calls whose page waits for their result.
    pub open: Vec<Open>,
    pub ids: HashSet<String>,
    pub ran: Vec<Ran>,
    pub made: u32,
    /// Whether a call was refused because the budget of calls was used up.
    pub refused: bool,
    pub usage: Usage,
}

/// Begins an answer.
pub(super) fn spawn(runtime: &Handle, job: Job, running: Arc<Running>, registry: Weak<Registry>) {
    let provider = job.provider.as_ref().map_or("none", |chosen| chosen.provider.name());
    let model = job.provider.as_ref().map_or("none", |chosen| chosen.model.as_str());
    let span = tracing::info_span!("answer", company = %job.company, user = %job.user, key = %job.key, provider, model);
    runtime.spawn(supervise(job, running, registry).instrument(span));
}

async fn supervise(job: Job, running: Arc<Running>, registry: Weak<Registry>) {
    let counted = Counted::new();
    let (mut actor, on_end) = Actor::new(job, running.clone());
    let ended = AssertUnwindSafe(actor.run()).catch_unwind().await.unwrap_or(Err(Cut::Panicked));
    let (outcome, last) = actor.conclude(ended);
    figures::ended(&outcome);
    let (calls, millis) = (outcome.tool_calls.len(), outcome.millis);
    tracing::info!(finish = %outcome.finish, calls, tokens = outcome.usage.total(), millis, "answered");
    let kept = outcome.told();
    store(on_end, outcome).await;
    running.end(last, kept);
    drop(counted);
    Registry::keep(&registry, &running);
    // A task of its own, much smaller than this one.
    tokio::spawn(Registry::forget_later(registry, Arc::downgrade(&running)));
}

/// On a task of its own: it is neither cut off when it takes long nor can its panic keep the answer from ending.
async fn store(on_end: OnEnd, outcome: Outcome) {
    let stored = tokio::spawn(async move { on_end(outcome).await }.in_current_span());
    match timeout(ON_END, stored).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => tracing::error!("storing an answer panicked"),
        Err(_) => tracing::warn!("an answer is still being stored"),
    }
}

impl Actor {
    fn new(job: Job, running: Arc<Running>) -> (Actor, OnEnd) {
        let started = Instant::now();
        let limits = Limits { stop: running.stop.clone(), deadline: started + job.budget.time };
        let actor = Actor {
            provider: job.provider,
            system: job.system,
            history: job.history,
            toolbox: job.toolbox,
            budget: job.budget,
            max_tokens: job.max_tokens,
            temperature: job.temperature,
            json: job.json,
            confirm_writes: job.confirm_writes,
            running,
            limits,
            started,
            said: String::new(),
            spoken: false,
            added: vec![Message::User(job.message)],
            heard: None,
            batch: Vec::new(),
            results: HashMap::new(),
            open: Vec::new(),
            ids: HashSet::new(),
            ran: Vec::new(),
            made: 0,
            refused: false,
            usage: Usage::default(),
        };
        (actor, job.on_end)
    }

    async fn run(&mut self) -> Result<Finish, Cut> {
        let name = self.provider.as_ref().map(|chosen| chosen.provider.name());
        self.tell(
            "start",
            json!({"conversationId": self.running.key, "provider": name, "aliasMapSummary": self.toolbox.summary()}),
        );
        let provider = self.provider.clone().ok_or(Cut::NotConfigured)?;
        loop {
            // After a refused call the model answers with what it has.
            let last = self.refused;
            let sent = self.max_tokens.min(self.left());
            let finish = self.turn(&provider, sent, last).await?;
            if finish == provider::Finish::Filtered {
                return Err(Cut::Withheld);
            }
            if self.batch.is_empty() {
                return self.said_all(finish, sent);
            }
            if self.left() == 0 {
                return Err(Cut::Budget);
            }
            self.run_calls().await?;
            self.settle();
        }
    }

    fn said_all(&self, finish: provider::Finish, sent: u32) -> Result<Finish, Cut> {
        match finish {
            provider::Finish::Length if sent < self.max_tokens || self.left() == 0 => Err(Cut::Budget),
            provider::Finish::Length => Ok(Finish::Length),
            _ if self.refused => Ok(Finish::Budget),
            _ => Ok(Finish::Stop),
        }
    }

    /// The tokens that the model may still write.
    pub fn left(&self) -> u32 {
        let used = u32::try_from(self.usage.completion).unwrap_or(u32::MAX);
        self.budget.tokens.saturating_sub(used)
    }

    pub fn tell(&self, kind: &'static str, data: Json) {
        self.running.log.event(kind, data);
    }
}
