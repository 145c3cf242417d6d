//! One turn of the model: what it is told, and what it says, as it says it.

use std::mem::{replace, take};

use futures_util::StreamExt;
use serde_json::json;

use super::actor::Actor;
use super::calls::Open;
use super::figures;
use super::limits::Cut;
use crate::history::{self, LEFT_OUT};
use crate::provider::{Call, Chosen, Failure, Finish, Message, Piece, Request, Usage};

/// The most tokens of messages in one prompt: with what describes the tools they fit a model that takes 128,000.
const PROMPT: usize = 80_000;
/// What the system part says in the turn after the last tool call.
const NO_MORE_TOOLS: &str =
    "You have used all tool calls of this answer. Answer now with what you have, and say what you could not look up.";

/// What was heard so far of a turn.
#[derive(Default)]
pub(super) struct Heard {
    /// As the model wrote it.
    pub text: String,
    /// The end of it that was not told yet: it may go on.
    waiting: String,
    /// Whether anything of it was told.
    told: bool,
    pub calls: Vec<Call>,
    /// Calls that began, by the provider's id, and what they are called here.
    begun: Vec<(String, String)>,
    /// About how many tokens the model was told.
    prompt: u64,
    /// What the model wrote, in bytes.
    written: u64,
}

impl Heard {
    /// For a turn of which the provider told no usage. Four bytes are about a token.
    pub fn estimate(&self) -> Usage {
        Usage { prompt: self.prompt, completion: self.written.div_ceil(4) }
    }
}

impl Actor {
    /// Hears a turn to its end. Its calls are in `batch` then.
    pub async fn turn(&mut self, provider: &Chosen, max_tokens: u32, last: bool) -> Result<Finish, Cut> {
        let request = self.request(provider, max_tokens, last);
        let prompt = history::size(&request.messages) + workforceos_core::tool::tokens(&request.system);
        let mut stream = self.limits.within(provider.provider.turn(request)).await??;
        // From here on the provider counts it.
        self.heard = Some(Heard { prompt: prompt as u64, ..Heard::default() });
        loop {
            let piece = self.limits.within(stream.next()).await?;
            let piece = piece.unwrap_or_else(|| Err(Failure::Malformed("the turn has no end".to_owned())))?;
            if !matches!(piece, Piece::Text(_)) {
                self.say_rest();
            }
            match piece {
                Piece::Text(text) => self.say(text),
                // What was not offered is not called.
                Piece::Begun { .. } | Piece::Call(_) if last => {}
                Piece::Begun { id, name } => self.begin(id, name),
                Piece::Call(call) => self.called(call),
                Piece::End { finish, usage } => {
                    self.turn_ended(usage);
                    return Ok(finish);
                }
            }
            self.still_within(max_tokens)?;
        }
    }

    fn request(&self, provider: &Chosen, max_tokens: u32, last: bool) -> Request {
        let fitted = history::fit(self.history.iter().chain(&self.added).cloned().collect(), PROMPT);
        let mut system = self.system.clone();
        // The history may have been cut before, and the system part says so then.
        let left_out = fitted.left_out && !system.contains(LEFT_OUT);
        let notes = [(left_out, LEFT_OUT), (last, NO_MORE_TOOLS)];
        for (_, note) in notes.iter().filter(|(said, _)| *said) {
            system.push_str("\n\n");
            system.push_str(note);
        }
        let tools = if last || self.budget.tool_calls == 0 { Vec::new() } else { self.toolbox.specs() };
        let (temperature, json) = (self.temperature, self.json);
        Request { model: provider.model.clone(), system, messages: fitted.messages, tools, temperature, max_tokens, json }
    }

    fn hearing(&mut self) -> &mut Heard {
        self.heard.get_or_insert_default()
    }

    fn say(&mut self, piece: String) {
        let heard = self.hearing();
        heard.text.push_str(&piece);
        heard.written += piece.len() as u64;
        heard.waiting.push_str(&piece);
        self.tell_text(false);
    }

    /// Tells what of the text waited for more.
    pub fn say_rest(&mut self) {
        if self.heard.is_some() {
            self.tell_text(true);
        }
    }

    /// Tells people what of the text they can be told by now. JSON is for programs: it stays as it was written.
    fn tell_text(&mut self, over: bool) {
        let (toolbox, json) = (self.toolbox.clone(), self.json);
        let heard = self.hearing();
        let mut told = if json { take(&mut heard.waiting) } else { toolbox.told(&mut heard.waiting, over) };
        if told.is_empty() {
            return;
        }
        let first = !replace(&mut heard.told, true);
        if first && json {
            self.said.clear();
        } else if first && !self.said.is_empty() && !self.said.ends_with('\n') {
            // What was said before tools ran is a paragraph of its own.
            told.insert_str(0, "\n\n");
        }
        if !self.spoken {
            self.spoken = true;
            figures::first_text(self.started.elapsed());
        }
        self.said.push_str(&told);
        self.running.log.text(&told);
    }

    /// A call begins, under an id that no other call of this answer has.
    fn begin(&mut self, given: String, tool: String) {
        let id = self.unique(&given);
        let heard = self.hearing();
        heard.written += tool.len() as u64;
        heard.begun.push((given, id.clone()));
        self.open_call(id, tool);
    }

    fn called(&mut self, call: Call) {
        let heard = self.hearing();
        heard.written += call.arguments.len() as u64;
        let begun = heard.begun.iter().position(|(given, _)| *given == call.id).map(|at| heard.begun.remove(at).1);
        let id = begun.unwrap_or_else(|| {
            let id = self.unique(&call.id);
            self.open_call(id.clone(), call.name.clone());
            id
        });
        self.hearing().calls.push(Call { id, ..call });
    }

    fn open_call(&mut self, id: String, tool: String) {
        self.tell("tool_start", json!({"tool": tool, "toolCallId": id}));
        self.open.push(Open { id, tool, args: json!({}), runs: None });
    }

    /// The provider's id of a call, unless it has none or it was there before.
    fn unique(&mut self, given: &str) -> String {
        if !given.is_empty() && self.ids.insert(given.to_owned()) {
            return given.to_owned();
        }
        let mut number = self.ids.len() + 1;
        loop {
            let id = format!("call_{number}");
            if self.ids.insert(id.clone()) {
                return id;
            }
            number += 1;
        }
    }

    /// A provider that goes on writing beyond what it was allowed is not listened to any longer. Twice as much and some words more:
    /// what is counted here is an estimate.
    fn still_within(&mut self, max_tokens: u32) -> Result<(), Cut> {
        let written = self.hearing().estimate().completion;
        if written > u64::from(max_tokens) * 2 + 256 { Err(Cut::Budget) } else { Ok(()) }
    }

    fn turn_ended(&mut self, usage: Usage) {
        self.usage += usage;
        let Some(Heard { text, calls, .. }) = self.heard.take() else { return };
        if !(text.is_empty() && calls.is_empty()) {
            self.added.push(Message::Assistant { text, calls: calls.clone() });
        }
        self.batch = calls;
        let unfinished: Vec<Open> = self.open.extract_if(.., |open| !self.batch.iter().any(|call| call.id == open.id)).collect();
        unfinished.iter().for_each(|open| self.give_up(open, "The model did not finish this call, so it was not run"));
    }
}
