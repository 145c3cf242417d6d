//! The end of an answer: what it came to, and the last event.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value as Json, json};

use super::actor::Actor;
use super::figures;
use super::limits::Cut;
use super::{Finish, NOT_CONFIGURED, Outcome, Ran};
use crate::history;
use crate::provider::{Call, Failure, Message};
use crate::tools::Toolbox;

impl Actor {
    /// What it came to, and its last event: `done`, or `error` if it failed or a budget ended it before it said anything.
    pub fn conclude(mut self, ended: Result<Finish, Cut>) -> (Outcome, (&'static str, Json)) {
        if let Err(cut) = &ended {
            note(cut);
            self.cut_off(cut);
        }
        let finish = match &ended {
            Ok(finish) => *finish,
            Err(Cut::Stopped) => Finish::Stopped,
            Err(Cut::Timeout) => Finish::Timeout,
            Err(Cut::Budget) => Finish::Budget,
            Err(_) => Finish::Error,
        };
        let silent = self.said.trim().is_empty();
        let error = match (&ended, finish) {
            (Err(cut), Finish::Error) => Some(words(cut).to_owned()),
            (_, Finish::Timeout) if silent => Some(format!("There was no answer within {} seconds", self.budget.time.as_secs())),
            (_, Finish::Budget) if silent => Some("The budget of this answer was used up before it said anything".to_owned()),
            _ => None,
        };
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = match &error {
            Some(message) => ("error", json!({"message": message})),
            None => ("done", self.done(finish, millis)),
        };
        let Actor { said, mut added, ran, usage, toolbox, .. } = self;
        for message in &mut added {
            if catch_unwind(AssertUnwindSafe(|| hide(&*toolbox, message))).is_err() {
                forget(message);
            }
        }
        let outcome = Outcome { text: said, messages: history::repair(added), tool_calls: ran, usage, finish, error, millis };
        (outcome, last)
    }

    /// Keeps what an answer that was cut off has said, and tells what becomes of its calls.
    fn cut_off(&mut self, cut: &Cut) {
        // A toolbox that panics must not keep its answer from ending.
        let _ = catch_unwind(AssertUnwindSafe(|| self.say_rest()));
        if let Some(heard) = self.heard.take() {
            self.usage += heard.estimate();
            if !heard.text.is_empty() {
                self.added.push(Message::Assistant { text: heard.text, calls: Vec::new() });
            }
        }
        self.settle_cut(match cut {
            Cut::Stopped => "the answer was stopped",
            Cut::Timeout => "the answer's time was over",
            Cut::Budget => "the answer's budget was used up",
            _ => "the answer failed",
        });
    }

    fn done(&self, finish: Finish, millis: u64) -> Json {
        let summary = catch_unwind(AssertUnwindSafe(|| self.toolbox.summary())).unwrap_or_default();
        json!({
            "conversationId": self.running.key,
            "toolCalls": self.ran.iter().map(Ran::brief).collect::<Vec<_>>(),
            "processingTime": millis,
            "aliasMapSummary": summary,
            "usage": {"prompt": self.usage.prompt, "completion": self.usage.completion, "total": self.usage.total()},
            "finishReason": finish.as_str(),
        })
    }
}

/// Takes out of a message what its tools alone were to know: it is kept, and read again by models.
fn hide(toolbox: &dyn Toolbox, message: &mut Message) {
    let Message::Assistant { calls, .. } = message else { return };
    for call in calls {
        let read = catch_unwind(AssertUnwindSafe(|| {
            let meant = toolbox.meant(call);
            let arguments = toolbox.arguments(&meant).ok()?;
            let shown = toolbox.shown(&meant.name, &arguments);
            let other = shown != arguments;
            Some(other.then(|| Call { id: call.id.clone(), name: meant.name, arguments: Json::Object(shown).to_string() }))
        }));
        match read {
            Ok(Some(None)) => {}
            Ok(Some(Some(shown))) => *call = shown,
            // What nobody can read may hold anything.
            Ok(None) | Err(_) => call.arguments = "{}".to_owned(),
        }
    }
}

/// Leaves of a message's calls only that they were made.
fn forget(message: &mut Message) {
    if let Message::Assistant { calls, .. } = message {
        calls.iter_mut().for_each(|call| call.arguments = "{}".to_owned());
    }
}

/// What the user is told of a failure.
fn words(cut: &Cut) -> &'static str {
    match cut {
        Cut::NotConfigured => NOT_CONFIGURED,
        Cut::Failed(failure) => failure.public(),
        Cut::Withheld => "The AI provider withheld the rest of this answer",
        _ => "The answer was ended by an internal error",
    }
}

/// For the log and the figures. What cannot be read may be the model's words: it stays out.
fn note(cut: &Cut) {
    let kind = match cut {
        Cut::Stopped => return,
        Cut::Timeout => "timeout",
        Cut::Budget => "budget",
        Cut::NotConfigured => "not_configured",
        Cut::Failed(failure) => failure.kind(),
        Cut::Withheld => "withheld",
        Cut::Panicked => "panic",
    };
    figures::failure(kind);
    match cut {
        Cut::Panicked => tracing::error!("an answer panicked"),
        // A wrong key or model, an address that nobody listens at: an operator has to know which.
        Cut::Failed(Failure::Refused { status, message }) => tracing::warn!(kind, status, message, "an answer was cut off"),
        Cut::Failed(Failure::Unreachable(message)) => tracing::warn!(kind, message, "an answer was cut off"),
        _ => tracing::warn!(kind, "an answer was cut off"),
    }
}
