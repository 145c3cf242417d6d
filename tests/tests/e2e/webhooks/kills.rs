//! The program killed at random moments: of every event there is one delivery, and none is lost.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use workforceos_tests::{Client, DEADLINE, Db, Hook, HookServer, Program, Scratch};

use crate::paths::{SHIFTS, WEBHOOKS};
use crate::text;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_is_sent_though_the_program_is_killed() {
    let (scratch, hooks) = (Scratch::make(Db::Sqlite).await, HookServer::start().await);
    let mut random = StdRng::seed_from_u64(16);
    let (mut token, mut webhook) = (String::new(), String::new());
    let mut made = BTreeSet::new();
    let rounds = if workforceos_tests::long() { 60 } else { 12 };
    for round in 0..=rounds {
        let mut command = Program::command(scratch.folder());
        command.env("WEBHOOK_PRIVATE_ADDRESSES", "on");
        let program = Program::run(command).await.expect("it starts");
        if round == 0 {
            (token, webhook) = register(&program.client, &hooks.url("/in")).await;
        }
        let owner = program.client.with_token(&token);
        if round == rounds {
            check(&owner, &webhook, &made, &hooks).await;
            assert!(program.terminate().await.0, "it ends well when asked to");
            return;
        }
        let (told, mut written) = watch::channel(0);
        let writing = tokio::spawn(write(owner, round, told));
        // However slow it is, there is something to lose.
        let some = tokio::time::timeout(DEADLINE, written.wait_for(|count| *count >= 5)).await;
        some.expect("some are written").expect("it writes");
        tokio::time::sleep(Duration::from_millis(random.random_range(0..280))).await;
        program.kill().await;
        made.extend(writing.await.expect("it ends"));
    }
}

async fn register(client: &Client, url: &str) -> (String, String) {
    let owner = client.founder("acme").await;
    let made = owner.post(WEBHOOKS, json!({"url": url, "eventTypes": ["shift.created"]})).await.ok();
    (owner.token.clone().expect("a token"), text(&made["webhook"], "id"))
}

/// Plans shifts until the server is gone; answers those that were acknowledged.
async fn write(owner: Client, round: u32, told: watch::Sender<usize>) -> Vec<String> {
    let mut made = Vec::new();
    for n in 0.. {
        match plan(&owner, round * 500 + n).await {
            Some(id) => made.push(id),
            None => break,
        }
        told.send_replace(made.len());
    }
    made
}

async fn plan(owner: &Client, day: u32) -> Option<String> {
    let date = chrono::NaiveDate::from_ymd_opt(2030, 1, 1).expect("a date") + chrono::Duration::days(i64::from(day));
    let body = json!({"shiftDate": date.to_string(), "startTime": "09:00", "endTime": "17:00"});
    let reply = owner.try_send(Method::POST, SHIFTS, Some(body)).await.ok()?;
    (reply.status == 201).then(|| text(&reply.body["shift"], "id"))
}

/// Every acknowledged shift's event has its one delivery, and came; those that were under way at the last kills are tried again when
/// their lease is over.
async fn check(owner: &Client, webhook: &str, made: &BTreeSet<String>, hooks: &HookServer) {
    assert!(made.len() > 50, "there was something to lose: {}", made.len());
    // One more: when it has its delivery, all those before it have theirs.
    let last = plan(owner, 100_000).await.expect("planned");
    let all = until_told(owner, webhook, hooks, &last).await;
    let seqs: BTreeSet<i64> = all.iter().map(|d| d["eventSeq"].as_i64().expect("a place")).collect();
    assert_eq!(seqs.len(), all.len(), "one delivery of each event");
    assert!(all.len() > made.len(), "{} deliveries of {} events", all.len(), made.len());
    let came: BTreeSet<String> = hooks.to("/in").iter().map(Hook::object_id).collect();
    let leased = all.iter().filter(|d| d["state"] == "pending").count();
    let missing: Vec<&String> = made.iter().filter(|shift| !came.contains(*shift)).collect();
    assert!(missing.len() <= leased, "{missing:?} never came, {leased} wait for their lease");
}

/// All deliveries, once this event came and everything else was tried.
async fn until_told(owner: &Client, webhook: &str, hooks: &HookServer, last: &str) -> Vec<Json> {
    let asking = async {
        loop {
            let all = deliveries_of_all_pages(owner, webhook).await;
            let came = hooks.to("/in").iter().any(|hook| hook.object_id() == last);
            if came && all.iter().all(|d| d["attempts"] != 0) {
                return all;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.expect("everything is tried")
}

async fn deliveries_of_all_pages(owner: &Client, webhook: &str) -> Vec<Json> {
    let mut all = Vec::new();
    for page in 1.. {
        let path = format!("{WEBHOOKS}/{webhook}/deliveries?pageRowCount=500&pageNumber={page}");
        let rows = owner.get(&path).await.ok()["webhookDeliveries"].as_array().expect("a list").clone();
        let last = rows.len() < 500;
        all.extend(rows);
        if last {
            break;
        }
    }
    all
}
