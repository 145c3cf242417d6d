//! The agent that people talk to, as agents are asked: `/agenthub-api/agents/workforceAssistant`, whole or as it is written.

use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value as Json, json};
use workforceos_agents::chat::Told;
use workforceos_core::error::Result;
use workforceos_core::objects::{Assistant, ExecutionSource};

use crate::chat::{self, Written};
use crate::reply;
use crate::request::Incoming;
use crate::server::Server;

/// Asks the assistant. `streamed`: `chunk {content}`…, then `complete {}` or `error {message}`.
pub async fn ask(
    server: &web::Data<Server>,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    streamed: bool,
) -> Result<HttpResponse> {
    let asker = chat::enter_to_write(server, request, Some(payload), incoming, "workforceAssistant", chat::SERVICE).await?;
    let ask = chat::read_prompt(&asker.body)?.into_ask(Assistant::WorkforceAssistant);
    let token = asker.caller.token.clone();
    let source = if streamed { ExecutionSource::Sse } else { ExecutionSource::Rest };
    let asked = chat::begin(server, request, asker, ask, source).await?;
    if streamed {
        return Ok(chat::sse(server, Written::new(asked.events(0), frame), token));
    }
    let (response, provider) = (asked.text().await?, asked.provider().await);
    let data = json!({"response": response, "conversationId": asked.conversation().to_string(), "provider": provider});
    Ok(reply::json(request, 200, &json!({"success": true, "data": data}), 4 * 1024))
}

/// What of an answer the stream of an agent tells.
fn frame(told: &Told) -> Option<Bytes> {
    let (name, data): (&str, &Json) = match told.event.kind {
        "text" => ("chunk", &told.event.data),
        "done" => ("complete", &json!({})),
        "error" => ("error", &told.event.data),
        _ => return None,
    };
    Some(format!("event: {name}\ndata: {data}\n\n").into())
}
