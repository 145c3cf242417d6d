//! Calls that wait for the user's word.

use super::*;

fn confirmed(scene: &Scene) -> Arc<Running> {
    scene.start_with(|job| job.confirm_writes = true)
}

fn id(event: &Event) -> String {
    event.data["approvalId"].as_str().expect("an id").to_owned()
}

#[tokio::test(start_paused = true)]
async fn an_approved_call_runs_and_its_wait_takes_no_time_of_the_answer() {
    let mut first = call_with("c1", "write", r#"{"of":7}"#);
    first.push(end(ModelFinish::Calls, 5));
    let scene = Scene::new(vec![Ok(first), says("Done.")]);
    let running = confirmed(&scene);
    let asked = until(&mut running.events(0), "tool_approval").await;
    assert_eq!(
        (&asked.data["tool"], &asked.data["args"], &asked.data["toolCallId"]),
        (&json!("write"), &json!({"of": 7}), &json!("c1"))
    );
    // Far longer than the answer's 30 seconds.
    tokio::time::sleep(Duration::from_secs(599)).await;
    assert!(!running.ended() && scene.bench.seen().is_empty());
    // Who comes back finds it again, and answers it by its id alone.
    let again = until(&mut running.events(1), "tool_approval").await;
    scene.answers.approve(COMPANY, USER, &id(&again), true).expect("approves");
    let outcome = scene.stored_once(&running).await;
    assert_eq!((outcome.finish, outcome.tool_calls[0].success), (Finish::Stop, true));
    let events = all(&running).await;
    well_formed(&events);
    let expected = ["start", "tool_start", "tool_approval", "tool_executing", "tool_result", "text", "done"];
    assert_eq!(kinds(&events), expected);
}

#[tokio::test(start_paused = true)]
async fn a_declined_call_does_not_run_and_the_model_is_told() {
    let scene = Scene::new(vec![calls(&[("a", "write1"), ("b", "write2"), ("c", "read")]), says("As you wish.")]);
    let running = confirmed(&scene);
    let mut events = running.events(0);
    // All are asked for at once.
    let (first, second) = (until(&mut events, "tool_approval").await, until(&mut events, "tool_approval").await);
    running.approve(&id(&second), true).expect("approves");
    running.approve(&id(&first), false).expect("declines");
    let outcome = scene.stored_once(&running).await;
    assert_eq!(scene.bench.seen(), ["+write2", "-write2", "+read", "-read"]);
    let told = &scene.provider.request(1).messages[2];
    assert!(matches!(told, Message::Result { text, failed: true, .. } if text.contains("declined")), "{told:?}");
    assert_eq!(outcome.tool_calls.iter().map(|ran| ran.success).collect::<Vec<_>>(), [false, true, true]);
    well_formed(&all(&running).await);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_approves_in_ten_minutes_is_not_run() {
    let scene = Scene::new(vec![calls(&[("a", "write1"), ("b", "write2")]), says("Nobody was there.")]);
    let running = confirmed(&scene);
    let asked = until(&mut running.events(0), "tool_approval").await;
    let began = tokio::time::Instant::now();
    let outcome = scene.stored_once(&running).await;
    // Both waited at the same time.
    assert_eq!((began.elapsed().as_secs(), outcome.finish), (600, Finish::Stop));
    assert!(scene.bench.seen().is_empty());
    assert!(outcome.tool_calls.iter().all(|ran| ran.error.as_deref().is_some_and(|why| why.contains("within 10 minutes"))));
    let late = running.approve(&id(&asked), true).expect_err("too late");
    assert_eq!((late.status.http(), late.code.as_ref()), (409, "ApprovalAnswered"));
}

#[tokio::test(start_paused = true)]
async fn unknown_approvals_are_404_and_second_answers_409() {
    let scene = Scene::new(vec![calls(&[("a", "write_wait")]), says("Done.")]);
    let running = confirmed(&scene);
    let asked = id(&*until(&mut running.events(0), "tool_approval").await);
    let unknown = running.approve("none", true).expect_err("unknown");
    assert_eq!((unknown.status.http(), unknown.code.as_ref()), (404, "ApprovalNotFound"));
    // Others do not know of it: another user, another company.
    for (company, user) in [(COMPANY, UserId(Uuid::from_u128(9))), (CompanyId(Uuid::from_u128(9)), USER)] {
        assert_eq!(scene.answers.approve(company, user, &asked, true).expect_err("not theirs").status.http(), 404);
    }
    running.approve(&asked, true).expect("approves");
    for yes in [true, false] {
        let twice = running.approve(&asked, yes).expect_err("twice");
        assert_eq!((twice.status.http(), twice.code.as_ref()), (409, "ApprovalAnswered"));
    }
    scene.bench.gate.add_permits(1);
    assert!(scene.stored_once(&running).await.tool_calls[0].success);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait_too() {
    let scene = Scene::new(vec![calls(&[("a", "write")])]);
    let running = confirmed(&scene);
    let asked = until(&mut running.events(0), "tool_approval").await;
    running.stop();
    let outcome = scene.stored_once(&running).await;
    assert_eq!((outcome.finish, outcome.tool_calls[0].success), (Finish::Stopped, false));
    assert_eq!(running.approve(&id(&asked), true).expect_err("over").status.http(), 409);
    well_formed(&all(&running).await);
}

#[tokio::test(start_paused = true)]
async fn reading_needs_no_approval() {
    let scene = Scene::new(vec![calls(&[("a", "read")]), says("Done.")]);
    let running = confirmed(&scene);
    assert!(!kinds(&all(&running).await).contains(&"tool_approval"));
}

#[tokio::test(start_paused = true)]
async fn a_change_behind_a_tool_that_calls_others_waits_as_itself() {
    let scene = Scene::new(vec![calls(&[("a", "call_tool_write"), ("b", "call_tool_read")]), says("Done.")]);
    let running = confirmed(&scene);
    let asked = until(&mut running.events(0), "tool_approval").await;
    assert_eq!(asked.data["tool"], "write");
    running.approve(&id(&asked), true).expect("approves");
    let outcome = scene.stored_once(&running).await;
    assert_eq!(outcome.tool_calls.iter().map(|ran| ran.tool.as_str()).collect::<Vec<_>>(), ["write", "read"]);
    assert_eq!(scene.bench.seen(), ["+write", "-write", "+read", "-read"]);
    // The model is told of the call that it made.
    let Message::Assistant { calls, .. } = &outcome.messages[1] else { panic!("the calls") };
    assert_eq!(calls[0].name, "call_tool_write");
    well_formed(&all(&running).await);
}
