//! What one connection keeps between its requests. Without sessions every request has one of its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::fixtures::Heard;
use crate::logging::Level;
use crate::resources::Which;

/// The most resources that one connection watches.
pub(crate) const MAX_WATCHED: usize = 64;

pub(crate) struct Session {
    state: Mutex<State>,
}

struct State {
    level: Option<Level>,
    /// By the address that the client wrote.
    watched: BTreeMap<String, Which>,
    watcher: Option<JoinHandle<()>>,
    /// When the client last showed itself.
    heard: Instant,
    /// Whether the caller was a manager when last seen: it decides what is listed.
    manages: Option<bool>,
    /// From where on a `subscriptions/listen` is to hear.
    baseline: Option<Baseline>,
}

/// What was when a client was promised that it hears of changes.
pub(crate) struct Baseline {
    /// See [`crate::Live::heard`].
    pub heard: u64,
    pub fixtures: Option<Heard>,
}

impl Default for Session {
    fn default() -> Session {
        let state =
            State { level: None, watched: BTreeMap::new(), watcher: None, heard: Instant::now(), manages: None, baseline: None };
        Session { state: Mutex::new(state) }
    }
}

/// A connection that is over watches nothing.
impl Drop for Session {
    fn drop(&mut self) {
        if let Some(watcher) = self.state().watcher.take() {
            watcher.abort();
        }
    }
}

impl Session {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a sign of life; true if the caller has become a manager since, or is none any more.
    pub fn hears(&self, manages: bool) -> bool {
        let mut state = self.state();
        state.heard = Instant::now();
        state.manages.replace(manages).is_some_and(|before| before != manages)
    }

    pub fn is_alive(&self) {
        self.state().heard = Instant::now();
    }

    pub fn last_heard(&self) -> Instant {
        self.state().heard
    }

    pub fn set_level(&self, level: Level) {
        self.state().level = Some(level);
    }

    pub fn level(&self) -> Option<Level> {
        self.state().level
    }

    pub fn promise(&self, baseline: Baseline) {
        self.state().baseline = Some(baseline);
    }

    pub fn promised(&self) -> Option<Baseline> {
        self.state().baseline.take()
    }

    /// Watches a resource; false if there is no room for one more.
    pub fn watch(&self, uri: String, which: Which) -> bool {
        let mut state = self.state();
        if state.watched.len() >= MAX_WATCHED && !state.watched.contains_key(&uri) {
            return false;
        }
        state.watched.insert(uri, which);
        true
    }

    pub fn unwatch(&self, uri: &str) {
        self.state().watched.remove(uri);
    }

    pub fn watched(&self) -> BTreeMap<String, Which> {
        self.state().watched.clone()
    }

    /// Lets the watcher go if there is nothing left to watch. In one step: whoever watches again finds none, and begins anew.
    pub fn retire(&self) -> bool {
        let mut state = self.state();
        let idle = state.watched.is_empty();
        if idle {
            state.watcher = None;
        }
        idle
    }

    /// Whether somebody tells of what is watched.
    pub fn has_watcher(&self) -> bool {
        self.state().watcher.as_ref().is_some_and(|watcher| !watcher.is_finished())
    }

    /// Has `watcher` tell of what is watched, in place of whoever did.
    pub fn put_watcher(&self, watcher: JoinHandle<()>) {
        if let Some(before) = self.state().watcher.replace(watcher) {
            before.abort();
        }
    }
}
