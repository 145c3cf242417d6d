//! The program killed in the middle of an answer: the question stands, and the conversation goes on.

use serde_json::json;
use workforceos_tests::llm::{Gate, KEY, Turn};
use workforceos_tests::{Client, Db, Llm, Program, Scratch};

use super::{ask, asked_in, conversation, messages, named, said};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_answer_leaves_a_conversation_that_goes_on() {
    let (llm, scratch) = (Llm::start().await, Scratch::make(Db::Sqlite).await);
    let gate = Gate::new();
    llm.script([Turn::calls([("listUsers", json!({}))]), Turn::says("The half of ").gate(&gate)]);
    let program = start(&llm, &scratch).await;
    let owner = program.client.founder("acme").await;
    let mut live = ask(&owner, json!({"message": "Who is there?"})).await;
    let seen = live.until(|event| event.name.as_deref() == Some("text")).await;
    gate.reached(1).await;
    program.kill().await;
    drop(live);

    let program = start(&llm, &scratch).await;
    let owner = login(&program).await;
    let id = conversation(&seen);
    let kept = messages(&owner, &id).await;
    assert_eq!((kept.len(), &kept[0]["content"]), (1, &json!("Who is there?")));
    // The names that the model was told with the question still stand.
    llm.script([Turn::calls([("getUser", json!({"userId": "user_owner"}))]), Turn::says("You alone.")]);
    let events = asked_in(&owner, &id, "Are you there?").await;
    assert_eq!(named(&events, "tool_result")[0].data["success"], true, "{events:?}");
    assert_eq!(said(&events), "You alone.");
    assert_eq!(messages(&owner, &id).await.len(), 3);

    // Asked to end, it keeps what was written.
    let gate = Gate::new();
    llm.script([Turn::says("Some words ").gate(&gate)]);
    let mut live = ask(&owner, json!({"message": "Speak", "conversationId": id})).await;
    live.until(|event| event.name.as_deref() == Some("text")).await;
    gate.reached(1).await;
    assert!(program.terminate().await.0, "it ends well");
    let program = start(&llm, &scratch).await;
    let kept = messages(&login(&program).await, &id).await;
    assert_eq!((kept.len(), &kept[4]["content"]), (5, &json!("Some words ")));
}

pub async fn start(llm: &Llm, scratch: &Scratch) -> Program {
    let mut command = Program::command(scratch.folder());
    // As often as one likes.
    command.env("RATE_LIMIT", "0");
    command.env("OPENAI_API_KEY", KEY).env("OPENAI_BASE_URL", format!("{}/v1", llm.base()));
    Program::run(command).await.unwrap_or_else(|said| panic!("the server did not start: {said}"))
}

async fn login(program: &Program) -> Client {
    let mut owner = program.client.clone();
    owner.login("owner@acme.test", "acme").await;
    owner
}
