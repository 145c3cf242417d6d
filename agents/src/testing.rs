//! A provider in this process that says what a test wrote down. The servers' fake, with both wire formats, is in the workspace's tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use serde_json::Value as Json;
use tokio::sync::watch;

use crate::provider::{Call, Chosen, Failure, Finish, Piece, Provider, Providers, Request, Usage};

/// What a turn does next.
#[derive(Clone)]
pub enum Step {
    Piece(Piece),
    /// The stream ends with it.
    Fail(Failure),
    /// Goes on once the gate is open.
    Gate(Gate),
    /// Never goes on.
    Hang,
}

/// One turn of the model.
#[derive(Clone, Default)]
pub struct Turn {
    steps: Vec<Step>,
    refused: Option<Failure>,
    usage: Usage,
    calls: usize,
    finish: Option<Finish>,
    /// Whether the steps are all that comes: no end is added.
    bare: bool,
}

impl Turn {
    /// Says a text, in one piece.
    pub fn says(text: &str) -> Turn {
        Turn::default().text(text)
    }

    /// Calls tools by name, with arguments, all in one turn.
    pub fn calls<'a>(calls: impl IntoIterator<Item = (&'a str, Json)>) -> Turn {
        calls.into_iter().fold(Turn::default(), |turn, (name, arguments)| turn.call(name, &arguments.to_string()))
    }

    /// Refuses before anything is heard.
    pub fn refuses(failure: Failure) -> Turn {
        Turn { refused: Some(failure), ..Turn::default() }
    }

    pub fn text(self, text: &str) -> Turn {
        self.step(Step::Piece(Piece::Text(text.to_owned())))
    }

    /// A call whose arguments are this text, be it JSON or not. Its id is made of the turn's number and its own: `call_1_0`.
    pub fn call(mut self, name: &str, arguments: &str) -> Turn {
        let id = format!("call_{}", self.calls);
        self.calls += 1;
        let call = Call { id: id.clone(), name: name.to_owned(), arguments: arguments.to_owned() };
        self.step(Step::Piece(Piece::Begun { id, name: name.to_owned() })).step(Step::Piece(Piece::Call(call)))
    }

    /// Waits at a gate.
    pub fn gate(self, gate: &Gate) -> Turn {
        self.step(Step::Gate(gate.clone()))
    }

    /// Says nothing more, ever.
    pub fn hangs(self) -> Turn {
        self.step(Step::Hang)
    }

    /// Breaks.
    pub fn fails(mut self, failure: Failure) -> Turn {
        self.bare = true;
        self.step(Step::Fail(failure))
    }

    pub fn usage(mut self, prompt: u64, completion: u64) -> Turn {
        self.usage = Usage { prompt, completion };
        self
    }

    /// Instead of what follows from the calls.
    pub fn finish(mut self, finish: Finish) -> Turn {
        self.finish = Some(finish);
        self
    }

    pub fn step(mut self, step: Step) -> Turn {
        self.steps.push(step);
        self
    }

    /// The steps of the turn of this number, its end included.
    fn steps(self, number: usize) -> VecDeque<Step> {
        let named = |id: String| format!("call_{number}_{}", id.trim_start_matches("call_"));
        let mut steps: VecDeque<Step> = self.steps.into();
        for step in &mut steps {
            match step {
                Step::Piece(Piece::Begun { id, .. }) => *id = named(std::mem::take(id)),
                Step::Piece(Piece::Call(call)) => call.id = named(std::mem::take(&mut call.id)),
                _ => {}
            }
        }
        if !self.bare {
            let usual = if self.calls > 0 { Finish::Calls } else { Finish::Stop };
            steps.push_back(Step::Piece(Piece::End { finish: self.finish.unwrap_or(usual), usage: self.usage }));
        }
        steps
    }
}

/// Holds up whoever comes to it until the test opens it.
#[derive(Clone)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
    waiting: Arc<watch::Sender<usize>>,
}

impl Gate {
    #[expect(clippy::new_without_default, reason = "a gate is made for one place")]
    pub fn new() -> Gate {
        Gate { open: Arc::new(watch::Sender::new(false)), waiting: Arc::new(watch::Sender::new(0)) }
    }

    /// Lets everybody through, from now on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Until so many have come to it, counted from the beginning.
    pub async fn reached(&self, count: usize) {
        let mut waiting = self.waiting.subscribe();
        let _ = waiting.wait_for(|came| *came >= count).await;
    }

    async fn pass(&self) {
        self.waiting.send_modify(|came| *came += 1);
        let mut open = self.open.subscribe();
        let _ = open.wait_for(|open| *open).await;
    }
}

type Answering = Box<dyn Fn(&Request) -> Turn + Send + Sync>;

enum Script {
    /// One after the other, in the order in which they are asked for.
    Turns(Mutex<VecDeque<Turn>>),
    /// Whatever the request leads to: conversations side by side do not take each other's turns.
    Answering(Answering),
}

/// The provider.
pub struct Scripted {
    script: Script,
    asked: Mutex<Vec<Request>>,
    streams: Arc<Streams>,
}

/// How many streams are being heard, and how many were dropped before their end.
struct Streams {
    open: watch::Sender<usize>,
    dropped: watch::Sender<usize>,
}

impl Scripted {
    pub fn turns(turns: impl IntoIterator<Item = Turn>) -> Arc<Scripted> {
        Scripted::of(Script::Turns(Mutex::new(turns.into_iter().collect())))
    }

    pub fn answering(answer: impl Fn(&Request) -> Turn + Send + Sync + 'static) -> Arc<Scripted> {
        Scripted::of(Script::Answering(Box::new(answer)))
    }

    fn of(script: Script) -> Arc<Scripted> {
        let streams = Arc::new(Streams { open: watch::Sender::new(0), dropped: watch::Sender::new(0) });
        Arc::new(Scripted { script, asked: Mutex::default(), streams })
    }

    pub fn chosen(self: &Arc<Self>) -> Chosen {
        Chosen { provider: self.clone(), model: "scripted-1".to_owned() }
    }

    pub fn providers(self: &Arc<Self>) -> Providers {
        Providers::of(vec![self.chosen()])
    }

    /// What it was asked, from the first on.
    pub fn asked(&self) -> Vec<Request> {
        locked(&self.asked).clone()
    }

    /// Turns that are being said now.
    pub fn open(&self) -> usize {
        *self.streams.open.borrow()
    }

    /// Until so many turns were dropped before their end, counted from the beginning.
    pub async fn dropped(&self, count: usize) {
        let mut dropped = self.streams.dropped.subscribe();
        let _ = dropped.wait_for(|so_far| *so_far >= count).await;
    }
}

#[async_trait]
impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "openai"
    }

    async fn turn(&self, request: Request) -> Result<BoxStream<'static, Result<Piece, Failure>>, Failure> {
        let number = {
            let mut asked = locked(&self.asked);
            asked.push(request.clone());
            asked.len()
        };
        let turn = match &self.script {
            Script::Turns(turns) => locked(turns).pop_front().expect("the script has a turn for every request"),
            Script::Answering(answer) => answer(&request),
        };
        if let Some(failure) = turn.refused {
            return Err(failure);
        }
        let hearing = Hearing::of(self.streams.clone());
        let steps = turn.steps(number);
        Ok(unfold((steps, hearing), |(mut steps, mut hearing)| async move {
            loop {
                match steps.pop_front() {
                    None => {
                        hearing.end();
                        return None;
                    }
                    Some(Step::Gate(gate)) => gate.pass().await,
                    Some(Step::Hang) => std::future::pending().await,
                    Some(Step::Fail(failure)) => {
                        steps.clear();
                        hearing.end();
                        return Some((Err(failure), (steps, hearing)));
                    }
                    Some(Step::Piece(piece)) => {
                        if matches!(piece, Piece::End { .. }) {
                            hearing.end();
                        }
                        return Some((Ok(piece), (steps, hearing)));
                    }
                }
            }
        })
        .boxed())
    }
}

/// Counts a stream as open as long as somebody has it.
struct Hearing {
    by: Arc<Streams>,
    ended: bool,
}

impl Hearing {
    fn of(by: Arc<Streams>) -> Hearing {
        by.open.send_modify(|open| *open += 1);
        Hearing { by, ended: false }
    }

    /// Whatever was to be heard was heard.
    fn end(&mut self) {
        self.ended = true;
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.by.open.send_modify(|open| *open -= 1);
        if !self.ended {
            self.by.dropped.send_modify(|dropped| *dropped += 1);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use serde_json::json;

    use super::{Gate, Scripted, Turn};
    use crate::provider::{Finish, Message, Piece, Request};

    fn request(text: &str) -> Request {
        Request {
            model: "scripted-1".to_owned(),
            system: "You are a test".to_owned(),
            messages: vec![Message::User(text.to_owned())],
            tools: Vec::new(),
            temperature: None,
            max_tokens: 100,
            json: false,
        }
    }

    #[tokio::test]
    async fn it_says_what_was_written_down() {
        let scripted = Scripted::turns([Turn::calls([("listShifts", json!({}))]).usage(7, 3), Turn::says("Two.")]);
        let chosen = scripted.chosen();
        let first: Vec<_> = chosen.provider.turn(request("How many?")).await.expect("a turn").collect().await;
        assert!(matches!(&first[0], Ok(Piece::Begun { id, name }) if id == "call_1_0" && name == "listShifts"), "{first:?}");
        assert!(
            matches!(first.last(), Some(Ok(Piece::End { finish: Finish::Calls, usage })) if usage.total() == 10),
            "{first:?}"
        );
        let second: Vec<_> = chosen.provider.turn(request("Well?")).await.expect("a turn").collect().await;
        assert_eq!(second[0], Ok(Piece::Text("Two.".to_owned())));
        assert_eq!((scripted.asked().len(), scripted.open()), (2, 0));
    }

    #[tokio::test]
    async fn a_stream_that_is_dropped_is_noticed() {
        let gate = Gate::new();
        let scripted = Scripted::turns([Turn::says("One").gate(&gate).text("two")]);
        let mut stream = scripted.chosen().provider.turn(request("Count")).await.expect("a turn");
        assert_eq!(stream.next().await, Some(Ok(Piece::Text("One".to_owned()))));
        assert_eq!(scripted.open(), 1);
        drop(stream);
        scripted.dropped(1).await;
        assert_eq!(scripted.open(), 0);
    }
}
