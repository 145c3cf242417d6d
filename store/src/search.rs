//! Finding rows by their words, among a hundred thousand within milliseconds.
//!
//! SQLite guesses that a company has ten rows, so it would walk all of them whatever the words are. Rows that are few are
//! therefore looked up first and named by their ids; where they are many, a walk in the list's order soon has a page of them.

use std::borrow::Cow;
use std::cmp::Reverse;

use uuid::Uuid;
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::{Cond, Error, ObjectDef, Query, Result, Value};

use crate::arg::Arg;
use crate::condition::FALSE;
use crate::connection::Conn;
use crate::dialect::Ours as _;
use crate::sql::Sql;
use crate::table::Table;

/// Up to here rows are named by their ids.
const FEW: usize = 1_000;
/// Up to here the words of a beginning are counted: beyond, one is as bad as another.
const COUNTED: i64 = 5_000;

/// The query with the ids of its rows instead of their words, where they are few.
pub(crate) async fn narrowed<'q>(conn: &mut Conn<'_>, query: &'q Query) -> Result<Cow<'q, Query>> {
    let ordered = fewest_first(conn, query).await?;
    let Some(starts) = words_of(&ordered.cond).filter(|starts| !starts.is_empty()) else { return Ok(ordered) };
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT DISTINCT w.owner_id ");
    matching(&mut sql, &ordered, starts)?;
    sql.push(" LIMIT ").bind(Arg::Int(FEW as i64 + 1));
    let rows = conn.rows(sql.text, sql.args).await.ours()?;
    if rows.len() > FEW {
        return Ok(ordered);
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.some_id(0)).collect::<Result<_, _>>().ours()?;
    let ids = Cond::In("id", ids.into_iter().map(Value::Id).collect());
    Ok(Cow::Owned(instead(ordered.into_owned(), &ids)))
}

/// The query with that beginning first which has the fewest words: it leads. The longest may be everybody's, as the domain of
/// e-mail addresses is.
pub(crate) async fn fewest_first<'q>(conn: &mut Conn<'_>, query: &'q Query) -> Result<Cow<'q, Query>> {
    let Some(starts) = words_of(&query.cond).filter(|starts| starts.len() > 1) else { return Ok(Cow::Borrowed(query)) };
    let mut counts = vec![0; starts.len()];
    // Only a company's words have an index.
    if let Some(company) = query.company {
        let (table, mut sql) = (table(query)?, Sql::new(conn.dialect()));
        for (i, start) in starts.iter().enumerate() {
            sql.push(if i > 0 { ", " } else { "SELECT " }).push("(SELECT count(*) FROM (SELECT 1 FROM ").push(table);
            sql.push(" w WHERE w.company_id = ").bind(Arg::id(company)).push(" AND ");
            begins(&mut sql, "w", start);
            sql.push(" LIMIT ").bind(Arg::Int(COUNTED)).push(") w)");
        }
        let rows = conn.rows(sql.text, sql.args).await.ours()?;
        let row = rows.first().ok_or_else(|| Error::internal("counts without a row"))?;
        for (i, count) in counts.iter_mut().enumerate() {
            *count = row.some_int(i).ours()?;
        }
    }
    let mut order: Vec<usize> = (0..starts.len()).collect();
    order.sort_by_key(|i| (counts[*i], Reverse(starts[*i].len())));
    let ordered = Cond::Words(order.into_iter().map(|i| starts[i].clone()).collect());
    Ok(Cow::Owned(instead(query.clone(), &ordered)))
}

/// The words of a condition, if it is theirs or one of several that all must hold.
fn words_of(cond: &Cond) -> Option<&[String]> {
    match cond {
        Cond::Words(starts) => Some(starts),
        Cond::All(list) => list.iter().find_map(words_of),
        _ => None,
    }
}

/// The query with this instead of its words.
fn instead(query: Query, of_words: &Cond) -> Query {
    fn put(cond: Cond, of_words: &Cond) -> Cond {
        match cond {
            Cond::Words(_) => of_words.clone(),
            Cond::All(list) => Cond::All(list.into_iter().map(|cond| put(cond, of_words)).collect()),
            other => other,
        }
    }
    Query { cond: put(query.cond, of_words), ..query }
}

/// Whether the rows are found through their ids, or users through their addresses: then no other index may tempt the database.
pub(crate) fn names_rows(def: &'static ObjectDef, cond: &Cond) -> bool {
    match cond {
        Cond::In(property, _) | Cond::Cmp(property, workforceos_core::query::Op::Eq, _) => {
            *property == "id" || (*property == "email" && *def == *User::def())
        }
        Cond::All(list) => list.iter().any(|cond| names_rows(def, cond)),
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

/// `FROM … WHERE …` of the words' table, each row that is found once or several times. The first beginning leads.
fn matching(sql: &mut Sql, query: &Query, starts: &[String]) -> Result<()> {
    let table = table(query)?;
    let Some((first, others)) = starts.split_first() else { return Err(Error::internal("a search for no words")) };
    sql.push("FROM ").push(table).push(" w WHERE ");
    if let Some(company) = query.company {
        sql.push("w.company_id = ").bind(Arg::id(company)).push(" AND ");
    }
    begins(sql, "w", first);
    for start in others {
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

#[cfg(test)]
mod tests {
    use workforceos_core::id::CompanyId;
    use workforceos_core::objects::User;
    use workforceos_core::{DataObject as _, words};

    use super::*;
    use crate::store::{Backend, Store};
    use crate::tenancy::Mode;
    use crate::{Database, Settings};

    #[tokio::test]
    async fn what_everybody_has_does_not_lead() {
        let folder = std::env::temp_dir().join(format!("workforceos-search-{}", std::process::id()));
        let database = Database::Sqlite(folder.join("test.db"));
        let store = Store::open(Settings { database, journal_key: [0; 32], readers: 1 }).await.expect("opens");
        let Backend::Sqlite(sqlite) = &store.0.backend else { panic!("this is SQLite's") };
        let (own, foreign) = (CompanyId::ROOT, CompanyId(Uuid::from_u128(7)));
        let people = (0..9).map(|n| (own, format!("p{n}"), n)).chain([(own, "ann".to_owned(), 3)]);
        let people = people.chain((0..9).map(|n| (own, "example".to_owned(), n)));
        // What another company has does not count.
        for (company, word, n) in people.chain((20..40).map(|n| (foreign, "ann".to_owned(), n))) {
            let mut sql = Sql::new(crate::dialect::Dialect::Sqlite);
            sql.push("INSERT INTO users_word VALUES (").bind(Arg::id(company)).push(", ").bind(Arg::text(&word));
            sql.push(", ").bind(Arg::id(Uuid::from_u128(n))).push(")");
            sqlite.run(sql.into()).await.expect("writes");
        }
        let mut held = sqlite.reader(Mode::Read).await.expect("reads");
        let search = |text: &str| Cond::All(vec![Cond::Words(words::of(text).into_iter().collect())]);
        let query = Query::of(User::def(), own, search("p ann@example"));
        let ordered = fewest_first(&mut held.conn(), &query).await.expect("counts");
        assert_eq!(words_of(&ordered.cond).expect("words"), ["ann", "example", "p"]);
        // Nobody has the last: it leads, and nothing else is looked at.
        let query = Query::of(User::def(), own, search("ann example zo"));
        let ordered = fewest_first(&mut held.conn(), &query).await.expect("counts");
        assert_eq!(words_of(&ordered.cond).expect("words"), ["zo", "ann", "example"]);
        let mut sql = Sql::new(crate::dialect::Dialect::Sqlite);
        assert!(count(&mut sql, &ordered, "NULL").expect("counts"));
        assert!(matches!(&sql.args[1], Arg::Text(lead) if &**lead == "zo"));
        drop(held);
        store.close().await;
        std::fs::remove_dir_all(folder).expect("removes");
    }
}
