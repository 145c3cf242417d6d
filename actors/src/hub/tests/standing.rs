//! Streams whose user's session, role or departments change.

use super::*;

fn ended(seq: i64, object: &str, id: Uuid) -> Entry {
    about(seq, None, object, id, json!({"id": id, "isActive": false}), Audience::none())
}

fn member_changed(seq: i64, of: UserId) -> Entry {
    let after = json!({"id": "1", "isActive": true, "userId": of.0});
    about(seq, None, "userGroupMember", Uuid::from_u128(1), after, Audience::none())
}

fn to_department(seq: i64, n: u128) -> Entry {
    entry(seq, "announcement.sent", Audience { departments: vec![department(n).0], ..Audience::none() })
}

#[tokio::test]
async fn logout_and_key_deletion_end_their_streams_at_once() {
    let world = World::new();
    let (mut one, mut two) = (world.live(world.employee(1)), world.live(world.employee(2)));
    let mut three = world.live(world.employee(3));
    world.everyone(1, 1);
    assert_eq!(frame(&mut two).await.0, 1);
    world.commit(ended(2, "userSession", session(1)));
    world.commit(ended(3, "apiKey", session(3)));
    // The event before may or may not have been read; nothing after the end is.
    let mut last = one.next().await;
    if matches!(last, Some(Delivery::Event(_))) {
        last = one.next().await;
    }
    assert_eq!(last, Some(Delivery::Ended("logout")));
    assert_eq!(one.next().await, None);
    world.everyone(4, 4);
    assert_eq!(frame(&mut two).await.0, 4);
    assert_eq!(three.next().await, Some(Delivery::Ended("logout")));
    world.hub.end_session(session(2));
    assert_eq!(two.next().await, Some(Delivery::Ended("logout")));
}

#[tokio::test]
async fn a_session_of_another_company_ends_and_stays_ended() {
    let world = World::new();
    let mut stream = world.live(world.admin(1));
    let logout = Entry { company: CompanyId::ROOT, ..ended(1, "userSession", session(1)) };
    world.hub.publish(CompanyId::ROOT, [logout].into());
    assert_eq!(stream.next().await, Some(Delivery::Ended("logout")));
    // Decided on before the logout, registered after it.
    assert_eq!(world.live(world.admin(1)).next().await, Some(Delivery::Ended("logout")));
}

#[tokio::test]
async fn departments_hold_from_the_next_entry_on() {
    let world = World::new();
    let turns = Arc::new(tokio::sync::Semaphore::new(0));
    *world.books.slow.lock().unwrap() = Some(turns.clone());
    let who = Subscriber { departments: vec![department(1)], ..world.employee(1) };
    let mut stream = world.live(who);
    world.commit(to_department(1, 1));
    world.commit(to_department(2, 2));
    let person = Person { admin: false, departments: vec![department(2)] };
    world.books.people.lock().unwrap().insert(user(1), person);
    world.commit(member_changed(3, user(1)));
    world.commit(to_department(4, 1));
    world.commit(to_department(5, 2));
    assert_eq!(frame(&mut stream).await.0, 1);
    // One turn for the hub, one for the stream where it still reads the journal. What the stream showed was the other
    // department's: it begins anew.
    turns.add_permits(2);
    assert_eq!(stream.next().await, Some(Delivery::Anew));
    assert_eq!(frame(&mut stream).await.0, 5);
}

#[tokio::test]
async fn others_are_not_read_again() {
    let world = World::new();
    let mut stream = world.live(world.employee(1));
    world.commit(member_changed(1, user(2)));
    world.everyone(2, 2);
    assert_eq!(frame(&mut stream).await.0, 2);
    assert_eq!(world.books.people_read.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn role_loss_and_deletion_end_a_stream_and_a_new_admin_sees_more() {
    let world = World::new();
    let (mut loser, mut gone, mut winner) =
        (world.live(world.admin(1)), world.live(world.employee(2)), world.live(world.employee(3)));
    let people = [(user(1), Person::default()), (user(3), Person { admin: true, ..Person::default() })];
    world.books.people.lock().unwrap().extend(people);
    for n in 1..=3 {
        world.commit(about(n as i64, None, "user", user(n).0, json!({"id": user(n).0}), Audience::none()));
    }
    world.commit(entry(4, "payroll.generated", Audience::admins()));
    assert_eq!(loser.next().await, Some(Delivery::Ended("roleLost")));
    assert_eq!(gone.next().await, Some(Delivery::Ended("userGone")));
    assert_eq!(winner.next().await, Some(Delivery::Anew), "the whole board from now on");
    assert_eq!(frame(&mut winner).await.0, 4);
}

#[tokio::test]
async fn a_standing_that_changed_before_the_subscription_arrived_is_noticed() {
    let world = World::new();
    world.commit(about(1, None, "user", user(1).0, json!({"id": user(1).0}), Audience::none()));
    world.books.people.lock().unwrap().insert(user(1), Person::default());
    let mut stream = world.live(world.admin(1));
    assert_eq!(stream.next().await, Some(Delivery::Ended("roleLost")));
}

#[tokio::test]
async fn a_resume_ahead_of_the_hub_heeds_what_it_reads() {
    let world = World::new();
    world.write(1, 1);
    world.books.write(about(2, None, "user", user(1).0, json!({"id": user(1).0}), Audience::none()));
    world.books.write(ended(3, "userSession", session(2)));
    world.books.write(entry(4, "payroll.generated", Audience::admins()));
    world.books.people.lock().unwrap().insert(user(1), Person::default());
    let resumed = |n| world.hub.subscribe(Subscriber { after: 1, ..world.admin(n) });
    assert_eq!(resumed(1).next().await, Some(Delivery::Ended("roleLost")));
    assert_eq!(resumed(2).next().await, Some(Delivery::Ended("logout")));
    assert_eq!(frame(&mut resumed(3)).await.0, 4);
}
