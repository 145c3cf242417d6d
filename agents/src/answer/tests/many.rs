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
    }
    let ends = scene.ends.lock().unwrap();
    assert_eq!((scene.answers.count(), ends.len()), (0, MANY));
    for end in ends.iter() {
        assert_eq!(crate::history::repair(end.messages.clone()), end.messages);
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_user_the_last_three_that_ended_are_kept() {
    let scene = Scene::new((0..6).map(|_| says("Ann.")).collect());
    let other = UserId(Uuid::from_u128(3));
    let asked = |user: UserId, key: &str| {
        let key = key.to_owned();
        scene.start_with(|job| {
            job.user = user;
            job.key = key;
        })
    };
    // One after the other: each is over when the next begins.
    asked(other, "theirs").outcome().await;
    for key in ["a", "b", "c", "a", "d"] {
        asked(USER, key).outcome().await;
        tokio::task::yield_now().await;
    }
    let found = |user: UserId, key: &str| scene.answers.find(COMPANY, user, key).is_some();
    assert_eq!(["a", "b", "c", "d"].map(|key| found(USER, key)), [true, false, true, true], "the one that ended first goes");
    assert!(found(other, "theirs"), "others have their own");
    tokio::time::sleep(KEPT_FOR + Duration::from_secs(1)).await;
    assert!(!found(other, "theirs") && !found(USER, "d"));
}

#[tokio::test(start_paused = true)]
async fn all_that_is_kept_is_bounded() {
    // Each takes about two megabytes.
    const MANY: u128 = 40;
    let bench = Arc::new(Bench::of(2, 2_000_000));
    let turns = (0..MANY).flat_map(|_| [calls(&[("a", "read")]), says("Ann.")]).collect();
    let scene = Scene::with(turns, bench);
    for number in 0..MANY {
        scene.start_with(|job| job.user = UserId(Uuid::from_u128(number))).outcome().await;
        tokio::task::yield_now().await;
    }
    let kept = |number: &u128| scene.answers.find(COMPANY, UserId(Uuid::from_u128(*number)), KEY).is_some();
    let left: Vec<u128> = (0..MANY).filter(kept).collect();
    assert_eq!(left, ((MANY - left.len() as u128)..MANY).collect::<Vec<_>>(), "the oldest went");
    assert!((30..=32).contains(&left.len()), "{left:?}");
}
