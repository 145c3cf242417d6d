//! The one task that writes to SQLite: all that waits goes into one transaction.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};
use workforceos_core::{Error, Result};

use crate::checkpoint::Aside;
use crate::connection::{Conn, Row};
use crate::dialect::{Meaning, Ours as _, meaning, trouble};
use crate::effects::Statement;
use crate::lock::Lock;
use crate::prepare::Batch;
use crate::sqlite::{HeldHead, stopped};
use crate::stage::Stage;
use crate::statement::Fault;
use crate::totals::Totals;
use crate::turn::Outcome;
use crate::write;

/// Most rows of one transaction, unless a single batch has more.
const ROWS_PER_TRANSACTION: usize = 2000;

/// What is sent to the writer.
pub(crate) enum Message {
    Batch(Box<Job>),
    Run(Statement, oneshot::Sender<Result<Vec<Row>>>),
    RunAll(Vec<Statement>, oneshot::Sender<Result<Vec<Vec<Row>>>>),
    Close(oneshot::Sender<()>),
}

/// A batch, its company's head, and who waits for it. The head stays held until the batch is written, even if nobody waits
/// any more.
pub(crate) struct Job {
    pub(crate) batch: Batch,
    pub(crate) head: HeldHead,
    pub(crate) reply: oneshot::Sender<Outcome>,
    /// What was gathered elsewhere, to be written along with the batch.
    pub(crate) stage: Option<Stage>,
}

impl Job {
    fn committed(mut self) {
        *self.head = Some(self.batch.head);
        drop(self.head);
        // Whoever does not wait any more does not need to know.
        let _ = self.reply.send(Outcome::Committed(self.batch.entries));
    }

    fn answer(self, outcome: Outcome) {
        drop(self.head);
        let _ = self.reply.send(outcome);
    }
}

/// The writing connection and its queue.
pub(crate) struct Writer {
    connection: SqliteConnection,
    /// Keeps other processes out until the last batch is written.
    lock: Lock,
    inbox: mpsc::Receiver<Message>,
    totals: Arc<Totals>,
    poisoned: Arc<AtomicBool>,
    waiting: VecDeque<Message>,
    aside: Aside,
}

impl Writer {
    pub(crate) fn new(
        connection: SqliteConnection,
        lock: Lock,
        inbox: mpsc::Receiver<Message>,
        totals: Arc<Totals>,
        poisoned: Arc<AtomicBool>,
        aside: Aside,
    ) -> Writer {
        Writer { connection, lock, inbox, totals, poisoned, waiting: VecDeque::new(), aside }
    }

    pub(crate) async fn run(mut self) {
        let mut closing = None;
        loop {
            while let Ok(message) = self.inbox.try_recv() {
                self.waiting.push_back(message);
            }
            let jobs = self.next_jobs();
            if !jobs.is_empty() {
                self.write(jobs).await;
                continue;
            }
            let next = match self.waiting.pop_front() {
                Some(message) => Some(message),
                None => self.inbox.recv().await,
            };
            match next {
                None => break,
                Some(Message::Run(statement, reply)) => drop(reply.send(self.statement(statement).await)),
                Some(Message::RunAll(statements, reply)) => drop(reply.send(self.statements(statements).await)),
                Some(Message::Close(reply)) => {
                    // What was sent before is done; what comes later finds the queue closed.
                    self.inbox.close();
                    closing = Some(reply);
                }
                Some(batch @ Message::Batch(_)) => self.waiting.push_back(batch),
            }
        }
        self.finish(closing).await;
    }

    /// The batches at the front of the queue, as many as one transaction holds.
    fn next_jobs(&mut self) -> Vec<Job> {
        let mut jobs = Vec::new();
        let mut rows = 0;
        while let Some(Message::Batch(job)) = self.waiting.front() {
            // What it writes is much, and its faults are its own.
            if job.stage.is_some() && !jobs.is_empty() {
                break;
            }
            let alone = job.stage.is_some();
            rows += job.batch.weight();
            if rows > ROWS_PER_TRANSACTION && !jobs.is_empty() {
                break;
            }
            if let Some(Message::Batch(job)) = self.waiting.pop_front() {
                jobs.push(*job);
            }
            if alone {
                break;
            }
        }
        jobs
    }

    async fn write(&mut self, jobs: Vec<Job>) {
        if self.poisoned.load(Ordering::SeqCst) {
            jobs.into_iter().for_each(|job| job.answer(Outcome::Failed(stopped())));
            return;
        }
        self.aside.look(&mut Conn::Sqlite(&mut self.connection)).await;
        if jobs.iter().any(|job| job.stage.is_some()) {
            for job in jobs {
                self.write_staged(job).await;
            }
            return;
        }
        let batches: Vec<&Batch> = jobs.iter().map(|job| &job.batch).collect();
        let mut conn = Conn::Sqlite(&mut self.connection);
        let tried = match begin(&mut conn).await {
            Ok(()) => write::together(&mut conn, &batches).await,
            Err(fault) => Err(fault),
        };
        match tried {
            Ok(()) => self.commit(jobs).await,
            Err(Fault::Trouble(error)) => self.give_up(jobs, error).await,
            Err(_) => {
                if let Err(error) = rollback(&mut self.connection).await {
                    return self.poison(jobs, error);
                }
                self.write_each(jobs).await;
            }
        }
    }

    /// Writes what was gathered, and the batch that ends it, in one transaction.
    async fn write_staged(&mut self, mut job: Job) {
        let Some(stage) = job.stage.take() else { return self.write_each(vec![job]).await };
        let mut conn = Conn::Sqlite(&mut self.connection);
        self.aside.hold(&mut conn).await;
        let tried = match stage.attach(&mut conn).await {
            Ok(()) => flip(&mut conn, &stage, &job.batch).await,
            Err(fault) => Err(fault),
        };
        match tried {
            Ok(()) => self.commit(vec![job]).await,
            Err(Fault::Trouble(error)) => self.give_up(vec![job], error).await,
            Err(fault) => match rollback(&mut self.connection).await {
                Ok(()) => job.answer(Outcome::Refused { index: 0, error: fault.into_error(None) }),
                Err(error) => self.poison(vec![job], error),
            },
        }
        self.aside.begin();
        // Where it was never attached there is nothing to detach.
        if let Err(error) = Stage::detach(&mut Conn::Sqlite(&mut self.connection)).await
            && !error.to_string().contains("no such database")
        {
            tracing::warn!(%error, "what was written stays attached");
        }
    }

    /// Writes batch by batch, each to a savepoint: those without a fault are committed.
    async fn write_each(&mut self, jobs: Vec<Job>) {
        let mut conn = Conn::Sqlite(&mut self.connection);
        if let Err(Fault::Trouble(error)) = begin(&mut conn).await {
            return self.give_up(jobs, error).await;
        }
        let mut written = Vec::with_capacity(jobs.len());
        let mut jobs = jobs.into_iter();
        while let Some(job) = jobs.next() {
            let mut conn = Conn::Sqlite(&mut self.connection);
            match savepoint(&mut conn, &job.batch).await {
                Ok(None) => written.push(job),
                Ok(Some((index, fault))) => {
                    let taken = job.batch.changes.get(index).and_then(|change| change.taken);
                    job.answer(Outcome::Refused { index, error: fault.into_error(taken) });
                }
                Err(error) => {
                    written.push(job);
                    written.extend(jobs);
                    return self.give_up(written, error).await;
                }
            }
        }
        self.commit(written).await;
    }

    async fn commit(&mut self, jobs: Vec<Job>) {
        let mut conn = Conn::Sqlite(&mut self.connection);
        match conn.run("COMMIT").await {
            Ok(()) => {
                let batches: Vec<&Batch> = jobs.iter().map(|job| &job.batch).collect();
                self.totals.moved(&batches);
                jobs.into_iter().for_each(Job::committed);
            }
            // The log has no commit record: SQLite says so before it asks for anything to be kept.
            Err(error) if matches!(meaning(&error), Meaning::Full | Meaning::Busy) => {
                let error = trouble(error);
                self.give_up(jobs, error).await;
            }
            Err(error) => self.poison(jobs, error),
        }
    }

    /// Nothing of it is written, provided that the rollback succeeds.
    async fn give_up(&mut self, jobs: Vec<Job>, error: Error) {
        if let Err(rollback) = rollback(&mut self.connection).await {
            return self.poison(jobs, rollback);
        }
        tracing::warn!(source = ?error.source, "a transaction was given up: {error}");
        let mut error = Some(error);
        for job in jobs {
            let message = || Error::unavailable("Nothing can be saved at the moment: try again soon");
            job.answer(Outcome::Failed(error.take().unwrap_or_else(message)));
        }
    }

    /// Nobody knows what is on the disk: only a restart reads it again.
    fn poison(&mut self, jobs: Vec<Job>, error: sqlx::Error) {
        tracing::error!(%error, "the database failed while committing; nothing more is written");
        self.poisoned.store(true, Ordering::SeqCst);
        let message = "Whether this was saved is not known: look again in a moment";
        let mut cause = Some(error);
        for job in jobs {
            let error = Error::unavailable(message);
            job.answer(Outcome::Unknown(match cause.take() {
                Some(cause) => error.because(cause),
                None => error,
            }));
        }
    }

    async fn statement(&mut self, statement: Statement) -> Result<Vec<Row>> {
        if self.poisoned.load(Ordering::SeqCst) {
            return Err(stopped());
        }
        Conn::Sqlite(&mut self.connection).rows(statement.sql, statement.args).await.ours()
    }

    /// All of them or none, in a transaction of their own.
    async fn statements(&mut self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>> {
        if self.poisoned.load(Ordering::SeqCst) {
            return Err(stopped());
        }
        let mut conn = Conn::Sqlite(&mut self.connection);
        let tried = together(&mut conn, statements).await;
        let (tried, lost) = match tried {
            Ok(answers) => match conn.run("COMMIT").await {
                Ok(()) => return Ok(answers),
                Err(error) => {
                    let lost = !matches!(meaning(&error), Meaning::Full | Meaning::Busy);
                    (error, lost)
                }
            },
            Err(error) => (error, false),
        };
        if lost {
            self.poison(Vec::new(), tried);
            return Err(stopped());
        }
        if let Err(error) = rollback(&mut self.connection).await {
            self.poison(Vec::new(), error);
        }
        Err(trouble(tried))
    }

    async fn finish(mut self, closing: Option<oneshot::Sender<()>>) {
        self.aside.end().await;
        let checkpoint = Conn::Sqlite(&mut self.connection).run("PRAGMA wal_checkpoint(TRUNCATE)").await;
        let closed = match checkpoint {
            Ok(()) => self.connection.close().await,
            Err(error) => Err(error),
        };
        if let Err(error) = closed {
            tracing::warn!(%error, "the database was not closed cleanly; the next start recovers it");
        }
        drop(self.lock);
        if let Some(reply) = closing {
            // Whoever closes may have stopped waiting.
            let _ = reply.send(());
        }
    }
}

async fn together(conn: &mut Conn<'_>, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, sqlx::Error> {
    conn.run("BEGIN IMMEDIATE").await?;
    let mut answers = Vec::with_capacity(statements.len());
    for statement in statements {
        answers.push(conn.rows(statement.sql, statement.args).await?);
    }
    Ok(answers)
}

async fn begin(conn: &mut Conn<'_>) -> Result<(), Fault> {
    conn.run("BEGIN IMMEDIATE").await.map_err(|error| Fault::Trouble(trouble(error)))
}

async fn flip(conn: &mut Conn<'_>, stage: &Stage, batch: &Batch) -> Result<(), Fault> {
    begin(conn).await?;
    stage.flip(conn).await?;
    write::together(conn, &[batch]).await
}

/// Ends whatever is open. SQLite ends a transaction by itself on some errors; then there is none to end.
async fn rollback(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    match Conn::Sqlite(connection).run("ROLLBACK").await {
        Err(error) if error.to_string().contains("no transaction is active") => Ok(()),
        other => other,
    }
}

/// Writes a batch to a savepoint, all at once if that works. A fault with its index: nothing of it is left.
async fn savepoint(conn: &mut Conn<'_>, batch: &Batch) -> Result<Option<(usize, Fault)>, Error> {
    conn.run("SAVEPOINT batch").await.map_err(trouble)?;
    let mut tried = write::together(conn, &[batch]).await.map_err(|fault| (0, fault));
    if tried.as_ref().is_err_and(|(_, fault)| !matches!(fault, Fault::Trouble(_))) {
        conn.run("ROLLBACK TO batch").await.map_err(trouble)?;
        tried = write::one_by_one(conn, batch).await;
    }
    match tried {
        Ok(()) => {
            conn.run("RELEASE batch").await.map_err(trouble)?;
            Ok(None)
        }
        Err((_, Fault::Trouble(error))) => Err(error),
        Err(fault) => {
            conn.run("ROLLBACK TO batch").await.map_err(trouble)?;
            conn.run("RELEASE batch").await.map_err(trouble)?;
            Ok(Some(fault))
        }
    }
}

#[cfg(test)]
mod tests {
    use workforceos_core::change::{Audience, Changes, Event};
    use workforceos_core::id::CompanyId;
    use workforceos_core::{Timestamp, Via};

    use super::*;
    use crate::sql::Sql;
    use crate::store::{Backend, Store};
    use crate::{Database, Due, Settings};

    const COMPANY: CompanyId = CompanyId::ROOT;

    fn sqlite(store: &Store) -> &crate::sqlite::Sqlite {
        match &store.0.backend {
            Backend::Sqlite(sqlite) => sqlite,
            Backend::Postgres(_) => panic!("these tests are SQLite's"),
        }
    }

    async fn pragma(store: &Store, text: &str) -> i64 {
        let mut sql = Sql::new(crate::dialect::Dialect::Sqlite);
        sql.push(text);
        let rows = sqlite(store).run(sql.into()).await.expect("runs");
        rows[0].some_int(0).expect("a number")
    }

    async fn write(store: &Store, extra: &str) -> Outcome {
        let event = Event {
            kind: None,
            action: "test",
            object: "user",
            object_id: COMPANY.0,
            after: None,
            before: None,
            extra: Some(extra.into()),
            audited: true,
            audience: Audience::none(),
            actor: None,
            via: Via::Timer,
            request_id: "r".into(),
        };
        let turn = store.turn(COMPANY).await.expect("a turn");
        turn.commit(vec![Changes::none().event(event)], Timestamp(1), Due::Sooner(None)).await
    }

    async fn open(name: &str) -> (Store, std::path::PathBuf) {
        let folder = std::env::temp_dir().join(format!("workforceos-writer-{name}-{}", std::process::id()));
        let database = Database::Sqlite(folder.join("test.db"));
        let store = Store::open(Settings { database, journal_key: [0; 32], readers: 1 }).await.expect("opens");
        (store, folder)
    }

    #[tokio::test]
    async fn a_full_disk_is_survived() {
        let (store, folder) = open("full").await;
        let pages = pragma(&store, "PRAGMA page_count").await;
        pragma(&store, &format!("PRAGMA max_page_count = {}", pages + 1)).await;
        let outcome = write(&store, &"x".repeat(100_000)).await;
        let Outcome::Failed(error) = outcome else { panic!("{outcome:?}") };
        assert!(error.message.contains("full"), "{error}");
        pragma(&store, "PRAGMA max_page_count = 100000").await;
        assert!(matches!(write(&store, "y").await, Outcome::Committed(_)));
        let verified = store.verify(COMPANY).await.expect("verifies");
        assert_eq!((verified.entries, verified.first_bad, store.poisoned()), (1, None, false));
        store.close().await;
        std::fs::remove_dir_all(folder).expect("removes");
    }

    #[tokio::test]
    async fn a_log_that_grew_shrinks_again() {
        let (store, folder) = open("log").await;
        assert_eq!(pragma(&store, "PRAGMA journal_size_limit").await, 64 << 20);
        store.close().await;
        std::fs::remove_dir_all(folder).expect("removes");
    }

    #[tokio::test]
    async fn after_a_failed_commit_nothing_more_is_written() {
        let (store, folder) = open("poison").await;
        // A deferred constraint is what makes a COMMIT fail here; the writer cannot tell why it did.
        for text in [
            "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
            "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
            "CREATE TRIGGER trip AFTER INSERT ON journal BEGIN INSERT INTO child VALUES (7); END",
        ] {
            let mut sql = Sql::new(crate::dialect::Dialect::Sqlite);
            sql.push(text);
            sqlite(&store).run(sql.into()).await.expect("runs");
        }
        assert!(matches!(write(&store, "x").await, Outcome::Unknown(_)));
        assert!(store.poisoned() && store.turn(COMPANY).await.is_err());
        assert!(store.finish_outbox(COMPANY.0).await.is_err());
        store.close().await;
        std::fs::remove_dir_all(folder).expect("removes");
    }
}
