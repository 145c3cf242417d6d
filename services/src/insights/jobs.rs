//! Pending insights that a worker has to write: taken up by one worker at a time, on whichever node, and tried again if it failed
//! or never came back.

use workforceos_actors::Facts;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, InsightId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AiInsight, InsightStatus};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::{Date, Timestamp, parse_date};
use workforceos_core::value::Value;
use workforceos_core::zone::Zone;

use super::{Generated, rules, weekly};
use crate::{App, commit_with, system_ctx};

/// The most jobs that are taken up at once.
const MAX_CLAIMED: u64 = 16;
/// How long a worker has: who is not done by then is taken to be gone.
const LEASE: i64 = 10 * Timestamp::MINUTE;
/// How often a job is tried.
const MAX_TRIES: i64 = 3;
/// How long a failed job waits for its next try, times the tries so far.
const PAUSE: i64 = 5 * Timestamp::MINUTE;
/// Why nothing is written for whom the clock asked nothing.
const GIVEN_AWAY: &str = "This was given to somebody else before it was written.";

/// An insight to be written.
#[derive(Clone, Debug)]
pub struct Job {
    /// The company, with what it is subscribed to.
    pub tenant: Tenant,
    pub insight: InsightId,
    /// What it is among those that the clock asks for, for example `weekly:2026-W23:admin`.
    pub key: String,
    /// The manager whom it is for, about their reports; `None`: for the admins, about the whole company.
    pub manager: Option<UserId>,
    /// The days that it is about, both included.
    pub from: Date,
    pub to: Date,
    /// Until when this worker has it.
    pub until: Timestamp,
    /// Whether it is not tried again after this.
    pub last_try: bool,
}

/// Takes up jobs that are due, of any company: each goes to one worker, until its time is over. Companies whose jobs could not be
/// taken up just now are passed over, so that the oldest jobs of all are not theirs again and again.
pub async fn claim(app: &App, now: Timestamp) -> Result<Vec<Job>> {
    let due = Query {
        company: None,
        order: order(AiInsight::def(), "workAt,id"),
        limit: MAX_CLAIMED,
        ..Query::of(AiInsight::def(), CompanyId::ROOT, due_of(app, now))
    };
    let mut jobs = Vec::new();
    for record in app.store.select(&due).await? {
        let insight = AiInsight::from_record(record)?;
        let company = insight.company_id;
        if app.failing_jobs.has(company, now) {
            continue;
        }
        match taken(app, &insight).await {
            Ok(job) => jobs.extend(job),
            // The others are none the worse for it.
            Err(error) => {
                app.failing_jobs.add(company, now);
                tracing::warn!(%company, %error, source = ?error.source, "a job could not be taken up; trying again in a minute");
            }
        }
    }
    Ok(jobs)
}

fn due_of(app: &App, now: Timestamp) -> Cond {
    Cond::Cmp("workAt", Op::Lte, Value::Time(now)).and(app.failing_jobs.others(now))
}

/// Takes up one, unless somebody else was faster. Nothing is written for who is not subscribed any more.
async fn taken(app: &App, seen: &AiInsight) -> Result<Option<Job>> {
    let (id, ctx) = (seen.meta.id, system(app, seen.company_id));
    let needs = rules::needs(seen.company_id, id).and_query(weekly::subscription(seen.company_id));
    let act = ctx.clone();
    commit_with(app, &ctx, needs, move |facts| {
        let due = |job: &AiInsight| job.meta.is_active && job.work_at.is_some_and(|at| at <= facts.now);
        let Some(before) = facts.any::<AiInsight>(id)?.filter(due) else { return Ok((Changes::none(), None)) };
        let Some(key) = before.job_key.clone() else { return Ok((failed(facts, &act, &before, GIVEN_AWAY)?, None)) };
        let Some(subscription) = weekly::subscribed(facts)? else {
            return Ok((failed(facts, &act, &before, "The subscription ended before this was written.")?, None));
        };
        if before.tries >= MAX_TRIES {
            return Ok((failed(facts, &act, &before, "This could not be written in time.")?, None));
        }
        let until = Timestamp(facts.now.0 + LEASE);
        let job = job(facts, &before, key, until)
            .map(|job| Job { tenant: Tenant { subscription: Some(subscription), ..job.tenant }, ..job });
        let leased = AiInsight { work_at: Some(until), tries: before.tries + 1, ..before }.touched(facts.now);
        Ok((noted(&act, &leased), job))
    })
    .await
}

/// Hands in what became of a job: the insight is delivered; or it is tried again, and in the end given up with the reason. `false`:
/// the job is not this worker's any more, and nothing was written.
pub async fn finish(app: &App, job: &Job, made: Result<Generated, String>) -> Result<bool> {
    let made = match made {
        Ok(generated) => generated.checked().map_err(|error| error.message),
        Err(reason) => Err(reason),
    };
    let (id, until, manager, key) = (job.insight.0, job.until, job.manager, job.key.clone());
    let ctx = system(app, job.tenant.company);
    let act = ctx.clone();
    commit_with(app, &ctx, rules::needs(job.tenant.company, id), move |facts| {
        let mine = |row: &AiInsight| row.meta.is_active && row.work_at == Some(until);
        let Some(before) = facts.any::<AiInsight>(id)?.filter(mine) else { return Ok((Changes::none(), false)) };
        let still = manager.is_none_or(|manager| rules::gets_weekly(facts.state, manager));
        let same = before.audience_user_id == manager && before.job_key.as_ref() == Some(&key);
        let changes = match &made {
            _ if !same => failed(facts, &act, &before, GIVEN_AWAY)?,
            _ if !still => failed(facts, &act, &before, "It is not for a manager with reports any more.")?,
            Ok(generated) => {
                let written = generated.clone().over(before.clone());
                let after = rules::of_status(written, InsightStatus::Delivered, facts.now).touched(facts.now);
                rules::written(facts, &act, Some(&before), &after)?
            }
            Err(reason) if before.tries >= MAX_TRIES => failed(facts, &act, &before, reason)?,
            Err(_) => {
                let again = Timestamp(facts.now.0 + PAUSE * before.tries);
                noted(&act, &AiInsight { work_at: Some(again), ..before }.touched(facts.now))
            }
        };
        Ok((changes, true))
    })
    .await
}

fn system(app: &App, company: CompanyId) -> Ctx {
    system_ctx(Tenant::of(company, "", Zone::UTC), app.clock.now(), "weeklyInsights")
}

fn job(facts: &Facts, insight: &AiInsight, key: String, until: Timestamp) -> Option<Job> {
    let date = |name: &str| insight.applicable_period[name].as_str().and_then(parse_date);
    let codename = facts.state.company.as_ref()?.codename.as_str();
    Some(Job {
        tenant: Tenant::of(facts.state.company_id, codename, facts.state.zone()),
        insight: InsightId(insight.meta.id),
        key,
        manager: insight.audience_user_id,
        from: date("from")?,
        to: date("to")?,
        until,
        last_try: insight.tries + 1 >= MAX_TRIES,
    })
}

/// A step on the way, which nobody but the database has to know of.
fn noted(ctx: &Ctx, insight: &AiInsight) -> Changes {
    let mut note = Event::audit(ctx, AiInsight::def().name, insight.meta.id).after(insight);
    note.audited = false;
    Changes::none().put(insight).event(note)
}

/// Given up: admins see why.
fn failed(facts: &Facts, ctx: &Ctx, before: &AiInsight, reason: &str) -> Result<Changes> {
    let mut problems = Vec::new();
    let details = super::text::Reading(&mut problems).details(reason);
    let details = if problems.is_empty() { details } else { "This could not be written.".to_owned() };
    let after = AiInsight { details, ..before.clone() };
    let after = rules::of_status(after, InsightStatus::Error, facts.now).touched(facts.now);
    rules::written(facts, ctx, Some(before), &after)
}
