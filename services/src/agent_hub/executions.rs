//! `listAgentExecutions`, `getAgentExecution`: what agents answered. One's own; admins all of the company.

use std::sync::Arc;

use workforceos_core::api::Reach;
use workforceos_core::filter::ListQuery;
use workforceos_core::id::AgentExecutionId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::AgentExecution;
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use crate::{Api, App, crud};

input! {
    /// An answer.
    pub struct ById {
        /// The answer.
        id: AgentExecutionId => "sys_agentExecutionId" Path,
    }
}

pub fn list() -> Api {
    crud::list::<AgentExecution>("listAgentExecutions", reached)
        .at("/v1/agentexecutions")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .about("Lists what agents were asked and answered in the last 90 days: one's own, for admins all of the company.")
}

pub fn get() -> Api {
    BusinessApi::get("getAgentExecution")
        .on::<AgentExecution>()
        .at("/v1/agentexecution/:sys_agentExecutionId")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .about("Returns one answer of an agent: one's own, for admins any of the company.")
        .reader(|app: Arc<App>, ctx: Ctx, input: ById, query: ListQuery| async move {
            crud::one(&app, &ctx, AgentExecution::def(), input.id.0, reached(&ctx), query).await
        })
}

/// Managers do not reach what their reports ask. What was answered may be of any service: a key that is limited to some reads none of it.
fn reached(ctx: &Ctx) -> Cond {
    if ctx.limited_to().is_some() {
        return Cond::FALSE;
    }
    if ctx.is_admin() { Cond::TRUE } else { Cond::eq("userId", ctx.user().0) }
}
