//! Wrong values for every kind of field, and how answers are compared.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use workforceos_core::filter;
use workforceos_core::input::Place;
use workforceos_core::value::Kind;
use workforceos_services::Api;

/// Arguments every one of which is wrong, and the names of the fields that a refusal has to tell; `None` if an API takes
/// nothing that could be wrong.
pub fn wrong(api: &Api) -> Option<(Json, BTreeSet<String>)> {
    let (mut args, mut named) = (Map::new(), BTreeSet::new());
    for field in api.fields {
        // In an address everything is text: too much of it is wrong even where text is wanted.
        let value = match (field.kind, field.place) {
            (Kind::String, Place::Path | Place::Query) => json!("x".repeat(Kind::MAX_STRING + 1)),
            (Kind::String | Kind::Text | Kind::File, _) => json!(7),
            (Kind::Object, _) => json!("nothing"),
            (Kind::Ids(_) | Kind::Strings | Kind::Integers | Kind::Objects, _) => json!({"a": 1}),
            _ => json!("nonsense"),
        };
        args.insert(field.name.to_owned(), value);
        named.insert(field.name.to_owned());
    }
    if api.is_list()
        && let Some(def) = api.object
    {
        for (name, value) in [
            ("pageNumber", "0"),
            ("pageRowCount", "501"),
            ("sortBy", "nonsense"),
            ("fields", "nonsense"),
            ("getJoins", "nonsense"),
        ] {
            args.insert(name.to_owned(), json!(value));
            named.insert(name.to_owned());
        }
        for (name, property) in filter::filters(def, api.fields) {
            if !matches!(property.kind, Kind::String | Kind::Text) {
                args.insert(name.to_owned(), json!("nonsense"));
                named.insert(name.to_owned());
            }
        }
    }
    (!named.is_empty()).then_some((Json::Object(args), named))
}

/// A body as a model would see it: secret properties and one-time secrets masked.
pub fn masked(api: &Api, body: &Json) -> Json {
    let mut body = body.clone();
    let secret: Vec<&str> = api.object.into_iter().flat_map(|o| o.all()).filter(|p| p.secret).map(|p| p.name).collect();
    let rows = match &mut body[api.data_name] {
        Json::Array(rows) => rows.iter_mut().collect(),
        row => vec![row],
    };
    for row in rows {
        for name in &secret {
            if row.get(name).is_some_and(|v| !v.is_null()) {
                row[*name] = json!("***");
            }
        }
    }
    // A one-time secret stands beside the data.
    match api.name {
        "createApiKey" => body["key"] = json!("***"),
        "createWebhook" | "rotateWebhookSecret" => body["secret"] = json!("***"),
        _ => {}
    }
    body
}

/// Without what tools leave out of rows: what is not set, the index beside an enum, bookkeeping, the caller's own company,
/// pictures; and without what they add, the reference to a masked record.
pub fn without_noise(json: &Json) -> Json {
    const NOISE: &[&str] = &["recordVersion", "updatedAt", "_owner", "companyId", "avatar", "__proxyCode"];
    match json {
        Json::Object(map) => {
            let index = |name: &str| name.strip_suffix("_idx").is_some_and(|of| map.contains_key(of));
            let noise = |name: &str, value: &Json| {
                value.is_null() || index(name) || NOISE.contains(&name) || (name == "isActive" && *value == true)
            };
            let kept = map.iter().filter(|(name, value)| !noise(name, value));
            kept.map(|(name, value)| (name.clone(), without_noise(value))).collect::<Map<_, _>>().into()
        }
        Json::Array(items) => items.iter().map(without_noise).collect(),
        other => other.clone(),
    }
}

/// Without what differs between two calls of the same kind: versions, random keys, ids and other digits in texts.
pub fn scrubbed(json: Option<&Json>) -> Json {
    match json {
        None => Json::Null,
        Some(Json::String(text)) => {
            let id = text.len() == 36 && text.bytes().filter(|b| *b == b'-').count() == 4;
            let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
            if id { json!("id") } else { json!(squeezed(&text.chars().map(digits).collect::<String>())) }
        }
        Some(Json::Array(items)) => items.iter().map(|i| scrubbed(Some(i))).collect(),
        Some(Json::Object(map)) => {
            let same = map.iter().filter(|(name, _)| *name != "recordVersion" && *name != "accessKey");
            same.map(|(name, value)| (name.clone(), scrubbed(Some(value)))).collect::<Map<_, _>>().into()
        }
        Some(other) => other.clone(),
    }
}

/// A number reads the same however long it is. Prefixes of keys are random, and generated avatars are named after ids.
fn squeezed(text: &str) -> String {
    if text.starts_with("sk_mbx_") {
        return "key".to_owned();
    }
    if text.starts_with("/auth-api/bucket/") && text.ends_with(".svg") {
        return "generated".to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if c != '0' || !out.ends_with('0') {
            out.push(c);
        }
    }
    out
}
