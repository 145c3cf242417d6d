//! A company's turn at writing: what its decisions read, and the commit of what they decided.

use std::sync::Arc;

use tokio::sync::oneshot;
use uuid::Uuid;
use workforceos_core::change::{Changes, Entry, Erasure};
use workforceos_core::id::CompanyId;
use workforceos_core::{Cond, Error, ObjectDef, Query, Record, Result, Timestamp};

use crate::chain::Head;
use crate::connection::Held;
use crate::dialect::trouble;
use crate::erase;
use crate::journal;
use crate::prepare::{self, Batch, Prepared};
use crate::read::{self, Filter};
use crate::sqlite::HeldHead;
use crate::stage::Stage;
use crate::store::{Backend, Inner, Store, mode};
use crate::tenancy::Mode;
use crate::write;
use crate::writer::Job;

/// So many rows of parts are written with the commit; more are gathered or written before it.
const ROWS_AT_ONCE: usize = 2_000;

/// When the company next has something to do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The earliest of what is stored, this, and every change's own.
    Sooner(Option<Timestamp>),
    /// Exactly this, whatever was stored.
    Exactly(Option<Timestamp>),
}

/// What became of a commit.
#[derive(Debug)]
pub enum Outcome {
    /// Written; the journal entries of each change, in order.
    Committed(Vec<Arc<[Entry]>>),
    /// Nothing of the batch is written, because of the change at `index`.
    Refused { index: usize, error: Error },
    /// Surely nothing is written.
    Failed(Error),
    /// Written or not: nobody knows.
    Unknown(Error),
}

/// A company's turn at writing. Dropped without a commit, it has changed nothing.
pub struct Turn {
    store: Store,
    company: CompanyId,
    head: Head,
    hold: Hold,
    parts: Option<Parts>,
}

/// The parts of a change that is too large for one batch.
#[derive(Default)]
struct Parts {
    /// What is neither gathered elsewhere nor written yet.
    waiting: Vec<Prepared>,
    weight: usize,
    entries: Vec<Arc<[Entry]>>,
    due_at: Option<i64>,
    /// Some is written already, in the turn's transaction, or gathered.
    begun: bool,
    stage: Option<Stage>,
}

/// What keeps others from the company meanwhile.
enum Hold {
    /// Its head in this process, the only one that writes.
    Sqlite(HeldHead),
    /// Its row, locked in this transaction.
    Postgres(Held),
}

impl Turn {
    pub(crate) async fn open(store: Store, company: CompanyId) -> Result<Turn> {
        let (hold, head) = match &store.0.backend {
            Backend::Sqlite(sqlite) => {
                let held = sqlite.head(company).await?;
                let head = held.clone().unwrap_or_default();
                (Hold::Sqlite(held), head)
            }
            Backend::Postgres(postgres) => {
                let (held, head) = postgres.turn(company).await?;
                store.0.heads.compare(company, &head);
                (Hold::Postgres(held), head)
            }
        };
        Ok(Turn { store, company, head, hold, parts: None })
    }

    /// The last entry of the company's journal, which nobody moves during the turn.
    pub fn seq(&self) -> i64 {
        self.head.seq
    }

    /// Whether nothing was ever written for this company.
    pub fn is_new(&self) -> bool {
        self.head.seq == 0
    }

    /// A row of this company, active or not.
    pub async fn get(&mut self, def: &'static ObjectDef, id: Uuid) -> Result<Option<Record>> {
        Ok(self.get_many(def, &[id]).await?.pop())
    }

    /// Rows of this company, active or not, in no order; ids without a row are left out.
    pub async fn get_many(&mut self, def: &'static ObjectDef, ids: &[Uuid]) -> Result<Vec<Record>> {
        let company = Some(self.company);
        match &mut self.hold {
            Hold::Postgres(held) => read::by_id(&mut held.conn(), def, company, ids, false).await,
            Hold::Sqlite(_) => {
                let mut held = self.store.0.reader_of(self.company, mode(def)).await?;
                read::by_id(&mut held.conn(), def, company, ids, false).await
            }
        }
    }

    /// Active rows, as [`Store::select`].
    pub async fn select(&mut self, query: &Query) -> Result<Vec<Record>> {
        match &mut self.hold {
            Hold::Postgres(held) => {
                let mut conn = held.conn();
                let filter = Filter::new(conn.dialect(), query)?;
                let rows = read::rows(&mut conn, query, &filter, false).await?;
                Ok(rows.found.into_iter().map(|f| f.record).collect())
            }
            Hold::Sqlite(_) => self.store.select(query).await,
        }
    }

    /// Hands over all active rows of an object, one at a time and in no order: a company's may be too many for one list.
    /// Lists of ids are left out.
    pub async fn each(&mut self, def: &'static ObjectDef, take: impl FnMut(&Record) -> Result<()>) -> Result<()> {
        let query = Query::of(def, self.company, Cond::TRUE);
        match &mut self.hold {
            Hold::Postgres(held) => read::each(&mut held.conn(), &query, take).await,
            Hold::Sqlite(_) => {
                let mut held = self.store.0.reader_of(self.company, Mode::Read).await?;
                read::each(&mut held.conn(), &query, take).await
            }
        }
    }

    /// The distinct rows of `wanted` objects that entries after `seq` wrote; `None` where they are more than `limit`, or where
    /// the journal does not reach back to `seq`: then everything must be read again.
    pub async fn touched_since(
        &mut self,
        seq: i64,
        limit: u32,
        wanted: impl Fn(&ObjectDef) -> bool,
    ) -> Result<Option<Vec<(&'static ObjectDef, Uuid)>>> {
        match &mut self.hold {
            Hold::Postgres(held) => journal::touched_since(&mut held.conn(), self.company, seq, limit, wanted).await,
            Hold::Sqlite(_) => {
                let mut held = self.store.0.reader_of(self.company, Mode::Read).await?;
                journal::touched_since(&mut held.conn(), self.company, seq, limit, wanted).await
            }
        }
    }

    /// Finds what came since an erasure's search ended; in the turn nothing more comes.
    async fn look_on(&mut self, erasure: &mut Erasure) -> Result<()> {
        loop {
            let all = match &mut self.hold {
                Hold::Postgres(held) => erase::look(&mut held.conn(), self.company, erasure).await?,
                Hold::Sqlite(_) => {
                    let mut held = self.store.0.reader_of(self.company, Mode::Read).await?;
                    erase::look(&mut held.conn(), self.company, erasure).await?
                }
            };
            if all {
                return Ok(());
            }
        }
    }

    /// Takes a part of a change that is too large for one batch: rows, each in one part alone, and entries. Nothing of it is seen
    /// before the turn's commit, and nothing is left if there is none. On SQLite the turn's own reads do not find it either. After
    /// an error the turn can only be dropped.
    pub async fn stage(&mut self, part: Changes, now: Timestamp) -> Result<()> {
        let parts = self.parts.get_or_insert_default();
        parts.due_at = earlier(parts.due_at, part.due_at.map(|at| at.0));
        if part.is_empty() {
            return Ok(());
        }
        let key = &self.store.0.journal_key;
        let batch = prepare::batch(self.company, key, &self.head, vec![part], now, parts.begun).map_err(|(_, error)| error)?;
        if batch.changes.iter().any(Prepared::is_special) {
            return Err(Error::internal("a part of a large change is rows and entries alone"));
        }
        parts.weight += batch.weight();
        parts.waiting.extend(batch.changes);
        parts.entries.extend(batch.entries);
        self.head = batch.head;
        if parts.weight <= ROWS_AT_ONCE {
            return Ok(());
        }
        (parts.weight, parts.begun) = (0, true);
        let waiting = std::mem::take(&mut parts.waiting);
        match (&mut self.hold, &self.store.0.backend) {
            (Hold::Sqlite(_), Backend::Sqlite(sqlite)) => {
                let stage = match &mut parts.stage {
                    Some(stage) => stage,
                    none => none.insert(sqlite.stage().await?),
                };
                stage.add(&batch.company_id, waiting).await
            }
            (Hold::Postgres(held), _) => {
                let part = Batch { changes: waiting, entries: Vec::new(), head: self.head.clone(), ..batch };
                write::part(&mut held.conn(), &part).await.map_err(|fault| fault.into_error(None))
            }
            _ => Err(Error::internal("a turn of another database")),
        }
    }

    /// Writes all changes or none, with the parts taken before, in one transaction, and ends the turn. What is refused of parts is
    /// refused as the first change.
    pub async fn commit(mut self, mut batch: Vec<Changes>, now: Timestamp, due: Due) -> Outcome {
        let parts = self.parts.take().unwrap_or_default();
        let due_at = earlier(due_at(self.head.due_at, &batch, due), parts.due_at);
        let nothing = parts.entries.is_empty()
            && due_at == self.head.due_at
            && batch.iter().all(|c| c.is_empty() && c.unchanged.is_empty());
        if nothing {
            return Outcome::Committed(batch.iter().map(|_| Arc::from([])).collect());
        }
        for erasure in batch.iter_mut().filter_map(|change| change.erasure.as_mut()) {
            if let Err(error) = self.look_on(erasure).await {
                return Outcome::Failed(error);
            }
        }
        let inner: &Inner = &self.store.0;
        let mut batch = match prepare::batch(self.company, &inner.journal_key, &self.head, batch, now, parts.begun) {
            Ok(batch) => batch,
            Err((index, error)) => return Outcome::Refused { index, error },
        };
        batch.head.due_at = due_at;
        batch.changes.splice(..0, parts.waiting);
        batch.entries.splice(..0, parts.entries);
        let mut stage = parts.stage;
        if let Some(stage) = &mut stage {
            batch.staged = stage.written().collect();
            if let Err(error) = stage.close().await {
                return Outcome::Failed(error);
            }
        }
        let (company, head) = (self.company, batch.head.clone());
        let outcome = match (self.hold, &inner.backend) {
            (Hold::Sqlite(head), Backend::Sqlite(sqlite)) => {
                let (reply, answer) = oneshot::channel();
                if let Err(error) = sqlite.write(Job { batch, head, reply, stage }).await {
                    return Outcome::Failed(error);
                }
                // The writer answers everybody, unless it died in the middle.
                answer.await.unwrap_or_else(|_| Outcome::Unknown(trouble(sqlx::Error::WorkerCrashed)))
            }
            (Hold::Postgres(held), Backend::Postgres(postgres)) => postgres.commit(held, batch).await,
            _ => Outcome::Failed(Error::internal("a turn of another database")),
        };
        if matches!(outcome, Outcome::Committed(_)) {
            inner.heads.note(company, head.seq, &head.chain);
        }
        outcome
    }
}

fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.into_iter().chain(b).min()
}

fn due_at(present: Option<i64>, batch: &[Changes], due: Due) -> Option<i64> {
    match due {
        Due::Exactly(at) => at.map(|at| at.0),
        Due::Sooner(at) => {
            let own = batch.iter().filter_map(|change| change.due_at);
            own.chain(at).map(|at| at.0).chain(present).min()
        }
    }
}
