//! What both providers refuse, in about their words.

use serde_json::{Map, Value as Json};

/// Refuses with a sentence if a thing is not so.
pub(super) fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

pub(super) fn object<'j>(json: &'j Json, at: &str) -> Result<&'j Map<String, Json>, String> {
    json.as_object().ok_or_else(|| format!("{at}: expected an object, but got {json}"))
}

pub(super) fn array<'j>(json: &'j Json, at: &str) -> Result<&'j [Json], String> {
    json.as_array().map(Vec::as_slice).ok_or_else(|| format!("{at}: expected an array, but got {json}"))
}

pub(super) fn text<'j>(json: &'j Json, at: &str) -> Result<&'j str, String> {
    json.as_str().ok_or_else(|| format!("{at}: expected a string, but got {json}"))
}

/// A text that says something.
pub(super) fn said<'j>(json: &'j Json, at: &str) -> Result<&'j str, String> {
    let text = text(json, at)?;
    ensure(!text.trim().is_empty(), || format!("{at}: text must contain non-whitespace text"))?;
    Ok(text)
}

/// No field but these.
pub(super) fn only(map: &Map<String, Json>, known: &[&str], at: &str) -> Result<(), String> {
    let foreign = map.keys().find(|key| !known.contains(&key.as_str()));
    foreign.map_or(Ok(()), |key| Err(format!("{at}{key}: Extra inputs are not permitted")))
}

/// `^[a-zA-Z0-9_-]{1,most}$`.
pub(super) fn name(json: &Json, most: usize, at: &str) -> Result<String, String> {
    let name = text(json, at)?;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    ensure(plain && (1..=most).contains(&name.len()), || {
        format!("Invalid '{at}': {name} does not match pattern '^[a-zA-Z0-9_-]{{1,{most}}}$'")
    })?;
    Ok(name.to_owned())
}

pub(super) fn unique(names: &[String], at: &str) -> Result<(), String> {
    let twice = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name));
    twice.map_or(Ok(()), |(_, name)| Err(format!("{at}: `{name}` is there twice: names and ids must be unique")))
}

/// The schema of a tool's arguments: an object, with arrays that say of what.
pub(super) fn schema(schema: &Json, tool: &str) -> Result<(), String> {
    let at = format!("Invalid schema for function '{tool}'");
    let top = object(schema, &at)?;
    ensure(top.get("type") == Some(&Json::from("object")), || format!("{at}: schema must be of type \"object\""))?;
    for combined in ["oneOf", "anyOf", "allOf", "enum", "not"] {
        ensure(!top.contains_key(combined), || format!("{at}: {combined} is not supported at the top level"))?;
    }
    if let Some(properties) = top.get("properties") {
        for key in object(properties, &at)?.keys() {
            let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
            ensure(plain && (1..=64).contains(&key.len()), || {
                format!("{at}: property keys should match pattern '^[a-zA-Z0-9_.-]{{1,64}}$': {key}")
            })?;
        }
    }
    inner(schema, &at, true)
}

/// `is_schema`: whether this is a schema, not a list of properties, where `items` may be a name.
fn inner(json: &Json, at: &str, is_schema: bool) -> Result<(), String> {
    match json {
        Json::Object(map) => {
            let arrays = is_schema && map.get("type") == Some(&Json::from("array"));
            ensure(!arrays || map.contains_key("items"), || format!("{at}: array schema missing items in {json}"))?;
            map.iter()
                .try_for_each(|(key, value)| inner(value, at, !(is_schema && ["properties", "$defs"].contains(&key.as_str()))))
        }
        Json::Array(list) => list.iter().try_for_each(|json| inner(json, at, true)),
        _ => Ok(()),
    }
}
