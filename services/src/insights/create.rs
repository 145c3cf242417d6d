//! `createAiInsight`.

use std::sync::Arc;

use serde_json::Value as Json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::object::Meta;
use workforceos_core::objects::{AiInsight, AudienceType, InsightStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Reach, input};

use super::text::{Reading, given};
use super::{found, rules};
use crate::{Api, App, commit};

input! {
    pub struct CreateAiInsight {
        /// Its topic. A word such as absenteeism, at most 100 characters.
        insight_type: String => "insightType" Body,
        /// Whom it is for. Without anybody it is for everybody of its audienceType.
        audience_user_id: Option<UserId> => "audienceUserId" Body,
        /// For whom it is written. Left out: employee where somebody is named, else admin.
        audience_type: Option<AudienceType> => "audienceType" Body,
        /// Dates {from, to}. The days that it speaks of, both included.
        applicable_period: Json => "applicablePeriod" Body,
        /// Headline. One line of at most 200 characters.
        title: Option<String> => "title" Body,
        /// In short. A sentence or two, at most 1,000 characters.
        summary: Option<String> => "summary" Body,
        /// Its text. Plain, at most 20,000 characters.
        details: String => "details" Body .text(),
        /// What to do. At most 1,000 characters.
        suggestion: Option<String> => "suggestion" Body,
        /// In words. The days that it speaks of, at most 100 characters.
        period: Option<String> => "period" Body,
        /// A chart. As data, at most 64 KB.
        chart: Option<Json> => "chart" Body,
        /// More data. At most 64 KB.
        data: Option<Json> => "data" Body,
        /// How far it is. Left out: pending.
        ai_status: Option<InsightStatus> => "aiStatus" Body,
        /// Ignored. The server says when it became delivered.
        delivered_time: Option<Timestamp> => "deliveredTime" Body,
    }
}

pub fn api() -> Api {
    Api::create("createAiInsight")
        .on::<AiInsight>()
        .at("/v1/aiinsights")
        .reach(Reach::Admins)
        .about(
            "Writes an insight by hand. Once it is delivered, whom it is for hears of it: the person named, or all admins, or all \
             managers; one for employees or the company is shown to everybody. Its time of delivery is the server's.",
        )
        .handler(handle)
        .also(found::with_person)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: CreateAiInsight) -> Result<Answer> {
    let mut problems = Vec::new();
    let draft = draft(&ctx, input, &mut Reading(&mut problems));
    let caller = ctx.clone();
    commit(&app, &ctx, Needs::none(), move |facts: &Facts| {
        let insight = begun(facts, &draft);
        rules::check(facts, None, &insight, problems.clone())?;
        Ok((rules::written(facts, &caller, None, &insight)?, Answer::object(&caller, &insight)))
    })
    .await
}

/// An insight as it was asked for, which gets its id and its times when it is decided.
pub fn begun(facts: &Facts, draft: &AiInsight) -> AiInsight {
    let meta = Meta::new(facts.new_id(), facts.now, draft.meta.owner);
    rules::of_status(AiInsight { meta, ..draft.clone() }, draft.ai_status, facts.now)
}

fn draft(ctx: &Ctx, input: CreateAiInsight, reading: &mut Reading) -> AiInsight {
    let default = if input.audience_user_id.is_some() { AudienceType::Employee } else { AudienceType::Admin };
    AiInsight {
        insight_type: reading.insight_type(&input.insight_type),
        audience_user_id: input.audience_user_id,
        audience_type: input.audience_type.unwrap_or(default),
        applicable_period: reading.span(&input.applicable_period),
        title: given(input.title).map(|text| reading.title(&text)),
        summary: given(input.summary).map(|text| reading.summary(&text)),
        details: reading.details(&input.details),
        suggestion: given(input.suggestion).map(|text| reading.suggestion(&text)),
        period: given(input.period).map(|text| reading.period(&text)),
        chart: input.chart.map(|json| reading.object("chart", &json)),
        data: input.data.map(|json| reading.object("data", &json)),
        ai_status: input.ai_status.unwrap_or(InsightStatus::Pending),
        ..rules::blank(ctx.company(), Some(ctx.user()))
    }
}
