//! Live streams: the board first, then every event once, to those who may see it, across reconnects and restarts.

use serde_json::json;
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, CHECK_OUT, RECORDS};
use crate::text;

on_both_databases!(
    the_board_then_events,
    a_resume_misses_nothing,
    a_resume_survives_a_restart,
    an_absurd_position_is_reset,
    topics_narrow_a_stream,
    streams_end_with_their_login,
    everybody_sees_what_they_may,
);

async fn ward(app: &TestApp) -> (Company, Person, Person) {
    let ward = app.company("ward", "Europe/Berlin").await;
    let (ann, mia) = (ward.employee("ann").await, ward.employee("mia").await);
    ward.manager_of(&mia, &[&ann]).await;
    (ward, ann, mia)
}

async fn the_board_then_events(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, _) = ward(&app).await;
    let early = ward.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let night = ward.shift("2026-05-31", "22:00-09:00", &[&ward.owner]).await;
    ward.shift("2026-06-02", "08:00-16:00", &[&ann]).await;
    ann.post(CHECK_IN, json!({"shiftId": early})).await.ok();

    let mut live = ward.owner.stream("").await;
    let board = live.snapshot().await;
    assert_eq!((board["date"].as_str(), board["timezone"].as_str()), (Some("2026-06-01"), Some("Europe/Berlin")));
    let shifts: Vec<String> = board["shifts"].as_array().expect("shifts").iter().map(|s| text(s, "id")).collect();
    assert_eq!(shifts, [night, early.clone()], "today's shifts, and those still running");
    assert_eq!(board["attendanceRecords"][0]["shiftId"], early.as_str());

    let mut own = ann.stream("").await;
    let board = own.snapshot().await;
    assert_eq!(board["shifts"].as_array().map(Vec::len), Some(1), "the own shifts: {board}");
    assert!(board["attendanceRecords"][0].get("managerNote").is_none());

    let next = ward.shift("2026-06-03", "08:00-16:00", &[&ann]).await;
    for stream in [&mut live, &mut own] {
        let event = stream.next().await.expect("an event");
        assert_eq!((event.kind(), event.object_id()), ("shift.created", next.as_str()));
        assert_eq!(event.data["seq"].as_i64(), event.id);
        assert_eq!(event.data["actorId"], ward.owner.text());
        assert_eq!(event.data["at"], "2026-06-01T06:00:00.000Z");
    }
}

async fn a_resume_misses_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, _) = ward(&app).await;
    let mut live = ward.owner.stream("").await;
    live.snapshot().await;
    let mut planned = Vec::new();
    for hour in 8..12 {
        planned.push(ward.shift("2026-06-05", &format!("{hour:02}:00-{:02}:00", hour + 1), &[&ann]).await);
    }
    let position = live.until_object(&planned[0]).await.pop().and_then(|e| e.id).expect("an id");
    drop(live);
    for hour in 12..16 {
        planned.push(ward.shift("2026-06-05", &format!("{hour:02}:00-{:02}:00", hour + 1), &[&ann]).await);
    }
    let mut live = ward.owner.stream_after("", Some(position)).await;
    let last = planned.last().expect("one").clone();
    let seen = live.until_object(&last).await;
    assert!(seen.iter().all(|e| e.name.is_none()), "no board when resuming: {seen:?}");
    let told: Vec<&str> = seen.iter().filter(|e| e.kind() == "shift.created").map(|e| e.object_id()).collect();
    assert_eq!(told, planned[1..].iter().map(String::as_str).collect::<Vec<_>>());
    assert!(seen.windows(2).all(|w| w[0].id < w[1].id), "ids grow");

    // As the query parameter, for clients that cannot set headers.
    let path = format!("/realtime-api/v1/stream?lastEventId={}", seen[seen.len() - 2].id.expect("an id"));
    let mut response = ward.owner.request(reqwest::Method::GET, &path).send().await.expect("the stream opens");
    let mut told = String::new();
    while !told.contains(&last) {
        let chunk = tokio::time::timeout(workforceos_tests::DEADLINE, response.chunk()).await.expect("the last event again");
        told.push_str(&String::from_utf8_lossy(&chunk.expect("readable").expect("open")));
    }
    assert!(!told.contains("snapshot"), "{told}");
}

async fn a_resume_survives_a_restart(db: Db) {
    let mut app = TestApp::start(db).await;
    let (ward, ann, _) = ward(&app).await;
    let mut live = ann.stream("").await;
    live.snapshot().await;
    let first = ward.shift("2026-06-05", "08:00-09:00", &[&ann]).await;
    let position = live.until_object(&first).await.pop().and_then(|e| e.id).expect("an id");
    let missed = ward.shift("2026-06-05", "09:00-10:00", &[&ann]).await;
    let told = tokio::spawn(async move { live.ended().await });
    app.restart().await;
    assert_eq!(told.await.expect("the reader ends"), "shutdown");

    let later = ward.shift("2026-06-05", "10:00-11:00", &[&ann]).await;
    let mut live = ann.stream_after("", Some(position)).await;
    let seen = live.until_object(&later).await;
    let told: Vec<&str> = seen.iter().map(|e| e.object_id()).collect();
    assert_eq!(told, [missed.as_str(), later.as_str()]);
    assert!(seen.iter().all(|e| e.id > Some(position)));
}

async fn an_absurd_position_is_reset(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, _) = ward(&app).await;
    let mut live = ann.stream_after("", Some(9_000_000_000)).await;
    let reset = live.next().await.expect("an event");
    assert_eq!(reset.name.as_deref(), Some("reset"));
    live.snapshot().await;
    let next = ward.shift("2026-06-05", "08:00-09:00", &[&ann]).await;
    assert_eq!(live.next().await.expect("an event").object_id(), next);
    for bad in ["-1", "x", "1.5", "9999999999999999999999"] {
        let path = format!("/realtime-api/v1/stream?lastEventId={bad}");
        assert_eq!(ann.get(&path).await.bad_fields(), ["lastEventId"], "{bad}");
    }
}

async fn topics_narrow_a_stream(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, _) = ward(&app).await;
    let mut attendance = ward.owner.stream("attendance").await;
    let mut schedule = ward.owner.stream("schedule,leave").await;
    attendance.snapshot().await;
    schedule.snapshot().await;
    let shift = ward.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let record = text(&ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id");
    let next = ward.shift("2026-06-03", "08:00-16:00", &[&ann]).await;
    app.clock.advance_minutes(60);
    ann.post(CHECK_OUT, json!({"attendanceRecordId": record})).await.ok();
    let kinds = |seen: Vec<workforceos_tests::Seen>| seen.iter().map(|e| e.kind().to_owned()).collect::<Vec<_>>();
    let came = attendance.until(|e| e.kind() == "attendance.checkedOut").await;
    assert_eq!(kinds(came), ["attendance.checkedIn", "attendance.checkedOut"]);
    assert_eq!(kinds(schedule.until_object(&next).await), ["shift.created", "shift.created"]);
    assert_eq!(ward.owner.get("/realtime-api/v1/stream?topics=attendance,weather").await.bad_fields(), ["topics"]);
}

async fn streams_end_with_their_login(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, _) = ward(&app).await;
    let mut again = ann.clone();
    again.log_in().await;
    let mut live = ann.stream("").await;
    let mut other = again.stream("").await;
    live.snapshot().await;
    other.snapshot().await;
    ann.post("/auth-api/logout", json!({})).await.ok();
    assert_eq!(live.ended().await, "logout");
    ann.get(RECORDS).await.refused(401, "LoginRequired");

    let made = again.post("/auth-api/v1/apikeys", json!({"name": "board"})).await.ok();
    let mut by_key = again.with_token(&text(&made, "key")).stream("").await;
    by_key.snapshot().await;
    again.delete(&format!("/auth-api/v1/apikeys/{}", text(&made["apiKey"], "id"))).await.ok();
    assert_eq!(by_key.ended().await, "logout");
    // The other login goes on.
    other.next_is(ward.shift("2026-06-05", "08:00-09:00", &[&ann]).await).await;
    app.anonymous().get("/realtime-api/v1/stream").await.refused(401, "LoginRequired");
}

async fn everybody_sees_what_they_may(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, mia) = ward(&app).await;
    let bob = ward.employee("bob").await;
    let foreign = app.company("foreign", "UTC").await;
    let (mut owner, mut manager, mut own) = (ward.owner.stream("").await, mia.stream("").await, ann.stream("").await);
    let (mut stranger, mut abroad) = (bob.stream("").await, foreign.owner.stream("").await);
    for live in [&mut owner, &mut manager, &mut own, &mut stranger, &mut abroad] {
        live.snapshot().await;
    }
    let shift = ward.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let body = json!({"shiftId": shift, "userId": ann.text(), "managerNote": "came by taxi"});
    let record = text(&mia.post(CHECK_IN, body).await.ok()["attendanceRecord"], "id");
    let of_both = ward.shift("2026-06-02", "08:00-16:00", &[&ann, &bob]).await;
    let abroad_own = foreign.shift("2026-06-02", "08:00-16:00", &[]).await;
    let end = ward.shift("2026-06-04", "08:00-16:00", &[&ann, &bob, &mia]).await;

    let note = |seen: &[workforceos_tests::Seen]| seen.iter().find(|e| e.object_id() == record).map(|e| e.data["object"].clone());
    let ids = |seen: &[workforceos_tests::Seen]| seen.iter().map(|e| e.object_id().to_owned()).collect::<Vec<_>>();
    let seen = owner.until_object(&end).await;
    assert_eq!(ids(&seen), [shift.clone(), record.clone(), of_both.clone(), end.clone()]);
    assert_eq!(note(&seen).expect("seen")["managerNote"], "came by taxi");
    let seen = manager.until_object(&end).await;
    assert_eq!(ids(&seen), [shift.clone(), record.clone(), end.clone()], "not a shift with somebody else's people");
    assert_eq!(note(&seen).expect("seen")["managerNote"], "came by taxi");
    let seen = own.until_object(&end).await;
    assert_eq!(ids(&seen), [shift, record.clone(), of_both.clone(), end.clone()]);
    let object = note(&seen).expect("seen");
    assert!(object.get("managerNote").is_none() && object.get("absenceReason").is_none(), "{object}");
    assert_eq!(ids(&stranger.until_object(&end).await), [of_both, end]);
    assert_eq!(ids(&abroad.until_object(&abroad_own).await), [abroad_own]);
}
