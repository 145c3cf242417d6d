//! What stands around a run: whether it may begin, how its agent is designed at the moment, and what is kept of it.

use std::time::Duration;

use workforceos_core::session::Ctx;
use workforceos_core::{Caller, Error, Result};

use super::{Made, Plan, SYSTEM, Who, generate};
use crate::Agents;

/// The insight agents, and the service that an API key needs for each.
pub const AGENTS: [(&str, &str); 2] = [("insightGenerator", "aiWorkforceAnalytics"), ("workforceInsightGenerator", "agentHub")];

/// A run that may begin.
pub struct Begun {
    plan: Plan,
    who: Who,
}

/// Lets an agent begin for the caller, or says why not: 403 for a key that only reads.
pub async fn begin(agents: &Agents, caller: &Caller, ctx: &Ctx, agent: &'static str) -> Result<Begun> {
    let session = ctx.session.as_ref().ok_or_else(Error::login_required)?;
    if session.key.as_ref().is_some_and(|key| key.read_only) {
        return Err(Error::forbidden("This API key only reads: agents can change things"));
    }
    let plan = Plan { agent, ..plan_of_clock(agents).await? };
    Ok(Begun { plan, who: Who::login(caller.clone()) })
}

/// A run for what the clock asks for.
pub async fn plan_of_clock(agents: &Agents) -> Result<Plan> {
    Ok(Plan {
        agent: "insightGenerator",
        system: SYSTEM.to_owned(),
        chosen: agents.providers.choose(None, None),
        temperature: None,
        max_tokens: 5_000,
        tokens: 5_000,
        tool_calls: 20,
        time: Duration::from_secs(120),
        toolbox: None,
    })
}

impl Begun {
    /// Makes the insight. It is remembered as the caller's last one before it is answered.
    pub async fn answer(self, agents: &Agents, asked: &str) -> Result<Made> {
        let made = generate(&agents.dispatch, &agents.tools, &self.who, asked, &self.plan).await?;
        // Whoever logged out in between is told nothing.
        self.who.enter(&agents.dispatch).await?;
        Ok(made)
    }
}
