//! A model puts figures into words: it may look further by itself, and is told once what is wrong with what it wrote.
//!
//! This is no running answer of the chat: nobody reads along, since nothing is shown before it was checked. So there is a loop of
//! turns here and no actor; dropping it ends the turn at the provider.

use std::sync::Arc;

use futures_util::future::join_all;
use futures_util::{FutureExt, StreamExt};
use serde_json::Value as Json;
use tokio::time::{Instant, timeout_at};

use super::figures::Known;
use super::shape::Draft;
use crate::provider::{Call, Chosen, Failure, Finish, Message, Piece, Request, Spec, Usage};
use crate::tools::Toolbox;

/// How often a model may look further before it has to write.
const ROUNDS: usize = 4;
/// The most text of one turn that is kept, in bytes.
const TEXT: usize = 64 * 1024;
/// The longest result that a model is shown, in bytes.
const RESULT: usize = 16 * 1024;
/// Fewer tokens than these are no insight.
const LEAST: u64 = 128;

/// What a run may use up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Tokens that the model writes, over all turns.
    pub tokens: u64,
    /// Of one turn.
    pub max_tokens: u32,
    pub tool_calls: usize,
    pub until: Instant,
}

/// Why there is no text.
#[derive(Clone, Debug, PartialEq)]
pub enum Lost {
    Provider(Failure),
    /// The provider withheld the answer.
    Filtered,
    Tokens,
    Time,
    /// What it wrote was wrong, and wrong again.
    Wrong(Vec<String>),
}

/// What a run used.
#[derive(Clone, Debug, Default)]
pub struct Used {
    pub usage: Usage,
    pub tool_calls: usize,
    /// What further tools returned, by their names, in their order.
    pub results: Vec<(String, Json)>,
    pub repaired: bool,
}

/// The one who writes.
pub struct Writer {
    pub chosen: Chosen,
    pub system: String,
    pub temperature: Option<f64>,
    pub limits: Limits,
    pub toolbox: Option<Arc<dyn Toolbox>>,
}

/// One turn that was heard to its end.
struct Heard {
    text: String,
    calls: Vec<Call>,
    finish: Finish,
}

impl Writer {
    /// A draft that passes the check. `known` takes in what further tools return.
    pub async fn write(
        &self,
        task: String,
        known: &mut Known,
        used: &mut Used,
        check: impl Fn(&str, &Known) -> Result<Draft, Vec<String>>,
    ) -> Result<Draft, Lost> {
        let specs = self.specs();
        let mut messages = vec![Message::User(task)];
        let mut rounds = 0;
        loop {
            let heard = self.turn(&messages, &specs, used).await?;
            if !heard.calls.is_empty() {
                rounds += 1;
                if rounds > ROUNDS + 1 {
                    return Err(Lost::Wrong(vec!["it went on calling tools instead of answering".to_owned()]));
                }
                let results = self.results(&heard.calls, rounds <= ROUNDS, known, used).await?;
                messages.push(Message::Assistant { text: heard.text, calls: heard.calls });
                messages.extend(results);
                continue;
            }
            if heard.finish == Finish::Filtered {
                return Err(Lost::Filtered);
            }
            match check(&heard.text, known) {
                Ok(draft) => return Ok(draft),
                Err(problems) if used.repaired => return Err(Lost::Wrong(problems)),
                Err(problems) => {
                    used.repaired = true;
                    messages.push(Message::Assistant { text: or_nothing(heard.text), calls: Vec::new() });
                    messages.push(Message::User(repair(&problems)));
                }
            }
        }
    }

    fn specs(&self) -> Vec<Spec> {
        let Some(toolbox) = self.toolbox.as_ref().filter(|_| self.limits.tool_calls > 0) else { return Vec::new() };
        toolbox.specs().into_iter().filter(|spec| !toolbox.changes(&spec.name)).collect()
    }

    async fn turn(&self, messages: &[Message], specs: &[Spec], used: &mut Used) -> Result<Heard, Lost> {
        let left = self.limits.tokens.saturating_sub(used.usage.completion);
        if left < LEAST {
            return Err(Lost::Tokens);
        }
        let request = Request {
            model: self.chosen.model.clone(),
            system: self.system.clone(),
            messages: messages.to_vec(),
            tools: specs.to_vec(),
            temperature: self.temperature,
            max_tokens: u32::try_from(left).unwrap_or(u32::MAX).min(self.limits.max_tokens),
            json: true,
        };
        let heard = timeout_at(self.limits.until, self.hear(request, used)).await;
        heard.map_err(|_| Lost::Time)?.map_err(Lost::Provider)
    }

    async fn hear(&self, request: Request, used: &mut Used) -> Result<Heard, Failure> {
        let mut stream = self.chosen.provider.turn(request).await?;
        let (mut text, mut calls) = (String::new(), Vec::new());
        while let Some(piece) = stream.next().await {
            match piece? {
                Piece::Text(more) if text.len() + more.len() <= TEXT => text.push_str(&more),
                Piece::Text(_) => return Err(Failure::Malformed("an endless answer".to_owned())),
                Piece::Begun { .. } => {}
                Piece::Call(call) => calls.push(call),
                Piece::End { finish, usage } => {
                    used.usage += usage;
                    return Ok(Heard { text, calls, finish });
                }
            }
        }
        Err(Failure::Unreachable("the answer broke off".to_owned()))
    }

    /// Runs calls side by side, as many as are left; each is answered.
    async fn results(&self, calls: &[Call], more: bool, known: &mut Known, used: &mut Used) -> Result<Vec<Message>, Lost> {
        let left = if more { self.limits.tool_calls.saturating_sub(used.tool_calls) } else { 0 };
        let run = calls.iter().enumerate().map(|(i, call)| {
            let none_left = async { Ran::refused("No more calls are left. Write your answer now") };
            if i >= left { none_left.boxed() } else { self.run(call).boxed() }
        });
        let ran = timeout_at(self.limits.until, join_all(run)).await.map_err(|_| Lost::Time)?;
        used.tool_calls += calls.len().min(left);
        let each = calls.iter().zip(ran).map(|(call, ran)| {
            if let Some(json) = ran.json {
                known.add(&json);
                used.results.push((call.name.clone(), json));
            }
            Message::Result { call: call.id.clone(), text: ran.text, failed: ran.failed }
        });
        Ok(each.collect())
    }

    async fn run(&self, call: &Call) -> Ran {
        let Some(toolbox) = &self.toolbox else { return Ran::refused("There are no tools") };
        if toolbox.changes(&call.name) {
            return Ran::refused("Only tools that read can be used here");
        }
        let done = match toolbox.arguments(call) {
            Ok(arguments) => toolbox.call(&call.name, arguments).await,
            Err(done) => *done,
        };
        let json = done.success.then(|| serde_json::from_str(&done.model).ok()).flatten();
        Ran { text: cut(done.model), json, failed: !done.success }
    }
}

/// What a call came to.
struct Ran {
    text: String,
    json: Option<Json>,
    failed: bool,
}

impl Ran {
    fn refused(why: &str) -> Ran {
        Ran { text: why.to_owned(), json: None, failed: true }
    }
}

/// Some providers refuse a turn that says nothing.
fn or_nothing(text: String) -> String {
    if text.trim().is_empty() { "(nothing)".to_owned() } else { text }
}

fn cut(mut text: String) -> String {
    if text.len() > RESULT {
        let end = (0..=RESULT).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(end);
        text.push_str(" … (cut: ask for less)");
    }
    text
}

fn repair(problems: &[String]) -> String {
    let list: Vec<String> = problems.iter().map(|problem| format!("- {problem}")).collect();
    format!(
        "That cannot be used:\n{}\nWrite the whole JSON object again, mended. Leave out what cannot be proved by the figures.",
        list.join("\n")
    )
}
