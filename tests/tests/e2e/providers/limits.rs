//! Whatever a server sends, memory stays bounded.

use workforceos_agents::provider::Failure;
use workforceos_tests::Llm;
use workforceos_tests::llm::{Fragments, Turn, Wire};

use super::{WIRES, hear, of, request};

const MB: usize = 1024 * 1024;

#[tokio::test]
async fn text_call_and_event_have_limits() {
    for wire in WIRES {
        for (turn, fits) in [
            (Turn::default().long_text(MB), true),
            (Turn::default().long_text(MB + 1), false),
            (Turn::default().call("listShifts", &arguments(200 * 1024)).fragments(Fragments::Whole), true),
            (Turn::default().call("listShifts", &arguments(200 * 1024 + 1)).fragments(Fragments::Whole), false),
            (Turn::says("so").raw(&format!(": {}\n\n", "x".repeat(MB))), false),
            (Turn::says("so").raw(&"data".repeat(MB)), false),
            (Turn::says("so").raw(&": ping\n\n".repeat(MB / 4)), true),
        ] {
            let llm = Llm::start().await;
            llm.script([turn]);
            let heard = hear(&of(&llm, wire), request("Talk")).await;
            let malformed = matches!(heard.failure, Some(Failure::Malformed(_)));
            assert!(malformed != fits && heard.failure.is_some() != fits, "{wire:?} fits: {fits} {:?}", heard.failure);
            llm.until(|counts| counts.open == 0).await;
        }
    }
}

#[tokio::test]
async fn calls_of_a_turn_are_limited() {
    let llm = Llm::start().await;
    let many =
        |count: usize| (0..count).fold(Turn::default(), |turn, _| turn.call("listShifts", "{}")).fragments(Fragments::Whole);
    llm.script([many(128), many(129)]);
    assert_eq!(hear(&of(&llm, Wire::Openai), request("All")).await.calls().len(), 128);
    let heard = hear(&of(&llm, Wire::Openai), request("All")).await;
    assert!(matches!(heard.failure, Some(Failure::Malformed(_))), "{:?}", heard.failure);
}

/// A JSON object of so many bytes.
fn arguments(size: usize) -> String {
    let around = "{\"day\":\"\"}".len();
    format!("{{\"day\":\"{}\"}}", "x".repeat(size - around))
}
