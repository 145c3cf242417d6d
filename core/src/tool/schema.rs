//! JSON Schemas of tools. Clients refuse whole lists for one construct that they do not know, so there are few: one `type` each,
//! arrays with `items`, no references, no unions, no formats beyond `date-time`.

use serde_json::{Map, Value as Json, json};

use crate::api::{Action, BusinessApi};
use crate::filter::{self, LIST_PARAMETERS};
use crate::input::FieldDef;
use crate::object::Property;
use crate::tool::MAX_ROWS;
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

/// As [`schema`], for tools: formats that some clients refuse are said in words.
fn lean(kind: Kind, doc: &str) -> Json {
    let mut schema = schema(kind, doc);
    match kind {
        Kind::Id => drop(schema.as_object_mut().and_then(|s| s.remove("format"))),
        Kind::Ids(_) => schema["items"] = json!({"type": "string"}),
        Kind::Date => {
            drop(schema.as_object_mut().and_then(|s| s.remove("format")));
            schema["description"] = json!(format!("{} YYYY-MM-DD.", doc.trim()));
        }
        _ => {}
    }
    schema
}

/// The input schema of declared parameters.
pub fn of_fields(fields: &[FieldDef]) -> Map<String, Json> {
    let properties = fields.iter().map(|field| (field.name.to_owned(), lean(field.kind, field.doc))).collect();
    let required: Vec<&str> = fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("object"));
    out.insert("properties".to_owned(), Json::Object(properties));
    if !required.is_empty() {
        out.insert("required".to_owned(), json!(required));
    }
    out
}

/// The input schema of an API as a tool.
pub fn input_schema<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Map<String, Json> {
    let mut schema = of_fields(api.fields);
    let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) else { return schema };
    if api.is_list()
        && let Some(def) = api.object
    {
        for (name, property) in filter::filters(def, api.fields) {
            properties.insert(name.to_owned(), json!({"type": "string", "description": filter_doc(property)}));
        }
        for (name, kind, _) in LIST_PARAMETERS {
            properties.insert((*name).to_owned(), json!({"type": kind.json_type(), "description": list_doc(name)}));
        }
    }
    schema
}

/// How lists are filtered, ordered and paged is said once, to the connection; here a reminder each.
fn list_doc(name: &str) -> String {
    match name {
        "pageNumber" => "From 1.".to_owned(),
        "pageRowCount" => format!("1 to {MAX_ROWS}."),
        "sortBy" => "Like -createdAt.".to_owned(),
        "getJoins" => "Embed related objects (true).".to_owned(),
        _ => "Only these properties, by comma.".to_owned(),
    }
}

/// A filter's words: the values that it can have, else the first sentence about its property.
fn filter_doc(property: &Property) -> String {
    if let Kind::Enum(values) = property.kind {
        return format!("Filter: {}.", values.join(", "));
    }
    let doc = property.doc.trim();
    let first = doc.find(['.', ';', ':']).map_or(doc, |end| &doc[..end]);
    let kind = match property.kind {
        Kind::Date | Kind::Instant => "Date filter",
        Kind::Id | Kind::Ids(_) => "Id filter",
        Kind::String | Kind::Text | Kind::File => "Text filter",
        _ => "Filter",
    };
    format!("{kind}: {first}.")
}

/// The schema of an API's result as a tool, if it has one of its own; plain rows carry none.
pub fn output_schema<S: Send + Sync + 'static>(api: &BusinessApi<S>) -> Option<Map<String, Json>> {
    let data = (api.output?)();
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("object"));
    out.insert("properties".to_owned(), json!({api.data_name: data}));
    out.insert("required".to_owned(), json!([api.data_name]));
    Some(out)
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
            let schema = lean(kind, "d");
            assert!(schema["type"].is_string() && schema["items"]["type"].is_string());
            assert!(schema["items"].get("format").is_none());
        }
        assert_eq!(lean(Kind::Date, "The day."), json!({"type": "string", "description": "The day. YYYY-MM-DD."}));
    }
}
