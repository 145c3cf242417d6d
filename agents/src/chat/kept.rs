//! An answer as it is kept for its call, which may be sent again with its `Idempotency-Key`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::ConversationId;

use super::Told;
use super::talk::id_of;
use crate::answer::{Event, Outcome};

/// What came of an answer. That it failed is kept only where asking again might change something twice.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Kept {
    conversation: Uuid,
    /// The place of its question in the conversation.
    pub place: u64,
    provider: Option<String>,
    error: Option<String>,
    /// As `POST /api/chat` gives it.
    whole: Json,
}

impl Kept {
    /// `whole`: as `POST /api/chat` gives it.
    pub(super) fn of(conversation: ConversationId, place: u64, provider: Option<&str>, outcome: &Outcome, whole: Json) -> Kept {
        Kept { conversation: conversation.0, place, provider: provider.map(str::to_owned), error: outcome.error.clone(), whole }
    }

    pub(super) fn read(kept: Json) -> Result<Kept> {
        serde_json::from_value(kept).map_err(Error::internal)
    }

    pub fn conversation(&self) -> ConversationId {
        ConversationId(self.conversation)
    }

    pub fn whole(self) -> Result<Json> {
        match self.error {
            Some(error) => Err(Error::unavailable(error)),
            None => Ok(self.whole),
        }
    }

    pub fn text(&self) -> Result<String> {
        match &self.error {
            Some(error) => Err(Error::unavailable(error.clone())),
            None => Ok(self.said().to_owned()),
        }
    }

    pub fn provider(&self) -> Json {
        json!(self.provider)
    }

    fn said(&self) -> &str {
        self.whole["response"].as_str().unwrap_or_default()
    }

    /// Its events, as far as it is kept what they told: tools, then all of its text.
    pub fn events(&self) -> Vec<Told> {
        let whole = &self.whole;
        let (conversation, aliases) = (&whole["conversationId"], &whole["aliasMapSummary"]);
        let mut told =
            vec![("start", json!({"conversationId": conversation, "provider": self.provider, "aliasMapSummary": aliases}))];
        let calls = whole["toolCalls"].as_array().map_or(&[][..], Vec::as_slice);
        calls.iter().for_each(|call| told.extend(events_of(call)));
        if !self.said().is_empty() {
            told.push(("text", json!({"content": self.said()})));
        }
        told.push(match &self.error {
            Some(message) => ("error", json!({"message": message})),
            None => {
                let mut done = whole.clone();
                if let Some(done) = done.as_object_mut() {
                    done.remove("response");
                }
                done["toolCalls"] = calls.iter().map(|call| part(call, &["toolCallId", "tool", "args", "success"])).collect();
                ("done", done)
            }
        });
        let event = |(at, (kind, data))| {
            let id = at as u64 + 1;
            Told { id: id_of(self.place, id), event: Arc::new(Event { id, kind, data }) }
        };
        told.into_iter().enumerate().map(event).collect()
    }
}

fn events_of(call: &Json) -> [(&'static str, Json); 3] {
    [
        ("tool_start", part(call, &["toolCallId", "tool"])),
        ("tool_executing", part(call, &["toolCallId", "tool", "args"])),
        ("tool_result", part(call, &["toolCallId", "tool", "result", "success", "error"])),
    ]
}

/// Some properties of a call, those that it has.
fn part(call: &Json, names: &[&str]) -> Json {
    let found = names.iter().filter_map(|name| Some(((*name).to_owned(), call.get(name)?.clone())));
    Json::Object(found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(error: Option<&str>) -> Kept {
        let call = json!({"toolCallId": "c", "tool": "createShift", "args": {}, "result": {"success": true}, "success": true});
        let whole = json!({"conversationId": "x", "response": "Done.", "toolCalls": [call], "processingTime": 5,
            "aliasMapSummary": {"count": 1}, "usage": {}, "finishReason": "stop"});
        let conversation = Uuid::from_u128(1);
        Kept { conversation, place: 3, provider: Some("openai".to_owned()), error: error.map(str::to_owned), whole }
    }

    fn kinds(kept: &Kept) -> Vec<&'static str> {
        kept.events().iter().map(|told| told.event.kind).collect()
    }

    #[test]
    fn what_is_kept_is_told_in_the_order_of_an_answer() {
        let kept = kept(None);
        let events = kept.events();
        assert_eq!(kinds(&kept), ["start", "tool_start", "tool_executing", "tool_result", "text", "done"]);
        assert_eq!((events[0].id, events[5].id), (2_000_001, 2_000_006), "as ids of that question's answer");
        assert_eq!(events[0].event.data["provider"], "openai");
        assert!(events[3].event.data.get("error").is_none());
        let done = &events[5].event.data;
        let call = json!({"toolCallId": "c", "tool": "createShift", "args": {}, "success": true});
        assert_eq!((&done["toolCalls"], done.get("response"), &done["processingTime"]), (&json!([call]), None, &json!(5)));
        assert_eq!(kept.text().expect("a text"), "Done.");
        let again = Kept::read(serde_json::to_value(&kept).expect("JSON")).expect("the same");
        assert_eq!(again.whole().expect("an answer")["response"], "Done.");
    }

    #[test]
    fn a_failure_that_is_kept_fails_again() {
        let kept = kept(Some("The provider is away"));
        assert_eq!(kinds(&kept).last(), Some(&"error"));
        assert_eq!(kept.text().expect_err("failed").message, "The provider is away");
        assert_eq!(kept.whole().expect_err("failed").status.http(), 503);
    }
}
