//! `deleteAgentOverride`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::BusinessApi;
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::object::DataObject;
use workforceos_core::objects::AgentOverride;
use workforceos_core::session::Ctx;

use super::ById;
use crate::agent_hub::at_root;
use crate::{Api, App, commit};

pub fn api() -> Api {
    BusinessApi::delete("deleteAgentOverride")
        .on::<AgentOverride>()
        .at("/v1/agentoverride/:sys_agentOverrideId")
        .reach(Reach::RootAdmins)
        .any_tenant()
        .about("Deletes an agent's override: the agent is as designed again.")
        .handler(delete)
}

async fn delete(app: Arc<App>, ctx: Ctx, input: ById) -> Result<Answer> {
    let ctx = at_root(&ctx);
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let before: AgentOverride = facts.row(input.id)?;
        let after = AgentOverride { updated_by: Some(act.user()), ..before.clone() }.deleted(facts.now);
        let entry = Event::audit(&act, AgentOverride::def().name, input.id).after(&after).audited(Some(&before));
        Ok((Changes::none().put(&after).event(entry), Answer::object(&act, &after)))
    };
    commit(&app, &ctx, Needs::row::<AgentOverride>(input.id), decide).await
}
