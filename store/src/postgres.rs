//! PostgreSQL: several nodes on one database.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use workforceos_core::id::CompanyId;
use workforceos_core::{Error, Result};

use crate::arg::Arg;
use crate::chain::Head;
use crate::connection::{Conn, Held, Row};
use crate::dialect::{Dialect, Meaning, Ours as _, meaning, trouble};
use crate::effects::Statement;
use crate::journal;
use crate::moves::Moves;
use crate::prepare::Batch;
use crate::statement::Fault;
use crate::tenancy::{self, Mode, Role};
use crate::turn::Outcome;
use crate::write;
use crate::{migrations, words};

/// Connections for turns: as many companies write at a time.
const WRITERS: u32 = 16;

/// After that long a connection is asked whether it is still alive.
const IDLE: Duration = Duration::from_secs(2);

/// An open PostgreSQL database.
pub(crate) struct Postgres {
    role: Role,
    pub(crate) readers: PgPool,
    pub(crate) writers: PgPool,
    pub(crate) moves: Moves,
}

impl Postgres {
    pub(crate) async fn open(url: &str, readers: u32) -> Result<Postgres> {
        let cannot = |error| Error::unavailable("The database cannot be opened").because(error);
        let options =
            PgConnectOptions::from_str(url).map_err(cannot)?.application_name("workforceos").disable_statement_logging();
        // To bring the schema up to date takes as long as it takes, and so does waiting for another node that does it.
        let unhurried = [("lock_timeout", "0"), ("statement_timeout", "0")];
        let mut starting = PgConnection::connect_with(&options.clone().options(unhurried)).await.map_err(cannot)?;
        let role = bring_up_to_date(&mut starting).await?;
        starting.close().await.map_err(cannot)?;
        let options = options
            .options([
                ("lock_timeout", "10s"),
                ("statement_timeout", "60s"),
                // A node that hangs must not keep a company's row locked.
                ("idle_in_transaction_session_timeout", "60s"),
            ])
            .statement_cache_capacity(512);
        let pool = |size: u32| {
            PoolOptions::new()
                .max_connections(size.max(1))
                .acquire_timeout(Duration::from_secs(10))
                .test_before_acquire(false)
                // One that lay idle may have died meanwhile; asking every time would cost a round trip.
                .before_acquire(|connection: &mut PgConnection, meta| {
                    Box::pin(async move {
                        if meta.idle_for > IDLE {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                })
        };
        let readers = pool(readers).connect_with(options.clone()).await.map_err(cannot)?;
        let writers = pool(WRITERS).connect_lazy_with(options.clone());
        let moves = Moves::start(options, &writers).await?;
        Ok(Postgres { role, readers, writers, moves })
    }

    /// Opens a company's turn: until it ends, no other node moves the company.
    pub(crate) async fn turn(&self, company: CompanyId) -> Result<(Held, Head)> {
        let mut held = begin(&self.writers, self.role.begin(company, Mode::Write)).await.ours()?;
        let mut head = journal::head(&mut held.conn(), company, true).await.ours()?;
        if !head.stored {
            make_tenant(&mut held.conn(), company).await.ours()?;
            head = journal::head(&mut held.conn(), company, true).await.ours()?;
        }
        self.moves.opened(company, head.seq);
        Ok((held, head))
    }

    /// A transaction that reads what is one company's.
    pub(crate) async fn reader_of(&self, company: CompanyId, mode: Mode) -> Result<Held> {
        begin(&self.readers, self.role.begin(company, mode)).await.ours()
    }

    /// The statements that begin a company's transaction.
    pub(crate) fn begin_for(&self, company: CompanyId) -> String {
        self.role.begin(company, Mode::Write)
    }

    /// A connection, or a transaction, that reads across companies.
    pub(crate) async fn reader_across(&self, mode: Mode) -> Result<Held> {
        match mode {
            Mode::Snapshot | Mode::Write => begin(&self.readers, mode.begin().to_owned()).await.ours(),
            Mode::Read => Ok(Held::Postgres(self.readers.acquire().await.ours()?)),
        }
    }

    /// Runs a statement that concerns several companies.
    pub(crate) async fn run_across(&self, statement: Statement) -> Result<Vec<Row>> {
        let mut connection = self.writers.acquire().await.ours()?;
        Conn::Postgres(&mut connection).rows(statement.sql, statement.args).await.ours()
    }

    /// Runs statements that concern several companies, all of them or none.
    pub(crate) async fn run_all_across(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>> {
        let mut held = begin(&self.writers, Mode::Write.begin().to_owned()).await.ours()?;
        let mut answers = Vec::with_capacity(statements.len());
        for statement in statements {
            answers.push(held.conn().rows(statement.sql, statement.args).await.ours()?);
        }
        held.commit().await.ours()?;
        Ok(answers)
    }

    /// Writes a batch in the turn's transaction and commits it.
    pub(crate) async fn commit(&self, mut held: Held, batch: Batch) -> Outcome {
        match write(&mut held.conn(), &batch).await {
            Ok(()) => {}
            Err((_, Fault::Trouble(error))) => return Outcome::Failed(error),
            Err((index, fault)) => {
                let taken = batch.changes.get(index).and_then(|change| change.taken);
                return Outcome::Refused { index, error: fault.into_error(taken) };
            }
        }
        let own = self.moves.committing(batch.company, batch.head.seq);
        match held.commit().await {
            Ok(()) => {
                own.committed();
                Outcome::Committed(batch.entries)
            }
            // The server itself said that it did not commit.
            Err(error) if error.as_database_error().is_some() && meaning(&error) != Meaning::Broken => {
                Outcome::Failed(trouble(error))
            }
            Err(error) => {
                Outcome::Unknown(Error::unavailable("Whether this was saved is not known: look again in a moment").because(error))
            }
        }
    }

    pub(crate) async fn analyze(&self) -> Result<()> {
        let mut connection = self.writers.acquire().await.ours()?;
        // Sent as one they are a transaction: the limit holds again at its end.
        let sql = sqlx::raw_sql("SET LOCAL statement_timeout = 0; ANALYZE");
        sql.execute(&mut *connection).await.map(drop).ours()
    }

    pub(crate) async fn close(&self) {
        self.moves.stop().await;
        self.readers.close().await;
        self.writers.close().await;
    }
}

/// The role, the schema, its guard and the words, before anybody is served.
async fn bring_up_to_date(connection: &mut PgConnection) -> Result<Role> {
    let role = Role::of(connection).await?;
    tenancy::provide_role(connection, &role).await?;
    migrations::of(Dialect::Postgres).run(&mut *connection).await.map_err(Error::internal)?;
    tenancy::guard(connection, &role).await?;
    let mut transaction = connection.begin().await.ours()?;
    words::bring_up_to_date(&mut Conn::Postgres(&mut transaction)).await?;
    transaction.commit().await.ours()?;
    Ok(role)
}

/// Begins a transaction. sqlx leaves it open if its caller stops waiting in the midst of it, and the next user of the connection
/// would be in it: hence a task of its own, which waits to the end.
async fn begin(pool: &PgPool, statements: String) -> Result<Held, sqlx::Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(statements)).await });
    Ok(Held::PostgresTransaction(begun.await.map_err(|_| sqlx::Error::WorkerCrashed)??))
}

async fn make_tenant(conn: &mut Conn<'_>, company: CompanyId) -> Result<(), sqlx::Error> {
    let sql = "INSERT INTO tenant (id, seq, chain) VALUES ($1, 0, '') ON CONFLICT (id) DO NOTHING";
    conn.execute(sql.into(), vec![Arg::id(company)]).await.map(drop)
}

/// All changes at once; if that fails, one by one, to find the one at fault.
async fn write(conn: &mut Conn<'_>, batch: &Batch) -> Result<(), (usize, Fault)> {
    let savepoint = |error| (0, Fault::Trouble(trouble(error)));
    conn.run("SAVEPOINT batch").await.map_err(savepoint)?;
    match write::together(conn, &[batch]).await {
        Ok(()) => Ok(()),
        Err(fault @ Fault::Trouble(_)) => Err((0, fault)),
        Err(_) => {
            conn.run("ROLLBACK TO SAVEPOINT batch").await.map_err(savepoint)?;
            write::one_by_one(conn, batch).await
        }
    }
}
