//! What is wrong with an insight's arguments of which some cannot be read: all of it is told at once.

use std::sync::Arc;

use serde_json::Value as Json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::Parts;
use workforceos_core::error::{Problem, Result};
use workforceos_core::id::UserId;
use workforceos_core::session::Ctx;

use super::text::{Reading, given};
use crate::{App, problems_in};

/// For parameters that name a person by an id.
pub async fn with_person(app: Arc<App>, ctx: Ctx, parts: Parts) -> Result<Vec<Problem>> {
    let Some(user) = parts.get::<Option<UserId>>("audienceUserId").flatten() else { return texts(app, ctx, parts).await };
    let find = move |facts: &Facts| {
        let unknown = facts.state.people.role(user).is_none();
        Ok(unknown.then(|| Problem::new("audienceUserId", format!("{user} is not known here"))).into_iter().collect())
    };
    let mut problems = problems_in(&app, &ctx, Needs::none(), find).await?;
    problems.extend(texts(app, ctx, parts).await?);
    Ok(problems)
}

/// What is wrong with what the insight says.
pub async fn texts(_: Arc<App>, _: Ctx, parts: Parts) -> Result<Vec<Problem>> {
    let text = |name: &str| given(parts.get::<Option<String>>(name).flatten());
    let json = |name: &str| parts.get::<Option<Json>>(name).flatten();
    let mut problems = Vec::new();
    let mut reading = Reading(&mut problems);
    text("insightType").map(|text| reading.insight_type(&text));
    text("title").map(|text| reading.title(&text));
    text("summary").map(|text| reading.summary(&text));
    text("details").map(|text| reading.details(&text));
    text("suggestion").map(|text| reading.suggestion(&text));
    text("period").map(|text| reading.period(&text));
    json("applicablePeriod").map(|json| reading.span(&json));
    json("chart").map(|json| reading.object("chart", &json));
    json("data").map(|json| reading.object("data", &json));
    Ok(problems)
}
