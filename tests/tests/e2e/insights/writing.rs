//! What is stored of an insight, and what is refused.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, on_both_databases};

use super::{Scene, body, get, made, path, write};
use crate::paths::INSIGHTS;

on_both_databases!(
    an_insight_is_stored_whole,
    delivery_is_timed_by_the_server,
    texts_are_plain,
    sizes_are_bounded_and_named,
    changes_are_audited,
    clearing_and_keeping,
);

async fn an_insight_is_stored_whole(db: Db) {
    let scene = Scene::make(db).await;
    let owner = &scene.acme.owner;
    let fields = json!({"audienceType": "company", "title": "Late", "summary": "Four of ten.", "suggestion": "Begin later.",
        "period": "last week", "chart": {"kind": "bar", "values": [4, 6]}, "data": {"late": 4, "of": 10}});
    let insight = made(owner, fields.clone()).await;
    for (name, value) in body(fields).as_object().expect("fields") {
        assert_eq!(&insight[name], value, "{name}");
    }
    let facts =
        [&insight["aiStatus"], &insight["aiStatus_idx"], &insight["deliveredTime"], &insight["figures"], &insight["agentName"]];
    assert_eq!(facts, [&json!("pending"), &json!(0), &Json::Null, &Json::Null, &Json::Null]);
    let read = get(owner, &insight).await.ok()["aiInsight"].clone();
    assert_eq!((&read["data"], &read["_owner"]), (&insight["data"], &json!(owner.text())));
    for hidden in ["jobKey", "workAt", "tries"] {
        assert!(read.get(hidden).is_none(), "{hidden} is the server's own");
    }
}

async fn delivery_is_timed_by_the_server(db: Db) {
    let scene = Scene::make(db).await;
    let owner = &scene.acme.owner;
    let claimed = json!({"aiStatus": "delivered", "deliveredTime": "2001-01-01T00:00:00Z"});
    assert_eq!(made(owner, claimed.clone()).await["deliveredTime"], "2026-06-01T06:00:00.000Z");
    let insight = made(owner, json!({"deliveredTime": "2001-01-01T00:00:00Z"})).await;
    assert_eq!(insight["deliveredTime"], Json::Null, "pending");
    scene.app.set("2026-06-01T07:00:00Z");
    let change = async |more: Json| owner.patch(&path(&insight), more).await.ok()["aiInsight"]["deliveredTime"].clone();
    assert_eq!(change(json!({"title": "x"})).await, Json::Null);
    assert_eq!(change(claimed.clone()).await, "2026-06-01T07:00:00.000Z");
    scene.app.set("2026-06-01T08:00:00Z");
    assert_eq!(change(claimed).await, "2026-06-01T07:00:00.000Z", "it was delivered already");
    assert_eq!(change(json!({"title": "y"})).await, "2026-06-01T07:00:00.000Z");
    assert_eq!(change(json!({"aiStatus": "pending"})).await, Json::Null);
    assert_eq!(change(json!({"aiStatus": "delivered"})).await, "2026-06-01T08:00:00.000Z");
}

async fn texts_are_plain(db: Db) {
    let scene = Scene::make(db).await;
    let attack = "<img src=x onerror=alert(1)> 3 < 4 [go](javascript:alert(1))";
    let fields = json!({"title": attack, "summary": attack, "details": attack, "suggestion": attack, "insightType": "<b>late",
        "chart": {"label": attack, "<i>": [attack]}});
    let insight = made(&scene.acme.owner, fields).await;
    let told = insight.to_string();
    for live in ["<img", "<b>", "<i>", "](javascript"] {
        assert!(!told.contains(live), "{live} in {told}");
    }
    assert!(told.contains("3 < 4"), "what is no HTML stays: {told}");
}

async fn sizes_are_bounded_and_named(db: Db) {
    let scene = Scene::make(db).await;
    let owner = &scene.acme.owner;
    let much = json!({"rows": vec!["0123456789"; 6_000]});
    let fields = json!({"insightType": "x".repeat(101), "title": "x".repeat(201), "details": " ", "chart": much, "data": much,
        "period": "x".repeat(101), "applicablePeriod": {"from": "2026-06-02", "to": "2026-06-01"}});
    let mut named = write(owner, fields.clone()).await.bad_fields();
    let mut all = ["insightType", "title", "details", "chart", "data", "period", "applicablePeriod"];
    named.sort();
    all.sort();
    assert_eq!(named, all);
    let mut rest = fields.clone();
    rest["details"] = json!("x");
    let mut named = write(owner, rest).await.bad_fields();
    named.sort();
    assert_eq!(named, ["applicablePeriod", "chart", "data", "insightType", "period", "title"]);
    let insight = made(owner, json!({"data": {"rows": vec!["0123456789"; 4_000]}})).await;
    assert_eq!(
        owner.patch(&path(&insight), json!({"chart": much, "title": "x".repeat(201)})).await.bad_fields(),
        ["title", "chart"]
    );
    let kinds = write(owner, json!({"audienceType": "world", "aiStatus": "lost", "chart": [1]})).await.bad_fields();
    assert_eq!(kinds, ["audienceType", "chart", "aiStatus"]);
    assert_eq!(owner.post(INSIGHTS, json!({})).await.bad_fields(), ["insightType", "applicablePeriod", "details"]);
}

async fn changes_are_audited(db: Db) {
    let scene = Scene::make(db).await;
    let owner = &scene.acme.owner;
    let insight = made(owner, json!({})).await;
    owner.patch(&path(&insight), json!({"title": "Late"})).await.ok();
    owner.delete(&path(&insight)).await.ok();
    let id: uuid::Uuid = insight["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let journal = scene.app.services().store.journal(scene.acme.id, 0, 10_000).await.expect("the journal");
    let kinds: Vec<&str> = journal.iter().filter(|e| e.object_id == id).filter_map(|e| e.kind.as_deref()).collect();
    assert_eq!(kinds, ["insight.created", "insight.updated", "insight.deleted"]);
}

async fn clearing_and_keeping(db: Db) {
    let scene = Scene::make(db).await;
    let (owner, ann) = (&scene.acme.owner, &scene.ann);
    let fields = json!({"audienceUserId": ann.text(), "title": "Late", "chart": {"a": 1}, "suggestion": "Ask."});
    let insight = made(owner, fields).await;
    let after = owner.patch(&path(&insight), json!({"audienceUserId": null, "title": null, "chart": null})).await.ok();
    let after = &after["aiInsight"];
    assert_eq!([&after["audienceUserId"], &after["title"], &after["chart"]], [&Json::Null; 3]);
    assert_eq!((&after["suggestion"], &after["details"]), (&json!("Ask."), &insight["details"]));
    assert_eq!(
        owner.patch(&path(&insight), json!({"details": null, "insightType": null})).await.bad_fields(),
        ["insightType", "details"]
    );
}
