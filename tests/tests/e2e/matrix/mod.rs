//! What must hold for every Business API, whoever adds it: generated from the registry.
//!
//! An API needs one line in [`fixtures::arguments`]; without it these tests fail.

mod agents;
mod audited;
pub mod calls;
mod fixtures;
mod insights;
mod openapi;
mod secrets;
mod shapes;
mod toolbox;
mod values;
mod webhooks;
mod world;

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use workforceos_core::api::{On, Reach};
use workforceos_core::input::Place;
use workforceos_core::value::Kind;
use workforceos_services::Api;
use workforceos_tests::{Db, on_both_databases};

use calls::call;
use world::World;

on_both_databases!(
    every_api_asks_for_a_login,
    every_role_has_its_reach,
    other_companies_do_not_exist,
    every_wrong_field_is_named,
    tools_answer_as_rest_does,
);

fn apis() -> Vec<std::sync::Arc<Api>> {
    let registry = workforceos_services::registry().expect("the declarations are sound");
    assert!(registry.apis().len() >= 100);
    registry.apis().to_vec()
}

fn reach(api: &Api) -> Reach {
    api.reach.unwrap_or_else(|| panic!("{} states no reach", api.name))
}

#[test]
fn every_api_has_a_fixture() {
    let missing: Vec<&str> = apis().iter().map(|api| api.name).filter(|name| !fixtures::NAMES.contains(name)).collect();
    assert!(missing.is_empty(), "write arguments for them in matrix/fixtures.rs: {missing:?}");
    let names: BTreeSet<&str> = apis().iter().map(|api| api.name).collect();
    let gone: Vec<&&str> = fixtures::NAMES.iter().filter(|name| !names.contains(*name)).collect();
    assert!(gone.is_empty(), "no such APIs: {gone:?}");
}

/// Whether an API is for the SaaS level's roles alone.
fn is_roots(api: &Api) -> bool {
    matches!(reach(api), Reach::Root | Reach::RootAdmins)
}

async fn every_api_asks_for_a_login(db: Db) {
    let world = World::make(db).await;
    for api in apis() {
        let args = world.args(&api).await;
        let anonymous = world.app.anonymous();
        let told = call(&anonymous.claiming(&world.acme.codename), &api, &args).await;
        if reach(&api) == Reach::Public {
            assert_ne!(told.status, 401, "{}: {}", api.name, told.text);
            continue;
        }
        let body = told.refused(401, "LoginRequired");
        assert_eq!(body["result"], "ERR", "{}", api.name);
        // A bad token is no token, and is told before anything else.
        let bad = anonymous.with_token("eyJhbGciOiJIUzI1NiJ9.e30.x");
        call(&bad, &api, &json!({"shiftId": "x"})).await.refused(401, "LoginRequired");
        let tool = bad.tool(api.name, args).await;
        assert_eq!(tool.status, 401, "{}: {}", api.name, tool.text);
    }
}

/// Who calls: name, client, and what they are.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    Employee,
    Manager,
    Admin,
    Owner,
    /// The owner of another company, who claims this one.
    Foreigner,
    /// The root admin, who claims the company.
    SuperAdmin,
    /// Reads accounts on the SaaS level, and claims nothing.
    SaasUser,
}

/// The status with which a role is refused whatever the arguments; `None` where it may call.
fn refusal(who: Who, api: &Api) -> Option<u16> {
    let reach = reach(api);
    let may = match who {
        Who::Foreigner => return (reach != Reach::Public).then_some(403),
        Who::SaasUser => matches!(reach, Reach::Public | Reach::LoggedIn | Reach::Root),
        Who::SuperAdmin => true,
        _ if is_roots(api) => false,
        Who::Admin | Who::Owner => true,
        Who::Manager => reach != Reach::Admins,
        Who::Employee => !matches!(reach, Reach::Admins | Reach::Managers),
    };
    match may {
        false => Some(403),
        // On the SaaS level there is no company to act on.
        true if who == Who::SaasUser && api.on == On::Company => Some(404),
        true => None,
    }
}

async fn every_role_has_its_reach(db: Db) {
    let world = World::make(db).await;
    for api in apis() {
        for who in [Who::Employee, Who::Manager, Who::Admin, Who::Owner, Who::Foreigner, Who::SuperAdmin, Who::SaasUser] {
            let args = world.args(&api).await;
            let told = call(&world.caller(&api, who).await, &api, &args).await;
            let name = format!("{} as {}", api.name, world::title(who));
            match refusal(who, &api) {
                Some(status) => assert_eq!(told.status, status, "{name}: {}", told.text),
                // Public APIs are for those without a login; a login of another company may be refused.
                None if who == Who::Foreigner => {}
                None => {
                    let rule_of_its_own = fixtures::REFUSED.iter().any(|(n, w)| *n == api.name && w.contains(&who));
                    assert!(rule_of_its_own || !matches!(told.status, 401 | 403), "{name}: {} {}", told.status, told.text);
                    assert!(told.status < 500, "{name}: {}", told.text);
                }
            }
        }
    }
}

async fn other_companies_do_not_exist(db: Db) {
    let world = World::make(db).await;
    for api in apis().iter().filter(|api| reach(api) != Reach::Public) {
        for field in api.fields.iter().filter(|f| matches!(f.kind, Kind::Id | Kind::Ids(_))) {
            let mut args = world.args(api).await;
            let foreign = world.args_of_the_other(api).await;
            if args.get(field.name).is_none_or(Json::is_null) || fixtures::ANY_COMPANY.contains(&api.name) {
                continue;
            }
            args[field.name] = foreign[field.name].clone();
            if fixtures::ONLY_FILTERS.contains(&(api.name, field.name)) {
                let told = call(&world.caller(api, Who::Owner).await, api, &args).await.ok();
                assert_eq!(told[api.data_name], json!([]), "{} with a foreign {}", api.name, field.name);
                continue;
            }
            let told = call(&world.caller(api, Who::Owner).await, api, &args).await;
            let name = format!("{} with a foreign {}", api.name, field.name);
            // The row that a call is about is not there; what a body names is not known.
            let acted_upon = api.object.is_some_and(|o| field.name == format!("{}Id", o.name));
            if field.place == Place::Path || (acted_upon && told.status == 404) {
                assert_eq!(told.status, 404, "{name}: {}", told.text);
                assert!(told.body["errCode"].as_str().is_some_and(|c| c.ends_with("NotFound")), "{name}: {}", told.text);
            } else {
                assert_eq!(told.status, 400, "{name}: {}", told.text);
                assert!(told.bad_fields().contains(&field.name.to_owned()), "{name}");
            }
        }
    }
}

async fn every_wrong_field_is_named(db: Db) {
    let world = World::make(db).await;
    for api in apis() {
        let Some((args, wrong)) = values::wrong(&api) else { continue };
        let who = if is_roots(&api) { Who::SuperAdmin } else { Who::Owner };
        let client = world.caller(&api, who).await;
        let named: BTreeSet<String> = call(&client, &api, &args).await.bad_fields().into_iter().collect();
        assert_eq!(named, wrong, "{}: {args}", api.name);
    }
}

async fn tools_answer_as_rest_does(db: Db) {
    let world = World::make(db).await;
    for api in apis() {
        let who = if is_roots(&api) { Who::SuperAdmin } else { Who::Owner };
        // What changes something runs twice, on things of the same make.
        let first = world.args(&api).await;
        let rest = call(&world.caller(&api, who).await, &api, &first).await;
        let second = if api.effect.read_only { first } else { world.args(&api).await };
        let tool = world.caller(&api, who).await.tool(api.name, second).await;
        assert_eq!(rest.status < 300, tool.status == 200, "{}: {} and {}", api.name, rest.text, tool.text);
        if tool.status != 200 {
            assert!(fixtures::REFUSED.iter().any(|(n, w)| *n == api.name && w.contains(&who)), "{}: {}", api.name, rest.text);
            assert_eq!((rest.status, &rest.body["errCode"]), (tool.status, &tool.body["errCode"]), "{}", api.name);
            continue;
        }
        assert_eq!(tool.body["service"], api.service, "{}", api.name);
        let told: Json = tool.body["result"]["content"][0]["text"]
            .as_str()
            .and_then(|t| serde_json::from_str(t).ok())
            .unwrap_or_else(|| panic!("{}: JSON as text in {}", api.name, tool.text));
        let by_rest = values::masked(&api, &rest.body);
        // Rows as models get them leave out what says nothing.
        let by_rest = values::without_noise(&by_rest);
        let told = values::without_noise(&told);
        for name in std::iter::once(api.data_name).chain(api.extra.iter().copied()).chain(["paging"]) {
            let (ours, theirs) = (by_rest.get(name), told.get(name));
            assert_eq!(values::scrubbed(ours), values::scrubbed(theirs), "{}: {name}", api.name);
        }
    }
}
