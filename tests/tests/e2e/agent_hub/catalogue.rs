//! The tool catalogue: every Business API once, as it is now.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use workforceos_actors::Needs;
use workforceos_core::Timestamp;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::CompanyId;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::ToolCatalog;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Role, Tenant};
use workforceos_core::{Clock, tool};
use workforceos_tests::{Client, Db, TestApp, on_both_databases};

use crate::paths::{TOOL_CATALOG, TOOL_ENTRY};
use crate::text;

on_both_databases!(
    it_has_every_api_once,
    anybody_who_is_logged_in_reads_it,
    it_is_listed_like_everything_else,
    a_restart_and_a_refresh_write_what_differs,
    nodes_that_start_together_make_one_catalogue,
);

/// All entries by name.
async fn all(client: &Client) -> BTreeMap<String, Json> {
    let body = client.get(&format!("{TOOL_CATALOG}?pageRowCount=500")).await.ok();
    let rows = body["sys_toolCatalogs"].as_array().expect("a list");
    assert_eq!(body["paging"]["totalRowCount"], rows.len());
    let by_name: BTreeMap<String, Json> = rows.iter().map(|row| (text(row, "toolName"), row.clone())).collect();
    assert_eq!(by_name.len(), rows.len(), "each once");
    by_name
}

async fn it_has_every_api_once(db: Db) {
    let app = TestApp::start(db).await;
    let entries = all(&app.super_admin().await).await;
    let registry = workforceos_services::registry().expect("declared well");
    let names: BTreeSet<String> = registry.apis().iter().map(|api| format!("{}:{}", api.service, api.name)).collect();
    assert_eq!(entries.keys().cloned().collect::<BTreeSet<_>>(), names);
    for api in registry.apis() {
        let entry = &entries[&format!("{}:{}", api.service, api.name)];
        assert_eq!((&entry["serviceName"], &entry["description"]), (&json!(api.service), &json!(api.about)), "{}", api.name);
        assert_eq!(entry["parameters"], Json::Object(tool::input_schema(api, usize::MAX)), "{}", api.name);
        assert_eq!(entry["reach"], api.reach.expect("a reach").describe(), "{}", api.name);
        let reads = entry["effect"] == "reads";
        assert_eq!((reads, entry["effect"] == "deletes"), (api.effect.read_only, api.effect.destructive), "{}", api.name);
        assert!(entry["lastRefreshed"].is_string() && entry.get("companyId").is_none(), "{entry}");
    }
}

async fn anybody_who_is_logged_in_reads_it(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Asia/Karachi").await;
    let (ann, sam) = (acme.employee("ann").await, app.root_person("sam", Role::SaasUser).await);
    let root = app.super_admin().await;
    let expected = all(&root).await;
    for reader in [&ann.client, &acme.owner.client, &sam.client, &root.claiming("acme")] {
        assert_eq!(all(reader).await, expected);
    }
    let path = format!("{TOOL_ENTRY}/{}", text(&expected["scheduleManagement:listShifts"], "id"));
    let entry = ann.get(&path).await.ok()["sys_toolCatalog"].clone();
    assert_eq!(entry, expected["scheduleManagement:listShifts"]);
    ann.get(&format!("{TOOL_ENTRY}/01890a5d-ac96-774b-bcce-b302099a8057")).await.refused(404, "ToolCatalogNotFound");
    app.anonymous().get(TOOL_CATALOG).await.refused(401, "LoginRequired");
    app.anonymous().get(&path).await.refused(401, "LoginRequired");
    let other = app.company("other", "UTC").await;
    other.owner.claiming("acme").get(TOOL_CATALOG).await.refused(403, "TenantMismatch");
}

async fn it_is_listed_like_everything_else(db: Db) {
    let app = TestApp::start(db).await;
    let ann = app.company("acme", "UTC").await.employee("ann").await;
    let names = |body: &Json| -> Vec<String> {
        body["sys_toolCatalogs"].as_array().expect("a list").iter().map(|row| text(row, "toolName")).collect()
    };
    let leave = ann.get(&format!("{TOOL_CATALOG}?serviceName=leave&pageRowCount=100")).await.ok();
    assert!(names(&leave).iter().all(|name| name.starts_with("leaveManagement:")), "{leave}");
    assert_eq!(leave["filters"][0]["name"], "serviceName");
    let (first, second) = (
        ann.get(&format!("{TOOL_CATALOG}?pageRowCount=10")).await.ok(),
        ann.get(&format!("{TOOL_CATALOG}?pageRowCount=10&pageNumber=2")).await.ok(),
    );
    let walked = [names(&first), names(&second)].concat();
    let mut sorted = walked.clone();
    sorted.sort();
    assert_eq!((walked.len(), &walked), (20, &sorted), "by name");
    let last = ann.get(&format!("{TOOL_CATALOG}?sortBy=-toolName&fields=toolName&pageRowCount=1")).await.ok();
    assert_eq!(names(&last).first(), all(&ann).await.keys().last());
    assert!(last["sys_toolCatalogs"][0].get("description").is_none(), "{last}");
    let table = ann.request(reqwest::Method::GET, TOOL_CATALOG).header("accept", "text/csv").send().await.expect("an answer");
    let table = table.text().await.expect("text");
    assert!(table.contains("toolName") && table.contains("scheduleManagement:listShifts"), "{table}");
}

/// Makes the catalogue one of another version: an entry that says something else, one that is not there, one too many.
async fn age(app: &TestApp) {
    let services = app.services();
    let ctx = workforceos_services::system_ctx(Tenant::root(), app.clock.now(), "test");
    let decide = move |facts: &workforceos_actors::Facts| {
        let rows = facts.rows::<ToolCatalog>()?;
        let of = |name: &str| rows.iter().find(|row| row.tool_name == name).expect("an entry").clone();
        let other = ToolCatalog { description: Some("Something else.".to_owned()), ..of("scheduleManagement:listShifts") };
        let gone = of("scheduleManagement:createShift").deleted(facts.now);
        let more = ToolCatalog {
            meta: Meta::new(facts.new_id(), facts.now, None),
            tool_name: "scheduleManagement:oldApi".to_owned(),
            ..of("scheduleManagement:getShift")
        };
        let entry = Event::audit(&ctx, ToolCatalog::def().name, CompanyId::ROOT);
        Ok((Changes::none().put(&other.touched(facts.now)).put(&gone).put(&more).event(entry), ()))
    };
    let all = Query::of(ToolCatalog::def(), CompanyId::ROOT, Cond::TRUE);
    services.companies.decide(CompanyId::ROOT, Needs::none().and_query(all), decide).await.expect("is written");
}

async fn a_restart_and_a_refresh_write_what_differs(db: Db) {
    let mut app = TestApp::start(db).await;
    let ann = app.company("acme", "UTC").await.employee("ann").await;
    let fresh = all(&ann).await;
    for restarts in [true, false] {
        age(&app).await;
        assert!(all(&ann).await.contains_key("scheduleManagement:oldApi"));
        app.clock.set(Timestamp(app.clock.now().0 + 60_000));
        if restarts {
            app.restart().await;
        } else {
            let told = ann.post("/mcpbff-api/api/tools/refresh", json!({})).await.ok();
            assert!(told["success"] == true && told["count"].as_u64().is_some_and(|count| count > 100), "{told}");
        }
        let now = all(&ann).await;
        assert_eq!(now.keys().collect::<Vec<_>>(), fresh.keys().collect::<Vec<_>>());
        let said = |entries: &BTreeMap<String, Json>, name: &str| entries[name]["description"].clone();
        assert_eq!(said(&now, "scheduleManagement:listShifts"), said(&fresh, "scheduleManagement:listShifts"));
        let at = json!(app.clock.now().to_string());
        for (name, entry) in &now {
            let mended = ["scheduleManagement:listShifts", "scheduleManagement:createShift"].contains(&name.as_str());
            assert_eq!(entry["lastRefreshed"] == at, mended, "{name}: {entry}");
            assert_eq!(entry["id"] == fresh[name]["id"], name != "scheduleManagement:createShift", "{name}");
        }
    }
    // Where nothing differs nothing is written.
    let before = app.services().store.journal(CompanyId::ROOT, 0, 10_000).await.expect("the journal").len();
    ann.post("/mcpbff-api/api/tools/refresh", json!({})).await.ok();
    app.restart().await;
    let after = app.services().store.journal(CompanyId::ROOT, 0, 10_000).await.expect("the journal").len();
    assert_eq!(before, after);
    app.anonymous().post("/mcpbff-api/api/tools/refresh", json!({})).await.refused(401, "LoginRequired");
}

async fn nodes_that_start_together_make_one_catalogue(db: Db) {
    let app = TestApp::start(db).await;
    let ann = app.company("acme", "UTC").await.employee("ann").await;
    age(&app).await;
    let twin = if db == Db::Postgres { Some(app.twin().await) } else { None };
    let services: Vec<_> = std::iter::once(&app).chain(&twin).map(TestApp::services).collect();
    let runs = (0..8).map(|i| workforceos_services::agent_hub::refresh(&services[i % services.len()]));
    for told in futures_util::future::join_all(runs).await {
        assert!(told.expect("is brought up to date") > 100);
    }
    assert!(!all(&ann).await.contains_key("scheduleManagement:oldApi"));
}
