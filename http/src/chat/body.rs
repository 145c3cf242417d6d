//! What the chat is sent, with every bad field named.

use serde_json::{Map, Value as Json};
use workforceos_agents::chat::Ask;
use workforceos_core::error::{Problem, Result};
use workforceos_core::id::ConversationId;
use workforceos_core::input;
use workforceos_core::objects::Assistant;
use workforceos_core::value::{Kind, LongText};
use workforceos_services::SERVICES;

use crate::routes::ALL;
use crate::sent;

/// The most bytes of a page's context, as JSON.
const CONTEXT: usize = 8 * 1024;
/// The most wrong names that a refusal repeats, and the most characters of each.
const NAMED: usize = 10;
const NAME: usize = 100;

input! {
    /// A question.
    pub struct Question {
        /// What is asked.
        message: LongText => "message" Body,
        /// The conversation that goes on; left out: a new one.
        conversation: Option<ConversationId> => "conversationId" Body,
        /// Services whose tools are not to be used; mcpbff is that of what a page carries out.
        disabled_services: Option<Json> => "disabledServices" Body .kind(Kind::Strings),
        /// What the page shows, for example {"page": "roster", "selectedIds": []}: told to the model as data.
        context: Option<Json> => "context" Body,
        /// Whether tools that change something wait for approval (false).
        confirm_writes: Option<bool> => "confirmWrites" Body,
    }
}

input! {
    /// A question to an agent.
    pub struct Prompt {
        /// What is asked.
        prompt: LongText => "prompt" Body,
        /// The conversation that goes on; left out: a new one.
        conversation: Option<ConversationId> => "conversationId" Body,
    }
}

input! {
    pub struct Stop {
        /// The conversation whose answer is to end.
        conversation: ConversationId => "conversationId" Body,
    }
}

input! {
    pub struct Approval {
        /// As `tool_approval` told it.
        id: String => "approvalId" Body,
        /// Whether the tool may run.
        approve: bool => "approve" Body,
    }
}

impl Question {
    pub fn into_ask(self, assistant: Assistant) -> Ask {
        let services = self.disabled_services.as_ref().and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        Ask {
            assistant,
            conversation: self.conversation,
            message: self.message.0,
            context: self.context,
            disabled_services: services.filter_map(service).map(str::to_owned).collect(),
            confirm_writes: self.confirm_writes.unwrap_or(false),
            needs_provider: false,
        }
    }
}

impl Prompt {
    pub fn into_ask(self, assistant: Assistant) -> Ask {
        Ask {
            assistant,
            conversation: self.conversation,
            message: self.prompt.0,
            context: None,
            disabled_services: Vec::new(),
            confirm_writes: false,
            needs_provider: true,
        }
    }
}

fn service(name: &str) -> Option<&'static str> {
    // The tools that a page carries out belong to none.
    SERVICES.into_iter().chain([ALL]).find(|service| service.eq_ignore_ascii_case(name))
}

pub fn read_ask(body: &Map<String, Json>) -> Result<Question> {
    sent::read(body, |problems| {
        let list = body.get("disabledServices").and_then(Json::as_array).into_iter().flatten();
        let unknown: Vec<&str> = list.filter_map(Json::as_str).filter(|name| service(name).is_none()).collect();
        if !unknown.is_empty() {
            let named: Vec<String> = unknown.iter().take(NAMED).map(|name| name.chars().take(NAME).collect()).collect();
            let told = format!("there is no service {}; there are {}", named.join(", "), SERVICES.join(", "));
            problems.push(Problem::new("disabledServices", told));
        }
        if body.get("context").is_some_and(|context| context.to_string().len() > CONTEXT) {
            problems.push(Problem::new("context", format!("must have at most {} KiB as JSON", CONTEXT / 1024)));
        }
    })
}

pub fn read_prompt(body: &Map<String, Json>) -> Result<Prompt> {
    sent::read(body, |_| {})
}

pub fn read_stop(body: &Map<String, Json>) -> Result<ConversationId> {
    sent::read(body, |_| {}).map(|Stop { conversation }| conversation)
}

pub fn read_approval(body: &Map<String, Json>) -> Result<(String, bool)> {
    sent::read(body, |_| {}).map(|Approval { id, approve }| (id, approve))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(json: Json) -> Map<String, Json> {
        match json {
            Json::Object(body) => body,
            _ => panic!("an object"),
        }
    }

    fn bad(json: Json) -> Vec<String> {
        let error = read_ask(&body(json)).expect_err("refused");
        let fields = error.detail.expect("detail");
        fields.as_array().expect("a list").iter().map(|p| p["field"].as_str().expect("a name").to_owned()).collect()
    }

    #[test]
    fn every_bad_field_is_named() {
        assert_eq!(bad(json!({})), ["message"]);
        assert_eq!(bad(json!({"message": " "})), ["message"]);
        assert_eq!(bad(json!({"message": "x".repeat(20_001)})), ["message"]);
        let all = json!({"message": 1, "conversationId": "x", "disabledServices": "no", "context": [], "confirmWrites": "yes"});
        assert_eq!(bad(all), ["message", "conversationId", "disabledServices", "context", "confirmWrites"]);
        assert_eq!(bad(json!({"message": "m", "disabledServices": ["auth", "payroll"]})), ["disabledServices"]);
        let many = (0..500).map(|n| format!("no service {n}")).collect::<Vec<_>>();
        let told = read_ask(&body(json!({"message": "m", "disabledServices": many}))).expect_err("refused").message;
        assert!(told.len() < 1_000 && told.contains("no service 9"), "{told}");
        assert_eq!(bad(json!({"message": "m", "context": {"page": "x".repeat(8 * 1024)}})), ["context"]);
    }

    #[test]
    fn services_are_known_in_any_case() {
        let asked = body(json!({"message": "m", "disabledServices": ["TASKManagement"], "context": {"page": "tasks"}}));
        let ask = read_ask(&asked).expect("fine").into_ask(Assistant::Chat);
        assert_eq!(ask.disabled_services, ["taskManagement"]);
        assert!(!ask.confirm_writes && ask.conversation.is_none());
    }
}
