//! Short readable names for ids: a model reads and writes `user_jane_doe` where the server has a UUID.
//!
//! A name is made when an id is first shown and stays its name as long as the conversation lasts. It is made from what that very
//! result says of the record (its name, its date, whom it is of) and never from a look-up, so that it tells nothing that the result
//! does not. Names are for reading: what a caller may do with an id is decided by dispatch, whoever wrote it.

mod code;
mod hide;
pub(crate) mod kinds;
mod labels;
mod reveal;
mod stored;
mod text;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use uuid::Uuid;

pub use reveal::Holds;

/// The most ids that get a readable name in one conversation. Every further one is written as `id_` and 26 letters and digits that
/// are the id itself in another alphabet: it needs no entry, so that however many ids a conversation shows it stays small, and no
/// name that was given is ever taken back.
pub const MOST: usize = 2_000;
/// How many names a summary tells.
const SAMPLES: usize = 5;

/// The names of one conversation.
#[derive(Clone, Debug, Default)]
pub struct AliasMap {
    /// In the order in which they were given.
    entries: Vec<Entry>,
    by_id: HashMap<Uuid, usize>,
    by_alias: HashMap<String, usize>,
    /// The number with which the search for a free name goes on. It saves looking again where every name was taken; what is free
    /// does not depend on it, so it is not kept.
    numbers: HashMap<String, u32>,
}

#[derive(Clone, Debug)]
struct Entry {
    id: Uuid,
    alias: String,
    /// What people call it.
    label: Option<String>,
}

impl AliasMap {
    /// How many ids have a readable name.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// For pages: `{enabled, count, samples: [{alias}]}`.
    pub fn summary(&self) -> Json {
        let samples: Vec<Json> = self.entries.iter().take(SAMPLES).map(|entry| json!({"alias": entry.alias})).collect();
        json!({"enabled": true, "count": self.len(), "samples": samples})
    }

    /// The id of a name; `None` if no such name was given.
    pub fn id(&self, alias: &str) -> Option<Uuid> {
        match self.by_alias.get(alias) {
            Some(at) => Some(self.entries[*at].id),
            None => code::read(alias),
        }
    }

    /// What people call the id of a name, if this conversation has shown it.
    fn label(&self, alias: &str) -> Option<&str> {
        self.entries[*self.by_alias.get(alias)?].label.as_deref()
    }

    /// The name of an id: the one that it has, else a new one.
    fn alias(&mut self, id: Uuid, kind: Option<&str>, label: Option<&str>) -> String {
        if let Some(at) = self.by_id.get(&id) {
            let entry = &mut self.entries[*at];
            if entry.label.is_none() {
                entry.label = label.map(str::to_owned);
            }
            return entry.alias.clone();
        }
        if self.entries.len() >= MOST {
            return code::written(id);
        }
        let alias = self.free(kind.unwrap_or(kinds::UNKNOWN), label);
        self.insert(Entry { id, alias: alias.clone(), label: label.map(str::to_owned) });
        alias
    }

    /// A name that nothing has yet: `user_jane_doe`, then `user_jane_doe_2`; without a label `user_1`.
    fn free(&mut self, kind: &str, label: Option<&str>) -> String {
        let base = match label.map(text::slug).filter(|words| !words.is_empty()) {
            Some(words) => format!("{kind}_{words}"),
            None => kind.to_owned(),
        };
        if base.len() > kind.len() && !self.by_alias.contains_key(&base) {
            return base;
        }
        let next = self.numbers.entry(base.clone()).or_insert(if base.len() > kind.len() { 2 } else { 1 });
        loop {
            let candidate = format!("{base}_{next}");
            *next += 1;
            if !self.by_alias.contains_key(&candidate) {
                return candidate;
            }
        }
    }

    fn insert(&mut self, entry: Entry) {
        let at = self.entries.len();
        self.by_id.insert(entry.id, at);
        self.by_alias.insert(entry.alias.clone(), at);
        self.entries.push(entry);
    }
}
