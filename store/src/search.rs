//! Finding rows by their words, among a hundred thousand within milliseconds.
//!
//! SQLite guesses that a company has ten rows, so it would walk all of them whatever the words are. Rows that are few are
//! therefore looked up first and named by their ids; where they are many, a walk in the list's order soon has a page of them.

use std::borrow::Cow;

use uuid::Uuid;
use workforceos_core::{Cond, Error, Query, Result, Value};

use crate::arg::Arg;
use crate::condition::FALSE;
use crate::connection::Conn;
use crate::dialect::Ours as _;
use crate::sql::Sql;
use crate::table::Table;

/// Up to here rows are named by their ids.
const FEW: usize = 1_000;

/// The query with the ids of its rows instead of their words, where they are few.
pub(crate) async fn narrowed<'q>(conn: &mut Conn<'_>, query: &'q Query) -> Result<Cow<'q, Query>> {
    let Some(starts) = words_of(&query.cond).filter(|starts| !starts.is_empty()) else { return Ok(Cow::Borrowed(query)) };
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT DISTINCT w.owner_id ");
    matching(&mut sql, query, starts)?;
    sql.push(" LIMIT ").bind(Arg::Int(FEW as i64 + 1));
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    if rows.len() > FEW {
        return Ok(Cow::Borrowed(query));
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.some_id(0)).collect::<Result<_, _>>().ours()?;
    let mut query = query.clone();
    query.cond = named(query.cond, &ids);
    Ok(Cow::Owned(query))
}

/// The words of a condition, if it is theirs or one of several that all must hold.
fn words_of(cond: &Cond) -> Option<&[String]> {
    match cond {
        Cond::Words(starts) => Some(starts),
        Cond::All(list) => list.iter().find_map(words_of),
        _ => None,
    }
}

fn named(cond: Cond, ids: &[Uuid]) -> Cond {
    match cond {
        Cond::Words(_) => Cond::In("id", ids.iter().map(|id| Value::Id(*id)).collect()),
        Cond::All(list) => Cond::All(list.into_iter().map(|cond| named(cond, ids)).collect()),
        other => other,
    }
}

/// Whether the rows are found through their ids: then no other index may tempt the database.
pub(crate) fn names_ids(cond: &Cond) -> bool {
    match cond {
        Cond::In(property, _) | Cond::Cmp(property, workforceos_core::query::Op::Eq, _) => *property == "id",
        Cond::All(list) => list.iter().any(names_ids),
        _ => false,
    }
}

/// Counts the rows where nothing but words is asked for: only active ones have any.
pub(crate) fn count(sql: &mut Sql, query: &Query, seq: &str) -> Result<bool> {
    let starts = match &query.cond {
        Cond::Words(starts) => starts,
        Cond::All(list) => match list.as_slice() {
            [Cond::Words(starts)] => starts,
            _ => return Ok(false),
        },
        _ => return Ok(false),
    };
    if starts.is_empty() {
        return Ok(false);
    }
    sql.push("SELECT count(DISTINCT w.owner_id), ").push(seq).push(" ");
    matching(sql, query, starts)?;
    Ok(true)
}

/// The condition on a row that is at hand already.
pub(crate) fn condition(sql: &mut Sql, query: &Query, starts: &[String]) -> Result<()> {
    let table = table(query)?;
    for (i, start) in starts.iter().enumerate() {
        sql.push(if i > 0 { " AND " } else { "" });
        sql.push("EXISTS (SELECT 1 FROM ").push(table).push(" w WHERE w.owner_id = t.id AND ");
        begins(sql, "w", start);
        sql.push(")");
    }
    if starts.is_empty() {
        sql.push(FALSE);
    }
    Ok(())
}

/// `FROM … WHERE …` of the words' table, each row that is found once or several times. The longest beginning leads: it has
/// the fewest words.
fn matching(sql: &mut Sql, query: &Query, starts: &[String]) -> Result<()> {
    let table = table(query)?;
    let longest = (0..starts.len()).max_by_key(|i| starts[*i].len()).unwrap_or(0);
    sql.push("FROM ").push(table).push(" w WHERE ");
    if let Some(company) = query.company {
        sql.push("w.company_id = ").bind(Arg::id(company)).push(" AND ");
    }
    begins(sql, "w", &starts[longest]);
    for (_, start) in starts.iter().enumerate().filter(|(i, _)| *i != longest) {
        sql.push(" AND EXISTS (SELECT 1 FROM ").push(table).push(" x WHERE x.owner_id = w.owner_id AND ");
        begins(sql, "x", start);
        sql.push(")");
    }
    Ok(())
}

/// Words are letters and digits: all that begin alike sort before `~`.
fn begins(sql: &mut Sql, alias: &str, start: &str) {
    sql.push(alias).push(".word >= ").bind(Arg::text(start));
    sql.push(" AND ").push(alias).push(".word < ").bind(Arg::text(&format!("{start}~")));
}

fn table(query: &Query) -> Result<&'static str> {
    let none = || Error::internal(format!("{} is not found by words", query.def.name));
    Table::of(query.def)?.words.ok_or_else(none)
}
