//! `deleteAiInsight`.

use std::sync::Arc;

use workforceos_actors::Facts;
use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::id::InsightId;
use workforceos_core::objects::AiInsight;
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::rules;
use crate::{Api, App, commit};

input! {
    pub struct DeleteAiInsight {
        /// The insight.
        ai_insight_id: InsightId => "aiInsightId" Path,
    }
}

pub fn api() -> Api {
    Api::delete("deleteAiInsight")
        .on::<AiInsight>()
        .at("/v1/aiinsights/:aiInsightId")
        .reach(Reach::Admins)
        .about("Takes an insight back. Nobody sees it any more, and alerts about it are settled. A weekly one is not made again.")
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: DeleteAiInsight) -> Result<Answer> {
    let caller = ctx.clone();
    let needs = rules::needs(ctx.company(), input.ai_insight_id.0);
    commit(&app, &ctx, needs, move |facts: &Facts| {
        let before: AiInsight = facts.row(input.ai_insight_id)?;
        let (changes, after) = rules::deleted(facts, &caller, &before)?;
        Ok((changes, Answer::object(&caller, &after)))
    })
    .await
}
