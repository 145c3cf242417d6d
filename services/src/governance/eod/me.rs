//! One's own reports: `getMyEodReport`, `getMyEodReportOfToday`, `generateEodReport`, `submitEodReport`.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;
use workforceos_actors::Facts;
use workforceos_core::answer::Answer;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::{AlertType, EodReport};
use workforceos_core::query::Query;
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Parts, Reach, input};

use super::super::day;
use super::draw_up::{draw_up, existing, found, needs};
use super::rules::{Words, check_open, date_problem, submitted, summary_problem, text_problem};
use super::told::{report_shape, told};
use crate::{Api, App, alerts, commit, people, shape};

input! {
    pub struct OfDate {
        /// The day; today unless said otherwise.
        date: Option<Date> => "date" Query,
    }
}

pub fn get() -> Api {
    Api::get("getMyEodReport")
        .named("eodReport")
        .at("/v1/eod/me")
        .reach(Reach::Member)
        .plain()
        .output(report_shape)
        .about("Your own end-of-day report of a day; 404 if there is none.")
        .handler(|app: Arc<App>, ctx: Ctx, input: OfDate| async move {
            read(&app, &ctx, input.date).await?.map(Answer::json).ok_or_else(|| Error::not_found("eodReport"))
        })
}

pub fn today() -> Api {
    Api::get("getMyEodReportOfToday")
        .named("eodReport")
        .at("/v1/eod/me/today")
        .reach(Reach::Member)
        .plain()
        .output(|| shape::or_null(report_shape()))
        .about("Your own end-of-day report of today; null if there is none yet.")
        .handler(
            |app: Arc<App>, ctx: Ctx, (): ()| async move { Ok(Answer::json(read(&app, &ctx, None).await?.unwrap_or_default())) },
        )
}

async fn read(app: &App, ctx: &Ctx, date: Option<Date>) -> Result<Option<Json>> {
    let date = match date {
        Some(date) => date,
        None => day::today(app, ctx).await?,
    };
    let Some(record) = app.store.select(&existing(ctx.company(), ctx.user(), date)).await?.into_iter().next() else {
        return Ok(None);
    };
    let report = EodReport::from_record(record)?;
    let names = people::names(app, ctx, [report.user_id]).await?;
    Ok(Some(told(&report, names.of(report.user_id))))
}

pub fn generate() -> Api {
    Api::act("generateEodReport")
        .named("eodReport")
        .at("/v1/eod/me/generate")
        .reach(Reach::Member)
        .plain()
        .output(report_shape)
        .about(
            "Draws up your own end-of-day report of today from attendance, tasks and duties. Again, it brings the figures up to date and \
             keeps what you wrote; refused (409) once it is submitted, unless it needs revision.",
        )
        .handler(draw)
}

async fn draw(app: Arc<App>, ctx: Ctx, (): ()) -> Result<Answer> {
    let date = day::today(&app, &ctx).await?;
    let name = name(&app, &ctx).await?;
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let before = found(facts, act.user(), date)?;
        if let Some(report) = &before {
            check_open(report.status)?;
        }
        let report = draw_up(facts, act.user(), date, before.as_ref(), facts.now)?;
        let event = event(facts, &act, "eod.generated", &report, before.as_ref());
        Ok((Changes::none().put(&report).event(event), Answer::json(told(&report, &name))))
    };
    commit(&app, &ctx, needs(ctx.company(), ctx.tenant.zone, ctx.user(), date), decide).await
}

input! {
    pub struct Submit {
        /// The day; today unless said otherwise, at most 31 days ago.
        report_date: Option<Date> => "report_date" Body,
        /// What you did, 10 to 5,000 characters.
        work_summary: String => "work_summary" Body .text(),
        /// What stood in the way, at most 5,000 characters.
        blockers: Option<String> => "blockers" Body .text(),
        /// What comes next, at most 5,000 characters.
        next_day_plan: Option<String> => "next_day_plan" Body .text(),
    }
}

pub fn submit() -> Api {
    Api::act("submitEodReport")
        .named("eodReport")
        .at("/v1/eod/me/submit")
        .reach(Reach::Member)
        .plain()
        .output(report_shape)
        .about(
            "Submits your own end-of-day report to your manager, with the figures of now; draws it up first if there is none. Refused \
             (409) while it waits for approval and once it is approved or rejected.",
        )
        .also(unreadable)
        .handler(send)
}

/// What is wrong with the rest of arguments of which some cannot be read.
async fn unreadable(app: Arc<App>, ctx: Ctx, parts: Parts) -> Result<Vec<Problem>> {
    let text = |name: &str| parts.get::<Option<String>>(name).flatten();
    let mut problems = match parts.get::<Option<Date>>("report_date").flatten() {
        Some(date) => too_far(&app, &ctx, date, day::today(&app, &ctx).await?).await?,
        None => Vec::new(),
    };
    problems.extend(parts.get::<String>("work_summary").and_then(|summary| summary_problem(&summary)));
    problems.extend(["blockers", "next_day_plan"].into_iter().filter_map(|name| text_problem(name, text(name).as_deref())));
    Ok(problems)
}

/// What was sent back can be submitted again, however long ago the day was.
async fn too_far(app: &App, ctx: &Ctx, date: Date, today: Date) -> Result<Vec<Problem>> {
    let there = date < today && !app.store.select(&existing(ctx.company(), ctx.user(), date)).await?.is_empty();
    Ok(date_problem(date, today).filter(|_| !there).into_iter().collect())
}

async fn send(app: Arc<App>, ctx: Ctx, input: Submit) -> Result<Answer> {
    let today = day::today(&app, &ctx).await?;
    let date = input.report_date.unwrap_or(today);
    let mut problems = too_far(&app, &ctx, date, today).await?;
    problems.extend(summary_problem(&input.work_summary));
    problems.extend(text_problem("blockers", input.blockers.as_deref()));
    problems.extend(text_problem("next_day_plan", input.next_day_plan.as_deref()));
    Error::none_of(problems)?;
    let name = name(&app, &ctx).await?;
    let act = ctx.clone();
    let needs = needs(ctx.company(), ctx.tenant.zone, ctx.user(), date).and_follow(reviews_of);
    commit(&app, &ctx, needs, move |facts| sent(facts, &act, date, &input, &name)).await
}

/// The open alerts that tell of reviews of the reports that were read.
fn reviews_of(rows: &HashMap<Uuid, Record>) -> Vec<Query> {
    let reports = rows.values().filter(|row| *row.def == *EodReport::def());
    let company = |row: &Record| row.get("companyId").as_id().map(CompanyId);
    reports.filter_map(|row| Some(alerts::open(company(row)?, AlertType::EodReviewed, row.id()))).collect()
}

fn sent(facts: &Facts, ctx: &Ctx, date: Date, input: &Submit, name: &str) -> Result<(Changes, Answer)> {
    let before = found(facts, ctx.user(), date)?;
    if let Some(report) = &before {
        check_open(report.status)?;
    }
    let Submit { work_summary, blockers, next_day_plan, .. } = input.clone();
    let words = Words { summary: work_summary, blockers, next_day_plan };
    let report = submitted(draw_up(facts, ctx.user(), date, before.as_ref(), facts.now)?, words, facts.now);
    let event = event(facts, ctx, "eod.submitted", &report, before.as_ref());
    // What was said of it the last time is done with.
    let settled = alerts::resolve(ctx, facts, AlertType::EodReviewed, report.meta.id)?;
    let changes = Changes::none().event(event).join(settled).join(handed_in(facts, ctx, &report, name));
    Ok((changes, Answer::json(told(&report, name))))
}

/// A submitted report, of which whoever reviews it is told.
pub fn handed_in(facts: &Facts, ctx: &Ctx, report: &EodReport, name: &str) -> Changes {
    let changes = Changes::none().put(report).due(report.submitted_at.map(alerts::waits_too_long));
    let Some(superior) = alerts::superior(facts, report.user_id) else { return changes };
    let message = format!("{name} submitted the end-of-day report of {}.", report.report_date);
    let about = (EodReport::def().name, report.meta.id);
    let alert = alerts::alert(facts, AlertType::EodSubmitted, superior, Some(report.user_id), about, message);
    changes.join(alerts::raise(ctx, &alert))
}

/// A change of a report, seen by whose day it was, the direct manager once it is submitted, and admins.
pub(super) fn event(facts: &Facts, ctx: &Ctx, kind: &'static str, report: &EodReport, before: Option<&EodReport>) -> Event {
    let own = Audience::none().user(report.user_id);
    let seen = match report.submitted_at {
        Some(_) => Audience { admins: true, ..own }.manager(facts.state.people.manager_of(report.user_id)),
        None => own,
    };
    Event::of(ctx, kind, report, seen).audited(before)
}

async fn name(app: &App, ctx: &Ctx) -> Result<String> {
    let user: UserId = ctx.user();
    Ok(people::names(app, ctx, [user]).await?.of(user).to_owned())
}
