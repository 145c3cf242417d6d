//! Which webhooks can be made, and that their secrets are told once.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::Scene;
use crate::paths::{DELIVERIES, WEBHOOKS};
use crate::text;

on_both_databases!(
    bad_webhooks_are_refused_by_name,
    a_company_has_twenty,
    a_secret_is_told_once,
    a_key_sees_to_everything_but_secrets
);

async fn bad_webhooks_are_refused_by_name(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let fine = "https://hooks.example.com/in";
    let everything = json!({"url": "http://hooks.example.com", "eventTypes": ["shift.born"], "description": "x".repeat(501)});
    assert_eq!(acme.owner.post(WEBHOOKS, everything).await.bad_fields(), ["url", "eventTypes", "description"]);
    for url in [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://2130706433/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://10.1.2.3/",
        "https://[::ffff:192.168.0.1]/",
        "https://u:p@hooks.example.com/",
        "https://hooks.example.com:25/",
        "http://127.0.0.1:9000/",
        "nonsense",
    ] {
        let told = acme.owner.post(WEBHOOKS, json!({"url": url, "eventTypes": ["*"]})).await;
        assert_eq!(told.bad_fields(), ["url"], "{url}");
    }
    for types in [json!([]), json!(["shift"]), json!(["*", "novelty.*"]), json!(["webhook.test"])] {
        assert_eq!(acme.owner.post(WEBHOOKS, json!({"url": fine, "eventTypes": types})).await.bad_fields(), ["eventTypes"]);
    }
    let types = json!([" shift.* ", "shift.*", "leave.approved"]);
    let made = acme
        .owner
        .post(WEBHOOKS, json!({"url": "https://Hooks.Example.com", "eventTypes": types, "isEnabled": false}))
        .await
        .ok();
    let webhook = &made["webhook"];
    assert_eq!(
        (&webhook["url"], &webhook["eventTypes"]),
        (&json!("https://hooks.example.com/"), &json!(["shift.*", "leave.approved"]))
    );
    assert_eq!(webhook["isEnabled"], false);
    let path = format!("{WEBHOOKS}/{}", text(webhook, "id"));
    let change = json!({"url": "https://192.168.1.1/", "eventTypes": ["nothing"], "description": "x".repeat(501)});
    assert_eq!(acme.owner.patch(&path, change).await.bad_fields(), ["url", "eventTypes", "description"]);
    let changed = acme.owner.patch(&path, json!({"description": " Payroll ", "eventTypes": ["*"]})).await.ok();
    assert_eq!((&changed["webhook"]["description"], &changed["webhook"]["eventTypes"]), (&json!("Payroll"), &json!(["*"])));
    let cleared = acme.owner.patch(&path, json!({"description": null})).await.ok();
    assert_eq!((&cleared["webhook"]["description"], &cleared["webhook"]["url"]), (&json!(null), &webhook["url"]));
    // Employees have no business here.
    let ann = acme.employee("ann").await;
    ann.get(WEBHOOKS).await.refused(403, "Forbidden");
    ann.post(WEBHOOKS, json!({"url": fine, "eventTypes": ["*"]})).await.refused(403, "Forbidden");
}

async fn a_company_has_twenty(db: Db) {
    let scene = Scene::make(db).await;
    let body = json!({"url": scene.hooks.url("/in"), "eventTypes": ["leave.*"]});
    let owner = &scene.acme.owner;
    let made = futures_util::future::join_all((0..25).map(|_| owner.post(WEBHOOKS, body.clone()))).await;
    let (fine, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(|reply| reply.status == 201);
    assert_eq!((fine.len(), refused.len()), (20, 5));
    refused.into_iter().for_each(|reply| drop(reply.refused(409, "TooManyWebhooks")));
    owner.delete(&format!("{WEBHOOKS}/{}", text(&fine[0].body["webhook"], "id"))).await.ok();
    owner.post(WEBHOOKS, body).await.ok();
}

async fn a_secret_is_told_once(db: Db) {
    let scene = Scene::make(db).await;
    let owner = &scene.acme.owner;
    let body = json!({"url": scene.hooks.url("/in"), "eventTypes": ["shift.*"]});
    let made = owner.with_key("once").post(WEBHOOKS, body.clone()).await.ok();
    let (secret, id) = (text(&made, "secret"), text(&made["webhook"], "id"));
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let again = owner.with_key("once").post(WEBHOOKS, body.clone()).await.ok();
    assert_eq!((&again["webhook"]["id"], again.get("secret")), (&json!(id), None), "an answer that was kept has no secret");
    let by_tool = owner.tool("createWebhook", body).await.ok();
    let told = text(&by_tool["result"]["content"][0], "text");
    let told: Json = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&told["secret"], told["webhook"]["id"].is_string()), (&json!("***"), true), "{told}");
    let rotated = text(&owner.post(&format!("{WEBHOOKS}/{id}/rotatesecret"), json!({})).await.ok(), "secret");
    scene.shift(1).await;
    scene.hooks.until("/in", 1).await;
    scene.delivery(&id, super::is("delivered")).await;

    let mut places = vec![
        owner.get(WEBHOOKS).await.text,
        owner.get(&format!("{WEBHOOKS}/{id}")).await.text,
        owner.get(&format!("{WEBHOOKS}/{id}/deliveries")).await.text,
        owner.tool("listWebhooks", json!({})).await.text,
        owner.tool("getWebhook", json!({"webhookId": id})).await.text,
        owner.patch(&format!("{WEBHOOKS}/{id}"), json!({"description": "x"})).await.text,
    ];
    let csv = owner.request(reqwest::Method::GET, WEBHOOKS).header("accept", "text/csv").send().await.expect("a table");
    places.push(csv.text().await.expect("text"));
    let journal = scene.app.services().store.journal(scene.acme.id, 0, 1_000).await.expect("reads");
    places.extend(journal.iter().map(|entry| entry.after.to_string()));
    for place in places {
        for hidden in ["whsec_", &secret[6..], &rotated[6..], "secretSalt", "previousSalt", "fromSeq"] {
            assert!(!place.contains(hidden), "{hidden} in {place}");
        }
    }
}

async fn a_key_sees_to_everything_but_secrets(db: Db) {
    let scene = Scene::make(db).await;
    let (id, _) = scene.webhook("/in", &["shift.*"]).await;
    let mut owner = scene.acme.owner.clone();
    owner.use_key().await;
    let body = json!({"url": scene.hooks.url("/in"), "eventTypes": ["shift.*"]});
    owner.post(WEBHOOKS, body).await.refused(403, "Forbidden");
    owner.post(&format!("{WEBHOOKS}/{id}/rotatesecret"), json!({})).await.refused(403, "Forbidden");
    owner.get(&format!("{WEBHOOKS}/{id}")).await.ok();
    owner.post(&format!("{WEBHOOKS}/{id}/test"), json!({})).await.ok();
    owner.patch(&format!("{WEBHOOKS}/{id}"), json!({"description": "by a program"})).await.ok();
    // Where events go is said by people alone: a key ends, and what it sent elsewhere would go on.
    owner.patch(&format!("{WEBHOOKS}/{id}"), json!({"url": scene.hooks.url("/mine")})).await.refused(403, "Forbidden");
    owner.patch(&format!("{WEBHOOKS}/{id}"), json!({"isEnabled": false})).await.ok();
    owner.patch(&format!("{WEBHOOKS}/{id}"), json!({"isEnabled": true, "eventTypes": ["*"]})).await.ok();
    // Events are of every service, and a key of one service sees none of the others'.
    scene.shift(1).await;
    let delivery = text(&scene.delivery(&id, |_| true).await, "id");
    let path = format!("{DELIVERIES}/{delivery}");
    assert!(owner.get(&path).await.ok()["payload"].is_object());
    let made = scene.acme.owner.post("/auth-api/v1/apikeys", json!({"name": "auth", "services": ["auth"]})).await.ok();
    let narrow = owner.with_token(made["key"].as_str().expect("a key"));
    assert!(narrow.get(&path).await.ok()["payload"].is_null());
    narrow.post(&format!("{path}/redeliver"), json!({})).await.refused(403, "Forbidden");
    for change in [json!({"eventTypes": ["payroll.*"]}), json!({"isEnabled": true})] {
        narrow.patch(&format!("{WEBHOOKS}/{id}"), change).await.refused(403, "Forbidden");
    }
    owner.delete(&format!("{WEBHOOKS}/{id}")).await.ok();
}
