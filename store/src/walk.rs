//! Proving that nobody has altered a company's journal: it is walked from its first entry to its head.

use std::collections::{BTreeMap, BTreeSet};

use workforceos_core::id::CompanyId;
use workforceos_core::{Error, Result};

use crate::arg::Arg;
use crate::chain::{self, Head, Link, Sealer};
use crate::connection::{Conn, Row};
use crate::dialect::{Dialect, Ours as _};
use crate::erase;
use crate::journal;
use crate::prepare::JOURNAL_COLUMNS;
use crate::sql::Sql;
use crate::store::{Inner, Verified};
use crate::tenancy::Mode;

/// How many entries are read with one statement.
const PAGE: i64 = 2_000;

/// A place in a company's journal as somebody saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub seq: i64,
    /// The hash of the entry there, hexadecimal; `None`: it is only known that there was one.
    pub chain: Option<String>,
}

/// What is read from.
pub(crate) enum Source<'c> {
    /// A connection of the walk's own.
    Own(Conn<'c>),
    /// A fresh connection for each page: a long walk keeps nobody waiting, and no old state of the database alive.
    Store(&'c Inner),
}

impl Source<'_> {
    fn dialect(&self) -> Dialect {
        match self {
            Source::Own(conn) => conn.dialect(),
            Source::Store(inner) => inner.dialect(),
        }
    }

    async fn head(&mut self, company: CompanyId) -> Result<Head> {
        match self {
            Source::Own(conn) => journal::head(conn, company, false).await.ours(),
            Source::Store(inner) => {
                let mut held = inner.reader_of(company, Mode::Read).await?;
                journal::head(&mut held.conn(), company, false).await.ours()
            }
        }
    }

    async fn rows(&mut self, company: CompanyId, sql: Sql) -> Result<Vec<Row>> {
        match self {
            Source::Own(conn) => conn.rows(sql.text, sql.args).await.ours(),
            Source::Store(inner) => {
                let mut held = inner.reader_of(company, Mode::Read).await?;
                held.conn().rows(sql.text, sql.args).await.ours()
            }
        }
    }

    /// Goes on to `to`, one page being read while the one before is hashed.
    async fn walk(&mut self, company: CompanyId, mut walk: Walk, to: i64) -> Result<Walk> {
        let mut rows = self.page(company, walk.read, to).await?;
        while !rows.is_empty() && !walk.is_over() {
            let last = rows.last().map_or(Ok(to), |row| row.some_int(1)).ours()?;
            // Further in any case: what is no whole number on SQLite reads as the one below.
            let last = last.max(walk.read + 1);
            let hashing = tokio::task::spawn_blocking(move || {
                walk.take(&rows).ours()?;
                walk.read = last;
                Ok::<_, Error>(walk)
            });
            let next = if last < to { self.page(company, last, to).await } else { Ok(Vec::new()) };
            walk = hashing.await.map_err(Error::internal)??;
            rows = next?;
        }
        Ok(walk)
    }

    /// Entries after `after` up to `to`.
    async fn page(&mut self, company: CompanyId, after: i64, to: i64) -> Result<Vec<Row>> {
        let dialect = self.dialect();
        let mut sql = Sql::new(dialect);
        sql.push("SELECT ").push(JOURNAL_COLUMNS).push(", ").push(well_typed(dialect));
        sql.push(" FROM journal WHERE company_id = ").bind(Arg::id(company));
        sql.push(" AND seq > ").bind(Arg::Int(after)).push(" AND seq <= ").bind(Arg::Int(to));
        sql.push(" ORDER BY seq LIMIT ").bind(Arg::Int(PAGE));
        self.rows(company, sql).await
    }

    /// An entry before the first or after the head, in one statement: both move together.
    async fn outside(&mut self, company: CompanyId) -> Result<Option<i64>> {
        let mut sql = Sql::new(self.dialect());
        sql.push("SELECT min(seq) FROM journal WHERE company_id = ").bind(Arg::id(company));
        sql.push(" AND (seq < 1 OR seq > coalesce((SELECT seq FROM tenant WHERE id = ").bind(Arg::id(company)).push("), 0))");
        let rows = self.rows(company, sql).await?;
        rows.first().map_or(Ok(None), |row| row.int(0).ours())
    }
}

/// Walks a company's journal up to where its head is now. `marks`: what of it is known from elsewhere than its database.
pub(crate) async fn prove(source: &mut Source<'_>, key: &[u8; 32], company: CompanyId, marks: &[Mark]) -> Result<Verified> {
    let head = source.head(company).await?;
    let to = head.seq;
    let mut walk = source.walk(company, Walk::new(key, head, marks), to).await?;
    walk.arrive();
    let outside = if walk.bad.is_none() { source.outside(company).await? } else { None };
    let (entries, chain) = (walk.seq, walk.chain.clone());
    if !walk.is_over() && !walk.missing.is_empty() {
        // Whoever was forgotten since the head was read is told of behind it.
        let later = source.head(company).await?.seq;
        walk = source.walk(company, walk, later).await?;
    }
    let first_bad = walk.first_bad(outside);
    Ok(Verified { entries: u64::try_from(entries).unwrap_or(0), chain, erased: walk.erased, first_bad })
}

/// Whether every column holds the type of value that the server writes: on SQLite any column can hold any, and what compares
/// otherwise is not found by those who look for it.
fn well_typed(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "true",
        Dialect::Sqlite => {
            "typeof(company_id) = 'text' AND typeof(seq) = 'integer' AND typeof(at) = 'integer' AND typeof(kind) IN ('text', 'null') \
             AND typeof(action) = 'text' AND typeof(object) = 'text' AND typeof(object_id) = 'text' \
             AND typeof(actor_id) IN ('text', 'null') AND typeof(via) = 'text' AND typeof(request_id) = 'text' \
             AND typeof(audience) = 'text' AND typeof(after) IN ('text', 'null') AND typeof(before) IN ('text', 'null') \
             AND typeof(extra) IN ('text', 'null') AND typeof(audited) = 'integer' AND typeof(touched) IN ('text', 'null') \
             AND typeof(digest) = 'text' AND typeof(chain) = 'text'"
        }
    }
}

/// How far the journal is proved.
struct Walk {
    sealer: Sealer,
    head: Head,
    marks: BTreeMap<i64, Vec<String>>,
    /// The last entry of which somebody knows.
    known: i64,
    /// The last entry that was read.
    read: i64,
    /// The last that is proved, and its hash.
    seq: i64,
    chain: String,
    erased: u64,
    /// Entries up to the head without content of whose erasure nothing was said so far.
    missing: BTreeSet<i64>,
    /// The first entry that is not what was written; behind it is only looked for what tells of erasures.
    bad: Option<i64>,
    /// Entries are gone from there on, whatever they may have told.
    gone: bool,
}

impl Walk {
    fn new(key: &[u8; 32], head: Head, marks: &[Mark]) -> Walk {
        let mut by_seq: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for mark in marks {
            by_seq.entry(mark.seq).or_default().extend(mark.chain.clone());
        }
        Walk {
            sealer: Sealer::new(key),
            head,
            marks: by_seq,
            known: marks.iter().map(|mark| mark.seq).max().unwrap_or(0),
            read: 0,
            seq: 0,
            chain: String::new(),
            erased: 0,
            missing: BTreeSet::new(),
            bad: None,
            gone: false,
        }
    }

    /// Goes on with the next entries.
    fn take(&mut self, rows: &[Row]) -> Result<(), sqlx::Error> {
        for row in rows {
            let place = row.some_int(1)?;
            if self.bad.is_none() {
                self.prove(row)?;
            } else {
                self.gone |= place != self.read + 1;
            }
            self.read = place;
            self.cover(&told(row));
            if self.bad.is_none() && place <= self.head.seq && row.text(13)?.is_none() {
                self.missing.insert(place);
            }
        }
        Ok(())
    }

    /// The entry that follows those that are proved.
    fn prove(&mut self, row: &Row) -> Result<(), sqlx::Error> {
        let expected = self.seq + 1;
        // What cannot be read is not what was written.
        match self.chain_of(row, expected).ok().flatten() {
            None => {
                self.bad = Some(expected);
                self.gone = row.some_int(1)? != expected;
            }
            Some(chain) if self.marks.get(&expected).is_some_and(|marks| marks.iter().any(|mark| *mark != chain)) => {
                // Another one was written here.
                (self.bad, self.gone) = (Some(expected), true);
            }
            Some(chain) => (self.seq, self.chain) = (expected, chain),
        }
        Ok(())
    }

    /// Content in these places was erased, and this says so.
    fn cover(&mut self, places: &[(i64, i64)]) {
        for (from, to) in places.iter().filter(|(from, to)| from <= to) {
            let later = to.checked_add(1).map(|next| self.missing.split_off(&next)).unwrap_or_default();
            self.erased += self.missing.split_off(from).len() as u64;
            self.missing.extend(later);
        }
    }

    /// Whether nothing that follows says anything more.
    fn is_over(&self) -> bool {
        self.bad.is_some() && (self.gone || self.missing.is_empty())
    }

    /// The walk is where the head was: it tells where the chain must end, and whoever was there before tells more than a head that was
    /// put back.
    fn arrive(&mut self) {
        if self.bad.is_some() {
            self.gone |= self.read < self.head.seq;
            return;
        }
        let altered = self.seq == self.head.seq && self.chain != self.head.chain;
        // Every company begins with an entry.
        let cut = self.seq < self.head.seq || self.known > self.seq || self.seq == 0;
        if altered || cut {
            self.bad = Some((self.seq + i64::from(!altered)).max(1));
            self.gone = true;
        }
    }

    /// Content that is gone counts if whatever might tell of its erasure is there.
    fn first_bad(&self, outside: Option<i64>) -> Option<i64> {
        let unaccounted = if self.gone || outside.is_some() { None } else { self.missing.first().copied() };
        [unaccounted, self.bad, outside].into_iter().flatten().min()
    }

    /// The entry's hash if the row is what was written under `expected`.
    fn chain_of(&self, row: &Row, expected: i64) -> Result<Option<String>, sqlx::Error> {
        if !row.truth(19)? {
            return Ok(None);
        }
        let (after, before, extra) = (row.text(11)?, row.text(12)?, row.text(13)?);
        let (salt, digest) = (row.text(16)?, row.some_text(17)?);
        let genuine = match (after, before, extra) {
            // Erased: only the digest is left.
            (None, None, None) => salt.is_none(),
            (Some(after), Some(before), Some(extra)) => chain::digest(salt.unwrap_or_default(), after, before, extra) == digest,
            _ => false,
        };
        let audited = row.some_int(14)?;
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
            audited: audited == 1,
            touched: row.text(15)?,
            digest,
        };
        let chain = link.chain(&self.sealer, &self.chain);
        // Another number than these two would hide the entry from the list and hash like one of them.
        let plain = matches!(audited, 0 | 1);
        Ok((genuine && plain && link.seq == expected && chain == row.some_text(18)?).then_some(chain))
    }
}

/// The entries whose erasure this one tells of; it may be one that was altered.
fn told(row: &Row) -> Vec<(i64, i64)> {
    let is_readable = row.truth(19).unwrap_or(false);
    match (row.some_text(5), row.text(13)) {
        (Ok(object), Ok(Some(extra))) if is_readable => erase::covered(object, extra),
        _ => Vec::new(),
    }
}
