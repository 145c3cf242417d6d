//! What the task-level APIs say of their answers: strict enough for every client, and true.

use std::sync::OnceLock;

use serde_json::Value as Json;
use workforceos_core::registry::Registry;
use workforceos_services::App;

fn registry() -> &'static Registry<App> {
    static REGISTRY: OnceLock<Registry<App>> = OnceLock::new();
    REGISTRY.get_or_init(|| workforceos_services::registry().expect("declared well"))
}

/// An answer is as its API declares it: nothing undeclared, nothing null that is not said to be, every value of its type.
#[track_caller]
pub fn check(api: &str, told: &Json) {
    let schema = registry().by_name(api).and_then(|api| api.output).unwrap_or_else(|| panic!("{api} declares no shape"));
    fits(&schema(), told, api);
}

#[track_caller]
fn fits(schema: &Json, told: &Json, at: &str) {
    let (kind, nullable) = kind(schema, at);
    let right = match kind {
        _ if nullable && told.is_null() => true,
        "object" => told.is_object(),
        "array" => told.is_array(),
        "string" => told.as_str().is_some_and(|text| allowed(schema, text)),
        "integer" => told.is_i64() || told.is_u64(),
        "number" => told.is_number(),
        "boolean" => told.is_boolean(),
        other => panic!("{at} has the type {other}"),
    };
    assert!(right, "{at} is {told}, not {schema}");
    for (name, value) in told.as_object().into_iter().flatten() {
        let declared = schema["properties"].get(name).unwrap_or_else(|| panic!("{at}.{name} is not declared"));
        fits(declared, value, &format!("{at}.{name}"));
    }
    for item in told.as_array().into_iter().flatten() {
        fits(&schema["items"], item, &format!("{at}[]"));
    }
}

/// The type, and whether it may be null instead.
fn kind<'a>(schema: &'a Json, at: &str) -> (&'a str, bool) {
    let one = schema["type"].as_str().map(|kind| (kind, false));
    let or_null = || (schema["type"][1] == "null").then(|| Some((schema["type"][0].as_str()?, true))).flatten();
    one.or_else(or_null).unwrap_or_else(|| panic!("{at} has one type: {schema}"))
}

fn allowed(schema: &Json, text: &str) -> bool {
    let named = schema["enum"].as_array().is_none_or(|values| values.iter().any(|v| v == text));
    let id = schema["format"] != "uuid" || text.parse::<uuid::Uuid>().is_ok();
    let date = schema["format"] != "date" || text.parse::<chrono::NaiveDate>().is_ok();
    named && id && date
}

/// One `type` everywhere, or null, lists with items, objects with properties, a description of everything, no references.
fn strict(schema: &Json, at: &str) {
    let map = schema.as_object().unwrap_or_else(|| panic!("{at} is an object"));
    let known = ["type", "description", "properties", "items", "enum", "format"];
    assert!(map.keys().all(|key| known.contains(&key.as_str())), "{at}: {schema}");
    assert!(schema["description"].as_str().is_some_and(|text| text.ends_with('.')), "{at} is described: {schema}");
    match kind(schema, at).0 {
        "object" => {
            let properties = schema["properties"].as_object().unwrap_or_else(|| panic!("{at} has properties"));
            properties.iter().for_each(|(name, property)| strict(property, &format!("{at}.{name}")));
        }
        "array" => strict(&schema["items"], &format!("{at}[]")),
        _ => {}
    }
}

#[test]
fn declared_shapes_are_strict_and_reach_openapi() {
    let document = workforceos_core::openapi::document(registry());
    let task_level = ["getTodayBoard", "findCoverFor", "planWeek", "whoIsOff", "explainPayroll"];
    let analytics = [
        "analyzeAttendance",
        "analyzeAbsenteeism",
        "analyzeLateness",
        "analyzeOvertime",
        "analyzeTaskLoad",
        "predictStaffing",
        "detectShiftAnomalies",
    ];
    for name in task_level.into_iter().chain(analytics) {
        let api = registry().by_name(name).unwrap_or_else(|| panic!("{name} is there"));
        let schema = api.output.unwrap_or_else(|| panic!("{name} declares no shape"))();
        strict(&schema, name);
        let paths = document["paths"].as_object().expect("paths").values();
        let operation = paths.flat_map(|p| p.as_object().into_iter().flatten()).find(|(_, o)| o["operationId"] == name);
        let (_, operation) = operation.unwrap_or_else(|| panic!("{name} is an operation"));
        let told = &operation["responses"]["200"]["content"]["application/json"]["schema"]["properties"][api.data_name];
        assert_eq!(told, &schema, "{name}");
        assert_eq!(api.effect.read_only, name != "planWeek", "{name}");
    }
}
