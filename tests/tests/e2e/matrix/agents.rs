//! Agents to call about: their overrides are the root level's, one of each.

use serde_json::{Value as Json, json};
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AgentExecution, AgentType, ExecutionSource, ExecutionStatus};

use super::world::Side;
use crate::paths::{OVERRIDE, OVERRIDES, TOOL_CATALOG};
use crate::text;

pub async fn arguments(side: &Side, api: &str) -> Option<Json> {
    Some(match api {
        "listAgentOverrides" | "listAgentExecutions" | "listToolCatalog" => json!({}),
        "createAgentOverride" => {
            clear(side).await;
            whole()
        }
        "updateAgentOverride" => json!({"sys_agentOverrideId": there(side).await, "temperature": 0.5}),
        "getAgentOverride" => json!({"sys_agentOverrideId": there(side).await}),
        "deleteAgentOverride" => {
            clear(side).await;
            json!({"sys_agentOverrideId": there(side).await})
        }
        "getAgentExecution" => json!({"sys_agentExecutionId": execution(side).await}),
        "getToolCatalogEntry" => {
            let listed = side.ann.get(&format!("{TOOL_CATALOG}?pageRowCount=1")).await.ok();
            json!({"sys_toolCatalogId": text(&listed["sys_toolCatalogs"][0], "id")})
        }
        _ => return None,
    })
}

fn whole() -> Json {
    json!({"agentName": "insightGenerator", "provider": "openai", "model": "gpt-4o-mini", "systemPrompt": "Be brief.", "temperature": 0.2,
        "maxTokens": 1000, "responseFormat": "json", "selectedTools": ["scheduleManagement:listShifts"],
        "guardrails": {"maxToolCalls": 3, "timeout": 20, "maxTokenBudget": 4000}, "enabled": true})
}

async fn clear(side: &Side) {
    for there in side.root.get(OVERRIDES).await.ok()["sys_agentOverrides"].as_array().expect("a list") {
        side.root.delete(&format!("{OVERRIDE}/{}", text(there, "id"))).await.ok();
    }
}

/// An override that is there.
async fn there(side: &Side) -> String {
    let listed = side.root.get(OVERRIDES).await.ok();
    match listed["sys_agentOverrides"].as_array().and_then(|all| all.first()) {
        Some(there) => text(there, "id"),
        None => text(&side.root.post(OVERRIDE, whole()).await.ok()["sys_agentOverride"], "id"),
    }
}

/// What an agent answered the employee.
async fn execution(side: &Side) -> String {
    let company = &side.company;
    let execution = AgentExecution {
        meta: company.meta(),
        agent_name: "workforceAssistant".to_owned(),
        agent_type: AgentType::Design,
        source: ExecutionSource::Rest,
        user_id: Some(side.ann.id),
        input: Some(json!({"prompt": "Who is in?"})),
        output: Some(json!({"response": "Everybody."})),
        tool_calls: Some(1),
        token_usage: Some(json!({"prompt": 10, "completion": 2, "total": 12})),
        duration_ms: Some(900),
        status: ExecutionStatus::Success,
        error: None,
        company_id: company.id,
    };
    let event = Event::audit(&company.ctx(), AgentExecution::def().name, execution.meta.id);
    company.write(Changes::none().put(&execution).event(event)).await;
    execution.meta.id.to_string()
}
