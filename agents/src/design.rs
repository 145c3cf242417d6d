//! The agents as they are designed, and what an override changes.

mod prompts;

use std::time::Duration;

use serde_json::Value as Json;
use workforceos_core::objects::{AgentOverride, AgentType, ToolEffect};
use workforceos_core::session::Ctx;
use workforceos_services::agent_hub::tools;

/// The chat of the pages: no override changes it.
pub const CHAT: &str = "chat";

/// What one answer may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The most tokens that the model writes; those that it reads are not counted.
    pub tokens: u64,
    pub tool_calls: u32,
    pub time: Duration,
}

/// How an agent answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    pub name: &'static str,
    pub agent_type: AgentType,
    /// What the agent is and does, and the rules for every agent. [`Design::system`] adds what holds at the moment.
    pub system_prompt: String,
    /// `None`: the preferred one of those that are configured.
    pub provider: Option<String>,
    /// `None`: the provider's own default.
    pub model: Option<String>,
    /// `None`: the model's own default. Some models take no other.
    pub temperature: Option<f64>,
    /// The most tokens of one turn; never more than the budget's.
    pub max_tokens: u32,
    /// Whether it answers one JSON object.
    pub json: bool,
    /// The only tools that it is offered, of those that its caller has, as `service:apiName`; `None`: all of those.
    pub selected_tools: Option<Vec<String>>,
    pub budget: Budget,
    pub enabled: bool,
    /// Whether the company's subscription has to have the analytics.
    pub analytics: bool,
}

impl Design {
    /// The agent of that name as it is now, if there is one.
    pub fn of(name: &str, changed: Option<&AgentOverride>) -> Option<Design> {
        let insight = |name, prompt| Design {
            json: true,
            selected_tools: Some(insight_tools()),
            analytics: true,
            ..Design::talking(name, prompt, Budget { tokens: 5_000, tool_calls: 20, time: Duration::from_secs(120) })
        };
        let design = match name {
            "insightGenerator" => insight("insightGenerator", prompts::INSIGHT),
            "workforceInsightGenerator" => insight("workforceInsightGenerator", prompts::WORKFORCE_INSIGHT),
            "workforceAssistant" => {
                let budget = Budget { tokens: 2_000, tool_calls: 20, time: Duration::from_secs(30) };
                Design::talking("workforceAssistant", prompts::ASSISTANT, budget)
            }
            CHAT => {
                let budget = Budget { tokens: 8_000, tool_calls: 50, time: Duration::from_secs(300) };
                let design = Design::talking(CHAT, prompts::ASSISTANT, budget);
                return Some(Design { agent_type: AgentType::Dynamic, ..design }.with(None));
            }
            _ => return None,
        };
        Some(design.with(changed))
    }

    /// One that talks, with all of its caller's tools.
    fn talking(name: &'static str, prompt: &str, budget: Budget) -> Design {
        Design {
            name,
            agent_type: AgentType::Design,
            system_prompt: prompt.to_owned(),
            provider: None,
            model: None,
            temperature: None,
            max_tokens: u32::try_from(budget.tokens).unwrap_or(u32::MAX),
            json: false,
            selected_tools: None,
            budget,
            enabled: true,
            analytics: false,
        }
    }

    /// With what an override changes, and the rules for every agent, which none changes.
    fn with(mut self, changed: Option<&AgentOverride>) -> Design {
        if let Some(changed) = changed {
            self.enabled = changed.enabled;
            self.provider = changed.provider.clone();
            self.model = changed.model.clone();
            self.temperature = changed.temperature;
            // Insights are stored from what they answer as JSON: no override changes that.
            let json = changed.response_format.as_ref().map_or(self.json, |format| format == "json");
            self.json = self.analytics || json;
            self.system_prompt = changed.system_prompt.clone().unwrap_or(self.system_prompt);
            self.selected_tools = changed.selected_tools.as_ref().map(texts).or(self.selected_tools);
            self.limit(changed);
        }
        let form = if self.json { prompts::JSON } else { prompts::TEXT };
        self.system_prompt = [self.system_prompt.trim(), prompts::RULES, form].join("\n\n");
        self
    }

    /// More tokens a turn than an answer may have are meant as more for the answer, unless that is limited too.
    fn limit(&mut self, changed: &AgentOverride) {
        let rail = |name: &str| changed.guardrails.as_ref().and_then(|rails| rails[name].as_u64());
        let turn = changed.max_tokens.and_then(|tokens| u64::try_from(tokens).ok());
        self.budget.tokens = match (rail("maxTokenBudget"), turn) {
            (Some(tokens), _) => tokens,
            (None, turn) => turn.unwrap_or(0).max(self.budget.tokens),
        };
        let turn = turn.unwrap_or(self.max_tokens.into()).min(self.budget.tokens);
        self.max_tokens = u32::try_from(turn).unwrap_or(u32::MAX);
        if let Some(calls) = rail("maxToolCalls") {
            self.budget.tool_calls = u32::try_from(calls).unwrap_or(u32::MAX);
        }
        if let Some(seconds) = rail("timeout") {
            self.budget.time = Duration::from_secs(seconds);
        }
    }

    /// What a model is told before everything else, as things are for the caller at the moment.
    pub fn system(&self, ctx: &Ctx) -> String {
        let zone = ctx.tenant.zone;
        let now = zone.local(ctx.now()).format("%A, %Y-%m-%d %H:%M");
        let role = ctx.role().map_or("", |role| role.as_str());
        let place = if ctx.company().is_root() { "on the SaaS level, outside of any company" } else { "in their company" };
        format!("{}\n\nIt is {now} in {}. You act for a {role} {place}.", self.system_prompt, zone.name())
    }
}

/// What insights are made of: the analytics, and reading what they are computed from. Pay is no part of it.
fn insight_tools() -> Vec<String> {
    const SERVICES: [&str; 5] =
        ["aiWorkforceAnalytics", "attendanceManagement", "scheduleManagement", "leaveManagement", "taskManagement"];
    const PEOPLE: [&str; 5] =
        ["auth:getUser", "auth:listUsers", "auth:listUserGroups", "auth:listUserGroupMembers", "auth:getCompanyPolicy"];
    let wanted = tools().iter().filter(|tool| tool.effect == ToolEffect::Reads);
    let wanted = wanted.filter(|tool| SERVICES.contains(&tool.service) || PEOPLE.contains(&tool.name.as_str()));
    wanted.map(|tool| tool.name.clone()).collect()
}

fn texts(names: &Json) -> Vec<String> {
    names.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
