//! What APIs without rules of their own share: gets and lists straight from declarations.

use std::sync::Arc;

use uuid::Uuid;
use workforceos_core::answer::{Answer, Data, Paging, Row, Source, Walked};
use workforceos_core::cursor::Cursor;
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::object::{DataObject, ObjectDef};
use workforceos_core::query::{Cond, Query, Sort};
use workforceos_core::session::Ctx;
use workforceos_store::Found;

use crate::{Api, App};

/// Which rows of an object a caller reaches.
pub type RowReach = fn(&Ctx) -> Cond;

/// Every row of the company.
pub fn all_rows(_: &Ctx) -> Cond {
    Cond::TRUE
}

/// Rows about the caller and, for managers, their reports; admins reach all.
pub fn own_rows<T: DataObject>(ctx: &Ctx) -> Cond {
    match T::def().owned_by {
        _ if ctx.is_admin() => Cond::TRUE,
        Some(property) => Cond::id_in(property, &ctx.reached_users()),
        None => Cond::FALSE,
    }
}

/// A list of an object with its filters, order, paging and joins, within the caller's reach.
pub fn list<T: DataObject>(name: &'static str, rows: RowReach) -> Api {
    Api::list(name).on::<T>().reader(move |app: Arc<App>, ctx: Ctx, _: (), query: ListQuery| async move {
        page(&app, &ctx, T::def(), rows(&ctx), query).await
    })
}

/// One page of rows that satisfy the reach and the caller's filters.
pub async fn page(app: &App, ctx: &Ctx, def: &'static ObjectDef, reach: Cond, query: ListQuery) -> Result<Answer> {
    page_of(app, ctx, def, Some(ctx.company()), reach, query).await
}

/// As [`page`], of one company or of all.
pub async fn page_of(
    app: &App,
    ctx: &Ctx,
    def: &'static ObjectDef,
    company: Option<workforceos_core::id::CompanyId>,
    reach: Cond,
    query: ListQuery,
) -> Result<Answer> {
    let mut order = query.order.clone();
    if !order.iter().any(|s| s.property == "id") {
        order.push(Sort { property: "id", descending: order.last().is_some_and(|s| s.descending) });
    }
    let walk = query.walk.as_ref();
    let read = Query {
        def,
        company,
        cond: walk.map_or(Cond::TRUE, |cursor| cursor.cond(def)).and(reach).and(query.cond.clone()),
        order,
        offset: if walk.is_some() { 0 } else { query.offset() },
        limit: query.page_row_count,
        joins: joins(def, query.joins),
        total: walk.is_none_or(Cursor::is_start),
    };
    let page = app.store.page(&read).await?;
    let walked = match page.rows.last() {
        _ if walk.is_none() => Walked::Not,
        Some(last) if page.rows.len() as u64 == read.limit => Walked::On(Cursor::after(&read.order, &last.record)),
        _ => Walked::End,
    };
    let rows = page.rows.into_iter().map(|found| row(ctx, found)).collect();
    let mut answer = Answer::new(Data::Many(rows), Source::Db);
    answer.walked = walked;
    answer.paging = Some(Paging { page_number: query.page_number, page_row_count: query.page_row_count, total: page.total });
    answer.filters = query.filters;
    answer.fields = query.fields;
    Ok(answer)
}

/// One row by id within the caller's reach, else 404.
pub async fn one(app: &App, ctx: &Ctx, def: &'static ObjectDef, id: Uuid, reach: Cond, query: ListQuery) -> Result<Answer> {
    let read = Query {
        def,
        company: Some(ctx.company()),
        cond: reach.and(Cond::eq("id", id)),
        order: Vec::new(),
        offset: 0,
        limit: 1,
        joins: joins(def, query.joins),
        total: false,
    };
    let found = app.store.page(&read).await?.rows.into_iter().next().ok_or_else(|| Error::not_found(def.name))?;
    let mut answer = Answer::new(Data::One(Box::new(row(ctx, found))), Source::Db);
    answer.fields = query.fields;
    Ok(answer)
}

fn joins(def: &'static ObjectDef, wanted: bool) -> Vec<&'static str> {
    if wanted { def.joins.iter().map(|j| j.name).collect() } else { Vec::new() }
}

fn row(ctx: &Ctx, found: Found) -> Row {
    Row { joins: found.joins, ..Row::seen_by(ctx, found.record) }
}
