//! OpenAI's chat completions, and the many servers that speak them too.
//!
//! Requests are `async-openai`'s own types. Answers are not read with it: its types insist on fields that compatible servers leave
//! out (`created`, `object`, the index of a call) and fail on reasons to stop that they do not know; and its client has a
//! retry of its own in the way. So the stream is read tolerantly (`chunks.rs`).

use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessage,
    ChatCompletionRequestAssistantMessageContent, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
    ChatCompletionRequestSystemMessageContent, ChatCompletionRequestToolMessage, ChatCompletionRequestToolMessageContent,
    ChatCompletionRequestUserMessage, ChatCompletionRequestUserMessageContent, ChatCompletionStreamOptions, ChatCompletionTool,
    ChatCompletionTools, CreateChatCompletionRequest, FunctionCall, FunctionObject, ResponseFormat,
};
use reqwest::Url;
use serde_json::Value as Json;

use super::chunks::Chunks;
use super::heard::{arguments, plain};
use super::remote::{Format, Habits, Remote};
use super::wire::Wire;
use super::{Endpoint, Message, Patience, Request, Spec};

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
        Chunks::new(&self.key)
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
