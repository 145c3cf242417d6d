//! Every API that changes something leaves an entry in the audit log, by REST and by the tool layer: an API that does not fails here.

use serde_json::{Value as Json, json};
use workforceos_core::api::{Action, Reach};
use workforceos_services::Api;
use workforceos_tests::{Client, Db, Reply, on_both_databases};

use super::world::World;
use super::{Who, apis, calls, reach};
use crate::text;
use crate::tools::journal::{self, Kept};

on_both_databases!(every_change_is_in_the_audit_log);

/// Changes that leave no entry of their own in the audit log, and why that is right.
const UNLISTED: &[(&str, &str)] = &[
    ("resolveAlert", "settles one's own notice: nobody else's, and nothing is decided by it; the alert keeps when"),
    ("processScheduledAnnouncements", "nothing is due here; what it sends has an entry by announcement, as the timer's"),
];

/// Who may, and whose act is a success.
fn actor(api: &Api) -> Who {
    match reach(api) {
        Reach::Root | Reach::RootAdmins => Who::SuperAdmin,
        _ if api.name == "reviewEodReport" => Who::Manager,
        _ => Who::Owner,
    }
}

async fn arguments(world: &World, api: &Api) -> Json {
    let mut args = world.args(api).await;
    if api.name == "planWeek" {
        args["dryRun"] = json!(false);
    }
    args
}

async fn every_change_is_in_the_audit_log(db: Db) {
    let world = World::make(db).await;
    let mut called = Vec::new();
    for api in apis().into_iter().filter(|api| !api.effect.read_only) {
        for via in ["rest", "mcp"] {
            let args = arguments(&world, &api).await;
            let client = world.caller(&api, actor(&api)).await;
            let who = text(&client.get("/auth-api/currentuser").await.ok(), "userId");
            let id = format!("audit-{}-{via}", api.name);
            let told =
                if via == "rest" { by_rest(&client, &api, &args, &id).await } else { by_tool(&client, &api, &args, &id).await };
            assert!(told.status < 300, "{} {via}: {}", api.name, told.text);
            called.push((api.clone(), via, id, who));
        }
    }
    let entries = journal::of(&world.app).await;
    let mut wrong = Vec::new();
    for (api, via, id, who) in &called {
        let left: Vec<&Kept> = entries.iter().filter(|entry| entry.request == *id).collect();
        let problem = judge(api, &left, via, who);
        let listed = UNLISTED.iter().any(|(name, _)| *name == api.name);
        match problem {
            Some(problem) if !listed => wrong.push(format!("{} {via}: {problem}; it left {left:#?}", api.name)),
            None if listed => wrong.push(format!("{} {via}: leaves an entry and need not be excused", api.name)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), called.len(), wrong.join("\n"));
    assert!(called.len() > 2 * 70, "{}", called.len());
}

async fn by_rest(client: &Client, api: &Api, args: &Json, id: &str) -> Reply {
    let (path, body) = calls::request(api, args);
    let mut request = client.request(api.method.as_str().parse().expect("a method"), &path).header("x-request-id", id);
    if let Some(body) = &body {
        request = request.json(body);
    }
    Reply::of(request, api.name).await.expect("an answer")
}

async fn by_tool(client: &Client, api: &Api, args: &Json, id: &str) -> Reply {
    let request = client.request(reqwest::Method::POST, "/mcpbff-api/api/tools/call").header("x-request-id", id);
    Reply::of(request.json(&json!({"toolName": api.name, "args": args})), api.name).await.expect("an answer")
}

/// What is wrong with what a call has left.
fn judge(api: &Api, left: &[&Kept], via: &str, who: &str) -> Option<String> {
    let listed: Vec<&&Kept> = left.iter().filter(|entry| entry.audited).collect();
    if listed.is_empty() {
        return Some("nothing is in the audit log".to_owned());
    }
    if let Some(other) = left.iter().find(|entry| entry.via != via) {
        return Some(format!("an entry came in by {}", other.via));
    }
    let mine: Vec<&&Kept> = listed.into_iter().filter(|entry| entry.action == api.name).collect();
    if mine.is_empty() {
        return Some("no entry has its name".to_owned());
    }
    // Who registers becomes who did it.
    let public = reach(api) == Reach::Public;
    if let Some(other) = mine.iter().find(|entry| entry.actor.is_none() || (!public && entry.actor.as_deref() != Some(who))) {
        return Some(format!("an entry says that {:?} did it, and it was {who}", other.actor));
    }
    if let Some(entry) = mine.iter().find(|entry| was_there(entry) && !there(&entry.before)) {
        return Some(format!("an entry does not tell what was there before: {:?}", entry.after));
    }
    let told = |entry: &&&Kept| match api.action {
        Action::Delete => there(&entry.before),
        _ => there(&entry.after) || there(&entry.extra),
    };
    (!mine.iter().any(told)).then(|| "what was done is not told".to_owned())
}

/// Whether what an entry tells of existed before.
fn was_there(entry: &Kept) -> bool {
    let after: Json = serde_json::from_str(entry.after.as_deref().unwrap_or("null")).expect("JSON");
    after["recordVersion"].as_i64().is_some_and(|version| version > 1)
}

fn there(content: &Option<String>) -> bool {
    content.as_deref().is_some_and(|text| text != "null")
}
