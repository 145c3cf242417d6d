//! `listAgentOverrides`, `getAgentOverride`.

use std::sync::Arc;

use workforceos_core::BusinessApi;
use workforceos_core::api::Reach;
use workforceos_core::filter::ListQuery;
use workforceos_core::object::DataObject;
use workforceos_core::objects::AgentOverride;
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;

use super::ById;
use crate::agent_hub::at_root;
use crate::{Api, App, crud};

pub fn list() -> Api {
    BusinessApi::list("listAgentOverrides")
        .on::<AgentOverride>()
        .at("/v1/agentoverrides")
        .reach(Reach::RootAdmins)
        .any_tenant()
        .about("Lists what is changed of agents.")
        .reader(|app: Arc<App>, ctx: Ctx, _: (), query: ListQuery| async move {
            crud::page(&app, &at_root(&ctx), AgentOverride::def(), Cond::TRUE, query).await
        })
}

pub fn get() -> Api {
    BusinessApi::get("getAgentOverride")
        .on::<AgentOverride>()
        .at("/v1/agentoverride/:sys_agentOverrideId")
        .reach(Reach::RootAdmins)
        .any_tenant()
        .about("Returns what is changed of an agent.")
        .reader(|app: Arc<App>, ctx: Ctx, input: ById, query: ListQuery| async move {
            crud::one(&app, &at_root(&ctx), AgentOverride::def(), input.id.0, Cond::TRUE, query).await
        })
}
