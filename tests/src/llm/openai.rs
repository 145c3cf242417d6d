//! Chat completions as OpenAI streams and refuses them.

use serde_json::{Value as Json, json};

use super::Asked;
use super::checks::{array, ensure, name, object, only, said, schema, text, unique};
use super::render::Words;
use super::turn::Called;

const FIELDS: [&str; 11] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "temperature",
    "max_tokens",
    "max_completion_tokens",
    "response_format",
];
/// The most characters of a tool's description, and of a call's id; the most tools.
const DESCRIPTION: usize = 1024;
const ID: usize = 40;
const TOOLS: usize = 128;

/// The body of a refusal.
pub(super) fn error(status: u16, message: &str) -> String {
    let kind = match status {
        429 => "requests",
        500.. => "server_error",
        _ => "invalid_request_error",
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": null}}).to_string()
}

pub(super) fn check(asked: &Asked) -> Result<(), String> {
    ensure(asked.path == "/v1/chat/completions", || format!("Invalid URL (POST {})", asked.path))?;
    ensure(asked.headers.get("content-type").is_some_and(|kind| kind.starts_with("application/json")), || {
        "the content type is not JSON".to_owned()
    })?;
    let body = object(&asked.body, "the body")?;
    only(body, &FIELDS, "Unrecognized request argument supplied: ")?;
    said(&asked.body["model"], "model")?;
    ensure(asked.body["stream"] == true, || "stream: answers are read as streams".to_owned())?;
    let temperature = asked.body.get("temperature").map_or(Some(1.0), Json::as_f64);
    ensure(temperature.is_some_and(|t| (0.0..=2.0).contains(&t)), || "temperature: expected a number from 0 to 2".to_owned())?;
    let most = [body.get("max_tokens"), body.get("max_completion_tokens")].into_iter().flatten().collect::<Vec<_>>();
    ensure(most.len() == 1 && most[0].as_u64().is_some_and(|n| n > 0), || "max_tokens: one of the two, at least 1".to_owned())?;
    if let Some(tools) = body.get("tools") {
        check_tools(array(tools, "tools")?)?;
    }
    check_messages(array(&asked.body["messages"], "messages")?)?;
    let json = asked.body["response_format"]["type"] == "json_object";
    let told = asked.body["messages"].to_string().to_lowercase().contains("json");
    ensure(!json || told, || {
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'".into()
    })
}

fn check_tools(tools: &[Json]) -> Result<(), String> {
    ensure(!tools.is_empty(), || "[] is too short - 'tools'".to_owned())?;
    ensure(tools.len() <= TOOLS, || format!("Invalid 'tools': array too long, {} instead of {TOOLS}", tools.len()))?;
    let mut names = Vec::new();
    for (i, tool) in tools.iter().enumerate() {
        let at = format!("tools[{i}]");
        only(object(tool, &at)?, &["type", "function"], &at)?;
        ensure(tool["type"] == "function", || format!("{at}.type: expected function"))?;
        let function = object(&tool["function"], &at)?;
        only(function, &["name", "description", "parameters", "strict"], &at)?;
        let named = name(&tool["function"]["name"], 64, &format!("{at}.function.name"))?;
        let description = text(&tool["function"]["description"], &at)?;
        ensure(description.chars().count() <= DESCRIPTION, || {
            format!("Invalid '{at}.function.description': string too long, of {named}")
        })?;
        schema(&tool["function"]["parameters"], &named)?;
        names.push(named);
    }
    unique(&names, "tools")
}

fn check_messages(messages: &[Json]) -> Result<(), String> {
    ensure(!messages.is_empty(), || "[] is too short - 'messages'".to_owned())?;
    let (mut waiting, mut ids) = (Vec::<String>::new(), Vec::new());
    for (i, message) in messages.iter().enumerate() {
        let at = format!("messages[{i}]");
        let role = text(&message["role"], &at)?;
        ensure(role == "tool" || waiting.is_empty(), || unanswered(&waiting))?;
        match role {
            "system" | "developer" | "user" => {
                only(object(message, &at)?, &["role", "content", "name"], &at)?;
                said(&message["content"], &at)?;
            }
            "assistant" => {
                waiting = assistant(message, &at)?;
                ids.extend(waiting.iter().cloned());
            }
            "tool" => {
                only(object(message, &at)?, &["role", "content", "tool_call_id"], &at)?;
                text(&message["content"], &at)?;
                let id = text(&message["tool_call_id"], &at)?;
                let place = waiting.iter().position(|waiting| waiting == id);
                let place = place.ok_or_else(|| {
                    format!("{at}: messages with role 'tool' must be a response to a preceding message with 'tool_calls': {id}")
                })?;
                waiting.remove(place);
            }
            _ => return Err(format!("{at}: Invalid value: '{role}'")),
        }
    }
    ensure(waiting.is_empty(), || unanswered(&waiting))?;
    unique(&ids, "tool_calls")
}

fn unanswered(ids: &[String]) -> String {
    format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. \
         The following tool_call_ids did not have response messages: {}",
        ids.join(", ")
    )
}

/// Answers the ids of the message's calls.
fn assistant(message: &Json, at: &str) -> Result<Vec<String>, String> {
    only(object(message, at)?, &["role", "content", "tool_calls"], at)?;
    let Some(calls) = message.get("tool_calls") else {
        said(&message["content"], at)?;
        return Ok(Vec::new());
    };
    if let Some(content) = message.get("content").filter(|content| !content.is_null()) {
        text(content, at)?;
    }
    let calls = array(calls, at)?;
    ensure(!calls.is_empty(), || format!("{at}: [] is too short - 'tool_calls'"))?;
    let mut ids = Vec::new();
    for call in calls {
        only(object(call, at)?, &["id", "type", "function"], at)?;
        ensure(call["type"] == "function", || format!("{at}: expected a call of a function"))?;
        name(&call["function"]["name"], 64, &format!("{at}.function.name"))?;
        let arguments = text(&call["function"]["arguments"], at)?;
        // OpenAI takes any text; servers that render it into a template of their own do not.
        let readable = serde_json::from_str::<Json>(arguments).is_ok_and(|json| json.is_object());
        ensure(readable, || format!("{at}: arguments are no JSON object: {arguments}"))?;
        let id = text(&call["id"], at)?;
        ensure((1..=ID).contains(&id.len()), || format!("{at}: Invalid id, string too long or empty: {id}"))?;
        ids.push(id.to_owned());
    }
    Ok(ids)
}

/// Chunks of one completion.
pub(super) struct Chunks {
    model: String,
    wants_usage: bool,
    calls: usize,
}

impl Chunks {
    pub fn new(asked: &Asked) -> Chunks {
        let wants_usage = asked.body["stream_options"]["include_usage"] == true;
        Chunks { model: asked.model().to_owned(), wants_usage, calls: 0 }
    }

    fn chunk(&self, choices: &Json, usage: &Json) -> String {
        let mut chunk = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_780_000_000, "model": self.model,
            "system_fingerprint": null, "choices": choices});
        if self.wants_usage {
            chunk["usage"] = usage.clone();
        }
        format!("data: {chunk}\n\n")
    }

    fn delta(&self, delta: &Json) -> String {
        self.chunk(&json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]), &Json::Null)
    }
}

impl Words for Chunks {
    fn begin(&mut self) -> String {
        self.delta(&json!({"role": "assistant", "content": "", "refusal": null}))
    }

    fn text(&mut self, text: &str) -> String {
        self.delta(&json!({"content": text}))
    }

    fn call(&mut self, id: &str, name: &str) -> (usize, String) {
        let place = self.calls;
        self.calls += 1;
        let mut call = json!({"index": place, "type": "function", "function": {"name": name, "arguments": ""}});
        if !id.is_empty() {
            call["id"] = json!(id);
        }
        (place, self.delta(&json!({"tool_calls": [call]})))
    }

    fn arguments(&mut self, place: usize, fragment: &str) -> String {
        self.delta(&json!({"tool_calls": [{"index": place, "function": {"arguments": fragment}}]}))
    }

    fn call_ends(&mut self, _place: usize) -> String {
        String::new()
    }

    fn whole(&mut self, id: &str, called: &Called, indexed: bool) -> String {
        let mut call = json!({"type": "function", "function": {"name": called.name, "arguments": called.arguments}});
        if indexed {
            call["index"] = json!(self.calls);
        }
        if !id.is_empty() {
            call["id"] = json!(id);
        }
        self.calls += 1;
        self.delta(&json!({"role": "assistant", "content": null, "tool_calls": [call]}))
    }

    fn ping(&self) -> String {
        ": keep-alive\n\n".to_owned()
    }

    fn error(&self, kind: &str, message: &str) -> String {
        format!("data: {}\n\n", json!({"error": {"message": message, "type": kind, "param": null, "code": null}}))
    }

    fn end(&mut self, finish: Option<&str>, called: bool, usage: Option<(u64, u64)>) -> String {
        let finish = finish.unwrap_or(if called { "tool_calls" } else { "stop" });
        let last = json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": finish}]);
        let mut end = self.chunk(&last, &Json::Null);
        if let Some((prompt, completion)) = usage.filter(|_| self.wants_usage) {
            let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion});
            end.push_str(&self.chunk(&json!([]), &usage));
        }
        end + "data: [DONE]\n\n"
    }

    fn id(&self, number: u64) -> String {
        format!("call_{number:024}")
    }
}
