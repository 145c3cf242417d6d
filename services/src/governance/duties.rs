//! Duties: what somebody sets out to do today. One's own alone.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_actors::Facts;
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{CompanyId, DutyId, UserId};
use workforceos_core::input::Patch;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{Duty, DutyStatus};
use workforceos_core::query::{Cond, Query, order};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::zone::previous_day;
use workforceos_core::{Parts, Reach, input};

use super::day;
use crate::{Api, App, commit, shape};

/// The most characters of a title.
const TITLE: usize = 255;
/// The most characters of a description.
const DESCRIPTION: usize = 5_000;
/// The most duties of a day.
const MOST: usize = 100;

/// A person's duties of a day, in the order in which they were made.
pub fn of_day(company: CompanyId, user: UserId, date: Date) -> Query {
    let theirs = Cond::eq("userId", user.0).and(Cond::eq("dutyDate", date));
    Query { order: order(Duty::def(), Duty::def().order), ..Query::of(Duty::def(), company, theirs) }
}

pub fn list() -> Api {
    Api::list("listDuties")
        .named("duties")
        .at("/v1/duties")
        .reach(Reach::Member)
        .plain()
        .output(|| shape::list(duty_shape(), "Your duties of today."))
        .about("Your own duties of today, by the company's clock; during a night shift, of the day on which it began.")
        .handler(todays)
}

async fn todays(app: Arc<App>, ctx: Ctx, _: ()) -> Result<Answer> {
    let date = day::today(&app, &ctx).await?;
    let found = app.store.select(&of_day(ctx.company(), ctx.user(), date)).await?.into_iter().map(Duty::from_record);
    Ok(Answer::json(found.map(|duty| duty.map(|duty| told(&duty))).collect::<Result<_>>()?))
}

input! {
    pub struct Create {
        /// What is to be done, at most 255 characters.
        title: String => "title" Body,
        /// How, and whatever else helps, at most 5,000 characters.
        description: Option<String> => "description" Body .text(),
        /// pending unless said otherwise.
        status: Option<DutyStatus> => "status" Body,
    }
}

pub fn create() -> Api {
    Api::create("createDuty")
        .named("duty")
        .at("/v1/duties")
        .reach(Reach::Member)
        .plain()
        .output(duty_shape)
        .about("Adds a duty of your own to today. At most 100 a day (409).")
        .also(|_, _, parts| unreadable(parts))
        .handler(add)
}

async fn add(app: Arc<App>, ctx: Ctx, input: Create) -> Result<Answer> {
    Error::none_of(problems(Some(&input.title), input.description.as_deref()))?;
    let (act, zone) = (ctx.clone(), ctx.tenant.zone);
    let local = zone.date(ctx.now());
    let of = |date| of_day(ctx.company(), ctx.user(), date);
    let needs = day::needs(zone, ctx.now()).and_query(of(local)).and_query(of(previous_day(local)));
    commit(&app, &ctx, needs, move |facts| added(facts, &act, &input)).await
}

fn added(facts: &Facts, ctx: &Ctx, input: &Create) -> Result<(Changes, Answer)> {
    let date = day::date_at(facts.state, ctx.user(), facts.now);
    let there = facts.rows::<Duty>()?.iter().filter(|duty| duty.user_id == ctx.user() && duty.duty_date == date).count();
    if there >= MOST {
        return Err(Error::conflict("TooManyDuties", format!("A day has {MOST} duties at most")));
    }
    let duty = Duty {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        user_id: ctx.user(),
        duty_date: date,
        title: input.title.trim().to_owned(),
        description: input.description.clone(),
        status: input.status.unwrap_or(DutyStatus::Pending),
        company_id: ctx.company(),
    };
    let event = entry(ctx, &duty);
    Ok((Changes::none().put(&duty).event(event), Answer::json(told(&duty))))
}

input! {
    pub struct Update {
        /// The duty.
        id: DutyId => "id" Path,
        /// What is to be done, at most 255 characters.
        title: Option<String> => "title" Body,
        /// How, and whatever else helps, at most 5,000 characters; null removes it.
        description: Patch<String> => "description" Body .text(),
        /// pending or completed.
        status: Option<DutyStatus> => "status" Body,
    }
}

pub fn update() -> Api {
    Api::update("updateDuty")
        .named("duty")
        .at("/v1/duties/:id")
        .reach(Reach::Member)
        .plain()
        .output(duty_shape)
        .about("Changes one of your own duties of today. Those of other days stay as they are (404).")
        .also(|_, _, parts| unreadable(parts))
        .handler(change)
}

async fn change(app: Arc<App>, ctx: Ctx, input: Update) -> Result<Answer> {
    let description = input.description.clone().over(None);
    Error::none_of(problems(input.title.as_deref(), description.as_deref()))?;
    let act = ctx.clone();
    let needs = day::needs(ctx.tenant.zone, ctx.now()).and_row::<Duty>(input.id);
    let decide = move |facts: &Facts| {
        let before = own(facts, &act, input.id)?;
        let input = input.clone();
        let duty = Duty {
            title: input.title.map_or_else(|| before.title.clone(), |title| title.trim().to_owned()),
            description: input.description.over(before.description.clone()),
            status: input.status.unwrap_or(before.status),
            ..before.clone()
        };
        if duty == before {
            return Ok((Changes::none(), Answer::json(told(&before))));
        }
        let duty = duty.touched(facts.now);
        let event = entry(&act, &duty).audited(Some(&before));
        Ok((Changes::none().put(&duty).event(event), Answer::json(told(&duty))))
    };
    commit(&app, &ctx, needs, decide).await
}

input! {
    pub struct ByDuty {
        /// The duty.
        id: DutyId => "id" Path,
    }
}

pub fn delete() -> Api {
    Api::delete("deleteDuty")
        .named("result")
        .at("/v1/duties/:id")
        .reach(Reach::Member)
        .plain()
        .output(|| shape::object("Done.", [("success", shape::flag("True."))]))
        .about("Removes one of your own duties of today, for good.")
        .handler(remove)
}

async fn remove(app: Arc<App>, ctx: Ctx, input: ByDuty) -> Result<Answer> {
    let act = ctx.clone();
    let needs = day::needs(ctx.tenant.zone, ctx.now()).and_row::<Duty>(input.id);
    let decide = move |facts: &Facts| {
        let duty = own(facts, &act, input.id)?;
        let event = Event::audit(&act, Duty::def().name, duty.meta.id).audited(Some(&duty));
        Ok((Changes::none().purge::<Duty>(duty.meta.id).event(event), Answer::json(json!({"success": true}))))
    };
    commit(&app, &ctx, needs, decide).await
}

/// One of the caller's own duties of today.
fn own(facts: &Facts, ctx: &Ctx, id: DutyId) -> Result<Duty> {
    let duty = facts.row::<Duty>(id)?;
    if duty.user_id != ctx.user() {
        return Err(Error::forbidden("Duties are their owner's alone"));
    }
    let today = day::date_at(facts.state, ctx.user(), facts.now);
    Some(duty).filter(|duty| duty.duty_date == today).ok_or_else(|| Error::not_found("duty"))
}

/// What is wrong with the texts of arguments of which some cannot be read.
async fn unreadable(parts: Parts) -> Result<Vec<Problem>> {
    let text = |name: &str| parts.get::<Option<String>>(name).flatten();
    Ok(problems(text("title").as_deref(), text("description").as_deref()))
}

/// What of the texts is too short or too long.
fn problems(title: Option<&str>, description: Option<&str>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if title.is_some_and(|title| !(1..=TITLE).contains(&title.trim().chars().count())) {
        problems.push(Problem::new("title", format!("must have from 1 to {TITLE} characters")));
    }
    if description.is_some_and(|text| text.chars().count() > DESCRIPTION) {
        problems.push(Problem::new("description", format!("must have at most {DESCRIPTION} characters")));
    }
    problems
}

fn entry(ctx: &Ctx, duty: &Duty) -> Event {
    Event::audit(ctx, Duty::def().name, duty.meta.id).after(duty)
}

fn told(duty: &Duty) -> Json {
    json!({
        "id": duty.meta.id.to_string(), "user_id": duty.user_id.to_string(), "title": duty.title, "description": duty.description,
        "status": duty.status.as_str(), "created_at": duty.meta.created_at.to_string(), "updated_at": duty.meta.updated_at.to_string(),
    })
}

fn duty_shape() -> Json {
    shape::object(
        "A duty.",
        [
            ("id", shape::id("The duty.")),
            ("user_id", shape::id("Whose it is.")),
            ("title", shape::text("What is to be done.")),
            ("description", shape::or_null(shape::text("How, and whatever else helps."))),
            ("status", shape::one_of(DutyStatus::NAMES, "pending or completed.")),
            ("created_at", shape::instant("When it was added.")),
            ("updated_at", shape::instant("When it was last changed.")),
        ],
    )
}
