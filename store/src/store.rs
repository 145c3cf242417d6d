//! The open store and the reads outside of turns.

use std::sync::Arc;

use serde_json::Value as Json;
use tokio::sync::broadcast;
use uuid::Uuid;
use workforceos_core::answer::Join;
use workforceos_core::change::{Audience, Entry, Erasure};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::value::Kind;
use workforceos_core::{ObjectDef, Query, Record, Result, Timestamp};

use crate::audit::{self, AuditQuery, Audited};
use crate::connection::{Held, Row};
use crate::dialect::{Dialect, Ours as _};
use crate::effects::{self, Statement};
use crate::erase;
use crate::heads::Heads;
use crate::journal;
use crate::postgres::Postgres;
use crate::prove::{self, Stand};
use crate::read::{self, Filter};
use crate::search;
use crate::settings::{Database, Settings};
use crate::sqlite::Sqlite;
use crate::tenancy::Mode;
use crate::tidy;
use crate::totals::Totals;
use crate::turn::Turn;
use crate::walk::{self, Mark, Source};

/// The database, open. Copies are the same store.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) backend: Backend,
    pub(crate) journal_key: [u8; 32],
    pub(crate) heads: Heads,
    totals: Arc<Totals>,
    /// SQLite: kept so that receivers stay open, though nothing ever comes.
    silence: broadcast::Sender<Moved>,
}

pub(crate) enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// A row with the objects that its query joined.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub record: Record,
    pub joins: Vec<(&'static str, Join)>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub rows: Vec<Found>,
    /// How many rows there are on all pages; on this page alone, if the query asked for no total.
    pub total: u64,
    /// Whether the total was kept from an earlier read. It is exact all the same.
    pub total_cached: bool,
}

/// What walking a company's journal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries were proved, from the first.
    pub entries: u64,
    /// The hash of the last of them, hexadecimal.
    pub chain: String,
    /// How many of them have no content any more, as another entry says.
    pub erased: u64,
    /// The first entry that is altered, out of place or missing, or whose content is gone though no erasure says so.
    pub first_bad: Option<i64>,
}

/// An effect that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    pub id: Uuid,
    pub company: CompanyId,
    pub kind: String,
    pub payload: Json,
    pub tries: i64,
}

/// A company's sequence moved by another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub company: CompanyId,
    /// The last entry that this node knew of; those after it are news.
    pub from: i64,
    pub seq: i64,
}

impl Store {
    /// Opens the database, creating the file if need be, and brings its schema up to date. 409 `DatabaseInUse` if another
    /// process has the SQLite file open.
    pub async fn open(settings: Settings) -> Result<Store> {
        let totals = Arc::new(Totals::new());
        let backend = match &settings.database {
            Database::Sqlite(path) => Backend::Sqlite(Sqlite::open(path, settings.readers, totals.clone()).await?),
            Database::Postgres(url) => Backend::Postgres(Postgres::open(url, settings.readers).await?),
        };
        let silence = broadcast::channel(1).0;
        Ok(Store(Arc::new(Inner { backend, journal_key: settings.journal_key, heads: Heads::default(), totals, silence })))
    }

    /// Waits for what is being written, and lets go of the database. Everything later fails.
    pub async fn close(&self) {
        match &self.0.backend {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => postgres.close().await,
        }
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.0.backend, Backend::Postgres(_))
    }

    /// Whether a commit failed in such a way that only a restart can tell what is on the disk. Nothing is written any more.
    pub fn poisoned(&self) -> bool {
        matches!(&self.0.backend, Backend::Sqlite(sqlite) if sqlite.poisoned())
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<()> {
        let mut held = self.0.reader_across(Mode::Read).await?;
        held.conn().rows("SELECT 1", Vec::new()).await.ours().map(drop)
    }

    /// Lets PostgreSQL look at what many rows at once have changed: until it does so by itself, it takes the tables for empty
    /// and reads pages the slow way. SQLite is left alone: its plans are made for having no statistics.
    pub async fn analyze(&self) -> Result<()> {
        match &self.0.backend {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(postgres) => postgres.analyze().await,
        }
    }

    /// A company's turn at writing. It waits until nobody else has it.
    pub async fn turn(&self, company: CompanyId) -> Result<Turn> {
        Turn::open(self.clone(), company).await
    }

    /// An active row; of whatever company if none is given.
    pub async fn get(&self, def: &'static ObjectDef, company: Option<CompanyId>, id: Uuid) -> Result<Option<Record>> {
        let mut held = self.0.reader_for(company, mode(def)).await?;
        Ok(read::by_id(&mut held.conn(), def, company, &[id], true).await?.pop())
    }

    /// Rows by their ids, deleted ones too; of whatever company if none is given.
    pub async fn by_ids(&self, def: &'static ObjectDef, company: Option<CompanyId>, ids: &[Uuid]) -> Result<Vec<Record>> {
        let mut held = self.0.reader_for(company, mode(def)).await?;
        read::by_id(&mut held.conn(), def, company, ids, false).await
    }

    /// All rows that are a user's, deleted ones too; none where an object says nothing of whose it is.
    pub async fn owned(&self, def: &'static ObjectDef, company: CompanyId, user: UserId) -> Result<Vec<Record>> {
        let mut held = self.0.reader_of(company, mode(def)).await?;
        read::owned(&mut held.conn(), def, company, user).await
    }

    /// Rows without joins.
    pub async fn select(&self, query: &Query) -> Result<Vec<Record>> {
        let mut held = self.0.reader_for(query.company, mode(query.def)).await?;
        let mut conn = held.conn();
        let query = &*search::narrowed(&mut conn, query).await?;
        let filter = Filter::new(conn.dialect(), query)?;
        let rows = read::rows(&mut conn, query, &filter, false).await?;
        Ok(rows.found.into_iter().map(|f| f.record).collect())
    }

    /// A page of rows with their joins, and the total if it is wanted.
    pub async fn page(&self, query: &Query) -> Result<Page> {
        let totals = &self.0.totals;
        let mut held = self.0.reader_for(query.company, mode(query.def)).await?;
        let mut conn = held.conn();
        let query = &*search::narrowed(&mut conn, query).await?;
        let filter = Filter::new(conn.dialect(), query)?;
        // PostgreSQL: the company's sequence is the stamp, read with the rows. SQLite: a counter, read before them.
        let by_seq = query.total && self.is_postgres() && query.company.is_some();
        let counter = totals.stamp(query);
        let rows = read::rows(&mut conn, query, &filter, by_seq).await?;
        let count = rows.found.len() as u64;
        let is_whole = query.offset == 0 && count < query.limit;
        if !query.total || is_whole {
            return Ok(Page { rows: rows.found, total: count, total_cached: false });
        }
        let stamp = if self.is_postgres() { rows.seq } else { Some(counter) };
        let key = Totals::key(&filter);
        let kept = Totals::keeps(query);
        if let Some(total) = stamp.filter(|_| kept).and_then(|stamp| totals.get(&key, stamp)) {
            return Ok(Page { rows: rows.found, total, total_cached: true });
        }
        let (total, seq) = filter.count(&mut conn, by_seq).await?;
        if kept && (by_seq || !self.is_postgres()) {
            totals.keep(key, if by_seq { seq } else { counter }, total);
        }
        Ok(Page { rows: rows.found, total, total_cached: false })
    }

    /// How many rows there are, whatever the query's page.
    pub async fn count(&self, query: &Query) -> Result<u64> {
        let mut held = self.0.reader_for(query.company, Mode::Read).await?;
        let mut conn = held.conn();
        let counter = self.0.totals.stamp(query);
        let key = Totals::key(&Filter::new(conn.dialect(), query)?);
        // PostgreSQL: without the company's sequence nobody knows whether a total still holds.
        let keeps = !self.is_postgres() && Totals::keeps(query);
        let kept = if keeps { self.0.totals.get(&key, counter) } else { None };
        if let Some(total) = kept {
            return Ok(total);
        }
        let query = &*search::fewest_first(&mut conn, query).await?;
        let (total, _) = Filter::new(conn.dialect(), query)?.count(&mut conn, false).await?;
        if keeps {
            self.0.totals.keep(key, counter, total);
        }
        Ok(total)
    }

    /// The company's sequence and the rows of several queries, all at one moment.
    pub async fn snapshot(&self, company: CompanyId, queries: &[Query]) -> Result<(i64, Vec<Vec<Found>>)> {
        let mut held = self.0.reader_of(company, Mode::Snapshot).await?;
        let mut conn = held.conn();
        let seq = journal::head(&mut conn, company, false).await.ours()?.seq;
        let mut lists = Vec::with_capacity(queries.len());
        for query in queries {
            let filter = Filter::new(conn.dialect(), query)?;
            lists.push(read::rows(&mut conn, query, &filter, false).await?.found);
        }
        held.commit().await.ours()?;
        Ok((seq, lists))
    }

    /// Journal entries after `after`, in order.
    pub async fn journal(&self, company: CompanyId, after: i64, limit: u32) -> Result<Vec<Entry>> {
        let mut held = self.0.reader_of(company, Mode::Read).await?;
        journal::entries(&mut held.conn(), company, after, limit).await
    }

    /// The audiences of entries after `after` that take something from somebody ([`Audience::takes_from`]), at most `limit`.
    pub async fn withdrawals(&self, company: CompanyId, after: i64, limit: u32) -> Result<Vec<Audience>> {
        let mut held = self.0.reader_of(company, Mode::Read).await?;
        journal::withdrawals(&mut held.conn(), company, after, limit).await
    }

    /// A page of the audit log, the newest entry first.
    pub async fn audit_log(&self, company: CompanyId, query: &AuditQuery) -> Result<Vec<Audited>> {
        let mut held = self.0.reader_of(company, Mode::Read).await?;
        audit::page(&mut held.conn(), company, query).await
    }

    /// How many entries of the audit log there are, counted no further than the query's limit.
    pub async fn audit_count(&self, company: CompanyId, query: &AuditQuery) -> Result<u64> {
        let mut held = self.0.reader_of(company, Mode::Read).await?;
        audit::count(&mut held.conn(), company, query).await
    }

    /// The oldest entry kept.
    pub async fn oldest_seq(&self, company: CompanyId) -> Result<Option<i64>> {
        let mut held = self.0.reader_of(company, Mode::Read).await?;
        journal::oldest(&mut held.conn(), company).await
    }

    /// Walks the journal's chain up to its present head, which must not be behind what this process has seen of it. Only here is a
    /// keyed hash computed for every entry: a million takes some seconds, of which two cores take a part each.
    pub async fn verify(&self, company: CompanyId) -> Result<Verified> {
        // What is known is asked before the database is: whatever is committed meanwhile is only further.
        let marks: Vec<Mark> = self.0.heads.of(company).into_iter().chain(self.heard_of(company)).collect();
        let verified = walk::prove(&mut Source::Store(&self.0), &self.0.journal_key, company, &marks).await?;
        if verified.first_bad.is_none() {
            let seq = i64::try_from(verified.entries).unwrap_or(0);
            self.0.heads.note(company, seq, &verified.chain);
        }
        Ok(verified)
    }

    /// How far other nodes have told us that a company's journal goes.
    fn heard_of(&self, company: CompanyId) -> Option<Mark> {
        match &self.0.backend {
            Backend::Sqlite(_) => None,
            Backend::Postgres(postgres) => Some(Mark { seq: postgres.moves.seen(company), chain: None }),
        }
    }

    /// Where every journal stands.
    pub async fn journal_heads(&self) -> Result<Vec<Stand>> {
        prove::stands(&mut self.0.reader_across(Mode::Read).await?.conn()).await
    }

    /// Finds the journal's entries about a person, for a change that erases them. A long journal takes a second for some
    /// hundred thousand entries, and keeps nobody waiting meanwhile.
    pub async fn traces(&self, company: CompanyId, user: UserId) -> Result<Erasure> {
        let mut erasure = Erasure { user, found: Vec::new(), up_to: 0 };
        loop {
            let mut held = self.0.reader_of(company, Mode::Read).await?;
            if erase::look(&mut held.conn(), company, &mut erasure).await? {
                return Ok(erasure);
            }
        }
    }

    /// The answer kept for an idempotency key, with the digest of the call, unless it is older than `not_before`.
    pub async fn stored_answer(
        &self,
        company: CompanyId,
        user: UserId,
        key: &str,
        not_before: Timestamp,
    ) -> Result<Option<(u64, Json)>> {
        let mut held = self.0.reader_of(company, Mode::Read).await?;
        effects::stored_answer(&mut held.conn(), company, user, key, not_before).await
    }

    /// Companies that have something to do by themselves, the longest due first.
    pub async fn due_companies(&self, now: Timestamp, limit: u32) -> Result<Vec<CompanyId>> {
        let mut held = self.0.reader_across(Mode::Read).await?;
        effects::due_companies(&mut held.conn(), now, limit).await
    }

    /// Effects of a kind that are due, leased: until then nobody else gets them.
    pub async fn claim_outbox(&self, kind: &str, now: Timestamp, lease_until: Timestamp, limit: u32) -> Result<Vec<Pending>> {
        self.claim_outbox_but(kind, now, lease_until, limit, &[]).await
    }

    /// As [`Store::claim_outbox`], of other companies than these.
    pub async fn claim_outbox_but(
        &self,
        kind: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
        but: &[CompanyId],
    ) -> Result<Vec<Pending>> {
        let rows = self.0.run_across(effects::claim(self.0.dialect(), kind, now, lease_until, limit, but)).await?;
        effects::claimed(&rows)
    }

    /// An effect was carried out.
    pub async fn finish_outbox(&self, id: Uuid) -> Result<()> {
        self.0.run_across(effects::finish(self.0.dialect(), id)).await.map(drop)
    }

    /// An effect failed; it is due again at `at`.
    pub async fn retry_outbox(&self, id: Uuid, at: Timestamp, tries: i64) -> Result<()> {
        self.0.run_across(effects::retry(self.0.dialect(), id, at, tries)).await.map(drop)
    }

    /// Deletes logins and codes that are over since before this, a bounded number at a time. How many, and whether there may
    /// be more.
    pub async fn tidy_before(&self, before: Timestamp) -> Result<(u64, bool)> {
        let (mut count, mut more) = (0, false);
        for statement in tidy::statements(self.0.dialect(), before) {
            let removed = self.0.run_across(statement).await?.len() as u64;
            more |= removed == u64::from(tidy::BATCH);
            count += removed;
        }
        Ok((count, more))
    }

    /// Deletes agents' answers from before this, a bounded number at a time. How many, and whether there may be more.
    pub async fn forget_answers_before(&self, before: Timestamp) -> Result<(u64, bool)> {
        let removed = self.0.run_across(tidy::old_answers(self.0.dialect(), before)).await?.len() as u64;
        Ok((removed, removed == u64::from(tidy::BATCH)))
    }

    /// Forgets idempotency records older than this, and says how many.
    pub async fn forget_before(&self, before: Timestamp) -> Result<u64> {
        Ok(self.0.run_across(effects::forget(self.0.dialect(), before)).await?.len() as u64)
    }

    /// Commits of other nodes. On SQLite there are none. A receiver that fell behind must reload everything.
    pub fn listen(&self) -> broadcast::Receiver<Moved> {
        match &self.0.backend {
            Backend::Sqlite(_) => self.0.silence.subscribe(),
            Backend::Postgres(postgres) => postgres.moves.subscribe(),
        }
    }

    /// False while commits of other nodes may go unheard: caches must then not be trusted.
    pub fn listening(&self) -> bool {
        match &self.0.backend {
            Backend::Sqlite(_) => true,
            Backend::Postgres(postgres) => postgres.moves.is_up(),
        }
    }
}

impl Inner {
    pub(crate) fn dialect(&self) -> Dialect {
        match self.backend {
            Backend::Sqlite(_) => Dialect::Sqlite,
            Backend::Postgres(_) => Dialect::Postgres,
        }
    }

    /// A connection for reading what is one company's.
    pub(crate) async fn reader_of(&self, company: CompanyId, mode: Mode) -> Result<Held> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.reader(mode).await,
            Backend::Postgres(postgres) => postgres.reader_of(company, mode).await,
        }
    }

    /// A connection for reading what may be any company's: `tenancy.rs` lists what that is.
    pub(crate) async fn reader_across(&self, mode: Mode) -> Result<Held> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.reader(mode).await,
            Backend::Postgres(postgres) => postgres.reader_across(mode).await,
        }
    }

    async fn reader_for(&self, company: Option<CompanyId>, mode: Mode) -> Result<Held> {
        match company {
            Some(company) => self.reader_of(company, mode).await,
            None => self.reader_across(mode).await,
        }
    }

    /// Runs statements that concern several companies, all of them or none.
    pub(crate) async fn run_all_across(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.run_all(statements).await,
            Backend::Postgres(postgres) => postgres.run_all_across(statements).await,
        }
    }

    /// Runs a statement that concerns several companies.
    pub(crate) async fn run_across(&self, statement: Statement) -> Result<Vec<Row>> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.run(statement).await,
            Backend::Postgres(postgres) => postgres.run_across(statement).await,
        }
    }
}

/// Lists of ids stand in tables of their own, which must agree with the rows.
pub(crate) fn mode(def: &ObjectDef) -> Mode {
    let is_list = |p: &workforceos_core::object::Property| matches!(p.kind, Kind::Ids(_));
    let joins_list =
        |join: &workforceos_core::object::Join| join.fields.iter().any(|f| (join.target)().property(f).is_some_and(is_list));
    if def.all().any(is_list) || def.joins.iter().any(joins_list) { Mode::Snapshot } else { Mode::Read }
}
