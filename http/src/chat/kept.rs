//! The caller's conversations as they are kept.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value as Json, json};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::ConversationId;
use workforceos_core::objects::{ChatMessage, Conversation};
use workforceos_core::value::{Field, Kind};
use workforceos_services::conversations;

use crate::chat::{SERVICE, enter, enter_to_write};
use crate::reply;
use crate::request::Incoming;
use crate::server::Server;

/// A conversation's id of a path; what is none names no conversation.
pub fn conversation(id: &str) -> Result<ConversationId> {
    let read = Kind::Id.read(&json!(id), false).ok().and_then(ConversationId::from_value);
    read.ok_or_else(|| Error::not_found("conversation"))
}

/// `GET /api/chat/conversations`: the one last spoken in first.
pub async fn list(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<HttpResponse> {
    let asker = enter(server, request, None, incoming, "listConversations", SERVICE).await?;
    let found = conversations::list(&server.app, &asker.ctx).await?;
    let rows: Vec<Json> = found.iter().map(head).collect();
    Ok(reply::json(request, 200, &json!({"count": rows.len(), "conversations": rows}), 16 * 1024))
}

/// `GET /api/chat/conversations/:conversationId`: with its messages, oldest first.
pub async fn one(server: &Server, request: &HttpRequest, incoming: &mut Incoming, id: &str) -> Result<HttpResponse> {
    let asker = enter(server, request, None, incoming, "getConversation", SERVICE).await?;
    let (found, said) = conversations::messages(&server.app, &asker.ctx, conversation(id)?).await?;
    let mut body = head(&found);
    body["messages"] = said.iter().map(message).collect();
    Ok(reply::json(request, 200, &body, 64 * 1024))
}

/// `DELETE /api/chat/conversations/:conversationId`: for good. An answer that is being written ends.
pub async fn delete(server: &Server, request: &HttpRequest, incoming: &mut Incoming, id: &str) -> Result<HttpResponse> {
    let asker = enter_to_write(server, request, None, incoming, "deleteConversation", SERVICE).await?;
    let id = conversation(id)?;
    conversations::delete(&server.app, &asker.ctx, id).await?;
    if let Some(talk) = server.agents.talk(&asker.ctx, id) {
        talk.stop();
    }
    Ok(reply::value(request, 200, &json!({"success": true})))
}

fn head(conversation: &Conversation) -> Json {
    json!({
        "id": conversation.meta.id.to_string(),
        "title": conversation.title,
        "assistant": conversation.assistant.as_str(),
        "createdAt": conversation.meta.created_at.to_string(),
        "updatedAt": conversation.meta.updated_at.to_string(),
    })
}

fn message(message: &ChatMessage) -> Json {
    let mut shown = json!({
        "role": message.role.as_str(),
        "content": message.content.0,
        "createdAt": message.meta.created_at.to_string(),
    });
    if let Some(calls) = &message.tool_calls {
        shown["toolCalls"] = calls.clone();
    }
    shown
}
