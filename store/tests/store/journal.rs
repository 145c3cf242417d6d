//! The journal: its order, its chain, and what it names.

use workforceos_core::id::UserId;
use workforceos_core::objects::{AttendanceRecord, Shift, User};
use workforceos_core::{Changes, DataObject, ObjectDef};

use crate::database::{Fresh, NOW, committed};
use crate::objects::{attendance, company, event, people, put, shift, user};
use crate::on_both;

on_both!(entries_come_in_order);
async fn entries_come_in_order(fresh: &mut Fresh) {
    assert_eq!(fresh.store.oldest_seq(company(1)).await.expect("reads"), None);
    let users: Vec<User> = (1..=5).map(|n| user(company(1), n)).collect();
    let written = committed(&fresh.store, company(1), users.iter().map(put).collect()).await;
    let read = fresh.store.journal(company(1), 2, 2).await.expect("reads");
    assert_eq!(read.iter().map(|e| e.seq).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(format!("{:?}", read[0]), format!("{:?}", written[2]));
    assert_eq!(fresh.store.oldest_seq(company(1)).await.expect("reads"), Some(1));
    let (seq, _) = fresh.store.snapshot(company(1), &[]).await.expect("reads");
    assert_eq!(seq, 5);
}

on_both!(what_was_touched_is_named);
async fn what_was_touched_is_named(fresh: &mut Fresh) {
    let users = people(&fresh.store, company(1), 3).await;
    let both = users[..2].iter().map(|u| u.clone().touched(NOW)).fold(Changes::none(), |c, u| c.put(&u));
    let both = both.event(event(&users[0])).event(event(&users[1]));
    let audit_alone = Changes::none().event(event(&users[2]));
    committed(&fresh.store, company(1), vec![both, audit_alone]).await;
    let mut turn = fresh.store.turn(company(1)).await.expect("a turn");
    let any = |_: &ObjectDef| true;
    let touched = turn.touched_since(3, 10, any).await.expect("reads").expect("reaches back");
    let ids: Vec<_> = touched.iter().map(|(def, id)| (def.name, *id)).collect();
    assert_eq!(ids, [("user", users[0].meta.id), ("user", users[1].meta.id)]);
    assert_eq!(turn.touched_since(0, 10, any).await.expect("reads").expect("reaches back").len(), 3);
    assert_eq!(turn.touched_since(6, 10, any).await.expect("reads"), Some(vec![]));
    assert_eq!(turn.touched_since(0, 5, any).await.expect("reads"), None);
    assert_eq!(turn.touched_since(7, 10, any).await.expect("reads"), None);
    // What is not wanted is neither named nor counted.
    let shifts = |def: &ObjectDef| *def == *Shift::def();
    assert_eq!(turn.touched_since(0, 6, shifts).await.expect("reads"), Some(vec![]));
}

on_both!(the_journal_is_append_only);
async fn the_journal_is_append_only(fresh: &mut Fresh) {
    people(&fresh.store, company(1), 2).await;
    for forbidden in [
        "DELETE FROM journal",
        "UPDATE journal SET actor_id = NULL",
        "UPDATE journal SET after = 'null'",
        "UPDATE journal SET after = NULL, digest = 'x'",
    ] {
        assert!(fresh.raw(forbidden).await.is_err(), "{forbidden}");
    }
    fresh.raw("UPDATE journal SET after = NULL, before = NULL, extra = NULL, salt = NULL WHERE seq = 1").await.expect("erases");
    // The database lets content go, but nothing says that we erased it.
    let verified = fresh.store.verify(company(1)).await.expect("verifies");
    assert_eq!((verified.entries, verified.erased, verified.first_bad), (2, 0, Some(1)));
    assert_eq!(&*fresh.store.journal(company(1), 0, 9).await.expect("reads")[0].after, "null");
}

on_both!(alterations_are_found);
async fn alterations_are_found(fresh: &mut Fresh) {
    fresh.drop_triggers().await;
    let cases = [
        ("UPDATE journal SET after = '{}' WHERE seq = 4 AND company_id = $", 4),
        ("UPDATE journal SET audited = 0 WHERE seq = 3 AND company_id = $", 3),
        ("UPDATE journal SET touched = NULL WHERE seq = 2 AND company_id = $", 2),
        ("UPDATE journal SET extra = NULL WHERE seq = 2 AND company_id = $", 2),
        ("UPDATE journal SET actor_id = NULL WHERE seq = 5 AND company_id = $", 5),
        ("DELETE FROM journal WHERE seq = 3 AND company_id = $", 3),
        ("DELETE FROM journal WHERE seq = 1 AND company_id = $", 1),
        ("DELETE FROM journal WHERE seq > 3 AND company_id = $", 4),
        ("DELETE FROM journal WHERE company_id = $", 1),
        (
            "UPDATE journal SET seq = 90 WHERE seq = 2 AND company_id = $; UPDATE journal SET seq = 2 WHERE seq = 3 AND \
             company_id = $; UPDATE journal SET seq = 3 WHERE seq = 90 AND company_id = $",
            2,
        ),
        ("DELETE FROM journal WHERE seq = 5 AND company_id = $; UPDATE tenant SET seq = 4 WHERE id = $", 4),
        // One that counts as neither listed nor unlisted.
        ("UPDATE journal SET audited = 2 WHERE seq = 3 AND company_id = $", 3),
        ("UPDATE journal SET salt = NULL WHERE seq = 3 AND company_id = $", 3),
        ("UPDATE journal SET seq = 70 WHERE seq = 5 AND company_id = $", 5),
        // An older state, of which only this process knows that it is older.
        (
            "DELETE FROM journal WHERE seq > 3 AND company_id = $; UPDATE tenant SET seq = 3, chain = (SELECT chain FROM journal \
             WHERE seq = 3 AND company_id = $) WHERE id = $",
            4,
        ),
        ("DELETE FROM journal WHERE company_id = $; DELETE FROM tenant WHERE id = $", 1),
    ];
    for (n, (sql, first_bad)) in cases.iter().enumerate() {
        let company = company(n as u128);
        let users: Vec<User> = (0..5).map(|i| user(company, n as u128 * 10 + i)).collect();
        committed(&fresh.store, company, users.iter().map(put).collect()).await;
        assert_eq!(fresh.store.verify(company).await.expect("verifies").first_bad, None);
        fresh.raw(&sql.replace('$', &format!("'{company}'"))).await.expect("alters");
        let verified = fresh.store.verify(company).await.expect("verifies");
        assert_eq!(verified.first_bad, Some(*first_bad), "{sql}");
    }
}

on_both!(long_journals_are_walked);
async fn long_journals_are_walked(fresh: &mut Fresh) {
    // More than two pages, then exactly two.
    let users: Vec<User> = (1..=4_001).map(|n| user(company(1), n)).collect();
    committed(&fresh.store, company(1), users.iter().map(put).collect()).await;
    let verified = fresh.store.verify(company(1)).await.expect("verifies");
    assert_eq!((verified.entries, verified.first_bad), (4_001, None));
    let users: Vec<User> = (5_001..=9_000).map(|n| user(company(3), n)).collect();
    committed(&fresh.store, company(3), users.iter().map(put).collect()).await;
    let verified = fresh.store.verify(company(3)).await.expect("verifies");
    assert_eq!((verified.entries, verified.first_bad), (4_000, None));
    let nothing = fresh.store.verify(company(2)).await.expect("verifies");
    assert_eq!((nothing.entries, nothing.first_bad), (0, Some(1)), "every company begins with an entry");
    assert_eq!(User::def().name, "user");
}

on_both!(a_person_is_erased_and_the_chain_stays_whole);
async fn a_person_is_erased_and_the_chain_stays_whole(fresh: &mut Fresh) {
    let store = &fresh.store;
    let users = people(store, company(1), 2).await;
    let (ann, bob) = (UserId(users[0].meta.id), UserId(users[1].meta.id));
    let shift = shift(company(1), 10, &[ann, bob], &[]);
    let (hers, his) = (attendance(company(1), 11, &shift, ann), attendance(company(1), 12, &shift, bob));
    committed(store, company(1), vec![put(&shift), put(&hers), put(&his)]).await;
    let elsewhere = crate::objects::shift(company(2), 14, &[], &[]);
    let same_name = AttendanceRecord { company_id: company(2), ..attendance(company(1), 13, &elsewhere, ann) };
    committed(store, company(2), vec![put(&elsewhere), put(&same_name)]).await;
    let erasure = store.traces(company(1), ann).await.expect("looks");
    assert_eq!((&erasure.found[..], erasure.up_to), (&[1, 4][..], 5));
    // Something more about her comes in between, and the change that erases her has an entry of its own.
    committed(store, company(1), vec![put(&hers.clone().touched(NOW))]).await;
    let nameless = User { fullname: "Deleted user".to_owned(), ..users[0].clone() }.deleted(NOW);
    let forget = Changes { erasure: Some(erasure), ..put(&nameless) };
    committed(store, company(1), vec![forget]).await;
    let left: Vec<i64> = entries_with_content(fresh).await;
    assert_eq!(left, [2, 3, 5, 7]);
    let verified = fresh.store.verify(company(1)).await.expect("verifies");
    assert_eq!((verified.entries, verified.erased, verified.first_bad), (7, 3, None));
    let erased = "SELECT count(*) FROM journal WHERE salt IS NULL AND before IS NULL AND extra IS NULL";
    assert_eq!(fresh.number(erased).await, 3, "those three, and none of another company");
    // What tells of it is not erased by a second erasure, and an erasure that nothing tells of shows.
    let again = store.traces(company(1), ann).await.expect("looks");
    assert_eq!((&again.found[..], again.up_to), (&[][..], 7));
    let nobody = Changes { erasure: Some(again), ..put(&users[1].clone().touched(NOW)) };
    let turn = store.turn(company(1)).await.expect("a turn");
    let refused = turn.commit(vec![nobody], NOW, workforceos_store::Due::Sooner(None)).await;
    assert!(matches!(refused, workforceos_store::Outcome::Refused { index: 0, .. }), "no entry tells of it: {refused:?}");
    for (seq, first_bad) in [(5, 5), (2, 2), (7, 1)] {
        let gone = "UPDATE journal SET after = NULL, before = NULL, extra = NULL, salt = NULL WHERE seq = $ AND company_id = '#'";
        fresh.raw(&gone.replace('$', &seq.to_string()).replace('#', &company(1).to_string())).await.expect("goes");
        let verified = fresh.store.verify(company(1)).await.expect("verifies");
        assert_eq!(verified.first_bad, Some(first_bad), "{seq}: with the entry that tells of them all three are unaccounted for");
    }
}

on_both!(what_is_decided_beside_an_erasure_is_erased_too);
async fn what_is_decided_beside_an_erasure_is_erased_too(fresh: &mut Fresh) {
    let store = &fresh.store;
    let users = people(store, company(1), 2).await;
    let ann = UserId(users[0].meta.id);
    let shift = shift(company(1), 10, &[ann], &[]);
    let hers = attendance(company(1), 11, &shift, ann);
    committed(store, company(1), vec![put(&shift), put(&hers)]).await;
    let erasure = store.traces(company(1), ann).await.expect("looks");
    // All in one batch: one before, the erasure with its own entry, and one after it.
    let before = put(&hers.clone().touched(NOW));
    let nameless = User { fullname: "Deleted user".to_owned(), ..users[0].clone() }.deleted(NOW);
    let after = put(&hers.clone().touched(NOW).touched(NOW));
    committed(store, company(1), vec![before, Changes { erasure: Some(erasure), ..put(&nameless) }, after]).await;
    assert_eq!(entries_with_content(fresh).await, [2, 3, 6, 7]);
    let verified = store.verify(company(1)).await.expect("verifies");
    assert_eq!((verified.erased, verified.first_bad), (3, None));
}

async fn entries_with_content(fresh: &Fresh) -> Vec<i64> {
    let entries = fresh.store.journal(company(1), 0, 100).await.expect("reads");
    entries.iter().filter(|e| &*e.after != "null").map(|e| e.seq).collect()
}
