//! SQLite: one file, one process, one writing connection, several reading ones.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{OwnedMutexGuard, mpsc, oneshot};
use workforceos_core::id::CompanyId;
use workforceos_core::{Error, Result};

use crate::chain::Head;
use crate::checkpoint::{Aside, PAGES};
use crate::connection::{Conn, Held, Row};
use crate::dialect::{Dialect, Ours as _};
use crate::effects::Statement;
use crate::lock::Lock;
use crate::stage::Stage;
use crate::tenancy::Mode;
use crate::totals::Totals;
use crate::writer::{Job, Message, Writer};
use crate::{migrations, words};

/// How many messages may wait for the writer before senders wait too.
const QUEUE: usize = 4096;
/// Rows that a reader hands over before it waits for whoever takes them.
const ROWS_AHEAD: usize = 256;

/// A company's head, held by whoever has its turn.
pub(crate) type HeadLock = Arc<tokio::sync::Mutex<Option<Head>>>;
pub(crate) type HeldHead = OwnedMutexGuard<Option<Head>>;

/// An open SQLite database.
pub(crate) struct Sqlite {
    readers: SqlitePool,
    writer: mpsc::Sender<Message>,
    /// `None` until a company's first turn has read it.
    heads: Mutex<HashMap<CompanyId, HeadLock>>,
    poisoned: Arc<AtomicBool>,
    path: PathBuf,
}

impl Sqlite {
    pub(crate) async fn open(path: &Path, readers: u32, totals: Arc<Totals>) -> Result<Sqlite> {
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| cannot_open(path, error))?;
        }
        let lock = Lock::take(path)?;
        Stage::remove_leftovers(path);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true)
            .pragma("temp_store", "MEMORY")
            .row_buffer_size(ROWS_AHEAD)
            .statement_cache_capacity(512)
            .with_regexp()
            .disable_statement_logging();
        let writing = options
            .clone()
            .pragma("wal_autocheckpoint", PAGES)
            // A log that grew, as during a backup, gives the disk back once it is moved into the database.
            .pragma("journal_size_limit", "67108864")
            .pragma("cache_size", "-65536");
        let aside = options.clone();
        let mut connection = SqliteConnection::connect_with(&writing).await.map_err(|error| cannot_open(path, error))?;
        migrations::of(Dialect::Sqlite).run(&mut connection).await.map_err(Error::internal)?;
        let mut starting = connection.begin().await.ours()?;
        words::bring_up_to_date(&mut Conn::Sqlite(&mut starting)).await?;
        starting.commit().await.ours()?;
        let reading = options.pragma("query_only", "ON").pragma("cache_size", "-16384").statement_cache_capacity(256);
        let readers = PoolOptions::new()
            .max_connections(readers.max(1))
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(reading)
            .await
            .map_err(|error| cannot_open(path, error))?;
        let poisoned = Arc::new(AtomicBool::new(false));
        let aside = Aside::new(aside);
        let (sender, inbox) = mpsc::channel(QUEUE);
        tokio::spawn(Writer::new(connection, lock, inbox, totals, poisoned.clone(), aside).run());
        Ok(Sqlite { readers, writer: sender, heads: Mutex::default(), poisoned, path: path.to_owned() })
    }

    /// Waits until the company's head is nobody else's, and reads it if nobody has yet.
    pub(crate) async fn head(&self, company: CompanyId) -> Result<HeldHead> {
        if self.poisoned() {
            return Err(stopped());
        }
        let lock = {
            let mut heads = self.heads.lock().map_err(|_| Error::internal("the heads' lock is poisoned"))?;
            heads.entry(company).or_default().clone()
        };
        let mut held = lock.lock_owned().await;
        if held.is_none() {
            let mut reader = self.readers.acquire().await.ours()?;
            *held = Some(crate::journal::head(&mut Conn::Sqlite(&mut reader), company, false).await.ours()?);
        }
        Ok(held)
    }

    /// A connection for reading. One statement is a read transaction of its own.
    pub(crate) async fn reader(&self, mode: Mode) -> Result<Held> {
        Ok(match mode {
            Mode::Snapshot => Held::SqliteTransaction(self.readers.begin().await.ours()?),
            Mode::Read | Mode::Write => Held::Sqlite(self.readers.acquire().await.ours()?),
        })
    }

    /// A place for what a large change writes, until it is written wholly.
    pub(crate) async fn stage(&self) -> Result<Stage> {
        Stage::open(&self.path).await
    }

    pub(crate) async fn write(&self, job: Job) -> Result<()> {
        self.writer.send(Message::Batch(Box::new(job))).await.map_err(|_| stopped())
    }

    /// Runs a statement beside the batches.
    pub(crate) async fn run(&self, statement: Statement) -> Result<Vec<Row>> {
        let (reply, answer) = oneshot::channel();
        self.writer.send(Message::Run(statement, reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Runs statements beside the batches, all of them or none.
    pub(crate) async fn run_all(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>> {
        let (reply, answer) = oneshot::channel();
        self.writer.send(Message::RunAll(statements, reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    pub(crate) fn poisoned(&self) -> bool {
        self.poisoned.load(Ordering::SeqCst)
    }

    /// Lets the writer finish, moves the log into the database and lets go of the lock.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        let (reply, done) = oneshot::channel();
        if self.writer.send(Message::Close(reply)).await.is_ok() {
            // A writer that is gone already has nothing left to finish.
            let _ = done.await;
        }
    }
}

/// The answer of a writer that has stopped.
pub(crate) fn stopped() -> Error {
    Error::unavailable("Nothing can be saved: the server is stopping")
}

fn cannot_open(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable(format!("The database {} cannot be opened", path.display())).because(error)
}
