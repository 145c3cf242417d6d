//! What a model writes as arguments, as the server understands it.

use serde_json::{Map, Value as Json, json};
use workforceos_core::filter;
use workforceos_core::input::FieldDef;
use workforceos_core::tool::FrontEndTool;
use workforceos_core::value::Kind;
use workforceos_core::{Error, Result};
use workforceos_mcp::McpServer;
use workforceos_services::{Api, App};

use super::Tools;
use crate::alias::{Holds, kinds};

/// Arguments of front-end tools that only look like text: names of tools and properties, and sealed references.
const NO_TEXT: &[&str] = &["proxyCode", "fieldName", "apiName", "columns"];
/// The most names that a refusal speaks of.
const TOLD: usize = 3;

/// The arguments that a model wrote; nothing at all are none.
pub fn read(text: &str) -> Result<Map<String, Json>> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(text) {
        Ok(Json::Object(arguments)) => Ok(arguments),
        Ok(Json::Null) => Ok(Map::new()),
        Ok(_) => Err(Error::field("arguments", "must be a JSON object")),
        Err(error) => Err(Error::field("arguments", format!("must be a JSON object: {error}"))),
    }
}

impl Tools {
    /// The tool that a call of `callTool` or `callReadOnlyTool` means. Of the second only one that reads: the others it refuses.
    pub(super) fn calls(&self, name: &str, arguments: &Map<String, Json>) -> Option<(String, Map<String, Json>)> {
        if !self.narrowing.searches() {
            return None;
        }
        let meant = McpServer::<App>::meant(name, arguments)?;
        let refused = !self.tools.changes(name) && self.tools.changes(&meant.0);
        (!refused && self.tools.knows(&meant.0)).then_some(meant)
    }

    /// Puts ids in place of names, each argument as what it holds.
    pub(super) fn reveal(&self, tool: &str, arguments: &mut Map<String, Json>) {
        if let Some((inner, mut inside)) = McpServer::<App>::meant(tool, arguments) {
            self.names().reveal(&mut inside, |argument| self.holds(&inner, argument));
            *arguments = Map::from_iter([("name".to_owned(), json!(inner)), ("args".to_owned(), Json::Object(inside))]);
            return;
        }
        self.names().reveal(arguments, |argument| self.holds(tool, argument));
    }

    /// What stands where an id is wanted and is none.
    pub(super) fn unknown_names(&self, tool: &str, arguments: &Map<String, Json>) -> Vec<String> {
        let mut unknown = Vec::new();
        for (argument, value) in arguments.iter().filter(|(argument, _)| self.holds(tool, argument) == Holds::Ids) {
            let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            let texts = items.iter().filter_map(Json::as_str).flat_map(|text| text.split(','));
            let names = texts.map(str::trim).filter(|name| looks_like_a_name(name));
            unknown.extend(names.take(TOLD).map(|name| format!("{name} ({argument})")));
        }
        unknown.truncate(TOLD);
        unknown
    }

    /// What an argument of a tool holds.
    fn holds(&self, tool: &str, argument: &str) -> Holds {
        if let Some(api) = self.dispatch.registry.by_name(tool) {
            return of_api(api, argument);
        }
        match FrontEndTool::named(tool) {
            _ if NO_TEXT.contains(&argument) => Holds::Nothing,
            // An id may well be what the code is to hold.
            Some(FrontEndTool::ShowQrCode) if argument == "value" => Holds::Json,
            Some(tool) => field(tool.fields(), argument).map_or(Holds::Json, of_field),
            None => Holds::Nothing,
        }
    }
}

fn of_api(api: &Api, argument: &str) -> Holds {
    if let Some(field) = field(api.fields, argument) {
        return of_field(field);
    }
    let filters = api.object.filter(|_| api.is_list()).map(|def| filter::filters(def, api.fields)).unwrap_or_default();
    let found = filters.iter().find(|(name, _)| same(name, argument));
    match found {
        Some((name, property)) => of_kind(property.kind, name),
        None if kinds::is_id(argument) => Holds::Ids,
        None => Holds::Nothing,
    }
}

fn field<'f>(fields: &'f [FieldDef], argument: &str) -> Option<&'f FieldDef> {
    fields.iter().find(|field| same(field.name, argument))
}

/// Tools take names in another case, too.
fn same(name: &str, given: &str) -> bool {
    name == given || kinds::folded(name) == kinds::folded(given)
}

fn of_field(field: &FieldDef) -> Holds {
    // What somebody logs in with is taken to the letter.
    let login = ["email", "username", "codename"].contains(&field.name);
    if field.secret || login { Holds::Nothing } else { of_kind(field.kind, field.name) }
}

fn of_kind(kind: Kind, name: &str) -> Holds {
    match kind {
        Kind::Id | Kind::Ids(_) => Holds::Ids,
        Kind::String | Kind::Text | Kind::Strings | Kind::File if kinds::is_id(name) => Holds::Ids,
        Kind::String | Kind::Text | Kind::Strings | Kind::File => Holds::Text,
        Kind::Object | Kind::Objects => Holds::Json,
        Kind::Enum(_) | Kind::Boolean | Kind::Integer | Kind::Double | Kind::Date | Kind::Instant | Kind::Integers => {
            Holds::Nothing
        }
    }
}

fn looks_like_a_name(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    text.contains('_') && text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_an_object_or_nothing() {
        for none in ["", "  ", "{}", "null"] {
            assert_eq!(read(none).expect("no arguments"), Map::new());
        }
        assert_eq!(read("{\"a\": 1}").expect("an object")["a"], 1);
        for bad in ["[1]", "\"a\"", "{\"a\": ", "a", &"[".repeat(100_000)] {
            let error = read(bad).expect_err("no object");
            assert_eq!(error.status.http(), 400);
            assert!(error.message.len() < 200, "{}", error.message);
        }
    }

    #[test]
    fn what_looks_like_a_name_is_told_from_other_text() {
        for name in ["user_jane_doe", "shift_2026_11_21_0900", "id_7"] {
            assert!(looks_like_a_name(name), "{name}");
        }
        for other in ["", "null", "jane", "_x", "User_1", "$in-a_b", "01890a5d-ac96-774b-bcce-b302099a8057", "a_b c"] {
            assert!(!looks_like_a_name(other), "{other}");
        }
    }
}
