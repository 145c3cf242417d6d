//! Secrets planted wherever there can be some, and every tool asked for everything: none is told, none is in the journal.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use workforceos_core::tool::FRONT_END;
use workforceos_services::Api;
use workforceos_tests::{Client, Db, PASSWORD, Reply, on_both_databases};

use super::world::World;
use super::{Who, apis, fixtures, is_roots, values};
use crate::paths::{DOCUMENTS, PROFILES};
use crate::text;
use crate::tools::journal;

on_both_databases!(no_tool_tells_a_secret);

pub const NOTES: &str = "canary-notes-7f3a91";
pub const ADDRESS: &str = "https://files.test/canary-address-7f3a91.pdf";
pub const NEW_PASSWORD: &str = "canary password 7f3a91";
/// How this test's calls of tools are known in the journal.
const WALKER: &str = "walker/1.0";

/// What must not be told, and who is asked.
struct Walk {
    canaries: Vec<String>,
    told: usize,
}

impl Walk {
    /// Calls a tool and looks at every character of the answer.
    async fn call(&mut self, client: &Client, name: &str, args: &Json) -> Reply {
        let body = json!({"toolName": name, "args": args});
        let request =
            client.request(reqwest::Method::POST, "/mcpbff-api/api/tools/call").header("user-agent", WALKER).json(&body);
        let reply = Reply::of(request, name).await.expect("an answer");
        self.check(name, &reply.text);
        self.told += 1;
        reply
    }

    fn check(&self, place: &str, text: &str) {
        for canary in &self.canaries {
            assert!(!text.contains(canary.as_str()), "{place} tells {canary}: {text}");
        }
        // Logins, and keys beyond the part that lists show.
        let is_token = |rest: &str| {
            rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)).is_some_and(|end| rest[end..].starts_with('.'))
        };
        assert!(!text.split("eyJ").skip(1).any(is_token), "{place} tells a token: {text}");
        for key in text.split("sk_mbx_").skip(1) {
            let shown = key.chars().take_while(char::is_ascii_alphanumeric).count();
            assert!(shown < 16, "{place} tells a key: {text}");
        }
    }
}

/// Arguments with a planted secret in every secret field.
pub fn planted(api: &Api, mut args: Json) -> Json {
    for field in api.fields {
        let property = api.object.and_then(|def| def.property(field.name)).is_some_and(|p| p.secret);
        if !field.secret && !property {
            continue;
        }
        args[field.name] = match field.name {
            "oldPassword" => json!(PASSWORD),
            "notes" => json!(NOTES),
            "documentUrl" => json!(ADDRESS),
            name if name.to_lowercase().contains("password") => json!(NEW_PASSWORD),
            name => panic!("say in this test what is planted in {name} of {}", api.name),
        };
    }
    args
}

/// Has every profile and a document hold something before anybody reads; answers a planted key.
pub async fn plant(world: &World) -> String {
    let owner = world.acme.company.owner.client.clone();
    for profile in owner.get(PROFILES).await.ok()["employeeProfiles"].as_array().expect("profiles") {
        let path = format!("{PROFILES}/{}", text(profile, "id"));
        owner.patch(&path, json!({"notes": NOTES})).await.ok();
    }
    let document = json!({"employeeProfileId": world.acme.profile().await, "documentType": "visa", "documentUrl": ADDRESS});
    owner.post(DOCUMENTS, document).await.ok();
    text(&owner.post("/auth-api/v1/apikeys", json!({"name": "planted"})).await.ok(), "key")
}

async fn no_tool_tells_a_secret(db: Db) {
    let world = World::make(db).await;
    let owner = world.acme.company.owner.client.clone();
    let key = plant(&world).await;
    let mut walk = Walk { canaries: [NOTES, ADDRESS, NEW_PASSWORD, PASSWORD, &key].map(str::to_owned).to_vec(), told: 0 };
    walk.canaries.push("canary".to_owned());

    let (mut changed, mut codes) = (BTreeSet::new(), Vec::new());
    for api in apis() {
        let highest = if is_roots(&api) { Who::SuperAdmin } else { Who::Owner };
        for who in [highest, Who::Manager, Who::Employee, Who::SuperAdmin] {
            let args = planted(&api, world.args(&api).await);
            let told = walk.call(&world.caller(&api, who).await, api.name, &args).await;
            if told.status == 200 && who == highest && !api.effect.read_only {
                changed.insert(api.name);
            }
            if who == highest {
                codes.extend(told_codes(&told));
            }
        }
        // What goes wrong repeats nothing of what was sent.
        let (wrong, _) = values::wrong(&api).unwrap_or_default();
        let client = world.caller(&api, highest).await;
        for args in [planted(&api, wrong), planted(&api, json!({"colour": "red"})), planted(&api, json!({}))] {
            assert_ne!(walk.call(&client, api.name, &args).await.status, 500, "{}", api.name);
        }
    }
    show(&mut walk, &owner, &codes).await;
    for path in ["/mcpbff-api/api/tools", "/mcpbff-api/api/tools/status", "/mcpbff-api/api/tools/service/auth"] {
        walk.check(path, &owner.get(path).await.text);
    }
    assert!(walk.told > 7 * 90, "{}", walk.told);
    check_audit_log(&world, &walk, &owner).await;
    check_journal(&world, &walk, &changed).await;
}

fn told_codes(reply: &Reply) -> Vec<(String, String)> {
    let Some(told) = reply.body["result"]["content"][0]["text"].as_str() else { return Vec::new() };
    proxy_codes(&serde_json::from_str(told).expect("JSON"))
}

/// References to masked records in a result, with the record's masked properties.
pub fn proxy_codes(told: &Json) -> Vec<(String, String)> {
    let rows = told.as_object().into_iter().flat_map(Map::values).flat_map(|data| match data {
        Json::Array(rows) => rows.clone(),
        row => vec![row.clone()],
    });
    let mut codes = Vec::new();
    for row in rows {
        if let (Some(code), Some(row)) = (row["__proxyCode"].as_str(), row.as_object()) {
            let masked = row.iter().filter(|(_, value)| **value == "***").map(|(name, _)| (code.to_owned(), name.clone()));
            codes.extend(masked);
        }
    }
    codes
}

/// Front-end tools tell a model no more than the others do.
async fn show(walk: &mut Walk, owner: &Client, codes: &[(String, String)]) {
    let names: BTreeSet<&str> = codes.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["documentUrl", "notes"]), "every secret property comes with a reference");
    let mut shown = 0;
    for (code, name) in codes {
        let args = json!({"proxyCode": code, "fieldName": name, "renderType": "asBarcode"});
        let told = walk.call(owner, "showSecretFieldInFrontEnd", &args).await;
        // Some were of records that are gone by now.
        if told.status == 200 {
            assert!(told.text.contains("\\\"value\\\":\\\"***\\\""), "{}", told.text);
            shown += 1;
        } else {
            assert_eq!(told.status, 404, "{}", told.text);
        }
    }
    assert!(shown >= 4, "{shown}");
    for tool in FRONT_END {
        walk.call(owner, tool.name(), &json!({"value": "x", "apiName": "listEmployeeProfiles", "orderId": "x"})).await;
        walk.call(owner, tool.name(), &json!({"apiName": "listEmployeeProfiles"})).await;
    }
    walk.call(owner, "showBusinessApiListInFrontEnd", &json!({"apiName": "listEmployeeProfiles", "columns": ["notes"]})).await;
    walk.call(owner, "currentuser", &json!({})).await;
}

/// Nothing secret in the audit log, page by page, nor in its exports.
async fn check_audit_log(world: &World, walk: &Walk, owner: &Client) {
    let root = world.app.super_admin().await;
    for client in [owner, &root] {
        let (mut before, mut pages) = (String::new(), 0);
        loop {
            let page = client.get(&format!("/api/v1/audit-logs?limit=200{before}")).await;
            walk.check("the audit log", &page.text);
            let Some(last) = page.ok().as_array().and_then(|entries| entries.last().cloned()) else { break };
            before = format!("&before={}", last["id"]);
            pages += 1;
        }
        assert!(pages > 0);
        for format in ["csv", "json"] {
            let file = client.get(&format!("/api/v1/audit-logs/export?format={format}")).await;
            assert_eq!(file.status, 200, "{}", file.text);
            walk.check(&format!("the audit log as {format}"), &file.text);
        }
    }
}

/// Nothing secret in what the journal keeps; whatever a tool changed is there with its door and its client.
async fn check_journal(world: &World, walk: &Walk, changed: &BTreeSet<&str>) {
    let entries = journal::of(&world.app).await;
    let mut by_tool = BTreeSet::new();
    for entry in &entries {
        for (place, content) in [("after", &entry.after), ("before", &entry.before), ("extra", &entry.extra)] {
            walk.check(&format!("{place} of {} in the journal", entry.action), content.as_deref().unwrap_or_default());
        }
        if entry.via == "mcp" {
            let extra: Json = serde_json::from_str(entry.extra.as_deref().unwrap_or("null")).expect("JSON");
            // What a purged person did is forgotten, the door aside.
            if entry.extra.is_some() {
                assert_eq!(extra["client"], WALKER, "{} {extra}", entry.action);
            }
            // What was refused is noted, too.
            if extra["denied"].is_null() {
                by_tool.insert(entry.action.as_str());
            }
        }
    }
    let unheard: Vec<&&str> = changed.iter().filter(|name| !by_tool.contains(*name)).collect();
    assert_eq!(unheard, fixtures::CHANGE_NOTHING.iter().collect::<Vec<_>>(), "these left no entry");
}
