//! Answers that are ended from outside.

use super::*;

#[tokio::test(start_paused = true)]
async fn stopped_in_the_middle_of_text_it_keeps_what_it_said() {
    let scene = Scene::new(vec![Ok(vec![text("Ann and "), Play::Hang])]);
    let running = scene.start();
    until(&mut running.events(0), "text").await;
    assert_eq!(scene.provider.streams.load(Ordering::SeqCst), 1);
    running.stop();
    running.stop();
    let outcome = scene.stored_once(&running).await;
    assert_eq!(scene.provider.streams.load(Ordering::SeqCst), 0);
    assert_eq!((outcome.text.as_str(), outcome.finish, &outcome.error), ("Ann and ", Finish::Stopped, &None));
    assert_eq!(outcome.messages.len(), 2);
    let events = all(&running).await;
    well_formed(&events);
    assert_eq!(brief(&events), ["start", "text Ann and ", "done stopped"]);
    // A stop after the end is none.
    running.stop();
    assert_eq!(running.outcome().await.finish, Finish::Stopped);
}

#[tokio::test(start_paused = true)]
async fn stopped_before_it_said_anything_it_is_done_too() {
    let scene = Scene::new(vec![Ok(vec![Play::Hang])]);
    let running = scene.start();
    until(&mut running.events(0), "start").await;
    running.stop();
    assert_eq!(scene.stored_once(&running).await.messages.len(), 1);
    assert_eq!(brief(&all(&running).await), ["start", "done stopped"]);
}

#[tokio::test(start_paused = true)]
async fn stopped_while_tools_read_these_end_at_once() {
    let scene = Scene::new(vec![calls(&[("a", "wait"), ("b", "read"), ("c", "write")])]);
    let running = scene.start();
    until(&mut running.events(0), "tool_result").await;
    running.stop();
    let began = tokio::time::Instant::now();
    let outcome = scene.stored_once(&running).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    let errors: Vec<Option<&str>> = outcome.tool_calls.iter().map(|ran| ran.error.as_deref()).collect();
    assert_eq!(errors, [Some("No result: the answer was stopped"), None, Some("Not run: the answer was stopped")]);
    assert_eq!(outcome.messages.len(), 5);
    assert_eq!(crate::history::repair(outcome.messages.clone()), outcome.messages);
    well_formed(&all(&running).await);
    // Nothing of it goes on.
    scene.bench.gate.add_permits(1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.bench.seen(), ["+wait", "+read", "-read"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_runs_when_it_is_stopped_is_told_if_it_ends_soon() {
    let scene = Scene::new(vec![calls(&[("a", "write_wait"), ("b", "write")])]);
    let running = scene.start();
    until(&mut running.events(0), "tool_executing").await;
    running.stop();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!running.ended());
    scene.bench.gate.add_permits(1);
    let outcome = scene.stored_once(&running).await;
    assert_eq!(outcome.tool_calls.iter().map(|ran| ran.success).collect::<Vec<_>>(), [true, false]);
    assert_eq!(outcome.finish, Finish::Stopped);
    well_formed(&all(&running).await);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_takes_longer_is_noted_and_runs_to_its_end() {
    let scene = Scene::new(vec![calls(&[("a", "write_wait")])]);
    let running = scene.start();
    until(&mut running.events(0), "tool_executing").await;
    running.stop();
    let outcome = scene.stored_once(&running).await;
    let error = outcome.tool_calls[0].error.clone().expect("an error");
    assert_eq!(error, "No result: the answer was stopped while it ran. It may have taken effect");
    scene.bench.gate.add_permits(1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.bench.seen(), ["+write_wait", "-write_wait"]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_stops_all_and_waits_until_they_are_stored() {
    let scene = Scene::new((0..20).map(|_| Ok(vec![text("So "), Play::Hang])).collect());
    let running: Vec<_> = (0..20).map(|i| scene.start_with(|job| job.key = i.to_string())).collect();
    for running in &running {
        until(&mut running.events(0), "text").await;
    }
    assert_eq!(scene.answers.count(), 20);
    assert!(scene.answers.check_open().is_ok());
    assert_eq!(scene.answers.shutdown(Duration::from_secs(5)).await, 0);
    let ends = scene.ends.lock().unwrap().clone();
    assert!(ends.len() == 20 && ends.iter().all(|end| end.finish == Finish::Stopped && end.text == "So "));
    let refused = scene.answers.start(scene.job()).err().expect("refused");
    assert_eq!(refused.status.http(), 503);
    assert_eq!(scene.answers.check_open().expect_err("refused").status.http(), 503);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_ever() {
    let scene = Scene::new(vec![Ok(vec![Play::Hang])]);
    scene.start_with(|job| job.on_end = Box::new(|_| Box::pin(std::future::pending())));
    let began = tokio::time::Instant::now();
    assert_eq!(scene.answers.shutdown(Duration::from_secs(5)).await, 1);
    assert_eq!(began.elapsed().as_secs(), 5);
}
