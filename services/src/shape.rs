//! Schemas of answers that are no data objects: one `type` each, lists with `items`, no references. What may be missing is left out
//! of an answer; [`or_null`] is for what stands there with nothing in it, and not for answers that tools are listed with.

use serde_json::{Map, Value as Json, json};

fn of(kind: &str, about: &str) -> Json {
    json!({"type": kind, "description": about})
}

pub fn text(about: &str) -> Json {
    of("string", about)
}

pub fn one_of(values: &[&str], about: &str) -> Json {
    json!({"type": "string", "enum": values, "description": about})
}

pub fn id(about: &str) -> Json {
    json!({"type": "string", "format": "uuid", "description": about})
}

pub fn date(about: &str) -> Json {
    json!({"type": "string", "format": "date", "description": about})
}

pub fn instant(about: &str) -> Json {
    json!({"type": "string", "format": "date-time", "description": about})
}

pub fn whole(about: &str) -> Json {
    of("integer", about)
}

pub fn number(about: &str) -> Json {
    of("number", about)
}

pub fn flag(about: &str) -> Json {
    of("boolean", about)
}

pub fn list(items: Json, about: &str) -> Json {
    json!({"type": "array", "items": items, "description": about})
}

pub fn object<const N: usize>(about: &str, properties: [(&str, Json); N]) -> Json {
    let properties: Map<String, Json> = properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({"type": "object", "description": about, "properties": properties})
}

/// The same, or null.
pub fn or_null(mut schema: Json) -> Json {
    schema["type"] = json!([schema["type"], "null"]);
    if let Some(values) = schema.get_mut("enum").and_then(Json::as_array_mut) {
        values.push(Json::Null);
    }
    schema
}
