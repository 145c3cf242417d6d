//! A tool's arguments: models write text for numbers, one value for a list, `null` for nothing and names in another case. What
//! can mean only one thing is taken for it; a name that nothing has is told, with those that were probably meant.

use serde_json::{Map, Value as Json, json};

use crate::answer::MASK;
use crate::api::BusinessApi;
use crate::error::{Error, Problem, Result};
use crate::filter;
use crate::input::{Args, FieldDef, Input, Problems};
use crate::tool::MAX_ROWS;
use crate::tool::names::{folded, near};
use crate::tool::schema::beside_fields;
use crate::value::Kind;

/// Unknown arguments that are told of: whoever sends more of them did not mean names.
const UNKNOWN: usize = 20;

/// A tool's arguments as those of a call: pages are no larger than a model can hold.
pub fn args<S: Send + Sync + 'static>(api: &BusinessApi<S>, arguments: Map<String, Json>) -> Result<Args> {
    let mut body = read(api, arguments)?;
    // A mask written back leaves the value as it is.
    let masked = |name: &str| {
        api.fields.iter().any(|f| f.name == name && f.secret)
            || api.object.and_then(|o| o.property(name)).is_some_and(|p| p.secret)
    };
    body.retain(|name, value| value.as_str() != Some(MASK) || !masked(name));
    if api.is_list() && body.get("pageRowCount").and_then(Json::as_u64).is_some_and(|n| n > MAX_ROWS) {
        body.insert("pageRowCount".to_owned(), json!(MAX_ROWS));
    }
    Ok(Args::tool(body))
}

/// As [`args`], of a list that a page will call by itself, with pages of its own size.
pub fn query_params<S: Send + Sync + 'static>(api: &BusinessApi<S>, arguments: Map<String, Json>) -> Result<Map<String, Json>> {
    read(api, arguments)
}

fn read<S: Send + Sync + 'static>(api: &BusinessApi<S>, arguments: Map<String, Json>) -> Result<Map<String, Json>> {
    let beside = beside_fields(api);
    named(api.fields, &beside, arguments, |name, value| beside_value(api, name, value))
}

/// The arguments of a tool that is no API: its declared parameters alone.
pub fn input<I: Input>(arguments: Map<String, Json>) -> Result<I> {
    let body = named(I::FIELDS, &[], arguments, |_, _| None)?;
    let mut problems = Problems::default();
    match I::read(&Args::tool(body), &mut problems) {
        Some(input) if problems.0.is_empty() => Ok(input),
        _ => Err(Error::invalid(problems.0)),
    }
}

/// Every argument under the name that it has, and as what it stands for.
fn named(
    fields: &[FieldDef],
    beside: &[String],
    arguments: Map<String, Json>,
    other: impl Fn(&str, &Json) -> Option<Json>,
) -> Result<Map<String, Json>> {
    let known = |name: &str| fields.iter().any(|f| f.name == name) || beside.iter().any(|b| b == name);
    let names = || fields.iter().map(|f| f.name).chain(beside.iter().map(String::as_str));
    let (mut body, mut problems) = (Map::new(), Vec::new());
    for (given, value) in &arguments {
        let name = if known(given) {
            given.as_str()
        } else {
            // The same name in another case, unless that is there as well.
            let mut same = names().filter(|name| folded(name) == folded(given) && !arguments.contains_key(*name));
            match (same.next(), same.next()) {
                (Some(name), None) => name,
                _ if value.is_null() => continue,
                _ if problems.len() == UNKNOWN => break,
                _ => {
                    problems.push(unknown(given, names()));
                    continue;
                }
            }
        };
        let value = match fields.iter().find(|f| f.name == name) {
            Some(field) => of_field(field, value),
            None => other(name, value),
        };
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    }
    if problems.is_empty() { Ok(body) } else { Err(Error::invalid(problems)) }
}

fn unknown<'n>(given: &str, names: impl Iterator<Item = &'n str> + Clone) -> Problem {
    let shown: String = given.chars().take(40).collect();
    let meant = near(given, names.clone());
    let problem = if meant.is_empty() {
        let all: Vec<&str> = names.take(20).collect();
        if all.is_empty() { "there are no arguments".to_owned() } else { format!("is no argument; there are {}", all.join(", ")) }
    } else {
        format!("is no argument; did you mean {}?", meant.join(", "))
    };
    Problem::new(shown, problem)
}

/// A declared parameter's value; `None` if it says nothing.
fn of_field(field: &FieldDef, value: &Json) -> Option<Json> {
    let words = matches!(field.kind, Kind::String | Kind::Text | Kind::File);
    match value {
        Json::Null if field.clears => Some(Json::Null),
        Json::Null => None,
        // What can neither be such a value nor clear one was left empty.
        Json::String(text) if text.trim().is_empty() && !words && !field.clears && !field.required => None,
        value => Some(coerced(field.kind, value)),
    }
}

/// A value as its kind has it, where it can mean only that; else as it is, for the refusal to name.
fn coerced(kind: Kind, value: &Json) -> Json {
    match (kind, value) {
        (Kind::String | Kind::Text, Json::Number(n)) => json!(n.to_string()),
        (Kind::String | Kind::Text, Json::Bool(b)) => json!(b.to_string()),
        (Kind::String | Kind::Text | Kind::File, other) => other.clone(),
        (Kind::Boolean, Json::Number(n)) if n.as_u64().is_some_and(|n| n < 2) => json!(n.as_u64() == Some(1)),
        (Kind::Integer, Json::Number(n)) => from_text(kind, &n.to_string()).unwrap_or_else(|| value.clone()),
        (Kind::Ids(_), Json::Object(_)) => json!([id_of(value)]),
        (Kind::Ids(_), Json::Array(items)) => items.iter().map(id_of).collect(),
        (Kind::Strings | Kind::Integers, Json::Number(_) | Json::Bool(_)) => coerced(kind, &json!([value])),
        (Kind::Strings, Json::Array(items)) => items.iter().map(|item| coerced(Kind::String, item)).collect(),
        (Kind::Integers, Json::Array(items)) => items.iter().map(|item| coerced(Kind::Integer, item)).collect(),
        (Kind::Objects, Json::Object(_)) => json!([value]),
        (
            Kind::Id | Kind::Enum(_) | Kind::Boolean | Kind::Integer | Kind::Double | Kind::Date | Kind::Instant,
            Json::Array(items),
        ) if items.len() == 1 && !items[0].is_array() => coerced(kind, &items[0]),
        (kind, Json::String(text)) => from_text(kind, text.trim()).unwrap_or_else(|| value.clone()),
        _ => value.clone(),
    }
}

/// What a text says that stands where another kind is wanted.
fn from_text(kind: Kind, text: &str) -> Option<Json> {
    let listed = |kind: Kind| text.split(',').map(|part| coerced(kind, &json!(part.trim()))).collect::<Json>();
    match kind {
        Kind::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Some(json!(true)),
            "false" | "no" | "0" => Some(json!(false)),
            _ => None,
        },
        Kind::Integer => {
            let whole = |f: &f64| f.fract() == 0.0 && f.abs() < 9e15;
            text.parse::<i64>().ok().or_else(|| text.parse::<f64>().ok().filter(whole).map(|f| f as i64)).map(|n| json!(n))
        }
        Kind::Double => text.parse::<f64>().ok().filter(|f| f.is_finite()).map(|f| json!(f)),
        Kind::Enum(values) => {
            let mut same = values.iter().filter(|value| folded(value) == folded(text));
            same.next().filter(|_| same.next().is_none()).map(|value| json!(value))
        }
        Kind::Ids(_) | Kind::Strings | Kind::Integers | Kind::Objects if text.starts_with('[') => {
            serde_json::from_str::<Json>(text).ok().filter(Json::is_array).map(|list| coerced(kind, &list))
        }
        Kind::Object | Kind::Objects if text.starts_with('{') => {
            serde_json::from_str::<Json>(text).ok().map(|object| coerced(kind, &object))
        }
        // Nothing might mean an empty list, or that nothing is said.
        Kind::Ids(_) if text.is_empty() => None,
        Kind::Ids(_) => Some(listed(Kind::Id)),
        Kind::Integers => Some(listed(Kind::Integer)),
        Kind::Strings => Some(json!([text])),
        Kind::Id | Kind::Date | Kind::Instant => Some(json!(text)),
        _ => None,
    }
}

/// An id, also out of the object that has it.
fn id_of(value: &Json) -> Json {
    match value {
        Json::Object(object) if object.get("id").is_some_and(Json::is_string) => object["id"].clone(),
        Json::String(text) => json!(text.trim()),
        other => other.clone(),
    }
}

/// A filter, or what orders, pages and selects; `None` if it says nothing.
fn beside_value<S: Send + Sync + 'static>(api: &BusinessApi<S>, name: &str, value: &Json) -> Option<Json> {
    if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return None;
    }
    match name {
        "pageNumber" | "pageRowCount" => return Some(coerced(Kind::Integer, value)),
        "getJoins" => return Some(coerced(Kind::Boolean, value)),
        "sortBy" => return Some(json!(sort_by(value))),
        _ => {}
    }
    let filters = api.object.filter(|_| api.is_list()).map(|def| filter::filters(def, api.fields)).unwrap_or_default();
    match filters.get(name) {
        Some(property) => Some(filter_value(property.kind, value)),
        None => Some(value.clone()),
    }
}

/// `["-a", "b desc"]` is `-a,-b`.
fn sort_by(value: &Json) -> String {
    let listed =
        value.as_str().filter(|text| text.trim_start().starts_with('[')).and_then(|text| serde_json::from_str(text).ok());
    let keys: Vec<String> = match listed.as_ref().unwrap_or(value) {
        Json::Array(items) => items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect(),
        Json::String(text) => text.split(',').map(str::to_owned).collect(),
        other => vec![other.to_string()],
    };
    let key = |key: &String| {
        let key = key.trim();
        match key.rsplit_once([' ', ':']) {
            Some((name, way)) if way.eq_ignore_ascii_case("desc") => format!("-{}", name.trim().trim_start_matches('-')),
            Some((name, way)) if way.eq_ignore_ascii_case("asc") => name.trim().to_owned(),
            _ => key.to_owned(),
        }
    };
    keys.iter().map(key).collect::<Vec<_>>().join(",")
}

/// Bounds of a date filter, as models like to write them.
const BOUNDS: &[(&str, &str)] =
    &[("gte", "$gte-"), ("gt", "$gt-"), ("lte", "$lte-"), ("lt", "$lt-"), ("from", "$gte-"), ("to", "$lte-")];

fn filter_value(kind: Kind, value: &Json) -> Json {
    let one = |value: &Json| match (kind, value) {
        (Kind::Enum(_), Json::String(text)) => from_text(kind, text.trim()).unwrap_or_else(|| value.clone()),
        (Kind::Integer | Kind::Double, Json::String(text)) => json!(text.trim()),
        (Kind::Id | Kind::Ids(_), _) => id_of(value),
        _ => value.clone(),
    };
    match (kind, value) {
        (Kind::Date | Kind::Instant, Json::Object(bounds)) => {
            let bound = |(name, value): (&String, &Json)| {
                let (_, prefix) = BOUNDS.iter().find(|(bound, _)| folded(name).trim_start_matches('$') == *bound)?;
                Some(json!(format!("{prefix}{}", value.as_str()?)))
            };
            let read: Option<Vec<Json>> = bounds.iter().filter(|(_, value)| !value.is_null()).map(bound).collect();
            read.map_or_else(|| value.clone(), Json::Array)
        }
        (_, Json::Array(items)) => items.iter().map(one).collect(),
        // None of these holds a comma.
        (Kind::Id | Kind::Ids(_) | Kind::Enum(_) | Kind::Boolean | Kind::Integer | Kind::Double, Json::String(text))
            if text.contains(',') && !text.trim_start().starts_with('[') =>
        {
            text.split(',').map(|part| one(&json!(part.trim()))).collect()
        }
        _ => one(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    #[test]
    fn text_stands_for_what_it_says() {
        let states = Kind::Enum(&["checkedIn", "checkedOut"]);
        for (kind, given, wanted) in [
            (Kind::Integer, json!(" 4 "), json!(4)),
            (Kind::Integer, json!("4.0"), json!(4)),
            (Kind::Integer, json!("4.5"), json!("4.5")),
            (Kind::Integer, json!([7]), json!(7)),
            (Kind::Double, json!("2.5"), json!(2.5)),
            (Kind::Boolean, json!("Yes"), json!(true)),
            (Kind::Boolean, json!(0), json!(false)),
            (Kind::Boolean, json!("maybe"), json!("maybe")),
            (states, json!("checked_in"), json!("checkedIn")),
            (states, json!("CHECKED OUT"), json!("checkedOut")),
            (states, json!("checked"), json!("checked")),
            (Kind::Ids(""), json!(format!("{ID}, {ID}")), json!([ID, ID])),
            (Kind::Ids(""), json!(format!("[\"{ID}\"]")), json!([ID])),
            (Kind::Ids(""), json!(""), json!("")),
            (Kind::Ids(""), json!({"id": ID, "fullname": "Ann"}), json!([ID])),
            (Kind::Ids(""), json!([{"id": ID}]), json!([ID])),
            (Kind::Id, json!([ID]), json!(ID)),
            (Kind::Integers, json!("1,2, 3"), json!([1, 2, 3])),
            (Kind::Integers, json!(5), json!([5])),
            (Kind::Strings, json!("sick, unpaid"), json!(["sick, unpaid"])),
            (Kind::Strings, json!("[\"sick\"]"), json!(["sick"])),
            (Kind::Object, json!("{\"name\":\"A\"}"), json!({"name": "A"})),
            (Kind::Objects, json!({"a": 1}), json!([{"a": 1}])),
            (Kind::String, json!(4711), json!("4711")),
            (Kind::String, json!("4711"), json!("4711")),
        ] {
            assert_eq!(coerced(kind, &given), wanted, "{kind:?} of {given}");
        }
    }

    #[test]
    fn of_many_unknown_names_a_few_are_told() {
        let field = FieldDef::new("note", crate::input::Place::Body, Kind::String, false, "d");
        let given = (0..1_000).map(|n| (format!("argument{n:04}"), json!(1))).collect();
        let error = named(&[field], &[], given, |_, _| None).expect_err("refused");
        let told = error.detail.as_ref().and_then(|detail| detail.as_array()).expect("fields");
        assert_eq!((told.len(), &told[0]["field"]), (UNKNOWN, &json!("argument0000")));
    }

    #[test]
    fn nothing_is_absent_unless_it_clears() {
        let field = FieldDef::new("note", crate::input::Place::Body, Kind::Integer, false, "d");
        assert_eq!(of_field(&field, &Json::Null), None);
        assert_eq!(of_field(&field, &json!("")), None);
        assert_eq!(of_field(&field.clears(true), &Json::Null), Some(Json::Null));
        assert_eq!(of_field(&field.text(), &json!("")), Some(json!("")));
    }

    #[test]
    fn filters_and_orders_are_read_as_they_are_written() {
        assert_eq!(
            filter_value(Kind::Date, &json!({"$gte": "2026-01-01", "to": "2026-01-31"})),
            json!(["$gte-2026-01-01", "$lte-2026-01-31"])
        );
        assert_eq!(filter_value(Kind::Date, &json!("$lin-2026-01-01,2026-01-02")), json!("$lin-2026-01-01,2026-01-02"));
        assert_eq!(filter_value(Kind::Date, &json!({"near": "2026-01-01"})), json!({"near": "2026-01-01"}));
        assert_eq!(
            filter_value(Kind::Enum(&["approved", "pending"]), &json!("Approved,pending")),
            json!(["approved", "pending"])
        );
        assert_eq!(filter_value(Kind::String, &json!("Smith, Ann")), json!("Smith, Ann"));
        assert_eq!(sort_by(&json!(["-createdAt", "name desc"])), "-createdAt,-name");
        assert_eq!(sort_by(&json!("shiftDate:asc, startTime")), "shiftDate,startTime");
    }
}
