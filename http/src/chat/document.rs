//! The chat's part of the OpenAPI document.

use serde_json::{Value as Json, json};
use workforceos_core::input::Input;

use super::body::{Approval, Prompt, Question, Stop};
use crate::openapi::{answering, idempotency_key, of_type, operation, parameter};
use crate::{sent, tools};

const STREAM: &str = "The answer as it is written, as text/event-stream. In order: `start` {conversationId, provider, aliasMapSummary}; \
    `text` {content}; for each tool `tool_start` {tool}, `tool_approval` {approvalId, tool, args} where it waits for approval, \
    `tool_executing` {tool, args}, `tool_result` {tool, result, success, error?}, each with toolCallId; at the end `done` {conversationId, \
    toolCalls, processingTime, aliasMapSummary, usage, finishReason} or `error` {message}. Events have growing ids. A comment \
    comes every 15 seconds. A lost connection does not end the answer: sent again with its Idempotency-Key, it goes on after Last-Event-ID.";

/// Path, method and operation of each route.
pub fn operations() -> Vec<(&'static str, &'static str, Json)> {
    let mut all = answers();
    all.extend(conversations());
    all.extend(assistant());
    all
}

fn answers() -> Vec<(&'static str, &'static str, Json)> {
    let text = || json!({"type": "string"});
    let whole = answering(
        operation(
            "chat",
            "Ask the assistant",
            "The whole answer at once; 503 where no provider is configured.",
            asked::<Question>(),
        ),
        json!({
            "conversationId": text(), "response": text(), "toolCalls": tool_calls(), "processingTime": {"type": "integer"},
            "aliasMapSummary": aliases(), "usage": usage(), "finishReason": text(),
        }),
    );
    let stream = of_type(operation("chatStream", "Ask and read along", STREAM, asked::<Question>()), "text/event-stream");
    let about = "Goes on with the answer that is being written in a conversation, or was until five minutes ago, after the event that \
                 Last-Event-ID names; 204 if there is nothing left, 404 AnswerNotFound if there is no such answer.";
    let resume = json!({"parameters": [
        conversation(),
        parameter("lastEventId", "query", false, text(), "Goes on after this event."),
        parameter("Last-Event-ID", "header", false, text(), "Goes on after this event."),
    ]});
    let mut resume = of_type(operation("resumeChatStream", "Go on reading", about, resume), "text/event-stream");
    resume["responses"]["204"] = json!({"description": "Nothing is left"});
    let about = "Ends the answer that is being written; what was written of it stays. `stopped` tells whether there was one.";
    let stop = answering(
        operation("stopChat", "Stop an answer", about, sent::described::<Stop>()),
        json!({"success": {"type": "boolean"}, "stopped": {"type": "boolean"}}),
    );
    let about = "Lets a tool that waits run, or not; 404 if none of the caller's waits under that id, 409 if it was decided.";
    let approve = answering(operation("approveTool", "Approve a tool", about, sent::described::<Approval>()), success());
    vec![
        ("/mcpbff-api/api/chat", "post", whole),
        ("/mcpbff-api/api/chat/stream", "post", stream),
        ("/mcpbff-api/api/chat/stream/{conversationId}", "get", resume),
        ("/mcpbff-api/api/chat/stop", "post", stop),
        ("/mcpbff-api/api/chat/approve", "post", approve),
    ]
}

fn conversations() -> Vec<(&'static str, &'static str, Json)> {
    let text = || json!({"type": "string"});
    let instant = || json!({"type": "string", "format": "date-time"});
    let head = || json!({"id": text(), "title": text(), "assistant": text(), "createdAt": instant(), "updatedAt": instant()});
    let about = "The caller's conversations, the one last spoken in first. There are 200 at most: a new one drops the one that was idle \
                 for longest.";
    let row = json!({"type": "object", "properties": head()});
    let list = json!({"conversations": {"type": "array", "items": row}, "count": {"type": "integer"}});
    let list = answering(operation("listConversations", "Conversations", about, json!({})), list);
    let message = json!({"type": "object", "properties": {
        "role": {"type": "string", "enum": ["user", "assistant"]}, "content": text(), "toolCalls": tool_calls(), "createdAt": instant(),
    }});
    let mut whole = head();
    whole["messages"] = json!({"type": "array", "items": message});
    let about = "A conversation of the caller's with its messages, the oldest first.";
    let one = answering(operation("getConversation", "One conversation", about, json!({"parameters": [conversation()]})), whole);
    let about = "Deletes a conversation of the caller's for good, with all that was said in it.";
    let delete = operation("deleteConversation", "Delete a conversation", about, json!({"parameters": [conversation()]}));
    vec![
        ("/mcpbff-api/api/chat/conversations", "get", list),
        ("/mcpbff-api/api/chat/conversations/{conversationId}", "get", one),
        ("/mcpbff-api/api/chat/conversations/{conversationId}", "delete", answering(delete, success())),
    ]
}

fn assistant() -> Vec<(&'static str, &'static str, Json)> {
    let text = || json!({"type": "string"});
    let about = "Asks the workforce assistant, which answers with the caller's own rights.";
    let data = json!({"response": text(), "conversationId": text(), "provider": text()});
    let whole = json!({"success": {"type": "boolean"}, "data": {"type": "object", "properties": data}});
    let whole = answering(operation("workforceAssistant", "Workforce assistant", about, asked::<Prompt>()), whole);
    let about = "As workforceAssistant, as text/event-stream: `chunk` {content}, then `complete` {} or `error` {message}.";
    let stream = operation("workforceAssistantStream", "Workforce assistant, streamed", about, asked::<Prompt>());
    vec![
        ("/agenthub-api/agents/workforceAssistant", "post", whole),
        ("/agenthub-api/agents/workforceAssistant/stream", "post", of_type(stream, "text/event-stream")),
    ]
}

fn conversation() -> Json {
    parameter("conversationId", "path", true, json!({"type": "string", "format": "uuid"}), "The conversation's id.")
}

fn aliases() -> Json {
    let sample = json!({"type": "object", "properties": {"alias": {"type": "string"}}});
    let samples = json!({"type": "array", "items": sample});
    json!({"type": "object", "properties": {"enabled": {"type": "boolean"}, "count": {"type": "integer"}, "samples": samples}})
}

/// In tokens.
fn usage() -> Json {
    let number = || json!({"type": "integer"});
    json!({"type": "object", "properties": {"prompt": number(), "completion": number(), "total": number()}})
}

fn tool_calls() -> Json {
    let text = || json!({"type": "string"});
    let result = json!({"type": "object", "properties": {
        "success": {"type": "boolean"}, "service": {"type": ["string", "null"]}, "tool": text(), "result": tools::content(),
        "error": {"type": ["string", "null"]}, "errCode": text(), "status": {"type": "integer"}, "detail": {}, "hint": text(),
        "retryAfterSeconds": {"type": "integer"}, "requestId": text(),
    }});
    let call = json!({
        "toolCallId": text(), "tool": text(), "args": {"type": "object"}, "result": result, "success": {"type": "boolean"}, "error": text(),
    });
    json!({"type": "array", "items": {"type": "object", "properties": call}})
}

fn success() -> Json {
    json!({"success": {"type": "boolean"}})
}

/// What is asked, and by which key it is asked once.
fn asked<T: Input>() -> Json {
    let mut asked = sent::described::<T>();
    asked["parameters"] = json!([idempotency_key("It is asked once: its answer is told again, or goes on")]);
    asked
}
