//! `getLeaveBalance`: what a person has of each leave type in a year.

use std::sync::Arc;

use chrono::Datelike;
use serde_json::{Value as Json, json};
use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::UserId;
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::{CompanyPolicy, EmployeeProfile, Holiday, LeaveRequest, LeaveStatus, User};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::balance::{self, LeaveType, days};
use super::book::{self, Book};
use super::rules;
use crate::{Api, App};

/// The years that a balance can be asked for.
const YEARS: std::ops::RangeInclusive<i64> = 1900..=2200;

input! {
    pub struct GetBalance {
        /// Whose: the caller unless a manager or admin names somebody.
        user_id: Option<UserId> => "userId" Query,
        /// The calendar year, 1900 to 2200 (the present one).
        year: Option<i64> => "year" Query,
    }
}

pub fn api() -> Api {
    Api::get("getLeaveBalance")
        .named("leaveBalances")
        .at("/v1/leavebalance")
        .reach(Reach::Own)
        .about(
            "How somebody stands with each leave type in a year: allowance (of the starting year by months), carriedOver from the year \
             before, taken (approved) and pending days, and what is available; allowance and available are null where a type is \
             unlimited. Types that the policy does not list appear once they are used.",
        )
        .output(schema)
        .handler_for(|input: &GetBalance| input.user_id, handle)
}

fn schema() -> Json {
    let days = |about: &str| json!({"type": "number", "description": about});
    let limited = |about: &str| json!({"type": ["number", "null"], "description": about});
    let properties = json!({
        "year": {"type": "integer", "description": "The calendar year."},
        "leaveType": {"type": "string", "description": "The kind of leave."},
        "allowance": limited("Days of the year; null: unlimited."),
        "carriedOver": days("Days from the year before."),
        "taken": days("Approved days."),
        "pending": days("Days that wait for a decision."),
        "available": limited("What is left; null: unlimited."),
    });
    json!({"type": "array", "items": {"type": "object", "properties": properties}})
}

async fn handle(app: Arc<App>, ctx: Ctx, input: GetBalance) -> Result<Answer> {
    let (user, zone) = (input.user_id.unwrap_or(ctx.user()), ctx.tenant.zone);
    let this_year = i64::from(zone.date(ctx.now()).year());
    let year = input.year.unwrap_or(this_year);
    if !YEARS.contains(&year) {
        return Err(Error::field("year", format!("must be from {} to {}", YEARS.start(), YEARS.end())));
    }
    let policy = Query::of(CompanyPolicy::def(), ctx.company(), Cond::TRUE);
    let queries: Vec<Query> = std::iter::once(policy).chain(book::queries(ctx.company(), user)).collect();
    let (_, found) = app.store.snapshot(ctx.company(), &queries).await?;
    let mut records = found.into_iter().map(|rows| rows.into_iter().map(|found| found.record));
    let policy: Vec<CompanyPolicy> = read(records.next())?;
    let requests: Vec<LeaveRequest> = read(records.next())?;
    let holidays: Vec<Holiday> = read(records.next())?;
    let profile: Vec<EmployeeProfile> = read(records.next())?;
    let account: Vec<User> = read(records.next())?;
    // Root admins acting on the company have no leave of their own here.
    let account = account.into_iter().next().ok_or_else(|| Error::field("userId", "is not known here"))?;
    let policy = policy.into_iter().next().ok_or_else(|| Error::not_found(CompanyPolicy::def().name))?;
    let book = Book::new(&policy, requests, holidays, profile.into_iter().next(), Some(account), (zone, ctx.now()));
    Ok(Answer::json(balances(&book, i32::try_from(year).unwrap_or_default())))
}

pub(super) fn read<T: DataObject>(records: Option<impl Iterator<Item = Record>>) -> Result<Vec<T>> {
    records.into_iter().flatten().map(T::from_record).collect()
}

/// The policy's types in its order, then what else was used that year, by name.
fn balances(book: &Book, year: i32) -> Json {
    let mut types = book.types.clone();
    let mut names: Vec<&str> = book.requests.iter().map(|r| r.leave_type.as_str()).collect();
    names.sort_by_key(|name| name.to_lowercase());
    for name in names {
        let used = || book.booked(name, None).contains_key(&year);
        if !types.iter().any(|t| rules::same_type(&t.name, name)) && used() {
            types.push(balance::type_named(&[], name));
        }
    }
    types.iter().map(|kind| balance_of(book, kind, year)).collect()
}

fn balance_of(book: &Book, kind: &LeaveType, year: i32) -> Json {
    let booked = |status| book.booked(&kind.name, Some(status)).get(&year).copied().unwrap_or(0);
    let all = book.booked(&kind.name, None);
    let standing = kind
        .yearly
        .and_then(|yearly| balance::standings(yearly, kind.carry_over, book.start, &all, year, year).into_iter().next());
    json!({
        "year": year,
        "leaveType": kind.name,
        "allowance": standing.map(|s| days(s.allowance)),
        "carriedOver": days(standing.map_or(0, |s| s.carried_over)),
        "taken": days(booked(LeaveStatus::Approved)),
        "pending": days(booked(LeaveStatus::Pending)),
        "available": standing.map(|s| days(s.available)),
    })
}
