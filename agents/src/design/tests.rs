use serde_json::json;
use workforceos_core::Timestamp;
use workforceos_core::id::CompanyId;
use workforceos_core::object::Meta;
use workforceos_services::agent_hub::AGENTS;

use super::*;

/// An override that changes nothing.
fn nothing() -> AgentOverride {
    AgentOverride {
        meta: Meta::new(CompanyId::ROOT, Timestamp(0), None),
        agent_name: String::new(),
        provider: None,
        model: None,
        system_prompt: None,
        temperature: None,
        max_tokens: None,
        response_format: None,
        selected_tools: None,
        guardrails: None,
        enabled: true,
        updated_by: None,
        company_id: CompanyId::ROOT,
    }
}

fn design(name: &str, changed: AgentOverride) -> Design {
    Design::of(name, Some(&changed)).expect("an agent")
}

#[test]
fn there_are_three_agents_and_the_chat() {
    for name in AGENTS {
        let design = Design::of(name, None).expect("an agent");
        assert_eq!((design.name, design.agent_type, design.enabled), (*name, AgentType::Design, true));
        assert_eq!(design, self::design(name, nothing()), "nothing is changed");
        assert!(design.system_prompt.contains(prompts::RULES));
    }
    assert_eq!(Design::of(CHAT, None).expect("the chat").agent_type, AgentType::Dynamic);
    assert_eq!(Design::of("weather", None), None);
}

#[test]
fn budgets_are_as_specified() {
    let of = |name: &str| Design::of(name, None).expect("an agent");
    let budget = |name: &str| (of(name).budget.tokens, of(name).budget.time.as_secs(), of(name).json, of(name).analytics);
    assert_eq!(budget("insightGenerator"), (5_000, 120, true, true));
    assert_eq!(budget("workforceAssistant"), (2_000, 30, false, false));
    assert_eq!(budget("workforceInsightGenerator"), (5_000, 120, true, true));
}

#[test]
fn insight_generators_are_offered_what_reads() {
    let offered = Design::of("insightGenerator", None).and_then(|design| design.selected_tools).expect("a selection");
    let of = |name: &String| tools().iter().find(|tool| tool.name == *name).expect("a tool");
    assert!(offered.iter().all(|name| of(name).effect == ToolEffect::Reads));
    for name in ["attendanceManagement:listAttendanceRecords", "scheduleManagement:listShifts", "auth:listUsers"] {
        assert!(offered.iter().any(|offered| offered == name), "{name} in {offered:?}");
    }
    assert!(!offered.iter().any(|name| name.contains("ayroll")), "{offered:?}");
    assert_eq!(Design::of("workforceAssistant", None).expect("an agent").selected_tools, None);
}

#[test]
fn an_override_changes_what_it_names() {
    let changed = design(
        "workforceAssistant",
        AgentOverride {
            provider: Some("anthropic".to_owned()),
            model: Some("claude-x".to_owned()),
            system_prompt: Some("You speak as a pirate.".to_owned()),
            temperature: Some(0.5),
            max_tokens: Some(500),
            response_format: Some("json".to_owned()),
            selected_tools: Some(json!(["scheduleManagement:listShifts"])),
            guardrails: Some(json!({"maxToolCalls": 3, "timeout": 12, "maxTokenBudget": 900})),
            enabled: false,
            ..nothing()
        },
    );
    assert!(changed.system_prompt.starts_with("You speak as a pirate."));
    assert!(changed.system_prompt.contains(prompts::RULES), "the rules stay");
    // Providers refuse JSON of which the prompt does not speak.
    assert!(changed.system_prompt.ends_with(prompts::JSON));
    assert_eq!((changed.provider.as_deref(), changed.model.as_deref()), (Some("anthropic"), Some("claude-x")));
    assert_eq!((changed.temperature, changed.max_tokens, changed.json, changed.enabled), (Some(0.5), 500, true, false));
    assert_eq!(changed.selected_tools.as_deref(), Some(["scheduleManagement:listShifts".to_owned()].as_slice()));
    assert_eq!(changed.budget, Budget { tokens: 900, tool_calls: 3, time: Duration::from_secs(12) });
}

#[test]
fn insight_generators_answer_json_whatever_is_wanted() {
    for (name, json) in [("insightGenerator", true), ("workforceInsightGenerator", true), ("workforceAssistant", false)] {
        let changed = design(name, AgentOverride { response_format: Some("text".to_owned()), ..nothing() });
        assert_eq!((changed.json, changed.system_prompt.ends_with(prompts::JSON)), (json, json), "{name}");
    }
}

#[test]
fn tokens_of_a_turn_and_of_an_answer_fit_together() {
    let tokens = |max_tokens: Option<i64>, rails: Json| {
        let changed = design("workforceAssistant", AgentOverride { max_tokens, guardrails: Some(rails), ..nothing() });
        (changed.max_tokens, changed.budget.tokens)
    };
    assert_eq!(tokens(None, json!({})), (2_000, 2_000));
    assert_eq!(tokens(Some(500), json!({})), (500, 2_000));
    assert_eq!(tokens(Some(4_000), json!({})), (4_000, 4_000), "more a turn is more in all");
    assert_eq!(tokens(Some(4_000), json!({"maxTokenBudget": 1_000})), (1_000, 1_000), "the narrower limit holds");
    assert_eq!(tokens(None, json!({"maxTokenBudget": 9_000})), (2_000, 9_000), "in several turns");
}

#[test]
fn what_holds_at_the_moment_is_told() {
    let zone = workforceos_core::zone::Zone::parse("Asia/Karachi").expect("a zone");
    let tenant = workforceos_core::session::Tenant { zone, ..workforceos_core::session::Tenant::root() };
    let at = Timestamp::parse("2026-06-01T20:30:00Z").expect("an instant");
    let ctx = workforceos_services::system_ctx(tenant, at, "test");
    let told = Design::of(CHAT, None).expect("the chat").system(&ctx);
    assert!(told.contains("It is Tuesday, 2026-06-02 01:30 in Asia/Karachi."), "{told}");
}
