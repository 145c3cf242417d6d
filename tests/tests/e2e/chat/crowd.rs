//! Many answers at once: each reads its own, and the server's memory stays bounded.

use serde_json::json;
use workforceos_tests::llm::{Gate, Turn};
use workforceos_tests::{Db, Llm, Scratch};

use super::kept::start;
use super::{all, ask, said};

const ANSWERS: usize = 200;
/// Megabytes that all of them may take.
const MEMORY: u64 = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_answers_at_once() {
    let (llm, scratch) = (Llm::start().await, Scratch::make(Db::Sqlite).await);
    let gate = Gate::new();
    let held = gate.clone();
    llm.answer(move |asked| {
        let echo = asked.last_user().split_whitespace().next().unwrap_or_default().to_owned();
        Turn::says(&format!("{echo} ")).gate(&held).long_text(4_000)
    });
    let program = start(&llm, &scratch).await;
    let owner = program.client.founder("acme").await;
    let before = program.resident();
    let mut reading = Vec::new();
    for number in 0..ANSWERS {
        let who = owner.clone();
        reading.push(tokio::spawn(async move {
            let live = ask(&who, json!({"message": format!("Number{number}")})).await;
            (number, said(&all(live).await))
        }));
    }
    gate.reached(ANSWERS).await;
    assert_eq!(llm.counts().open, ANSWERS, "all run at once");
    let grown = program.resident().saturating_sub(before);
    gate.open();
    for one in reading {
        let (number, said) = one.await.expect("read");
        assert!(said.starts_with(&format!("Number{number} ")) && said.len() > 4_000, "each reads its own: {}", &said[..20]);
    }
    println!("{ANSWERS} answers at once took {grown} MB");
    assert!(grown < MEMORY, "{grown} MB");
    assert!(program.terminate().await.0, "it ends well");
}
