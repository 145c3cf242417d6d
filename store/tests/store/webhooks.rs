//! Deliveries to webhooks beside the turns.

use serde_json::json;
use uuid::Uuid;
use workforceos_core::id::{CompanyId, UserId, WebhookId};
use workforceos_core::objects::{Company, DeliveryState, Webhook, WebhookDelivery};
use workforceos_core::{Cond, DataObject, Meta, Timestamp};
use workforceos_store::{Claim, Claimed, Next, Planned, Store, Tried};

use crate::database::{Fresh, NOW, committed};
use crate::objects::{company, id, put, query};
use crate::on_both;

fn at(millis: i64) -> Timestamp {
    Timestamp(NOW.0 + millis)
}

fn webhook(on: CompanyId, n: u128) -> Webhook {
    Webhook {
        meta: Meta::new(id(n), NOW, None),
        url: "https://hooks.example.com/".to_owned(),
        description: None,
        event_types: json!(["*"]),
        is_enabled: true,
        disabled_reason: None,
        disabled_at: None,
        secret_salt: "salt".to_owned(),
        previous_salt: None,
        previous_secret_until: None,
        from_seq: 0,
        company_id: on,
    }
}

/// Two companies with a webhook each.
async fn two(store: &Store) {
    for on in [1, 2] {
        let company = Company {
            meta: Meta::new(company(on).0, NOW, None),
            name: "Acme".to_owned(),
            fullname: None,
            codename: format!("acme{on}"),
            avatar: None,
            industry: None,
            company_size: None,
            timezone: "UTC".to_owned(),
            owner_id: UserId(id(9)),
        };
        committed(store, crate::objects::company(on), vec![put(&company), put(&webhook(crate::objects::company(on), on))]).await;
    }
}

fn planned(webhook: u128, seqs: std::ops::Range<i64>) -> Vec<Planned> {
    let one =
        |seq: i64| Planned { id: id(1_000 * webhook + seq as u128), webhook: id(webhook), kind: "shift.created".into(), seq };
    seqs.map(one).collect()
}

async fn rows(store: &Store, on: u128) -> Vec<WebhookDelivery> {
    let rows = store.select(&query::<WebhookDelivery>(company(on), Cond::TRUE)).await.expect("reads");
    let mut rows: Vec<WebhookDelivery> = rows.into_iter().map(|r| WebhookDelivery::from_record(r).expect("fits")).collect();
    rows.sort_by_key(|row| row.event_seq);
    rows
}

async fn claim(store: &Store, webhook: u128, limit: u32, now: Timestamp) -> Vec<Claimed> {
    let claims = [Claim { webhook: id(webhook), limit }];
    let mut claimed = store.claim_deliveries(&claims, now, Timestamp(now.0 + 1_000)).await.expect("claims");
    claimed.sort_by_key(|delivery| delivery.seq);
    claimed
}

fn tried(delivery: &Claimed, next: Next) -> Tried {
    let (status, error) = if next == Next::Delivered { (200, None) } else { (500, Some("no".to_owned())) };
    Tried { delivery: delivery.clone(), at: NOW, status: Some(status), error, duration_ms: 5, next }
}

on_both!(deliveries_are_made_once_and_with_the_position);
async fn deliveries_are_made_once_and_with_the_position(fresh: &mut Fresh) {
    let store = &fresh.store;
    two(store).await;
    let journal = store.journal(company(1), 0, 100).await.expect("reads").len();
    assert_eq!(store.webhook_position(company(1)).await.expect("reads"), 0);
    store.plan_deliveries(company(1), 7, &planned(1, 3..6), NOW, at(9)).await.expect("plans");
    // Another node that is behind, with other ids; and one whose last row cannot be.
    let mut again = planned(1, 3..8);
    again.iter_mut().for_each(|delivery| delivery.id = Uuid::from_u128(delivery.id.as_u128() + 500));
    store.plan_deliveries(company(1), 6, &again[..2], NOW, at(9)).await.expect("plans");
    again[4].webhook = id(99);
    store.plan_deliveries(company(1), 8, &again, NOW, at(9)).await.expect_err("there is no such webhook");
    let made = rows(store, 1).await;
    assert_eq!(made.iter().map(|d| d.event_seq).collect::<Vec<_>>(), [Some(3), Some(4), Some(5)]);
    assert_eq!(made.iter().map(|d| d.meta.id).collect::<Vec<_>>(), planned(1, 3..6).iter().map(|d| d.id).collect::<Vec<_>>());
    assert_eq!(store.webhook_position(company(1)).await.expect("reads"), 7, "never back, and not without its deliveries");
    assert_eq!(store.webhook_position(company(2)).await.expect("reads"), 0);
    assert_eq!(store.waiting_deliveries(company(1)).await.expect("reads"), [(id(1), 3)].into());
    assert_eq!(store.journal(company(1), 0, 100).await.expect("reads").len(), journal, "nothing is written about it");
    let behind: std::collections::BTreeMap<_, _> = store.webhook_companies().await.expect("reads").into_iter().collect();
    assert_eq!(behind, [(company(1), false), (company(2), true)].into());
}

on_both!(a_delivery_is_leased_and_settled);
async fn a_delivery_is_leased_and_settled(fresh: &mut Fresh) {
    let store = &fresh.store;
    two(store).await;
    for on in [1, 2] {
        store.plan_deliveries(company(on), 9, &planned(on, 1..5), NOW, at(9)).await.expect("plans");
    }
    let mut due = store.webhooks_due(NOW).await.expect("reads");
    due.sort();
    assert_eq!((due, store.webhooks_due(at(-1)).await.expect("reads")), (vec![(company(1), id(1)), (company(2), id(2))], vec![]));
    let (first, rest) = (claim(store, 1, 3, NOW).await, claim(store, 1, 9, NOW).await);
    assert_eq!((first.len(), rest.len(), first[0].attempts, first[0].company), (3, 1, 1, company(1)));
    assert!(claim(store, 1, 9, at(999)).await.is_empty());
    let mut settled =
        vec![tried(&first[0], Next::Delivered), tried(&first[1], Next::Again(at(5_000))), tried(&first[2], Next::Never)];
    store.settle_deliveries(&settled, at(3)).await.expect("settles");
    let states: Vec<_> =
        rows(store, 1).await.into_iter().map(|d| (d.state, d.next_try_at, d.last_status, d.delivered_at)).collect();
    assert_eq!(states[0], (DeliveryState::Delivered, None, Some(200), Some(at(3))));
    assert_eq!(states[1], (DeliveryState::Pending, Some(at(5_000)), Some(500), None));
    assert_eq!(states[2], (DeliveryState::Failed, None, Some(500), None));
    // Whoever had the fourth is gone; the first try's end, told late, changes nothing, unless it was taken after all.
    let again = claim(store, 1, 9, at(1_000)).await;
    assert_eq!((again.len(), again[0].id, again[0].attempts), (1, rest[0].id, 2));
    settled = vec![tried(&rest[0], Next::Never)];
    store.settle_deliveries(&settled, at(4)).await.expect("settles");
    assert_eq!(rows(store, 1).await[3].state, DeliveryState::Pending);
    settled = vec![tried(&rest[0], Next::Delivered)];
    store.settle_deliveries(&settled, at(5)).await.expect("settles");
    assert_eq!(rows(store, 1).await[3].state, DeliveryState::Delivered);
    assert!(store.delivered_since(company(1), id(1), at(4)).await.expect("reads"));
    assert!(!store.delivered_since(company(1), id(1), at(5)).await.expect("reads"));
    assert!(rows(store, 2).await.iter().all(|d| d.state == DeliveryState::Pending && d.attempts == 0), "another company's");
}

on_both!(what_waits_for_a_webhook_that_is_off_is_given_up);
async fn what_waits_for_a_webhook_that_is_off_is_given_up(fresh: &mut Fresh) {
    let store = &fresh.store;
    two(store).await;
    for on in [1, 2] {
        store.plan_deliveries(company(on), 9, &planned(on, 1..3), NOW, at(9)).await.expect("plans");
    }
    store.end_deliveries("off", at(1)).await.expect("ends");
    assert!(rows(store, 1).await.iter().all(|d| d.state == DeliveryState::Pending));
    let off = Webhook { is_enabled: false, ..webhook(company(1), 1) }.touched(at(1));
    committed(store, company(1), vec![put(&off)]).await;
    assert_eq!(store.webhooks_due(NOW).await.expect("reads"), [(company(2), id(2))]);
    store.end_deliveries("off", at(1)).await.expect("ends");
    for row in rows(store, 1).await {
        assert_eq!(
            (row.state, row.last_error.as_deref(), row.webhook_id),
            (DeliveryState::Failed, Some("off"), WebhookId(id(1)))
        );
    }
    assert!(rows(store, 2).await.iter().all(|d| d.state == DeliveryState::Pending));
    assert!(!store.forget_deliveries(at(1)).await.expect("forgets"));
    assert_eq!((rows(store, 1).await.len(), rows(store, 2).await.len()), (0, 2), "what waits stays, however old");
}
