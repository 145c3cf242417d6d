//! The registry against the contract: every API of a service that is there has the contract's name, route and parameters,
//! every data object its properties and filters.

use serde_json::Value as Json;
use workforceos_core::input::Place;
use workforceos_core::objects;
use workforceos_core::value::Kind;

fn contract() -> Json {
    serde_json::from_str(include_str!("../../fixtures/contract.json")).expect("JSON")
}

fn texts<'a>(list: &'a Json, field: &str) -> Vec<&'a str> {
    list.as_array().into_iter().flatten().filter_map(|item| item[field].as_str()).collect()
}

fn kind_fits(kind: Kind, wanted: &str) -> bool {
    match wanted.trim_end_matches("[]").trim_end_matches(" array") {
        "ID" => matches!(kind, Kind::Id | Kind::Ids(_)),
        "String" => matches!(kind, Kind::String | Kind::Strings | Kind::Enum(_)),
        "Text" => kind == Kind::Text,
        "Enum" => matches!(kind, Kind::Enum(_)),
        "Date" => matches!(kind, Kind::Date | Kind::Instant),
        "Integer" => kind == Kind::Integer,
        "Double" => kind == Kind::Double,
        "Boolean" => kind == Kind::Boolean,
        "Object" => kind == Kind::Object,
        other => panic!("the contract has a type {other} that nobody reads"),
    }
}

#[test]
fn every_api_of_a_present_service_is_as_the_contract_says() {
    let contract = contract();
    let registry = workforceos_services::registry().expect("declared well");
    let mut checked = 0;
    for wanted in contract["businessApis"].as_array().expect("a list") {
        let service = wanted["service"].as_str().expect("a name");
        if !registry.services().iter().any(|(name, _)| *name == service) {
            continue;
        }
        let name = wanted["name"].as_str().expect("a name");
        let api = registry.by_name(name).unwrap_or_else(|| panic!("{name} is missing"));
        let facts = (api.service, api.method.as_str(), api.action.as_str(), u64::from(api.status), api.data_name);
        let field = |f: &str| wanted[f].as_str().unwrap_or_default();
        let expected = (service, field("method"), field("action"), wanted["status"].as_u64().unwrap_or(0), field("dataName"));
        assert_eq!(facts, expected, "{name}");
        assert!(api.path.eq_ignore_ascii_case(field("path")), "{name} is at {}", api.path);
        assert_eq!(registry.prefix(service), contract["services"][service], "{name}");
        for parameter in wanted["params"].as_array().into_iter().flatten() {
            let wire = parameter["name"].as_str().expect("a name");
            let field = api.fields.iter().find(|f| f.name == wire).unwrap_or_else(|| panic!("{name} lacks {wire}"));
            assert!(kind_fits(field.kind, parameter["type"].as_str().expect("a type")), "{name}.{wire} is {:?}", field.kind);
            let place = match field.place {
                Place::Path => "path",
                Place::Query => "query",
                Place::Body => "body",
            };
            assert_eq!(place, parameter["in"], "{name}.{wire}");
        }
        let filters: Vec<&str> =
            api.object.map(|def| workforceos_core::filter::filters(def, api.fields).into_keys().collect()).unwrap_or_default();
        for filter in texts(&wanted["filters"], "name") {
            assert!(filters.contains(&filter.trim_end_matches("_op")), "{name} lacks the filter {filter}");
        }
        checked += 1;
    }
    assert!(checked >= 97, "only {checked} APIs were compared");
}

#[test]
fn every_declared_object_has_the_contracts_properties() {
    let mut checked = 0;
    for wanted in contract()["dataObjects"].as_array().expect("a list") {
        let name = wanted["name"].as_str().expect("a name");
        let Some(def) = objects::by_name(name) else { continue };
        assert_eq!(def.service, wanted["service"], "{name}");
        for property in wanted["properties"].as_array().into_iter().flatten() {
            let wire = property["name"].as_str().expect("a name");
            let have = def.property(wire).unwrap_or_else(|| panic!("{name} lacks {wire}"));
            assert!(kind_fits(have.kind, property["type"].as_str().expect("a type")), "{name}.{wire} is {:?}", have.kind);
            assert_eq!(have.secret, property["secret"] == true, "{name}.{wire}");
            if let (Kind::Enum(values), Some(names)) = (have.kind, property["values"].as_array()) {
                assert_eq!(names.iter().filter_map(Json::as_str).collect::<Vec<_>>(), values, "{name}.{wire}");
            }
        }
        for filter in wanted["filters"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            let have = def.property(filter).is_some_and(|p| p.filter);
            assert!(have, "{name} lacks the filter {filter}");
        }
        checked += 1;
    }
    assert!(checked >= 19, "only {checked} objects were compared");
}
