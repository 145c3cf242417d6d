//! `updateAiInsight`.

use std::sync::Arc;

use serde_json::Value as Json;
use workforceos_actors::Facts;
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Problem, Result};
use workforceos_core::id::{InsightId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AiInsight, AudienceType, InsightStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Patch, Reach, input};

use super::text::Reading;
use super::{found, rules};
use crate::{Api, App, commit};

input! {
    pub struct UpdateAiInsight {
        /// The insight.
        ai_insight_id: InsightId => "aiInsightId" Path,
        /// Its topic. At most 100 characters.
        insight_type: Option<String> => "insightType" Body,
        /// Whom it is for. Null: everybody of its audienceType.
        audience_user_id: Patch<UserId> => "audienceUserId" Body,
        /// For whom it is written.
        audience_type: Option<AudienceType> => "audienceType" Body,
        /// Dates {from, to}. The days that it speaks of, both included.
        applicable_period: Option<Json> => "applicablePeriod" Body,
        /// Headline. Null: none.
        title: Patch<String> => "title" Body,
        /// In short. Null: nothing.
        summary: Patch<String> => "summary" Body,
        /// Its text. Plain, at most 20,000 characters.
        details: Option<String> => "details" Body .text(),
        /// What to do. Null: nothing.
        suggestion: Patch<String> => "suggestion" Body,
        /// In words. The days that it speaks of; null: none.
        period: Patch<String> => "period" Body,
        /// A chart. As data, at most 64 KB; null: none.
        chart: Patch<Json> => "chart" Body,
        /// More data. At most 64 KB; null: nothing.
        data: Patch<Json> => "data" Body,
        /// How far it is.
        ai_status: Option<InsightStatus> => "aiStatus" Body,
        /// Ignored. The server says when it became delivered.
        delivered_time: Patch<Timestamp> => "deliveredTime" Body,
    }
}

pub fn api() -> Api {
    Api::update("updateAiInsight")
        .on::<AiInsight>()
        .at("/v1/aiinsights/:aiInsightId")
        .reach(Reach::Admins)
        .about(
            "Changes an insight. On becoming delivered it gets its deliveredTime, and \
             whom it is for hears of it, each once. The figures behind a generated insight stay as they were computed, \
             save that one given to somebody else loses them: they may tell of people whom that one does not reach.",
        )
        .handler(handle)
        .also(found::with_person)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: UpdateAiInsight) -> Result<Answer> {
    let mut problems = Vec::new();
    let input = read(input, &mut Reading(&mut problems));
    let caller = ctx.clone();
    let needs = rules::needs(ctx.company(), input.ai_insight_id.0);
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input, &problems)).await
}

fn read(mut input: UpdateAiInsight, reading: &mut Reading) -> UpdateAiInsight {
    fn set<T>(patch: Patch<T>, read: impl FnOnce(T) -> T) -> Patch<T> {
        match patch {
            Patch::Set(new) => Patch::Set(read(new)),
            other => other,
        }
    }
    input.insight_type = input.insight_type.map(|text| reading.insight_type(&text));
    input.applicable_period = input.applicable_period.map(|json| reading.span(&json));
    input.title = set(input.title, |text| reading.title(&text));
    input.summary = set(input.summary, |text| reading.summary(&text));
    input.details = input.details.map(|text| reading.details(&text));
    input.suggestion = set(input.suggestion, |text| reading.suggestion(&text));
    input.period = set(input.period, |text| reading.period(&text));
    input.chart = set(input.chart, |json| reading.object("chart", &json));
    input.data = set(input.data, |json| reading.object("data", &json));
    input
}

fn decide(facts: &Facts, ctx: &Ctx, input: &UpdateAiInsight, problems: &[Problem]) -> Result<(Changes, Answer)> {
    let before: AiInsight = facts.row(input.ai_insight_id)?;
    let after = readdressed(&before, patched(&before, input.clone()));
    rules::check(facts, Some(&before), &after, problems.to_vec())?;
    let after = match input.ai_status {
        Some(status) => rules::of_status(after, status, facts.now),
        None => after,
    };
    let after = after.touched(facts.now);
    Ok((rules::written(facts, ctx, Some(&before), &after)?, Answer::object(ctx, &after)))
}

/// Figures were computed with the reach of whom it was for, and so would a job's still be.
fn readdressed(before: &AiInsight, after: AiInsight) -> AiInsight {
    if after.audience_user_id == before.audience_user_id {
        return after;
    }
    AiInsight { job_key: None, figures: None, ..after }
}

fn patched(before: &AiInsight, input: UpdateAiInsight) -> AiInsight {
    let old = before.clone();
    AiInsight {
        insight_type: input.insight_type.unwrap_or(old.insight_type),
        audience_user_id: input.audience_user_id.over(old.audience_user_id),
        audience_type: input.audience_type.unwrap_or(old.audience_type),
        applicable_period: input.applicable_period.unwrap_or(old.applicable_period),
        title: input.title.over(old.title),
        summary: input.summary.over(old.summary),
        details: input.details.unwrap_or(old.details),
        suggestion: input.suggestion.over(old.suggestion),
        period: input.period.over(old.period),
        chart: input.chart.over(old.chart),
        data: input.data.over(old.data),
        ..old
    }
}
