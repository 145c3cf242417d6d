//! Deliveries to webhooks: made from the journal, claimed, settled and forgotten.
//!
//! They are written beside companies' turns: that a delivery was made or tried changes nothing that a company decides on,
//! and is no entry of its journal. What people decide about a webhook goes through its company's turn as everything does. Both
//! kinds of write move a row's version on, so that neither overwrites what it has not seen.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::{Result, Timestamp};

use crate::arg::Arg;
use crate::connection::Row;
use crate::dialect::{Dialect, Ours as _};
use crate::effects::Statement;
use crate::sql::Sql;
use crate::store::Store;
use crate::tenancy::Mode;
use crate::tidy::BATCH;

/// How many deliveries one statement makes.
const ROWS_PER_STATEMENT: usize = 200;
/// Webhooks to which nothing is sent.
const OFF: &str = "SELECT w.id FROM webhook w JOIN company c ON c.id = w.company_id \
     WHERE w.is_active = 0 OR w.is_enabled = 0 OR c.is_active = 0";

/// A delivery to be made: an event that a webhook wants.
#[derive(Clone, Debug)]
pub struct Planned {
    pub id: Uuid,
    pub webhook: Uuid,
    pub kind: Arc<str>,
    pub seq: i64,
}

/// So many deliveries at most to one webhook.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub webhook: Uuid,
    pub limit: u32,
}

/// A delivery that is ours to try.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub id: Uuid,
    pub company: CompanyId,
    pub webhook: Uuid,
    pub kind: String,
    /// `None`: a test, which is no event.
    pub seq: Option<i64>,
    /// This try included.
    pub attempts: i64,
    pub made_at: Timestamp,
    pub made_by: Option<UserId>,
    pub retry_until: Timestamp,
    version: i64,
}

/// What becomes of a delivery after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Delivered,
    Again(Timestamp),
    Never,
}

/// A try and what follows from it.
#[derive(Clone, Debug)]
pub struct Tried {
    pub delivery: Claimed,
    pub at: Timestamp,
    pub status: Option<u16>,
    pub error: Option<String>,
    pub duration_ms: i64,
    pub next: Next,
}

/// An event of the journal as it is sent.
#[derive(Clone, Debug)]
pub struct EventText {
    pub at: Timestamp,
    pub actor: Option<UserId>,
    /// The object as JSON, as admins may read it, secrets masked.
    pub object: String,
}

impl Store {
    /// Companies with webhooks that are on, and whether entries of theirs are still to be looked at.
    pub async fn webhook_companies(&self) -> Result<Vec<(CompanyId, bool)>> {
        let sql = "SELECT t.id, t.seq - coalesce(p.seq, 0) FROM tenant t \
             LEFT JOIN webhook_position p ON p.company_id = t.id \
             WHERE t.id IN (SELECT company_id FROM webhook WHERE is_active = 1 AND is_enabled = 1)";
        let mut held = self.0.reader_across(Mode::Read).await?;
        let rows = held.conn().rows(sql, Vec::new()).await.ours()?;
        let read = |row: &Row| Ok((CompanyId(row.some_id(0)?), row.some_int(1)? > 0));
        rows.iter().map(read).collect::<Result<_, sqlx::Error>>().ours()
    }

    /// Up to where a company's journal was turned into deliveries.
    pub async fn webhook_position(&self, company: CompanyId) -> Result<i64> {
        let mut held = self.0.reader_of(company, Mode::Read).await?;
        let mut sql = Sql::new(self.0.dialect());
        sql.push("SELECT seq FROM webhook_position WHERE company_id = ").bind(Arg::id(company));
        let rows = held.conn().rows(sql.text, sql.args).await.ours()?;
        rows.first().map_or(Ok(0), |row| row.some_int(0)).ours()
    }

    /// Makes deliveries and moves the position on, both or neither. Whoever does so a second time makes nothing new.
    pub async fn plan_deliveries(
        &self,
        company: CompanyId,
        position: i64,
        planned: &[Planned],
        now: Timestamp,
        retry_until: Timestamp,
    ) -> Result<()> {
        let dialect = self.0.dialect();
        let mut statements: Vec<Statement> =
            planned.chunks(ROWS_PER_STATEMENT).map(|rows| insert(dialect, company, rows, now, retry_until)).collect();
        let mut sql = Sql::new(dialect);
        sql.push("INSERT INTO webhook_position (company_id, seq) VALUES (").bind(Arg::id(company)).push(", ");
        sql.bind(Arg::Int(position)).push(") ON CONFLICT (company_id) DO UPDATE SET seq = excluded.seq ");
        sql.push("WHERE webhook_position.seq < excluded.seq");
        statements.push(sql.into());
        self.0.run_all_across(statements).await.map(drop)
    }

    /// How many deliveries wait, by webhook.
    pub async fn waiting_deliveries(&self, company: CompanyId) -> Result<HashMap<Uuid, i64>> {
        let mut held = self.0.reader_of(company, Mode::Read).await?;
        let mut sql = Sql::new(self.0.dialect());
        sql.push("SELECT webhook_id, count(*) FROM webhook_delivery WHERE state = 'pending' AND webhook_id IN ");
        sql.push("(SELECT id FROM webhook WHERE company_id = ").bind(Arg::id(company)).push(") GROUP BY webhook_id");
        let rows = held.conn().rows(sql.text, sql.args).await.ours()?;
        rows.iter().map(|row| Ok((row.some_id(0)?, row.some_int(1)?))).collect::<Result<_, sqlx::Error>>().ours()
    }

    /// Webhooks with something due to be sent, in no order.
    pub async fn webhooks_due(&self, now: Timestamp) -> Result<Vec<(CompanyId, Uuid)>> {
        let mut held = self.0.reader_across(Mode::Read).await?;
        let due = due(self.0.dialect(), now);
        let rows = held.conn().rows(due.sql, due.args).await.ours()?;
        rows.iter().map(|row| Ok((CompanyId(row.some_id(0)?), row.some_id(1)?))).collect::<Result<_, sqlx::Error>>().ours()
    }

    /// Deliveries that are due, those that wait longest first. Nobody else gets them until the lease is over; then whoever had
    /// them is taken for gone.
    pub async fn claim_deliveries(&self, claims: &[Claim], now: Timestamp, lease_until: Timestamp) -> Result<Vec<Claimed>> {
        let dialect = self.0.dialect();
        let statements = claims.iter().map(|c| claim(dialect, c, now, lease_until)).collect();
        let answers = self.0.run_all_across(statements).await?;
        answers.iter().flatten().map(claimed).collect::<Result<_, _>>().ours()
    }

    /// Writes down what became of tries. One that failed says nothing where somebody has changed the delivery meanwhile; one that
    /// succeeded is the truth in any case.
    pub async fn settle_deliveries(&self, tries: &[Tried], now: Timestamp) -> Result<()> {
        let dialect = self.0.dialect();
        let mut tries: Vec<&Tried> = tries.iter().collect();
        // In one order, whoever writes: two nodes never wait for each other.
        tries.sort_by_key(|tried| tried.delivery.id);
        let statements = tries.into_iter().map(|tried| settle(dialect, tried, now)).collect();
        self.0.run_all_across(statements).await.map(drop)
    }

    /// Whether anything was delivered to a webhook since.
    pub async fn delivered_since(&self, company: CompanyId, webhook: Uuid, since: Timestamp) -> Result<bool> {
        let mut held = self.0.reader_of(company, Mode::Read).await?;
        let mut sql = Sql::new(self.0.dialect());
        sql.push("SELECT id FROM webhook_delivery WHERE state = 'delivered' AND webhook_id = ").bind(Arg::id(webhook));
        sql.push(" AND delivered_at > ").bind(Arg::Int(since.0)).push(" LIMIT 1");
        Ok(!held.conn().rows(sql.text, sql.args).await.ours()?.is_empty())
    }

    /// Gives up what waits for webhooks that are off.
    pub async fn end_deliveries(&self, reason: &str, now: Timestamp) -> Result<()> {
        let mut sql = Sql::new(self.0.dialect());
        sql.push("UPDATE webhook_delivery SET state = 'failed', next_try_at = NULL, last_error = ").bind(Arg::text(reason));
        sql.push(", updated_at = ").bind(Arg::Int(now.0)).push(", record_version = record_version + 1 ");
        sql.push("WHERE state = 'pending' AND webhook_id IN (").push(OFF).push(")");
        self.0.run_across(sql.into()).await.map(drop)
    }

    /// Forgets settled deliveries from before this, a bounded number; says whether there may be more.
    pub async fn forget_deliveries(&self, before: Timestamp) -> Result<bool> {
        Ok(self.0.run_across(forget(self.0.dialect(), before)).await?.len() as u64 == u64::from(BATCH))
    }

    /// An event of the journal; `None` if its content was erased.
    pub async fn event_text(&self, company: CompanyId, seq: i64) -> Result<Option<EventText>> {
        let mut held = self.0.reader_of(company, Mode::Read).await?;
        let mut sql = Sql::new(self.0.dialect());
        sql.push("SELECT at, actor_id, after FROM journal WHERE company_id = ").bind(Arg::id(company));
        sql.push(" AND seq = ").bind(Arg::Int(seq));
        let rows = held.conn().rows(sql.text, sql.args).await.ours()?;
        let read = |row: &Row| -> Result<Option<EventText>, sqlx::Error> {
            let Some(object) = row.text(2)? else { return Ok(None) };
            let (at, actor) = (Timestamp(row.some_int(0)?), row.id(1)?.map(UserId));
            Ok(Some(EventText { at, actor, object: object.to_owned() }))
        };
        rows.first().map_or(Ok(None), read).ours()
    }
}

/// Rows of which some may be there already: then they are left as they are.
fn insert(dialect: Dialect, company: CompanyId, rows: &[Planned], now: Timestamp, retry_until: Timestamp) -> Statement {
    let mut sql = Sql::new(dialect);
    sql.push("INSERT INTO webhook_delivery (id, is_active, record_version, created_at, updated_at, webhook_id, event_type, ");
    sql.push("event_seq, state, attempts, next_try_at, retry_until, company_id) VALUES ");
    for (i, row) in rows.iter().enumerate() {
        sql.push(if i > 0 { ", (" } else { "(" });
        sql.bind(Arg::id(row.id)).push(", 1, 1, ").bind(Arg::Int(now.0)).push(", ").bind(Arg::Int(now.0));
        sql.push(", ").bind(Arg::id(row.webhook)).push(", ").bind(Arg::Text(row.kind.clone())).push(", ");
        sql.bind(Arg::Int(row.seq)).push(", 'pending', 0, ").bind(Arg::Int(now.0)).push(", ");
        sql.bind(Arg::Int(retry_until.0)).push(", ").bind(Arg::id(company)).push(")");
    }
    sql.push(" ON CONFLICT (webhook_id, event_seq) DO NOTHING");
    sql.into()
}

fn due(dialect: Dialect, now: Timestamp) -> Statement {
    let mut sql = Sql::new(dialect);
    sql.push("SELECT w.company_id, w.id FROM webhook w JOIN company c ON c.id = w.company_id ");
    sql.push("WHERE w.is_active = 1 AND w.is_enabled = 1 AND c.is_active = 1 AND EXISTS (SELECT 1 FROM webhook_delivery d ");
    sql.push("WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.next_try_at <= ").bind(Arg::Int(now.0)).push(")");
    sql.into()
}

fn forget(dialect: Dialect, before: Timestamp) -> Statement {
    let mut sql = Sql::new(dialect);
    sql.push("DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery WHERE created_at < ");
    sql.bind(Arg::Int(before.0)).push(" AND state <> 'pending' LIMIT ").bind(Arg::Int(BATCH.into()));
    // The rows come back to be counted: the writer has but one kind of answer.
    sql.push(") RETURNING 1");
    sql.into()
}

/// A claim is the lease and the count of the try in one: who dies over it has used it up.
fn claim(dialect: Dialect, claim: &Claim, now: Timestamp, lease_until: Timestamp) -> Statement {
    let mut sql = Sql::new(dialect);
    sql.push("UPDATE webhook_delivery SET next_try_at = ").bind(Arg::Int(lease_until.0));
    sql.push(", last_try_at = ").bind(Arg::Int(now.0)).push(", updated_at = ").bind(Arg::Int(now.0));
    // How the try before went says nothing of this one.
    sql.push(", last_status = NULL, last_error = NULL, duration_ms = NULL, attempts = attempts + 1, record_version = record_version + 1 WHERE id IN ");
    sql.push("(SELECT id FROM webhook_delivery WHERE webhook_id = ").bind(Arg::id(claim.webhook));
    sql.push(" AND state = 'pending' AND next_try_at <= ").bind(Arg::Int(now.0));
    sql.push(" ORDER BY next_try_at, id LIMIT ").bind(Arg::Int(claim.limit.into())).push(dialect.skip_locked());
    sql.push(") RETURNING id, company_id, webhook_id, event_type, event_seq, attempts, created_at, owner, retry_until, ");
    sql.push("record_version");
    sql.into()
}

fn claimed(row: &Row) -> Result<Claimed, sqlx::Error> {
    Ok(Claimed {
        id: row.some_id(0)?,
        company: CompanyId(row.some_id(1)?),
        webhook: row.some_id(2)?,
        kind: row.some_text(3)?.to_owned(),
        seq: row.int(4)?,
        attempts: row.some_int(5)?,
        made_at: Timestamp(row.some_int(6)?),
        made_by: row.id(7)?.map(UserId),
        retry_until: Timestamp(row.some_int(8)?),
        version: row.some_int(9)?,
    })
}

fn settle(dialect: Dialect, tried: &Tried, now: Timestamp) -> Statement {
    let (state, again) = match tried.next {
        Next::Delivered => ("delivered", None),
        Next::Again(at) => ("pending", Some(at.0)),
        Next::Never => ("failed", None),
    };
    let delivered_at = (tried.next == Next::Delivered).then_some(now.0);
    let mut sql = Sql::new(dialect);
    sql.push("UPDATE webhook_delivery SET state = ").bind(Arg::text(state));
    sql.push(", next_try_at = ").bind(Arg::opt_int(again)).push(", last_try_at = ").bind(Arg::Int(tried.at.0));
    sql.push(", last_status = ").bind(Arg::opt_int(tried.status.map(i64::from)));
    sql.push(", last_error = ").bind(Arg::opt_text(tried.error.as_deref()));
    sql.push(", duration_ms = ").bind(Arg::Int(tried.duration_ms)).push(", delivered_at = ").bind(Arg::opt_int(delivered_at));
    sql.push(", updated_at = ").bind(Arg::Int(now.0)).push(", record_version = record_version + 1 WHERE id = ");
    sql.bind(Arg::id(tried.delivery.id));
    if tried.next != Next::Delivered {
        sql.push(" AND record_version = ").bind(Arg::Int(tried.delivery.version));
    }
    sql.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Backend;
    use crate::{Database, Settings};

    #[tokio::test]
    async fn what_is_asked_again_and_again_is_found_by_an_index() {
        let folder = std::env::temp_dir().join(format!("workforceos-webhooks-{}", std::process::id()));
        let database = Database::Sqlite(folder.join("test.db"));
        let store = Store::open(Settings { database, journal_key: [0; 32], readers: 1 }).await.expect("opens");
        let Backend::Sqlite(sqlite) = &store.0.backend else { panic!("this is SQLite's") };
        let (now, webhook) = (Timestamp(1), Claim { webhook: Uuid::nil(), limit: 4 });
        let statements = [
            (due(Dialect::Sqlite, now), "webhook_delivery_due"),
            (claim(Dialect::Sqlite, &webhook, now, now), "webhook_delivery_due"),
            (forget(Dialect::Sqlite, now), "webhook_delivery_age"),
        ];
        for (statement, index) in statements {
            let explain = Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql).into(), args: statement.args };
            let rows = sqlite.run(explain).await.expect("explains");
            let plan: Vec<&str> = rows.iter().map(|row| row.some_text(3).expect("a step")).collect();
            assert!(plan.iter().any(|step| step.contains(&format!("INDEX {index} "))), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("SCAN webhook_delivery") || step.contains("SCAN d")), "{plan:?}");
        }
        store.close().await;
        std::fs::remove_dir_all(folder).expect("removes");
    }
}
