//! Many answers at once: each reads its own, and memory stays bounded.

use serde_json::json;
use workforceos_tests::Db;
use workforceos_tests::llm::{Gate, Turn};

use super::{all, ask, said, start};

const PEOPLE: usize = 10;
const EACH: usize = 20;
/// Megabytes that the server, its clients and the fake provider may take for all of them: one is a few hundred KB.
const MEMORY: u64 = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_answers_at_once() {
    let (llm, app) = start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let gate = Gate::new();
    let held = gate.clone();
    llm.answer(move |asked| {
        let echo = asked.last_user().split_whitespace().next().unwrap_or_default().to_owned();
        Turn::says(&format!("{echo} ")).gate(&held).long_text(4_000)
    });
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(acme.employee(&format!("p{number}")).await);
    }
    let before = resident();
    let mut reading = Vec::new();
    for number in 0..PEOPLE * EACH {
        let who = people[number % PEOPLE].client.clone();
        reading.push(tokio::spawn(async move {
            let live = ask(&who, json!({"message": format!("Number{number}")})).await;
            (number, said(&all(live).await))
        }));
    }
    gate.reached(PEOPLE * EACH).await;
    assert_eq!(llm.counts().open, PEOPLE * EACH, "all run at once");
    let grown = resident().saturating_sub(before);
    gate.open();
    for one in reading {
        let (number, said) = one.await.expect("read");
        assert!(said.starts_with(&format!("Number{number} ")) && said.len() > 4_000, "each reads its own: {}", &said[..20]);
    }
    println!("{} answers at once took {grown} MB", PEOPLE * EACH);
    assert!(grown < MEMORY, "{grown} MB");
}

/// Megabytes that this process has in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a process of Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    let kilobytes: u64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    kilobytes / 1024
}
