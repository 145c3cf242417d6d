//! The chat: conversations, and answers as pages see them.

mod approvals;
mod assistant;
mod bodies;
mod conversations;
mod crowd;
mod events;
mod failures;
mod kept;
mod nodes;
mod reach;
mod repeats;
mod resume;
mod stops;

use reqwest::Method;
use serde_json::{Value as Json, json};
use workforceos_agents::provider::Providers;
use workforceos_tests::{Client, DEADLINE, Db, Live, Llm, Seen, Setup, TestApp};

use crate::text;

pub const CHAT: &str = "/mcpbff-api/api/chat";
pub const STREAM: &str = "/mcpbff-api/api/chat/stream";
pub const STOP: &str = "/mcpbff-api/api/chat/stop";
pub const APPROVE: &str = "/mcpbff-api/api/chat/approve";
pub const CONVERSATIONS: &str = "/mcpbff-api/api/chat/conversations";
pub const ASSISTANT: &str = "/agenthub-api/agents/workforceAssistant";
pub const NOT_CONFIGURED: &str =
    "AI service not configured. Please configure OPENAI_API_KEY or ANTHROPIC_API_KEY in environment variables";

/// A server whose models are a fake's, in OpenAI's format.
pub async fn start(db: Db) -> (Llm, TestApp) {
    let llm = Llm::start().await;
    let app = with(db, llm.openai()).await;
    (llm, app)
}

pub async fn with(db: Db, providers: Providers) -> TestApp {
    TestApp::with(db, Setup { providers, ..Setup::default() }).await
}

/// Asks, and reads along.
pub async fn ask(who: &Client, body: Json) -> Live {
    Live::open(who.request(Method::POST, STREAM).json(&body)).await
}

/// Goes on reading after an event.
pub async fn go_on(who: &Client, conversation: &str, after: i64) -> Live {
    Live::open(who.request(Method::GET, &format!("{STREAM}/{conversation}")).header("last-event-id", after.to_string())).await
}

/// All events to the end of the stream.
pub async fn all(mut live: Live) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some(event) = live.next().await {
        seen.push(event);
    }
    seen
}

/// Asks, and reads to the end.
pub async fn asked(who: &Client, message: &str) -> Vec<Seen> {
    all(ask(who, json!({"message": message})).await).await
}

/// Asks in a conversation, and reads to the end.
pub async fn asked_in(who: &Client, conversation: &str, message: &str) -> Vec<Seen> {
    all(ask(who, json!({"message": message, "conversationId": conversation})).await).await
}

/// The names of events, texts that follow each other as one.
pub fn names(events: &[Seen]) -> Vec<&str> {
    let mut names: Vec<&str> = events.iter().map(|event| event.name.as_deref().unwrap_or_default()).collect();
    names.dedup_by(|next, before| next == before && *before == "text");
    names
}

pub fn named<'e>(events: &'e [Seen], name: &str) -> Vec<&'e Seen> {
    events.iter().filter(|event| event.name.as_deref() == Some(name)).collect()
}

/// All that the model said.
pub fn said(events: &[Seen]) -> String {
    named(events, "text").iter().map(|event| event.data["content"].as_str().expect("text")).collect()
}

/// The conversation of an answer.
pub fn conversation(events: &[Seen]) -> String {
    text(&events[0].data, "conversationId")
}

/// The messages of a conversation, as it is kept.
pub async fn messages(who: &Client, conversation: &str) -> Vec<Json> {
    let whole = who.get(&format!("{CONVERSATIONS}/{conversation}")).await.ok();
    whole["messages"].as_array().expect("messages").clone()
}

/// Waits until the conversation has so many messages.
pub async fn until_messages(who: &Client, conversation: &str, count: usize) -> Vec<Json> {
    let asking = async {
        loop {
            let found = messages(who, conversation).await;
            if found.len() >= count {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(|_| panic!("{conversation} has not got {count} messages"))
}
