//! Who reads an answer, when, and for how long; and whose it is.

use super::*;

#[tokio::test(start_paused = true)]
async fn text_is_told_piece_by_piece_without_waiting_for_the_next() {
    let gate = Arc::new(Semaphore::new(0));
    let plays = vec![text("a"), Play::Wait(gate.clone()), text("b"), Play::Wait(gate.clone()), end(ModelFinish::Stop, 2)];
    let scene = Scene::new(vec![Ok(plays)]);
    let running = scene.start();
    let (mut one, mut two) = (running.events(0), running.events(0));
    for piece in ["a", "b"] {
        let (first, second) = (until(&mut one, "text").await, until(&mut two, "text").await);
        assert_eq!((&first, &first.data["content"]), (&second, &json!(piece)));
        gate.add_permits(1);
    }
    // One of two tabs is closed: the other reads on.
    drop(one);
    assert_eq!(until(&mut two, "done").await.data["finishReason"], "stop");
    assert!(two.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_answer_goes_on_without_readers_and_is_resumed_from_every_id() {
    let mut first = vec![text("Let "), text("me look.")];
    first.extend(call("c1", "read"));
    first.push(end(ModelFinish::Calls, 7));
    let scene = Scene::new(vec![Ok(first), Ok(vec![text("Ann "), text("works."), end(ModelFinish::Stop, 4)])]);
    let running = scene.start();
    drop(running.events(0));
    drop(running);
    let running = scene.answers.find(COMPANY, USER, KEY).expect("it runs");
    running.outcome().await;
    let events = all(&running).await;
    for after in 0..=events.len() {
        let rest: Vec<Arc<Event>> = running.events(after as u64).collect().await;
        assert_eq!(rest, events[after..]);
    }
}

#[tokio::test(start_paused = true)]
async fn one_answer_of_a_key_runs_at_a_time_and_others_beside_it() {
    let scene = Scene::new(vec![Ok(vec![Play::Hang]), Ok(vec![Play::Hang]), Ok(vec![Play::Hang]), says("Next.")]);
    let first = scene.start();
    let refused = scene.answers.start(scene.job()).err().expect("refused");
    assert_eq!((refused.status.http(), refused.code.as_ref()), (409, "AnswerRunning"));
    assert_eq!(refused.detail.as_deref(), Some(&json!({"conversationId": KEY})));
    let beside = scene.start_with(|job| job.key = "other".to_owned());
    let colleague = scene.start_with(|job| job.user = UserId(Uuid::from_u128(3)));
    assert_eq!(scene.answers.count(), 3);
    while scene.provider.asked() < 3 {
        tokio::task::yield_now().await;
    }
    first.stop();
    // As soon as the last event is read, the next can begin.
    until(&mut first.events(0), "done").await;
    let next = scene.start();
    assert_eq!(next.outcome().await.text, "Next.");
    assert!(Arc::ptr_eq(&scene.answers.find(COMPANY, USER, KEY).expect("kept"), &next));
    assert!(!beside.ended() && !colleague.ended());
    assert!(scene.answers.find(COMPANY, UserId(Uuid::from_u128(4)), KEY).is_none());
    assert!(scene.answers.find(CompanyId(Uuid::from_u128(4)), USER, KEY).is_none());
}

#[tokio::test(start_paused = true)]
async fn the_last_event_is_told_after_the_answer_was_stored() {
    let scene = Scene::new(vec![says("Ann.")]);
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let running = scene.start_with(|job| {
        job.on_end = Box::new(move |_| {
            Box::pin(async move {
                held.acquire().await.expect("open").forget();
            })
        });
    });
    let mut events = running.events(0);
    until(&mut events, "text").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!running.ended() && scene.answers.start(scene.job()).is_err());
    gate.add_permits(1);
    until(&mut events, "done").await;
    assert!(running.ended());
}

#[tokio::test(start_paused = true)]
async fn an_ended_answer_is_kept_five_minutes() {
    let scene = Scene::new(vec![says("Ann."), says("Bob.")]);
    let first = Arc::downgrade(&scene.start());
    first.upgrade().expect("lives").outcome().await;
    tokio::time::sleep(Duration::from_secs(200)).await;
    // A newer one of the same key takes its place, and is not forgotten with it.
    scene.start().outcome().await;
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert!(first.upgrade().is_none());
    let second = Arc::downgrade(&scene.answers.find(COMPANY, USER, KEY).expect("kept"));
    tokio::time::sleep(Duration::from_secs(101)).await;
    assert!(scene.answers.find(COMPANY, USER, KEY).is_none() && second.upgrade().is_none());
}
