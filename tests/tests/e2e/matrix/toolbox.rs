//! Every API by way of an agent's tools: the same value as by REST, without ids and secrets for the model.

use serde_json::{Value as Json, json};
use workforceos_agents::alias::AliasMap;
use workforceos_agents::toolbox::{Choice, Tools};
use workforceos_agents::tools::Done;
use workforceos_core::api::Reach;
use workforceos_services::Api;
use workforceos_tests::{Client, Db, PASSWORD, on_both_databases};

use super::calls::call;
use super::secrets::{self, NOTES, planted};
use super::world::World;
use super::{Who, apis, fixtures, reach, values};
use crate::agent_tools::{ask, content, has_id, revealed, with};

on_both_databases!(agents_answer_as_rest_does, no_agent_is_told_a_secret);

fn highest(api: &Api) -> Who {
    if matches!(reach(api), Reach::Root | Reach::RootAdmins) { Who::SuperAdmin } else { Who::Owner }
}

/// Calls an API as a model would: it has seen the ids, and knows their names alone.
async fn asked(world: &World, client: &Client, api: &Api, args: &Json) -> (Tools, Done) {
    let (mut aliases, mut shown) = (AliasMap::default(), args.clone());
    aliases.hide(&mut shown, api.object);
    assert!(!has_id(&shown.to_string()), "{shown}");
    let tools = with(&world.app, client, &Choice::chat(Vec::new()), aliases).await.expect("tools");
    let done = ask(&tools, api.name, shown).await;
    (tools, done)
}

async fn agents_answer_as_rest_does(db: Db) {
    let world = World::make(db).await;
    for api in apis() {
        let who = highest(&api);
        // What changes something runs twice, on things of the same make.
        let first = world.args(&api).await;
        let rest = call(&world.caller(&api, who).await, &api, &first).await;
        let second = if api.effect.read_only { first } else { world.args(&api).await };
        let (tools, done) = asked(&world, &world.caller(&api, who).await, &api, &second).await;
        assert!(!has_id(&done.model), "{}: {}", api.name, done.model);
        let model: Json = serde_json::from_str(&done.model).expect("JSON");
        assert_eq!(done.success, rest.status < 300, "{}: {} and {done:?}", api.name, rest.text);
        if !done.success {
            assert!(fixtures::REFUSED.iter().any(|(n, w)| *n == api.name && w.contains(&who)), "{}: {}", api.name, rest.text);
            assert_eq!((&rest.body["errCode"], json!(rest.status)), (&model["errCode"], model["status"].clone()), "{}", api.name);
            continue;
        }
        assert_eq!((&done.page["service"], &done.page["tool"]), (&json!(api.service), &json!(api.name)));
        assert_eq!(done.page, done.kept, "{}", api.name);
        let told = content(&done.page);
        // The model reads the same with names for ids.
        assert_eq!(revealed(&tools, &model), told, "{}", api.name);
        let by_rest = values::without_noise(&values::masked(&api, &rest.body));
        let told = values::without_noise(&told);
        for name in std::iter::once(api.data_name).chain(api.extra.iter().copied()).chain(["paging"]) {
            let (ours, theirs) = (by_rest.get(name), told.get(name));
            assert_eq!(values::scrubbed(ours), values::scrubbed(theirs), "{}: {name}", api.name);
        }
    }
}

async fn no_agent_is_told_a_secret(db: Db) {
    let world = World::make(db).await;
    let owner = world.acme.company.owner.client.clone();
    let key = secrets::plant(&world).await;
    let secrets = [NOTES, secrets::ADDRESS, secrets::NEW_PASSWORD, PASSWORD, &key, "canary"];
    let check = |name: &str, text: &str| {
        for secret in secrets {
            assert!(!text.contains(secret), "{name} tells {secret}: {text}");
        }
        assert!(!text.contains("eyJ"), "{name} tells a token: {text}");
    };
    let (mut codes, mut told) = (Vec::new(), 0);
    for api in apis() {
        for who in [highest(&api), Who::Manager, Who::Employee] {
            let args = planted(&api, world.args(&api).await);
            let (_, done) = asked(&world, &world.caller(&api, who).await, &api, &args).await;
            for text in [&done.model, &done.page.to_string(), &done.kept.to_string()] {
                check(api.name, text);
            }
            told += 1;
            if done.success && who == highest(&api) && !matches!(reach(&api), Reach::Root | Reach::RootAdmins) {
                codes.extend(secrets::proxy_codes(&content(&done.page)));
            }
        }
    }
    assert!(told > 270 && codes.len() >= 4, "{told} {}", codes.len());
    // The page alone is told, when it is asked to show one.
    let tools = with(&world.app, &owner, &Choice::chat(Vec::new()), AliasMap::default()).await.expect("tools");
    let mut shown = 0;
    for (code, name) in codes {
        let done = ask(&tools, "showSecretFieldInFrontEnd", json!({"proxyCode": code, "fieldName": name})).await;
        check("showSecretFieldInFrontEnd", &done.model);
        check("showSecretFieldInFrontEnd", &done.kept.to_string());
        if done.success {
            let value = content(&done.page)["__frontendAction"]["value"].clone();
            assert!(value != "***" && value.is_string(), "{value}");
            shown += 1;
        }
    }
    assert!(shown >= 4, "{shown}");
}
