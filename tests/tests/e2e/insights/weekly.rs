//! The insights of every week: asked for once, written by one worker, delivered to whom they are for.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use workforceos_core::objects::{AI_ANALYTICS, SubscriptionStatus};
use workforceos_core::time::{Clock, Timestamp};
use workforceos_services::insights::{Generated, Job, claim, finish};
use workforceos_tests::time::at;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{Scene, generated, get, path};
use crate::paths::SEEN_INSIGHTS;

on_both_databases!(
    each_monday_the_admins_and_each_manager_get_one,
    a_week_is_asked_for_once,
    every_manager_of_a_large_company_gets_one,
    subscribing_brings_the_weeks_insights,
    without_a_subscription_there_are_none,
    a_job_goes_to_one_worker,
    what_fails_is_tried_again_and_given_up,
    a_worker_who_never_comes_back_is_replaced,
    what_is_not_written_yet_is_for_admins_alone,
    a_manager_without_reports_gets_none,
    an_admin_with_reports_gets_none_of_their_own,
    figures_stay_behind_where_it_is_given_away,
    what_is_given_away_is_not_written,
);

/// The Monday after the one on which every test begins, at six in Berlin.
const MONDAY: &str = "2026-06-08T04:00:00Z";

async fn claimed(app: &TestApp) -> Vec<Job> {
    let mut jobs = claim(&app.services(), app.clock.now()).await.expect("claims");
    jobs.sort_by_key(|job| job.key.clone());
    jobs
}

/// All insights, as the owner sees them.
async fn all(scene: &mut Scene) -> Vec<Json> {
    scene.acme.owner.log_in().await;
    let listed = scene.acme.owner.get(&format!("{SEEN_INSIGHTS}?pageRowCount=500")).await.ok();
    listed["aiInsights"].as_array().expect("a list").clone()
}

async fn each_monday_the_admins_and_each_manager_get_one(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.app.sweep_at(Timestamp(at(MONDAY).0 - 1)).await;
    assert_eq!(claimed(&scene.app).await.len(), 0, "not before six");
    scene.app.sweep_at(at(MONDAY)).await;
    let jobs = claimed(&scene.app).await;
    let keys: Vec<&str> = jobs.iter().map(|job| job.key.as_str()).collect();
    assert_eq!(keys, ["weekly:2026-W24:admin".to_owned(), format!("weekly:2026-W24:manager:{}", scene.mia.text())]);
    for job in &jobs {
        assert_eq!((job.from.to_string(), job.to.to_string()), ("2026-06-01".to_owned(), "2026-06-07".to_owned()));
        assert!(job.tenant.subscribed(AI_ANALYTICS, at(MONDAY)) && &*job.tenant.codename == "acme");
    }
    assert_eq!((jobs[0].manager, jobs[1].manager), (None, Some(scene.mia.id)));
    // What the worker makes of them. Whom it is for was decided before.
    for job in &jobs {
        let made = Generated { audience_user_id: Some(scene.zoe.id), title: job.key.clone(), ..generated() };
        assert!(finish(&scene.app.services(), job, Ok(made)).await.expect("finishes"));
    }
    let rows = all(&mut scene).await;
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!((&row["aiStatus"], &row["deliveredTime"]), (&json!("delivered"), &json!("2026-06-08T04:00:00.000Z")));
        assert_eq!((&row["figures"], &row["agentName"]), (&generated().figures, &json!("insightGenerator")));
    }
    let of = |user: Json| rows.iter().find(|row| row["audienceUserId"] == user).expect("one");
    let (admins, managers) = (of(Json::Null), of(json!(scene.mia.text())));
    assert_eq!(scene.alerts(admins).await, [(scene.acme.owner.text(), true)]);
    assert_eq!(scene.alerts(managers).await, [(scene.mia.text(), true)]);
    scene.mia.log_in().await;
    let read = get(&scene.mia, managers).await.ok();
    assert_eq!(read["aiInsight"]["figures"], generated().figures, "made with the manager's reach");
    get(&scene.mia, admins).await.refused(404, "AiInsightNotFound");
}

async fn a_week_is_asked_for_once(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.app.sweep_at(at(MONDAY)).await;
    scene.app.services().companies.sweep(scene.acme.id).await.expect("sweeps");
    scene.app.restart().await;
    scene.app.services().companies.sweep(scene.acme.id).await.expect("sweeps");
    assert_eq!(all(&mut scene).await.len(), 2);
    // Not even if one was deleted.
    let first = all(&mut scene).await[0].clone();
    scene.acme.owner.delete(&path(&first)).await.ok();
    scene.app.services().companies.sweep(scene.acme.id).await.expect("sweeps");
    assert_eq!(all(&mut scene).await.len(), 1);
    assert_eq!(claimed(&scene.app).await.len(), 1, "what is deleted is not written");
    scene.app.sweep_at(Timestamp(at(MONDAY).0 + 7 * Timestamp::DAY)).await;
    assert_eq!(all(&mut scene).await.len(), 3, "the next week's");
    if db == Db::Postgres && db.is_here() {
        let other = scene.app.twin().await;
        let later = Timestamp(at(MONDAY).0 + 14 * Timestamp::DAY);
        scene.app.clock.set(later);
        let (one, two) = (scene.app.services(), other.services());
        let (one, two) = tokio::join!(one.companies.sweep(scene.acme.id), two.companies.sweep(scene.acme.id));
        one.and(two).expect("both sweep");
        assert_eq!(all(&mut scene).await.len(), 5, "once for both nodes");
    }
}

async fn every_manager_of_a_large_company_gets_one(db: Db) {
    let mut scene = Scene::make(db).await;
    let mut people = Vec::new();
    for number in 0..=101 {
        people.push(scene.acme.unseen(&format!("person{number}")).await);
    }
    // Each leads the next: a hundred and one, and Mia.
    for two in people.windows(2) {
        scene.acme.manager_of(&two[0], &[&two[1]]).await;
    }
    scene.app.sweep_at(at(MONDAY)).await;
    assert_eq!(all(&mut scene).await.len(), 101, "the admins' and a hundred");
    let first = all(&mut scene).await.into_iter().find(|row| !row["audienceUserId"].is_null()).expect("a manager's");
    scene.acme.owner.delete(&path(&first)).await.ok();
    // Others want something of the clock meanwhile.
    let later = |minutes: i64| Timestamp(at(MONDAY).0 + minutes * Timestamp::MINUTE);
    scene.app.sweep_at(Timestamp(later(5).0 - 1)).await;
    scene.app.services().companies.sweep(scene.acme.id).await.expect("sweeps");
    assert_eq!(all(&mut scene).await.len(), 100, "not yet");
    // The next process knows how far it was.
    scene.app.restart().await;
    scene.app.sweep_at(later(5)).await;
    let rows = all(&mut scene).await;
    let for_whom: BTreeSet<String> = rows.iter().map(|row| row["audienceUserId"].to_string()).collect();
    assert_eq!((rows.len(), for_whom.len()), (102, 102), "each once, and what was deleted not again");
    scene.app.sweep_at(later(60)).await;
    scene.app.services().companies.sweep(scene.acme.id).await.expect("sweeps");
    assert_eq!(all(&mut scene).await.len(), 102);
}

async fn subscribing_brings_the_weeks_insights(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    app.set("2026-06-03T10:00:00Z");
    acme.subscription(SubscriptionStatus::Active, &[AI_ANALYTICS], at("2026-07-01T00:00:00Z")).await;
    app.services().companies.sweep(acme.id).await.expect("sweeps");
    let jobs = claimed(&app).await;
    assert_eq!(jobs.iter().map(|job| job.key.as_str()).collect::<Vec<_>>(), ["weekly:2026-W23:admin"]);
    assert_eq!(jobs[0].from.to_string(), "2026-05-25");
}

async fn without_a_subscription_there_are_none(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.acme.unsubscribe().await;
    scene.app.sweep_at(at(MONDAY)).await;
    scene.app.services().companies.sweep(scene.acme.id).await.expect("sweeps");
    assert_eq!(claimed(&scene.app).await.len(), 0);
    // Asked for, and then not paid for any more.
    scene.acme.subscribe().await;
    scene.app.services().companies.sweep(scene.acme.id).await.expect("sweeps");
    scene.acme.unsubscribe().await;
    assert_eq!(claimed(&scene.app).await.len(), 0);
    scene.acme.subscribe().await;
    let rows = all(&mut scene).await;
    assert!(rows.len() == 2 && rows.iter().all(|row| row["aiStatus"] == "error"), "{rows:?}");
    // The clock runs out by itself.
    scene.acme.subscribe_until(Timestamp(at(MONDAY).0 + Timestamp::DAY)).await;
    scene.app.sweep_at(Timestamp(at(MONDAY).0 + 7 * Timestamp::DAY)).await;
    assert_eq!(claimed(&scene.app).await.len(), 0);
}

async fn a_job_goes_to_one_worker(db: Db) {
    let scene = Scene::make(db).await;
    scene.app.sweep_at(at(MONDAY)).await;
    let workers = futures_util::future::join_all((0..8).map(|_| claimed(&scene.app))).await;
    let keys: Vec<String> = workers.into_iter().flatten().map(|job| job.key).collect();
    let once: BTreeSet<&String> = keys.iter().collect();
    assert_eq!((keys.len(), once.len()), (2, 2), "{keys:?}");
}

async fn what_fails_is_tried_again_and_given_up(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.app.sweep_at(at(MONDAY)).await;
    let mut now = at(MONDAY);
    for minutes in [5, 10] {
        let jobs = claimed(&scene.app).await;
        assert_eq!(jobs.len(), 2);
        assert!(finish(&scene.app.services(), &jobs[0], Err("The provider is down.".to_owned())).await.expect("finishes"));
        // What does not fit is no insight.
        let bad = Generated { details: String::new(), ..generated() };
        assert!(finish(&scene.app.services(), &jobs[1], Ok(bad)).await.expect("finishes"));
        assert!(all(&mut scene).await.iter().all(|row| row["aiStatus"] == "pending"));
        scene.app.clock.set(Timestamp(now.0 + minutes * Timestamp::MINUTE - 1));
        assert_eq!(claimed(&scene.app).await.len(), 0, "not at once");
        now = Timestamp(now.0 + minutes * Timestamp::MINUTE);
        scene.app.clock.set(now);
    }
    for job in claimed(&scene.app).await {
        assert!(finish(&scene.app.services(), &job, Err("The provider is <b>down.".to_owned())).await.expect("finishes"));
        assert!(!finish(&scene.app.services(), &job, Ok(generated())).await.expect("finishes"), "it is over");
    }
    let rows = all(&mut scene).await;
    assert!(rows.iter().all(|row| row["aiStatus"] == "error" && row["details"] == "The provider is < b>down."), "{rows:?}");
    assert!(rows.iter().all(|row| row["deliveredTime"].is_null()));
    scene.app.clock.set(Timestamp(now.0 + Timestamp::DAY));
    assert_eq!(claimed(&scene.app).await.len(), 0);
}

async fn a_worker_who_never_comes_back_is_replaced(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.app.sweep_at(at(MONDAY)).await;
    let lost = claimed(&scene.app).await;
    scene.app.clock.set(Timestamp(at(MONDAY).0 + 10 * Timestamp::MINUTE - 1));
    assert_eq!(claimed(&scene.app).await.len(), 0);
    scene.app.restart().await;
    scene.app.clock.set(Timestamp(at(MONDAY).0 + 10 * Timestamp::MINUTE));
    let jobs = claimed(&scene.app).await;
    assert_eq!(jobs.len(), 2);
    // The first comes back after all.
    assert!(!finish(&scene.app.services(), &lost[0], Ok(generated())).await.expect("finishes"));
    assert!(finish(&scene.app.services(), &jobs[0], Ok(generated())).await.expect("finishes"));
    let delivered = all(&mut scene).await.iter().filter(|row| row["aiStatus"] == "delivered").count();
    assert_eq!(delivered, 1);
    // Three times and no more.
    for tries in [3, 4] {
        scene.app.clock.set(Timestamp(at(MONDAY).0 + tries * 30 * Timestamp::MINUTE));
        assert_eq!(claimed(&scene.app).await.len(), usize::from(tries == 3));
    }
    assert!(all(&mut scene).await.iter().any(|row| row["aiStatus"] == "error"));
}

async fn what_is_not_written_yet_is_for_admins_alone(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.mia.use_key().await;
    let mut live = scene.mia.stream("insights").await;
    live.snapshot().await;
    scene.app.sweep_at(at(MONDAY)).await;
    let jobs = claimed(&scene.app).await;
    let pending = all(&mut scene).await;
    assert_eq!(pending.len(), 2);
    assert_eq!(scene.mia.get(SEEN_INSIGHTS).await.ok()["paging"]["totalRowCount"], 0);
    for job in &jobs {
        finish(&scene.app.services(), job, Ok(generated())).await.expect("finishes");
    }
    assert_eq!(scene.mia.get(SEEN_INSIGHTS).await.ok()["paging"]["totalRowCount"], 1);
    assert_eq!(live.told().await.kind(), "insight.delivered", "nothing before it");
    // An admin who settles one by hand takes it from the workers.
    scene.app.sweep_at(Timestamp(at(MONDAY).0 + 7 * Timestamp::DAY)).await;
    for row in all(&mut scene).await.iter().filter(|row| row["aiStatus"] == "pending") {
        scene.acme.owner.patch(&path(row), json!({"aiStatus": "delivered", "details": "By hand."})).await.ok();
    }
    assert_eq!(claimed(&scene.app).await.len(), 0);
}

async fn a_manager_without_reports_gets_none(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.app.sweep_at(at(MONDAY)).await;
    let jobs = claimed(&scene.app).await;
    let of_mia = jobs.iter().find(|job| job.manager.is_some()).expect("hers");
    scene.acme.owner.log_in().await;
    scene.acme.owner.delete(&format!("/auth-api/v1/users/{}", scene.ann.text())).await.ok();
    finish(&scene.app.services(), of_mia, Ok(generated())).await.expect("finishes");
    let rows = all(&mut scene).await;
    let row = rows.iter().find(|row| row["audienceUserId"] == scene.mia.text()).expect("hers");
    assert_eq!((&row["aiStatus"], row.get("figures").is_none_or(Json::is_null)), (&json!("error"), true), "{row}");
    scene.app.sweep_at(Timestamp(at(MONDAY).0 + 7 * Timestamp::DAY)).await;
    let keys: Vec<String> = claimed(&scene.app).await.into_iter().map(|job| job.key).collect();
    assert!(keys.iter().any(|key| key.ends_with("W25:admin")) && !keys.iter().any(|key| key.contains("W25:manager")), "{keys:?}");
}

async fn an_admin_with_reports_gets_none_of_their_own(db: Db) {
    let scene = Scene::make(db).await;
    let eve = scene.acme.admin("eve").await;
    scene.acme.manager_of(&eve, &[&scene.mia]).await;
    scene.acme.manager_of(&scene.acme.owner, &[&scene.zoe]).await;
    scene.app.sweep_at(at(MONDAY)).await;
    let managers: Vec<_> = claimed(&scene.app).await.into_iter().map(|job| job.manager).collect();
    assert_eq!(managers, [None, Some(scene.mia.id)], "the admins' own covers theirs");
}

async fn figures_stay_behind_where_it_is_given_away(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.app.sweep_at(at(MONDAY)).await;
    for job in claimed(&scene.app).await {
        assert!(finish(&scene.app.services(), &job, Ok(generated())).await.expect("finishes"));
    }
    scene.zoe.log_in().await;
    scene.mia.log_in().await;
    for row in all(&mut scene).await {
        assert_eq!(row["figures"], generated().figures);
        let given = scene.acme.owner.patch(&path(&row), json!({"audienceUserId": scene.zoe.text()})).await.ok();
        assert_eq!(given["aiInsight"].get("figures").filter(|figures| !figures.is_null()), None, "{given}");
        let read = get(&scene.zoe, &row).await.ok();
        assert_eq!((&read["aiInsight"]["title"], read["aiInsight"].get("figures")), (&json!(generated().title), None), "{read}");
        get(&scene.mia, &row).await.refused(404, "AiInsightNotFound");
    }
}

async fn what_is_given_away_is_not_written(db: Db) {
    let mut scene = Scene::make(db).await;
    scene.app.sweep_at(at(MONDAY)).await;
    let jobs = claimed(&scene.app).await;
    let of_mia = jobs.iter().find(|job| job.manager.is_some()).expect("hers");
    let given = async |scene: &mut Scene, to: String| {
        let row = all(scene).await.into_iter().find(|row| row["id"] == of_mia.insight.0.to_string()).expect("hers");
        scene.acme.owner.patch(&path(&row), json!({"audienceUserId": to})).await.ok();
    };
    let (zoe, mia) = (scene.zoe.text(), scene.mia.text());
    given(&mut scene, zoe).await;
    // Not even if it comes back.
    given(&mut scene, mia).await;
    assert!(finish(&scene.app.services(), of_mia, Ok(generated())).await.expect("finishes"));
    let row = all(&mut scene).await.into_iter().find(|row| row["id"] == of_mia.insight.0.to_string()).expect("hers");
    assert_eq!(row["aiStatus"], "error", "{row}");
    assert_eq!(row["details"], "This was given to somebody else before it was written.");
}
