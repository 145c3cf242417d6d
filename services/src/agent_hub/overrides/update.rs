//! `updateAgentOverride`.

use std::sync::Arc;

use serde_json::Value as Json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::AgentOverrideId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::AgentOverride;
use workforceos_core::session::Ctx;
use workforceos_core::value::Kind;
use workforceos_core::{BusinessApi, Patch, input};

use super::rules::{Asked, FORMATS, PROVIDERS, distinct};
use crate::agent_hub::at_root;
use crate::{Api, App, commit};

input! {
    /// What changes of an override; null is as designed.
    pub struct OverrideChange {
        /// The override.
        id: AgentOverrideId => "sys_agentOverrideId" Path,
        /// Who serves the model.
        provider: Patch<String> => "provider" Body .kind(Kind::Enum(PROVIDERS)),
        /// The model's name.
        model: Patch<String> => "model" Body,
        /// What the agent is and does.
        system_prompt: Patch<String> => "systemPrompt" Body .text(),
        /// 0 to 2.
        temperature: Patch<f64> => "temperature" Body,
        /// The most tokens of a turn, to 32000.
        max_tokens: Patch<i64> => "maxTokens" Body,
        /// What it answers.
        response_format: Patch<String> => "responseFormat" Body .kind(Kind::Enum(FORMATS)),
        /// The only tools it has: service:apiName.
        selected_tools: Patch<Json> => "selectedTools" Body .kind(Kind::Strings),
        /// All limits: maxToolCalls, timeout (seconds), maxTokenBudget.
        guardrails: Patch<Json> => "guardrails" Body,
        /// Whether it answers.
        enabled: Option<bool> => "enabled" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::update("updateAgentOverride")
        .on::<AgentOverride>()
        .at("/v1/agentoverride/:sys_agentOverrideId")
        .reach(Reach::RootAdmins)
        .any_tenant()
        .about("Changes an agent's override; null is as designed. It holds from the next answer on.")
        .also(|_, _, parts| async move { Ok(Asked::of(&parts).problems()) })
        .handler(update)
}

async fn update(app: Arc<App>, ctx: Ctx, input: OverrideChange) -> Result<Answer> {
    let asked = Asked {
        model: input.model.clone().over(None),
        system_prompt: input.system_prompt.clone().over(None),
        temperature: input.temperature.clone().over(None),
        max_tokens: input.max_tokens.clone().over(None),
        selected_tools: input.selected_tools.clone().over(None),
        guardrails: input.guardrails.clone().over(None),
    };
    Error::none_of(asked.problems())?;
    let ctx = at_root(&ctx);
    let (act, needs) = (ctx.clone(), Needs::row::<AgentOverride>(input.id));
    commit(&app, &ctx, needs, move |facts| decide(facts, &act, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &OverrideChange) -> Result<(Changes, Answer)> {
    let before: AgentOverride = facts.row(input.id)?;
    let old = before.clone();
    let after = AgentOverride {
        provider: input.provider.clone().over(old.provider),
        model: input.model.clone().over(old.model),
        system_prompt: input.system_prompt.clone().over(old.system_prompt),
        temperature: input.temperature.clone().over(old.temperature),
        max_tokens: input.max_tokens.clone().over(old.max_tokens),
        response_format: input.response_format.clone().over(old.response_format),
        selected_tools: input.selected_tools.clone().over(old.selected_tools).as_ref().map(distinct),
        guardrails: input.guardrails.clone().over(old.guardrails),
        enabled: input.enabled.unwrap_or(old.enabled),
        updated_by: Some(ctx.user()),
        ..old
    }
    .touched(facts.now);
    let entry = Event::audit(ctx, AgentOverride::def().name, input.id).after(&after).audited(Some(&before));
    Ok((Changes::none().put(&after).event(entry), Answer::object(ctx, &after)))
}
