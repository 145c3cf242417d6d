//! What stands around a run: whether it may begin, how its agent is designed at the moment, and what is kept of it.

use std::sync::Arc;

use serde_json::json;
use workforceos_core::change::IdempotencyKey;
use workforceos_core::id::CompanyId;
use workforceos_core::objects::{AudienceType, ExecutionSource, ExecutionStatus};
use workforceos_core::session::Ctx;
use workforceos_core::{Caller, Error, Result};
use workforceos_services::insights::{self, Generated};

use super::{Made, Plan, TIMED_OUT, Who, generate};
use crate::Agents;
use crate::alias::AliasMap;
use crate::design::Design;
use crate::execution::{self, Ended, Execution};
use crate::provider::{Chosen, Usage};
use crate::toolbox::{Choice, Tools};
use crate::tools::Toolbox;

/// The insight agents, and the service that an API key needs for each.
pub const AGENTS: [(&str, &str); 2] = [("insightGenerator", "aiWorkforceAnalytics"), ("workforceInsightGenerator", "agentHub")];
/// The agent that writes what the clock asks for.
const CLOCKS: &str = "insightGenerator";

/// A run that may begin.
pub struct Begun {
    execution: Execution,
    plan: Plan,
    who: Who,
    /// What is made is kept for it as well.
    key: Option<IdempotencyKey>,
}

/// Lets an agent begin for the caller, or says why not, as [`execution::begin`] does.
pub async fn begin(agents: &Agents, caller: &Caller, ctx: &Ctx, agent: &'static str, source: ExecutionSource) -> Result<Begun> {
    let execution = execution::begin(agents, ctx, agent, source).await?;
    let mut toolbox: Option<Arc<dyn Toolbox>> = None;
    if execution.chosen.is_some() {
        // A model that works with figures reads, and shows nobody anything.
        let choice = Choice::reading().selecting(execution.design.selected_tools.clone());
        toolbox = Some(Arc::new(Tools::new(agents, caller.clone(), &choice, AliasMap::default()).await?));
    }
    let plan = planned(agent, &execution.design, execution.design.system(ctx), execution.chosen.clone());
    let (who, key) = (Who::login(caller.clone()), ctx.idempotency.clone());
    Ok(Begun { execution, plan: Plan { toolbox, ..plan }, who, key })
}

/// An agent's run as it is designed.
fn planned(agent: &'static str, design: &Design, system: String, chosen: Option<Chosen>) -> Plan {
    Plan {
        agent,
        system,
        chosen,
        temperature: design.temperature,
        max_tokens: design.max_tokens,
        tokens: design.budget.tokens,
        tool_calls: usize::try_from(design.budget.tool_calls).unwrap_or(usize::MAX),
        time: design.budget.time,
        toolbox: None,
    }
}

/// A run for what the clock asks for in a company.
pub struct Clocked {
    execution: Execution,
    pub plan: Plan,
}

/// A run for what the clock asks for: as the agent is designed now, without a model where it is switched off.
pub async fn begin_by_clock(agents: &Agents, company: CompanyId) -> Result<Clocked> {
    let changed = workforceos_services::agent_hub::override_of(&agents.app, CLOCKS).await?;
    let design = Design::of(CLOCKS, changed.as_ref()).ok_or_else(|| Error::internal("there is no agent for the clock"))?;
    let chosen = agents.providers.choose(design.provider.as_deref(), design.model.as_deref()).filter(|_| design.enabled);
    let plan = planned(CLOCKS, &design, design.system_prompt.clone(), chosen.clone());
    Ok(Clocked { execution: execution::by_clock(agents, company, design, chosen), plan })
}

impl Clocked {
    /// Ends the run: what it used is kept among the executions.
    pub async fn end(self, asked: &str, made: &Result<Made>) {
        self.execution.end(ended(asked, made)).await;
    }
}

impl Begun {
    /// Makes the insight. It is remembered as the caller's last one before it is answered.
    pub async fn answer(self, agents: &Agents, asked: &str) -> Result<Made> {
        let Begun { execution, plan, who, key } = self;
        let mut running = Running { execution: Some(execution), asked };
        let made = match generate(&agents.dispatch, &agents.tools, &who, asked, &plan).await {
            Ok(made) => kept(agents, &who, &plan, key, made).await,
            Err(error) => Err(error),
        };
        if let Some(execution) = running.execution.take() {
            execution.end(ended(asked, &made)).await;
        }
        made
    }
}

/// A run until its end: one that is dropped, since whoever asked has left, is recorded as well.
struct Running<'a> {
    execution: Option<Execution>,
    asked: &'a str,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let Some(execution) = self.execution.take() else { return };
        let left = Err(Error::unavailable("Whoever asked left before the end"));
        tokio::spawn(execution.end(ended(self.asked, &left)));
    }
}

/// The insight, once it is remembered. Whoever logged out in between is told nothing.
async fn kept(agents: &Agents, who: &Who, plan: &Plan, key: Option<IdempotencyKey>, made: Made) -> Result<Made> {
    let ctx = who.enter(&agents.dispatch).await?;
    // In the journal it stands under the agent's name.
    let ctx = Ctx { api: plan.agent, idempotency: key, ..ctx };
    insights::remember(&agents.app, &ctx, generated(&made, plan.agent), made.answer()).await?;
    Ok(made)
}

/// An insight as it is stored: for whoever it is written for, in nobody's name.
pub fn generated(made: &Made, agent: &str) -> Generated {
    let insight = &made.insight;
    let (from, to) = made.period;
    Generated {
        insight_type: insight.insight_type.clone(),
        audience_type: AudienceType::parse(&insight.audience_type).unwrap_or(AudienceType::Employee),
        audience_user_id: None,
        applicable_period: json!({"from": from.to_string(), "to": to.to_string()}),
        title: insight.title.clone(),
        summary: insight.summary.clone(),
        details: made.details(),
        suggestion: insight.suggestion.clone(),
        period: Some(insight.period.clone()),
        chart: made.chart(),
        data: Some(made.origin.clone()),
        figures: made.figures.clone(),
        agent_name: agent.to_owned(),
        provider: made.provider.to_owned(),
    }
}

/// What a run came to, for the list of executions.
fn ended(asked: &str, made: &Result<Made>) -> Ended {
    let input = asked.to_owned();
    match made {
        Ok(made) => Ended {
            input,
            output: made.text(),
            tool_calls: made.tool_calls as u64,
            usage: made.usage,
            status: ExecutionStatus::Success,
            error: made.note.clone(),
        },
        Err(error) => Ended {
            input,
            output: String::new(),
            tool_calls: 0,
            usage: Usage::default(),
            status: if error.code == TIMED_OUT { ExecutionStatus::Timeout } else { ExecutionStatus::Error },
            error: Some(error.message.clone()),
        },
    }
}
