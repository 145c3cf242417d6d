//! How far a long call is, told to whoever waits for it.

use std::fmt;
use std::sync::Arc;

/// Hears of a call's progress; by default nobody does.
///
/// Telling costs next to nothing and never waits: whoever listens keeps the latest word only. A decision that runs twice may
/// tell the same twice; the listener lets nothing go back.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<dyn Fn(u64, u64) + Send + Sync>>);

impl Progress {
    pub fn to(listener: impl Fn(u64, u64) + Send + Sync + 'static) -> Progress {
        Progress(Some(Arc::new(listener)))
    }

    /// `done` of `all` steps are done; `all` is 0 where nobody knows it.
    pub fn tell(&self, done: u64, all: u64) {
        if let Some(listener) = &self.0 {
            listener(if all == 0 { done } else { done.min(all) }, all);
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Progress").field(&self.0.is_some()).finish()
    }
}
