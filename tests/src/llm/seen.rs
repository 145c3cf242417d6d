//! A request as it was received.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::Wire;

/// What a model was asked.
#[derive(Clone, Debug)]
pub struct Seen {
    pub wire: Wire,
    /// Which request it is, from 1.
    pub number: usize,
    pub path: String,
    /// By their names in lower case, without the key.
    pub headers: HashMap<String, String>,
    /// The whole of it, in the wire's own form.
    pub body: Json,
}

impl Seen {
    pub fn model(&self) -> &str {
        self.body["model"].as_str().unwrap_or_default()
    }

    /// What the agent was told to be.
    pub fn system(&self) -> String {
        match self.wire {
            Wire::Openai => self.of_role("system").map(text_of).collect(),
            Wire::Anthropic => text_of(&self.body["system"]),
        }
    }

    /// In the wire's own form; of OpenAI's the system's message, too.
    pub fn messages(&self) -> &[Json] {
        self.body["messages"].as_array().map_or(&[], Vec::as_slice)
    }

    /// What users said, from the oldest on.
    pub fn users(&self) -> Vec<String> {
        let texts: Vec<String> = self.of_role("user").map(|message| text_of(&message["content"])).collect();
        texts.into_iter().filter(|text| !text.is_empty()).collect()
    }

    /// What a user said last.
    pub fn last_user(&self) -> String {
        self.users().pop().unwrap_or_default()
    }

    /// Results of the calls of the last turn, in the order in which they were sent: the call's id and the text; empty if a user
    /// spoke last.
    pub fn last_results(&self) -> Vec<(String, String)> {
        let results = |message: &Json| -> Vec<(String, String)> {
            let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
            match self.wire {
                Wire::Openai if message["role"] == "tool" => vec![(text(&message["tool_call_id"]), text_of(&message["content"]))],
                Wire::Openai => Vec::new(),
                Wire::Anthropic => {
                    let blocks = message["content"].as_array().into_iter().flatten();
                    let results = blocks.filter(|block| block["type"] == "tool_result");
                    results.map(|block| (text(&block["tool_use_id"]), text_of(&block["content"]))).collect()
                }
            }
        };
        let last = self.messages().iter().rev().map(results).take_while(|results| !results.is_empty());
        let mut groups: Vec<Vec<(String, String)>> = last.collect();
        groups.reverse();
        groups.concat()
    }

    /// Everything that was said, as one text: for looking whether something was told at all.
    pub fn whole(&self) -> String {
        self.body.to_string()
    }

    pub fn tools(&self) -> Vec<String> {
        self.described().map(|tool| tool["name"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The JSON Schema of a tool's arguments.
    pub fn schema(&self, tool: &str) -> Option<&Json> {
        let found = self.described().find(|described| described["name"] == tool)?;
        Some(if self.wire == Wire::Openai { &found["parameters"] } else { &found["input_schema"] })
    }

    fn described(&self) -> impl Iterator<Item = &Json> {
        let openai = self.wire == Wire::Openai;
        self.body["tools"].as_array().into_iter().flatten().map(move |tool| if openai { &tool["function"] } else { tool })
    }

    fn of_role(&self, role: &str) -> impl Iterator<Item = &Json> {
        self.messages().iter().filter(move |message| message["role"] == role)
    }
}

/// The text of a content, be it a string, a list of blocks, or a message with one of these.
fn text_of(content: &Json) -> String {
    match content {
        Json::String(text) => text.clone(),
        Json::Array(blocks) => blocks.iter().filter_map(|block| block["text"].as_str()).collect(),
        Json::Object(message) => message.get("content").map(text_of).unwrap_or_default(),
        _ => String::new(),
    }
}
