//! `createAgentOverride`.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::CompanyId;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::AgentOverride;
use workforceos_core::session::Ctx;
use workforceos_core::value::Kind;
use workforceos_core::{BusinessApi, input};

use super::rules::{Asked, FORMATS, PROVIDERS, distinct};
use crate::agent_hub::{AGENTS, at_root, named};
use crate::{Api, App, commit};

input! {
    /// What is changed of an agent.
    pub struct NewOverride {
        /// The agent.
        agent_name: String => "agentName" Body .kind(Kind::Enum(AGENTS)),
        /// Who serves the model.
        provider: Option<String> => "provider" Body .kind(Kind::Enum(PROVIDERS)),
        /// The model's name.
        model: Option<String> => "model" Body,
        /// What the agent is and does.
        system_prompt: Option<String> => "systemPrompt" Body .text(),
        /// 0 to 2.
        temperature: Option<f64> => "temperature" Body,
        /// The most tokens of a turn, to 32000.
        max_tokens: Option<i64> => "maxTokens" Body,
        /// What it answers.
        response_format: Option<String> => "responseFormat" Body .kind(Kind::Enum(FORMATS)),
        /// The only tools it has: service:apiName.
        selected_tools: Option<Json> => "selectedTools" Body .kind(Kind::Strings),
        /// maxToolCalls (to 100), timeout (seconds, to 600), maxTokenBudget (to 200000).
        guardrails: Option<Json> => "guardrails" Body,
        /// Whether it answers (true).
        enabled: Option<bool> => "enabled" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::create("createAgentOverride")
        .on::<AgentOverride>()
        .at("/v1/agentoverride")
        .reach(Reach::RootAdmins)
        .any_tenant()
        .about(
            "Changes an agent's design in every company: what is left out stays as designed, enabled false switches the agent off. One \
             override per agent (409).",
        )
        .also(|_, _, parts| async move { Ok(Asked::of(&parts).problems()) })
        .handler(create)
}

async fn create(app: Arc<App>, ctx: Ctx, input: NewOverride) -> Result<Answer> {
    let asked = Asked {
        model: input.model.clone(),
        system_prompt: input.system_prompt.clone(),
        temperature: input.temperature,
        max_tokens: input.max_tokens,
        selected_tools: input.selected_tools.clone(),
        guardrails: input.guardrails.clone(),
    };
    Error::none_of(asked.problems())?;
    let ctx = at_root(&ctx);
    let (act, needs) = (ctx.clone(), Needs::none().and_query(named(&input.agent_name)));
    commit(&app, &ctx, needs, move |facts| decide(facts, &act, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &NewOverride) -> Result<(Changes, Answer)> {
    let same = facts.rows::<AgentOverride>()?.into_iter().find(|other| other.agent_name == input.agent_name);
    if let Some(other) = same {
        return Err(taken().detail(json!({"sys_agentOverrideId": other.meta.id.to_string()})));
    }
    let row = AgentOverride {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        agent_name: input.agent_name.clone(),
        provider: input.provider.clone(),
        model: input.model.clone(),
        system_prompt: input.system_prompt.clone(),
        temperature: input.temperature,
        max_tokens: input.max_tokens,
        response_format: input.response_format.clone(),
        selected_tools: input.selected_tools.as_ref().map(distinct),
        guardrails: input.guardrails.clone(),
        enabled: input.enabled.unwrap_or(true),
        updated_by: Some(ctx.user()),
        company_id: CompanyId::ROOT,
    };
    let entry = Event::audit(ctx, AgentOverride::def().name, row.meta.id).after(&row);
    Ok((Changes::none().put(&row).event(entry).taken(taken), Answer::object(ctx, &row)))
}

fn taken() -> Error {
    Error::conflict("AlreadyExists", "This agent has an override already; update or delete it")
}
