//! From names back to ids: in the arguments that a model writes.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::{AliasMap, kinds};

/// What an argument holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Ids: one, a list, by comma, or within what filters lists.
    Ids,
    /// Words that people will read: a name in them becomes what people call the one it stands for, never an id.
    Text,
    /// JSON of its own shape: ids where a property is named after them, words where one is for reading.
    Json,
    /// Nothing that a name could stand in.
    Nothing,
}

/// The most characters of an address until `://` is over.
const SCHEME: usize = 16;
/// Properties of free JSON that people read.
const READ: &[&str] = &[
    "title",
    "name",
    "fullname",
    "label",
    "labels",
    "text",
    "body",
    "message",
    "note",
    "notes",
    "reason",
    "description",
    "summary",
    "suggestion",
    "content",
    "subtitle",
    "caption",
];

impl AliasMap {
    /// Puts ids in place of names in a call's arguments. A name that was never given stays as it is, and so does an id.
    pub fn reveal(&self, arguments: &mut Map<String, Json>, holds: impl Fn(&str) -> Holds) {
        for (name, value) in arguments {
            self.reveal_in(value, holds(name));
        }
    }

    fn reveal_in(&self, value: &mut Json, holds: Holds) {
        match (holds, value) {
            (Holds::Nothing, _) => {}
            (Holds::Json, value) => self.reveal_json(value),
            (_, Json::String(text)) => *text = self.revealed(text, holds),
            (_, Json::Array(items)) => items.iter_mut().for_each(|item| self.reveal_in(item, holds)),
            (_, Json::Object(map)) => {
                for (_, value) in map {
                    self.reveal_in(value, holds);
                }
            }
            _ => {}
        }
    }

    fn reveal_json(&self, value: &mut Json) {
        match value {
            Json::String(text) => *text = self.revealed_json(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.reveal_json(item)),
            Json::Object(map) => {
                let entries = std::mem::take(map);
                for (name, mut value) in entries {
                    match () {
                        () if kinds::is_id(&name) => self.reveal_in(&mut value, Holds::Ids),
                        () if READ.contains(&name.as_str()) => self.reveal_in(&mut value, Holds::Text),
                        () => self.reveal_json(&mut value),
                    }
                    let name = self.id(&name).map_or(name, |id| id.to_string());
                    map.insert(name, value);
                }
            }
            _ => {}
        }
    }

    /// A text within JSON: a name, JSON as text, or words.
    fn revealed_json(&self, text: &str) -> String {
        if let Some(id) = self.id(text.trim()) {
            return id.to_string();
        }
        if text.trim_start().starts_with(['{', '['])
            && let Ok(mut within) = serde_json::from_str::<Json>(text)
        {
            self.reveal_json(&mut within);
            return within.to_string();
        }
        self.revealed(text, Holds::Json)
    }

    fn revealed(&self, text: &str, holds: Holds) -> String {
        super::text::with_words(text, |before, word| {
            let id = self.id(word)?;
            if holds == Holds::Ids || in_address(before) || (holds == Holds::Json && before.ends_with([':', '='])) {
                return Some(Cow::Owned(id.to_string()));
            }
            self.label(word).map(Cow::Borrowed)
        })
    }

    /// A text for people: what a name stands for, as people call it. Names stay of what has no other, and where two are called alike.
    pub fn readable(&self, text: &str) -> String {
        super::text::with_words(text, |before, word| {
            // As far back as a text in pieces waits for what goes on.
            let before = &before[super::text::open_end(before)..];
            let label = self.label(word).filter(|label| !in_address(before) && self.is_one(label))?;
            Some(Cow::Borrowed(label))
        })
    }

    /// Takes from a text that comes in pieces what can be told of it by now, as [`AliasMap::readable`]: all but the word at its end,
    /// which may go on. `over`: nothing follows.
    pub fn told(&self, waiting: &mut String, over: bool) -> String {
        let whole = if over { waiting.len() } else { super::text::open_end(waiting) };
        let rest = waiting.split_off(whole);
        self.readable(&std::mem::replace(waiting, rest))
    }

    /// Whether a single thing is called so.
    fn is_one(&self, label: &str) -> bool {
        self.entries.iter().filter(|entry| entry.label.as_deref() == Some(label)).nth(1).is_none()
    }
}

/// Whether what comes next goes on with an address: there a name has to be what the address has.
fn in_address(before: &str) -> bool {
    let beginning = before.char_indices().nth(SCHEME).map_or(before, |(end, _)| &before[..end]);
    before.starts_with('/') || beginning.contains("://")
}
