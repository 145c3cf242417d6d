//! A server of language models that says what a test wrote down, in the wire formats of both providers, and refuses what the real
//! ones refuse: a history with an unanswered call, for example, is answered 400 and remembered, so that no test passes with it.
//!
//! ```ignore
//! let llm = Llm::start().await;
//! llm.script([Turn::calls([("listShifts", json!({}))]), Turn::says("Two shifts.")]);
//! let app = TestApp::with(db, Setup { providers: llm.openai(), ..Setup::default() }).await;
//! // … ask …
//! assert_eq!(llm.seen()[1].last_results().len(), 1);
//! ```

mod anthropic;
mod checks;
mod gate;
mod openai;
mod render;
mod seen;
mod serve;
mod turn;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use workforceos_agents::provider::{Endpoint, Patience, Providers, Settings};

use crate::DEADLINE;

pub use gate::Gate;
pub use seen::Seen as Asked;
pub use turn::{Fragments, Turn};

/// What callers have to show.
pub const KEY: &str = "sk-test-0123456789abcdef";

/// Which wire format a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Openai,
    Anthropic,
}

/// Streams so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub open: usize,
    /// The most at a time.
    pub most: usize,
    /// Ended by the caller before their end.
    pub closed_early: usize,
    /// Requests, refused ones included.
    pub asked: usize,
    /// Connections on which they came.
    pub connections: usize,
}

type Answering = Arc<dyn Fn(&Asked) -> Turn + Send + Sync>;

/// What connections share.
struct State {
    turns: Mutex<VecDeque<Turn>>,
    answering: Mutex<Option<Answering>>,
    seen: Mutex<Vec<Asked>>,
    refusals: Mutex<Vec<String>>,
    counts: watch::Sender<Counts>,
    calls: AtomicU64,
}

impl State {
    /// The turn that a request leads to: of the script as long as there is one, else of the closure.
    fn turn(&self, asked: &Asked) -> Option<Turn> {
        if let Some(turn) = locked(&self.turns).pop_front() {
            return Some(turn);
        }
        let answering = locked(&self.answering).clone()?;
        Some(answering(asked))
    }

    /// Ids of calls differ in the whole test, as they do in the world.
    fn call_number(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// The server. Dropping it ends it, and fails the test if it refused a request for its form and nobody looked.
pub struct Llm {
    base: String,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Llm {
    pub async fn start() -> Llm {
        // Providers speak TLS with whatever is installed for the process.
        drop(crate::app::http_client());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State {
            turns: Mutex::default(),
            answering: Mutex::default(),
            seen: Mutex::default(),
            refusals: Mutex::default(),
            counts: watch::Sender::new(Counts::default()),
            calls: AtomicU64::new(0),
        });
        let shared = state.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve::serve(stream, shared.clone()));
            }
        });
        Llm { base, state, accepting }
    }

    /// What is said next, one turn for each request, after what was written down before.
    pub fn script(&self, turns: impl IntoIterator<Item = Turn>) {
        locked(&self.state.turns).extend(turns);
    }

    /// What is said once the script is over: whatever the request leads to. Conversations side by side need this.
    pub fn answer(&self, answering: impl Fn(&Asked) -> Turn + Send + Sync + 'static) {
        *locked(&self.state.answering) = Some(Arc::new(answering));
    }

    /// Providers of which the OpenAI-compatible one is this server.
    pub fn openai(&self) -> Providers {
        self.providers(true, false, Llm::patience())
    }

    /// Providers of which the Anthropic one is this server.
    pub fn anthropic(&self) -> Providers {
        self.providers(false, true, Llm::patience())
    }

    /// Both, the OpenAI-compatible one preferred.
    pub fn both(&self) -> Providers {
        self.providers(true, true, Llm::patience())
    }

    /// Of one of the wires, with pauses and limits of the test's own.
    pub fn of(&self, wire: Wire, patience: Patience) -> Providers {
        self.providers(wire == Wire::Openai, wire == Wire::Anthropic, patience)
    }

    fn providers(&self, openai: bool, anthropic: bool, patience: Patience) -> Providers {
        let settings = self.settings();
        let settings =
            Settings { openai: settings.openai.filter(|_| openai), anthropic: settings.anthropic.filter(|_| anthropic) };
        Providers::with(&settings, patience)
    }

    /// As an operator would write them down.
    pub fn settings(&self) -> Settings {
        let endpoint = |base_url: String, model: &str| Endpoint { key: KEY.to_owned(), base_url, model: model.to_owned() };
        Settings {
            openai: Some(endpoint(format!("{}/v1", self.base), "gpt-4o")),
            anthropic: Some(endpoint(self.base.clone(), "claude-test-1")),
        }
    }

    /// Pauses between tries so short that nobody waits for them; all else as in production.
    pub fn patience() -> Patience {
        Patience { pause: Duration::from_millis(2), ..Patience::default() }
    }

    /// `http://host:port`, without `/v1`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What was asked so far, refused requests included.
    pub fn seen(&self) -> Vec<Asked> {
        locked(&self.state.seen).clone()
    }

    /// Forgets what was asked so far, and goes on counting: for those who ask a lot.
    pub fn forget(&self) {
        locked(&self.state.seen).clear();
    }

    /// Streams that are open now.
    pub fn open(&self) -> usize {
        self.counts().open
    }

    /// Streams that the caller ended before their end.
    pub fn closed_early(&self) -> usize {
        self.counts().closed_early
    }

    pub fn counts(&self) -> Counts {
        *self.state.counts.borrow()
    }

    /// Waits until the counts are so.
    pub async fn until(&self, what: impl FnMut(&Counts) -> bool) -> Counts {
        let mut counts = self.state.counts.subscribe();
        let waiting = tokio::time::timeout(DEADLINE, counts.wait_for(what)).await;
        let now = self.counts();
        *waiting.unwrap_or_else(|_| panic!("in vain: {now:?}")).expect("the server runs")
    }

    /// Why requests were refused for their form since somebody last looked.
    pub fn refusals(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.state.refusals))
    }
}

impl Drop for Llm {
    fn drop(&mut self) {
        self.accepting.abort();
        let refusals = self.refusals();
        assert!(refusals.is_empty() || std::thread::panicking(), "a provider would have refused this: {refusals:#?}");
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
