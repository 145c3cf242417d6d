//! Which tools run side by side, and which one after the other.

use super::*;

#[tokio::test(start_paused = true)]
async fn tools_that_read_run_side_by_side() {
    // None of them ends before all three have begun.
    let bench = Bench::new(3);
    let scene = Scene::with(vec![calls(&[("a", "meet1"), ("b", "meet2"), ("c", "meet3")]), says("Done.")], bench);
    let running = scene.start();
    let events = all(&running).await;
    well_formed(&events);
    let expected = ["start", "tool_start", "tool_start", "tool_start", "tool_executing", "tool_executing", "tool_executing"];
    assert_eq!(kinds(&events)[..7], expected);
    // Whichever ended first: the model reads them in the order of its calls.
    let order = |message: &Message| matches!(message, Message::Result { .. }).then(|| message.clone());
    let results: Vec<Message> = scene.provider.request(1).messages.iter().filter_map(order).collect();
    let told = |id: &str, tool: &str| Message::Result { call: id.to_owned(), text: format!("model of {tool}"), failed: false };
    assert_eq!(results, [told("a", "meet1"), told("b", "meet2"), told("c", "meet3")]);
}

#[tokio::test(start_paused = true)]
async fn results_are_told_as_they_come_and_not_in_the_order_of_the_calls() {
    let scene = Scene::new(vec![calls(&[("a", "wait"), ("b", "read")]), says("Done.")]);
    let running = scene.start();
    let mut events = running.events(0);
    assert_eq!(until(&mut events, "tool_result").await.data["toolCallId"], "b");
    scene.bench.gate.add_permits(1);
    assert_eq!(until(&mut events, "tool_result").await.data["toolCallId"], "a");
    let outcome = scene.stored_once(&running).await;
    assert_eq!(outcome.tool_calls.iter().map(|ran| ran.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn at_most_eight_run_at_once() {
    let names: Vec<String> = (0..20).map(|i| format!("c{i}")).collect();
    let all_calls: Vec<(&str, &str)> = names.iter().map(|id| (id.as_str(), "wait")).collect();
    let scene = Scene::new(vec![calls(&all_calls), says("Done.")]);
    let running = scene.start_with(|job| job.budget.tool_calls = 20);
    let mut events = running.events(0);
    for _ in 0..8 {
        until(&mut events, "tool_executing").await;
    }
    scene.bench.gate.add_permits(20);
    let outcome = scene.stored_once(&running).await;
    assert_eq!((outcome.tool_calls.len(), scene.bench.most.load(Ordering::SeqCst)), (20, 8));
    well_formed(&all(&running).await);
}

#[tokio::test(start_paused = true)]
async fn what_changes_something_runs_alone_and_in_its_order() {
    let made = [("a", "meet1"), ("b", "meet2"), ("c", "write1"), ("d", "write2"), ("e", "meet3"), ("f", "meet4")];
    let scene = Scene::new(vec![calls(&made), says("Done.")]);
    let running = scene.start();
    scene.stored_once(&running).await;
    let seen = scene.bench.seen();
    assert_eq!(seen[..2], ["+meet1", "+meet2"]);
    assert_eq!(seen[4..10], ["+write1", "-write1", "+write2", "-write2", "+meet3", "+meet4"]);
    well_formed(&all(&running).await);
}
