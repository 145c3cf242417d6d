//! `importHolidays`: the all-day entries of an iCalendar file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Datelike;
use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::{Answer, Data, Row, Source};
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::object::DataObject;
use workforceos_core::objects::Holiday;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::value::Kind;
use workforceos_core::{Reach, input};

use super::ical::{self, Found};
use super::{created, deleted, key, new};
use crate::{Api, App, commit};

/// The most characters of a calendar.
const MAX_CALENDAR: usize = 500_000;

input! {
    pub struct Import {
        /// The text of an iCalendar (.ics) file, at most 500,000 characters.
        calendar: String => "calendar" Body .kind(Kind::File),
        /// Whether holidays that the calendar does not name are deleted, in the years for which it has any (false).
        replace: Option<bool> => "replace" Body,
    }
}

pub fn api() -> Api {
    let mut api = Api::act("importHolidays")
        .on::<Holiday>()
        .named(Holiday::def().plural)
        .at("/v1/holidays/import")
        .reach(Reach::Admins)
        .extra(&["skipped", "deleted", "problems"])
        .carries(|| {
            let date = json!({"type": "string", "format": "date"});
            let known = json!({"name": {"type": "string"}, "holidayDate": date});
            let gone = json!({"id": {"type": "string", "format": "uuid"}, "name": {"type": "string"}, "holidayDate": date});
            let list = |properties: &Json, about: &str| {
                json!({"type": "array", "items": {"type": "object", "properties": properties}, "description": about})
            };
            json!({
                "skipped": list(&known, "Holidays that are there already."),
                "deleted": list(&gone, "Holidays that the calendar does not name."),
                "problems": list(&ical::Problem::schema(), "Entries that could not be read."),
            })
        })
        .about(
            "Takes public holidays over from an iCalendar file: its all-day entries, each day of those that last several, yearly ones for \
             this year and the next two. Answers the holidays that are new, those skipped because they are there, those deleted \
             (replace), and what is wrong with each entry that could not be read. Refuses (400) a file without any holiday, \
             and more than 1,000 at once.",
        )
        .destructive()
        .handler(handle);
    api.effect.idempotent = true;
    api
}

async fn handle(app: Arc<App>, ctx: Ctx, input: Import) -> Result<Answer> {
    let year = ctx.tenant.zone.date(ctx.now()).year();
    let calendar = input.calendar;
    if calendar.chars().count() > MAX_CALENDAR {
        return Err(Error::field("calendar", format!("must have at most {MAX_CALENDAR} characters")));
    }
    // Rules are expanded: not on the threads that serve everybody.
    let found = tokio::task::spawn_blocking(move || ical::read(&calendar, year)).await.map_err(Error::internal)?;
    let found = found.map_err(|problem| Error::field("calendar", problem))?;
    check(&found)?;
    let replace = input.replace == Some(true);
    let all = Query::of(Holiday::def(), ctx.company(), Cond::TRUE);
    let caller = ctx.clone();
    commit(&app, &ctx, Needs::none().and_query(all), move |facts| decide(facts, &caller, &found, replace)).await
}

/// A file has at least one holiday, or it is told why none of its entries is one.
fn check(found: &Found) -> Result<()> {
    if !found.days.is_empty() {
        return Ok(());
    }
    let entries = found.problems.iter().map(|p| Problem::new("calendar", format!("entry {}: {}", p.entry, p.problem)));
    let none = Problem::new("calendar", "has no all-day entry");
    Err(Error::invalid(std::iter::once(none).chain(entries).collect()))
}

fn decide(facts: &Facts, ctx: &Ctx, found: &Found, replace: bool) -> Result<(Changes, Answer)> {
    let existing: BTreeMap<(Date, String), Holiday> = facts.rows::<Holiday>()?.into_iter().map(|h| (key(&h), h)).collect();
    let (mut changes, mut rows, mut skipped) = (Changes::none(), Vec::new(), Vec::new());
    let mut wanted = BTreeSet::new();
    for (date, name) in &found.days {
        let holiday = new(facts, ctx, *date, name);
        let first = wanted.insert(key(&holiday));
        if existing.contains_key(&key(&holiday)) {
            skipped.extend(first.then(|| json!({"name": name, "holidayDate": date.to_string()})));
        } else if first {
            changes = changes.join(created(ctx, &holiday));
            rows.push(Row::seen_by(ctx, holiday.to_record()));
        }
    }
    let mut gone: Vec<Json> = Vec::new();
    if replace {
        let years: BTreeSet<i32> = wanted.iter().map(|(date, _)| date.year()).collect();
        let left_out = |(key, _): &(&(Date, String), &Holiday)| years.contains(&key.0.year()) && !wanted.contains(*key);
        for (_, before) in existing.iter().filter(left_out) {
            gone.push(
                json!({"id": before.meta.id.to_string(), "name": before.name, "holidayDate": before.holiday_date.to_string()}),
            );
            changes = changes.join(deleted(ctx, &before.clone().deleted(facts.now), before));
        }
    }
    let problems: Vec<Json> = found.problems.iter().map(ical::Problem::to_json).collect();
    let answer = Answer::new(Data::Many(rows), Source::Actor)
        .with("skipped", json!(skipped))
        .with("deleted", json!(gone))
        .with("problems", json!(problems));
    Ok((changes, answer))
}
