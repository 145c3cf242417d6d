//! The clock's insights: written once for each whom they are for, with that person's rights.

use serde_json::{Value as Json, json};
use workforceos_core::time::{Clock, Timestamp};
use workforceos_services::insights::claim;
use workforceos_tests::llm::Turn;
use workforceos_tests::time::at;
use workforceos_tests::{DEADLINE, Db, Live, Llm, Setup, on_both_databases};

use super::{Scene, draft};
use crate::paths::{EXECUTIONS, SEEN_INSIGHTS};
use crate::text;

on_both_databases!(each_week_is_written_once, a_provider_that_is_away_is_waited_for_and_then_done_without);

/// The Monday after the one on which every test begins, at six.
const MONDAY: &str = "2026-06-08T06:00:00Z";

async fn scene(db: Db) -> Scene {
    Scene::with(db, Llm::openai, Setup { weekly_insights: true, ..Setup::default() }).await
}

/// The insights that the owner sees.
async fn all(scene: &mut Scene) -> Vec<Json> {
    scene.acme.owner.log_in().await;
    let listed = scene.acme.owner.get(&format!("{SEEN_INSIGHTS}?pageRowCount=500")).await.ok();
    listed["aiInsights"].as_array().expect("a list").clone()
}

/// Waits until so many insights are delivered.
async fn delivered(live: &mut Live, count: usize) {
    for _ in 0..count {
        live.until(|event| event.kind() == "insight.delivered").await;
    }
}

/// A stream of the owner that lasts as long as the test.
async fn watched(scene: &mut Scene) -> Live {
    scene.acme.owner.log_in().await;
    let mut owner = scene.acme.owner.clone();
    owner.use_key().await;
    let mut live = owner.stream("insights").await;
    live.snapshot().await;
    live
}

async fn each_week_is_written_once(db: Db) {
    let mut scene = scene(db).await;
    // Nobody worked in that week: there is no chart to choose.
    let mut said = draft("Nothing stands out.");
    said["chart"] = Json::Null;
    scene.llm.answer(move |_| Turn::says(&said.to_string()).usage(900, 80));
    let twin = if db == Db::Postgres { Some(scene.app.twin().await) } else { None };
    let mut live = watched(&mut scene).await;
    scene.app.sweep_at(at(MONDAY)).await;
    delivered(&mut live, 2).await;
    let rows = all(&mut scene).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    for row in &rows {
        assert_eq!((&row["aiStatus"], &row["provider"]), (&json!("delivered"), &json!("openai")), "{row}");
        assert_eq!(row["applicablePeriod"], json!({"from": "2026-06-01", "to": "2026-06-07"}));
        assert_eq!(row["figures"]["analyzeAbsenteeism"]["period"]["from"], json!("2026-06-01"));
    }
    // The manager's was made of what the manager reaches.
    let of = |user: Json| rows.iter().find(|row| row["audienceUserId"] == user).expect("one");
    assert!(of(Json::Null)["figures"].get("detectShiftAnomalies").is_some());
    let asked = scene.llm.seen();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|seen| seen.tools().is_empty()), "nothing is looked up by itself");
    // What it cost stands among the executions, as the clock's: nobody asked.
    let listed = scene.acme.owner.get(EXECUTIONS).await.ok();
    let runs = listed["sys_agentExecutions"].as_array().expect("a list");
    assert_eq!(runs.len(), 2, "{listed}");
    for run in runs {
        assert_eq!((&run["agentName"], &run["source"]), (&json!("insightGenerator"), &json!("agent")), "{run}");
        assert_eq!((&run["status"], run["tokenUsage"]["completion"].as_u64()), (&json!("success"), Some(80)), "{run}");
        assert!(run.get("userId").is_none_or(Json::is_null), "{run}");
    }
    // Neither a restart nor another node writes the week again.
    scene.app.restart().await;
    scene.app.sweep_at(Timestamp(at(MONDAY).0 + Timestamp::DAY)).await;
    if let Some(twin) = &twin {
        twin.sweep().await;
    }
    let due = claim(&scene.app.services(), scene.app.clock.now()).await.expect("looks for jobs");
    assert_eq!((due.len(), all(&mut scene).await.len(), scene.llm.seen().len()), (0, 2, 2));
}

async fn a_provider_that_is_away_is_waited_for_and_then_done_without(db: Db) {
    let mut scene = scene(db).await;
    scene.llm.answer(|_| Turn::status(401));
    let mut live = watched(&mut scene).await;
    let mut now = at(MONDAY);
    scene.app.sweep_at(now).await;
    // Two insights, three tries each: as long as the provider is away, they are put off.
    let deadline = tokio::time::Instant::now() + 2 * DEADLINE;
    while scene.llm.counts().asked < 6 {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", scene.llm.counts());
        now = Timestamp(now.0 + 11 * Timestamp::MINUTE);
        scene.app.clock.set(now);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    delivered(&mut live, 2).await;
    for row in all(&mut scene).await {
        assert_eq!((&row["aiStatus"], &row["provider"]), (&json!("delivered"), &json!("builtin")));
        assert!(text(&row["data"], "note").contains("made from the figures alone"), "{row}");
    }
    scene.llm.refusals();
}
