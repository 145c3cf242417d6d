//! What an override may say.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use workforceos_core::error::Problem;
use workforceos_core::parts::Parts;

use crate::agent_hub::tools::tools;

pub const PROVIDERS: &[&str] = &["openai", "anthropic"];
pub const FORMATS: &[&str] = &["text", "json"];
const MAX_MODEL: usize = 200;
/// The most tokens of a turn that a model may be asked for.
const MAX_TOKENS: i64 = 32_000;
/// The limits of an answer that can be set, and the most that each may be.
const GUARDRAILS: [(&str, i64); 3] = [("maxToolCalls", 100), ("timeout", 600), ("maxTokenBudget", 200_000)];
/// The most wrong names that a refusal repeats.
const NAMED: usize = 10;

/// What of an override has rules beyond its kind.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub model: Option<String>,
    pub system_prompt: Option<String>,
    pub temperature: Option<f64>,
    pub max_tokens: Option<i64>,
    pub selected_tools: Option<Json>,
    pub guardrails: Option<Json>,
}

impl Asked {
    /// What can be read of arguments of which the rest cannot.
    pub fn of(parts: &Parts) -> Asked {
        Asked {
            model: parts.get("model").flatten(),
            system_prompt: parts.get("systemPrompt").flatten(),
            temperature: parts.get("temperature").flatten(),
            max_tokens: parts.get("maxTokens").flatten(),
            selected_tools: parts.get("selectedTools").flatten(),
            guardrails: parts.get("guardrails").flatten(),
        }
    }

    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut refuse = |field: &str, problem: Option<String>| problems.extend(problem.map(|said| Problem::new(field, said)));
        refuse("model", self.model.as_deref().and_then(model));
        let empty = self.system_prompt.as_deref().is_some_and(|text| text.trim().is_empty());
        refuse("systemPrompt", empty.then(|| EMPTY.to_owned()));
        let too_warm = self.temperature.is_some_and(|t| !(0.0..=2.0).contains(&t));
        refuse("temperature", too_warm.then(|| "must be from 0 to 2".to_owned()));
        let tokens = self.max_tokens.is_some_and(|n| !(1..=MAX_TOKENS).contains(&n));
        refuse("maxTokens", tokens.then(|| whole(MAX_TOKENS)));
        refuse("selectedTools", self.selected_tools.as_ref().and_then(selected_tools));
        refuse("guardrails", self.guardrails.as_ref().and_then(guardrails));
        problems
    }
}

/// The names of tools, each once.
pub fn distinct(names: &Json) -> Json {
    let mut seen = BTreeSet::new();
    names.as_array().into_iter().flatten().filter(|name| seen.insert(name.as_str())).cloned().collect()
}

const EMPTY: &str = "must not be empty; null is as designed";

fn whole(most: i64) -> String {
    format!("must be a whole number from 1 to {most}")
}

fn model(name: &str) -> Option<String> {
    if name.trim().is_empty() {
        return Some(EMPTY.to_owned());
    }
    let plain = !name.chars().any(|c| c.is_control() || c.is_whitespace()) && name.chars().count() <= MAX_MODEL;
    (!plain).then(|| format!("must be a name of at most {MAX_MODEL} characters, without spaces"))
}

fn selected_tools(names: &Json) -> Option<String> {
    let names = names.as_array().into_iter().flatten().filter_map(Json::as_str);
    let unknown: Vec<&str> = names.filter(|name| !tools().iter().any(|tool| tool.name == *name)).collect();
    if unknown.is_empty() {
        return None;
    }
    let named: Vec<String> = unknown.iter().take(NAMED).map(|name| name.chars().take(100).collect()).collect();
    let more = if unknown.len() > NAMED { format!(" and {} more", unknown.len() - NAMED) } else { String::new() };
    Some(format!("has no tools {}{more}; tools are service:apiName, as listToolCatalog lists them", named.join(", ")))
}

fn guardrails(limits: &Json) -> Option<String> {
    let mut wrong = Vec::new();
    for (name, value) in limits.as_object().into_iter().flatten() {
        match GUARDRAILS.iter().find(|(known, _)| known == name) {
            None => wrong
                .push(format!("{} is none of maxToolCalls, timeout, maxTokenBudget", name.chars().take(100).collect::<String>())),
            Some((_, most)) if value.as_i64().is_some_and(|n| (1..=*most).contains(&n)) => {}
            Some((_, most)) => wrong.push(format!("{name} {}", whole(*most))),
        }
    }
    wrong.truncate(NAMED);
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_limit_has_its_bounds_and_no_other_is_known() {
        assert_eq!(guardrails(&json!({})), None);
        assert_eq!(guardrails(&json!({"maxToolCalls": 1, "timeout": 600, "maxTokenBudget": 200_000})), None);
        for bad in [json!(0), json!(-1), json!(1.5), json!("30"), json!(null), json!(601)] {
            let told = guardrails(&json!({"timeout": bad})).expect("refused");
            assert_eq!(told, "timeout must be a whole number from 1 to 600");
        }
        let told = guardrails(&json!({"maxToolCalls": 101, "speed": 3})).expect("refused");
        assert!(told.contains("maxToolCalls must be") && told.contains("speed is none of"), "{told}");
    }

    #[test]
    fn tools_have_to_be_there() {
        assert_eq!(selected_tools(&json!(["scheduleManagement:listShifts"])), None);
        assert_eq!(selected_tools(&json!([])), None);
        assert_eq!(
            distinct(&json!(["auth:getUser", "auth:listUsers", "auth:getUser"])),
            json!(["auth:getUser", "auth:listUsers"])
        );
        let told = selected_tools(&json!(["listShifts", "scheduleManagement:listShifts", "auth:fly"])).expect("refused");
        assert!(told.starts_with("has no tools listShifts, auth:fly;"), "{told}");
    }

    #[test]
    fn models_are_names() {
        assert_eq!(model("gpt-4o"), None);
        assert_eq!(model("accounts/fireworks/models/llama:latest"), None);
        for bad in [" ", "", "gpt 4o", "a\nb"] {
            assert!(model(bad).is_some(), "{bad:?}");
        }
    }
}
