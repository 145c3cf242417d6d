//! From ids to names: in results, and in running text.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};
use uuid::Uuid;
use workforceos_core::object::ObjectDef;
use workforceos_core::tool::PROXY_CODE;
use workforceos_core::value::Kind;

use super::{AliasMap, kinds, labels, text};

/// Where a walk through a result is.
#[derive(Clone, Copy, Default)]
struct Spot<'a> {
    /// The property that is looked at.
    property: &'a str,
    /// What the records here are of.
    def: Option<&'static ObjectDef>,
    /// Whether this is JSON that people wrote: it says nothing about what others are called.
    written: bool,
}

impl AliasMap {
    /// Puts names in place of all ids in a result. `about`: the object whose records stand in it under a name of its own.
    pub fn hide(&mut self, json: &mut Json, about: Option<&'static ObjectDef>) {
        self.learn(json, about);
        self.replace(json, "");
    }

    /// As [`AliasMap::hide`], of a result as text, which stays as it is otherwise. What is no JSON is running text.
    pub fn hide_result(&mut self, result: &str, about: Option<&'static ObjectDef>) -> String {
        if let Ok(json) = serde_json::from_str::<Json>(result) {
            self.learn(&json, about);
        }
        // Within JSON an id is written as anywhere else, and a name needs no escapes.
        self.hide_text(result).into_owned()
    }

    /// Puts names in place of all ids in running text.
    pub fn hide_text<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        text::without_ids(text, |id| self.alias(id, None, None))
    }

    /// Gives every id of a result its name: first those of which it says what they are called.
    fn learn(&mut self, json: &Json, about: Option<&'static ObjectDef>) {
        let mut found = Vec::new();
        find(json, Spot { def: about, ..Spot::default() }, true, &mut found);
        let (labelled, others): (Vec<Found>, Vec<Found>) = found.into_iter().partition(|found| found.label.is_some());
        for Found { id, kind, label } in labelled.into_iter().chain(others) {
            self.alias(id, Some(&kind), label.as_deref());
        }
    }

    fn replace(&mut self, json: &mut Json, property: &str) {
        match json {
            Json::String(_) if property == PROXY_CODE => {}
            Json::String(text) => {
                if let Cow::Owned(hidden) = self.hide_text(text) {
                    *text = hidden;
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.replace(item, property)),
            Json::Object(map) => {
                let entries = std::mem::take(map);
                for (name, mut value) in entries {
                    self.replace(&mut value, &name);
                    map.insert(self.hide_text(&name).into_owned(), value);
                }
            }
            _ => {}
        }
    }
}

/// An id, what it is of, and what that is called.
struct Found {
    id: Uuid,
    kind: String,
    label: Option<String>,
}

fn find(json: &Json, spot: Spot<'_>, root: bool, found: &mut Vec<Found>) {
    match json {
        Json::Object(map) => of_object(map, spot, root, found),
        Json::Array(items) => items.iter().for_each(|item| find(item, spot, false, found)),
        Json::String(text) => {
            // Of an id in running text nothing tells what it is of: it gets its name where it is replaced.
            if let Some(id) = text::whole(text)
                && let Some(kind) = kinds::of_property(spot.property)
            {
                found.push(Found { id, kind, label: None });
            }
        }
        _ => {}
    }
}

fn of_object(map: &Map<String, Json>, spot: Spot<'_>, root: bool, found: &mut Vec<Found>) {
    let has_id = map.get("id").and_then(Json::as_str).is_some_and(|id| text::whole(id).is_some());
    let def = spot.def.filter(|_| !root || has_id);
    for (name, value) in map {
        if let Some(id) = value.as_str().and_then(text::whole) {
            let (kind, label) = match name.as_str() {
                "id" => (told(map).or_else(|| def.map(kinds::of)), (!spot.written).then(|| labels::of_record(map))),
                "recordId" | "relatedEntityId" => (told(map), None),
                name => (kinds::of_property(name), (!spot.written).then(|| labels::beside(name, map))),
            };
            if let Some(kind) = kind {
                found.push(Found { id, kind, label: label.flatten() });
            }
            continue;
        }
        let kind = def.and_then(|def| def.property(name)).map(|property| property.kind);
        let written = spot.written || matches!(kind, Some(Kind::Object | Kind::Objects));
        // What stands under a name of its own at the top is what the call is about.
        let below = kinds::records(name).or(spot.def.filter(|_| root));
        find(value, Spot { property: name, def: below, written }, false, found);
    }
}

/// What a record says that it is of: of a conflict its `kind`, of an alert and an action their own words for it.
fn told(map: &Map<String, Json>) -> Option<String> {
    let said = |name: &str| map.get(name).and_then(Json::as_str);
    let named = said("objectName").or_else(|| said("relatedEntityType")).or_else(|| said("kind"))?;
    kinds::records(named).map(kinds::of).or_else(|| kinds::of_property(named))
}
