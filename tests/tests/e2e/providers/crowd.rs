//! Many answers at a time.

use futures_util::StreamExt;
use futures_util::future::join_all;
use serde_json::json;
use workforceos_agents::provider::{Call, Message};
use workforceos_tests::Llm;
use workforceos_tests::llm::{Gate, Turn};

use super::{WIRES, hear, of, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_are_answered_side_by_side() {
    for wire in WIRES {
        let llm = Llm::start().await;
        let gate = Gate::new();
        let held = gate.clone();
        // Everybody is open at once, and gets what is theirs.
        llm.answer(move |asked| match asked.last_results().as_slice() {
            [] => Turn::says(&format!("Looking for {}. ", asked.last_user()))
                .gate(&held)
                .and_calls([("getShift", json!({"day": asked.last_user()}))]),
            [(_, found)] => Turn::says(&format!("Found {found}")),
            more => Turn::says(&format!("{} results", more.len())),
        });
        let providers = of(&llm, wire);
        let one = async |number: usize| {
            let mut asked = request(&format!("shift {number}"));
            let first = hear(&providers, asked.clone()).await;
            assert_eq!(first.text(), format!("Looking for shift {number}. "));
            let calls: Vec<Call> = first.calls();
            assert!(calls[0].arguments.contains(&format!("shift {number}\"")), "{calls:?}");
            let result = Message::Result { call: calls[0].id.clone(), text: format!("number {number}"), failed: false };
            asked.messages.extend([Message::Assistant { text: first.text(), calls }, result]);
            assert_eq!(hear(&providers, asked).await.text(), format!("Found number {number}"));
        };
        let opening = async {
            gate.reached(200).await;
            assert_eq!(llm.open(), 200);
            gate.open();
        };
        tokio::join!(join_all((0..200).map(one)), opening);
        let counts = llm.until(|counts| counts.open == 0).await;
        assert_eq!((counts.asked, counts.most, counts.closed_early), (400, 200, 0), "{wire:?}");
    }
}

#[tokio::test]
async fn one_after_the_other_use_one_connection() {
    for wire in WIRES {
        let llm = Llm::start().await;
        llm.answer(|asked| if asked.number % 2 == 0 { Turn::says("Fine.") } else { Turn::calls([("listShifts", json!({}))]) });
        let providers = of(&llm, wire);
        for _ in 0..6 {
            hear(&providers, request("Hello")).await.end();
        }
        assert_eq!((llm.counts().asked, llm.counts().connections), (6, 1), "{wire:?}: no turn pays for another connection");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_reads_nothing_holds_up_the_server_not_the_memory() {
    for wire in WIRES {
        let llm = Llm::start().await;
        let gate = Gate::new();
        // Far more than sockets take: the server cannot get rid of it before somebody reads.
        let endless = (0..300).fold(Turn::says("begin "), |turn, _| turn.raw(&format!(": {}\n\n", "x".repeat(100_000))));
        llm.script([endless.gate(&gate)]);
        let chosen = of(&llm, wire).choose(None, None).expect("a provider");
        let mut stream = chosen.provider.turn(request("Talk")).await.expect("a turn");
        assert!(stream.next().await.is_some());
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(300), gate.reached(1)).await;
        assert!(waiting.is_err(), "30 MB were taken though nobody reads");
        drop(stream);
        llm.until(|counts| counts.open == 0 && counts.closed_early == 1).await;
    }
}
