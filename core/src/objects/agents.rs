//! Agents: what root admins changed of them, what they did, and the tools that there are for them.

use serde_json::Value as Json;

use crate::id::{CompanyId, UserId};
use crate::object::Level;
use crate::time::Timestamp;
use crate::value::Kind;
use crate::{data_object, wire_enum};

data_object! {
    /// What is otherwise than designed in one agent, in every company. What is null is as designed.
    pub struct AgentOverride {
        object: "sys_agentOverride", plural: "sys_agentOverrides", table: "sys_agent_override", service: "agentHub",
        owned_by: None, order: "-createdAt,id",
        joins: [],
        /// The agent.
        agent_name: String => "agentName",
        /// Who serves the model: openai or anthropic.
        provider: Option<String> => "provider",
        /// The model's name at its provider.
        model: Option<String> => "model",
        /// What the agent is and does. The rules for every agent follow it.
        system_prompt: Option<String> => "systemPrompt".text(),
        /// How freely it words, 0 to 2.
        temperature: Option<f64> => "temperature",
        /// The most tokens of one turn.
        max_tokens: Option<i64> => "maxTokens",
        /// text or json.
        response_format: Option<String> => "responseFormat",
        /// The only tools that it is offered, as service:apiName.
        selected_tools: Option<Json> => "selectedTools".kind(Kind::Strings),
        /// Limits of one answer: maxToolCalls, timeout (seconds), maxTokenBudget.
        guardrails: Option<Json> => "guardrails",
        /// Whether it answers at all.
        enabled: bool => "enabled",
        /// The root admin who changed it last.
        updated_by: Option<UserId> => "updatedBy",
        /// The SaaS level.
        company_id: CompanyId => "companyId".read(Level::Nobody),
    }
}

wire_enum! {
    /// Whether an agent is one of those that overrides change.
    pub enum AgentType {
        Design => "design",
        Dynamic => "dynamic",
    }
}

wire_enum! {
    /// By which door an agent was asked.
    pub enum ExecutionSource {
        Rest => "rest",
        Sse => "sse",
        Kafka => "kafka",
        Agent => "agent",
    }
}

wire_enum! {
    /// How an agent's answer ended.
    pub enum ExecutionStatus {
        Success => "success",
        Error => "error",
        Timeout => "timeout",
    }
}

data_object! {
    /// One answer of an agent. Kept for 90 days.
    pub struct AgentExecution {
        object: "sys_agentExecution", plural: "sys_agentExecutions", table: "sys_agent_execution", service: "agentHub",
        owned_by: Some("userId"), order: "-createdAt,id",
        joins: [],
        /// The agent.
        agent_name: String => "agentName".filter(),
        /// design: an agent that overrides change; dynamic: the chat.
        agent_type: AgentType => "agentType".filter(),
        /// By which door it was asked.
        source: ExecutionSource => "source".filter(),
        /// Who asked.
        user_id: Option<UserId> => "userId".filter(),
        /// What was asked: prompt; of a long one the first 4,000 characters, and characters, how many there were.
        input: Option<Json> => "input",
        /// What was answered: response, cut as input is.
        output: Option<Json> => "output",
        /// How many tools it called.
        tool_calls: Option<i64> => "toolCalls",
        /// Tokens: prompt, completion, total.
        token_usage: Option<Json> => "tokenUsage",
        /// How many milliseconds it took.
        duration_ms: Option<i64> => "durationMs",
        /// How it ended.
        status: ExecutionStatus => "status".filter(),
        /// What went wrong.
        error: Option<String> => "error".text(),
        /// The company; null on the SaaS level.
        company_id: CompanyId => "companyId",
    }
}

wire_enum! {
    /// What a tool does to the world.
    pub enum ToolEffect {
        Reads => "reads",
        Changes => "changes",
        Deletes => "deletes",
    }
}

data_object! {
    /// A tool that agents and MCP clients can use: one for each Business API.
    pub struct ToolCatalog {
        object: "sys_toolCatalog", plural: "sys_toolCatalogs", table: "sys_tool_catalog", service: "agentHub",
        owned_by: None, order: "toolName,id",
        joins: [],
        /// Its full name: service:apiName.
        tool_name: String => "toolName",
        /// The service that it belongs to.
        service_name: String => "serviceName".filter(),
        /// What it does, and what it refuses.
        description: Option<String> => "description".text(),
        /// JSON Schema of its arguments.
        parameters: Option<Json> => "parameters",
        /// When this entry last became another.
        last_refreshed: Option<Timestamp> => "lastRefreshed",
        /// Who may use it, about whom.
        reach: String => "reach",
        /// reads, changes or deletes.
        effect: ToolEffect => "effect",
        /// The SaaS level.
        company_id: CompanyId => "companyId".read(Level::Nobody),
    }
}
