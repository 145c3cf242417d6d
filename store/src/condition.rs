//! Conditions as SQL.

use std::collections::BTreeSet;

use uuid::Uuid;
use workforceos_core::object::Property;
use workforceos_core::query::{Op, Spans};
use workforceos_core::value::Kind;
use workforceos_core::{Cond, Error, ObjectDef, Query, Result, Value};

use crate::arg::{Arg, canonical};
use crate::dialect::Dialect;
use crate::search;
use crate::sql::Sql;

/// Lists from here on are long.
const LONG: usize = 128;

const TRUE: &str = "1 = 1";
pub(crate) const FALSE: &str = "1 = 0";

/// Adds a condition of the query, whose rows have the alias `t`.
pub(crate) fn push(sql: &mut Sql, query: &Query, cond: &Cond) -> Result<()> {
    let def = query.def;
    match cond {
        Cond::All(list) => each(sql, query, list, " AND ", TRUE)?,
        Cond::Any(list) => each(sql, query, list, " OR ", FALSE)?,
        Cond::Cmp(name, op, value) => compare(sql, property(def, name)?, *op, value)?,
        Cond::In(name, values) => among(sql, property(def, name)?, values)?,
        Cond::IsNull(name) => match property(def, name)?.kind {
            Kind::Ids(link) => not_exists(sql, link),
            _ => drop(sql.push("t.").push(property(def, name)?.column).push(" IS NULL")),
        },
        Cond::Contains(name, text) => {
            let (before, after, pattern) = sql.dialect.contains(&column(property(def, name)?), text);
            sql.push(&before).bind(Arg::text(&pattern)).push(after);
        }
        Cond::Words(starts) => search::condition(sql, query, starts)?,
        Cond::HasAll(name, ids) => has_all(sql, link(def, name)?, ids),
        Cond::HasAny(name, ids) => {
            let link = link(def, name)?;
            if ids.is_empty() {
                sql.push(FALSE);
            } else {
                sql.push("t.id IN (SELECT owner_id FROM ").push(link).push(" WHERE ref_id IN ");
                sql.bind_list(ids.iter().map(|id| Arg::id(*id)).collect()).push(")");
            }
        }
        Cond::Empty(name) => not_exists(sql, link(def, name)?),
        Cond::Within(name, ids) => {
            let link = link(def, name)?;
            if ids.is_empty() {
                not_exists(sql, link);
            } else {
                sql.push("NOT EXISTS (SELECT 1 FROM ").push(link).push(" l WHERE l.owner_id = t.id AND l.ref_id NOT IN ");
                sql.bind_list(ids.iter().map(|id| Arg::id(*id)).collect()).push(")");
            }
        }
        Cond::Named(other, name, cond) => named(sql, query, other, name, cond)?,
        Cond::JsonEq(name, text) => {
            // The same spelling as the column's.
            let text = serde_json::from_str(text).map_or_else(|_| text.clone(), |json| canonical(&json));
            sql.push(&column(property(def, name)?)).push(" = ").bind(Arg::text(&text));
        }
        Cond::PeriodContains(name, date) => {
            let column = column(property(def, name)?);
            let date = Arg::text(&date.to_string());
            let (start, end) = (bound(sql, &column, "from", "start"), bound(sql, &column, "to", "end"));
            sql.push("(").push(&start).push(" <= ").bind(date.clone());
            sql.push(" AND ").push(&end).push(" >= ").bind(date).push(")");
        }
        Cond::Outside(spans) => outside(sql, query, spans)?,
    }
    Ok(())
}

/// In the inner table `t` is the other object's row; around it, the row that is looked at.
fn outside(sql: &mut Sql, query: &Query, spans: &Spans) -> Result<()> {
    let (from, to) = (property(spans.of, spans.from)?, property(spans.of, spans.to)?);
    let date = column(property(query.def, spans.date)?);
    sql.push("NOT EXISTS (SELECT 1 FROM (SELECT ").push(&column(from)).push(" AS span_from, ").push(&column(to));
    sql.push(" AS span_to FROM ").push(spans.of.table).push(" t WHERE ");
    rows_of(sql, query, spans.of, &spans.cond)?;
    sql.push(") s WHERE s.span_from <= ").push(&date).push(" AND s.span_to >= ").push(&date).push(")");
    Ok(())
}

/// Inside, `t` is the other object's row.
fn named(sql: &mut Sql, query: &Query, other: &'static ObjectDef, name: &str, cond: &Cond) -> Result<()> {
    sql.push("t.id IN (SELECT t.").push(property(other, name)?.column).push(" FROM ").push(other.table).push(" t WHERE ");
    rows_of(sql, query, other, cond)?;
    sql.push(")");
    Ok(())
}

/// The active rows of another object, in the query's company, that satisfy a condition.
fn rows_of(sql: &mut Sql, query: &Query, other: &'static ObjectDef, cond: &Cond) -> Result<()> {
    if let Some(company) = query.company {
        sql.push("t.company_id = ").bind(Arg::id(company)).push(" AND ");
    }
    sql.push("t.is_active = 1 AND ");
    push(sql, &Query { def: other, ..query.clone() }, cond)
}

/// One end of a period, cut to its date.
fn bound(sql: &Sql, column: &str, one: &str, other: &str) -> String {
    let (one, other) = (sql.dialect.json_text(column, one), sql.dialect.json_text(column, other));
    format!("substr(coalesce({one}, {other}), 1, 10)")
}

fn has_all(sql: &mut Sql, link: &str, ids: &[Uuid]) {
    let distinct: BTreeSet<Uuid> = ids.iter().copied().collect();
    match distinct.len() {
        0 => drop(sql.push(TRUE)),
        1 => {
            sql.push("t.id IN (SELECT owner_id FROM ").push(link).push(" WHERE ref_id = ");
            sql.bind(Arg::id(ids[0])).push(")");
        }
        n => {
            // A link table holds each id of a list once.
            sql.push("(SELECT count(*) FROM ").push(link).push(" l WHERE l.owner_id = t.id AND l.ref_id IN ");
            sql.bind_list(distinct.into_iter().map(Arg::id).collect()).push(") = ");
            sql.bind(Arg::Int(i64::try_from(n).unwrap_or(i64::MAX)));
        }
    }
}

/// In halves, since SQLite bounds how deep an expression is: a chain of a thousand would be too deep.
fn each(sql: &mut Sql, query: &Query, list: &[Cond], between: &str, none: &str) -> Result<()> {
    match list {
        [] => drop(sql.push(none)),
        [one] => push(sql, query, one)?,
        _ => {
            let (left, right) = list.split_at(list.len() / 2);
            sql.push("(");
            each(sql, query, left, between, none)?;
            sql.push(between);
            each(sql, query, right, between, none)?;
            sql.push(")");
        }
    }
    Ok(())
}

fn compare(sql: &mut Sql, property: &'static Property, op: Op, value: &Value) -> Result<()> {
    let sign = match (op, value) {
        (Op::Eq, Value::Null) => {
            sql.push(&column(property)).push(" IS NULL");
            return Ok(());
        }
        (_, Value::Null) => {
            sql.push(FALSE);
            return Ok(());
        }
        (Op::Eq, _) => " = ",
        (Op::Lt, _) => " < ",
        (Op::Lte, _) => " <= ",
        (Op::Gt, _) => " > ",
        (Op::Gte, _) => " >= ",
    };
    if matches!(property.kind, Kind::Ids(_)) {
        return Err(Error::internal(format!("{} is a list and has no order", property.name)));
    }
    let arg = Arg::of(property.kind, value)?;
    sql.push("t.").push(property.column).push(sign).bind(arg);
    Ok(())
}

fn among(sql: &mut Sql, property: &'static Property, values: &[Value]) -> Result<()> {
    if let Kind::Ids(_) = property.kind {
        return Err(Error::internal(format!("{} is a list: HasAny asks for one of several", property.name)));
    }
    let args: Vec<Arg> = values.iter().filter(|v| !v.is_null()).map(|v| Arg::of(property.kind, v)).collect::<Result<_>>()?;
    let null = args.len() < values.len();
    if args.is_empty() && !null {
        sql.push(FALSE);
        return Ok(());
    }
    let column = column(property);
    sql.push("(");
    if !args.is_empty() {
        many(sql, &column, args);
    }
    if null {
        sql.push(if sql.text.ends_with('(') { "" } else { " OR " }).push(&column).push(" IS NULL");
    }
    sql.push(")");
    Ok(())
}

/// One of these values. PostgreSQL compares a row with a list one by one, with what comes out of a function through a hash.
fn many(sql: &mut Sql, column: &str, args: Vec<Arg>) {
    let texts: Option<Vec<&str>> = args.iter().map(Arg::as_text).collect();
    sql.push(column).push(" IN ");
    match texts.filter(|texts| sql.dialect == Dialect::Postgres && texts.len() > LONG) {
        Some(texts) => {
            let list = Arg::text(&serde_json::Value::from(texts).to_string());
            sql.push("(SELECT jsonb_array_elements_text(").bind(list).push("::jsonb))");
        }
        None => drop(sql.bind_list(args)),
    }
}

fn not_exists(sql: &mut Sql, link: &str) {
    sql.push("NOT EXISTS (SELECT 1 FROM ").push(link).push(" l WHERE l.owner_id = t.id)");
}

fn column(property: &Property) -> String {
    format!("t.{}", property.column)
}

fn property(def: &'static ObjectDef, name: &str) -> Result<&'static Property> {
    def.property(name).ok_or_else(|| Error::internal(format!("{} has no property {name}", def.name)))
}

fn link(def: &'static ObjectDef, name: &str) -> Result<&'static str> {
    match property(def, name)?.kind {
        Kind::Ids(link) => Ok(link),
        _ => Err(Error::internal(format!("{name} of {} is no list of ids", def.name))),
    }
}
