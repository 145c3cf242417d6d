//! OpenAI's chat completions, and the many servers that speak them too.
//!
//! Requests are `async-openai`'s own types. Answers are not read with it: its types insist on fields that compatible servers leave
//! out (`created`, `object`, the index of a call) and fail on reasons to stop that they do not know; and its client has a
//! retry of its own in the way. So the stream is read here, tolerantly.

use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessage,
    ChatCompletionRequestAssistantMessageContent, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
    ChatCompletionRequestSystemMessageContent, ChatCompletionRequestToolMessage, ChatCompletionRequestToolMessageContent,
    ChatCompletionRequestUserMessage, ChatCompletionRequestUserMessageContent, ChatCompletionStreamOptions, ChatCompletionTool,
    ChatCompletionTools, CreateChatCompletionRequest, FunctionCall, FunctionObject, ResponseFormat,
};
use eventsource_stream::Event;
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value as Json;

use super::heard::{Heard, arguments, plain};
use super::remote::{Format, Habits, Reader, Remote};
use super::wire::{Wire, error_event};
use super::{Endpoint, Failure, Finish, Message, Patience, Request, Spec, Usage};

/// The most characters of a tool's description; OpenAI refuses longer ones.
const DESCRIPTION: usize = 1024;
/// OpenAI wants JSON to be spoken of where it is asked for.
const JSON: &str = "Answer with one JSON object.";

/// The provider at an endpoint.
pub(super) fn provider(endpoint: &Endpoint, patience: Patience) -> Remote<Openai> {
    let base = endpoint.base_url.trim_end_matches('/');
    let headers = [("authorization", format!("Bearer {}", endpoint.key))];
    let wire = Wire::new(format!("{base}/chat/completions"), &headers, &endpoint.key, patience);
    Remote::new(Openai { own: is_openai(base), key: endpoint.key.clone() }, wire)
}

/// Whether OpenAI itself serves there: its newer models know the limit of tokens by its newer name alone, most compatible servers by
/// its older one alone. Whoever wants the other says so ([`Habits::other_limit`]).
fn is_openai(base: &str) -> bool {
    let host = Url::parse(base).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    [".openai.com", ".openai.azure.com"].iter().any(|own| host.ends_with(own))
}

pub(super) struct Openai {
    own: bool,
    key: String,
}

impl Format for Openai {
    const NAME: &'static str = "openai";
    type Reader = Chunks;

    fn body(&self, request: &Request, habits: Habits) -> Vec<u8> {
        let limit = Some(request.max_tokens);
        let newer = self.own != habits.other_limit;
        #[expect(deprecated, reason = "the older name of the limit, which most compatible servers know alone")]
        let body = CreateChatCompletionRequest {
            model: request.model.clone(),
            messages: messages(request),
            stream: Some(true),
            stream_options: (!habits.no_usage)
                .then_some(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None }),
            tools: (!request.tools.is_empty()).then(|| request.tools.iter().map(tool).collect()),
            temperature: request.temperature.filter(|_| !habits.no_temperature).map(|t| t.clamp(0.0, 2.0) as f32),
            max_completion_tokens: limit.filter(|_| newer),
            max_tokens: limit.filter(|_| !newer),
            response_format: (request.json && !habits.no_json).then_some(ResponseFormat::JsonObject),
            ..CreateChatCompletionRequest::default()
        };
        serde_json::to_vec(&body).expect("a request is JSON")
    }

    fn reader(&self) -> Chunks {
        Chunks { key: self.key.clone(), finish: None, counted: Usage::default() }
    }
}

fn tool(spec: &Spec) -> ChatCompletionTools {
    let long = spec.description.chars().count() > DESCRIPTION;
    let short: String = spec.description.chars().take(if long { DESCRIPTION - 1 } else { DESCRIPTION }).collect();
    ChatCompletionTools::Function(ChatCompletionTool {
        function: FunctionObject {
            name: spec.name.clone(),
            description: Some(if long { short + "…" } else { short }),
            parameters: Some(Json::Object(spec.schema.clone())),
            strict: None,
        },
    })
}

fn messages(request: &Request) -> Vec<ChatCompletionRequestMessage> {
    let mut system = request.system.clone();
    let told = |message: &Message| matches!(message, Message::User(text) if text.to_lowercase().contains("json"));
    if request.json && !system.to_lowercase().contains("json") && !request.messages.iter().any(told) {
        system = format!("{system}\n\n{JSON}").trim_start().to_owned();
    }
    let system = (!system.trim().is_empty()).then(|| {
        let content = ChatCompletionRequestSystemMessageContent::Text(system);
        ChatCompletionRequestMessage::System(ChatCompletionRequestSystemMessage { content, name: None })
    });
    system.into_iter().chain(request.messages.iter().filter_map(message)).collect()
}

/// `None`: it says nothing, which the API refuses.
fn message(message: &Message) -> Option<ChatCompletionRequestMessage> {
    Some(match message {
        Message::User(text) if text.trim().is_empty() => return None,
        Message::User(text) => ChatCompletionRequestMessage::User(ChatCompletionRequestUserMessage {
            content: ChatCompletionRequestUserMessageContent::Text(text.clone()),
            name: None,
        }),
        Message::Assistant { text, calls } if text.trim().is_empty() && calls.is_empty() => return None,
        Message::Assistant { text, calls } => {
            let call = |call: &super::Call| {
                let arguments = Json::Object(arguments(&call.arguments)).to_string();
                let function = FunctionCall { name: plain(&call.name), arguments };
                ChatCompletionMessageToolCalls::Function(ChatCompletionMessageToolCall { id: call.id.clone(), function })
            };
            ChatCompletionRequestMessage::Assistant(ChatCompletionRequestAssistantMessage {
                content: (!text.is_empty()).then(|| ChatCompletionRequestAssistantMessageContent::Text(text.clone())),
                tool_calls: (!calls.is_empty()).then(|| calls.iter().map(call).collect()),
                ..ChatCompletionRequestAssistantMessage::default()
            })
        }
        Message::Result { call, text, .. } => ChatCompletionRequestMessage::Tool(ChatCompletionRequestToolMessage {
            content: ChatCompletionRequestToolMessageContent::Text(text.clone()),
            tool_call_id: call.clone(),
        }),
    })
}

/// A chunk: what of it is looked at. Everything may be missing.
#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Counted>,
    error: Option<Json>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<Json>,
    refusal: Option<String>,
    tool_calls: Option<Vec<Fragment>>,
}

#[derive(Deserialize)]
struct Fragment {
    index: Option<u64>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: Option<String>,
    /// Text; an object where a server sends it whole.
    arguments: Option<Json>,
}

#[derive(Deserialize)]
struct Counted {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

pub(super) struct Chunks {
    key: String,
    finish: Option<Finish>,
    counted: Usage,
}

impl Reader for Chunks {
    fn read(&mut self, event: &Event, heard: &mut Heard) -> Result<(), Failure> {
        let data = event.data.trim();
        if data == "[DONE]" {
            heard.end(self.finish.unwrap_or(Finish::Stop), self.counted);
            return Ok(());
        }
        let chunk: Chunk =
            serde_json::from_str(data).map_err(|error| Failure::Malformed(format!("a chunk cannot be read: {error}")))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(error_event(&error, &self.key));
        }
        if let Some(counted) = chunk.usage {
            // Some count as they go: the last figures are the whole.
            self.counted.prompt = counted.prompt_tokens.unwrap_or(self.counted.prompt);
            self.counted.completion = counted.completion_tokens.unwrap_or(self.counted.completion);
        }
        for choice in chunk.choices.into_iter().flatten().take(1) {
            if let Some(delta) = choice.delta {
                said(delta, heard)?;
            }
            if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
                let finish = finish(&reason);
                self.finish = Some(finish);
                // Tools need not wait for the figures.
                heard.calls_end(finish);
            }
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

fn finish(reason: &str) -> Finish {
    match reason {
        "length" | "max_tokens" => Finish::Length,
        "tool_calls" | "function_call" => Finish::Calls,
        "content_filter" => Finish::Filtered,
        _ => Finish::Stop,
    }
}

fn said(delta: Delta, heard: &mut Heard) -> Result<(), Failure> {
    match &delta.content {
        Some(Json::String(text)) => heard.text(text)?,
        // A few send blocks, of which those with thoughts have no text.
        Some(Json::Array(blocks)) => {
            blocks.iter().filter_map(|block| block["text"].as_str()).try_for_each(|text| heard.text(text))?
        }
        _ => {}
    }
    heard.text(delta.refusal.as_deref().unwrap_or_default())?;
    delta.tool_calls.into_iter().flatten().try_for_each(|fragment| called(fragment, heard))
}

fn called(fragment: Fragment, heard: &mut Heard) -> Result<(), Failure> {
    let (name, written) = fragment.function.map_or((None, None), |function| (function.name, function.arguments));
    let name = name.filter(|name| !name.is_empty());
    let last = heard.last_place();
    let next = last.map_or(0, |last| last + 1);
    let place = match (fragment.index, &name) {
        (Some(index), _) => index,
        // Without an index, a name begins another call.
        (None, Some(_)) => next,
        (None, None) => last.unwrap_or(0),
    };
    // Some give every whole call the same index: another id is another call.
    let id = fragment.id.unwrap_or_default();
    let place = if name.is_some() && heard.is_another(place, &id) { next } else { place };
    if !heard.has_call(place) {
        heard.call(place, &id, name.as_deref().unwrap_or_default())?;
    }
    match written {
        Some(Json::String(text)) => heard.arguments(place, &text),
        Some(object @ Json::Object(_)) => heard.arguments(place, &object.to_string()),
        _ => Ok(()),
    }
}
