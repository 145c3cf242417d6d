//! An answer as others see it: what they can read of it and say to it.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use serde_json::Value as Json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, UserId};

use super::approvals::Approvals;
use super::{Event, Log, Outcome};

/// An answer that runs, or has ended a short while ago. Dropping it ends nothing.
pub struct Running {
    pub company: CompanyId,
    pub user: UserId,
    pub key: String,
    pub(super) log: Arc<Log>,
    pub(super) approvals: Approvals,
    pub(super) stop: CancellationToken,
    outcome: watch::Sender<Option<Arc<Outcome>>>,
}

impl Running {
    pub(super) fn new(company: CompanyId, user: UserId, key: String) -> Running {
        let stop = CancellationToken::new();
        Running {
            company,
            user,
            key,
            log: Arc::default(),
            approvals: Approvals::default(),
            stop,
            outcome: watch::Sender::new(None),
        }
    }

    /// The events after an id: the kept ones first, then as they come, until the last. Any number of readers may follow one answer.
    /// From further back than [`super::KEPT`] events, text comes joined. An id beyond the newest is of another answer: then all come.
    pub fn events(&self, after: u64) -> BoxStream<'static, Arc<Event>> {
        self.log.events(after)
    }

    /// Ends the answer at once; what was said so far is kept. No effect on one that has ended.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Lets a call that waits for approval run, or tells the model that the user declined.
    ///
    /// # Errors
    /// 404 if nothing waits under that id, 409 if it was answered, or came too late.
    pub fn approve(&self, id: &str, yes: bool) -> Result<()> {
        self.approvals.answer(id, yes)
    }

    /// Whether its last event was told.
    pub fn ended(&self) -> bool {
        self.log.ended()
    }

    /// What it came to, once it has ended and `on_end` has returned; messages and kept results are for `on_end` alone.
    pub async fn outcome(&self) -> Arc<Outcome> {
        let mut outcome = self.outcome.subscribe();
        let found = outcome.wait_for(Option::is_some).await.expect("the sender lives as long as self");
        found.clone().expect("it was waited for")
    }

    pub(super) fn end(&self, last: (&'static str, Json), outcome: Outcome) {
        self.log.end(last.0, last.1);
        self.outcome.send_replace(Some(Arc::new(outcome)));
    }
}
