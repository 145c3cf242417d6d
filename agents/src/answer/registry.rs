//! The answers of this process: one at a time for each key of a user, kept a while after their end for those who come back.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, UserId};

use super::approvals::unknown;
use super::{Job, Running, actor};

/// How long an answer that has ended can still be read.
pub const KEPT_FOR: Duration = Duration::from_secs(300);

/// The most answers of a user that are kept after their end, and the most bytes of the events of all together.
const KEPT_OF_A_USER: usize = 3;
const KEPT_BYTES: usize = 64_000_000;

/// The answers that run; clones are the same. Dropping them ends none.
#[derive(Clone)]
pub struct Answers {
    registry: Arc<Registry>,
    /// Where they run: not on the threads that parse HTTP.
    runtime: Option<Handle>,
}

/// Answers that run on the runtime in which this is made, or else on that in which each begins.
impl Default for Answers {
    fn default() -> Answers {
        Answers { registry: Arc::default(), runtime: Handle::try_current().ok() }
    }
}

type ByUser = HashMap<(CompanyId, UserId), HashMap<String, Arc<Running>>>;

/// The answers that run and those that are kept after their end.
#[derive(Default)]
struct All {
    by_user: ByUser,
    /// The one that ended first in front. Each of them is in `by_user` too.
    ended: VecDeque<Arc<Running>>,
    /// What the events of those that ended take.
    bytes: usize,
}

#[derive(Default)]
pub(super) struct Registry {
    all: Mutex<All>,
    /// Set when the server ends.
    closing: CancellationToken,
}

impl Answers {
    /// Fails with 503 if no answer begins any more, since the server is ending.
    pub fn check_open(&self) -> Result<()> {
        if self.registry.closing.is_cancelled() { Err(ending()) } else { Ok(()) }
    }

    /// What a future comes to, unless the server ends first: then 503, and the future is dropped.
    pub async fn unless_ending<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.registry.closing.cancelled() => Err(ending()),
            made = work => made,
        }
    }

    /// Begins an answer. It runs to its end, whoever reads it.
    ///
    /// # Errors
    /// 409 `AnswerRunning` if one of that user and key still runs, 503 if the server is ending.
    pub fn start(&self, job: Job) -> Result<Arc<Running>> {
        let running = Arc::new(Running::new(job.company, job.user, job.key.clone()));
        {
            let mut all = self.registry.lock();
            // Under the lock, so that a shutdown stops what began before it and nothing begins after.
            self.check_open()?;
            let before = all.by_user.get(&(job.company, job.user)).and_then(|of_user| of_user.get(&job.key)).cloned();
            if let Some(before) = before {
                if !before.ended() {
                    return Err(still_running(&job.key));
                }
                all.forget(&before);
            }
            all.by_user.entry((job.company, job.user)).or_default().insert(job.key.clone(), running.clone());
        }
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        actor::spawn(&runtime, job, running.clone(), Arc::downgrade(&self.registry));
        Ok(running)
    }

    /// A user's answer of a key: the one that runs, or the last if it ended less than five minutes ago and is still kept.
    pub fn find(&self, company: CompanyId, user: UserId, key: &str) -> Option<Arc<Running>> {
        self.registry.lock().by_user.get(&(company, user))?.get(key).cloned()
    }

    /// As [`Running::approve`], for whichever of the user's answers asked.
    ///
    /// # Errors
    /// 404 if none of the user's answers asked for it, 409 if it was answered, or came too late.
    pub fn approve(&self, company: CompanyId, user: UserId, id: &str, yes: bool) -> Result<()> {
        let asked = {
            let all = self.registry.lock();
            let of_user = all.by_user.get(&(company, user));
            of_user.and_then(|of_user| of_user.values().find(|running| running.approvals.has(id)).cloned())
        };
        asked.ok_or_else(unknown)?.approve(id, yes)
    }

    /// How many answers run.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        running_of(&self.registry.lock().by_user).len()
    }

    /// Stops all answers, begins none any more, and waits until each is stored, at most so long. How many were not.
    pub async fn shutdown(&self, within: Duration) -> usize {
        let running = {
            let all = self.registry.lock();
            self.registry.closing.cancel();
            running_of(&all.by_user)
        };
        running.iter().for_each(|running| running.stop());
        let ends = join_all(running.iter().map(|running| running.outcome()));
        if tokio::time::timeout(within, ends).await.is_err() {
            let left = running.iter().filter(|running| !running.ended()).count();
            tracing::warn!(left, "answers did not end in time");
            return left;
        }
        0
    }
}

fn ending() -> Error {
    Error::unavailable("The server is ending. Please try again in a moment")
}

fn running_of(all: &ByUser) -> Vec<Arc<Running>> {
    all.values().flat_map(HashMap::values).filter(|running| !running.ended()).cloned().collect()
}

fn still_running(key: &str) -> Error {
    let message = format!("An answer of {key} is still running: wait for its end, or stop it");
    Error::conflict("AnswerRunning", message).detail(json!({"conversationId": key}))
}

impl All {
    fn has(&self, running: &Arc<Running>) -> bool {
        let of_user = self.by_user.get(&(running.company, running.user));
        of_user.and_then(|of_user| of_user.get(&running.key)).is_some_and(|kept| Arc::ptr_eq(kept, running))
    }

    /// Keeps an answer that has ended, and lets go of what there is no room for any more: the one that ended first goes first.
    fn keep(&mut self, running: &Arc<Running>) {
        // The next one of its key may have begun already.
        if !self.has(running) {
            return;
        }
        self.bytes += running.log.bytes();
        self.ended.push_back(running.clone());
        let is_theirs = |kept: &&Arc<Running>| (kept.company, kept.user) == (running.company, running.user);
        let theirs: Vec<Arc<Running>> = self.ended.iter().filter(is_theirs).cloned().collect();
        theirs.iter().take(theirs.len().saturating_sub(KEPT_OF_A_USER)).for_each(|oldest| self.forget(oldest));
        while self.bytes > KEPT_BYTES
            && let Some(oldest) = self.ended.front().cloned()
        {
            self.forget(&oldest);
        }
    }

    /// Forgets an answer; a newer one of the same key stays.
    fn forget(&mut self, running: &Arc<Running>) {
        if let Some(at) = self.ended.iter().position(|kept| Arc::ptr_eq(kept, running)) {
            self.ended.remove(at);
            self.bytes -= running.log.bytes();
        }
        if !self.has(running) {
            return;
        }
        let owner = (running.company, running.user);
        let Some(of_user) = self.by_user.get_mut(&owner) else { return };
        of_user.remove(&running.key);
        if of_user.is_empty() {
            self.by_user.remove(&owner);
        }
    }
}

impl Registry {
    /// Keeps an answer that has ended for a while, as far as there is room.
    pub fn keep(registry: &Weak<Registry>, running: &Arc<Running>) {
        if let Some(registry) = registry.upgrade() {
            registry.lock().keep(running);
        }
    }

    /// Forgets an answer that has ended, after a while, if it is still kept then.
    pub async fn forget_later(registry: Weak<Registry>, running: Weak<Running>) {
        let Some(closing) = registry.upgrade().map(|registry| registry.closing.clone()) else { return };
        tokio::select! {
            () = tokio::time::sleep(KEPT_FOR) => {}
            () = closing.cancelled() => {}
        }
        if let (Some(registry), Some(running)) = (registry.upgrade(), running.upgrade()) {
            registry.lock().forget(&running);
        }
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
