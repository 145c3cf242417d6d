//! Makes stored words anew where they are of another version of the program: rows that are written later bring their own.

use workforceos_core::{Result, objects, words};

use crate::arg::Arg;
use crate::connection::Conn;
use crate::dialect::{Dialect, Ours as _};
use crate::sql::Sql;
use crate::table::Table;

/// Rows read at a time.
const ROWS: i64 = 1_000;
/// Words written with one statement.
const WORDS: usize = 1_000;
/// Nodes that start at once do it one after the other; the number only has to be nobody else's.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7310570226)";

/// Brings the words of every object up to date, in a transaction that the caller has opened and commits.
pub(crate) async fn bring_up_to_date(conn: &mut Conn<'_>) -> Result<()> {
    if conn.dialect() == Dialect::Postgres {
        conn.rows(LOCK, Vec::new()).await.ours()?;
    }
    for def in objects::all() {
        let table = Table::of(def)?;
        if let Some(words) = table.words
            && version(conn, words).await? != Some(words::VERSION)
        {
            rebuild(conn, table, words).await?;
        }
    }
    Ok(())
}

async fn version(conn: &mut Conn<'_>, words: &str) -> Result<Option<i64>> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT version FROM word_version WHERE name = ").bind(Arg::text(words));
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    rows.first().map(|row| row.some_int(0)).transpose().ours()
}

async fn rebuild(conn: &mut Conn<'_>, table: &'static Table, words: &'static str) -> Result<()> {
    if conn.dialect() == Dialect::Postgres {
        // A row that another node is writing would be missed, or get its words twice.
        conn.execute(format!("LOCK TABLE {} IN SHARE MODE", table.def.table).into(), Vec::new()).await.ours()?;
    }
    conn.execute(format!("DELETE FROM {words}").into(), Vec::new()).await.ours()?;
    let mut last = String::new();
    let mut count = 0_usize;
    loop {
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT ").push(&table.selected).push(" FROM ").push(table.def.table).push(" t WHERE t.id > ");
        sql.bind(Arg::text(&last)).push(" ORDER BY t.id LIMIT ").bind(Arg::Int(ROWS));
        let rows = conn.rows(sql.text, sql.args).await.ours()?;
        let mut found = Vec::new();
        for row in &rows {
            let record = table.record(row, 0).ours()?;
            last = row.some_text(0).ours()?.to_owned();
            let company = table.company.and_then(|i| record.values[i].as_id()).unwrap_or_default();
            let own = words::of_record(&record);
            found.extend(own.iter().map(|word| [Arg::id(company), Arg::text(word), Arg::id(record.id())]));
        }
        count += rows.len();
        for chunk in found.chunks(WORDS) {
            insert(conn, words, chunk).await?;
        }
        if rows.len() < ROWS as usize {
            break;
        }
    }
    let mut sql = Sql::new(conn.dialect());
    sql.push("INSERT INTO word_version (name, version) VALUES (").bind(Arg::text(words)).push(", ");
    sql.bind(Arg::Int(words::VERSION)).push(") ON CONFLICT (name) DO UPDATE SET version = excluded.version");
    conn.execute(sql.text.into(), sql.args).await.ours()?;
    if count > 0 {
        tracing::info!(table = words, rows = count, "words made anew");
    }
    Ok(())
}

async fn insert(conn: &mut Conn<'_>, words: &str, rows: &[[Arg; 3]]) -> Result<()> {
    let mut sql = Sql::new(conn.dialect());
    sql.push("INSERT INTO ").push(words).push(" (company_id, word, owner_id) VALUES ");
    for (i, [company, word, owner]) in rows.iter().enumerate() {
        sql.push(if i > 0 { ", (" } else { "(" }).bind(company.clone()).push(", ").bind(word.clone());
        sql.push(", ").bind(owner.clone()).push(")");
    }
    sql.push(" ON CONFLICT DO NOTHING");
    conn.execute(sql.text.into(), sql.args).await.ours().map(drop)
}
