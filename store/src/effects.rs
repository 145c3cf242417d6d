//! What stands beside the rows: idempotency records, the outbox, and who is due.

use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::{Error, Result, Timestamp};

use crate::arg::Arg;
use crate::connection::{Conn, Row};
use crate::dialect::{Dialect, Ours as _};
use crate::sql::Sql;
use crate::store::Pending;

/// A statement that is written outside of turns.
pub(crate) struct Statement {
    pub(crate) sql: Arc<str>,
    pub(crate) args: Vec<Arg>,
}

impl From<Sql> for Statement {
    fn from(sql: Sql) -> Statement {
        Statement { sql: sql.text.into(), args: sql.args }
    }
}

pub(crate) async fn stored_answer(
    conn: &mut Conn<'_>,
    company: CompanyId,
    user: UserId,
    key: &str,
    not_before: Timestamp,
) -> Result<Option<(u64, Json)>> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT fingerprint, answer FROM idempotency WHERE company_id = ").bind(Arg::id(company));
    sql.push(" AND user_id = ").bind(Arg::id(user)).push(" AND key = ").bind(Arg::text(key));
    sql.push(" AND at >= ").bind(Arg::Int(not_before.0));
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    let Some(row) = rows.first() else { return Ok(None) };
    let answer = serde_json::from_str(row.some_text(1).ours()?).map_err(Error::internal)?;
    Ok(Some((row.some_int(0).ours()?.cast_unsigned(), answer)))
}

pub(crate) async fn due_companies(conn: &mut Conn<'_>, now: Timestamp, limit: u32) -> Result<Vec<CompanyId>> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT id FROM tenant WHERE next_due_at <= ").bind(Arg::Int(now.0));
    sql.push(" ORDER BY next_due_at LIMIT ").bind(Arg::Int(i64::from(limit)));
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    rows.iter().map(|row| row.some_id(0).map(CompanyId)).collect::<Result<_, _>>().ours()
}

pub(crate) fn claim(
    dialect: Dialect,
    kind: &str,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
    but: &[CompanyId],
) -> Statement {
    let mut sql = Sql::new(dialect);
    sql.push("UPDATE outbox SET leased_until = ").bind(Arg::Int(lease_until.0));
    sql.push(" WHERE id IN (SELECT id FROM outbox WHERE due_at <= ").bind(Arg::Int(now.0));
    sql.push(" AND leased_until <= ").bind(Arg::Int(now.0)).push(" AND kind = ").bind(Arg::text(kind));
    if !but.is_empty() {
        sql.push(" AND company_id NOT IN ").bind_list(but.iter().map(|company| Arg::id(*company)).collect());
    }
    sql.push(" ORDER BY due_at LIMIT ").bind(Arg::Int(i64::from(limit))).push(dialect.skip_locked());
    sql.push(") RETURNING id, company_id, kind, payload, tries");
    sql.into()
}

pub(crate) fn claimed(rows: &[Row]) -> Result<Vec<Pending>> {
    let pending = |row: &Row| {
        let payload = serde_json::from_str(row.some_text(3)?).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let company = CompanyId(row.some_id(1)?);
        Ok(Pending { id: row.some_id(0)?, company, kind: row.some_text(2)?.to_owned(), payload, tries: row.some_int(4)? })
    };
    rows.iter().map(pending).collect::<Result<_, sqlx::Error>>().ours()
}

pub(crate) fn finish(dialect: Dialect, id: Uuid) -> Statement {
    let mut sql = Sql::new(dialect);
    sql.push("DELETE FROM outbox WHERE id = ").bind(Arg::id(id));
    sql.into()
}

pub(crate) fn retry(dialect: Dialect, id: Uuid, at: Timestamp, tries: i64) -> Statement {
    let mut sql = Sql::new(dialect);
    sql.push("UPDATE outbox SET due_at = ").bind(Arg::Int(at.0)).push(", leased_until = 0, tries = ").bind(Arg::Int(tries));
    sql.push(" WHERE id = ").bind(Arg::id(id));
    sql.into()
}

pub(crate) fn forget(dialect: Dialect, before: Timestamp) -> Statement {
    let mut sql = Sql::new(dialect);
    // The rows come back to be counted: the writer has but one kind of answer.
    sql.push("DELETE FROM idempotency WHERE at < ").bind(Arg::Int(before.0)).push(" RETURNING 1");
    sql.into()
}
