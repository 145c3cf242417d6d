//! Insights that people keep: their own, and what was generated for them.

use serde_json::{Value as Json, json};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AiInsight, GeneratedInsight};
use workforceos_services::auth::purge_archived;
use workforceos_services::insights::{self, Generated};
use workforceos_tests::{Client, Db, Reply, on_both_databases};

use super::{Scene, body, generated, get, made, path, sees};
use crate::paths::{SAVE_GENERATED, SAVE_INSIGHT, SEEN_INSIGHTS};

on_both_databases!(
    people_save_for_whom_they_reach,
    who_is_named_is_checked,
    what_was_generated_last_is_saved_once,
    it_is_remembered_across_a_restart,
    generated_insights_stay_within_reach,
    figures_are_for_whom_they_were_made,
    the_purged_take_their_insights_along,
);

async fn save(who: &Client, more: Json) -> Reply {
    let mut fields = json!({"title": "Late", "summary": "Four of ten.", "audienceType": "manager"});
    for (name, value) in more.as_object().expect("fields") {
        fields[name] = value.clone();
    }
    who.post(SAVE_INSIGHT, body(fields)).await
}

async fn people_save_for_whom_they_reach(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, mia, zoe, acme, .. } = &scene;
    for (who, named, becomes) in [
        (&**ann, None, Some(ann.text())),
        (ann, Some(ann.text()), Some(ann.text())),
        (mia, None, Some(mia.text())),
        (mia, Some(ann.text()), Some(ann.text())),
        (&acme.owner, None, None),
        (&acme.owner, Some(zoe.text()), Some(zoe.text())),
    ] as [(&Client, Option<String>, Option<String>); 6]
    {
        let saved = save(who, json!({"audienceUserId": named})).await;
        assert_eq!(saved.status, 201, "{}", saved.text);
        let insight = &saved.body["aiInsight"];
        assert_eq!(insight["audienceUserId"], json!(becomes), "{insight}");
        assert_eq!((&insight["aiStatus"], &insight["deliveredTime"]), (&json!("pending"), &Json::Null));
        assert!(sees(who, insight).await);
    }
    // However wide its audience is called, an employee's is nobody else's; a manager sees what reports keep about themselves.
    let own = save(ann, json!({"audienceType": "company", "aiStatus": "delivered"})).await.ok()["aiInsight"].clone();
    assert_eq!(own["deliveredTime"], "2026-06-01T06:00:00.000Z");
    assert!(sees(ann, &own).await && !sees(mia, &own).await && !sees(zoe, &own).await);
    let about = save(ann, json!({"audienceType": "employee"})).await.ok()["aiInsight"].clone();
    assert!(sees(mia, &about).await && !sees(zoe, &about).await);
}

async fn who_is_named_is_checked(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { app, ann, mia, zoe, acme } = &scene;
    let other = app.company("other", "UTC").await;
    for (who, named) in [(ann, zoe), (ann, mia), (mia, zoe), (ann, &other.owner)] {
        save(who, json!({"audienceUserId": named.text()})).await.refused(403, "Forbidden");
    }
    let unknown = save(&acme.owner, json!({"audienceUserId": other.owner.text(), "title": " x".repeat(200)})).await;
    assert_eq!(unknown.bad_fields(), ["title", "audienceUserId"]);
    assert_eq!(save(&acme.owner, json!({"audienceUserId": "ann"})).await.bad_fields(), ["audienceUserId"]);
    assert_eq!(save(ann, json!({"chart": 7, "period": "x".repeat(101)})).await.bad_fields(), ["chart", "period"]);
    assert_eq!(save(ann, json!({"audienceType": "world"})).await.bad_fields(), ["audienceType"]);
    let none = ann.post(SAVE_INSIGHT, json!({})).await.bad_fields();
    assert_eq!(none, ["title", "summary", "insightType", "audienceType", "applicablePeriod", "details"]);
}

async fn what_was_generated_last_is_saved_once(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, zoe, acme, .. } = &scene;
    ann.post(SAVE_GENERATED, json!({})).await.refused(404, "AiInsightNotFound");
    acme.generated(ann, Generated { title: "First".to_owned(), ..generated() }).await;
    acme.generated(ann, generated()).await;
    zoe.post(SAVE_GENERATED, json!({})).await.refused(404, "AiInsightNotFound");
    let saved = ann.post(SAVE_GENERATED, json!({})).await;
    assert_eq!(saved.status, 201, "{}", saved.text);
    let saved = saved.ok()["aiInsight"].clone();
    let made = generated();
    let told = [&saved["title"], &saved["details"], &saved["figures"], &saved["chart"], &saved["agentName"], &saved["provider"]];
    let chart = json!(made.chart);
    assert_eq!(
        told,
        [&json!(made.title), &json!(made.details), &made.figures, &chart, &json!("insightGenerator"), &json!("builtin")]
    );
    assert_eq!((&saved["aiStatus"], &saved["deliveredTime"]), (&json!("delivered"), &json!("2026-06-01T06:00:00.000Z")));
    assert_eq!(saved["audienceUserId"], ann.text());
    // Again: the same one. Under another name, or once it is gone: another.
    assert_eq!(ann.post(SAVE_GENERATED, json!({})).await.ok()["aiInsight"]["id"], saved["id"]);
    let named = ann.post(SAVE_GENERATED, json!({"insightType": "mondays"})).await.ok()["aiInsight"].clone();
    assert!(named["insightType"] == "mondays" && named["id"] != saved["id"], "{named}");
    acme.owner.delete(&path(&named)).await.ok();
    let anew = ann.post(SAVE_GENERATED, json!({})).await.ok()["aiInsight"].clone();
    assert!(anew["id"] != named["id"] && anew["id"] != saved["id"]);
    assert_eq!(ann.post(SAVE_GENERATED, json!({"insightType": "x".repeat(101)})).await.bad_fields(), ["insightType"]);
    let both = futures_util::future::join_all((0..8).map(|_| zoe.post(SAVE_GENERATED, json!({}))));
    acme.generated(zoe, generated()).await;
    let ids: std::collections::BTreeSet<String> =
        both.await.iter().map(|reply| reply.body["aiInsight"]["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "at once it is one, too: {ids:?}");
}

async fn it_is_remembered_across_a_restart(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.acme.generated(&scene.ann, generated()).await;
    scene.app.restart().await;
    let saved = scene.ann.post(SAVE_GENERATED, json!({})).await.ok()["aiInsight"].clone();
    assert_eq!((&saved["title"], &saved["figures"]), (&json!(generated().title), &generated().figures));
    scene.zoe.post(SAVE_GENERATED, json!({})).await.refused(404, "AiInsightNotFound");
    let ctx = scene.acme.ctx_of(&scene.ann);
    let bad = Generated { details: String::new(), figures: json!([]), ..generated() };
    let refused = insights::remember(&scene.app.services(), &ctx, bad, json!(null)).await.expect_err("refused");
    assert_eq!(refused.status.http(), 400);
}

async fn generated_insights_stay_within_reach(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, mia, zoe, acme, .. } = &scene;
    let unknown = UserId(uuid::Uuid::from_u128(7));
    // A model may name whomever it likes.
    for (who, named, becomes) in [(ann, zoe.id, ann), (ann, unknown, ann), (mia, ann.id, ann), (mia, zoe.id, mia)] {
        acme.generated(who, Generated { audience_user_id: Some(named), ..generated() }).await;
        let saved = who.post(SAVE_GENERATED, json!({})).await.ok()["aiInsight"].clone();
        assert_eq!(saved["audienceUserId"], becomes.text());
    }
    acme.generated(&acme.owner, Generated { audience_user_id: Some(unknown), ..generated() }).await;
    let saved = acme.owner.post(SAVE_GENERATED, json!({})).await.ok()["aiInsight"].clone();
    assert_eq!(saved["audienceUserId"], acme.owner.text(), "nobody is not everybody");
}

async fn figures_are_for_whom_they_were_made(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, mia, acme, .. } = &scene;
    let figures = async |who: &Client, insight: &Json| {
        let one = get(who, insight).await.ok()["aiInsight"].get("figures").cloned();
        let listed = who.get(&format!("{SEEN_INSIGHTS}?pageRowCount=500")).await.ok();
        let row = listed["aiInsights"].as_array().and_then(|rows| rows.iter().find(|row| row["id"] == insight["id"]).cloned());
        assert_eq!(row.expect("listed").get("figures").cloned(), one);
        one
    };
    // The admin's figures are of the whole company; what is told to everybody is the text.
    let wide = Generated { audience_type: workforceos_core::objects::AudienceType::Company, ..generated() };
    acme.generated(&acme.owner, wide).await;
    let wide = acme.owner.post(SAVE_GENERATED, json!({})).await.ok()["aiInsight"].clone();
    assert_eq!(figures(&acme.owner, &wide).await, Some(generated().figures));
    assert_eq!((figures(ann, &wide).await, figures(mia, &wide).await), (None, None));
    // One's own are of one's own reach.
    acme.generated(mia, Generated { audience_user_id: Some(ann.id), ..generated() }).await;
    let of_mia = mia.post(SAVE_GENERATED, json!({})).await.ok()["aiInsight"].clone();
    assert_eq!(of_mia["figures"], generated().figures);
    assert_eq!((figures(mia, &of_mia).await, figures(ann, &of_mia).await), (Some(generated().figures), None));
    let mut live = ann.stream("insights").await;
    let board = live.snapshot().await;
    assert!(board["aiInsights"].as_array().is_some_and(|rows| rows.len() == 2), "{board}");
    assert!(!board.to_string().contains("analyzeAbsenteeism"), "{board}");
    acme.owner.patch(&path(&of_mia), json!({"title": "New"})).await.ok();
    let event = live.until(|event| event.kind() == "insight.updated").await.pop().expect("an event");
    assert!(!event.data.to_string().contains("analyzeAbsenteeism"), "{event:?}");
}

async fn the_purged_take_their_insights_along(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { app, ann, acme, .. } = &scene;
    acme.subscribe_until(workforceos_tests::time::at("2026-12-01T00:00:00Z")).await;
    acme.generated(ann, generated()).await;
    ann.post(SAVE_GENERATED, json!({})).await.ok();
    let kept = made(&acme.owner, json!({"audienceType": "company"})).await;
    ann.delete("/auth-api/v1/profile").await.ok();
    app.set("2026-07-04T06:00:00Z");
    assert_eq!(purge_archived(&app.services()).await.expect("purges"), 1);
    for (def, left) in [(AiInsight::def(), 0), (GeneratedInsight::def(), 0)] {
        assert_eq!(app.services().store.owned(def, acme.id, ann.id).await.expect("reads").len(), left, "{}", def.name);
    }
    let mut owner = acme.owner.clone();
    owner.log_in().await;
    assert!(sees(&owner, &kept).await);
}
