//! Proving journals: beside people being forgotten, after some were, and of companies of which little is left.

use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::objects::User;
use workforceos_core::{Changes, DataObject as _};
use workforceos_store::{Store, Verified};

use crate::database::{Fresh, NOW, committed};
use crate::objects::{company, people, put, user};
use crate::on_both;

/// Erases a person's entries, as the purge does.
async fn forget(store: &Store, company: CompanyId, user: &User) {
    let erasure = store.traces(company, UserId(user.meta.id)).await.expect("looks");
    let nameless = User { fullname: "Deleted user".to_owned(), ..user.clone() }.deleted(NOW);
    committed(store, company, vec![Changes { erasure: Some(erasure), ..put(&nameless) }]).await;
}

/// Content that goes without anything that tells of it; no trigger forbids it.
async fn wipe(fresh: &Fresh, seq: i64) {
    let wipe = "UPDATE journal SET after = NULL, before = NULL, extra = NULL, salt = NULL WHERE seq = ";
    fresh.raw(&format!("{wipe}{seq}")).await.expect("goes");
}

/// Proves the company's journal until everybody is forgotten.
async fn proved_beside(store: &Store, users: Vec<User>) -> Vec<Verified> {
    let forgetting = store.clone();
    let all = tokio::spawn(async move {
        for user in &users {
            forget(&forgetting, company(1), user).await;
        }
    });
    let mut found = Vec::new();
    while !all.is_finished() {
        found.push(store.verify(company(1)).await.expect("verifies"));
    }
    all.await.expect("forgets");
    found
}

on_both!(a_proof_beside_people_being_forgotten_finds_nothing_but_what_is_bad);
async fn a_proof_beside_people_being_forgotten_finds_nothing_but_what_is_bad(fresh: &mut Fresh) {
    // The walk takes a while to where the people are.
    let users: Vec<User> = (1..=4_125).map(|n| user(company(1), n)).collect();
    committed(&fresh.store, company(1), users.iter().map(put).collect()).await;
    let found = proved_beside(&fresh.store, users[4_000..4_060].to_vec()).await;
    assert!(found.len() > 1 && found.iter().all(|verified| verified.first_bad.is_none()), "{found:?}");
    assert!(found.windows(2).all(|pair| pair[0].entries <= pair[1].entries), "{found:?}");
    wipe(fresh, 4_123).await;
    let found = proved_beside(&fresh.store, users[4_060..4_120].to_vec()).await;
    assert!(found.len() > 1 && found.iter().all(|verified| verified.first_bad == Some(4_123)), "{found:?}");
    let verified = fresh.store.verify(company(1)).await.expect("verifies");
    assert_eq!((verified.entries, verified.erased, verified.first_bad), (4_245, 120, Some(4_123)));
}

on_both!(what_was_erased_lawfully_is_not_blamed_for_what_comes_later);
async fn what_was_erased_lawfully_is_not_blamed_for_what_comes_later(fresh: &mut Fresh) {
    fresh.drop_triggers().await;
    // Twelve entries: the third is erased, and the ninth tells of it.
    let cases = [
        // Altered, removed or put elsewhere between the two.
        ("UPDATE journal SET action = 'x' WHERE seq = 6 AND company_id = $", 6),
        ("UPDATE journal SET after = '{}' WHERE seq = 6 AND company_id = $", 6),
        ("DELETE FROM journal WHERE seq = 6 AND company_id = $", 6),
        ("UPDATE journal SET seq = 60 WHERE seq = 6 AND company_id = $", 6),
        // What tells of it is altered, moved, or gone with all that followed.
        ("UPDATE journal SET request_id = 'x' WHERE seq = 9 AND company_id = $", 9),
        ("UPDATE journal SET seq = 90 WHERE seq = 9 AND company_id = $", 9),
        ("DELETE FROM journal WHERE seq = 9 AND company_id = $", 9),
        ("DELETE FROM journal WHERE seq > 7 AND company_id = $", 8),
        ("DELETE FROM journal WHERE seq > 7 AND company_id = $; UPDATE tenant SET seq = 7 WHERE id = $", 7),
        // An older state of which only this process knows that it is older.
        (
            "DELETE FROM journal WHERE seq > 7 AND company_id = $; UPDATE tenant SET seq = 7, chain = (SELECT chain FROM journal \
             WHERE seq = 7 AND company_id = $) WHERE id = $",
            8,
        ),
        ("UPDATE tenant SET seq = 7, chain = (SELECT chain FROM journal WHERE seq = 7 AND company_id = $) WHERE id = $", 8),
        ("UPDATE tenant SET chain = 'x' WHERE id = $", 12),
        // Content that is gone counts where all is there that could tell of it.
        ("UPDATE journal SET after = NULL, before = NULL, extra = NULL, salt = NULL WHERE seq = 2 AND company_id = $", 2),
        (
            "UPDATE journal SET after = NULL, before = NULL, extra = NULL, salt = NULL WHERE seq = 2 AND company_id = $; \
             UPDATE journal SET action = 'x' WHERE seq = 6 AND company_id = $",
            2,
        ),
    ];
    for (n, (sql, first_bad)) in cases.iter().enumerate() {
        let (company, first) = (company(n as u128), n as u128 * 100);
        let users: Vec<User> = (1..=8).map(|i| user(company, first + i)).collect();
        committed(&fresh.store, company, users.iter().map(put).collect()).await;
        forget(&fresh.store, company, &users[2]).await;
        let later: Vec<User> = (11..=13).map(|i| user(company, first + i)).collect();
        committed(&fresh.store, company, later.iter().map(put).collect()).await;
        let verified = fresh.store.verify(company).await.expect("verifies");
        assert_eq!((verified.entries, verified.erased, verified.first_bad), (12, 1, None));
        fresh.raw(&sql.replace('$', &format!("'{company}'"))).await.expect("alters");
        let verified = fresh.store.verify(company).await.expect("verifies");
        assert_eq!(verified.first_bad, Some(*first_bad), "{sql}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_found_like_what_is_altered() {
    let fresh = Fresh::sqlite().await;
    people(&fresh.store, company(1), 4).await;
    fresh.drop_triggers().await;
    for text in ["CAST(x'ff' AS TEXT)", "x'ff'"] {
        fresh.raw(&format!("UPDATE journal SET extra = {text}, object = {text} WHERE seq = 3")).await.expect("alters");
        assert_eq!(fresh.store.verify(company(1)).await.expect("verifies").first_bad, Some(3), "{text}");
    }
    fresh.end().await;
}

on_both!(whoever_has_a_head_or_entries_is_proved);
async fn whoever_has_a_head_or_entries_is_proved(fresh: &mut Fresh) {
    for n in 1..=3 {
        committed(&fresh.store, company(n), vec![put(&user(company(n), n))]).await;
    }
    fresh.drop_triggers().await;
    // None of these has a row of its own. One is left without entries, another without a head.
    let gone = format!("DELETE FROM journal WHERE company_id = '{}'; DELETE FROM tenant WHERE id = '{}'", company(2), company(3));
    fresh.raw(&gone).await.expect("deletes");
    let mut journals = fresh.journals().await;
    let mut found = Vec::new();
    for journal in journals.all.clone() {
        let verified = journals.prove(journal.company, &[]).await.expect("proves");
        found.push((journal.codename, verified.entries, verified.first_bad));
    }
    found.sort();
    let bad = |name: String| (name, 0, Some(1));
    let mut expected =
        vec![(company(1).to_string(), 1, None), bad(company(2).to_string()), bad(company(3).to_string()), bad("root".to_owned())];
    expected.sort();
    assert_eq!(found, expected, "the SaaS level is proved though nothing names it");
}
