//! agentHub: what is changed of agents, what they answered, and the tools that there are for them.
//!
//! Overrides and the catalogue are the SaaS level's, whatever company their reader acts on; answers are of the company that
//! they were given in.

mod catalogue;
mod executions;
mod overrides;
mod record;
mod tools;

use std::sync::Arc;

use workforceos_core::error::Result;
use workforceos_core::id::CompanyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::AgentOverride;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Tenant};

use crate::{Api, App};

pub use catalogue::refresh;
pub use record::{Answered, MAX_TEXT, record};
pub use tools::{Tool, tools};

/// The agents that overrides change.
pub const AGENTS: &[&str] = &["insightGenerator", "workforceAssistant", "workforceInsightGenerator"];

pub fn apis() -> Vec<Api> {
    vec![
        overrides::create::api(),
        overrides::update::api(),
        overrides::delete::api(),
        overrides::read::get(),
        overrides::read::list(),
        executions::get(),
        executions::list(),
        catalogue::get(),
        catalogue::list(),
    ]
}

/// What is changed of an agent, if anything is.
pub async fn override_of(app: &App, agent: &str) -> Result<Option<AgentOverride>> {
    let found = app.store.select(&named(agent)).await?.into_iter().next();
    found.map(AgentOverride::from_record).transpose()
}

/// The overrides of an agent: one at most.
fn named(agent: &str) -> Query {
    Query::of(AgentOverride::def(), CompanyId::ROOT, Cond::eq("agentName", agent))
}

/// The same call, on the SaaS level.
fn at_root(ctx: &Ctx) -> Ctx {
    Ctx { tenant: Arc::new(Tenant::root()), ..ctx.clone() }
}
