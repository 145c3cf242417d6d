//! What a model says in one turn, and what goes wrong meanwhile.

use serde_json::Value as Json;

use super::gate::Gate;

/// A call as written down.
#[derive(Clone, Debug)]
pub(super) struct Called {
    pub name: String,
    /// JSON, unless the test wants otherwise.
    pub arguments: String,
    /// Instead of one that the server makes; empty: none is sent at all.
    pub id: Option<String>,
}

/// How arguments of calls are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fragments {
    /// A few characters at a time, one call after the other, as OpenAI and Anthropic do.
    #[default]
    InTurn,
    /// Fragments of all calls mixed, told apart by their index.
    Interleaved,
    /// Each call whole, as Ollama and others do.
    Whole,
    /// Each whole, and without index.
    WithoutIndex,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Text(String),
    Calls(Vec<Called>, Fragments),
    Gate(Gate),
    Hang,
    /// The connection is cut.
    Cut,
    /// Bytes as they are, wherever in the stream they come.
    Raw(String),
    /// An error in the stream, in the wire's own words: its type, and what is said.
    Error(String, String),
    /// A comment, or the wire's ping.
    Ping,
}

/// An answer that is no stream.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub status: u16,
    pub headers: String,
    /// The wire's own error body, unless the test wants another.
    pub body: Option<String>,
}

/// One turn. Steps happen in the order in which they were written down; the end is added by itself.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    pub(super) steps: Vec<Step>,
    pub(super) refusal: Option<Refusal>,
    pub(super) usage: Option<(u64, u64)>,
    pub(super) without_usage: bool,
    pub(super) finish: Option<String>,
    pub(super) without_end: bool,
    pub(super) bytewise: bool,
    pub(super) crlf: bool,
}

impl Turn {
    /// Says a text, a few words at a time.
    pub fn says(text: &str) -> Turn {
        Turn::default().text(text)
    }

    /// Calls tools, all in one turn.
    pub fn calls<'a>(calls: impl IntoIterator<Item = (&'a str, Json)>) -> Turn {
        Turn::default().and_calls(calls)
    }

    /// Answers with a status instead.
    pub fn status(status: u16) -> Turn {
        Turn { refusal: Some(Refusal { status, headers: String::new(), body: None }), ..Turn::default() }
    }

    /// With `Retry-After` in seconds.
    pub fn retry_after(self, seconds: &str) -> Turn {
        self.header(&format!("retry-after: {seconds}"))
    }

    /// A header of a status.
    pub fn header(mut self, line: &str) -> Turn {
        let refusal = self.refusal.as_mut().expect("a status");
        refusal.headers.push_str(line);
        refusal.headers.push_str("\r\n");
        self
    }

    /// The body of a status.
    pub fn body(mut self, body: &str) -> Turn {
        self.refusal.as_mut().expect("a status").body = Some(body.to_owned());
        self
    }

    pub fn text(self, text: &str) -> Turn {
        self.step(Step::Text(text.to_owned()))
    }

    /// Calls, after what was said before.
    pub fn and_calls<'a>(self, calls: impl IntoIterator<Item = (&'a str, Json)>) -> Turn {
        let called =
            |(name, arguments): (&str, Json)| Called { name: name.to_owned(), arguments: arguments.to_string(), id: None };
        let calls = calls.into_iter().map(called).collect();
        self.step(Step::Calls(calls, Fragments::default()))
    }

    /// One call whose arguments are this text, be it JSON or not.
    pub fn call(self, name: &str, arguments: &str) -> Turn {
        let called = Called { name: name.to_owned(), arguments: arguments.to_owned(), id: None };
        self.step(Step::Calls(vec![called], Fragments::default()))
    }

    /// How all calls of the turn are sent.
    pub fn fragments(mut self, how: Fragments) -> Turn {
        for step in &mut self.steps {
            if let Step::Calls(_, fragments) = step {
                *fragments = how;
            }
        }
        self
    }

    /// All calls of the turn have this id; the empty one: none.
    pub fn ids(mut self, id: &str) -> Turn {
        for step in &mut self.steps {
            if let Step::Calls(calls, _) = step {
                calls.iter_mut().for_each(|call| call.id = Some(id.to_owned()));
            }
        }
        self
    }

    /// Waits at a gate.
    pub fn gate(self, gate: &Gate) -> Turn {
        self.step(Step::Gate(gate.clone()))
    }

    /// Says nothing more, ever.
    pub fn hangs(self) -> Turn {
        self.step(Step::Hang)
    }

    /// The connection breaks.
    pub fn drops(self) -> Turn {
        self.step(Step::Cut)
    }

    /// Sends what is no JSON.
    pub fn malformed(self) -> Turn {
        self.raw("data: {\"choices\": [{\"delta\": {\"content\n\n")
    }

    /// Sends these bytes, whatever they are.
    pub fn raw(self, bytes: &str) -> Turn {
        self.step(Step::Raw(bytes.to_owned()))
    }

    /// An error in the stream: `overloaded_error`, `rate_limit_error`, `server_error`, `invalid_request_error`, …
    pub fn error(self, kind: &str, message: &str) -> Turn {
        self.step(Step::Error(kind.to_owned(), message.to_owned()))
    }

    /// A sign of life.
    pub fn ping(self) -> Turn {
        self.step(Step::Ping)
    }

    /// So many characters of text.
    pub fn long_text(self, characters: usize) -> Turn {
        self.text(&"word ".repeat(characters.div_ceil(5))[..characters])
    }

    /// What is counted, instead of what the texts' lengths say.
    pub fn usage(mut self, prompt: u64, completion: u64) -> Turn {
        self.usage = Some((prompt, completion));
        self
    }

    /// Nothing is counted.
    pub fn without_usage(mut self) -> Turn {
        self.without_usage = true;
        self
    }

    /// The wire's own word for why it stopped, instead of what follows from the calls: `length`, `max_tokens`, …
    pub fn finish(mut self, finish: &str) -> Turn {
        self.finish = Some(finish.to_owned());
        self
    }

    /// Nothing comes after the steps: no reason, no usage, no last event; the answer just ends.
    pub fn without_end(mut self) -> Turn {
        self.without_end = true;
        self
    }

    /// Every byte is a chunk of its own.
    pub fn bytewise(mut self) -> Turn {
        self.bytewise = true;
        self
    }

    /// Lines end with CR and LF.
    pub fn crlf(mut self) -> Turn {
        self.crlf = true;
        self
    }

    pub(super) fn step(mut self, step: Step) -> Turn {
        self.steps.push(step);
        self
    }

    pub(super) fn has_calls(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Calls(..)))
    }

    /// Characters that the model writes.
    pub(super) fn written(&self) -> u64 {
        let of = |step: &Step| match step {
            Step::Text(text) => text.len(),
            Step::Calls(calls, _) => calls.iter().map(|call| call.name.len() + call.arguments.len()).sum(),
            _ => 0,
        };
        self.steps.iter().map(of).sum::<usize>() as u64
    }
}

/// A text in pieces of a few words, as models send it.
pub(super) fn pieces(text: &str, each: usize) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let end = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).find(|at| *at >= each).unwrap_or(rest.len());
        let (piece, more) = rest.split_at(end);
        pieces.push(piece);
        rest = more;
    }
    pieces
}
