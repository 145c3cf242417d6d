//! Alerts that the system raises by itself: who hears of what, once, and what resolves it.

mod approvals;
mod checkouts;
mod conflicts;
mod mails;
mod nodes;
mod webhooks;
mod workload;

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Company, DEADLINE, Live, Person, TestApp};

use super::ALERTS;

/// A company with a manager and two reports, whose logins outlast the days of a test.
struct Crew {
    acme: Company,
    ann: Person,
    bob: Person,
    mia: Person,
}

async fn crew(app: &TestApp) -> Crew {
    let mut acme = app.company("acme", "UTC").await;
    let [mut ann, mut bob, mut mia] = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await];
    acme.manager_of(&mia, &[&ann, &bob]).await;
    for who in [&mut ann, &mut bob, &mut mia, &mut acme.owner] {
        who.use_key().await;
    }
    Crew { acme, ann, bob, mia }
}

/// Somebody's open alerts of a kind.
pub(super) async fn open(who: &Client, kind: &str) -> Vec<Json> {
    let told = who.get(&format!("{ALERTS}?status=OPEN")).await.ok();
    told.as_array().expect("alerts").iter().filter(|alert| alert["alert_type"] == kind).cloned().collect()
}

/// Waits until so many of them are open: what follows from many kinds of change is looked at behind the commits.
pub(super) async fn until(who: &Client, kind: &str, count: usize) -> Vec<Json> {
    let asking = async {
        loop {
            let found = open(who, kind).await;
            if found.len() == count {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    match tokio::time::timeout(DEADLINE, asking).await {
        Ok(found) => found,
        Err(_) => panic!("never {count} open alerts of {kind}, but {:?}", open(who, kind).await),
    }
}

/// How many alerts of a kind somebody ever got.
async fn ever(who: &Client, kind: &str) -> usize {
    let told = who.get(ALERTS).await.ok();
    told.as_array().expect("alerts").iter().filter(|alert| alert["alert_type"] == kind).count()
}

async fn resolve(who: &Client, alert: &Json) {
    let path = format!("{ALERTS}/{}/resolve", alert["id"].as_str().expect("an id"));
    assert_eq!(who.patch(&path, json!({})).await.ok()["status"], "RESOLVED");
}

/// The next event of a stream of alerts.
async fn told(live: &mut Live) -> (String, Json) {
    let event = live.told().await;
    (event.kind().to_owned(), event.data["object"].clone())
}
