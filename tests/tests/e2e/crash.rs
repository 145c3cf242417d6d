//! The program killed at random moments under writers: what it acknowledged is there, once; streams go on without loss.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value as Json, json};
use tokio::sync::Mutex;
use workforceos_tests::{Client, DEADLINE, Db, Program, Scratch, Seen};

use crate::paths::SHIFTS;
use crate::text;

const WRITERS: u32 = 16;

/// What writers were told, by the name that each shift was given.
#[derive(Default)]
struct Ledger {
    /// The shift's id in the answer.
    acknowledged: BTreeMap<String, String>,
    /// Sent, and no answer came: it may have been written or not.
    open: BTreeSet<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives() {
    let scratch = Scratch::make(Db::Sqlite).await;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let number = Arc::new(AtomicU32::new(0));
    let mut random = StdRng::seed_from_u64(9);
    let mut key = String::new();
    let mut position = None;
    let mut told: Vec<String> = Vec::new();
    let mut retried = 0;
    let rounds = if workforceos_tests::long() { 200 } else { 50 };
    for round in 0..=rounds {
        let program = Program::start(scratch.folder()).await;
        if round == 0 {
            key = program.client.founder("acme").await.made_key().await;
        }
        let owner = program.client.with_token(&key);
        retried += retry(&owner, &ledger).await;
        let mut live = owner.stream_after("schedule", position).await;
        if position.is_none() {
            live.snapshot().await;
            position = Some(0);
        }
        if round == rounds {
            check(&owner, &ledger).await;
            let wanted = ledger.lock().await.acknowledged.len();
            while told.len() < wanted {
                let event = live.next().await.expect("the stream goes on");
                note(&event, &mut position, &mut told);
            }
            assert!(program.terminate().await.0, "it ends well when asked to");
            break;
        }
        let reader = tokio::spawn(async move {
            let mut seen = Vec::new();
            while let Some(event) = live.next().await {
                seen.push(event);
            }
            seen
        });
        let writers: Vec<_> = (0..WRITERS).map(|_| tokio::spawn(write(owner.clone(), number.clone(), ledger.clone()))).collect();
        // However slow it is, somebody is told something.
        acknowledged(&ledger, round as usize + 1).await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..240))).await;
        program.kill().await;
        for writer in writers {
            writer.await.expect("a writer ends");
        }
        for event in reader.await.expect("the reader ends") {
            note(&event, &mut position, &mut told);
        }
    }
    let ledger = ledger.lock().await;
    println!("{rounds} kills, {} shifts acknowledged, {retried} of them only after a crash", ledger.acknowledged.len());
    assert!(retried > 0, "some kills came between a call and its answer");
    assert!(ledger.acknowledged.len() as u32 >= rounds, "there was something to lose: {}", ledger.acknowledged.len());
    let unique: BTreeSet<&String> = told.iter().collect();
    assert_eq!(unique.len(), told.len(), "no event came twice");
    let ids: BTreeSet<&String> = ledger.acknowledged.values().collect();
    assert_eq!(unique, ids, "every shift's event came, and no other");
}

/// Waits until so many shifts are acknowledged.
async fn acknowledged(ledger: &Mutex<Ledger>, count: usize) {
    let waiting = async {
        while ledger.lock().await.acknowledged.len() < count {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting).await.expect("somebody is told something");
}

/// Plans shifts, one after the other, until the server is gone.
async fn write(owner: Client, number: Arc<AtomicU32>, ledger: Arc<Mutex<Ledger>>) {
    loop {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let name = format!("shift {number:06}");
        match plan(&owner, &name).await {
            Ok(id) => drop(ledger.lock().await.acknowledged.insert(name, id)),
            Err(Some(refused)) => panic!("{name} was refused: {refused}"),
            Err(None) => {
                ledger.lock().await.open.insert(name);
                return;
            }
        }
    }
}

/// Plans a shift of this name: its id, or why not; `None` where the server was gone before it answered.
async fn plan(owner: &Client, name: &str) -> Result<String, Option<String>> {
    let number: u32 = name.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    let date = chrono::NaiveDate::from_ymd_opt(2030, 1, 1).expect("a date") + chrono::Duration::days(i64::from(number % 700));
    let body = json!({"shiftDate": date.to_string(), "startTime": "09:00", "endTime": "17:00", "location": name});
    match owner.with_key(name).try_send(Method::POST, SHIFTS, Some(body)).await {
        Ok(reply) if reply.status == 201 => Ok(text(&reply.body["shift"], "id")),
        // A server that is being stopped may still say so.
        Ok(reply) if reply.status == 503 => Err(None),
        Ok(reply) => Err(Some(reply.text)),
        Err(_) => Err(None),
    }
}

/// What is not known to be written is sent once more, with the same key: how much that was.
async fn retry(owner: &Client, ledger: &Mutex<Ledger>) -> usize {
    let mut ledger = ledger.lock().await;
    let open = std::mem::take(&mut ledger.open);
    let retried = open.len();
    for name in open {
        let id = plan(owner, &name).await.unwrap_or_else(|why| panic!("{name} cannot be retried: {why:?}"));
        ledger.acknowledged.insert(name, id);
    }
    retried
}

/// Every acknowledged shift is there, under the id that was told, once.
async fn check(owner: &Client, ledger: &Mutex<Ledger>) {
    let ledger = ledger.lock().await;
    let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for page in 1.. {
        let list = owner.get(&format!("{SHIFTS}?pageRowCount=500&pageNumber={page}&getJoins=false&fields=location")).await.ok();
        let rows: &Vec<Json> = list["shifts"].as_array().expect("shifts");
        for row in rows {
            stored.entry(text(row, "location")).or_default().push(text(row, "id"));
        }
        if rows.len() < 500 {
            break;
        }
    }
    let expected: BTreeMap<String, Vec<String>> =
        ledger.acknowledged.iter().map(|(n, id)| (n.clone(), vec![id.clone()])).collect();
    let differ = |(name, ids): &(&String, &Vec<String>)| stored.get(*name) != Some(*ids);
    let wrong: Vec<_> = expected.iter().filter(differ).map(|(n, ids)| (n, ids, stored.get(n))).collect();
    assert!(wrong.is_empty(), "acknowledged and not there, or there twice: {wrong:?}");
    assert_eq!(stored.len(), expected.len(), "nothing that nobody was told of");
}

fn note(event: &Seen, position: &mut Option<i64>, told: &mut Vec<String>) {
    assert!(event.name.is_none() || event.name.as_deref() == Some("end"), "no reset, no second board: {event:?}");
    if let Some(id) = event.id {
        assert!(*position < Some(id), "the sequence grows: {position:?}, {event:?}");
        *position = Some(id);
        assert_eq!(event.kind(), "shift.created");
        told.push(event.object_id().to_owned());
    }
}
