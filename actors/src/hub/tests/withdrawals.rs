//! Streams whose user may see less than before, or other things: what is gone is told, and nothing is told that was theirs once.

use super::*;

/// A shift that goes from user 1 to user 2, who see nothing else of it.
fn passed(seq: i64) -> Entry {
    let before = Audience::admins().user(user(1)).manager(Some(user(3)));
    entry(seq, "shift.updated", Audience::admins().user(user(2)).instead_of(before))
}

fn assigned(seq: i64) -> Entry {
    entry(seq, "shift.created", Audience::admins().user(user(1)))
}

/// An entry of the audit log by which a user reaches others.
fn reaching(seq: i64, n: u128) -> Entry {
    about(seq, None, "employeeProfile", Uuid::from_u128(1), json!({"userId": user(9).0}), Audience::none().reaching([user(n)]))
}

fn standing(world: &World, n: u128) {
    world.books.people.lock().unwrap().insert(user(n), Person::default());
}

#[tokio::test]
async fn who_loses_an_object_is_told_its_id_alone() {
    let world = World::new();
    let mut streams = [1, 2, 3].map(|n| world.live(world.employee(n)));
    let mut admin = world.live(world.admin(4));
    let mut stranger = world.live(world.employee(5));
    world.commit(Entry { actor: Some(user(7)), ..passed(1) });
    world.everyone(2, 2);
    let gone = json!({"seq": 1, "type": "shift.deleted", "at": "2026-05-28T20:26:40.000Z", "actorId": null,
        "object": {"id": Uuid::from_u128(9), "isActive": false, "withdrawn": true}});
    let [loser, winner, manager] = &mut streams;
    assert_eq!(frame(loser).await, (1, gone.clone()));
    assert_eq!(frame(manager).await, (1, gone));
    for stream in [winner, &mut admin] {
        let (_, data) = frame(stream).await;
        assert_eq!((&data["type"], &data["object"]["location"]), (&json!("shift.updated"), &json!("Ward")));
    }
    assert_eq!(frame(&mut stranger).await.0, 2, "who never saw it hears nothing");
}

#[tokio::test]
async fn every_topic_has_a_type_that_takes_away() {
    let world = World::new();
    let mut stream = world.live(world.employee(1));
    let kinds = [
        ("task.updated", "task.cancelled"),
        ("leave.updated", "leave.cancelled"),
        ("announcement.scheduled", "announcement.cancelled"),
        ("profile.updated", "profile.deleted"),
    ];
    for (seq, (kind, gone)) in (1..).zip(kinds) {
        world.commit(entry(seq, kind, Audience::admins().instead_of(Audience::none().user(user(1)))));
        assert_eq!(frame(&mut stream).await.1["type"], gone);
    }
}

/// From the ring, and from the journal alone.
#[tokio::test]
async fn a_resume_from_before_a_loss_begins_anew() {
    for ring in [1024, 1] {
        let world = World::with(HubSettings { ring, ..HubSettings::default() });
        let mut witness = world.live(world.admin(8));
        world.everyone(1, 1);
        world.commit(assigned(2));
        world.commit(passed(3));
        world.everyone(4, 6);
        seqs(&mut witness, 6).await;
        let mut lost = world.resumed(1, 1);
        assert_eq!(lost.next().await, Some(Delivery::Reset), "not what was theirs then");
        lost.start_after(4);
        assert_eq!(seqs(&mut lost, 2).await, [5, 6]);
        // From after it, and for those who lost nothing, a resume goes on.
        assert_eq!(seqs(&mut world.resumed(1, 3), 3).await, [4, 5, 6]);
        assert_eq!(seqs(&mut world.resumed(2, 1), 4).await, [3, 4, 5, 6]);
        assert_eq!(seqs(&mut world.resumed(5, 1), 3).await, [4, 5, 6]);
        // After a snapshot that still has the object the loss is an event like others.
        let mut late = world.hub.subscribe(world.employee(1));
        late.start_after(2);
        assert_eq!(seqs(&mut late, 4).await, [3, 4, 5, 6]);
    }
}

/// The events up to `last`, and among them, not before its own, that `position` is reached.
async fn until_reached(stream: &mut Subscription, position: i64, last: i64) -> Vec<i64> {
    let (mut seen, mut reached) = (Vec::new(), false);
    while !reached || seen.last() != Some(&last) {
        match stream.next().await {
            Some(Delivery::Event(frame)) => seen.push(frame.seq),
            Some(Delivery::Reached(at)) => {
                assert!(at == position && seen.contains(&position), "{seen:?}");
                reached = true;
            }
            other => panic!("neither an event nor a position: {other:?}"),
        }
    }
    seen
}

#[tokio::test]
async fn another_reach_begins_anew_at_once_and_on_resume() {
    for ring in [1024, 1] {
        let world = World::with(HubSettings { ring, ..HubSettings::default() });
        [1, 2, 3].into_iter().for_each(|n| standing(&world, n));
        let (mut manager, mut other) = (world.live(world.employee(1)), world.live(world.employee(2)));
        world.everyone(1, 2);
        seqs(&mut manager, 2).await;
        world.commit(reaching(3, 1));
        world.everyone(4, 6);
        // What comes after it comes all the same, and when the position of the new snapshot is reached is told.
        assert_eq!(manager.next().await, Some(Delivery::Anew));
        assert_eq!(seqs(&mut manager, 3).await, [4, 5, 6]);
        manager.tell_when_at(5);
        assert_eq!(manager.next().await, Some(Delivery::Reached(5)));
        manager.tell_when_at(8);
        world.everyone(7, 9);
        assert_eq!(until_reached(&mut manager, 8, 9).await, [7, 8, 9]);
        assert_eq!(seqs(&mut other, 8).await, [1, 2, 4, 5, 6, 7, 8, 9]);
        assert_eq!(world.resumed(1, 1).next().await, Some(Delivery::Reset));
        assert_eq!(seqs(&mut world.resumed(1, 3), 3).await, [4, 5, 6]);
        assert_eq!(seqs(&mut world.resumed(3, 1), 4).await, [2, 4, 5, 6]);
    }
}

#[tokio::test]
async fn a_snapshot_read_while_the_reach_changes_is_read_again() {
    let world = World::new();
    standing(&world, 1);
    let mut witness = world.live(world.employee(2));
    let mut stream = world.hub.subscribe(world.employee(1));
    world.commit(reaching(1, 1));
    world.everyone(2, 2);
    assert_eq!(frame(&mut witness).await.0, 2);
    // Read at 1, perhaps with the reach of before; or before 1.
    stream.start_after(1);
    assert_eq!(stream.next().await, Some(Delivery::Anew));
    assert_eq!(frame(&mut stream).await.0, 2);
    let mut late = world.hub.subscribe(world.employee(1));
    late.start_after(0);
    assert_eq!(late.next().await, Some(Delivery::Anew));
    assert_eq!(frame(&mut late).await.0, 2);
}

#[tokio::test]
async fn admins_reach_everybody_whomever_they_manage() {
    let world = World::new();
    world.books.people.lock().unwrap().insert(user(1), Person { admin: true, ..Person::default() });
    let mut admin = world.live(world.admin(1));
    world.commit(reaching(1, 1));
    world.everyone(2, 2);
    assert_eq!(frame(&mut admin).await.0, 2);
}

#[tokio::test]
async fn many_losses_after_a_position_make_it_too_old() {
    let world = World::with(HubSettings { ring: 1, ..HubSettings::default() });
    (1..=2_001).for_each(|seq| drop(world.books.write(passed(seq))));
    world.write(2_002, 2_003);
    assert_eq!(world.resumed(5, 1).next().await, Some(Delivery::Reset));
    let mut stream = world.resumed(5, 2);
    assert_eq!(seqs(&mut stream, 2).await, [2_002, 2_003]);
}
