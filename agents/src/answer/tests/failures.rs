//! Providers that fail and parts that panic: the answer ends, is stored once, and can be begun again.

use super::*;

/// The answer ended as an error with these words; another of its key can begin.
async fn ended_by(scene: &Scene, running: &Running, words: &str) -> Outcome {
    let events = all(running).await;
    well_formed(&events);
    let last = events.last().expect("a last event");
    assert_eq!((last.kind, &last.data), ("error", &json!({"message": words})));
    let outcome = scene.stored_once(running).await;
    assert_eq!((outcome.finish, outcome.error.as_deref()), (Finish::Error, Some(words)));
    assert_eq!(crate::history::repair(outcome.messages.clone()), outcome.messages);
    assert_eq!(scene.answers.count(), 0);
    let again = Scene { answers: scene.answers.clone(), ..Scene::new(vec![says("Again.")]) };
    assert_eq!(again.start().outcome().await.text, "Again.");
    outcome
}

const INTERNAL: &str = "The answer was ended by an internal error";

#[tokio::test(start_paused = true)]
async fn a_provider_that_fails_before_it_says_anything() {
    let secret = Failure::Refused { status: 401, message: "bad key sk-123".to_owned() };
    let scene = Scene::new(vec![Err(secret.clone())]);
    let running = scene.start();
    let outcome = ended_by(&scene, &running, secret.public()).await;
    assert_eq!((outcome.text.as_str(), outcome.messages.len(), outcome.usage), ("", 1, Usage::default()));
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_said_before_it_failed_is_kept() {
    let failure = Failure::Unreachable("10.0.0.1 reset".to_owned());
    let mut plays = vec![text("Ann and ")];
    plays.extend(call("c1", "write"));
    plays.push(Play::Fail(failure.clone()));
    let scene = Scene::new(vec![Ok(plays)]);
    let running = scene.start();
    let outcome = ended_by(&scene, &running, failure.public()).await;
    assert_eq!(outcome.text, "Ann and ");
    // The call was complete, but a turn that breaks off runs nothing.
    assert_eq!((scene.bench.seen().len(), outcome.tool_calls.len()), (0, 0));
    assert_eq!(outcome.messages[1], Message::Assistant { text: "Ann and ".to_owned(), calls: Vec::new() });
    assert_eq!(brief(&all(&running).await)[3], "tool_result write c1 false");
    assert!(outcome.usage.completion > 0 && outcome.usage.prompt > 0);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_stops_without_an_end_is_malformed() {
    let scene = Scene::new(vec![Ok(vec![text("Ann")])]);
    let running = scene.start();
    ended_by(&scene, &running, Failure::Malformed(String::new()).public()).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_withholds_is_told() {
    let mut plays = call("c1", "read");
    plays.push(end(ModelFinish::Filtered, 5));
    let scene = Scene::new(vec![Ok(plays)]);
    let running = scene.start();
    let outcome = ended_by(&scene, &running, "The AI provider withheld the rest of this answer").await;
    assert_eq!((scene.bench.seen().len(), outcome.tool_calls.len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failure_after_tools_keeps_what_they_came_to() {
    let scene = Scene::new(vec![calls(&[("c1", "read")]), Err(Failure::TimedOut)]);
    let running = scene.start();
    let outcome = ended_by(&scene, &running, Failure::TimedOut.public()).await;
    assert_eq!((outcome.messages.len(), outcome.tool_calls[0].success), (3, true));
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_provider_ends_the_answer_alone() {
    let scene = Scene::new(vec![Ok(vec![text("Ann"), Play::Panic])]);
    let other = Scene { answers: scene.answers.clone(), ..Scene::new(vec![Ok(vec![Play::Hang])]) };
    let beside = other.start_with(|job| job.key = "other".to_owned());
    let running = scene.start();
    let events = all(&running).await;
    assert_eq!(brief(&events)[1..], ["text Ann".to_owned(), format!("error {INTERNAL}")]);
    assert!(!beside.ended() && scene.answers.count() == 1);
    beside.stop();
    other.stored_once(&beside).await;
    assert_eq!(ended_by(&scene, &running, INTERNAL).await.text, "Ann");
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_tool_ends_the_answer_and_its_other_tools() {
    for (panics, ends) in [("panic_read", "No result"), ("panic_write", "No result"), ("panic_arguments", "Not run")] {
        let scene = Scene::new(vec![calls(&[("a", "wait"), ("b", panics)])]);
        if panics == "panic_write" {
            scene.bench.gate.add_permits(1);
        }
        let running = scene.start();
        let outcome = ended_by(&scene, &running, INTERNAL).await;
        assert_eq!(outcome.messages.len(), 4, "{panics}");
        let broken = &outcome.tool_calls[1];
        assert!(!broken.success && broken.error.as_deref().is_some_and(|why| why.starts_with(ends)), "{broken:?}");
        assert_eq!(broken.error.as_deref().is_some_and(|why| why.contains("may have taken effect")), panics == "panic_write");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_end_itself_does_not_keep_the_answer_running() {
    let scene = Scene::new(vec![says("Ann.")]);
    let running = scene.start_with(|job| job.on_end = Box::new(|_| panic!("it panics at once")));
    assert_eq!((running.outcome().await.finish, scene.answers.count()), (Finish::Stop, 0));
    let scene = Scene::new(vec![says("Ann.")]);
    let running = scene.start_with(|job| job.on_end = Box::new(|_| Box::pin(async { panic!("it panics later") })));
    assert_eq!((running.outcome().await.finish, scene.answers.count()), (Finish::Stop, 0));
}

#[tokio::test(start_paused = true)]
async fn an_end_that_hangs_holds_the_answer_for_half_a_minute() {
    let scene = Scene::new(vec![says("Ann.")]);
    let running = scene.start_with(|job| job.on_end = Box::new(|_| Box::pin(std::future::pending())));
    let began = tokio::time::Instant::now();
    assert_eq!(running.outcome().await.finish, Finish::Stop);
    assert_eq!(began.elapsed().as_secs(), 30);
}
