//! Tools that say what they answer answer that: structured, as their schema has it, and the same as their text.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, on_both_databases};

use super::world::World;
use super::{Who, apis, fixtures, is_roots};
use crate::text;
use crate::tools::lint::misfits;
use crate::tools::session::{Called, Session};

on_both_databases!(answers_have_the_shape_that_is_said);

/// The schema that a tool is listed with, if it says one.
fn said(list: &Json, name: &str) -> Option<Json> {
    let tools = list["tools"].as_array().expect("tools");
    tools.iter().find(|tool| tool["name"] == name).and_then(|tool| tool.get("outputSchema").cloned())
}

fn check(list: &Json, name: &str, called: &Called) {
    assert!(!called.failed, "{name}: {}", called.json);
    match said(list, name) {
        Some(schema) => {
            let structured = called.structured.as_ref().unwrap_or_else(|| panic!("{name} answers no structured content"));
            assert_eq!(structured, &called.json, "{name}: the text is the same");
            let found = misfits(&schema, structured, name);
            assert!(found.is_empty(), "{found:#?} in {structured}");
        }
        None => assert!(called.structured.is_none(), "{name} says nothing of its shape"),
    }
}

async fn answers_have_the_shape_that_is_said(db: Db) {
    let world = World::make(db).await;
    let mut checked = 0;
    for api in apis() {
        // Of plain rows a few are enough.
        if api.output.is_none() && !api.name.starts_with("list") {
            continue;
        }
        let who = if is_roots(&api) { Who::SuperAdmin } else { Who::Owner };
        let args = world.args(&api).await;
        let session = Session::open(&world.caller(&api, who).await, "").await;
        let called = session.call(api.name, args).await;
        if called.failed && fixtures::REFUSED.iter().any(|(name, roles)| *name == api.name && roles.contains(&who)) {
            continue;
        }
        check(&session.list().await, api.name, &called);
        let refused = session.call(api.name, json!({"colour": "red"})).await;
        assert!(refused.failed && refused.structured.is_none(), "{}: failures have no shape", api.name);
        checked += 1;
    }
    assert!(checked > 15, "{checked}");
    let session = Session::open(&world.acme.company.owner, "").await;
    let list = session.list().await;
    world.acme.document().await;
    let read = session.call("listEmployeeDocuments", json!({"pageRowCount": 1})).await.json;
    let code = text(&read["employeeDocuments"][0], "__proxyCode");
    for (name, args) in [
        ("showSecretFieldInFrontEnd", json!({"proxyCode": code, "fieldName": "documentUrl", "renderType": "asQrCode"})),
        ("showQrCode", json!({"value": "https://acme.test/rota"})),
        ("showBusinessApiListInFrontEnd", json!({"apiName": "listShifts", "queryParams": {"shiftDate": "$lweek"}})),
        ("showBusinessApiGalleryInFrontEnd", json!({"apiName": "listUsers"})),
    ] {
        assert!(said(&list, name).is_some(), "{name} says what it answers");
        check(&list, name, &session.call(name, args).await);
    }
    // Whatever can be listed can be shown, at the address where the page reads it.
    let lists = apis().into_iter().filter(|api| api.is_list() && api.effect.read_only && !is_roots(api));
    for api in lists {
        let params = world.args(&api).await;
        let called = session.call("showBusinessApiListInFrontEnd", json!({"apiName": api.name, "queryParams": params})).await;
        check(&list, "showBusinessApiListInFrontEnd", &called);
        let view = &called.json["__frontendAction"];
        assert!(view["columns"].as_array().is_some_and(|columns| !columns.is_empty()), "{view}");
        let query = view["queryParams"].as_object().into_iter().flatten();
        let query: Vec<String> = query
            .map(|(name, value)| format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect();
        world.acme.company.owner.get(&format!("{}?{}", text(view, "routePath"), query.join("&"))).await.ok();
    }
}
