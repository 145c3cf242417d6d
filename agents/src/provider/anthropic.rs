//! Anthropic's messages.

use std::collections::BTreeSet;

use eventsource_stream::Event;
use serde_json::{Map, Value as Json, json};

use super::heard::{Heard, arguments, plain};
use super::remote::{Format, Habits, Reader, Remote};
use super::wire::{Wire, error_event, unreadable};
use super::{Endpoint, Failure, Finish, Message, Patience, Request, Spec, Usage};

const VERSION: &str = "2023-06-01";
/// There is no switch for it.
const JSON: &str = "Answer with one JSON object and nothing else: no words around it, no Markdown.";

/// The provider at an endpoint.
pub(super) fn provider(endpoint: &Endpoint, patience: Patience) -> Remote<Anthropic> {
    let base = endpoint.base_url.trim_end_matches('/');
    // Written as for the other provider, it means the same.
    let base = base.strip_suffix("/v1").unwrap_or(base);
    let headers = [("x-api-key", endpoint.key.clone()), ("anthropic-version", VERSION.to_owned())];
    let wire = Wire::new(format!("{base}/v1/messages"), &headers, &endpoint.key, patience);
    Remote::new(Anthropic { key: endpoint.key.clone() }, wire)
}

pub(super) struct Anthropic {
    key: String,
}

impl Format for Anthropic {
    const NAME: &'static str = "anthropic";
    type Reader = Blocks;

    fn body(&self, request: &Request, habits: Habits) -> Vec<u8> {
        let mut body = json!({
            "model": request.model,
            "max_tokens": request.max_tokens,
            "stream": true,
            "messages": messages(&request.messages),
        });
        let system = match (request.json, request.system.trim()) {
            (false, system) => system.to_owned(),
            (true, system) => format!("{system}\n\n{JSON}").trim_start().to_owned(),
        };
        if !system.is_empty() {
            body["system"] = json!(system);
        }
        if !request.tools.is_empty() {
            body["tools"] = request.tools.iter().map(tool).collect();
        } else if let Some(called) = called(&request.messages) {
            // Messages with calls are refused where no tool is declared.
            body["tools"] = called;
            body["tool_choice"] = json!({"type": "none"});
        }
        if let Some(temperature) = request.temperature.filter(|_| !habits.no_temperature) {
            body["temperature"] = json!(temperature.clamp(0.0, 1.0));
        }
        body.to_string().into_bytes()
    }

    fn reader(&self) -> Blocks {
        Blocks { key: self.key.clone(), finish: None, counted: Usage::default() }
    }
}

fn tool(spec: &Spec) -> Json {
    json!({"name": spec.name, "description": spec.description, "input_schema": spec.schema})
}

/// The tools that were called so far, if any was, as far as somebody has to know who does not call them again.
fn called(messages: &[Message]) -> Option<Json> {
    let calls = messages.iter().flat_map(|message| match message {
        Message::Assistant { calls, .. } => calls.as_slice(),
        _ => &[],
    });
    let names: BTreeSet<String> = calls.map(|call| plain(&call.name)).collect();
    let declared =
        |name: &String| json!({"name": name, "description": "Not to be called any more.", "input_schema": {"type": "object"}});
    (!names.is_empty()).then(|| names.iter().map(declared).collect())
}

/// Messages in turn: what several of one side say in a row is one. Texts that say nothing are left out, as the API refuses them.
fn messages(messages: &[Message]) -> Json {
    let mut turns: Vec<(&str, Vec<Json>)> = Vec::new();
    for message in messages {
        let (role, blocks) = match message {
            Message::User(text) => ("user", said(text).into_iter().collect::<Vec<_>>()),
            Message::Assistant { text, calls } => {
                let call = |call: &super::Call| json!({"type": "tool_use", "id": call.id, "name": plain(&call.name), "input": arguments(&call.arguments)});
                ("assistant", said(text).into_iter().chain(calls.iter().map(call)).collect())
            }
            Message::Result { call, text, failed } => {
                let mut block = json!({"type": "tool_result", "tool_use_id": call, "is_error": failed});
                if !text.trim().is_empty() {
                    block["content"] = json!(text);
                }
                ("user", vec![block])
            }
        };
        match turns.last_mut() {
            _ if blocks.is_empty() => {}
            Some((last, said)) if *last == role => said.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    turns.into_iter().map(|(role, content)| json!({"role": role, "content": content})).collect()
}

fn said(text: &str) -> Option<Json> {
    (!text.trim().is_empty()).then(|| json!({"type": "text", "text": text}))
}

pub(super) struct Blocks {
    key: String,
    finish: Option<Finish>,
    counted: Usage,
}

impl Reader for Blocks {
    fn read(&mut self, event: &Event, heard: &mut Heard) -> Result<(), Failure> {
        let data: Map<String, Json> = serde_json::from_str(&event.data).map_err(|error| unreadable("an event", &error))?;
        let data = Json::Object(data);
        let place = data["index"].as_u64().unwrap_or(0);
        match data["type"].as_str().unwrap_or_default() {
            // How much it writes is not known yet, whatever stands there.
            "message_start" => self.count(&data["message"]["usage"], false),
            "content_block_start" => begun(place, &data["content_block"], heard)?,
            "content_block_delta" => more(place, &data["delta"], heard)?,
            "content_block_stop" => heard.call_ends(place),
            "message_delta" => {
                self.count(&data["usage"], true);
                if let Some(reason) = data["delta"]["stop_reason"].as_str() {
                    self.finish = Some(finish(reason));
                }
            }
            "message_stop" => heard.end(self.finish.unwrap_or(Finish::Stop), self.counted),
            "error" => return Err(error_event(&data["error"], &self.key)),
            // Pings, and whatever comes with newer versions.
            _ => {}
        }
        Ok(())
    }

    fn closed(&mut self, heard: &mut Heard) -> bool {
        if let Some(finish) = self.finish {
            heard.end(finish, self.counted);
        }
        self.finish.is_some()
    }
}

impl Blocks {
    /// Figures of the whole so far. What came out of a cache was a part of the prompt all the same.
    fn count(&mut self, usage: &Json, written: bool) {
        let of = |name: &str| usage[name].as_u64();
        if of("input_tokens").is_some() {
            let parts = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
            self.counted.prompt = parts.into_iter().filter_map(of).sum();
        }
        self.counted.completion = of("output_tokens").filter(|_| written).unwrap_or(self.counted.completion);
    }
}

fn begun(place: u64, block: &Json, heard: &mut Heard) -> Result<(), Failure> {
    let text = |name: &str| block[name].as_str().unwrap_or_default();
    match text("type") {
        "text" => heard.text(text("text")),
        "tool_use" => {
            heard.call(place, text("id"), text("name"))?;
            match block["input"].as_object() {
                Some(input) if !input.is_empty() => heard.arguments(place, &block["input"].to_string()),
                _ => Ok(()),
            }
        }
        // Thoughts are not for the conversation.
        _ => Ok(()),
    }
}

fn more(place: u64, delta: &Json, heard: &mut Heard) -> Result<(), Failure> {
    match delta["type"].as_str() {
        Some("text_delta") => heard.text(delta["text"].as_str().unwrap_or_default()),
        Some("input_json_delta") => heard.arguments(place, delta["partial_json"].as_str().unwrap_or_default()),
        _ => Ok(()),
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_use" => Finish::Calls,
        "refusal" => Finish::Filtered,
        _ => Finish::Stop,
    }
}
