//! What is kept of an answer: bounded, and such that it can be told to a model again.

use serde_json::{Map, Value as Json, json};

use crate::answer::Ran;
use crate::provider::{Call, Message};

/// The most characters kept of one tool's result.
const RESULT: usize = 20_000;
/// The most characters kept of all results of one answer.
const RESULTS: usize = 100_000;

/// Texts within a result that are no longer than this are kept as they are: they are names and not what was found.
const SHORT: usize = 200;

/// Room for results, used up as they come.
struct Room(usize);

impl Room {
    fn new() -> Room {
        Room(RESULTS)
    }

    /// As much of a text as there is room for; what is left out is said.
    fn cut(&mut self, text: &str) -> String {
        let most = RESULT.min(self.0);
        let length = text.chars().count();
        self.0 -= length.min(most);
        if length <= most {
            return text.to_owned();
        }
        let kept: String = text.chars().take(most).collect();
        format!("{kept}\n[{} more characters were not kept]", length - most)
    }

    /// The same of every text in a result.
    fn cut_all(&mut self, json: Json) -> Json {
        match json {
            Json::String(text) if text.len() > SHORT => self.cut(&text).into(),
            Json::Array(items) => items.into_iter().map(|item| self.cut_all(item)).collect(),
            Json::Object(map) => map.into_iter().map(|(name, value)| (name, self.cut_all(value))).collect::<Map<_, _>>().into(),
            other => other,
        }
    }
}

/// Messages as they are stored.
pub(super) fn exchange(messages: &[Message]) -> Json {
    let mut room = Room::new();
    let stored = |message: &Message| match message {
        Message::User(text) => json!({"user": text}),
        Message::Assistant { text, calls } => {
            let calls = calls.iter().map(|call| json!({"id": call.id, "name": call.name, "arguments": call.arguments}));
            json!({"assistant": text, "calls": calls.collect::<Json>()})
        }
        Message::Result { call, text, failed } => json!({"result": room.cut(text), "call": call, "failed": failed}),
    };
    messages.iter().map(stored).collect()
}

/// Messages as they were; what cannot be read is left out.
pub(super) fn messages(exchange: &Json) -> Vec<Message> {
    exchange.as_array().into_iter().flatten().filter_map(message).collect()
}

fn message(stored: &Json) -> Option<Message> {
    let text = |name: &str| Some(stored.get(name)?.as_str()?.to_owned());
    if let Some(user) = text("user") {
        return Some(Message::User(user));
    }
    if let Some(said) = text("assistant") {
        let calls = stored["calls"].as_array().into_iter().flatten().filter_map(call).collect();
        return Some(Message::Assistant { text: said, calls });
    }
    Some(Message::Result { call: text("call")?, text: text("result")?, failed: stored["failed"] == true })
}

fn call(stored: &Json) -> Option<Call> {
    let text = |name: &str| Some(stored.get(name)?.as_str()?.to_owned());
    Some(Call { id: text("id")?, name: text("name")?, arguments: text("arguments")? })
}

/// The tools that were used, for pages that read the conversation later; `None` if there were none.
pub(super) fn tool_calls(ran: &[Ran]) -> Option<Json> {
    let mut room = Room::new();
    let shown = |ran: &Ran| {
        called(&ran.id, &ran.tool, json!(ran.args), room.cut_all(ran.kept.clone()), ran.success, ran.error.as_deref())
    };
    (!ran.is_empty()).then(|| ran.iter().map(shown).collect())
}

/// A tool that was used, as pages are told.
pub(super) fn called(id: &str, tool: &str, args: Json, result: Json, success: bool, error: Option<&str>) -> Json {
    let mut call = json!({"toolCallId": id, "tool": tool, "args": args, "result": result, "success": success});
    if let Some(error) = error {
        call["error"] = error.into();
    }
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Vec<Message> {
        let call = Call { id: "c1".to_owned(), name: "listShifts".to_owned(), arguments: "{\"a\":1}".to_owned() };
        vec![
            Message::User("Who works today?".to_owned()),
            Message::Assistant { text: String::new(), calls: vec![call] },
            Message::Result { call: "c1".to_owned(), text: "[]".to_owned(), failed: true },
            Message::Assistant { text: "Nobody.".to_owned(), calls: Vec::new() },
        ]
    }

    #[test]
    fn what_was_said_is_read_again() {
        assert_eq!(messages(&exchange(&said())), said());
        assert!(messages(&Json::Null).is_empty());
        assert!(messages(&json!([{"something": "else"}])).is_empty());
    }

    #[test]
    fn results_are_bounded_each_and_together() {
        let result = |text: &str| Message::Result { call: "c".to_owned(), text: text.to_owned(), failed: false };
        let long = "ä".repeat(RESULT + 5);
        let kept = messages(&exchange(&vec![result(&long); 8]));
        let texts: Vec<&str> =
            kept.iter().map(|m| if let Message::Result { text, .. } = m { text.as_str() } else { "" }).collect();
        assert!(texts[0].ends_with("[5 more characters were not kept]"));
        assert!(texts[7].starts_with("\n[") && texts.iter().map(|t| t.chars().count()).sum::<usize>() < RESULTS + 8 * 60);
    }

    #[test]
    fn a_kept_result_stays_json() {
        let mut room = Room::new();
        let kept = json!({"success": true, "result": {"content": [{"type": "text", "text": "x".repeat(RESULT + 1)}]}});
        let cut = room.cut_all(kept);
        assert_eq!(cut["success"], true);
        room.0 = 0;
        assert_eq!(room.cut_all(json!({"type": "text", "text": "y".repeat(300)}))["type"], "text", "it keeps its shape");
        assert!(cut["result"]["content"][0]["text"].as_str().expect("text").ends_with("[1 more characters were not kept]"));
    }
}
