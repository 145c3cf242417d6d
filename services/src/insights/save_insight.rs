//! `saveInsight`: an insight that somebody, or the agent of somebody, has worked out.

use std::sync::Arc;

use serde_json::Value as Json;
use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::UserId;
use workforceos_core::objects::{AiInsight, AudienceType, InsightStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Reach, input};

use super::text::{Reading, given};
use super::{create, found, rules};
use crate::reach::reaches;
use crate::{Api, App, commit};

input! {
    pub struct SaveInsight {
        /// Headline. One line of at most 200 characters.
        title: String => "title" Body,
        /// In short. A sentence or two, at most 1,000 characters.
        summary: String => "summary" Body,
        /// Its topic. A word such as absenteeism, at most 100 characters.
        insight_type: String => "insightType" Body,
        /// For whom it is written.
        audience_type: AudienceType => "audienceType" Body,
        /// A chart. As data, at most 64 KB.
        chart: Option<Json> => "chart" Body,
        /// More data. At most 64 KB.
        data: Option<Json> => "data" Body,
        /// What to do. At most 1,000 characters.
        suggestion: Option<String> => "suggestion" Body,
        /// In words. The days that it speaks of, at most 100 characters.
        period: Option<String> => "period" Body,
        /// Whom it is for. The caller, or who is in the caller's reach. Left out, it is the caller's own; an admin's is then
        /// for everybody of its audienceType.
        audience_user_id: Option<String> => "audienceUserId" Body,
        /// Dates {from, to}. The days that it speaks of, both included.
        applicable_period: Json => "applicablePeriod" Body,
        /// Its text. Plain, at most 20,000 characters.
        details: String => "details" Body .text(),
        /// How far it is. Left out: pending.
        ai_status: Option<InsightStatus> => "aiStatus" Body,
        /// Ignored. The server says when it became delivered.
        delivered_time: Option<Timestamp> => "deliveredTime" Body,
    }
}

pub fn api() -> Api {
    Api::create("saveInsight")
        .on::<AiInsight>()
        .at("/v1/saveinsight")
        .reach(Reach::Own)
        .about(
            "Keeps an insight with its chart and data. Employees keep it for themselves, managers for themselves or a report, admins \
             for anybody or, without audienceUserId, for all admins, all managers, all employees or the company.",
        )
        .handler(handle)
        .also(found::texts)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: SaveInsight) -> Result<Answer> {
    let mut problems = Vec::new();
    let named = addressee(&ctx, input.audience_user_id.as_deref(), &mut problems)?;
    let draft = draft(&ctx, input, named, &mut Reading(&mut problems));
    let caller = ctx.clone();
    commit(&app, &ctx, Needs::none(), move |facts: &Facts| {
        // The reach may have changed since the call came.
        if let Some(user) = named.filter(|user| !reaches(facts.state, &caller, *user)) {
            return Err(out_of_reach(user));
        }
        let insight = create::begun(facts, &draft);
        rules::check(facts, None, &insight, problems.clone())?;
        Ok((rules::written(facts, &caller, None, &insight)?, Answer::object(&caller, &insight)))
    })
    .await
}

/// Whom it is for in person: who is named and within reach; for those who are no admins, themselves.
fn addressee(ctx: &Ctx, named: Option<&str>, problems: &mut Vec<Problem>) -> Result<Option<UserId>> {
    let Some(text) = named.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok((!ctx.is_admin()).then(|| ctx.user()));
    };
    match Uuid::try_parse(text).ok().filter(|id| !id.is_nil()).map(UserId) {
        Some(user) if !ctx.reaches(user) => Err(out_of_reach(user)),
        Some(user) => Ok(Some(user)),
        None => {
            problems.push(Problem::new("audienceUserId", "must be a UUID"));
            Ok(None)
        }
    }
}

fn out_of_reach(user: UserId) -> Error {
    Error::forbidden(format!("audienceUserId: {user} is not within your reach"))
}

fn draft(ctx: &Ctx, input: SaveInsight, audience_user_id: Option<UserId>, reading: &mut Reading) -> AiInsight {
    AiInsight {
        insight_type: reading.insight_type(&input.insight_type),
        audience_user_id,
        audience_type: input.audience_type,
        applicable_period: reading.span(&input.applicable_period),
        title: Some(reading.title(&input.title)),
        summary: Some(reading.summary(&input.summary)),
        details: reading.details(&input.details),
        suggestion: given(input.suggestion).map(|text| reading.suggestion(&text)),
        period: given(input.period).map(|text| reading.period(&text)),
        chart: input.chart.map(|json| reading.object("chart", &json)),
        data: input.data.map(|json| reading.object("data", &json)),
        ai_status: input.ai_status.unwrap_or(InsightStatus::Pending),
        ..rules::blank(ctx.company(), Some(ctx.user()))
    }
}
