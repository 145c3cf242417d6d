//! The event hub: fans committed journal entries out to the live streams of this process.
//!
//! One thread with a runtime of its own owns all subscribers. It brings each company's entries into the order of their
//! sequence (they may come twice, out of order or with gaps, which it fills from the journal), sends each to those in its
//! audience, and paces itself, so that the threads that answer requests get the processor between two bursts of wake-ups.
//! Nothing waits for a reader: a full queue cuts its stream off, and the client resumes where it was.
//!
//! A stream begins like a resume: subscribe, read a snapshot and its position, [`Subscription::start_after`] it.
//!
//! What a stream shows is what its user may see now. Whoever an object is taken from is told that it is gone; whoever reaches
//! others, or less, is sent back to a new snapshot; and so is a resume from before either, since what came until then may not be
//! told any more.

mod company;
mod frame;
mod observe;
mod resume;
mod roster;
mod state;
mod subscription;
#[cfg(test)]
mod tests;
mod topics;
mod worker;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use workforceos_core::change::{Audience, Entry};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, DepartmentId, UserId};

pub use frame::Frame;
pub use observe::{OnEntry, OnLost};
pub use subscription::{Delivery, Subscriber, Subscription};
pub use topics::{NAMES as TOPIC_NAMES, Topics};

use observe::Observer;
use roster::{Phase, Sub};
use worker::Command;

/// Commits that may wait for the hub's thread; those beyond it are read from the journal later.
const BACKLOG: usize = 4096;

/// Names a subscription within the process.
type SubId = u64;

/// How the hub behaves.
#[derive(Clone)]
pub struct HubSettings {
    /// Events kept per company with subscribers, for resumes.
    pub ring: usize,
    /// Events that may wait for one subscriber.
    pub queue: usize,
    /// Streams of one user at a time: one more ends the oldest.
    pub per_user: usize,
    /// Subscribers woken before a pause.
    pub burst: usize,
    /// The pause between two bursts: long enough for the burst's writes. Zero only yields.
    pub pause: Duration,
    /// Called for every entry, once each, before [`Hub::publish`] returns: what depends on it (a session cache) is up to
    /// date before the answer to a logout leaves. Calls of one publish are in order; entries that the hub fills in from
    /// the journal come later, from its own thread. It must not block or panic.
    pub on_entries: Option<OnEntry>,
    /// Called when entries of any company may have been missed for good, or for a while: what `on_entries` keeps up to date
    /// must not be trusted from before this.
    pub on_lost: Option<OnLost>,
}

impl Default for HubSettings {
    fn default() -> HubSettings {
        HubSettings {
            ring: 1024,
            queue: 1024,
            per_user: 256,
            burst: 48,
            pause: Duration::from_micros(250),
            on_entries: None,
            on_lost: None,
        }
    }
}

/// A user's standing in a company.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Administers the company: its owner or admin, or a root admin.
    pub admin: bool,
    pub departments: Vec<DepartmentId>,
}

/// What the hub reads. Failures are tried again a few times.
#[async_trait]
pub trait Access: Send + Sync {
    /// The company's entries after `after`, in order, at most `limit`, streamed or not; none missing between them.
    async fn journal(&self, company: CompanyId, after: i64, limit: u32) -> Result<Vec<Entry>>;

    /// The sequence of the oldest entry that the company's journal still has.
    async fn oldest(&self, company: CompanyId) -> Result<Option<i64>>;

    /// The audiences of the entries after `after` by which somebody may see less than before, or other things
    /// ([`Audience::takes_from`]), at most `limit`.
    async fn withdrawals(&self, company: CompanyId, after: i64, limit: u32) -> Result<Vec<Audience>>;

    /// A user's standing in a company; `None` once deleted or archived, or without any business there.
    async fn person(&self, company: CompanyId, user: UserId) -> Result<Option<Person>>;
}

/// Figures for the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubStats {
    /// Streams now.
    pub subscribers: usize,
    /// Streams cut off so far.
    pub cut: u64,
    /// Entries published so far, repetitions included.
    pub published: u64,
}

#[derive(Default)]
struct Counters {
    subscribers: AtomicUsize,
    cut: AtomicU64,
    published: AtomicU64,
}

/// What publishers and the hub's thread share.
struct Shared {
    counters: Arc<Counters>,
    observer: Observer,
    /// Commits in the command queue.
    backlog: AtomicUsize,
    /// From where to where the journals of companies reach whose commits were left out of the full queue.
    behind: Mutex<HashMap<CompanyId, (i64, i64)>>,
}

impl Shared {
    /// Notes a commit that the queue had no room for; true if the hub's thread is to be told.
    fn fall_behind(&self, company: CompanyId, first: i64, last: i64) -> bool {
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        let news = behind.is_empty();
        let (from, to) = behind.entry(company).or_insert((first, last));
        (*from, *to) = (first.min(*from), last.max(*to));
        news
    }

    fn take_behind(&self) -> HashMap<CompanyId, (i64, i64)> {
        std::mem::take(&mut *self.behind.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The process's event hub; clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    commands: mpsc::UnboundedSender<Command>,
    shared: Arc<Shared>,
    queue: usize,
    ids: Arc<AtomicU64>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Hub {
    /// Starts the hub's thread. What it reads through `access` is read on the runtime in which it is started, if any.
    ///
    /// # Errors
    /// If the system refuses a thread or an event queue.
    pub fn start(settings: HubSettings, access: Arc<dyn Access>) -> Result<Hub> {
        let (commands, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            counters: Arc::default(),
            observer: Observer::new(settings.on_entries.clone(), settings.on_lost.clone()),
            backlog: AtomicUsize::new(0),
            behind: Mutex::default(),
        });
        let runtime = runtime()?;
        let reader = Handle::try_current().unwrap_or_else(|_| runtime.handle().clone());
        let (queue, sender, own) = (settings.queue.max(1), commands.downgrade(), shared.clone());
        let work = move || worker::run(&runtime, receiver, &sender, (&settings, &own), (&access, &reader));
        let thread = std::thread::Builder::new().name("event-hub".to_owned()).spawn(work).map_err(Error::internal)?;
        let (ids, thread) = (Arc::new(AtomicU64::new(1)), Arc::new(Mutex::new(Some(thread))));
        Ok(Hub { commands, shared, queue, ids, thread })
    }

    /// Takes committed entries of one company in order, from its own commits or from another node's. Never blocks.
    pub fn publish(&self, company: CompanyId, entries: Arc<[Entry]>) {
        let (Some(first), Some(last)) = (entries.first().map(|e| e.seq), entries.last().map(|e| e.seq)) else { return };
        self.shared.counters.published.fetch_add(entries.len() as u64, Relaxed);
        self.shared.observer.tell(company, &entries);
        let command = if self.shared.backlog.load(Relaxed) < BACKLOG {
            self.shared.backlog.fetch_add(1, Relaxed);
            Command::Publish(company, entries)
        } else if self.shared.fall_behind(company, first, last) {
            Command::Behind
        } else {
            return;
        };
        // After shutdown there is nobody to tell.
        let _ = self.commands.send(command);
    }

    /// Entries of other nodes may have been missed: caches that follow [`HubSettings::on_entries`] are told.
    pub fn lost(&self) {
        self.shared.observer.lost();
    }

    /// Registers a stream. Subscribe first, then read snapshot and position in one transaction: from here on the
    /// events are kept. A session that ended, or a standing that changed, shortly before is still noticed.
    pub fn subscribe(&self, who: Subscriber) -> Subscription {
        let id = self.ids.fetch_add(1, Relaxed);
        let (queue, frames) = mpsc::channel(self.queue);
        let (end, ended) = oneshot::channel();
        let phase = if who.after > 0 { Phase::Resuming { trusted: false } } else { Phase::Held };
        let position = who.after.max(0);
        let sub = Box::new(Sub { id, who, phase, stale: false, position, queue, end });
        if let Err(refused) = self.commands.send(Command::Subscribe(sub))
            && let Command::Subscribe(sub) = refused.0
        {
            let _ = sub.end.send(Delivery::Ended("shutdown"));
        }
        Subscription::new(id, frames, ended, self.commands.clone())
    }

    /// Ends every stream of a session, or of an API key, with `logout`.
    pub fn end_session(&self, session: Uuid) {
        let _ = self.commands.send(Command::EndSession(session));
    }

    /// Ends every stream with `shutdown` and waits for the thread to end.
    pub fn shutdown(&self) {
        let _ = self.commands.send(Command::Shutdown);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A panic of the thread was logged where it happened.
        let _ = thread.map(JoinHandle::join);
    }

    pub fn stats(&self) -> HubStats {
        let counters = &self.shared.counters;
        HubStats {
            subscribers: counters.subscribers.load(Relaxed),
            cut: counters.cut.load(Relaxed),
            published: counters.published.load(Relaxed),
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// One thread, for all that may be read on it. In tests time jumps to the next timer as soon as nothing else is to do.
fn runtime() -> Result<Runtime> {
    let mut builder = Builder::new_current_thread();
    builder.enable_all();
    #[cfg(test)]
    builder.start_paused(true);
    builder.build().map_err(Error::internal)
}
