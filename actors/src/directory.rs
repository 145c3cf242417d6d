//! Finds a company's actor, and makes it on first need. Actors live for the process; what comes and goes is their state.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, IdSource};
use workforceos_core::time::{Clock, Timestamp};
use workforceos_store::Store;

use crate::actor::{Actor, Command, Mail, TimerPass};
use crate::bulk::{Bulk, TypedBulk};
use crate::hub::Hub;
use crate::needs::{Facts, Needs};
use crate::{feed, ticker};

/// How many commands may wait for one company before callers are told to come again.
const MAILBOX: usize = 4_096;

/// What the timers do with what is due in a company.
pub trait Sweep: Send + Sync + 'static {
    /// What [`Sweep::sweep`] looks at beside the days around what is due.
    fn needs(&self, company: CompanyId, now: Timestamp) -> Needs;

    /// Does what is due, a bounded number of rows, and says when something is due again.
    fn sweep(&self, facts: &Facts) -> Result<TimerPass>;
}

pub(crate) struct Shared {
    pub store: Store,
    pub hub: Hub,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<IdSource>,
    pub sweep: Arc<dyn Sweep>,
}

struct Running {
    sender: mpsc::Sender<Mail>,
    task: JoinHandle<()>,
}

struct Inner {
    shared: Arc<Shared>,
    actors: Mutex<HashMap<CompanyId, Running>>,
    /// Companies run on threads of their own, not on those that parse HTTP.
    runtime: Mutex<Option<tokio::runtime::Runtime>>,
    handle: tokio::runtime::Handle,
}

/// A runtime must not be dropped where async code runs: it is told to end, and ends.
impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take() {
            runtime.shutdown_background();
        }
    }
}

/// The directory of company actors.
#[derive(Clone)]
pub struct Companies(Arc<Inner>);

impl Companies {
    pub fn start(store: Store, hub: Hub, clock: Arc<dyn Clock>, ids: Arc<IdSource>, sweep: Arc<dyn Sweep>) -> Result<Companies> {
        // More than one: a company whose decision takes long must not hold up the others.
        let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8);
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(threads).thread_name("companies").enable_all().build().map_err(Error::internal)?;
        let shared = Arc::new(Shared { store, hub, clock, ids, sweep });
        let handle = runtime.handle().clone();
        let companies = Companies(Arc::new(Inner {
            shared: shared.clone(),
            actors: Mutex::new(HashMap::new()),
            runtime: Mutex::new(Some(runtime)),
            handle: handle.clone(),
        }));
        handle.spawn(feed::follow(shared.clone()));
        handle.spawn(ticker::run(Arc::downgrade(&companies.0.shared), companies.downgrade()));
        Ok(companies)
    }

    /// Decides and commits one change of a company. The decision may run more than once: it must be pure.
    pub async fn decide<T, F>(&self, company: CompanyId, needs: Needs, decide: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Facts) -> Result<(Changes, T)> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.send(company, Mail::Command(Box::new(Typed { needs, decide, made: None, reply })))?;
        answer.await.unwrap_or_else(|_| Err(Error::unavailable("The server is stopping")))
    }

    /// Decides and commits a change of many parts, all of them or none.
    pub async fn bulk<B: Bulk>(&self, company: CompanyId, bulk: B) -> Result<B::Made> {
        let (reply, answer) = oneshot::channel();
        self.send(company, Mail::Large(Box::new(TypedBulk { bulk, made: None, reply })))?;
        answer.await.unwrap_or_else(|_| Err(Error::unavailable("The server is stopping")))
    }

    /// Lets a company do what is due by the clock.
    pub async fn sweep(&self, company: CompanyId) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        let sweep = self.0.shared.sweep.clone();
        let needs = Needs { due: true, ..sweep.needs(company, self.0.shared.clock.now()) };
        self.send(company, Mail::Command(Box::new(Timed { needs, sweep, next: None, reply })))?;
        answer.await.unwrap_or_else(|_| Err(Error::unavailable("The server is stopping")))
    }

    /// Lets every company that has something due do it, until nothing is due any more.
    pub async fn sweep_all(&self) -> Result<()> {
        // A pass handles a bounded number of rows and asks for another one if more are due.
        for _ in 0..1_000 {
            let due = self.0.shared.store.due_companies(self.0.shared.clock.now(), 1_000).await?;
            if due.is_empty() {
                return Ok(());
            }
            for company in due {
                self.sweep(company).await?;
            }
        }
        Ok(())
    }

    /// Removes what is kept for a time only and is over, a bounded number of rows at a time.
    pub async fn tidy(&self) {
        ticker::tidy(&self.0.shared).await;
    }

    fn send(&self, company: CompanyId, mut mail: Mail) -> Result<()> {
        let mut actors = self.0.actors.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..2 {
            let running = actors.entry(company).or_insert_with(|| self.spawn(company));
            match running.sender.try_send(mail) {
                Ok(()) => return Ok(()),
                Err(mpsc::error::TrySendError::Full(_)) => {
                    return Err(Error::rate_limited(1, "This company has too many changes waiting; try again"));
                }
                // The actor's loop died: respawned with a fresh state.
                Err(mpsc::error::TrySendError::Closed(back)) => {
                    mail = back;
                    actors.remove(&company);
                }
            }
        }
        Err(Error::unavailable("The server is stopping"))
    }

    fn spawn(&self, company: CompanyId) -> Running {
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let task = self.0.handle.spawn(Actor::run(company, self.0.shared.clone(), mailbox));
        Running { sender, task }
    }

    /// Runs a task on the companies' threads.
    pub fn spawn_task(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.handle.spawn(task);
    }

    /// Lets every actor finish what is in its mailbox, then stops.
    pub async fn stop(&self) {
        let running: Vec<Running> = {
            let mut actors = self.0.actors.lock().unwrap_or_else(PoisonError::into_inner);
            actors.drain().map(|(_, running)| running).collect()
        };
        for Running { sender, task } in running {
            drop(sender);
            let _ = task.await;
        }
        if let Some(runtime) = self.0.runtime.lock().unwrap_or_else(PoisonError::into_inner).take() {
            runtime.shutdown_background();
        }
    }

    pub(crate) fn downgrade(&self) -> WeakCompanies {
        WeakCompanies(Arc::downgrade(&self.0))
    }
}

/// For tasks that must not keep the directory alive.
pub(crate) struct WeakCompanies(std::sync::Weak<Inner>);

impl WeakCompanies {
    pub(crate) fn upgrade(&self) -> Option<Companies> {
        self.0.upgrade().map(Companies)
    }
}

struct Typed<T, F> {
    needs: Needs,
    decide: F,
    made: Option<T>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Command for Typed<T, F>
where
    T: Send + 'static,
    F: FnMut(&Facts) -> Result<(Changes, T)> + Send + 'static,
{
    fn needs(&self) -> &Needs {
        &self.needs
    }

    fn decide(&mut self, facts: &Facts) -> Result<Changes> {
        let (changes, made) = (self.decide)(facts)?;
        self.made = Some(made);
        Ok(changes)
    }

    fn finish(self: Box<Self>, result: Result<()>) {
        let made = self.made;
        let answer = result.and_then(|()| made.ok_or_else(|| Error::internal("a decision was never made")));
        // A caller who went away does not matter: the change is made.
        let _ = self.reply.send(answer);
    }
}

struct Timed {
    needs: Needs,
    sweep: Arc<dyn Sweep>,
    next: Option<Option<Timestamp>>,
    reply: oneshot::Sender<Result<()>>,
}

impl Command for Timed {
    fn needs(&self) -> &Needs {
        &self.needs
    }

    fn decide(&mut self, facts: &Facts) -> Result<Changes> {
        let (changes, next) = self.sweep.sweep(facts)?;
        self.next = Some(next);
        Ok(changes)
    }

    fn next_due(&self) -> Option<Option<Timestamp>> {
        self.next
    }

    fn finish(self: Box<Self>, result: Result<()>) {
        let _ = self.reply.send(result);
    }
}
