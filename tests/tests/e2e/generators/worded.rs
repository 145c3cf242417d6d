//! What agents answer: worded by a model of either provider, or by the server.

use serde_json::{Value as Json, json};
use workforceos_agents::provider::Providers;
use workforceos_tests::llm::Turn;
use workforceos_tests::{Db, Llm, Setup, on_both_databases};

use super::{ASKED, GENERATE, Scene, WORKFORCE, answered, ask, stream, streamed};
use crate::paths::{EXECUTIONS, SAVE_GENERATED, SEEN_INSIGHTS};
use crate::text;

on_both_databases!(
    both_agents_answer_over_both_wires,
    the_same_comes_as_a_stream,
    without_a_provider_the_server_words_it,
    what_was_generated_last_can_be_saved,
    each_is_told_of_whom_they_reach,
);

async fn both_agents_answer_over_both_wires(db: Db) {
    for (wire, name) in [(Llm::openai as fn(&Llm) -> Providers, "openai"), (Llm::anthropic, "anthropic")] {
        let scene = Scene::with(db, wire, Setup::default()).await;
        let owner = &scene.acme.owner;
        let (figures, honest) = (scene.figures(owner).await, scene.honest(owner).await);
        assert_eq!(figures["findings"][0]["weekday"], json!(1), "Mondays stand out: {figures}");
        for path in [GENERATE, WORKFORCE] {
            scene.llm.script([Turn::says(&honest.to_string()).usage(900, 80)]);
            let (data, insight) = ask(owner, path).await;
            assert_eq!((&data["provider"], data.get("conversationId")), (&json!(name), None));
            assert_eq!((&insight["summary"], &insight["audienceType"]), (&honest["summary"], &json!("employee")));
            assert_eq!(insight["data"]["figures"]["analyzeAbsenteeism"], figures, "as the analysis's own API answers");
            assert_eq!(insight["chart"]["name"], json!("absenteeism-by-weekday"));
            assert!(insight["chart"]["svg"].as_str().is_some_and(|svg| svg.starts_with("<svg") && svg.contains("Monday")));
            let seen = scene.llm.seen().pop().expect("it was asked");
            assert!(seen.last_user().contains(&format!("QUESTION: {}", json!(ASKED))));
            assert!(seen.last_user().contains("FIGURES: {") && !seen.last_user().contains(&scene.ann.text()), "no ids");
        }
        let runs = owner.get(EXECUTIONS).await.ok()["sys_agentExecutions"].clone();
        let row = runs.as_array().and_then(|rows| rows.iter().find(|row| row["agentName"] == "insightGenerator")).expect("a run");
        assert_eq!((&row["status"], &row["tokenUsage"]["completion"]), (&json!("success"), &json!(80)));
        // What came with the question comes back.
        scene.llm.script([Turn::says(&honest.to_string())]);
        let asked = json!({"prompt": ASKED, "conversationId": "c-1"});
        let (data, _) = answered(&owner.post(GENERATE, asked).await.ok());
        assert_eq!(data["conversationId"], json!("c-1"));
    }
}

async fn the_same_comes_as_a_stream(db: Db) {
    let scene = Scene::make(db).await;
    let owner = &scene.acme.owner;
    let honest = scene.honest(owner).await;
    for path in [GENERATE, WORKFORCE] {
        scene.llm.script([Turn::says(&honest.to_string())]);
        let insight = streamed(&mut stream(owner, path).await).await;
        assert_eq!(insight["summary"], honest["summary"]);
        assert_eq!(insight["data"]["provider"], json!("openai"));
    }
}

async fn without_a_provider_the_server_words_it(db: Db) {
    let scene = Scene::with(db, |_| Providers::default(), Setup::default()).await;
    let owner = &scene.acme.owner;
    let overall = scene.figures(owner).await["overall"].clone();
    for path in [GENERATE, WORKFORCE] {
        let (data, insight) = ask(owner, path).await;
        assert_eq!((&data["provider"], insight["data"].get("note")), (&json!("builtin"), None));
        let summary = text(&insight, "summary");
        let told = format!("{} of {} ended shifts were missed from 2026-03-10 to 2026-06-01", overall["count"], overall["n"]);
        assert!(summary.starts_with(&told), "{summary}");
        assert!(summary.contains("On Mondays the absence rate was") && summary.contains("without a language model"), "{summary}");
        assert_eq!(insight["title"], json!("Absenteeism: Mondays are higher"));
        assert_eq!(streamed(&mut stream(owner, path).await).await["summary"], insight["summary"]);
    }
    assert_eq!(scene.llm.seen().len(), 0);
}

async fn what_was_generated_last_can_be_saved(db: Db) {
    let mut scene = Scene::make(db).await;
    let owner = scene.acme.owner.client.clone();
    owner.post(SAVE_GENERATED, json!({})).await.refused(404, "AiInsightNotFound");
    let honest = scene.honest(&owner).await;
    scene.llm.script([Turn::says(&honest.to_string())]);
    let (_, insight) = ask(&owner, GENERATE).await;
    // It is kept in the database.
    scene.app.restart().await;
    let reply = owner.post(SAVE_GENERATED, json!({})).await;
    assert_eq!(reply.status, 201);
    let saved = reply.ok()["aiInsight"].clone();
    for name in ["title", "summary", "suggestion", "insightType", "audienceType", "period"] {
        assert_eq!(saved[name], insight[name], "{name}");
    }
    assert_eq!((&saved["aiStatus"], &saved["provider"]), (&json!("delivered"), &json!("openai")));
    assert_eq!((&saved["agentName"], &saved["figures"]), (&json!("insightGenerator"), &insight["data"]["figures"]));
    assert_eq!(saved["figures"]["analyzeAbsenteeism"], scene.figures(&owner).await);
    // The picture is drawn of the stored data, for those who may read the insight.
    let address = format!("{SEEN_INSIGHTS}/{}/chart.svg", text(&saved, "id"));
    let picture = scene.ann.get(&address).await;
    assert_eq!(picture.status, 200);
    assert!(picture.text.starts_with("<svg") && picture.text.contains("Missed shifts by weekday"), "{}", picture.text);
    let response = owner.request(reqwest::Method::GET, &address).send().await.expect("an answer");
    let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    assert_eq!((header("content-type"), header("x-content-type-options")), ("image/svg+xml".to_owned(), "nosniff".to_owned()));
    assert!(header("content-security-policy").ends_with("sandbox"));
    let other = scene.app.company("other", "UTC").await;
    other.subscribe().await;
    assert_eq!(other.owner.get(&address).await.status, 404);
    assert_eq!(scene.app.anonymous().get(&address).await.status, 401);
}

async fn each_is_told_of_whom_they_reach(db: Db) {
    let scene = Scene::with(db, |_| Providers::default(), Setup::default()).await;
    let seen = async |who: &workforceos_tests::Client| {
        let (_, insight) = ask(who, GENERATE).await;
        let figures = insight["data"]["figures"].clone();
        assert_eq!(figures["analyzeAbsenteeism"], scene.figures(who).await);
        let tools: Vec<String> = figures.as_object().expect("figures").keys().cloned().collect();
        (insight["audienceType"].clone(), figures["analyzeAbsenteeism"]["people"].clone(), tools)
    };
    let (audience, people, tools) = seen(&scene.acme.owner).await;
    assert_eq!((audience, people, tools.len()), (json!("admin"), json!(8), 7));
    let (audience, people, _) = seen(&scene.mia).await;
    assert_eq!((audience, people), (json!("manager"), json!(2)));
    let (audience, people, tools) = seen(&scene.ann).await;
    assert_eq!((audience, people), (json!("employee"), json!(1)));
    assert!(!tools.contains(&"predictStaffing".to_owned()), "what is not theirs is not called: {tools:?}");
    let told: Json = scene.ann.post(SAVE_GENERATED, json!({})).await.ok()["aiInsight"].clone();
    assert_eq!(told["audienceUserId"], json!(scene.ann.text()), "an employee's is their own");
}
