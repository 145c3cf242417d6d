//! `saveAiInsight`, and what it stands on: the last insight that was generated for each user, kept in the database, so that it can be
//! saved after a restart and on another node.

use std::sync::Arc;

use serde_json::Value as Json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event, Idempotency};
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::{CompanyId, InsightId, UserId};
use workforceos_core::object::{DataObject, Meta, Record};
use workforceos_core::objects::{AiInsight, AudienceType, GeneratedInsight};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::text::Reading;
use super::{Generated, create, read, rules};
use crate::reach::reaches;
use crate::{Api, App, commit, commit_with};

input! {
    pub struct SaveAiInsight {
        /// Its topic. If it is to be called otherwise than it was generated; at most 100 characters.
        insight_type: Option<String> => "insightType" Body,
    }
}

pub fn api() -> Api {
    Api::create("saveAiInsight")
        .on::<AiInsight>()
        .at("/v1/save-insight")
        .reach(Reach::Own)
        .about(
            "Keeps the insight that was generated for the caller last. It is kept as delivered, with its figures; 404 if there is none. \
             Doing it again answers the insight that was kept. Who is no admin keeps it for whom it names within their reach, else \
             for themselves.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: SaveAiInsight) -> Result<Answer> {
    let mut problems = Vec::new();
    let insight_type = input.insight_type.map(|text| Reading(&mut problems).insight_type(&text));
    Error::none_of(problems)?;
    let caller = ctx.clone();
    let needs = Needs::none().and_query(of_user(ctx.company(), ctx.user())).and_follow(saved_ones);
    commit(&app, &ctx, needs, move |facts: &Facts| {
        let none = || Error::new(Status::NotFound, "AiInsightNotFound", "No insight was generated for you yet");
        let memory = remembered(facts, caller.user())?.ok_or_else(none)?;
        if let Some(id) = memory.saved_as
            && let Some(saved) = facts.any::<AiInsight>(id)?.filter(|insight| insight.meta.is_active)
            && insight_type.as_ref().is_none_or(|name| *name == saved.insight_type)
        {
            return Ok((Changes::none(), read::with_figures(&caller, Answer::object(&caller, &saved))));
        }
        let mut generated = Generated::from_json(&memory.content).ok_or_else(none)?;
        generated.insight_type = insight_type.clone().unwrap_or(generated.insight_type);
        let (changes, insight) = saved(facts, &caller, generated)?;
        let memory = GeneratedInsight { saved_as: Some(InsightId(insight.meta.id)), ..memory }.touched(facts.now);
        Ok((changes.put(&memory).event(noted(&caller, &memory)), read::with_figures(&caller, Answer::object(&caller, &insight))))
    })
    .await
}

/// The row that was saved of what is remembered.
fn saved_ones(rows: &std::collections::HashMap<uuid::Uuid, Record>) -> Vec<Query> {
    let memories = rows.values().filter(|row| *row.def == *GeneratedInsight::def());
    let saved = memories.filter_map(|row| {
        let (id, company) = (row.get("savedAs").as_id()?, row.get("companyId").as_id()?);
        Some(Query::of(AiInsight::def(), CompanyId(company), Cond::eq("id", id)))
    });
    saved.collect()
}

/// Remembers an insight as the caller's last one, and for the call's `Idempotency-Key`, if it has one, what it is answered.
pub async fn remember(app: &App, ctx: &Ctx, generated: Generated, answer: Json) -> Result<()> {
    let (content, caller) = (generated.checked()?.to_json(), ctx.clone());
    let needs = Needs::none().and_query(of_user(ctx.company(), ctx.user()));
    commit_with(app, ctx, needs, move |facts| {
        let content = content.clone();
        let memory = match remembered(facts, caller.user())? {
            Some(memory) => GeneratedInsight { content, saved_as: None, ..memory }.touched(facts.now),
            None => GeneratedInsight {
                meta: Meta::new(facts.new_id(), facts.now, Some(caller.user().0)),
                user_id: caller.user(),
                content,
                saved_as: None,
                company_id: caller.company(),
            },
        };
        let mut changes = Changes::none().put(&memory).event(noted(&caller, &memory));
        changes.idempotency = caller.idempotency.clone().map(|key| Idempotency { key, answer: answer.clone(), at: facts.now });
        Ok((changes, ()))
    })
    .await
}

fn of_user(company: CompanyId, user: UserId) -> Query {
    Query::of(GeneratedInsight::def(), company, Cond::eq("userId", user.0))
}

fn remembered(facts: &Facts, user: UserId) -> Result<Option<GeneratedInsight>> {
    Ok(facts.rows::<GeneratedInsight>()?.into_iter().find(|memory| memory.user_id == user))
}

/// The journal knows that something was generated, not what: that is for the user to save.
fn noted(ctx: &Ctx, memory: &GeneratedInsight) -> Event {
    let mut note = Event::audit(ctx, GeneratedInsight::def().name, memory.meta.id);
    note.audited = false;
    note
}

/// A generated insight as the caller may write it: an admin's as it is; others' for whom it names within their reach, else for
/// themselves.
fn saved(facts: &Facts, ctx: &Ctx, mut generated: Generated) -> Result<(Changes, AiInsight)> {
    let here = |user: &UserId| facts.state.people.role(*user).is_some() && reaches(facts.state, ctx, *user);
    generated.audience_user_id = match generated.audience_user_id {
        None if ctx.is_admin() => None,
        Some(user) if here(&user) => Some(user),
        // Nobody of the company is meant: certainly not everybody.
        _ => Some(ctx.user()),
    };
    if generated.audience_user_id == Some(ctx.user()) && !ctx.is_admin() && facts.state.people.is_manager(ctx.user()) {
        // It rests on the figures of the caller's reports: it is not about the caller.
        generated.audience_type = AudienceType::Manager;
    }
    let insight = create::begun(facts, &generated.draft(ctx.company(), ctx.user()));
    Ok((rules::written(facts, ctx, None, &insight)?, insight))
}
