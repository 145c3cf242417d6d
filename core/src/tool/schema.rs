//! JSON Schemas of tools. Clients refuse whole lists for one construct that they do not know, so there are few: one `type` each,
//! arrays with `items`, no references, no unions, no formats beyond `date-time`.

use serde_json::{Map, Value as Json, json};

use crate::api::{Action, BusinessApi, On};
use crate::filter::{self, LIST_PARAMETERS};
use crate::input::FieldDef;
use crate::object::Property;
use crate::tool::names::first_sentences;
use crate::value::Kind;

/// JSON Schema of one value, with its format, for documents.
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

/// As [`schema`], for tools: formats that some clients refuse are said in words, and of many words
/// the first.
fn lean(kind: Kind, doc: &str, words: usize) -> Json {
    let doc = first_sentences(doc, words);
    let mut schema = schema(kind, doc);
    match kind {
        Kind::Id => drop(schema.as_object_mut().and_then(|s| s.remove("format"))),
        Kind::Ids(_) => schema["items"] = json!({"type": "string"}),
        Kind::Date => {
            drop(schema.as_object_mut().and_then(|s| s.remove("format")));
            schema["description"] = json!(format!("{doc} YYYY-MM-DD."));
        }
        _ => {}
    }
    schema
}

/// How the words of a parameter begin that says nothing to the server.
const IGNORED: &str = "Ignored:";

/// The input schema of declared parameters. `words`: what those of one may take beyond their first sentence.
pub fn of_fields(fields: &[FieldDef], words: usize) -> Map<String, Json> {
    // What the server decides anyway is taken, for programs that send it, but offered to nobody.
    let offered = |field: &&FieldDef| !field.doc.trim_start().starts_with(IGNORED);
    let fields = || fields.iter().filter(offered);
    let properties = fields().map(|field| (field.name.to_owned(), lean(field.kind, field.doc, words))).collect();
    let required: Vec<&str> = fields().filter(|f| f.required).map(|f| f.name).collect();
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("object"));
    out.insert("properties".to_owned(), Json::Object(properties));
    if !required.is_empty() {
        out.insert("required".to_owned(), json!(required));
    }
    out
}

/// The input schema of an API as a tool, with so many words as [`of_fields`] has.
pub fn input_schema<S: Send + Sync + 'static>(api: &BusinessApi<S>, words: usize) -> Map<String, Json> {
    let mut schema = of_fields(api.fields, words);
    let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) else { return schema };
    if api.is_list()
        && let Some(def) = api.object
    {
        for (name, property) in filter::filters(def, api.fields) {
            // Within a company there is but one.
            if name != "companyId" || api.on == On::AnyTenant {
                properties.insert(name.to_owned(), json!({"type": "string", "description": filter_doc(property)}));
            }
        }
        for (name, kind, _) in LIST_PARAMETERS {
            if let Some(doc) = list_doc(name, words) {
                properties.insert((*name).to_owned(), json!({"type": kind.json_type(), "description": doc}));
            }
        }
    }
    schema
}

/// How lists are filtered, ordered and paged is said once, to the connection; here a reminder each. What is seldom wanted is
/// said there alone.
fn list_doc(name: &str, words: usize) -> Option<&'static str> {
    match name {
        "pageNumber" => Some("From 1."),
        "pageRowCount" => Some("1 to 25."),
        "sortBy" if words == usize::MAX => Some("Like -createdAt."),
        "fields" if words == usize::MAX => Some("By comma."),
        _ => None,
    }
}

/// A filter's words: the values that it can have, else what kind of filter it is.
fn filter_doc(property: &Property) -> String {
    match property.kind {
        Kind::Enum(values) => format!("Filter: {}.", values.join(", ")),
        Kind::Date | Kind::Instant => "Date filter.".to_owned(),
        Kind::Id | Kind::Ids(_) => "Id filter.".to_owned(),
        Kind::String | Kind::Text | Kind::File => "Text filter.".to_owned(),
        Kind::Boolean => "Filter: true, false.".to_owned(),
        _ => "Filter.".to_owned(),
    }
}

/// The schema of an API's result as a tool, if it has one of its own; plain rows carry none.
pub fn output_schema<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Option<Map<String, Json>> {
    // Of a file that is read in nothing is computed with: its report's shape is in OpenAPI alone.
    let of_file = api.fields.iter().any(|field| field.kind == Kind::File);
    // Plain APIs are for pages of their own; of their rows the same holds as of all rows.
    let data = (api.output.filter(|_| !of_file && !api.plain && !api.output_unlisted)?)();
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("object"));
    out.insert("properties".to_owned(), json!({api.data_name: data}));
    out.insert("required".to_owned(), json!([api.data_name]));
    Some(out)
}

/// A schema as strict clients take it, without its words: a property that may be null, which they know no single type for, is
/// left open, and so are formats.
pub fn bare(schema: &Json) -> Json {
    let Some(schema) = schema.as_object() else { return schema.clone() };
    let open = |schema: &Json| schema.get("type").is_some_and(Json::is_array);
    let mut out = Map::new();
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            ("description" | "format", _) => {}
            ("items", items) => drop(out.insert(keyword.clone(), bare(items))),
            ("properties", Json::Object(properties)) => {
                let kept = properties.iter().filter(|(_, inner)| !open(inner));
                let kept: Map<String, Json> = kept.map(|(name, inner)| (name.clone(), bare(inner))).collect();
                out.insert(keyword.clone(), Json::Object(kept));
            }
            ("required", Json::Array(names)) => {
                let is_open = |name: &Json| name.as_str().is_some_and(|name| open(&schema["properties"][name]));
                out.insert(keyword.clone(), names.iter().filter(|name| !is_open(name)).cloned().collect());
            }
            _ => drop(out.insert(keyword.clone(), value.clone())),
        }
    }
    Json::Object(out)
}

/// What an API takes beside its fields: the filters, order and paging of lists, `fields` and `getJoins` of what is read.
pub(super) fn beside_fields<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Vec<String> {
    let mut names = Vec::new();
    let Some(def) = api.object else { return names };
    if api.is_list() {
        for (name, property) in filter::filters(def, api.fields) {
            names.push(name.to_owned());
            if matches!(property.kind, Kind::Ids(_)) {
                names.push(format!("{name}_op"));
            }
        }
        names.extend(LIST_PARAMETERS.iter().map(|(name, ..)| (*name).to_owned()));
    } else if api.action == Action::Get {
        names.extend(["fields", "getJoins"].map(str::to_owned));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_have_one_type_and_items() {
        for kind in [Kind::Ids(""), Kind::Strings, Kind::Integers, Kind::Objects] {
            let schema = lean(kind, "d", 90);
            assert!(schema["type"].is_string() && schema["items"]["type"].is_string());
            assert!(schema["items"].get("format").is_none());
        }
        assert_eq!(lean(Kind::Date, "The day.", 90), json!({"type": "string", "description": "The day. YYYY-MM-DD."}));
    }

    #[test]
    fn a_bare_schema_has_no_words_and_one_type_each() {
        let text = |more: &str| json!({"type": "string", "format": more, "description": "words"});
        let item = json!({"type": "object", "properties": {"at": text("date-time"), "on": text("date")}, "required": ["at"]});
        let schema = json!({"type": "object", "description": "words", "required": ["rows", "column"], "properties": {
            "rows": {"type": "array", "items": item, "description": "words"},
            "column": {"type": ["string", "null"]},
            "description": {"type": "string", "description": "A property of that name stays."},
        }});
        let inner = json!({"at": {"type": "string"}, "on": {"type": "string"}});
        let item = json!({"type": "object", "properties": inner, "required": ["at"]});
        let rows = json!({"type": "array", "items": item});
        let properties = json!({"rows": rows, "description": {"type": "string"}});
        assert_eq!(bare(&schema), json!({"type": "object", "required": ["rows"], "properties": properties}));
    }
}
