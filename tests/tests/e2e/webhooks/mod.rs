//! Webhooks, from an event to the request that tells of it.

mod kills;
mod registering;
mod retries;
mod sending;
mod stopping;
mod verifying;

use serde_json::{Value as Json, json};
use workforceos_core::Timestamp;
use workforceos_tests::{Client, Company, DEADLINE, Db, HookServer, Person, Setup, TestApp};

use crate::paths::{DELIVERIES, WEBHOOKS};
use crate::text;

/// A server that may send to this machine, a company with an employee, and a receiver.
struct Scene {
    app: TestApp,
    acme: Company,
    ann: Person,
    hooks: HookServer,
}

impl Scene {
    async fn make(db: Db) -> Scene {
        let app = TestApp::with(db, Setup { webhook_private_addresses: true, ..Setup::default() }).await;
        let acme = app.company("acme", "UTC").await;
        let ann = acme.employee("ann").await;
        Scene { app, acme, ann, hooks: HookServer::start().await }
    }

    /// A webhook to a path of the receiver: its id and its secret.
    async fn webhook(&self, path: &str, types: &[&str]) -> (String, String) {
        made(&self.acme.owner, &self.hooks.url(path), types).await
    }

    /// Plans the shift of a day of July.
    async fn shift(&self, day: u32) -> String {
        self.acme.shift(&format!("2026-07-{day:02}"), "09:00-17:00", &[&self.ann]).await
    }

    /// Moves the clock and lets the sender look.
    fn later(&self, millis: i64) {
        self.app.clock.set(Timestamp(self.now().0 + millis));
        self.app.services().webhooks.look();
    }

    fn now(&self) -> Timestamp {
        workforceos_core::Clock::now(&*self.app.clock)
    }

    /// Waits until the newest delivery to a webhook fits, and answers it.
    async fn delivery(&self, webhook: &str, fits: impl Fn(&Json) -> bool) -> Json {
        until(&self.acme.owner, webhook, |all| all.first().is_some_and(&fits)).await.remove(0)
    }

    async fn get(&self, webhook: &str) -> Json {
        self.acme.owner.get(&format!("{WEBHOOKS}/{webhook}")).await.ok()["webhook"].clone()
    }

    /// Waits until a webhook is disabled, and answers it.
    async fn disabled(&self, webhook: &str) -> Json {
        let asking = async {
            loop {
                let found = self.get(webhook).await;
                if found["isEnabled"] == false {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, asking).await.expect("it is disabled")
    }
}

async fn made(who: &Client, url: &str, types: &[&str]) -> (String, String) {
    let made = who.post(WEBHOOKS, json!({"url": url, "eventTypes": types})).await.ok();
    (text(&made["webhook"], "id"), text(&made, "secret"))
}

/// Waits until a webhook's deliveries, the newest first, fit.
async fn until(who: &Client, webhook: &str, fits: impl Fn(&[Json]) -> bool) -> Vec<Json> {
    let mut last = Vec::new();
    let asking = async {
        loop {
            last = deliveries(who, webhook).await;
            if fits(&last) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(DEADLINE, asking).await.is_ok();
    assert!(in_time, "in vain: {last:?}");
    last
}

async fn deliveries(who: &Client, webhook: &str) -> Vec<Json> {
    let listed = who.get(&format!("{WEBHOOKS}/{webhook}/deliveries?pageRowCount=500")).await.ok();
    let mut all = listed["webhookDeliveries"].as_array().expect("a list").clone();
    // The clock stands: what was made at one moment is told apart by its event.
    all.sort_by_key(|delivery| {
        std::cmp::Reverse((text(delivery, "createdAt"), delivery["eventSeq"].as_i64().unwrap_or(i64::MAX)))
    });
    all
}

/// Whether a try has ended, and how it was answered.
fn answered(status: u16) -> impl Fn(&Json) -> bool {
    move |delivery| delivery["durationMs"].is_i64() && delivery["lastStatus"] == status
}

async fn delivery_with_payload(who: &Client, id: &str) -> Json {
    who.get(&format!("{DELIVERIES}/{id}")).await.ok()
}

fn is(state: &'static str) -> impl Fn(&Json) -> bool {
    move |delivery| delivery["state"] == state
}
