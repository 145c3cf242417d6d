//! Entries of the audit log that no change leaves: what was read from elsewhere, refused, or taken out.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::Args;
use workforceos_core::api::{BusinessApi, Reach};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;

use crate::App;

/// What an entry about a read or a refusal is about. Not the company: nothing of it changed, and what is cached of it stays good.
const ACCESS: &str = "access";
/// What an entry about data that left the system is about.
const EXPORT: &str = "export";
/// How often it is noted that somebody's calendar is read: programs do so all day.
const CALENDAR: i64 = Timestamp::DAY;
/// The most characters that are kept of a filter.
const FILTER: usize = 200;
/// The most filters that are kept.
const FILTERS: usize = 40;

/// Somebody of the SaaS level read a company's data: one entry a minute per person, company and API.
pub fn read_elsewhere(app: &Arc<App>, ctx: &Ctx) {
    let key = format!("reads|{}|{}|{}", ctx.user(), ctx.company(), ctx.api);
    if app.throttle.note(&key, ctx.now()) {
        behind(app, ctx, ACCESS, json!({"read": true}));
    }
}

/// Somebody was refused by role, reach or rule: one entry a minute per person, company and API, with how many there were since the
/// one before.
pub fn denied(app: &Arc<App>, ctx: &Ctx, error: &Error) {
    let key = format!("denied|{}|{}|{}", ctx.user(), ctx.company(), ctx.api);
    if let Some(count) = app.throttle.tally(&key, ctx.now(), Timestamp::MINUTE) {
        behind(app, ctx, ACCESS, json!({"denied": error.code, "count": count}));
    }
}

/// A list or an object left as a file: written before its first byte is sent. What is public anyway is not noted.
pub async fn exported(app: &Arc<App>, ctx: &Ctx, api: &BusinessApi<App>, args: &Args, format: &str) -> Result<()> {
    if api.reach == Some(Reach::Public) {
        return Ok(());
    }
    let ctx = Ctx { api: "export", ..ctx.clone() };
    let extra = json!({"api": api.name, "format": format, "filters": filters(api, args)});
    write(app, &ctx, EXPORT, extra).await
}

/// Somebody's shifts left as a calendar: once a day per person.
pub async fn calendar(app: &Arc<App>, ctx: &Ctx) -> Result<()> {
    let key = format!("calendar|{}|{}", ctx.user(), ctx.company());
    if app.throttle.tally(&key, ctx.now(), CALENDAR).is_none() {
        return Ok(());
    }
    write(app, ctx, EXPORT, json!({"format": "ics"})).await
}

/// What narrowed an export: parameters of the API and filters of its object, by name. Anything else that stood in the address, such as
/// a token, is left out.
fn filters(api: &BusinessApi<App>, args: &Args) -> Json {
    let known = |name: &str| {
        let own = api.fields.iter().any(|field| field.name == name && !field.secret);
        let property = api.object.and_then(|def| def.property(name)).is_some_and(|property| !property.secret);
        own || property || matches!(name, "sortBy" | "fields" | "pageNumber" | "pageRowCount")
    };
    let mut filters: Map<String, Json> = Map::new();
    let given = args.path.iter().map(|(name, value)| (*name, value)).chain(args.query.iter().map(|(n, v)| (n.as_str(), v)));
    for (name, value) in given.filter(|(name, _)| known(name)) {
        let text: String = value.chars().take(FILTER).collect();
        let kept = filters.len();
        match filters.get_mut(name) {
            Some(Json::Array(there)) if there.len() < FILTERS => there.push(text.into()),
            Some(Json::Array(_)) => {}
            Some(there) => *there = json!([there, text]),
            None if kept == FILTERS => {}
            None => drop(filters.insert(name.to_owned(), text.into())),
        }
    }
    Json::Object(filters)
}

/// Writes an entry behind the answer: nobody waits for it, and its cost tells nothing.
fn behind(app: &Arc<App>, ctx: &Ctx, object: &'static str, extra: Json) {
    let (notes, ctx) = (app.clone(), ctx.clone());
    app.companies.spawn_task(async move {
        if let Err(error) = write(&notes, &ctx, object, extra).await {
            tracing::warn!(%error, source = ?error.source, action = ctx.api, "what somebody did could not be noted");
        }
    });
}

async fn write(app: &App, ctx: &Ctx, object: &'static str, extra: Json) -> Result<()> {
    let (company, ctx) = (ctx.company(), ctx.clone());
    let decide = move |_: &Facts| {
        let entry = Event::audit(&ctx, object, company).extra(extra.clone());
        Ok((Changes::none().event(entry), ()))
    };
    app.companies.decide(company, Needs::none(), decide).await
}
