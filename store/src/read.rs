//! Rows and their joins, a fixed number of statements per page.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use uuid::Uuid;
use workforceos_core::answer::Join as Joins;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{Join, Joined, Property};
use workforceos_core::value::Kind;
use workforceos_core::{Error, ObjectDef, Query, Record, Result, Value};

use crate::arg::Arg;
use crate::condition;
use crate::connection::{Conn, Row};
use crate::dialect::{Dialect, Ours as _};
use crate::joined_lists;
use crate::search;
use crate::sql::Sql;
use crate::store::Found;
use crate::table::{Table, value};

/// How many ids one statement asks for at most.
const IDS_PER_STATEMENT: usize = 1024;

/// The sequence of the company that is the first argument (PostgreSQL).
const SEQ: &str = "(SELECT seq FROM tenant WHERE id = $1)";

/// The condition of a query as SQL, with the company's and that of being active.
pub(crate) struct Filter {
    pub(crate) table: &'static Table,
    pub(crate) text: String,
    pub(crate) args: Vec<Arg>,
    /// Another way to count, where there is a faster one.
    counted: Option<(String, Vec<Arg>)>,
}

impl Filter {
    pub(crate) fn new(dialect: Dialect, query: &Query) -> Result<Filter> {
        let table = Table::of(query.def)?;
        let mut sql = Sql::new(dialect);
        sql.push(" WHERE ");
        if let Some(company) = query.company {
            // A row found by what is its own needs no index of its company's rows.
            sql.push(if search::names_rows(query.def, &query.cond) { dialect.unindexed() } else { "" });
            sql.push("t.").push(table.company_column()).push(" = ").bind(Arg::id(company)).push(" AND ");
        }
        sql.push("t.is_active = 1 AND ");
        condition::push(&mut sql, query, &query.cond)?;
        let mut count = Sql::new(dialect);
        let counted = search::count(&mut count, query, SEQ)?.then_some((count.text, count.args));
        Ok(Filter { table, text: sql.text, args: sql.args, counted })
    }

    /// Counts all rows that satisfy it. With `seq`, also the sequence of the company, which is its first argument, at the
    /// same moment.
    pub(crate) async fn count(&self, conn: &mut Conn<'_>, seq: bool) -> Result<(u64, i64)> {
        let head = if seq { SEQ } else { "NULL" };
        let (text, args) = match &self.counted {
            Some((text, args)) => (text.replacen(SEQ, head, 1), args),
            None => (format!("SELECT count(*), {head} FROM {} t{}", self.table.def.table, self.text), &self.args),
        };
        let rows = conn.rows(text, args.clone()).await.ours()?;
        let row = rows.first().ok_or_else(|| Error::internal("a count without a row"))?;
        Ok((u64::try_from(row.some_int(0).ours()?).unwrap_or(0), row.int(1).ours()?.unwrap_or(0)))
    }
}

/// Rows, and where it was asked for the company's sequence at the moment that they show.
pub(crate) struct Rows {
    pub(crate) found: Vec<Found>,
    pub(crate) seq: Option<i64>,
}

/// Reads a page of rows with their joins. `seq`: see [`Filter::count`].
pub(crate) async fn rows(conn: &mut Conn<'_>, query: &Query, filter: &Filter, seq: bool) -> Result<Rows> {
    let table = filter.table;
    let joins = asked_joins(query)?;
    let text = page_text(conn.dialect(), query, filter, &joins, seq);
    let mut args = filter.args.clone();
    args.push(Arg::Int(i64::try_from(query.limit).unwrap_or(i64::MAX)));
    args.push(Arg::Int(i64::try_from(query.offset).unwrap_or(i64::MAX)));
    let rows = conn.rows(text, args).await.ours()?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        found.push(decode(table, &joins, row).ours()?);
    }
    let seq = match rows.first() {
        Some(row) if seq => row.int(0).ours()?,
        _ => None,
    };
    drop(rows);
    load_links(conn, table, &mut found).await?;
    load_many(conn, &joins, query.company, &mut found).await?;
    joined_lists::load(conn, &joins, &mut found).await?;
    Ok(Rows { found, seq })
}

/// Hands over all rows of a query, one at a time; without joins and, of objects that have any, without lists of ids.
pub(crate) async fn each(conn: &mut Conn<'_>, query: &Query, mut take: impl FnMut(&Record) -> Result<()>) -> Result<()> {
    let filter = Filter::new(conn.dialect(), query)?;
    let table = filter.table;
    let text = format!("SELECT {} FROM {} t{}", table.selected, table.def.table, filter.text);
    let mut failed = Ok(());
    let taking = |row: &Row| {
        if failed.is_ok() {
            failed = take(&table.record(row, 0)?);
        }
        Ok(())
    };
    conn.each(text, filter.args, taking).await.ours()?;
    failed
}

/// A join with the properties that it shows.
pub(crate) struct Asked {
    join: &'static Join,
    target: &'static ObjectDef,
    pub(crate) fields: Vec<&'static Property>,
    /// A list of ids, where that property is one.
    pub(crate) many: Option<usize>,
}

impl Asked {
    /// The fields that are columns; lists of ids stand in tables of their own.
    fn columns(&self) -> impl Iterator<Item = &'static Property> + '_ {
        self.fields.iter().copied().filter(|p| !matches!(p.kind, Kind::Ids(_)))
    }
}

fn asked_joins(query: &Query) -> Result<Vec<Asked>> {
    let ask = |name: &&'static str| {
        let unknown = || Error::internal(format!("{} has no join {name}", query.def.name));
        let join = query.def.join(name).ok_or_else(unknown)?;
        let target = (join.target)();
        let fields = join.fields.iter().map(|f| target.property(f)).collect::<Option<Vec<_>>>().ok_or_else(unknown)?;
        let index = query.def.index(join.property).ok_or_else(unknown)?;
        let is_list = query.def.property(join.property).is_some_and(|p| matches!(p.kind, Kind::Ids(_)));
        Ok(Asked { join, target, fields, many: is_list.then_some(index) })
    };
    query.joins.iter().map(ask).collect()
}

fn page_text(dialect: Dialect, query: &Query, filter: &Filter, joins: &[Asked], seq: bool) -> String {
    let table = filter.table;
    let head = if seq { SEQ } else { "NULL" };
    let mut text = String::with_capacity(1024);
    text.push_str("SELECT ");
    text.push_str(head);
    text.push_str(", ");
    text.push_str(&table.selected);
    let mut from = String::new();
    for (i, asked) in joins.iter().enumerate().filter(|(_, asked)| asked.many.is_none()) {
        // Writing to a string cannot fail.
        let _ = write!(text, ", j{i}.id");
        for field in asked.columns() {
            let _ = write!(text, ", j{i}.{}", field.column);
        }
        let column = query.def.property(asked.join.property).map_or("id", |p| p.column);
        let _ = write!(from, " LEFT JOIN {} j{i} ON j{i}.id = t.{column}", asked.target.table);
        // What a root admin did in a company names a user of another tenant, who is nobody there.
        if let (Some(_), Ok(Table { company: Some(_), .. })) = (table.company, Table::of(asked.target)) {
            let _ = write!(from, " AND j{i}.company_id = t.company_id");
        }
    }
    let mut page = filter.text.clone();
    push_order(dialect, query, &mut page);
    page.push_str(" LIMIT ");
    dialect.parameter(&mut page, filter.args.len() + 1);
    page.push_str(" OFFSET ");
    dialect.parameter(&mut page, filter.args.len() + 2);
    let name = query.def.table;
    if query.offset == 0 || from.is_empty() {
        let _ = write!(text, " FROM {name} t{from}{page}");
    } else {
        // The rows before a deep page are counted off before anything is joined to them.
        let _ = write!(text, " FROM (SELECT t.id FROM {name} t{page}) p JOIN {name} t ON t.id = p.id{from}");
        push_order(dialect, query, &mut text);
    }
    text
}

/// The order asked for, and the id behind it, so that pages never overlap.
fn push_order(dialect: Dialect, query: &Query, text: &mut String) {
    text.push_str(" ORDER BY ");
    let mut by_id = false;
    for sort in &query.order {
        let Some(property) = query.def.property(sort.property).filter(|p| !matches!(p.kind, Kind::Ids(_))) else { continue };
        text.push_str("t.");
        text.push_str(property.column);
        text.push_str(if sort.descending { " DESC" } else { "" });
        text.push_str(if property.required { "" } else { dialect.null_order(sort.descending) });
        text.push_str(", ");
        by_id = by_id || property.column == "id";
    }
    if by_id {
        text.truncate(text.len() - 2);
    } else {
        text.push_str("t.id");
    }
}

fn decode(table: &Table, joins: &[Asked], row: &Row) -> Result<Found, sqlx::Error> {
    // The first column is the company's sequence.
    let record = table.record(row, 1)?;
    let mut found = Vec::with_capacity(joins.len());
    let mut column = 1 + table.columns.len();
    for asked in joins {
        if asked.many.is_some() {
            found.push((asked.join.name, Joins::Many(Vec::new())));
            continue;
        }
        let one = match row.id(column)? {
            None => None,
            Some(id) => Some(joined(asked, row, id, column + 1)?),
        };
        found.push((asked.join.name, Joins::One(one)));
        column += 1 + asked.columns().count();
    }
    Ok(Found { record, joins: found })
}

fn joined(asked: &Asked, row: &Row, id: Uuid, from: usize) -> Result<Joined, sqlx::Error> {
    let mut column = from;
    let each = |property: &&'static Property| {
        let read = value(row, column, property.kind)?;
        column += usize::from(!matches!(property.kind, Kind::Ids(_)));
        Ok((*property, read))
    };
    let fields: Arc<[_]> = asked.fields.iter().map(each).collect::<Result<_, sqlx::Error>>()?;
    Ok(Joined { id, fields })
}

/// The lists of ids of all rows, with one statement per link table.
async fn load_links(conn: &mut Conn<'_>, table: &Table, found: &mut [Found]) -> Result<()> {
    for (index, link) in &table.links {
        let owners: Vec<Uuid> = found.iter().map(|f| f.record.id()).collect();
        let mut lists = links_of(conn, link, &owners).await?;
        for row in found.iter_mut() {
            if let Some(ids) = lists.remove(&row.record.id()) {
                row.record.values[*index] = Value::Ids(ids);
            }
        }
    }
    Ok(())
}

/// The lists of ids that these owners have in a link table, each in its order.
pub(crate) async fn links_of(conn: &mut Conn<'_>, link: &str, owners: &[Uuid]) -> Result<HashMap<Uuid, Vec<Uuid>>> {
    let mut lists: HashMap<Uuid, Vec<Uuid>> = HashMap::with_capacity(owners.len());
    for chunk in owners.chunks(IDS_PER_STATEMENT) {
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT owner_id, ref_id FROM ").push(link).push(" WHERE owner_id IN ");
        sql.bind_list(chunk.iter().map(|id| Arg::id(*id)).collect()).push(" ORDER BY owner_id, position");
        for row in conn.rows(sql.text, sql.args).await.ours()? {
            lists.entry(row.some_id(0).ours()?).or_default().push(row.some_id(1).ours()?);
        }
    }
    Ok(lists)
}

/// The objects that lists of ids name, with one statement per join.
async fn load_many(conn: &mut Conn<'_>, joins: &[Asked], company: Option<CompanyId>, found: &mut [Found]) -> Result<()> {
    for (position, asked) in joins.iter().enumerate() {
        let Some(index) = asked.many else { continue };
        let mut ids: Vec<Uuid> = found.iter().flat_map(|f| ids_at(&f.record, index)).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        let objects = objects(conn, asked, company, &ids).await?;
        for row in found.iter_mut() {
            let many = ids_at(&row.record, index).iter().filter_map(|id| objects.get(id).cloned()).collect();
            row.joins[position].1 = Joins::Many(many);
        }
    }
    Ok(())
}

fn ids_at(record: &Record, index: usize) -> &[Uuid] {
    match &record.values[index] {
        Value::Ids(ids) => ids,
        _ => &[],
    }
}

async fn objects(conn: &mut Conn<'_>, asked: &Asked, company: Option<CompanyId>, ids: &[Uuid]) -> Result<HashMap<Uuid, Joined>> {
    let mut objects = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_PER_STATEMENT) {
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT id");
        for field in asked.columns() {
            sql.push(", ").push(field.column);
        }
        sql.push(" FROM ").push(asked.target.table).push(" WHERE id IN ");
        sql.bind_list(chunk.iter().map(|id| Arg::id(*id)).collect());
        if let Some(company) = company {
            sql.push(" AND ").push(Table::of(asked.target)?.company_column()).push(" = ").bind(Arg::id(company));
        }
        for row in conn.rows(sql.text, sql.args).await.ours()? {
            let id = row.some_id(0).ours()?;
            objects.insert(id, joined(asked, &row, id, 1).ours()?);
        }
    }
    Ok(objects)
}

/// A user's rows, active or not.
pub(crate) async fn owned(conn: &mut Conn<'_>, def: &'static ObjectDef, company: CompanyId, user: UserId) -> Result<Vec<Record>> {
    let Some(owner) = def.owned_by.and_then(|name| def.property(name)) else { return Ok(Vec::new()) };
    let table = Table::of(def)?;
    let mut sql = Sql::new(conn.dialect());
    sql.push("SELECT ").push(&table.selected).push(" FROM ").push(def.table).push(" t WHERE t.");
    sql.push(table.company_column()).push(" = ").bind(Arg::id(company));
    sql.push(" AND t.").push(owner.column).push(" = ").bind(Arg::id(user));
    let mut found = Vec::new();
    for row in conn.rows(sql.text, sql.args).await.ours()? {
        found.push(Found { record: table.record(&row, 0).ours()?, joins: Vec::new() });
    }
    load_links(conn, table, &mut found).await?;
    Ok(found.into_iter().map(|f| f.record).collect())
}

/// Rows by their ids. `company`: of that company alone; `active`: not the deleted ones.
pub(crate) async fn by_id(
    conn: &mut Conn<'_>,
    def: &'static ObjectDef,
    company: Option<CompanyId>,
    ids: &[Uuid],
    active: bool,
) -> Result<Vec<Record>> {
    let table = Table::of(def)?;
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_PER_STATEMENT) {
        let mut sql = Sql::new(conn.dialect());
        sql.push("SELECT ").push(&table.selected).push(" FROM ").push(def.table).push(" t WHERE t.id IN ");
        sql.bind_list(chunk.iter().map(|id| Arg::id(*id)).collect());
        if let Some(company) = company {
            sql.push(" AND t.").push(table.company_column()).push(" = ").bind(Arg::id(company));
        }
        sql.push(if active { " AND t.is_active = 1" } else { "" });
        for row in conn.rows(sql.text, sql.args).await.ours()? {
            found.push(Found { record: table.record(&row, 0).ours()?, joins: Vec::new() });
        }
    }
    load_links(conn, table, &mut found).await?;
    Ok(found.into_iter().map(|f| f.record).collect())
}
