//! What of a conversation is told to a model again: whole turns, newest first, as many as fit.
//!
//! A turn begins with what a user said and has all that followed. Every call has exactly one result after it, and no result is
//! without its call: providers refuse anything else.

use std::collections::HashSet;

use workforceos_core::tool::tokens;

use crate::provider::{Call, Message};

/// What the system part says when earlier messages were left out.
pub const LEFT_OUT: &str = "Earlier messages of this conversation were left out because it is long. If you need what they said, ask the user or the tools again.";

/// The result of a call that never got one: the answer was cut off.
const INTERRUPTED: &str =
    "Interrupted before it gave a result. If it changes something, that may have happened: check before you repeat it.";
/// The most tokens of a result that is never shortened.
const SMALL: usize = 100;
/// What a message takes beside its words.
const FRAME: usize = 4;

/// Messages that fit, and what became of the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    pub messages: Vec<Message>,
    /// Whether turns were left out: [`LEFT_OUT`] belongs into the system part then.
    pub left_out: bool,
}

/// The newest whole turns within a budget of tokens, repaired. Old large results give way first, then old turns. The last turn
/// stays in any case.
pub fn fit(messages: Vec<Message>, budget: usize) -> Fitted {
    let mut messages = repair(messages);
    let mut total = size(&messages);
    let last = messages.iter().rposition(is_user).unwrap_or(0);
    shorten(&mut messages[..last], &mut total, budget);
    let left_out = leave_out(&mut messages, &mut total, budget);
    shorten(&mut messages, &mut total, budget);
    Fitted { messages, left_out }
}

/// About how many tokens messages are, as [`workforceos_core::tool::fits`] estimates them.
pub fn size(messages: &[Message]) -> usize {
    messages.iter().map(one).sum()
}

/// Messages that a provider accepts, of whatever a crash or a stop has left: calls without a result get one that says so, results
/// without their call, messages without anything in them and what stands before the first user's message are left out.
pub fn repair(messages: Vec<Message>) -> Vec<Message> {
    let mut whole = Vec::with_capacity(messages.len());
    let mut rest = messages.into_iter().skip_while(|message| !is_user(message)).peekable();
    while let Some(message) = rest.next() {
        let Message::Assistant { text, calls } = message else {
            // A result here has no call before it.
            whole.extend(is_user(&message).then_some(message));
            continue;
        };
        let mut results = Vec::new();
        while let Some(result) = rest.next_if(|next| matches!(next, Message::Result { .. })) {
            results.push(result);
        }
        let mut ids = HashSet::new();
        let calls: Vec<Call> = calls.into_iter().filter(|call| ids.insert(call.id.clone())).collect();
        if text.is_empty() && calls.is_empty() {
            continue;
        }
        let results: Vec<Message> = calls.iter().map(|call| result_of(call, &mut results)).collect();
        whole.push(Message::Assistant { text, calls });
        whole.extend(results);
    }
    whole
}

fn result_of(call: &Call, results: &mut Vec<Message>) -> Message {
    let its = |message: &Message| matches!(message, Message::Result { call: id, .. } if *id == call.id);
    match results.iter().position(its) {
        Some(at) => results.remove(at),
        None => Message::Result { call: call.id.clone(), text: INTERRUPTED.to_owned(), failed: true },
    }
}

fn is_user(message: &Message) -> bool {
    matches!(message, Message::User(_))
}

fn one(message: &Message) -> usize {
    FRAME
        + match message {
            Message::User(text) => tokens(text),
            Message::Assistant { text, calls } => {
                let call = |call: &Call| FRAME + tokens(&call.id) + tokens(&call.name) + tokens(&call.arguments);
                tokens(text) + calls.iter().map(call).sum::<usize>()
            }
            Message::Result { call, text, .. } => tokens(call) + tokens(text),
        }
}

/// Puts a line in the place of large results, from the oldest on, until all fits.
fn shorten(messages: &mut [Message], total: &mut usize, budget: usize) {
    for message in messages {
        if *total <= budget {
            return;
        }
        let before = one(message);
        if let Message::Result { text, .. } = message
            && tokens(text) > SMALL
        {
            let about = text.chars().count();
            *text = format!("[This result of {about} characters was left out to save room. Call the tool again if you need it.]");
            *total -= before - one(message);
        }
    }
}

/// Leaves out the oldest turns until the others fit, but never the last.
fn leave_out(messages: &mut Vec<Message>, total: &mut usize, budget: usize) -> bool {
    let mut from = 0;
    while *total > budget {
        let Some(next) = messages.iter().skip(from + 1).position(is_user) else { break };
        *total -= size(&messages[from..=from + next]);
        from += next + 1;
    }
    messages.drain(..from);
    from > 0
}

#[cfg(test)]
mod tests;
