//! What the chat is sent, with every bad field named.

use serde_json::{Map, Value as Json};
use workforceos_agents::chat::Ask;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::ConversationId;
use workforceos_core::input;
use workforceos_core::input::{Args, Input, Problems};
use workforceos_core::objects::Assistant;
use workforceos_core::value::{Kind, LongText};
use workforceos_services::SERVICES;

use crate::routes::ALL;

/// The most bytes of a page's context, as JSON.
const CONTEXT: usize = 8 * 1024;

input! {
    /// A question.
    pub struct Question {
        /// What is asked.
        message: LongText => "message" Body,
        /// The conversation that goes on; left out: a new one.
        conversation: Option<ConversationId> => "conversationId" Body,
        /// Services whose tools are not to be used.
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
    let (question, mut problems) = read::<Question>(body);
    let list = body.get("disabledServices").and_then(Json::as_array).into_iter().flatten();
    let unknown: Vec<&str> = list.filter_map(Json::as_str).filter(|name| service(name).is_none()).collect();
    if !unknown.is_empty() {
        let told = format!("there is no service {}; there are {}", unknown.join(", "), SERVICES.join(", "));
        problems.push(Problem::new("disabledServices", told));
    }
    if body.get("context").is_some_and(|context| context.to_string().len() > CONTEXT) {
        problems.push(Problem::new("context", format!("must have at most {} KiB as JSON", CONTEXT / 1024)));
    }
    whole(question, problems)
}

pub fn read_prompt(body: &Map<String, Json>) -> Result<Prompt> {
    let (prompt, problems) = read::<Prompt>(body);
    whole(prompt, problems)
}

pub fn read_stop(body: &Map<String, Json>) -> Result<ConversationId> {
    let (stop, problems) = read::<Stop>(body);
    whole(stop, problems).map(|stop| stop.conversation)
}

pub fn read_approval(body: &Map<String, Json>) -> Result<(String, bool)> {
    let (approval, problems) = read::<Approval>(body);
    whole(approval, problems).map(|approval| (approval.id, approval.approve))
}

fn read<T: Input>(body: &Map<String, Json>) -> (Option<T>, Vec<Problem>) {
    let mut problems = Problems::default();
    let read = T::read(&Args { body: body.clone(), ..Args::default() }, &mut problems);
    (read, problems.0)
}

fn whole<T>(read: Option<T>, problems: Vec<Problem>) -> Result<T> {
    Error::none_of(problems)?;
    read.ok_or_else(|| Error::internal("a body without a problem that cannot be read"))
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
