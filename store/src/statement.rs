//! The statements that write several rows, and what becomes of them when the database refuses.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use workforceos_core::Error;
use workforceos_core::change::Taken;

use crate::arg::Arg;
use crate::connection::Conn;
use crate::dialect::{Dialect, Meaning, meaning, trouble};
use crate::prepare::{JOURNAL_COLUMNS, Put};
use crate::table::Table;

/// Most rows of one statement. Lists are cut to powers of two up to it, so that few texts serve all lengths.
const ROWS_PER_STATEMENT: usize = 64;

/// Why a group could not be written.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A row is not at the version that the change was decided on.
    Stale,
    /// The group must be written change by change, since its own order matters.
    Order,
    /// The database refused a row of this table.
    Row(&'static str, sqlx::Error),
    /// The database could not do it at all.
    Trouble(Error),
}

impl Fault {
    pub(crate) fn of(table: &'static str, error: sqlx::Error) -> Fault {
        match meaning(&error) {
            Meaning::Taken | Meaning::Missing | Meaning::Wrong => Fault::Row(table, error),
            Meaning::Full | Meaning::Busy | Meaning::Broken => Fault::Trouble(trouble(error)),
        }
    }

    /// The error for the caller of the change that it belongs to.
    pub(crate) fn into_error(self, taken: Option<Taken>) -> Error {
        let changed = || Error::conflict("ConcurrentChange", "Somebody else has just changed this: look again and repeat");
        let (table, error) = match self {
            Fault::Stale | Fault::Order => return changed(),
            Fault::Trouble(error) => return error,
            Fault::Row(table, error) => (table, error),
        };
        match (meaning(&error), table, taken) {
            (Meaning::Taken, "idempotency", _) => {
                Error::conflict("IdempotencyConflict", "This Idempotency-Key is in use already").because(error)
            }
            (Meaning::Taken, "journal" | "tenant", _) | (Meaning::Missing, ..) => changed().because(error),
            (Meaning::Taken, _, Some(taken)) => taken().because(error),
            (Meaning::Taken, _, None) => Error::conflict("AlreadyExists", "There is such an object already").because(error),
            _ => Error::internal(error),
        }
    }
}

pub(crate) async fn insert(conn: &mut Conn<'_>, shape: Shape, rows: &[&[Arg]]) -> Result<(), Fault> {
    let mut rest = rows;
    while !rest.is_empty() {
        let n = chunk(rest.len());
        let (now, later) = rest.split_at(n);
        rest = later;
        conn.execute(text(conn.dialect(), shape, n), now.concat()).await.map_err(|e| Fault::of(shape.table(), e))?;
    }
    Ok(())
}

pub(crate) async fn update(conn: &mut Conn<'_>, table: &'static Table, puts: &[&Put]) -> Result<(), Fault> {
    let mut rest = puts;
    while !rest.is_empty() {
        let n = chunk(rest.len());
        let (now, later) = rest.split_at(n);
        rest = later;
        let args = now.iter().flat_map(|p| p.args.iter().cloned()).collect();
        let sql = text(conn.dialect(), Shape::Update(table), n);
        let changed = conn.execute(sql, args).await.map_err(|e| Fault::of(table.def.table, e))?;
        if changed != n as u64 {
            return Err(Fault::Stale);
        }
    }
    Ok(())
}

fn chunk(rows: usize) -> usize {
    if rows >= ROWS_PER_STATEMENT { ROWS_PER_STATEMENT } else { 1 << rows.ilog2() }
}

/// A kind of statement that writes several rows.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Insert(&'static Table),
    Update(&'static Table),
    /// Changed rows, on their way into the table.
    Changed(&'static Table),
    Link(&'static str),
    Words(&'static str),
    Journal,
    Idempotency,
    Outbox,
    Tenant,
}

type TextKey = (Dialect, &'static str, bool, usize);

/// The texts made so far: a few per table.
static TEXTS: LazyLock<RwLock<HashMap<TextKey, Arc<str>>>> = LazyLock::new(RwLock::default);

fn text(dialect: Dialect, shape: Shape, rows: usize) -> Arc<str> {
    let key = (dialect, shape.table(), matches!(shape, Shape::Update(_)), rows);
    if let Some(text) = TEXTS.read().ok().and_then(|texts| texts.get(&key).cloned()) {
        return text;
    }
    let text: Arc<str> = shape.text(dialect, rows).into();
    if let Ok(mut texts) = TEXTS.write() {
        texts.insert(key, text.clone());
    }
    text
}

impl Shape {
    pub(crate) fn table(self) -> &'static str {
        match self {
            Shape::Insert(table) | Shape::Update(table) => table.def.table,
            Shape::Changed(table) => table.changed,
            Shape::Link(table) | Shape::Words(table) => table,
            Shape::Journal => "journal",
            Shape::Idempotency => "idempotency",
            Shape::Outbox => "outbox",
            Shape::Tenant => "tenant",
        }
    }

    pub(crate) fn columns(self) -> Vec<&'static str> {
        let list = match self {
            Shape::Insert(table) | Shape::Update(table) | Shape::Changed(table) => {
                return table.columns.iter().map(|(_, p)| p.column).collect();
            }
            Shape::Link(_) => "owner_id, ref_id, position, company_id",
            Shape::Words(_) => "company_id, word, owner_id",
            Shape::Journal => JOURNAL_COLUMNS,
            Shape::Idempotency => "company_id, user_id, key, fingerprint, answer, at",
            Shape::Outbox => "id, company_id, kind, payload, tries, due_at, leased_until",
            Shape::Tenant => "id, seq, chain, next_due_at",
        };
        list.split(", ").collect()
    }

    fn text(self, dialect: Dialect, rows: usize) -> String {
        let columns = self.columns();
        let values = values(dialect, rows, columns.len());
        let table = self.table();
        if matches!(self, Shape::Update(_)) {
            return update_text(table, &columns, &values);
        }
        let conflict = match self {
            Shape::Tenant => {
                " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, chain = excluded.chain, next_due_at = excluded.next_due_at"
            }
            _ => "",
        };
        format!("INSERT INTO {table} ({}) VALUES {values}{conflict}", columns.join(", "))
    }
}

/// Replaces rows that are at the version before, of the same company; the id and the company never change.
fn update_text(table: &str, columns: &[&str], values: &str) -> String {
    let place = |column: &str| columns.iter().position(|c| *c == column).map(|i| i + 1);
    let fixed = |column: &str| matches!(column, "id" | "company_id" | "created_at");
    let set: Vec<String> =
        columns.iter().enumerate().filter(|(_, c)| !fixed(c)).map(|(i, c)| format!("{c} = v.column{}", i + 1)).collect();
    let company = place("company_id").map_or_else(String::new, |i| format!(" AND {table}.company_id = v.column{i}"));
    let version = place("record_version").unwrap_or(3);
    format!(
        "UPDATE {table} SET {} FROM (VALUES {values}) AS v \
         WHERE {table}.id = v.column1 AND {table}.record_version = v.column{version} - 1{company}",
        set.join(", ")
    )
}

fn values(dialect: Dialect, rows: usize, width: usize) -> String {
    let mut text = String::with_capacity(rows * width * 6);
    let mut n = 0;
    for row in 0..rows {
        text.push_str(if row > 0 { ", (" } else { "(" });
        for column in 0..width {
            n += 1;
            text.push_str(if column > 0 { ", " } else { "" });
            dialect.parameter(&mut text, n);
        }
        text.push(')');
    }
    text
}
