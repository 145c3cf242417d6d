//! What an answer may take: tokens, calls, time, room.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_turn_may_write_what_is_left_of_the_tokens() {
    let mut first = call("a", "read");
    first.push(end(ModelFinish::Calls, 1_500));
    let scene = Scene::new(vec![Ok(first), Ok(vec![text("Ann and"), end(ModelFinish::Length, 500)])]);
    let running = scene.start();
    let outcome = scene.stored_once(&running).await;
    let sent = [scene.provider.request(0).max_tokens, scene.provider.request(1).max_tokens];
    assert_eq!(sent, [1_000, 500]);
    assert_eq!((outcome.finish, outcome.text.as_str(), &outcome.error), (Finish::Budget, "Ann and", &None));
    assert_eq!(brief(&all(&running).await).last().map(String::as_str), Some("done budget"));
}

#[tokio::test(start_paused = true)]
async fn one_turn_that_is_too_long_has_its_length_and_not_the_budget() {
    let scene = Scene::new(vec![Ok(vec![text("Ann and"), end(ModelFinish::Length, 1_000)])]);
    let running = scene.start();
    assert_eq!(scene.stored_once(&running).await.finish, Finish::Length);
}

#[tokio::test(start_paused = true)]
async fn without_tokens_calls_are_not_run_and_an_answer_that_said_nothing_is_an_error() {
    let mut first = call("a", "write");
    first.push(end(ModelFinish::Calls, 2_000));
    let scene = Scene::new(vec![Ok(first)]);
    let running = scene.start();
    let outcome = scene.stored_once(&running).await;
    assert!(scene.bench.seen().is_empty());
    let words = "The budget of this answer was used up before it said anything";
    assert_eq!((outcome.finish, outcome.error.as_deref()), (Finish::Budget, Some(words)));
    let events = all(&running).await;
    well_formed(&events);
    assert_eq!(brief(&events).last(), Some(&format!("error {words}")));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_writes_on_and_on_is_not_listened_to() {
    let plays: Vec<Play> = (0..100_000).map(|_| text("word ")).chain([Play::Hang]).collect();
    let scene = Scene::new(vec![Ok(plays)]);
    let running = scene.start();
    let outcome = scene.stored_once(&running).await;
    assert_eq!(outcome.finish, Finish::Budget);
    assert!((8_000..10_000).contains(&outcome.text.len()), "{}", outcome.text.len());
    assert_eq!(scene.provider.streams.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn nor_to_one_that_begins_calls_without_end() {
    let begun = |i: usize| Play::Piece(Piece::Begun { id: format!("c{i}"), name: "read".to_owned() });
    let scene = Scene::new(vec![Ok((0..100_000).map(begun).chain([Play::Hang]).collect())]);
    let running = scene.start();
    assert_eq!(scene.stored_once(&running).await.finish, Finish::Budget);
    let events = all(&running).await;
    well_formed(&events);
    assert!(events.len() < 10_000, "{}", events.len());
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_budget_are_refused_and_one_turn_without_tools_follows() {
    let mut last = vec![text("I know half.")];
    last.extend(call("d", "read"));
    last.push(end(ModelFinish::Calls, 5));
    let scene = Scene::new(vec![calls(&[("a", "read")]), calls(&[("b", "read"), ("c", "read")]), Ok(last)]);
    let running = scene.start_with(|job| job.budget.tool_calls = 2);
    let outcome = scene.stored_once(&running).await;
    assert_eq!(outcome.tool_calls.iter().map(|ran| ran.success).collect::<Vec<_>>(), [true, true, false]);
    let request = scene.provider.request(2);
    assert!(request.tools.is_empty() && request.system.contains("You have used all tool calls"));
    let refused = request.messages.last().expect("a result");
    assert!(matches!(refused, Message::Result { text, failed: true, .. } if text.contains("answer with what you have")));
    // What the model calls without being offered anything is not even told.
    assert_eq!((outcome.finish, outcome.text.as_str(), scene.provider.asked()), (Finish::Budget, "I know half.", 3));
    let events = all(&running).await;
    well_formed(&events);
    assert_eq!(kinds(&events).iter().filter(|kind| **kind == "tool_executing").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn exactly_as_many_calls_as_there_may_be_is_no_matter() {
    let scene = Scene::new(vec![calls(&[("a", "read")]), says("Done.")]);
    let running = scene.start_with(|job| job.budget.tool_calls = 1);
    assert_eq!((scene.stored_once(&running).await.finish, scene.provider.request(1).tools.len()), (Finish::Stop, 1));
    let scene = Scene::new(vec![says("Done.")]);
    let running = scene.start_with(|job| job.budget.tool_calls = 0);
    assert_eq!((scene.stored_once(&running).await.finish, scene.provider.request(0).tools.len()), (Finish::Stop, 0));
}

#[tokio::test(start_paused = true)]
async fn time_ends_an_answer_while_it_speaks() {
    let scene = Scene::new(vec![Ok(vec![text("Ann and"), Play::Hang])]);
    let running = scene.start();
    let began = tokio::time::Instant::now();
    let outcome = scene.stored_once(&running).await;
    assert_eq!((began.elapsed().as_secs(), outcome.finish, outcome.millis), (30, Finish::Timeout, 30_000));
    assert_eq!(scene.provider.streams.load(Ordering::SeqCst), 0);
    assert_eq!(brief(&all(&running).await), ["start", "text Ann and", "done timeout"]);
}

#[tokio::test(start_paused = true)]
async fn time_ends_an_answer_while_tools_run_and_silence_is_an_error() {
    let scene = Scene::new(vec![calls(&[("a", "wait")])]);
    let running = scene.start();
    let outcome = scene.stored_once(&running).await;
    let words = "There was no answer within 30 seconds";
    assert_eq!((outcome.finish, outcome.error.as_deref()), (Finish::Timeout, Some(words)));
    assert_eq!(outcome.tool_calls[0].error.as_deref(), Some("No result: the answer's time was over"));
    let events = all(&running).await;
    well_formed(&events);
    assert_eq!(brief(&events).last(), Some(&format!("error {words}")));
}

#[tokio::test(start_paused = true)]
async fn results_have_room_for_some_megabytes_and_then_no_tool_runs_any_more() {
    let names: Vec<String> = (0..100).map(|i| format!("c{i}")).collect();
    let all_calls: Vec<(&str, &str)> = names.iter().map(|id| (id.as_str(), "read")).collect();
    let scene = Scene::with(vec![calls(&all_calls), says("A lot.")], Arc::new(Bench::of(2, 100_000)));
    let running = scene.start_with(|job| job.budget.tool_calls = 100);
    let outcome = scene.stored_once(&running).await;
    let ran = outcome.tool_calls.iter().filter(|ran| ran.success).count();
    assert!((40..=48).contains(&ran), "{ran}");
    assert!(running.log.bytes() < 5_000_000 && outcome.finish == Finish::Budget);
    well_formed(&all(&running).await);
}
