//! A connection to either database, and the rows that it gives.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Postgres, Row as _, SqlSafeStr, Sqlite, Transaction};
use uuid::Uuid;

use crate::arg::{self, Arg};
use crate::dialect::Dialect;

/// A connection, lent.
pub(crate) enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Conn<'_> {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Conn::Sqlite(_) => Dialect::Sqlite,
            Conn::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and gives the number of rows it changed. The text is built from declarations alone: every value is
    /// an argument.
    pub(crate) async fn execute(&mut self, sql: Arc<str>, args: Vec<Arg>) -> Result<u64, sqlx::Error> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        match self {
            Conn::Sqlite(c) => Ok(sqlx::query_with(sql, arg::sqlite(args)?).execute(&mut **c).await?.rows_affected()),
            Conn::Postgres(c) => Ok(sqlx::query_with(sql, arg::postgres(args)?).execute(&mut **c).await?.rows_affected()),
        }
    }

    /// Runs a statement without values, such as a savepoint's.
    pub(crate) async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Conn::Sqlite(c) => sqlx::query_with(sql, arg::sqlite(Vec::new())?).execute(&mut **c).await.map(drop),
            Conn::Postgres(c) => sqlx::query_with(sql, arg::postgres(Vec::new())?).execute(&mut **c).await.map(drop),
        }
    }

    /// Runs a query. The text is built from declarations alone: every value is an argument.
    pub(crate) async fn rows(&mut self, sql: impl Into<Arc<str>>, args: Vec<Arg>) -> Result<Vec<Row>, sqlx::Error> {
        let sql = AssertSqlSafe(sql.into()).into_sql_str();
        Ok(match self {
            Conn::Sqlite(c) => {
                let rows = sqlx::query_with(sql, arg::sqlite(args)?).fetch_all(&mut **c).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Conn::Postgres(c) => {
                let rows = sqlx::query_with(sql, arg::postgres(args)?).fetch_all(&mut **c).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }
}

impl Conn<'_> {
    /// As [`Conn::rows`], a row at a time: however many there are, they are never all in memory.
    pub(crate) async fn each(
        &mut self,
        sql: String,
        args: Vec<Arg>,
        mut take: impl FnMut(&Row) -> Result<(), sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        match self {
            Conn::Sqlite(c) => {
                let mut rows = sqlx::query_with(sql, arg::sqlite(args)?).fetch(&mut **c);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Sqlite(row))?;
                }
            }
            Conn::Postgres(c) => {
                let mut rows = sqlx::query_with(sql, arg::postgres(args)?).fetch(&mut **c);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Postgres(row))?;
                }
            }
        }
        Ok(())
    }
}

/// A connection or a transaction, held by us; dropping it rolls back what is open and gives it back.
pub(crate) enum Held {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTransaction(Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTransaction(Transaction<'static, Postgres>),
}

impl Held {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Held::Sqlite(c) => Conn::Sqlite(&mut *c),
            Held::SqliteTransaction(c) => Conn::Sqlite(&mut *c),
            Held::Postgres(c) => Conn::Postgres(&mut *c),
            Held::PostgresTransaction(c) => Conn::Postgres(&mut *c),
        }
    }

    /// Commits what is open.
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Held::SqliteTransaction(c) => c.commit().await,
            Held::PostgresTransaction(c) => c.commit().await,
            Held::Sqlite(_) | Held::Postgres(_) => Ok(()),
        }
    }
}

/// One row of a result, read by position.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub(crate) fn text(&self, i: usize) -> Result<Option<&str>, sqlx::Error> {
        match self {
            Row::Sqlite(row) => row.try_get_unchecked(i),
            Row::Postgres(row) => row.try_get_unchecked(i),
        }
    }

    pub(crate) fn int(&self, i: usize) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Row::Sqlite(row) => row.try_get_unchecked(i),
            Row::Postgres(row) => row.try_get_unchecked(i),
        }
    }

    /// A condition that was selected.
    pub(crate) fn truth(&self, i: usize) -> Result<bool, sqlx::Error> {
        match self {
            Row::Sqlite(row) => row.try_get_unchecked::<Option<i64>, _>(i).map(|number| number == Some(1)),
            Row::Postgres(row) => row.try_get_unchecked(i),
        }
    }

    pub(crate) fn double(&self, i: usize) -> Result<Option<f64>, sqlx::Error> {
        match self {
            Row::Sqlite(row) => row.try_get_unchecked(i),
            Row::Postgres(row) => row.try_get_unchecked(i),
        }
    }

    pub(crate) fn id(&self, i: usize) -> Result<Option<Uuid>, sqlx::Error> {
        let Some(text) = self.text(i)? else { return Ok(None) };
        Uuid::try_parse(text).map(Some).map_err(|error| sqlx::Error::Decode(Box::new(error)))
    }

    /// A text that must be there.
    pub(crate) fn some_text(&self, i: usize) -> Result<&str, sqlx::Error> {
        self.text(i)?.ok_or_else(unexpected_null)
    }

    /// A number that must be there.
    pub(crate) fn some_int(&self, i: usize) -> Result<i64, sqlx::Error> {
        self.int(i)?.ok_or_else(unexpected_null)
    }

    /// An id that must be there.
    pub(crate) fn some_id(&self, i: usize) -> Result<Uuid, sqlx::Error> {
        self.id(i)?.ok_or_else(unexpected_null)
    }
}

fn unexpected_null() -> sqlx::Error {
    sqlx::Error::Decode("a column that must have a value is null".into())
}
