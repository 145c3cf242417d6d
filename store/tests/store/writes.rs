//! What is written, and what is refused.

use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::objects::{AttendanceRecord, Shift, User};
use workforceos_core::{Changes, DataObject, Error, Record, Timestamp};
use workforceos_store::{Due, Outcome};

use crate::database::{Fresh, NOW, commit, committed, refused};
use crate::objects::{attendance, company, group, id, people, purge, put, query, shift, user};
use crate::on_both;

async fn stored<T: DataObject>(fresh: &Fresh, object: &T) -> Option<Record> {
    let mut turn = fresh.store.turn(company(1)).await.expect("a turn");
    turn.get(T::def(), object.meta().id).await.expect("reads")
}

on_both!(rows_are_written_and_replaced);
async fn rows_are_written_and_replaced(fresh: &mut Fresh) {
    let ann = user(company(1), 1);
    assert!(fresh.store.turn(company(1)).await.expect("a turn").is_new());
    let entries = committed(&fresh.store, company(1), vec![put(&ann)]).await;
    assert_eq!((entries.len(), entries[0].seq), (1, 1));
    assert!(!entries[0].after.contains("argon2"), "{}", entries[0].after);
    assert_eq!(stored(fresh, &ann).await, Some(ann.to_record()));

    let mut next = ann.clone().touched(NOW);
    next.archive_date = Some(Timestamp(5));
    next.avatar = Some("a'; DROP TABLE users; --".to_owned());
    committed(&fresh.store, company(1), vec![put(&next)]).await;
    assert_eq!(stored(fresh, &ann).await, Some(next.to_record()));
    let turn = fresh.store.turn(company(1)).await.expect("a turn");
    assert_eq!((turn.seq(), turn.is_new()), (2, false));
    drop(turn);

    let gone = next.deleted(NOW);
    committed(&fresh.store, company(1), vec![put(&gone)]).await;
    assert_eq!(fresh.store.get(User::def(), Some(company(1)), gone.meta.id).await.expect("reads"), None);
    assert_eq!(stored(fresh, &gone).await, Some(gone.to_record()));
    committed(&fresh.store, company(1), vec![purge(&gone)]).await;
    assert_eq!(stored(fresh, &gone).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purges_of_a_table_are_one_statement() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let plan = shift(company(1), 100, &[], &[]);
    let users = people(&fresh.store, company(1), 30).await;
    let rows: Vec<_> = (0..30).map(|n| attendance(company(1), 200 + n as u128, &plan, UserId(users[n].meta.id))).collect();
    committed(&fresh.store, company(1), [vec![put(&plan)], rows.iter().map(put).collect()].concat()).await;
    let spy = "CREATE TABLE deletions (what TEXT);
        CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            INSERT INTO deletions VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
        CREATE TRIGGER tell AFTER DELETE ON shift EXECUTE FUNCTION tell();
        CREATE TRIGGER tell AFTER DELETE ON attendance_record EXECUTE FUNCTION tell()";
    fresh.raw(spy).await.expect("spies");
    // What is referred to is named first, and goes last.
    let all = [vec![purge(&plan)], rows.iter().map(purge).collect()].concat();
    committed(&fresh.store, company(1), all).await;
    let left = "SELECT (SELECT count(*) FROM shift) + (SELECT count(*) FROM attendance_record)";
    assert_eq!((fresh.number(left).await, fresh.number("SELECT count(*) FROM deletions").await), (0, 2));
    fresh.end().await;
}

on_both!(a_refusal_names_its_change_and_writes_nothing);
async fn a_refusal_names_its_change_and_writes_nothing(fresh: &mut Fresh) {
    let users = people(&fresh.store, company(1), 2).await;
    let newcomer = user(company(1), 9);
    let mut outdated = users[1].clone();
    outdated.meta.record_version = 3;
    let batch = vec![put(&users[0].clone().touched(NOW)), put(&newcomer), put(&outdated)];
    assert_eq!(refused(&fresh.store, company(1), batch).await, (2, "ConcurrentChange".to_owned()));
    assert_eq!(stored(fresh, &users[0]).await, Some(users[0].to_record()));
    assert_eq!(stored(fresh, &newcomer).await, None);
    // An update of a row that is not there makes none.
    let ghost = user(company(1), 77).touched(NOW);
    assert_eq!(refused(&fresh.store, company(1), vec![put(&ghost)]).await.0, 0);
    // The sequence has not moved, and goes on without a gap.
    let entries = committed(&fresh.store, company(1), vec![put(&newcomer)]).await;
    assert_eq!(entries[0].seq, 3);
}

on_both!(unique_values_are_unique);
async fn unique_values_are_unique(fresh: &mut Fresh) {
    let users = people(&fresh.store, company(1), 2).await;
    let mut twin = user(company(1), 5);
    twin.email = "USER1@example.com".to_owned();
    let taken = || Error::conflict("EmailTaken", "taken");
    assert_eq!(refused(&fresh.store, company(1), vec![put(&twin)]).await.1, "AlreadyExists");
    let batch = vec![put(&user(company(1), 6)), put(&twin).taken(taken)];
    assert_eq!(refused(&fresh.store, company(1), batch).await, (1, "EmailTaken".to_owned()));
    // Another company, and a deleted user's address, are free.
    let mut other = user(company(2), 50);
    other.email.clone_from(&twin.email);
    committed(&fresh.store, company(2), vec![put(&other)]).await;
    let gone = users[0].clone().deleted(NOW);
    committed(&fresh.store, company(1), vec![put(&gone), put(&twin)]).await;

    // Attendance is one record for ever.
    let work = shift(company(1), 100, &[], &[]);
    let first = attendance(company(1), 200, &work, UserId(users[1].meta.id));
    committed(&fresh.store, company(1), vec![put(&work), put(&first)]).await;
    committed(&fresh.store, company(1), vec![put(&first.clone().deleted(NOW))]).await;
    let again = AttendanceRecord { meta: workforceos_core::Meta::new(id(201), NOW, None), ..first };
    assert_eq!(refused(&fresh.store, company(1), vec![put(&again)]).await.1, "AlreadyExists");
    let nowhere = attendance(company(1), 202, &shift(company(1), 999, &[], &[]), UserId(users[1].meta.id));
    assert_eq!(refused(&fresh.store, company(1), vec![put(&nowhere)]).await.1, "ConcurrentChange");
}

on_both!(lists_of_ids_keep_their_order);
async fn lists_of_ids_keep_their_order(fresh: &mut Fresh) {
    let users: Vec<UserId> = people(&fresh.store, company(1), 5).await.iter().map(|u| UserId(u.meta.id)).collect();
    let team = group(company(1), 60);
    let mut work = shift(company(1), 100, &[users[3], users[0], users[4]], &[DepartmentId(team.meta.id)]);
    committed(&fresh.store, company(1), vec![put(&team), put(&work)]).await;
    assert_eq!(stored(fresh, &work).await, Some(work.to_record()));
    for list in [vec![users[4], users[1]], vec![users[1], users[4]], vec![], vec![users[2]]] {
        work = work.touched(NOW);
        work.assigned_user_ids = list;
        committed(&fresh.store, company(1), vec![put(&work)]).await;
        assert_eq!(stored(fresh, &work).await, Some(work.to_record()));
    }
    committed(&fresh.store, company(1), vec![purge(&work)]).await;
    assert!(fresh.store.select(&query::<Shift>(company(1), workforceos_core::Cond::TRUE)).await.expect("reads").is_empty());
}

on_both!(changes_of_one_batch_follow_each_other);
async fn changes_of_one_batch_follow_each_other(fresh: &mut Fresh) {
    let users = people(&fresh.store, company(1), 1).await;
    let ann = UserId(users[0].meta.id);
    let one = shift(company(1), 100, &[ann], &[]);
    let mut two = one.clone().touched(NOW);
    two.assigned_user_ids.clear();
    let three = two.clone().touched(NOW);
    let mut check = put(&user(company(1), 7));
    check.unchanged.push((Shift::def(), one.meta.id, 3));
    committed(&fresh.store, company(1), vec![put(&one), put(&two), put(&three), check]).await;
    assert_eq!(stored(fresh, &one).await, Some(three.to_record()));

    // Written and removed by the same batch, whichever way round.
    let brief = user(company(1), 8);
    committed(&fresh.store, company(1), vec![put(&brief), purge(&brief)]).await;
    assert_eq!(stored(fresh, &brief).await, None);
    committed(&fresh.store, company(1), vec![put(&brief)]).await;
    committed(&fresh.store, company(1), vec![purge(&brief), put(&brief)]).await;
    assert_eq!(stored(fresh, &brief).await, Some(brief.to_record()));
}

on_both!(preconditions_are_checked);
async fn preconditions_are_checked(fresh: &mut Fresh) {
    let users = people(&fresh.store, company(1), 2).await;
    let holds = |n: u128, version| {
        let mut changes = put(&user(company(1), n));
        changes.unchanged.push((User::def(), users[0].meta.id, version));
        changes
    };
    committed(&fresh.store, company(1), vec![holds(20, 1)]).await;
    assert_eq!(refused(&fresh.store, company(1), vec![holds(21, 1), holds(22, 2)]).await.0, 1);
    // Decided before the row changed in the same batch: the second no longer holds.
    let batch = vec![put(&users[0].clone().touched(NOW)), holds(23, 1)];
    assert_eq!(refused(&fresh.store, company(1), batch).await, (1, "ConcurrentChange".to_owned()));
    let batch = vec![holds(24, 1), put(&users[0].clone().touched(NOW)), holds(25, 2)];
    committed(&fresh.store, company(1), batch).await;
}

on_both!(faults_of_the_program_are_refused);
async fn faults_of_the_program_are_refused(fresh: &mut Fresh) {
    let silent = Changes::none().put(&user(company(1), 1));
    assert_eq!(refused(&fresh.store, company(1), vec![silent]).await.1, "InternalError");
    let foreign = put(&user(company(2), 1));
    assert_eq!(refused(&fresh.store, company(1), vec![foreign]).await.1, "InternalError");
    assert!(committed(&fresh.store, company(1), vec![Changes::none()]).await.is_empty());
    assert_eq!(fresh.store.turn(company(1)).await.expect("a turn").seq(), 0);
}

on_both!(one_company_at_fault_does_not_stop_the_others);
async fn one_company_at_fault_does_not_stop_the_others(fresh: &mut Fresh) {
    let mut tasks = Vec::new();
    for n in 0..60 {
        let store = fresh.store.clone();
        tasks.push(tokio::spawn(async move {
            let mut batch: Vec<Changes> = (0..5).map(|i| put(&user(company(n), n * 100 + i))).collect();
            if n % 10 == 3 {
                batch[2] = put(&user(company(n), n * 100 + 2).touched(NOW));
            }
            (n, commit(&store, company(n), batch).await)
        }));
    }
    for task in tasks {
        let (n, outcome) = task.await.expect("runs");
        match outcome {
            Outcome::Committed(entries) => assert!(n % 10 != 3 && entries.len() == 5, "{n}"),
            Outcome::Refused { index, .. } => assert!(n % 10 == 3 && index == 2, "{n}"),
            other => panic!("{n}: {other:?}"),
        }
        let count = fresh.store.count(&query::<User>(company(n), workforceos_core::Cond::TRUE)).await.expect("counts");
        assert_eq!(count, if n % 10 == 3 { 0 } else { 5 });
        let verified = fresh.store.verify(company(n)).await.expect("verifies");
        // A journal without its first entry is none.
        assert_eq!((verified.entries, verified.first_bad), (count, (count == 0).then_some(1)));
    }
}

on_both!(large_batches_are_written_whole);
async fn large_batches_are_written_whole(fresh: &mut Fresh) {
    let users: Vec<User> = (1..=3_001).map(|n| user(company(1), n)).collect();
    committed(&fresh.store, company(1), users.iter().map(put).collect()).await;
    let next: Vec<User> = users.into_iter().map(|u| u.touched(NOW)).collect();
    let one = next.iter().fold(Changes::none(), |changes, user| changes.put(user)).event(crate::objects::event(&next[0]));
    committed(&fresh.store, company(1), vec![one]).await;
    let mut turn = fresh.store.turn(company(1)).await.expect("a turn");
    let ids: Vec<_> = next.iter().map(|u| u.meta.id).collect();
    let mut rows = turn.get_many(User::def(), &ids).await.expect("reads");
    rows.sort_by_key(Record::id);
    assert!(rows.iter().eq(next.iter().map(DataObject::to_record).collect::<Vec<_>>().iter()));
}

on_both!(a_turn_that_is_dropped_changes_nothing);
async fn a_turn_that_is_dropped_changes_nothing(fresh: &mut Fresh) {
    drop(fresh.store.turn(company(1)).await.expect("a turn"));
    let turn = fresh.store.turn(company(1)).await.expect("another turn");
    assert!(turn.is_new());
    let outcome = turn.commit(vec![put(&user(company(1), 1))], NOW, Due::Sooner(None)).await;
    assert!(matches!(outcome, Outcome::Committed(_)));
}

on_both!(everything_is_there_after_a_restart);
async fn everything_is_there_after_a_restart(fresh: &mut Fresh) {
    people(&fresh.store, company(1), 3).await;
    fresh.reopen().await;
    let turn = fresh.store.turn(company(1)).await.expect("a turn");
    assert_eq!((turn.seq(), turn.is_new()), (3, false));
    drop(turn);
    committed(&fresh.store, company(1), vec![put(&user(company(1), 4))]).await;
    assert_eq!(fresh.store.verify(company(1)).await.expect("verifies").entries, 4);
}

#[tokio::test]
async fn one_process_owns_a_sqlite_file() {
    let fresh = Fresh::sqlite().await;
    let error = fresh.second().await.err().expect("is refused");
    assert_eq!(error.code, "DatabaseInUse");
    fresh.store.close().await;
    let second = fresh.second().await.expect("is free again");
    assert!(fresh.store.turn(company(1)).await.is_err());
    second.close().await;
    fresh.end().await;
}
