//! Reading the journal: for streams and for catching up.

use std::sync::Arc;

use uuid::Uuid;
use workforceos_core::change::{Audience, Entry};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::{ObjectDef, Result, Timestamp};

use crate::arg::Arg;
use crate::chain::Head;
use crate::connection::{Conn, Row};
use crate::dialect::Ours as _;
use crate::prepare::NOTHING;
use crate::sql::Sql;
use crate::table::by_name;

/// Where a company's journal stands. `lock`: until the end of the transaction nobody else moves it.
pub(crate) async fn head(conn: &mut Conn<'_>, company: CompanyId, lock: bool) -> Result<Head, sqlx::Error> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT seq, chain, next_due_at FROM tenant WHERE id = ").bind(Arg::id(company));
    sql.push(if lock { " FOR UPDATE" } else { "" });
    let rows = conn.rows(sql.text, sql.args).await?;
    let Some(row) = rows.first() else { return Ok(Head::default()) };
    Ok(Head { seq: row.some_int(0)?, chain: row.some_text(1)?.to_owned(), due_at: row.int(2)?, stored: true })
}

/// Entries after `seq`, in order.
pub(crate) async fn entries(conn: &mut Conn<'_>, company: CompanyId, after: i64, limit: u32) -> Result<Vec<Entry>> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT seq, at, kind, object, object_id, actor_id, audience, after FROM journal WHERE company_id = ");
    sql.bind(Arg::id(company)).push(" AND seq > ").bind(Arg::Int(after));
    sql.push(" ORDER BY seq LIMIT ").bind(Arg::Int(i64::from(limit)));
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    rows.iter().map(|row| entry(company, row)).collect::<Result<_, _>>().ours()
}

/// The audiences of entries after `seq` by which somebody may see less than before, or other things.
pub(crate) async fn withdrawals(conn: &mut Conn<'_>, company: CompanyId, after: i64, limit: u32) -> Result<Vec<Audience>> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT audience FROM journal WHERE company_id = ").bind(Arg::id(company));
    // As the index has it.
    sql.push(" AND seq > ").bind(Arg::Int(after)).push(r#" AND audience LIKE '%"w%'"#);
    sql.push(" ORDER BY seq LIMIT ").bind(Arg::Int(i64::from(limit)));
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    rows.iter().map(|row| audience(row, 0)).collect::<Result<_, _>>().ours()
}

fn audience(row: &Row, column: usize) -> Result<Audience, sqlx::Error> {
    serde_json::from_str(row.some_text(column)?).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

fn entry(company: CompanyId, row: &Row) -> Result<Entry, sqlx::Error> {
    let audience = audience(row, 6)?;
    Ok(Entry {
        company,
        seq: row.some_int(0)?,
        at: Timestamp(row.some_int(1)?),
        kind: row.text(2)?.map(Arc::from),
        object: row.some_text(3)?.into(),
        object_id: row.some_id(4)?,
        actor: row.id(5)?.map(UserId),
        audience,
        after: row.text(7)?.unwrap_or(NOTHING).into(),
    })
}

/// The oldest entry kept.
pub(crate) async fn oldest(conn: &mut Conn<'_>, company: CompanyId) -> Result<Option<i64>> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT min(seq) FROM journal WHERE company_id = ").bind(Arg::id(company));
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    rows.first().map_or(Ok(None), |row| row.int(0).ours())
}

/// The distinct rows of `wanted` objects that entries after `seq` wrote; `None` where there are more than `limit` entries or
/// rows, or where the journal does not reach back to `seq`.
pub(crate) async fn touched_since(
    conn: &mut Conn<'_>,
    company: CompanyId,
    seq: i64,
    limit: u32,
    wanted: impl Fn(&ObjectDef) -> bool,
) -> Result<Option<Vec<(&'static ObjectDef, Uuid)>>> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT seq, touched FROM journal WHERE company_id = ").bind(Arg::id(company));
    sql.push(" AND seq > ").bind(Arg::Int(seq));
    sql.push(" ORDER BY seq LIMIT ").bind(Arg::Int(i64::from(limit) + 1));
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    let reaches_back = match rows.first() {
        Some(row) => row.some_int(0).ours()? == seq + 1,
        None => head(conn, company, false).await.ours()?.seq == seq,
    };
    if !reaches_back || rows.len() > limit as usize {
        return Ok(None);
    }
    let mut seen = std::collections::HashSet::new();
    let mut list = Vec::new();
    for row in &rows {
        let Some(text) = row.text(1).ours()? else { continue };
        // No list of names: the entry wrote too many rows to name.
        let Ok(names) = serde_json::from_str::<Vec<(String, Uuid)>>(text) else { return Ok(None) };
        for (name, id) in names {
            // An object of a newer version than this program's.
            let Some(def) = by_name(&name) else { return Ok(None) };
            if wanted(def) && seen.insert((def.table, id)) {
                list.push((def, id));
            }
        }
    }
    Ok((list.len() <= limit as usize).then_some(list))
}
