//! A turn as frames of its wire.

use std::collections::VecDeque;

use super::gate::Gate;
use super::turn::{Called, Fragments, Step, pieces};
use super::{Asked, Turn, Wire, anthropic, openai};

/// What is sent, or waited for.
pub(super) enum Frame {
    Bytes(String),
    Gate(Gate),
    Hang,
    Cut,
}

/// Characters of a text that are sent at a time, and of arguments.
const WORDS: usize = 12;
const FRAGMENT: usize = 9;
/// Long texts come in longer pieces.
const PIECES: usize = 200;

/// What a wire format has words for.
pub(super) trait Words {
    fn begin(&mut self) -> String;
    fn text(&mut self, text: &str) -> String;
    /// A call begins; answers its place in the stream and what is sent.
    fn call(&mut self, id: &str, name: &str) -> (usize, String);
    fn arguments(&mut self, place: usize, fragment: &str) -> String;
    fn call_ends(&mut self, place: usize) -> String;
    /// A call in one frame.
    fn whole(&mut self, id: &str, called: &Called, indexed: bool) -> String;
    fn ping(&self) -> String;
    fn error(&self, kind: &str, message: &str) -> String;
    fn end(&mut self, finish: Option<&str>, called: bool, usage: Option<(u64, u64)>) -> String;
    fn id(&self, number: u64) -> String;
}

/// The frames of a turn, in order.
pub(super) struct Rendering {
    frames: VecDeque<Frame>,
}

impl Rendering {
    pub fn of(asked: &Asked, turn: &Turn, mut number: impl FnMut() -> u64) -> Rendering {
        let prompt = (asked.body.to_string().len() as u64 / 4).max(1);
        let usage = turn.usage.unwrap_or((prompt, (turn.written() / 4).max(1)));
        let usage = Some(usage).filter(|_| !turn.without_usage);
        let mut words: Box<dyn Words> = match asked.wire {
            Wire::Openai => Box::new(openai::Chunks::new(asked)),
            Wire::Anthropic => Box::new(anthropic::Events::new(asked, usage.map_or(0, |(prompt, _)| prompt))),
        };
        let mut frames = VecDeque::from([Frame::Bytes(words.begin())]);
        for step in &turn.steps {
            match step {
                Step::Text(text) => {
                    let each = WORDS.max(text.len() / PIECES);
                    frames.extend(pieces(text, each).into_iter().map(|piece| Frame::Bytes(words.text(piece))));
                }
                Step::Calls(calls, how) => {
                    let ids = calls.iter().map(|call| call.id.clone().unwrap_or_else(|| words.id(number())));
                    let ids: Vec<String> = ids.collect();
                    frames.extend(called(&mut *words, calls, &ids, *how).into_iter().map(Frame::Bytes));
                }
                Step::Gate(gate) => frames.push_back(Frame::Gate(gate.clone())),
                Step::Hang => frames.push_back(Frame::Hang),
                Step::Cut => frames.push_back(Frame::Cut),
                Step::Raw(bytes) => frames.push_back(Frame::Bytes(bytes.clone())),
                Step::Error(kind, message) => frames.push_back(Frame::Bytes(words.error(kind, message))),
                Step::Ping => frames.push_back(Frame::Bytes(words.ping())),
            }
        }
        if !turn.without_end {
            frames.push_back(Frame::Bytes(words.end(turn.finish.as_deref(), turn.has_calls(), usage)));
        }
        Rendering { frames }
    }

    pub fn next(&mut self) -> Option<Frame> {
        // A chunk of no bytes would end the answer.
        while matches!(self.frames.front(), Some(Frame::Bytes(bytes)) if bytes.is_empty()) {
            self.frames.pop_front();
        }
        self.frames.pop_front()
    }
}

fn called(words: &mut dyn Words, calls: &[Called], ids: &[String], how: Fragments) -> Vec<String> {
    let mut frames = Vec::new();
    match how {
        Fragments::Whole | Fragments::WithoutIndex => {
            let indexed = how == Fragments::Whole;
            frames.extend(calls.iter().zip(ids).map(|(call, id)| words.whole(id, call, indexed)));
        }
        Fragments::InTurn => {
            for (call, id) in calls.iter().zip(ids) {
                let (place, begun) = words.call(id, &call.name);
                frames.push(begun);
                frames.extend(pieces(&call.arguments, FRAGMENT).into_iter().map(|piece| words.arguments(place, piece)));
                frames.push(words.call_ends(place));
            }
        }
        Fragments::Interleaved => {
            let mut open = Vec::new();
            for (call, id) in calls.iter().zip(ids) {
                let (place, begun) = words.call(id, &call.name);
                frames.push(begun);
                open.push((place, VecDeque::from(pieces(&call.arguments, FRAGMENT))));
            }
            while open.iter().any(|(_, rest)| !rest.is_empty()) {
                for (place, rest) in &mut open {
                    frames.extend(rest.pop_front().map(|piece| words.arguments(*place, piece)));
                }
            }
            frames.extend(open.iter().map(|(place, _)| words.call_ends(*place)));
        }
    }
    frames
}
