//! The audit log: the journal's entries that it lists, the newest first.

use uuid::Uuid;
use workforceos_core::Result;
use workforceos_core::Timestamp;
use workforceos_core::id::{CompanyId, UserId};

use crate::arg::Arg;
use crate::connection::{Conn, Row};
use crate::dialect::Ours as _;
use crate::sql::Sql;

/// Which entries of a company's audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Places before this one in the company's sequence.
    pub before: Option<i64>,
    /// Not earlier than this.
    pub from: Option<Timestamp>,
    /// Earlier than this.
    pub to: Option<Timestamp>,
    /// The kind of object.
    pub entity: Option<String>,
    pub actor: Option<UserId>,
    pub limit: u32,
}

/// An entry of the audit log. Its content is gone where the person whom it was about was forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// Its place in the company's sequence.
    pub seq: i64,
    pub at: Timestamp,
    pub actor: Option<UserId>,
    pub action: String,
    pub entity: String,
    pub entity_id: Uuid,
    pub via: String,
    pub request_id: String,
    /// JSON as text, `null` for nothing; `None` once erased.
    pub before: Option<String>,
    pub after: Option<String>,
    pub extra: Option<String>,
}

pub(crate) async fn page(conn: &mut Conn<'_>, company: CompanyId, query: &AuditQuery) -> Result<Vec<Audited>> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT seq, at, actor_id, action, object, object_id, via, request_id, before, after, extra FROM journal");
    narrow(&mut sql, company, query);
    sql.push(" ORDER BY seq DESC LIMIT ").bind(Arg::Int(i64::from(query.limit)));
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    rows.iter().map(entry).collect::<Result<_, _>>().ours()
}

/// How many entries there are, counted no further than the query's limit.
pub(crate) async fn count(conn: &mut Conn<'_>, company: CompanyId, query: &AuditQuery) -> Result<u64> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT count(*) FROM (SELECT 1 FROM journal");
    narrow(&mut sql, company, query);
    sql.push(" LIMIT ").bind(Arg::Int(i64::from(query.limit))).push(") found");
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    let count = rows.first().map_or(Ok(0), |row| row.some_int(0)).ours()?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn narrow(sql: &mut Sql, company: CompanyId, query: &AuditQuery) {
    // As the indexes have it. Clocks may go back, so that an instant is no place in the sequence; the indexes hold it beside the place.
    sql.push(" WHERE company_id = ").bind(Arg::id(company)).push(" AND audited = 1");
    if let Some(seq) = query.before {
        sql.push(" AND seq < ").bind(Arg::Int(seq));
    }
    if let Some(from) = query.from {
        sql.push(" AND at >= ").bind(Arg::Int(from.0));
    }
    if let Some(to) = query.to {
        sql.push(" AND at < ").bind(Arg::Int(to.0));
    }
    if let Some(entity) = &query.entity {
        sql.push(" AND object = ").bind(Arg::text(entity));
    }
    if let Some(actor) = query.actor {
        sql.push(" AND actor_id = ").bind(Arg::id(actor));
    }
}

fn entry(row: &Row) -> Result<Audited, sqlx::Error> {
    let text = |column| Ok::<_, sqlx::Error>(row.text(column)?.map(str::to_owned));
    Ok(Audited {
        seq: row.some_int(0)?,
        at: Timestamp(row.some_int(1)?),
        actor: row.id(2)?.map(UserId),
        action: row.some_text(3)?.to_owned(),
        entity: row.some_text(4)?.to_owned(),
        entity_id: row.some_id(5)?,
        via: row.some_text(6)?.to_owned(),
        request_id: row.some_text(7)?.to_owned(),
        before: text(8)?,
        after: text(9)?,
        extra: text(10)?,
    })
}
