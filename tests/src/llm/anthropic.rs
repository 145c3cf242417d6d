//! Messages as Anthropic streams and refuses them.

use serde_json::{Value as Json, json};

use super::Asked;
use super::checks::{array, ensure, name, object, only, said, schema, text, unique};
use super::render::Words;
use super::turn::Called;

const FIELDS: [&str; 9] =
    ["model", "messages", "system", "max_tokens", "stream", "temperature", "tools", "tool_choice", "stop_sequences"];

/// The body of a refusal.
pub(super) fn error(status: u16, message: &str) -> String {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_test"}).to_string()
}

pub(super) fn check(asked: &Asked) -> Result<(), String> {
    ensure(asked.path == "/v1/messages", || format!("Not found: {}", asked.path))?;
    ensure(asked.headers.get("anthropic-version").map(String::as_str) == Some("2023-06-01"), || {
        "anthropic-version: header is required".to_owned()
    })?;
    only(object(&asked.body, "the body")?, &FIELDS, "")?;
    said(&asked.body["model"], "model")?;
    ensure(asked.body["stream"] == true, || "stream: answers are read as streams".to_owned())?;
    ensure(asked.body["max_tokens"].as_u64().is_some_and(|n| n > 0), || "max_tokens: Field required, at least 1".to_owned())?;
    let temperature = asked.body.get("temperature").map_or(Some(1.0), Json::as_f64);
    ensure(temperature.is_some_and(|t| (0.0..=1.0).contains(&t)), || "temperature: range: 0..1".to_owned())?;
    if let Some(system) = asked.body.get("system") {
        said(system, "system")?;
    }
    if let Some(tools) = asked.body.get("tools") {
        check_tools(array(tools, "tools")?)?;
    }
    let messages = array(&asked.body["messages"], "messages")?;
    let called = |message: &Json| message["content"].as_array().into_iter().flatten().any(|block| block["type"] == "tool_use");
    ensure(asked.body.get("tools").is_some() || !messages.iter().any(called), || {
        "Requests which include `tool_use` or `tool_result` blocks must define tools".to_owned()
    })?;
    check_messages(messages)
}

fn check_tools(tools: &[Json]) -> Result<(), String> {
    let mut names = Vec::new();
    for (i, tool) in tools.iter().enumerate() {
        let at = format!("tools.{i}");
        only(object(tool, &at)?, &["name", "description", "input_schema"], &at)?;
        let named = name(&tool["name"], 128, &format!("{at}.name"))?;
        text(&tool["description"], &at)?;
        schema(&tool["input_schema"], &named)?;
        names.push(named);
    }
    unique(&names, "tools: Tool names must be unique")
}

fn check_messages(messages: &[Json]) -> Result<(), String> {
    ensure(!messages.is_empty(), || "messages: at least one message is required".to_owned())?;
    let (mut waiting, mut ids) = (Vec::<String>::new(), Vec::new());
    for (i, message) in messages.iter().enumerate() {
        let at = format!("messages.{i}");
        only(object(message, &at)?, &["role", "content"], &at)?;
        let expected = if i % 2 == 0 { "user" } else { "assistant" };
        ensure(message["role"] == expected, || {
            format!("{at}: roles must alternate between \"user\" and \"assistant\", beginning with \"user\": {}", message["role"])
        })?;
        let content = match &message["content"] {
            Json::String(text) => &json!([{"type": "text", "text": text}]),
            content => content,
        };
        let blocks = array(content, &at)?;
        ensure(!blocks.is_empty(), || format!("{at}: all messages must have non-empty content"))?;
        if expected == "user" {
            user(blocks, &mut waiting, &at)?;
        } else {
            waiting = assistant(blocks, &at)?;
            ids.extend(waiting.iter().cloned());
            let open = i + 1 == messages.len();
            ensure(!open, || format!("{at}: the conversation must end with a user message: prefill is not supported"))?;
        }
    }
    unique(&ids, "messages: `tool_use` ids must be unique")
}

/// Results of all calls that wait, first; then what the user says.
fn user(blocks: &[Json], waiting: &mut Vec<String>, at: &str) -> Result<(), String> {
    let mut said_already = false;
    for block in blocks {
        match block["type"].as_str() {
            Some("text") => {
                only(object(block, at)?, &["type", "text"], at)?;
                said(&block["text"], &format!("{at}: text content blocks must be non-empty"))?;
                said_already = true;
            }
            Some("tool_result") => {
                only(object(block, at)?, &["type", "tool_use_id", "content", "is_error"], at)?;
                if let Some(content) = block.get("content") {
                    said(content, at)?;
                }
                let id = text(&block["tool_use_id"], at)?;
                let place = waiting.iter().position(|waiting| waiting == id);
                let place = place.ok_or_else(|| format!("{at}: unexpected `tool_use_id` found in `tool_result` blocks: {id}"))?;
                waiting.remove(place);
                ensure(!said_already, || format!("{at}: tool_result blocks must come first in the content"))?;
            }
            _ => return Err(format!("{at}: Input tag does not match any of the expected tags: {block}")),
        }
    }
    ensure(waiting.is_empty(), || {
        format!("{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {}", waiting.join(", "))
    })
}

/// Answers the ids of the message's calls.
fn assistant(blocks: &[Json], at: &str) -> Result<Vec<String>, String> {
    let mut ids = Vec::new();
    for block in blocks {
        match block["type"].as_str() {
            Some("text") => {
                only(object(block, at)?, &["type", "text"], at)?;
                said(&block["text"], &format!("{at}: text content blocks must be non-empty"))?;
            }
            Some("tool_use") => {
                only(object(block, at)?, &["type", "id", "name", "input"], at)?;
                name(&block["name"], 128, &format!("{at}.tool_use.name"))?;
                object(&block["input"], &format!("{at}.tool_use.input"))?;
                ids.push(name(&block["id"], usize::MAX, &format!("{at}.tool_use.id"))?);
            }
            _ => return Err(format!("{at}: Input tag does not match any of the expected tags: {block}")),
        }
    }
    Ok(ids)
}

/// Events of one message.
pub(super) struct Events {
    model: String,
    prompt: u64,
    blocks: usize,
    /// The block of text that is open.
    text: Option<usize>,
}

impl Events {
    pub fn new(asked: &Asked, prompt: u64) -> Events {
        Events { model: asked.model().to_owned(), prompt, blocks: 0, text: None }
    }

    fn block(&mut self, block: &Json) -> (usize, String) {
        let place = self.blocks;
        self.blocks += 1;
        (place, event(&json!({"type": "content_block_start", "index": place, "content_block": block})))
    }

    fn text_ends(&mut self) -> String {
        self.text.take().map_or_else(String::new, stop)
    }
}

fn event(data: &Json) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default())
}

fn stop(place: usize) -> String {
    event(&json!({"type": "content_block_stop", "index": place}))
}

impl Words for Events {
    fn begin(&mut self) -> String {
        let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": self.model, "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": self.prompt, "output_tokens": 1}});
        event(&json!({"type": "message_start", "message": message})) + &self.ping()
    }

    fn text(&mut self, text: &str) -> String {
        let mut begun = String::new();
        let place = self.text.unwrap_or_else(|| {
            let (place, event) = self.block(&json!({"type": "text", "text": ""}));
            begun = event;
            place
        });
        self.text = Some(place);
        let delta = json!({"type": "content_block_delta", "index": place, "delta": {"type": "text_delta", "text": text}});
        begun + &event(&delta)
    }

    fn call(&mut self, id: &str, name: &str) -> (usize, String) {
        let ended = self.text_ends();
        let (place, begun) = self.block(&json!({"type": "tool_use", "id": id, "name": name, "input": {}}));
        let empty =
            json!({"type": "content_block_delta", "index": place, "delta": {"type": "input_json_delta", "partial_json": ""}});
        (place, ended + &begun + &event(&empty))
    }

    fn arguments(&mut self, place: usize, fragment: &str) -> String {
        let delta = json!({"type": "input_json_delta", "partial_json": fragment});
        event(&json!({"type": "content_block_delta", "index": place, "delta": delta}))
    }

    fn call_ends(&mut self, place: usize) -> String {
        stop(place)
    }

    fn whole(&mut self, id: &str, called: &Called, _indexed: bool) -> String {
        let (place, begun) = self.call(id, &called.name);
        begun + &self.arguments(place, &called.arguments) + &stop(place)
    }

    fn ping(&self) -> String {
        event(&json!({"type": "ping"}))
    }

    fn error(&self, kind: &str, message: &str) -> String {
        event(&json!({"type": "error", "error": {"type": kind, "message": message}}))
    }

    fn end(&mut self, finish: Option<&str>, called: bool, usage: Option<(u64, u64)>) -> String {
        let ended = self.text_ends();
        let reason = finish.unwrap_or(if called { "tool_use" } else { "end_turn" });
        let mut delta = json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null}});
        if let Some((_, completion)) = usage {
            delta["usage"] = json!({"output_tokens": completion});
        }
        ended + &event(&delta) + &event(&json!({"type": "message_stop"}))
    }

    fn id(&self, number: u64) -> String {
        format!("toolu_{number:024}")
    }
}
