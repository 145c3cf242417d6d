//! Answers against a scripted model and tools that wait where they are told to. Nothing sleeps: time is paused.

mod approvals;
mod budgets;
mod calls;
mod failures;
mod many;
mod order;
mod readers;
mod stopping;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::{Map, Value as Json, json};
use tokio::sync::{Barrier, Semaphore};
use uuid::Uuid;
use workforceos_core::id::{CompanyId, UserId};

use super::*;
use crate::provider::{Call, Failure, Finish as ModelFinish, Piece, Provider, Request, Spec};
use crate::tools::Done;

/// What a scripted model does next.
#[derive(Clone)]
pub enum Play {
    Piece(Piece),
    Fail(Failure),
    /// Goes on when the gate has a permit.
    Wait(Arc<Semaphore>),
    Hang,
    Panic,
}

pub type Turn = Result<Vec<Play>, Failure>;

/// A model that says what it is told to say, one script per turn.
pub struct Scripted {
    turns: Mutex<VecDeque<Turn>>,
    pub requests: Mutex<Vec<Request>>,
    /// Streams that live.
    pub streams: Arc<AtomicUsize>,
}

/// Counts a stream for as long as it lives.
struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Scripted {
    pub fn new(turns: Vec<Turn>) -> Arc<Scripted> {
        Arc::new(Scripted { turns: Mutex::new(turns.into()), requests: Mutex::default(), streams: Arc::default() })
    }

    pub fn request(&self, at: usize) -> Request {
        self.requests.lock().unwrap()[at].clone()
    }

    pub fn asked(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

#[async_trait]
impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "openai"
    }

    async fn turn(&self, request: Request) -> Result<BoxStream<'static, Result<Piece, Failure>>, Failure> {
        self.requests.lock().unwrap().push(request);
        let plays = self.turns.lock().unwrap().pop_front().expect("another turn was not to be asked for")?;
        self.streams.fetch_add(1, Ordering::SeqCst);
        let alive = Alive(self.streams.clone());
        let script = stream::unfold((plays.into_iter(), alive), |(mut plays, alive)| async move {
            loop {
                let said = match plays.next()? {
                    Play::Piece(piece) => Ok(piece),
                    Play::Fail(failure) => Err(failure),
                    Play::Wait(gate) => {
                        gate.acquire().await.expect("open").forget();
                        continue;
                    }
                    Play::Hang => std::future::pending().await,
                    Play::Panic => panic!("the provider panics"),
                };
                return Some((said, (plays, alive)));
            }
        });
        Ok(script.boxed())
    }
}

pub fn text(piece: &str) -> Play {
    Play::Piece(Piece::Text(piece.to_owned()))
}

pub fn call(id: &str, name: &str) -> Vec<Play> {
    call_with(id, name, "{}")
}

pub fn call_with(id: &str, name: &str, arguments: &str) -> Vec<Play> {
    let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
    let begun = Piece::Begun { id: id.clone(), name: name.clone() };
    vec![Play::Piece(begun), Play::Piece(Piece::Call(Call { id, name, arguments }))]
}

pub fn end(finish: ModelFinish, completion: u64) -> Play {
    Play::Piece(Piece::End { finish, usage: Usage { prompt: 10, completion } })
}

/// A turn that says a text and ends.
pub fn says(words: &str) -> Turn {
    Ok(vec![text(words), end(ModelFinish::Stop, 5)])
}

/// A turn of calls.
pub fn calls(all: &[(&str, &str)]) -> Turn {
    let mut plays: Vec<Play> = all.iter().flat_map(|(id, name)| call(id, name)).collect();
    plays.push(end(ModelFinish::Calls, 5));
    Ok(plays)
}

/// Tools whose name says what they do: `read…` answers, `fail…` fails, `meet…` waits until as many as the barrier wants are
/// there, `wait…` waits for the gate, `panic…` panics; those with `write` in their name change something.
pub struct Bench {
    /// What began and ended, in order.
    pub seen: Mutex<Vec<String>>,
    pub gate: Semaphore,
    pub barrier: Barrier,
    pub running: AtomicUsize,
    pub most: AtomicUsize,
    /// How large results are for the page.
    pub size: usize,
}

impl Bench {
    pub fn new(meet: usize) -> Arc<Bench> {
        Arc::new(Bench::of(meet, 0))
    }

    pub fn of(meet: usize, size: usize) -> Bench {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Bench { seen: Mutex::default(), gate: Semaphore::new(0), barrier: Barrier::new(meet), running, most, size }
    }

    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

pub fn page(tool: &str, success: bool, words: &str) -> Json {
    json!({"success": success, "service": "test", "tool": tool, "result": {"content": [{"type": "text", "text": words}]}})
}

#[async_trait]
impl Toolbox for Bench {
    fn specs(&self) -> Vec<Spec> {
        vec![Spec { name: "read".to_owned(), description: "Reads".to_owned(), schema: Map::new() }]
    }

    fn changes(&self, name: &str) -> bool {
        name.contains("write")
    }

    fn meant(&self, call: &Call) -> Call {
        let inner = call.name.strip_prefix("call_tool_").map(str::to_owned);
        inner.map_or_else(|| call.clone(), |name| Call { name, ..call.clone() })
    }

    fn arguments(&self, call: &Call) -> Result<Map<String, Json>, Box<Done>> {
        assert_ne!(call.name, "panic_arguments", "the toolbox panics");
        serde_json::from_str(&call.arguments).map_err(|_| {
            let page = page(&call.name, false, "bad arguments");
            let error = Some("These arguments are no JSON object".to_owned());
            Box::new(Done { success: false, kept: page.clone(), page, model: "bad arguments".to_owned(), error })
        })
    }

    async fn call(&self, name: &str, arguments: Map<String, Json>) -> Done {
        let of = arguments.get("of").map(|of| format!(" {of}")).unwrap_or_default();
        self.seen.lock().unwrap().push(format!("+{name}{of}"));
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        if name.starts_with("meet") {
            self.barrier.wait().await;
        }
        if name.contains("wait") {
            self.gate.acquire().await.expect("open").forget();
        }
        assert!(!name.starts_with("panic"), "the tool panics");
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.seen.lock().unwrap().push(format!("-{name}{of}"));
        let success = !name.starts_with("fail");
        let error = (!success).then(|| "It failed".to_owned());
        let shown = page(name, success, &"x".repeat(self.size));
        Done { success, kept: page(name, success, "kept"), page: shown, model: format!("model of {name}"), error }
    }

    fn summary(&self) -> Json {
        json!({"enabled": true, "count": 0, "samples": []})
    }
}

/// One user's answers, a model, tools, and what `on_end` was given.
pub struct Scene {
    pub answers: Answers,
    pub provider: Arc<Scripted>,
    pub bench: Arc<Bench>,
    pub ends: Arc<Mutex<Vec<Outcome>>>,
}

pub const COMPANY: CompanyId = CompanyId(Uuid::from_u128(1));
pub const USER: UserId = UserId(Uuid::from_u128(2));
pub const KEY: &str = "conversation";

impl Scene {
    pub fn new(turns: Vec<Turn>) -> Scene {
        Scene::with(turns, Bench::new(2))
    }

    pub fn with(turns: Vec<Turn>, bench: Arc<Bench>) -> Scene {
        Scene { answers: Answers::default(), provider: Scripted::new(turns), bench, ends: Arc::default() }
    }

    pub fn job(&self) -> Job {
        let ends = self.ends.clone();
        Job {
            company: COMPANY,
            user: USER,
            key: KEY.to_owned(),
            provider: Some(Chosen { provider: self.provider.clone(), model: "test-model".to_owned() }),
            system: "You help.".to_owned(),
            history: Vec::new(),
            message: "Who works today?".to_owned(),
            toolbox: self.bench.clone(),
            budget: Budget { tokens: 2_000, tool_calls: 10, time: Duration::from_secs(30) },
            max_tokens: 1_000,
            temperature: Some(0.5),
            json: false,
            confirm_writes: false,
            on_end: Box::new(move |outcome| {
                Box::pin(async move {
                    ends.lock().unwrap().push(outcome);
                })
            }),
        }
    }

    pub fn start(&self) -> Arc<Running> {
        self.answers.start(self.job()).expect("starts")
    }

    pub fn start_with(&self, change: impl FnOnce(&mut Job)) -> Arc<Running> {
        let mut job = self.job();
        change(&mut job);
        self.answers.start(job).expect("starts")
    }

    /// What `on_end` was given; that it ran exactly once, and that readers are told the same without messages and results.
    pub async fn stored_once(&self, running: &Running) -> Outcome {
        let outcome = running.outcome().await;
        let ends = self.ends.lock().unwrap();
        assert_eq!(ends.len(), 1);
        assert_eq!(ends[0].told(), *outcome);
        assert!(outcome.messages.is_empty() && outcome.tool_calls.iter().all(|ran| ran.kept.is_null()));
        ends[0].clone()
    }
}

pub async fn all(running: &Running) -> Vec<Arc<Event>> {
    running.events(0).collect().await
}

/// Reads until an event of a kind, that one included.
pub async fn until(events: &mut BoxStream<'static, Arc<Event>>, kind: &str) -> Arc<Event> {
    loop {
        let event = events.next().await.expect("it comes");
        if event.kind == kind {
            return event;
        }
    }
}

/// Events in a few letters each.
pub fn brief(events: &[Arc<Event>]) -> Vec<String> {
    let word = |data: &Json, name: &str| match &data[name] {
        Json::String(text) => format!(" {text}"),
        Json::Null => String::new(),
        other => format!(" {other}"),
    };
    let names = ["content", "tool", "toolCallId", "success", "message", "finishReason"];
    let one = |event: &Arc<Event>| names.iter().fold(event.kind.to_owned(), |all, name| all + &word(&event.data, name));
    events.iter().map(one).collect()
}

pub fn kinds(events: &[Arc<Event>]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind).collect()
}

/// What every page relies on: ids from 1 without gaps, each call that begins has one result, one last event.
pub fn well_formed(events: &[Arc<Event>]) {
    assert!(events.iter().enumerate().all(|(at, event)| event.id == at as u64 + 1));
    let ids = |kind: &str| {
        let mut ids: Vec<String> =
            events.iter().filter(|event| event.kind == kind).map(|event| event.data["toolCallId"].to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids("tool_start"), ids("tool_result"));
    assert_eq!(events.iter().filter(|event| event.is_last()).count(), 1);
    assert!(events.last().is_some_and(|event| event.is_last()));
}
