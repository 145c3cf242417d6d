//! What strict clients refuse a whole list for, looked for in every schema of every tool.

use serde_json::Value as Json;

const TYPES: &[&str] = &["string", "integer", "number", "boolean", "array", "object"];
/// Keywords that every client knows.
const KEYWORDS: &[&str] = &["type", "description", "properties", "required", "items", "enum", "format"];

/// Everything that is wrong with a tool.
pub fn problems(tool: &Json) -> Vec<String> {
    let name = tool["name"].as_str().unwrap_or_default();
    let mut found = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            found.push(format!("{name}: {what}"));
        }
    };
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    expect((1..=48).contains(&name.len()) && plain, "a name of other characters or length");
    expect(tool["description"].as_str().is_some_and(|d| d.trim().len() >= 10), "no description");
    for hint in ["readOnlyHint", "openWorldHint"] {
        expect(tool["annotations"][hint].is_boolean(), hint);
    }
    // Of what only reads it would say nothing.
    expect(tool["annotations"]["readOnlyHint"] == true || tool["annotations"]["destructiveHint"].is_boolean(), "destructiveHint");
    expect(tool["inputSchema"]["type"] == "object" && tool["inputSchema"]["properties"].is_object(), "takes no object");
    schema(&tool["inputSchema"], &format!("{name} takes"), true, true, &mut found);
    if let Some(output) = tool.get("outputSchema") {
        if output["type"] != "object" {
            found.push(format!("{name}: answers no object"));
        }
        schema(output, &format!("{name} answers"), true, false, &mut found);
    }
    found
}

/// One type, known keywords, lists with items, what is required declared; where `described`, words for every property.
fn schema(schema_: &Json, place: &str, top: bool, described: bool, found: &mut Vec<String>) {
    let Some(map) = schema_.as_object() else { return found.push(format!("{place}: no schema")) };
    for keyword in map.keys().filter(|keyword| !KEYWORDS.contains(&keyword.as_str())) {
        found.push(format!("{place}: {keyword}"));
    }
    let kind = map.get("type").and_then(Json::as_str).unwrap_or_default();
    if !TYPES.contains(&kind) {
        found.push(format!("{place}: not one type"));
    }
    if described && !top && map.get("description").and_then(Json::as_str).is_none_or(|d| d.trim().is_empty()) {
        found.push(format!("{place}: no description"));
    }
    if let Some(values) = map.get("enum") {
        let texts = values.as_array().is_some_and(|v| !v.is_empty() && v.iter().all(Json::is_string));
        if kind != "string" || !texts {
            found.push(format!("{place}: an enum of other things than texts"));
        }
    }
    // Others are refused by some.
    if map.get("format").is_some_and(|format| format != "date-time" || kind != "string") {
        found.push(format!("{place}: a format"));
    }
    match (kind, map.get("items")) {
        ("array", Some(items)) => schema(items, &format!("{place}[]"), true, false, found),
        ("array", None) => found.push(format!("{place}: no items")),
        (_, Some(_)) => found.push(format!("{place}: items of no list")),
        _ => {}
    }
    let properties = map.get("properties").and_then(Json::as_object);
    for (name, inner) in properties.into_iter().flatten() {
        schema(inner, &format!("{place}.{name}"), false, described, found);
    }
    for required in map.get("required").and_then(Json::as_array).into_iter().flatten() {
        if required.as_str().is_none_or(|name| properties.is_none_or(|p| !p.contains_key(name))) {
            found.push(format!("{place}: requires {required}, which is not declared"));
        }
    }
}

/// Where a value is not what a schema says.
pub fn misfits(schema: &Json, value: &Json, place: &str) -> Vec<String> {
    let fits = match schema["type"].as_str().unwrap_or_default() {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    if !fits {
        return vec![format!("{place} is {value}, not of type {}", schema["type"])];
    }
    let mut found = Vec::new();
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        found.push(format!("{place} is {value}"));
    }
    for item in value.as_array().into_iter().flatten() {
        found.extend(misfits(&schema["items"], item, &format!("{place}[]")));
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            found.extend(misfits(inner, value, &format!("{place}.{name}")));
        }
    }
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if value.get(required).is_none() {
            found.push(format!("{place} has no {required}"));
        }
    }
    found
}

#[test]
fn the_lint_finds_what_it_looks_for() {
    use serde_json::json;
    let hints = json!({"readOnlyHint": true, "destructiveHint": false, "openWorldHint": false});
    let tool = |property: Json| {
        json!({"name": "t", "title": "T", "description": "Does something.", "annotations": hints,
            "inputSchema": {"type": "object", "properties": {"p": property}}})
    };
    assert!(problems(&tool(json!({"type": "string", "description": "d"}))).is_empty());
    for bad in [
        json!({"type": ["string", "null"], "description": "d"}),
        json!({"type": "array", "description": "d"}),
        json!({"type": "array", "items": {}, "description": "d"}),
        json!({"type": "string"}),
        json!({"type": "string", "format": "uuid", "description": "d"}),
        json!({"$ref": "#/x", "description": "d"}),
        json!({"type": "object", "description": "d", "properties": {"q": {"anyOf": []}}}),
        json!({"type": "object", "description": "d", "required": ["q"]}),
        json!({"type": "integer", "enum": [1], "description": "d"}),
    ] {
        assert!(!problems(&tool(bad.clone())).is_empty(), "{bad}");
    }
    let schema =
        json!({"type": "object", "properties": {"n": {"type": "array", "items": {"type": "integer"}}}, "required": ["n"]});
    assert!(misfits(&schema, &json!({"n": [1, 2], "more": null}), "v").is_empty());
    assert_eq!(misfits(&schema, &json!({"n": [1, "2"]}), "v").len(), 1);
    assert_eq!(misfits(&schema, &json!({}), "v").len(), 1);
}
