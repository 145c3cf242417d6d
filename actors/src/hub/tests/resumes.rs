//! Streams that go on where they were.

use super::*;

#[tokio::test]
async fn the_ring_serves_a_short_absence_without_the_journal() {
    let world = World::new();
    let mut witness = world.live(world.employee(1));
    world.everyone(1, 20);
    seqs(&mut witness, 20).await;
    let before = world.books.pages();
    let mut stream = world.resumed(2, 12);
    world.everyone(21, 22);
    assert_eq!(seqs(&mut stream, 10).await, (13..=22).collect::<Vec<_>>());
    assert_eq!(world.books.pages(), before);
}

#[tokio::test]
async fn the_journal_serves_a_long_one_at_the_readers_pace() {
    let world = World::with(HubSettings { ring: 10, queue: 3, ..HubSettings::default() });
    world.write(1, 1300);
    world.commit(entry(1301, "shift.created", Audience::none().user(user(9))));
    let mut stream = world.resumed(1, 100);
    assert_eq!(seqs(&mut stream, 700).await, (101..=800).collect::<Vec<_>>());
    for seq in 1302..=1330 {
        world.everyone(seq, seq);
    }
    let rest = (801..=1330).filter(|seq| *seq != 1301).collect::<Vec<_>>();
    assert_eq!(seqs(&mut stream, rest.len()).await, rest);
    for seq in 1331..=1340 {
        world.everyone(seq, seq);
        assert_eq!(frame(&mut stream).await.0, seq);
    }
}

#[tokio::test]
async fn a_snapshot_is_followed_without_a_hole() {
    let world = World::new();
    world.write(1, 5);
    let mut stream = world.hub.subscribe(world.employee(1));
    world.everyone(6, 8);
    stream.start_after(6);
    assert_eq!(seqs(&mut stream, 2).await, [7, 8]);
    // Another node's commits, of which this process has not heard.
    world.write(9, 11);
    let mut other = world.hub.subscribe(world.employee(2));
    other.start_after(10);
    assert_eq!(frame(&mut other).await.0, 11);
    assert_eq!(seqs(&mut stream, 3).await, [9, 10, 11]);
}

#[tokio::test]
async fn a_position_only_the_journal_knows_is_no_reset() {
    let world = World::new();
    let mut witness = world.live(world.employee(1));
    world.everyone(1, 3);
    seqs(&mut witness, 3).await;
    world.write(4, 6);
    let mut stream = world.resumed(2, 6);
    world.everyone(7, 7);
    assert_eq!(frame(&mut stream).await.0, 7);
    assert_eq!(seqs(&mut witness, 4).await, [4, 5, 6, 7]);
}

#[tokio::test]
async fn positions_outside_the_journal_are_reset() {
    let world = World::new();
    world.write(50, 60);
    world.everyone(61, 61);
    for bad in [3, 48, 62, i64::MAX] {
        let mut stream = world.resumed(1, bad);
        assert_eq!(stream.next().await, Some(Delivery::Reset), "{bad}");
        stream.start_after(59);
        assert_eq!(seqs(&mut stream, 2).await, [60, 61], "{bad}");
    }
    assert_eq!(seqs(&mut world.resumed(1, 49), 12).await, (50..=61).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_empty_journal_has_no_position() {
    let world = World::new();
    let mut stream = world.resumed(1, 5);
    assert_eq!(stream.next().await, Some(Delivery::Reset));
    stream.start_after(0);
    world.everyone(1, 1);
    assert_eq!(frame(&mut stream).await.0, 1);
}

#[tokio::test]
async fn a_gap_that_the_journal_lost_resets_live_streams() {
    let world = World::new();
    let mut stream = world.live(world.employee(1));
    world.everyone(1, 1);
    assert_eq!(frame(&mut stream).await.0, 1);
    world.write(10, 10);
    world.everyone(11, 11);
    assert_eq!(stream.next().await, Some(Delivery::Reset));
    stream.start_after(10);
    assert_eq!(frame(&mut stream).await.0, 11);
}

#[tokio::test]
async fn a_gap_that_cannot_be_read_cuts_and_recovers() {
    let world = World::new();
    let mut stream = world.live(world.employee(1));
    world.everyone(1, 1);
    assert_eq!(frame(&mut stream).await.0, 1);
    world.write(2, 2);
    world.books.broken.store(true, Ordering::SeqCst);
    world.everyone(3, 3);
    assert_eq!(stream.next().await, Some(Delivery::Cut));
    world.books.broken.store(false, Ordering::SeqCst);
    assert_eq!(seqs(&mut world.resumed(1, 1), 2).await, [2, 3]);
}

#[tokio::test]
async fn a_resume_sees_only_what_its_user_may_see() {
    let world = World::new();
    world.write(1, 1);
    world.books.write(entry(2, "shift.created", Audience::admins()));
    world.books.write(entry(3, "shift.created", Audience::none().user(user(1))));
    world.books.write(entry(4, "task.assigned", Audience::everyone()));
    world.everyone(5, 5);
    let who = Subscriber { topics: Topics::parse("schedule").expect("parses"), after: 1, ..world.employee(1) };
    assert_eq!(seqs(&mut world.hub.subscribe(who), 2).await, [3, 5]);
}

#[tokio::test]
async fn a_crowd_after_a_restart_reads_the_journal_a_few_times_only() {
    let world = World::new();
    world.write(1, 5);
    let mut streams: Vec<_> = (0..200).map(|n| world.resumed(n, 5)).collect();
    let mut late = world.resumed(500, 3);
    assert_eq!(seqs(&mut late, 2).await, [4, 5]);
    world.everyone(6, 6);
    for stream in streams.iter_mut().chain([&mut late]) {
        assert_eq!(frame(stream).await.0, 6);
    }
    assert!(world.books.pages() < 20, "{} pages", world.books.pages());
}
