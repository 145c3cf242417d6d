//! How nodes on one PostgreSQL hear of each other's commits: notifications, and a poll behind them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool};
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;
use uuid::Uuid;
use workforceos_core::Result;
use workforceos_core::id::CompanyId;

use crate::connection::Conn;
use crate::dialect::Ours as _;
use crate::store::Moved;

const CHANNEL: &str = "workforceos";
/// How many moves a receiver may fall behind before it is told that it has missed some.
const BEHIND: usize = 4096;
const POLL: Duration = Duration::from_secs(1);
/// How long a poll may take before this node no longer counts as hearing.
const POLL_LIMIT: Duration = Duration::from_secs(3);
const RECONNECT: Duration = Duration::from_millis(250);

/// What this node knows of every company's sequence.
pub(crate) struct Moves {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    seen: Mutex<HashMap<CompanyId, Seen>>,
    moved: broadcast::Sender<Moved>,
    /// Commits of ours that the others are still to be told of: the last of each company.
    untold: Mutex<HashMap<CompanyId, i64>>,
    tell: Notify,
    hearing: AtomicBool,
    polling: AtomicBool,
}

#[derive(Default)]
struct Seen {
    seq: i64,
    /// What our running commit will move it to: until it is through, that is no news.
    committing: Option<i64>,
}

impl Moves {
    /// Starts listening; answers once it hears.
    pub(crate) async fn start(options: PgConnectOptions, pool: &PgPool) -> Result<Moves> {
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            moved: broadcast::channel(BEHIND).0,
            untold: Mutex::default(),
            tell: Notify::new(),
            hearing: AtomicBool::new(false),
            polling: AtomicBool::new(true),
        });
        // One connection that does nothing but listen.
        let own = PoolOptions::new().max_connections(1).connect_lazy_with(options);
        let listener = subscribe(&own).await.ours()?;
        for (company, seq) in sequences(pool).await.ours()? {
            lock(&shared.seen).insert(company, Seen { seq, committing: None });
        }
        shared.hearing.store(true, Ordering::SeqCst);
        let tasks = vec![
            tokio::spawn(listen(shared.clone(), own, pool.clone(), listener)),
            tokio::spawn(poll(shared.clone(), pool.clone())),
            tokio::spawn(tell(shared.clone(), pool.clone())),
        ];
        Ok(Moves { shared, tasks: Mutex::new(tasks) })
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Moved> {
        self.shared.moved.subscribe()
    }

    pub(crate) fn is_up(&self) -> bool {
        self.shared.hearing.load(Ordering::SeqCst) && self.shared.polling.load(Ordering::SeqCst)
    }

    /// A turn read this sequence under the company's lock.
    pub(crate) fn opened(&self, company: CompanyId, seq: i64) {
        self.shared.heard(company, seq);
    }

    /// The furthest that anybody has told of a company, and that is committed.
    pub(crate) fn seen(&self, company: CompanyId) -> i64 {
        lock(&self.shared.seen).get(&company).map_or(0, |seen| seen.seq)
    }

    /// A commit of ours begins; what it gives must be told whether it went through.
    pub(crate) fn committing(&self, company: CompanyId, seq: i64) -> Committing {
        lock(&self.shared.seen).entry(company).or_default().committing = Some(seq);
        Committing { shared: self.shared.clone(), company, seq }
    }

    pub(crate) async fn stop(&self) {
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        for task in tasks {
            task.abort();
            // Aborted is what it should be.
            let _ = task.await;
        }
        self.shared.hearing.store(false, Ordering::SeqCst);
    }
}

impl Drop for Moves {
    fn drop(&mut self) {
        for task in lock(&self.tasks).iter() {
            task.abort();
        }
    }
}

/// A running commit of ours. Dropped without a word, it counts as another's if it shows up later.
pub(crate) struct Committing {
    shared: Arc<Shared>,
    company: CompanyId,
    seq: i64,
}

impl Committing {
    pub(crate) fn committed(self) {
        {
            let mut seen = lock(&self.shared.seen);
            let seen = seen.entry(self.company).or_default();
            seen.seq = seen.seq.max(self.seq);
        }
        lock(&self.shared.untold).insert(self.company, self.seq);
        self.shared.tell.notify_one();
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        if let Some(seen) = lock(&self.shared.seen).get_mut(&self.company) {
            seen.committing = None;
        }
    }
}

impl Shared {
    fn heard(&self, company: CompanyId, seq: i64) {
        let mut all = lock(&self.seen);
        let seen = all.entry(company).or_default();
        if seq <= seen.seq || seen.committing.is_some_and(|own| seq <= own) {
            return;
        }
        let from = std::mem::replace(&mut seen.seq, seq);
        // Sent under the lock, so that moves of a company arrive in order. Nobody listening is fine.
        let _ = self.moved.send(Moved { company, from, seq });
    }
}

/// No code that holds these locks panics half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn subscribe(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn sequences(pool: &PgPool) -> Result<Vec<(CompanyId, i64)>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let rows = Conn::Postgres(&mut connection).rows("SELECT id, seq FROM tenant", Vec::new()).await?;
    rows.iter().map(|row| Ok((CompanyId(row.some_id(0)?), row.some_int(1)?))).collect()
}

/// Reports what moved since the last look.
async fn look(shared: &Shared, pool: &PgPool) -> Result<(), sqlx::Error> {
    for (company, seq) in sequences(pool).await? {
        shared.heard(company, seq);
    }
    Ok(())
}

async fn listen(shared: Arc<Shared>, own: PgPool, pool: PgPool, mut listener: PgListener) {
    loop {
        hear(&shared, listener).await;
        shared.hearing.store(false, Ordering::SeqCst);
        tracing::warn!("the connection that listens for other nodes is lost");
        listener = loop {
            tokio::time::sleep(RECONNECT).await;
            if let Ok(listener) = subscribe(&own).await {
                break listener;
            }
        };
        // What was missed meanwhile, before anybody trusts us again.
        while look(&shared, &pool).await.is_err() {
            tokio::time::sleep(RECONNECT).await;
        }
        shared.hearing.store(true, Ordering::SeqCst);
        tracing::info!("listening for other nodes again");
    }
}

/// Takes notifications, which name company and sequence, until the connection is lost; then gives it up.
async fn hear(shared: &Shared, mut listener: PgListener) {
    while let Ok(Some(notification)) = listener.try_recv().await {
        let parts = notification.payload().split_once(':');
        if let Some((company, seq)) = parts.and_then(|(c, s)| Some((Uuid::try_parse(c).ok()?, s.parse().ok()?))) {
            shared.heard(CompanyId(company), seq);
        }
    }
}

async fn poll(shared: Arc<Shared>, pool: PgPool) {
    loop {
        tokio::time::sleep(POLL).await;
        // A connection that is half dead must not count as hearing.
        let looked = tokio::time::timeout(POLL_LIMIT, look(&shared, &pool)).await;
        shared.polling.store(looked.is_ok_and(|looked| looked.is_ok()), Ordering::SeqCst);
    }
}

/// Tells the others of our commits, the last of each company, one statement at a time: what is committed meanwhile waits
/// for the next. Never inside a commit, where it would take a lock that all of the database's commits share.
async fn tell(shared: Arc<Shared>, pool: PgPool) {
    loop {
        shared.tell.notified().await;
        let untold = std::mem::take(&mut *lock(&shared.untold));
        if untold.is_empty() {
            continue;
        }
        let payloads: Vec<String> = untold.into_iter().map(|(company, seq)| format!("{company}:{seq}")).collect();
        let told = sqlx::query("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload")
            .bind(CHANNEL)
            .bind(payloads)
            .execute(&pool)
            .await;
        if let Err(error) = told {
            // The others' poll finds it.
            tracing::warn!(%error, "other nodes could not be notified");
        }
    }
}
