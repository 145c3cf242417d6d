//! The hub's thread: takes commands, sends what is in order, and has journal and people read beside it.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, WeakUnboundedSender};
use tokio::task::{LocalSet, spawn_local, yield_now};
use uuid::Uuid;
use workforceos_core::change::Entry;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::CompanyId;

use super::company::{Changed, Next};
use super::roster::Sub;
use super::state::{State, Step};
use super::subscription::Delivery;
use super::{Access, HubSettings, Shared, SubId};

/// Commands taken at a time.
const BATCH: usize = 256;
/// Entries read from the journal at a time.
const PAGE: u32 = 500;
/// Reads of journal and people at the same time, so that a crowd of resumes leaves the pool to others.
const READS: usize = 4;
/// Tries of a read before those who wait for it are cut off; the first pause doubles with each.
const TRIES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// What other threads ask of the hub's.
pub(super) enum Command {
    Publish(CompanyId, Arc<[Entry]>),
    /// Commits were left out of the queue: see [`Shared`].
    Behind,
    /// A task for the company is done.
    Continue(CompanyId),
    Subscribe(Box<Sub>),
    Start(SubId, i64),
    TellWhenAt(SubId, i64),
    Leave(SubId),
    EndSession(Uuid),
    Shutdown,
}

/// What the tasks of the hub's thread share. The state is never borrowed across an await.
pub(super) struct Engine {
    pub state: RefCell<State>,
    access: Arc<dyn Access>,
    /// Where reads run: connections opened by them are then not driven by a thread that pauses.
    reader: Handle,
    shared: Arc<Shared>,
    commands: WeakUnboundedSender<Command>,
    /// Turns to read; see [`READS`].
    pub reads: Semaphore,
}

/// Runs until shutdown. After a panic it begins anew: streams are cut, reconnect, and lose nothing.
pub(super) fn run(
    runtime: &Runtime,
    mut commands: UnboundedReceiver<Command>,
    sender: &WeakUnboundedSender<Command>,
    (settings, shared): (&HubSettings, &Arc<Shared>),
    (access, reader): (&Arc<dyn Access>, &Handle),
) {
    loop {
        let engine = Rc::new(Engine {
            state: RefCell::new(State::new(settings.clone(), shared.counters.clone())),
            access: access.clone(),
            reader: reader.clone(),
            shared: shared.clone(),
            commands: sender.clone(),
            reads: Semaphore::new(READS),
        });
        let turn = || LocalSet::new().block_on(runtime, serve(&engine, &mut commands));
        if catch_unwind(AssertUnwindSafe(turn)).is_ok() {
            return;
        }
        tracing::error!("the event hub panicked: its streams are cut and it starts anew");
    }
}

async fn serve(engine: &Rc<Engine>, commands: &mut UnboundedReceiver<Command>) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let idle = engine.state.borrow().is_idle();
        if idle {
            if commands.recv_many(&mut batch, BATCH).await == 0 {
                return;
            }
        } else {
            // Lets the reading tasks have their turn while a company has much to send.
            yield_now().await;
        }
        while batch.len() < BATCH
            && let Ok(command) = commands.try_recv()
        {
            batch.push(command);
        }
        for command in batch.drain(..) {
            if matches!(command, Command::Shutdown) {
                return shut_down(engine, commands);
            }
            apply(engine, command);
        }
        let ready = engine.state.borrow_mut().take_ready();
        ready.into_iter().for_each(|company| advance(engine, company));
    }
}

fn shut_down(engine: &Engine, commands: &mut UnboundedReceiver<Command>) {
    let last = Delivery::Ended("shutdown");
    engine.state.borrow_mut().end_all(&last);
    commands.close();
    while let Ok(command) = commands.try_recv() {
        if let Command::Subscribe(sub) = command {
            let _ = sub.end.send(last.clone());
        }
    }
}

fn apply(engine: &Rc<Engine>, command: Command) {
    let mut state = engine.state.borrow_mut();
    match command {
        Command::Publish(company, entries) => {
            engine.shared.backlog.fetch_sub(1, Relaxed);
            state.take_in(company, &entries);
        }
        Command::Behind => {
            for (company, (first, last)) in engine.shared.take_behind() {
                state.feeds.entry(company).or_default().left_out(first, last);
                state.queue(company);
            }
        }
        Command::Continue(company) => {
            state.feeds.entry(company).or_default().working = false;
            state.queue(company);
        }
        Command::Subscribe(sub) => {
            let (id, company, user) = (sub.id, sub.who.company, sub.who.user);
            let outdated = state.add(*sub);
            drop(state);
            if outdated {
                spawn_local(reread(engine.clone(), vec![(company, Changed { user, reaches: false })], None));
            }
            resume(engine, id);
        }
        Command::Start(id, seq) => {
            state.start(id, seq);
            drop(state);
            resume(engine, id);
        }
        Command::TellWhenAt(id, seq) => state.tell_when_at(id, seq),
        Command::Leave(id) => state.leave(id),
        Command::EndSession(session) => state.end_session(session),
        Command::Shutdown => {}
    }
}

/// From the ring at once where that does, else by a task of its own.
fn resume(engine: &Rc<Engine>, id: SubId) {
    let step = engine.state.borrow_mut().resume(id);
    if !matches!(step, Step::Done) {
        spawn_local(super::resume::resume(engine.clone(), id));
    }
}

/// Sends the next run of a company's events, or has read what is needed first.
fn advance(engine: &Rc<Engine>, company: CompanyId) {
    let mut state = engine.state.borrow_mut();
    match state.next(company) {
        Next::Idle => {}
        Next::Gap(after) => {
            state.feeds.entry(company).or_default().working = true;
            spawn_local(fill(engine.clone(), company, after));
        }
        Next::Run { items, changed } => {
            state.send(&items);
            state.tell_arrivals(company);
            // A person's streams may be of another company: root admins watch companies that are not theirs.
            let of =
                |change: &Changed| state.roster.of_user(change.user).map(|sub| (sub.who.company, *change)).collect::<Vec<_>>();
            let mut stale: Vec<(CompanyId, Changed)> = changed.iter().flat_map(of).collect();
            stale.sort_unstable();
            stale.dedup_by(|more, one| {
                let same = (more.0, more.1.user) == (one.0, one.1.user);
                one.1.reaches |= same && more.1.reaches;
                same
            });
            if stale.is_empty() {
                state.queue(company);
            } else {
                state.feeds.entry(company).or_default().working = true;
                spawn_local(reread(engine.clone(), stale, Some(company)));
            }
        }
    }
}

/// Reads the entries that the company's streams miss.
async fn fill(engine: Rc<Engine>, company: CompanyId, after: i64) {
    let read = |access: Arc<dyn Access>| async move {
        let page = access.journal(company, after, PAGE).await?;
        // The commit is known, so this reader is only late.
        if page.is_empty() { Err(Error::unavailable("The journal does not show its newest entries yet")) } else { Ok(page) }
    };
    let page = {
        let _turn = engine.reads.acquire().await;
        engine.ask("journal", read).await
    };
    match page {
        Ok(page) => {
            let page: Arc<[Entry]> = page.into();
            engine.shared.observer.tell(company, &page);
            let mut state = engine.state.borrow_mut();
            if page[0].seq > after + 1 {
                // What is missing has been removed from the journal: only a new snapshot helps.
                state.feeds.entry(company).or_default().follow_from(page[0].seq - 1);
                state.roster.of_company(company).into_iter().for_each(|id| state.reset(id));
            }
            state.take_in(company, &page);
        }
        Err(_) => {
            engine.shared.observer.lost();
            let mut state = engine.state.borrow_mut();
            state.roster.of_company(company).into_iter().for_each(|id| state.end(id, Delivery::Cut));
            state.feeds.entry(company).or_default().forget();
        }
    }
    engine.continue_with(company);
}

/// Reads people's standing in companies and applies it to their streams; then the company that waits for it goes on.
pub(super) async fn reread(engine: Rc<Engine>, people: Vec<(CompanyId, Changed)>, waiting: Option<CompanyId>) {
    for (company, Changed { user, reaches }) in people {
        let _turn = engine.reads.acquire().await;
        let person = engine.ask("person", |access| async move { access.person(company, user).await }).await;
        let mut state = engine.state.borrow_mut();
        match person {
            Ok(person) => state.stand(company, user, person.as_ref(), reaches),
            // Nobody goes on with a standing that may have been lost.
            Err(_) => {
                let ids: Vec<SubId> = state.roster.of_user(user).map(|sub| sub.id).collect();
                ids.into_iter().for_each(|id| state.end(id, Delivery::Cut));
            }
        }
    }
    if let Some(company) = waiting {
        engine.continue_with(company);
    }
}

impl Engine {
    /// Reads, with a few tries; a failure or panic of the reader is no end of the hub.
    pub async fn ask<T, F>(&self, what: &str, read: impl Fn(Arc<dyn Access>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let mut pause = FIRST_PAUSE;
        let mut tries = 0;
        loop {
            let error = match self.reader.spawn(read(self.access.clone())).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) => error,
                Err(panicked) => Error::internal(panicked),
            };
            tries += 1;
            if tries == TRIES {
                tracing::error!(%error, cause = ?error.source, what, "the event hub could not read");
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    fn continue_with(&self, company: CompanyId) {
        // Without a sender left nobody listens either.
        if let Some(commands) = self.commands.upgrade() {
            let _ = commands.send(Command::Continue(company));
        }
    }
}
