//! Who gets what, in which order, how often.

use workforceos_core::change::View;
use workforceos_core::object::Level;

use super::super::frame::{EntryRef, Item, Shown};
use super::super::roster::Roster;
use super::*;

fn attendance(seq: i64) -> Entry {
    let after = json!({
        "id": "7", "status": "absent", "status_idx": 2, "absenceReason": "flu", "managerNote": "call back",
    });
    let audience = Audience::admins().manager(Some(user(2))).user(user(3));
    about(seq, Some("attendance.markedAbsent"), "attendanceRecord", Uuid::from_u128(7), after, audience)
}

#[tokio::test]
async fn each_role_gets_its_rendering() {
    let world = World::new();
    let (mut admin, mut manager) = (world.live(world.admin(1)), world.live(world.employee(2)));
    let (mut own, mut stranger) = (world.live(world.employee(3)), world.live(world.employee(4)));
    world.commit(attendance(1));
    world.everyone(2, 2);
    for stream in [&mut admin, &mut manager] {
        let (_, data) = frame(stream).await;
        assert_eq!(data["object"]["absenceReason"], "flu");
        assert_eq!((&data["seq"], &data["type"]), (&json!(1), &json!("attendance.markedAbsent")));
        assert_eq!((&data["at"], &data["actorId"]), (&json!("2026-05-28T20:26:40.000Z"), &Json::Null));
    }
    assert_eq!(frame(&mut own).await.1["object"], json!({"id": "7", "status": "absent", "status_idx": 2}));
    assert_eq!(frame(&mut stranger).await.0, 2);
}

#[tokio::test]
async fn one_stream_too_many_ends_the_users_oldest() {
    let world = World::with(HubSettings { per_user: 2, ..HubSettings::default() });
    let mut other = world.live(world.employee(2));
    let mut own: Vec<Subscription> = (0..3).map(|_| world.live(world.employee(1))).collect();
    assert_eq!(own[0].next().await, Some(Delivery::Ended("tooMany")));
    world.everyone(1, 1);
    for stream in own[1..].iter_mut().chain([&mut other]) {
        assert_eq!(frame(stream).await.0, 1);
    }
    // Who leaves makes room.
    drop(own.remove(1));
    own.push(world.live(world.employee(1)));
    world.everyone(2, 2);
    for stream in &mut own[1..] {
        assert_eq!(frame(stream).await.0, 2);
    }
}

#[test]
fn bytes_are_rendered_once_and_shared_where_nothing_is_hidden() {
    let item = |entry: Entry| EntryRef::all(&[entry].into()).find_map(Item::new).expect("streamed");
    let attendance = item(attendance(1));
    let (admin, employee) = (attendance.frame(Shown::At(Level::Admin)).bytes, attendance.frame(Shown::At(Level::Employee)).bytes);
    assert_ne!(admin, employee);
    assert_eq!(employee.as_ptr(), attendance.frame(Shown::At(Level::Employee)).bytes.as_ptr());
    assert_eq!(admin, attendance.frame(Shown::At(Level::Manager)).bytes);
    let shift = item(entry(1, "shift.created", Audience::everyone()));
    assert_eq!(shift.frame(Shown::At(Level::Admin)).bytes.as_ptr(), shift.frame(Shown::At(Level::Employee)).bytes.as_ptr());
    let id = Uuid::from_u128(5);
    let unknown = item(about(1, Some("x.y"), "undeclared", id, json!({"salary": 1}), Audience::everyone()));
    let text = unknown.frame(Shown::At(Level::Employee)).bytes;
    assert!(!std::str::from_utf8(&text).unwrap().contains("salary"));
}

/// A stepping generator is enough to mix audiences.
#[test]
fn the_index_finds_whom_the_audience_sees() {
    let mut random = 7_u64;
    let mut roll = move |sides: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % sides
    };
    let mut roster = Roster::default();
    for id in 0..40 {
        let departments = (0..4).filter(|_| roll(3) == 0).map(department).collect();
        let who = Subscriber {
            company: if id % 10 == 9 { CompanyId::ROOT } else { COMPANY },
            user: user(u128::from(roll(12))),
            session: session(id.into()),
            admin: roll(4) == 0,
            departments,
            topics: Topics::ALL,
            after: 0,
        };
        let ((queue, _), (end, _)) = (mpsc::channel(1), oneshot::channel());
        roster.add(Sub { id, who, phase: Phase::Live, stale: false, position: 0, queue, end });
    }
    for _ in 0..500 {
        let mut audience = || {
            let mut some = |make: fn(u128) -> Uuid| (0..12).filter(|_| roll(6) == 0).map(make).collect();
            let (managers, users) = (some(|n| user(n).0), some(|n| user(n).0));
            let (departments, except) = (some(|n| department(n).0), some(|n| user(n).0));
            let all = roll(5) == 0;
            Audience { all, admins: roll(2) == 0, managers, users, departments, except, ..Audience::none() }
        };
        let (now, before) = (audience(), audience());
        let entry = entry(1, "x", if roll(2) == 0 { now } else { now.instead_of(before) });
        let mut found: HashMap<SubId, View> = HashMap::new();
        roster.reached(&entry, |id, view| {
            let best = found.entry(id).or_insert(view);
            *best = view.min(*best);
        });
        for id in 0..40 {
            let who = &roster.get(id).expect("kept").who;
            let sees = entry.audience.sees(who.user, who.admin, &who.departments).filter(|_| who.company == COMPANY);
            assert_eq!(found.get(&id).copied(), sees);
        }
    }
    (0..40).for_each(|id| drop(roster.remove(id)));
    assert!(!roster.is_watched(COMPANY) && roster.len() == 0);
}

#[tokio::test]
async fn events_come_once_and_in_order_whatever_is_published() {
    let world = World::new();
    let mut stream = world.live(world.employee(1));
    world.write(1, 9);
    let publish = |seqs: &[i64]| {
        let entries = world.books.entries.lock().unwrap().clone();
        world.hub.publish(COMPANY, seqs.iter().map(|seq| entries[*seq as usize - 1].clone()).collect());
    };
    publish(&[1, 2]);
    publish(&[2]);
    publish(&[5, 6]);
    publish(&[1]);
    publish(&[9]);
    publish(&[5, 6, 7]);
    assert_eq!(seqs(&mut stream, 9).await, (1..=9).collect::<Vec<_>>());
    world.everyone(10, 10);
    assert_eq!(frame(&mut stream).await.0, 10);
}

#[tokio::test]
async fn what_the_full_queue_left_out_comes_from_the_journal() {
    let world = World::new();
    let mut stream = world.live(world.employee(1));
    world.everyone(1, 1);
    assert_eq!(frame(&mut stream).await.0, 1);
    world.hub.shared.backlog.store(BACKLOG, Relaxed);
    world.everyone(2, 4);
    assert_eq!(seqs(&mut stream, 3).await, [2, 3, 4]);
    world.hub.shared.backlog.store(0, Relaxed);
    world.everyone(5, 5);
    assert_eq!(frame(&mut stream).await.0, 5);
}

#[tokio::test]
async fn the_audit_log_alone_is_not_streamed() {
    let world = World::new();
    let mut stream = world.live(world.admin(1));
    world.commit(about(1, None, "shift", Uuid::nil(), Json::Null, Audience::everyone()));
    world.commit(entry(2, "shift.created", Audience::none()));
    world.everyone(3, 3);
    assert_eq!(frame(&mut stream).await.0, 3);
}

#[tokio::test]
async fn only_the_topics_asked_for_come() {
    let world = World::new();
    let topics = Topics::parse("leave,alerts").expect("parses");
    let mut stream = world.live(Subscriber { topics, ..world.employee(1) });
    for (seq, kind) in (1..).zip(["shift.created", "leave.requested", "task.assigned", "alert.raised"]) {
        world.commit(entry(seq, kind, Audience::everyone()));
    }
    assert_eq!(seqs(&mut stream, 2).await, [2, 4]);
}

#[tokio::test]
async fn a_slow_reader_is_cut_and_harms_nobody() {
    let world = World::with(HubSettings { queue: 4, ..HubSettings::default() });
    let (mut slow, mut fast) = (world.live(world.employee(1)), world.live(world.employee(2)));
    for seq in 1..=20 {
        world.everyone(seq, seq);
        assert_eq!(frame(&mut fast).await.0, seq);
    }
    assert_eq!(slow.next().await, Some(Delivery::Cut));
    assert_eq!(slow.next().await, None);
    assert_eq!(world.hub.stats(), HubStats { subscribers: 1, cut: 1, published: 20 });
    let mut again = world.resumed(1, 2);
    assert_eq!(seqs(&mut again, 18).await, (3..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn pacing_loses_nothing() {
    let world = World::with(HubSettings { burst: 1, ..HubSettings::default() });
    let mut streams: Vec<_> = (0..300).map(|n| world.live(world.employee(n))).collect();
    world.everyone(1, 100);
    for stream in &mut streams {
        assert_eq!(seqs(stream, 100).await, (1..=100).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn shutdown_is_told_to_streams_old_and_new() {
    let world = World::new();
    let mut stream = world.live(world.employee(1));
    world.hub.shutdown();
    assert_eq!(stream.next().await, Some(Delivery::Ended("shutdown")));
    assert_eq!(world.live(world.employee(1)).next().await, Some(Delivery::Ended("shutdown")));
    world.everyone(1, 1);
}

#[tokio::test]
async fn a_stream_that_is_dropped_is_forgotten() {
    let world = World::new();
    drop(world.live(world.employee(1)));
    let mut stream = world.live(world.employee(2));
    world.everyone(1, 1);
    assert_eq!(frame(&mut stream).await.0, 1);
    assert_eq!(world.hub.stats(), HubStats { subscribers: 1, cut: 0, published: 1 });
}

#[tokio::test]
async fn observers_hear_of_each_entry_once_before_publish_returns() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = heard.clone();
    let on_entries: OnEntry = Arc::new(move |entry| log.lock().unwrap().push(entry.seq));
    let world = World::with(HubSettings { on_entries: Some(on_entries), ..HubSettings::default() });
    world.everyone(1, 2);
    world.hub.publish(COMPANY, [entry(2, "shift.created", Audience::everyone())].into());
    assert_eq!(*heard.lock().unwrap(), [1, 2]);
    world.write(3, 4);
    world.everyone(5, 5);
    assert_eq!(*heard.lock().unwrap().last().unwrap(), 5);
    // With the gap filled for the stream, the observer has heard of it too.
    let mut stream = world.resumed(1, 4);
    assert_eq!(frame(&mut stream).await.0, 5);
    world.everyone(6, 6);
    assert_eq!(frame(&mut stream).await.0, 6);
    assert_eq!(*heard.lock().unwrap(), [1, 2, 5, 3, 4, 6]);
}
