//! Idempotency records, the outbox, due times.

use serde_json::json;
use workforceos_core::change::Outbox;
use workforceos_core::id::UserId;
use workforceos_core::{Changes, Timestamp};
use workforceos_store::{Due, Outcome};

use crate::database::{Fresh, NOW, committed, refused};
use crate::objects::{company, event, id, keyed, put, user};
use crate::on_both;

fn at(millis: i64) -> Timestamp {
    Timestamp(NOW.0 + millis)
}

on_both!(answers_are_kept_once);
async fn answers_are_kept_once(fresh: &mut Fresh) {
    let (store, ann) = (&fresh.store, UserId(id(1)));
    committed(store, company(1), vec![keyed(put(&user(company(1), 1)), company(1), ann, "k", NOW)]).await;
    let batch = vec![put(&user(company(1), 3)), keyed(put(&user(company(1), 2)), company(1), ann, "k", NOW)];
    assert_eq!(refused(store, company(1), batch).await, (1, "IdempotencyConflict".to_owned()));
    let kept = store.stored_answer(company(1), ann, "k", NOW).await.expect("reads");
    assert_eq!(kept, Some((u64::MAX - 3, json!({"n": 1}))));
    assert_eq!(store.stored_answer(company(1), ann, "k", at(1)).await.expect("reads"), None);
    assert_eq!(store.stored_answer(company(1), UserId(id(2)), "k", NOW).await.expect("reads"), None);
    assert_eq!(store.forget_before(NOW).await.expect("forgets"), 0);
    assert_eq!(store.forget_before(at(1)).await.expect("forgets"), 1);
    committed(store, company(1), vec![keyed(Changes::none(), company(1), ann, "k", NOW)]).await;
}

on_both!(an_effect_is_leased_to_one);
async fn an_effect_is_leased_to_one(fresh: &mut Fresh) {
    let store = &fresh.store;
    let mut changes = Changes::none().event(event(&user(company(1), 1)));
    changes.outbox = (0..3).map(|n| Outbox { id: id(n), kind: "mail", payload: json!({"n": n}) }).collect();
    changes.outbox.push(Outbox { id: id(9), kind: "mail.code", payload: json!({}) });
    committed(store, company(1), vec![changes]).await;
    assert!(store.claim_outbox("mail", at(-1), at(100), 9).await.expect("claims").is_empty());
    let first = store.claim_outbox("mail", at(0), at(100), 2).await.expect("claims");
    let second = store.claim_outbox("mail", at(0), at(100), 9).await.expect("claims");
    assert_eq!((first.len(), second.len()), (2, 1));
    assert_eq!((first[0].kind.as_str(), first[0].company, first[0].tries), ("mail", company(1), 0));
    assert!(store.claim_outbox("mail", at(99), at(200), 9).await.expect("claims").is_empty());
    store.finish_outbox(first[0].id).await.expect("finishes");
    store.retry_outbox(first[1].id, at(500), 1).await.expect("retries");
    // A lease that ran out, and later the retry.
    let again = store.claim_outbox("mail", at(100), at(1000), 9).await.expect("claims");
    assert_eq!(again, second);
    let retried = store.claim_outbox("mail", at(500), at(1000), 9).await.expect("claims");
    assert_eq!((retried.len(), retried[0].id, retried[0].tries), (1, first[1].id, 1));
    let code = store.claim_outbox("mail.code", at(0), at(100), 9).await.expect("claims");
    assert_eq!((code.len(), code[0].id), (1, id(9)), "each kind is claimed by itself");
}

on_both!(companies_can_be_left_out);
async fn companies_can_be_left_out(fresh: &mut Fresh) {
    let store = &fresh.store;
    for n in 1..=3 {
        let mut changes = Changes::none().event(event(&user(company(n), n)));
        changes.outbox = vec![Outbox { id: id(n), kind: "mail", payload: json!({}) }];
        committed(store, company(n), vec![changes]).await;
    }
    let claimed = store.claim_outbox_but("mail", NOW, at(100), 9, &[company(1), company(3)]).await.expect("claims");
    assert_eq!(claimed.iter().map(|pending| pending.company).collect::<Vec<_>>(), [company(2)]);
    assert_eq!(store.claim_outbox("mail", NOW, at(100), 9).await.expect("claims").len(), 2);
}

on_both!(the_next_due_time_is_kept);
async fn the_next_due_time_is_kept(fresh: &mut Fresh) {
    let store = &fresh.store;
    let set = async |n: u128, due: Due, own: Option<Timestamp>| {
        let turn = store.turn(company(1)).await.expect("a turn");
        let outcome = turn.commit(vec![put(&user(company(1), n)).due(own)], NOW, due).await;
        assert!(matches!(outcome, Outcome::Committed(_)));
    };
    let due = async |millis| store.due_companies(at(millis), 9).await.expect("reads").len();
    set(1, Due::Sooner(None), None).await;
    assert_eq!(due(i64::MAX / 4).await, 0);
    set(2, Due::Sooner(Some(at(50))), Some(at(70))).await;
    assert_eq!((due(49).await, due(50).await), (0, 1));
    set(3, Due::Sooner(Some(at(90))), Some(at(30))).await;
    assert_eq!((due(29).await, due(30).await), (0, 1));
    set(4, Due::Exactly(Some(at(60))), Some(at(10))).await;
    assert_eq!((due(59).await, due(60).await), (0, 1));
    // Without any change, too.
    let turn = store.turn(company(1)).await.expect("a turn");
    assert!(matches!(turn.commit(vec![], NOW, Due::Exactly(None)).await, Outcome::Committed(_)));
    assert_eq!(due(i64::MAX / 4).await, 0);
    assert_eq!(store.turn(company(1)).await.expect("a turn").seq(), 4);
    assert!(store.ping().await.is_ok() && store.listening() && !store.poisoned());
}
