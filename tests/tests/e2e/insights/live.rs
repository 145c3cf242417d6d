//! Delivery: as an event to whom it is for, and as an alert, once.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, Live, Person, on_both_databases};

use super::{Scene, made, path};
use crate::text;

on_both_databases!(
    those_who_may_read_it_hear_of_it,
    who_loses_it_is_told_that_it_is_gone,
    whom_it_is_for_is_alerted_once,
    alerts_end_with_the_insight,
    limited_keys_hear_of_their_services_alone,
);

async fn opened(who: &Person) -> Live {
    let mut live = who.stream("insights").await;
    live.snapshot().await;
    live
}

/// The kinds of events that a stream gets up to the one about `last`.
async fn until(live: &mut Live, last: &Json) -> Vec<(String, String)> {
    let seen = live.until_object(&text(last, "id")).await;
    seen.iter().map(|event| (event.kind().to_owned(), event.object_id().to_owned())).collect()
}

async fn those_who_may_read_it_hear_of_it(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, mia, zoe, acme, .. } = &scene;
    let mut streams = [opened(ann).await, opened(mia).await, opened(zoe).await, opened(&acme.owner).await];
    let mut expected: [Vec<(String, String)>; 4] = Default::default();
    for (fields, seen_by) in [
        (json!({"audienceUserId": ann.text()}), [true, true, false, true]),
        (json!({"audienceUserId": zoe.text()}), [false, false, true, true]),
        (json!({"audienceType": "admin"}), [false, false, false, true]),
        (json!({"audienceType": "manager"}), [false, true, false, true]),
        (json!({"audienceType": "employee"}), [true, true, true, true]),
    ] {
        let insight = made(&acme.owner, fields).await;
        acme.owner.patch(&path(&insight), json!({"aiStatus": "delivered"})).await.ok();
        for (hears, log) in seen_by.into_iter().zip(&mut expected) {
            if hears {
                log.push(("insight.created".to_owned(), text(&insight, "id")));
                log.push(("insight.delivered".to_owned(), text(&insight, "id")));
            }
        }
    }
    let last = made(&acme.owner, json!({"audienceType": "company", "aiStatus": "delivered"})).await;
    for (live, mut log) in streams.iter_mut().zip(expected) {
        log.push(("insight.delivered".to_owned(), text(&last, "id")));
        assert_eq!(until(live, &last).await, log);
    }
    let board = ann.stream("insights").await.snapshot().await;
    let told: Vec<String> = board["aiInsights"].as_array().expect("a list").iter().map(|row| text(row, "id")).collect();
    assert_eq!((told.len(), &told[0]), (3, &text(&last, "id")), "the latest first: {board}");
    assert!(board["aiInsights"][0].get("details").is_none(), "the whole is a call away: {board}");
}

async fn who_loses_it_is_told_that_it_is_gone(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, zoe, acme, .. } = &scene;
    let insight = made(&acme.owner, json!({"audienceUserId": ann.text(), "aiStatus": "delivered"})).await;
    let (mut of_ann, mut of_zoe) = (opened(ann).await, opened(zoe).await);
    acme.owner.patch(&path(&insight), json!({"audienceUserId": zoe.text()})).await.ok();
    let gone = of_ann.next().await.expect("an event");
    assert_eq!((gone.kind(), &gone.data["object"]["withdrawn"]), ("insight.deleted", &json!(true)), "{gone:?}");
    assert_eq!(gone.data["object"].as_object().map(|object| object.len()), Some(3), "nothing of it is told: {gone:?}");
    assert_eq!(of_zoe.next().await.expect("an event").kind(), "insight.updated");
    acme.owner.delete(&path(&insight)).await.ok();
    let gone = of_zoe.next().await.expect("an event");
    assert_eq!((gone.kind(), &gone.data["object"]["isActive"]), ("insight.deleted", &json!(false)));
}

async fn whom_it_is_for_is_alerted_once(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, mia, zoe, acme, .. } = &scene;
    let eve = acme.admin("eve").await;
    let open = |people: &[&Person]| {
        let mut told: Vec<(String, bool)> = people.iter().map(|person| (person.text(), true)).collect();
        told.sort();
        told
    };
    let delivered = async |fields: Json| {
        let mut fields = fields;
        fields["aiStatus"] = json!("delivered");
        made(&eve, fields).await
    };
    let insight = made(&eve, json!({"audienceUserId": ann.text()})).await;
    assert_eq!(scene.alerts(&insight).await, [], "not yet");
    let mut live = ann.stream("alerts").await;
    live.snapshot().await;
    for _ in 0..2 {
        eve.patch(&path(&insight), json!({"aiStatus": "delivered", "title": "Late"})).await.ok();
        eve.patch(&path(&insight), json!({"aiStatus": "pending"})).await.ok();
    }
    eve.patch(&path(&insight), json!({"aiStatus": "delivered"})).await.ok();
    let event = live.next().await.expect("an event");
    assert_eq!((event.kind(), &event.data["object"]["alertType"]), ("alert.raised", &json!("insight_delivered")));
    assert_eq!(scene.alerts(&insight).await.len(), 1, "once, however often it is delivered");
    for (fields, told) in [
        // Never who wrote it.
        (json!({"audienceType": "admin"}), vec![&acme.owner]),
        (json!({"audienceType": "manager"}), vec![mia]),
        (json!({"audienceType": "employee"}), vec![]),
        (json!({"audienceType": "company"}), vec![]),
        (json!({"audienceUserId": zoe.text(), "audienceType": "company"}), vec![zoe]),
        (json!({"audienceUserId": eve.text()}), vec![]),
    ] {
        let insight = delivered(fields.clone()).await;
        assert_eq!(scene.alerts(&insight).await, open(&told), "{fields}");
    }
}

async fn alerts_end_with_the_insight(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, zoe, acme, .. } = &scene;
    let insight = made(&acme.owner, json!({"audienceUserId": ann.text(), "aiStatus": "delivered"})).await;
    let told = async |expected: &[(&Person, bool)]| {
        let mut expected: Vec<(String, bool)> = expected.iter().map(|(person, open)| (person.text(), *open)).collect();
        expected.sort();
        assert_eq!(scene.alerts(&insight).await, expected);
    };
    told(&[(ann, true)]).await;
    acme.owner.patch(&path(&insight), json!({"audienceUserId": zoe.text()})).await.ok();
    told(&[(ann, false), (zoe, true)]).await;
    acme.owner.delete(&path(&insight)).await.ok();
    told(&[(ann, false), (zoe, false)]).await;
}

async fn limited_keys_hear_of_their_services_alone(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, acme, .. } = &scene;
    let key = async |service: &str| {
        let made = ann.post("/auth-api/v1/apikeys", json!({"name": "k", "services": [service]})).await.ok();
        ann.with_token(&text(&made, "key"))
    };
    let (analyst, planner) = (key("aiWorkforceAnalytics").await, key("scheduleManagement").await);
    let (mut hears, mut deaf) = (analyst.stream("").await, planner.stream("").await);
    hears.snapshot().await;
    deaf.snapshot().await;
    let insight = made(&acme.owner, json!({"audienceUserId": ann.text(), "aiStatus": "delivered"})).await;
    let first = hears.next().await.expect("an event");
    assert_eq!((first.kind(), first.object_id()), ("insight.delivered", text(&insight, "id").as_str()));
    assert_eq!(hears.next().await.expect("an event").kind(), "alert.raised");
    let shift = acme.shift("2026-07-01", "09:00-17:00", &[ann]).await;
    assert_eq!(deaf.next().await.expect("an event").object_id(), shift, "nothing before it");
    let board = planner.stream("").await.snapshot().await;
    assert_eq!(board["aiInsights"], json!([]), "{board}");
}
