//! Reading the journal: for streams, for catching up, and to prove that nobody has altered it.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;
use workforceos_core::change::{Audience, Entry};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::{ObjectDef, Result, Timestamp};

use crate::arg::Arg;
use crate::chain::{self, Head, Link};
use crate::connection::{Conn, Row};
use crate::dialect::Ours as _;
use crate::erase;
use crate::prepare::{JOURNAL_COLUMNS, NOTHING};
use crate::sql::Sql;
use crate::store::Verified;
use crate::table::by_name;

/// How many entries are proved with one statement.
const ENTRIES_PER_STATEMENT: i64 = 500;

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

/// The distinct rows that entries after `seq` wrote; `None` where there are more than `limit` entries or rows, or where
/// the journal does not reach back to `seq`.
pub(crate) async fn touched_since(
    conn: &mut Conn<'_>,
    company: CompanyId,
    seq: i64,
    limit: u32,
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
            if seen.insert((def.table, id)) {
                list.push((def, id));
            }
        }
    }
    Ok((list.len() <= limit as usize).then_some(list))
}

/// Proves a company's journal up to its present head, entry by entry.
pub(crate) struct Walk<'k> {
    key: &'k [u8; 32],
    company: CompanyId,
    head: Head,
    seq: i64,
    chain: String,
    erased: u64,
    /// Entries without content of whose erasure nothing was said so far.
    missing: BTreeSet<i64>,
}

impl<'k> Walk<'k> {
    pub(crate) fn new(key: &'k [u8; 32], company: CompanyId, head: Head) -> Walk<'k> {
        Walk { key, company, head, seq: 0, chain: String::new(), erased: 0, missing: BTreeSet::new() }
    }

    /// Goes on with one statement; an answer once it is known.
    pub(crate) async fn step(&mut self, conn: &mut Conn<'_>) -> Result<Option<Verified>> {
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT ").push(JOURNAL_COLUMNS).push(" FROM journal WHERE company_id = ").bind(Arg::id(self.company));
        sql.push(" AND seq > ").bind(Arg::Int(self.seq)).push(" AND seq <= ").bind(Arg::Int(self.head.seq));
        sql.push(" ORDER BY seq LIMIT ").bind(Arg::Int(ENTRIES_PER_STATEMENT));
        let rows = conn.rows(sql.text, sql.args).await.ours()?;
        for row in &rows {
            let expected = self.seq + 1;
            match self.chain_of(row, expected).ours()? {
                Some(chain) => (self.seq, self.chain) = (expected, chain),
                None => return Ok(Some(self.found(Some(expected)))),
            }
            match row.text(13).ours()? {
                None => drop(self.missing.insert(expected)),
                Some(extra) => self.cover(&erase::covered(row.some_text(5).ours()?, extra, expected)),
            }
        }
        if !rows.is_empty() && self.seq < self.head.seq {
            return Ok(None);
        }
        // The head tells where the chain must end: a cut tail shows.
        let whole = self.seq == self.head.seq && self.chain == self.head.chain;
        let broken = (!whole).then_some(self.seq + i64::from(self.seq < self.head.seq));
        Ok(Some(self.found(self.missing.first().copied().into_iter().chain(broken).min())))
    }

    /// Content in these places was erased, and this says so.
    fn cover(&mut self, places: &[(i64, i64)]) {
        for (from, to) in places.iter().filter(|(from, to)| from <= to) {
            let later = to.checked_add(1).map(|next| self.missing.split_off(&next)).unwrap_or_default();
            self.erased += self.missing.split_off(from).len() as u64;
            self.missing.extend(later);
        }
    }

    fn found(&self, first_bad: Option<i64>) -> Verified {
        Verified { entries: u64::try_from(self.seq).unwrap_or(0), erased: self.erased, first_bad }
    }

    /// The entry's hash if the row is what was written under `expected`.
    fn chain_of(&self, row: &Row, expected: i64) -> Result<Option<String>, sqlx::Error> {
        let (after, before, extra) = (row.text(11)?, row.text(12)?, row.text(13)?);
        let digest = row.some_text(17)?;
        let genuine = match (after, before, extra) {
            // Erased: only the digest is left.
            (None, None, None) => true,
            (Some(after), Some(before), Some(extra)) => {
                chain::digest(row.text(16)?.unwrap_or_default(), after, before, extra) == digest
            }
            _ => false,
        };
        let link = Link {
            company: row.some_text(0)?,
            seq: row.some_int(1)?,
            at: row.some_int(2)?,
            kind: row.text(3)?,
            action: row.some_text(4)?,
            object: row.some_text(5)?,
            object_id: row.some_text(6)?,
            actor: row.text(7)?,
            via: row.some_text(8)?,
            request_id: row.some_text(9)?,
            audience: row.some_text(10)?,
            audited: row.some_int(14)? != 0,
            touched: row.text(15)?,
            digest,
        };
        let chain = link.chain(self.key, &self.chain);
        Ok((genuine && link.seq == expected && chain == row.some_text(18)?).then_some(chain))
    }
}
