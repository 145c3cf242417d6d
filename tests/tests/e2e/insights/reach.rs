//! Who sees which insight.

use serde_json::{Value as Json, json};
use workforceos_core::objects::AudienceType;
use workforceos_services::insights::Generated;
use workforceos_tests::{Client, Db, on_both_databases};

use super::{Scene, generated, get, made, path, sees, write};
use crate::paths::{INSIGHTS, SAVE_GENERATED, SEEN_INSIGHTS};
use crate::text;

on_both_databases!(
    admins_see_all_managers_their_reports_employees_their_own,
    broadcasts_are_for_their_audience,
    reach_follows_the_people,
    what_is_for_a_manager_is_not_for_the_managers_manager,
    writing_is_for_admins,
    foreign_insights_do_not_exist,
    lists_filter_and_join,
);

/// Whether ann, the manager mia, zoe and the owner see it.
async fn seen(scene: &Scene, insight: &Json) -> [bool; 4] {
    let Scene { ann, mia, zoe, acme, .. } = scene;
    [sees(ann, insight).await, sees(mia, insight).await, sees(zoe, insight).await, sees(&acme.owner, insight).await]
}

async fn admins_see_all_managers_their_reports_employees_their_own(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, mia, zoe, acme, .. } = &scene;
    for (who, expected) in [
        (ann.text(), [true, false, false, true]),
        (mia.text(), [false, true, false, true]),
        (zoe.text(), [false, false, true, true]),
        (acme.owner.text(), [false, false, false, true]),
    ] {
        // Whatever kind of audience is named: the person counts. How far it is does not.
        for (audience, status) in [("manager", "delivered"), ("admin", "pending"), ("company", "error")] {
            let fields = json!({"audienceUserId": who, "audienceType": audience, "aiStatus": status});
            let insight = made(&acme.owner, fields).await;
            assert_eq!(seen(&scene, &insight).await, expected, "{insight}");
        }
    }
    // What is about a report is for the manager, too.
    let about = made(&acme.owner, json!({"audienceUserId": ann.text(), "audienceType": "employee"})).await;
    assert_eq!(seen(&scene, &about).await, [true, true, false, true]);
    // Where nothing is said, who is named is an employee; where nobody is named it is for admins.
    assert_eq!(made(&acme.owner, json!({"audienceUserId": ann.text()})).await["audienceType"], "employee");
    let quiet = made(&acme.owner, json!({})).await;
    assert_eq!((&quiet["audienceType"], seen(&scene, &quiet).await), (&json!("admin"), [false, false, false, true]));
}

async fn broadcasts_are_for_their_audience(db: Db) {
    let scene = Scene::make(db).await;
    for (audience, expected) in [
        ("admin", [false, false, false, true]),
        ("manager", [false, true, false, true]),
        ("employee", [true, true, true, true]),
        ("company", [true, true, true, true]),
    ] {
        let insight = made(&scene.acme.owner, json!({"audienceType": audience})).await;
        assert_eq!(seen(&scene, &insight).await, expected, "{audience}");
    }
}

async fn reach_follows_the_people(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, zoe, acme, .. } = &scene;
    let of_ann = made(&acme.owner, json!({"audienceUserId": ann.text()})).await;
    let of_managers = made(&acme.owner, json!({"audienceType": "manager"})).await;
    assert!(!sees(zoe, &of_ann).await && !sees(zoe, &of_managers).await);
    let bob = acme.employee("bob").await;
    acme.manager_of(zoe, &[&bob]).await;
    assert!(!sees(zoe, &of_ann).await && sees(zoe, &of_managers).await);
    let admin = acme.admin("eve").await;
    assert!(sees(&admin, &of_ann).await);
}

async fn what_is_for_a_manager_is_not_for_the_managers_manager(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { mia, zoe, acme, .. } = &scene;
    // Zoe manages mia, and does not reach ann.
    acme.manager_of(zoe, &[mia]).await;
    let mut live = zoe.stream("insights").await;
    live.snapshot().await;
    let for_mia = json!({"audienceUserId": mia.text(), "audienceType": "manager", "aiStatus": "delivered"});
    let of_reports = made(&acme.owner, for_mia).await;
    let about = json!({"audienceUserId": mia.text(), "audienceType": "employee", "aiStatus": "delivered"});
    let about_mia = made(&acme.owner, about).await;
    assert!(sees(mia, &of_reports).await && sees(mia, &about_mia).await);
    assert!(!sees(zoe, &of_reports).await && sees(zoe, &about_mia).await);
    assert_eq!(live.told().await.object_id(), text(&about_mia, "id"), "nothing before it");
    let board = zoe.stream("insights").await.snapshot().await;
    assert!(!board.to_string().contains(&text(&of_reports, "id")), "{board}");
    // What a manager keeps for themselves rests on the reports' figures.
    let generated = Generated { audience_type: AudienceType::Employee, ..generated() };
    acme.generated(mia, generated).await;
    let kept = mia.post(SAVE_GENERATED, json!({})).await.ok()["aiInsight"].clone();
    assert_eq!((&kept["audienceType"], &kept["audienceUserId"]), (&json!("manager"), &json!(mia.text())));
    assert!(sees(mia, &kept).await && !sees(zoe, &kept).await);
}

async fn writing_is_for_admins(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, mia, acme, .. } = &scene;
    let own = made(&acme.owner, json!({"audienceUserId": ann.text()})).await;
    for who in [ann, mia] {
        write(who, json!({"audienceUserId": who.text()})).await.refused(403, "Forbidden");
        who.patch(&path(&own), json!({"title": "Mine"})).await.refused(403, "Forbidden");
        who.delete(&path(&own)).await.refused(403, "Forbidden");
    }
    let eve = acme.admin("eve").await;
    eve.patch(&path(&own), json!({"title": "Hers"})).await.ok();
    eve.delete(&path(&own)).await.ok();
    get(ann, &own).await.refused(404, "AiInsightNotFound");
    eve.patch(&path(&own), json!({"title": "Hers"})).await.refused(404, "AiInsightNotFound");
}

async fn foreign_insights_do_not_exist(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { app, acme, ann, .. } = &scene;
    let other = app.company("other", "UTC").await;
    other.subscribe().await;
    let theirs = made(&other.owner, json!({"audienceType": "company"})).await;
    for who in [&**ann, &*acme.owner] as [&Client; 2] {
        assert!(!sees(who, &theirs).await);
        who.get(&format!("{SEEN_INSIGHTS}/nonsense")).await.refused(404, "AiInsightNotFound");
    }
    acme.owner.patch(&path(&theirs), json!({"title": "x"})).await.refused(404, "AiInsightNotFound");
    acme.owner.delete(&path(&theirs)).await.refused(404, "AiInsightNotFound");
    acme.owner.delete(&format!("{INSIGHTS}/nonsense")).await.refused(400, "ValidationFailed");
    let named = write(&acme.owner, json!({"audienceUserId": other.owner.text(), "title": "x".repeat(201)})).await;
    assert_eq!(named.bad_fields(), ["title", "audienceUserId"], "all at once");
    let mut named = write(&acme.owner, json!({"audienceUserId": other.owner.text(), "title": 7, "period": "x".repeat(101)}))
        .await
        .bad_fields();
    named.sort();
    assert_eq!(named, ["audienceUserId", "period", "title"], "what cannot be read among them");
}

async fn lists_filter_and_join(db: Db) {
    let scene = Scene::make(db).await;
    let Scene { ann, acme, .. } = &scene;
    let june = json!({"from": "2026-06-01", "to": "2026-06-30"});
    let first = made(&acme.owner, json!({"audienceUserId": ann.text(), "insightType": "Lateness"})).await;
    scene.app.set("2026-06-01T06:01:00Z");
    let second = made(&acme.owner, json!({"audienceType": "company", "applicablePeriod": june, "aiStatus": "delivered"})).await;
    let ids = async |query: &str| -> Vec<String> {
        let listed = acme.owner.get(&format!("{SEEN_INSIGHTS}?{query}")).await.ok();
        listed["aiInsights"].as_array().expect("a list").iter().map(|row| text(row, "id")).collect()
    };
    let (first, second) = (text(&first, "id"), text(&second, "id"));
    assert_eq!(ids("").await, [second.clone(), first.clone()], "the newest first");
    for (query, expected) in [
        ("insightType=lateness".to_owned(), vec![&second, &first]),
        (format!("audienceUserId={}", ann.text()), vec![&first]),
        ("audienceUserId=null".to_owned(), vec![&second]),
        ("applicablePeriod=2026-05-31".to_owned(), vec![&first]),
        ("applicablePeriod=2026-06-01".to_owned(), vec![&second]),
        ("applicablePeriod=2026-07-01".to_owned(), vec![]),
        ("aiStatus=Delivered".to_owned(), vec![&second]),
        ("deliveredTime=2026-06-01".to_owned(), vec![&second]),
        (format!("companyId={}", acme.id), vec![&second, &first]),
    ] {
        assert_eq!(ids(&query).await.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let listed = ann.get(SEEN_INSIGHTS).await.ok();
    let of_ann = listed["aiInsights"].as_array().and_then(|rows| rows.iter().find(|row| row["id"] == first.as_str()));
    let joined = &of_ann.expect("hers")["audienceUser"];
    assert_eq!((&joined["email"], &joined["fullname"]), (&json!(ann.email), &json!("ann")), "{joined}");
}
