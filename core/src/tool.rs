//! Business APIs as tools of language models: schemas that strict clients accept, arguments that may be loosely typed,
//! results that are masked and cut to what a model can hold.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::answer::{Answer, Data};
use crate::api::BusinessApi;
use crate::error::Error;
use crate::filter::{self, LIST_PARAMETERS};
use crate::input::{Args, FieldDef};
use crate::value::Kind;

/// The most rows that a tool answers at once.
pub const MAX_ROWS: u64 = 25;
/// The most characters of a result: some 25,000 tokens.
pub const MAX_CHARS: usize = 100_000;

/// JSON Schema of one value: exactly one `type`, arrays with `items`, no references.
pub fn schema(kind: Kind, doc: &str) -> Json {
    let mut schema = json!({"type": kind.json_type(), "description": doc.trim()});
    match kind {
        Kind::Id => schema["format"] = json!("uuid"),
        Kind::Date => schema["format"] = json!("date"),
        Kind::Instant => schema["format"] = json!("date-time"),
        Kind::Enum(values) => schema["enum"] = json!(values),
        Kind::Ids(_) => schema["items"] = json!({"type": "string", "format": "uuid"}),
        Kind::Strings => schema["items"] = json!({"type": "string"}),
        Kind::Integers => schema["items"] = json!({"type": "integer"}),
        Kind::Objects => schema["items"] = json!({"type": "object"}),
        Kind::String | Kind::Text | Kind::File | Kind::Boolean | Kind::Integer | Kind::Double | Kind::Object => {}
    }
    schema
}

/// The input schema of an API as a tool.
pub fn input_schema<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Map<String, Json> {
    let mut properties = Map::new();
    for FieldDef { name, kind, doc, .. } in api.fields {
        properties.insert((*name).to_owned(), schema(*kind, doc));
    }
    if api.is_list()
        && let Some(def) = api.object
    {
        for (name, property) in filter::filters(def, api.fields) {
            properties.insert(name.to_owned(), json!({"type": "string", "description": short(property.doc)}));
        }
        for (name, kind, doc) in LIST_PARAMETERS {
            properties.insert((*name).to_owned(), schema(*kind, doc));
        }
    }
    let required: Vec<&str> = api.fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("object"));
    out.insert("properties".to_owned(), Json::Object(properties));
    if !required.is_empty() {
        out.insert("required".to_owned(), json!(required));
    }
    out
}

/// A property's first sentence: the whole tool list has to stay small.
fn short(doc: &str) -> String {
    let doc = doc.trim();
    format!("Filter: {}", doc.split_inclusive('.').next().unwrap_or(doc).trim())
}

/// A tool's title for people: `checkInAttendance` becomes `Check in attendance`.
pub fn title(name: &str) -> String {
    let mut title = String::with_capacity(name.len() + 4);
    for (i, c) in name.chars().enumerate() {
        match c {
            c if i == 0 => title.extend(c.to_uppercase()),
            c if c.is_uppercase() => {
                title.push(' ');
                title.extend(c.to_lowercase());
            }
            c => title.push(c),
        }
    }
    title
}

/// A tool's arguments as those of a call: pages are no larger than a model can hold.
pub fn args<S: Send + Sync + 'static>(api: &BusinessApi<S>, arguments: Map<String, Json>) -> Args {
    let mut args = Args::tool(arguments);
    // A mask written back leaves the value as it is.
    let masked = |name: &str| {
        api.fields.iter().any(|f| f.name == name && f.secret)
            || api.object.and_then(|o| o.property(name)).is_some_and(|p| p.secret)
    };
    args.body.retain(|name, value| value.as_str() != Some(crate::answer::MASK) || !masked(name));
    if api.is_list() {
        let asked = args.texts("pageRowCount").first().and_then(|t| t.parse::<u64>().ok());
        if asked.is_some_and(|n| n > MAX_ROWS) {
            args.body.insert("pageRowCount".to_owned(), json!(MAX_ROWS));
        }
    }
    args
}

/// The JSON text of a result: data under its name, what is beside it, the page and how to get the next one.
pub fn result_text<S>(api: &BusinessApi<S>, answer: &Answer) -> String {
    let whole = serde_json::to_string(&Result { data_name: api.data_name, answer }).unwrap_or_default();
    if whole.len() <= MAX_CHARS {
        return whole;
    }
    // Too long for a model: halve the rows until it fits, and say so.
    let mut cut = answer.clone();
    while let Data::Many(rows) = &mut cut.data
        && rows.len() > 1
    {
        rows.truncate(rows.len() / 2);
        let shown = rows.len();
        cut.extra.retain(|(name, _, _)| *name != "truncated");
        let hint = format!("Only the first {shown} rows of this page fit: ask for pageRowCount={shown}, or name fewer fields");
        let cut_more = std::mem::replace(&mut cut, Answer::plain(Json::Null)).with("truncated", json!(hint));
        cut = cut_more;
        let text = serde_json::to_string(&Result { data_name: api.data_name, answer: &cut }).unwrap_or_default();
        if text.len() <= MAX_CHARS {
            return text;
        }
    }
    let head: String = whole.chars().take(MAX_CHARS / 2).collect();
    json!({"truncated": "The result is too long; ask for fewer fields", "head": head}).to_string()
}

/// What a model sees of a failure.
pub fn error_json(error: &Error) -> Json {
    let mut json = json!({"errCode": error.code, "message": error.message, "status": error.status.http()});
    if let Some(detail) = &error.detail {
        json["detail"] = Json::clone(detail);
    }
    if let Some(seconds) = error.retry_after {
        json["retryAfterSeconds"] = json!(seconds);
    }
    json
}

struct Result<'a> {
    data_name: &'a str,
    answer: &'a Answer,
}

impl Serialize for Result<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        map.serialize_entry(self.data_name, &self.answer.view(true))?;
        for (name, json, secret) in &self.answer.extra {
            if *secret {
                map.serialize_entry(name, crate::answer::MASK)?;
            } else {
                map.serialize_entry(name, json)?;
            }
        }
        if let Some(paging) = self.answer.paging {
            map.serialize_entry("paging", &paging)?;
            if paging.page_number.saturating_mul(paging.page_row_count) < paging.total {
                map.serialize_entry("next", &format!("Call again with pageNumber={}", paging.page_number + 1))?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_read_as_words() {
        assert_eq!(title("checkInAttendance"), "Check in attendance");
    }

    #[test]
    fn schemas_have_one_type_and_items() {
        for kind in [Kind::Ids(""), Kind::Strings, Kind::Integers, Kind::Objects] {
            let schema = schema(kind, "d");
            assert!(schema["type"].is_string() && schema["items"]["type"].is_string());
        }
    }
}
