//! A thousand answers at once, and what one takes of memory.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_thousand_answers_run_at_once_and_each_takes_little() {
    const MANY: usize = 1_000;
    const PIECES: usize = 600;
    let gate = Arc::new(Semaphore::new(0));
    let script = || {
        let words = (0..PIECES).map(|_| text("word "));
        Ok(words.chain([Play::Wait(gate.clone()), text("end"), end(ModelFinish::Stop, 9)]).collect::<Vec<_>>())
    };
    let scene = Scene::new((0..MANY).map(|_| script()).collect());
    let running: Vec<_> = (0..MANY).map(|i| scene.start_with(|job| job.key = i.to_string())).collect();
    // One reader of each that never reads, and one that has read a little.
    let mut readers: Vec<_> = running.iter().map(|running| (running.events(0), running.events(0))).collect();
    for (_, slow) in &mut readers {
        until(slow, "text").await;
    }
    while running.iter().any(|running| running.log.last() < PIECES as u64) {
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.answers.count(), MANY);
    // Each piece is five letters and four bytes of its place, beside the first event.
    assert!(running.iter().all(|running| running.log.bytes() < PIECES * 9 + 200));
    gate.add_permits(MANY);
    for (running, (never, slow)) in running.iter().zip(readers) {
        assert_eq!(running.outcome().await.text.len(), PIECES * 5 + 3);
        let (whole, rest): (Vec<_>, Vec<_>) = (never.collect().await, slow.collect().await);
        assert_eq!((whole.len(), rest.len()), (PIECES + 3, PIECES + 1));
    }
    assert_eq!((scene.answers.count(), scene.ends.lock().unwrap().len()), (0, MANY));
    // Nothing is left of them.
    let gone: Vec<_> = running.iter().map(Arc::downgrade).collect();
    drop(running);
    tokio::time::sleep(KEPT_FOR + Duration::from_secs(1)).await;
    assert!(gone.iter().all(|running| running.upgrade().is_none()));
    assert_eq!(scene.provider.streams.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_on_many_threads_end_once_whenever_they_are_stopped() {
    const MANY: usize = 200;
    let made = [("a", "read"), ("b", "read"), ("c", "write"), ("d", "read")];
    // The same turns for all, in whatever order they take them: two of calls, then text, is what each hears at least in part.
    let scene = Scene::new((0..MANY * 3).map(|_| calls(&made)).chain((0..MANY * 3).map(|_| says("Done."))).collect());
    let running: Vec<_> = (0..MANY)
        .map(|i| {
            scene.start_with(|job| {
                job.key = i.to_string();
                job.budget.tool_calls = 40;
            })
        })
        .collect();
    let stops: Vec<_> = running
        .iter()
        .enumerate()
        .map(|(i, running)| {
            let (running, mut events) = (running.clone(), running.events(0));
            tokio::spawn(async move {
                for _ in 0..i % 25 {
                    events.next().await;
                }
                running.stop();
            })
        })
        .collect();
    for (running, stop) in running.iter().zip(stops) {
        let outcome = running.outcome().await;
        stop.await.expect("stops");
        let events = all(running).await;
        well_formed(&events);
        assert!(matches!(outcome.finish, Finish::Stop | Finish::Stopped | Finish::Budget), "{:?}", outcome.finish);
        assert_eq!(crate::history::repair(outcome.messages.clone()), outcome.messages);
    }
    assert_eq!((scene.answers.count(), scene.ends.lock().unwrap().len()), (0, MANY));
}
