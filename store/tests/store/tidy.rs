//! What is removed once it is over: logins and codes.

use workforceos_core::id::UserId;
use workforceos_core::objects::{User, UserSession, Verification, VerificationKind};
use workforceos_core::{Cond, DataObject, Meta, Timestamp};

use crate::database::{Fresh, NOW, committed};
use crate::objects::{company, id, put, query, user};
use crate::on_both;

const DAY: i64 = Timestamp::DAY;

fn at(days: i64) -> Timestamp {
    Timestamp(NOW.0 + days * DAY)
}

fn login(on: u128, n: u128, expires: Timestamp) -> UserSession {
    UserSession {
        meta: Meta::new(id(n), NOW, None),
        user_id: UserId(id(1)),
        expires_at: expires,
        needs_2fa: false,
        ip: None,
        user_agent: None,
        company_id: company(on),
    }
}

fn code(on: u128, n: u128, started: Timestamp) -> Verification {
    Verification {
        meta: Meta::new(id(n), NOW, None),
        user_id: UserId(id(1)),
        kind: VerificationKind::Email,
        digest: "digest".to_owned(),
        code_index: 1,
        tries: 0,
        started_at: started,
        session_id: None,
        company_id: company(on),
    }
}

on_both!(what_is_over_is_removed_and_what_runs_stays);
async fn what_is_over_is_removed_and_what_runs_stays(fresh: &mut Fresh) {
    let store = &fresh.store;
    for on in [1, 2] {
        let base = 100 * on;
        let changes = vec![
            put(&user(company(on), on)),
            put(&login(on, base + 1, at(1))),
            put(&login(on, base + 2, at(9))),
            put(&login(on, base + 3, at(9))),
            put(&login(on, base + 4, at(9))),
            put(&code(on, base + 5, at(0))),
            put(&code(on, base + 6, at(6))),
            put(&code(on, base + 7, at(6))),
        ];
        committed(store, company(on), changes).await;
        let ended = vec![
            put(&login(on, base + 3, at(9)).deleted(at(1))),
            put(&login(on, base + 4, at(9)).deleted(at(6))),
            put(&code(on, base + 7, at(6)).deleted(at(1))),
        ];
        committed(store, company(on), ended).await;
    }
    let journal = async |on| store.journal(company(on), 0, 100).await.expect("reads").len();
    let before = (journal(1).await, journal(2).await);
    assert_eq!(store.tidy_before(at(0)).await.expect("tidies"), (0, false));
    assert_eq!(store.tidy_before(at(5)).await.expect("tidies"), (8, false), "of each company two logins and two codes");
    for on in [1, 2] {
        let logins = store.select(&query::<UserSession>(company(on), Cond::TRUE)).await.expect("reads");
        let codes = store.select(&query::<Verification>(company(on), Cond::TRUE)).await.expect("reads");
        let ids = |rows: &[workforceos_core::Record]| rows.iter().map(workforceos_core::Record::id).collect::<Vec<_>>();
        assert_eq!((ids(&logins), ids(&codes)), (vec![id(100 * on + 2)], vec![id(100 * on + 6)]));
        assert_eq!(store.count(&query::<User>(company(on), Cond::TRUE)).await.expect("counts"), 1);
    }
    assert_eq!((journal(1).await, journal(2).await), before, "nothing is written about it");
    assert_eq!(store.turn(company(1)).await.expect("a turn").seq(), before.0 as i64);
    assert_eq!(store.verify(company(1)).await.expect("verifies").first_bad, None);
    // The logins that ended later, when it is their time.
    assert_eq!(store.tidy_before(at(7)).await.expect("tidies"), (4, false));
}

on_both!(a_pass_is_bounded);
async fn a_pass_is_bounded(fresh: &mut Fresh) {
    let store = &fresh.store;
    let logins: Vec<_> = (0..620).map(|n| put(&login(1, 1_000 + n, at(0)))).collect();
    committed(store, company(1), logins).await;
    let first = store.tidy_before(at(1)).await.expect("tidies");
    let second = store.tidy_before(at(1)).await.expect("tidies");
    assert_eq!((first, second), ((500, true), (120, false)));
}
