//! What a model says arrives whole, in order, however it is cut into pieces.

use serde_json::{Value as Json, json};
use workforceos_agents::provider::{Finish, Message, Piece, Usage};
use workforceos_tests::Llm;
use workforceos_tests::llm::{Fragments, Turn, Wire};

use super::{WIRES, hear, of, request};

const SAID: &str = "Größere Schichten: 早班 👍🏽, dann — vielleicht — Spätschicht.\n\nEnde";

#[tokio::test]
async fn text_comes_in_order_and_is_counted() {
    for wire in WIRES {
        let llm = Llm::start().await;
        llm.script([Turn::says(SAID).usage(70, 30)]);
        let heard = hear(&of(&llm, wire), request("Hello")).await;
        assert_eq!(heard.text(), SAID);
        assert!(heard.pieces.len() > 4, "it comes in pieces: {heard:?}");
        assert_eq!(heard.end(), (Finish::Stop, Usage { prompt: 70, completion: 30 }), "{wire:?}");
    }
}

#[tokio::test]
async fn however_it_is_cut_it_says_the_same() {
    for wire in WIRES {
        for (bytewise, crlf) in [(true, false), (true, true), (false, true)] {
            let llm = Llm::start().await;
            let mut turn = Turn::says(SAID).ping().and_calls([("listShifts", json!({"day": "größer 👍"}))]).ping().usage(1, 2);
            turn = if bytewise { turn.bytewise() } else { turn };
            llm.script([if crlf { turn.crlf() } else { turn }]);
            let heard = hear(&of(&llm, wire), request("Hello")).await;
            assert_eq!(heard.text(), SAID, "{wire:?} {bytewise} {crlf}");
            assert_eq!(arguments(&heard.calls()[0].arguments), json!({"day": "größer 👍"}));
            assert_eq!(heard.end(), (Finish::Calls, Usage { prompt: 1, completion: 2 }));
        }
    }
}

#[tokio::test]
async fn calls_of_one_turn_are_told_apart() {
    let calls =
        || [("listShifts", json!({"day": "2026-06-01"})), ("getShift", json!({"ids": ["a", "b"]})), ("listShifts", json!({}))];
    for wire in WIRES {
        for how in [Fragments::InTurn, Fragments::Interleaved, Fragments::Whole, Fragments::WithoutIndex] {
            let llm = Llm::start().await;
            llm.script([Turn::says("Let me look.").and_calls(calls()).fragments(how)]);
            let heard = hear(&of(&llm, wire), request("Which?")).await;
            let of_calls: Vec<(String, Json)> =
                heard.calls().iter().map(|call| (call.name.clone(), arguments(&call.arguments))).collect();
            let wanted: Vec<(String, Json)> = calls().into_iter().map(|(name, json)| (name.to_owned(), json)).collect();
            assert_eq!(of_calls, wanted, "{wire:?} {how:?}");
            let ids: Vec<String> = heard.calls().into_iter().map(|call| call.id).collect();
            assert_eq!(heard.begun(), ids, "each begins before it is complete, under the same id");
            assert_eq!(heard.end().0, Finish::Calls);
            // What was heard can be sent back.
            let mut again = request("Which?");
            again.messages.push(Message::Assistant { text: heard.text(), calls: heard.calls() });
            again.messages.extend(ids.iter().map(|id| Message::Result { call: id.clone(), text: id.clone(), failed: false }));
            llm.script([Turn::says("These.")]);
            assert_eq!(hear(&of(&llm, wire), again).await.text(), "These.");
            let results: Vec<String> = llm.seen()[1].last_results().into_iter().map(|(id, _)| id).collect();
            assert_eq!(results, ids);
        }
    }
}

#[tokio::test]
async fn ids_that_are_missing_or_the_same_are_made() {
    for id in ["", "call_0"] {
        for how in [Fragments::Whole, Fragments::WithoutIndex, Fragments::Interleaved] {
            let llm = Llm::start().await;
            let turn =
                || Turn::calls([("listShifts", json!({"day": "1"})), ("getShift", json!({"day": "2"}))]).fragments(how).ids(id);
            llm.script([turn(), turn(), Turn::says("Done.")]);
            let providers = of(&llm, Wire::Openai);
            let mut asked = request("Both");
            for _ in 0..2 {
                let heard = hear(&providers, asked.clone()).await;
                assert_eq!(heard.calls().len(), 2, "{id} {how:?}: {heard:?}");
                let results: Vec<Message> = heard
                    .calls()
                    .into_iter()
                    .map(|call| Message::Result { call: call.id, text: "fine".to_owned(), failed: false })
                    .collect();
                asked.messages.push(Message::Assistant { text: String::new(), calls: heard.calls() });
                asked.messages.extend(results);
            }
            // The server refuses a history in which an id is there twice.
            assert_eq!(hear(&providers, asked).await.text(), "Done.");
        }
    }
}

#[tokio::test]
async fn reasons_to_stop_are_the_same_for_all() {
    let said = [
        (Wire::Openai, [("length", Finish::Length), ("content_filter", Finish::Filtered), ("eos", Finish::Stop)]),
        (Wire::Anthropic, [("max_tokens", Finish::Length), ("refusal", Finish::Filtered), ("pause_turn", Finish::Stop)]),
    ];
    for (wire, reasons) in said {
        for (reason, finish) in reasons {
            let llm = Llm::start().await;
            llm.script([Turn::says("So far").finish(reason)]);
            assert_eq!(hear(&of(&llm, wire), request("Go on")).await.end().0, finish, "{reason}");
        }
    }
    // Some call it a stop when there are calls.
    let llm = Llm::start().await;
    llm.script([Turn::calls([("listShifts", json!({}))]).finish("stop")]);
    assert_eq!(hear(&of(&llm, Wire::Openai), request("Which?")).await.end().0, Finish::Calls);
}

#[tokio::test]
async fn a_call_that_the_limit_cut_off_is_never_complete() {
    for (wire, reason) in [(Wire::Openai, "length"), (Wire::Anthropic, "max_tokens")] {
        let llm = Llm::start().await;
        let turn = Turn::calls([("listShifts", json!({"day": "1"}))]).call("getShift", "{\"day\": \"20").finish(reason);
        llm.script([turn]);
        let heard = hear(&of(&llm, wire), request("Which?")).await;
        assert_eq!((heard.begun().len(), heard.calls().len(), heard.end().0), (2, 1, Finish::Length), "{wire:?}");
    }
}

#[tokio::test]
async fn arguments_that_are_no_json_arrive_as_they_were_written() {
    for wire in WIRES {
        let llm = Llm::start().await;
        llm.script([Turn::default().call("listShifts", "{day: monday").call("getShift", "")]);
        let heard = hear(&of(&llm, wire), request("Which?")).await;
        let written: Vec<String> = heard.calls().into_iter().map(|call| call.arguments).collect();
        assert_eq!(written.iter().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), ["{day: monday", "{}"].into());
    }
}

#[tokio::test]
async fn what_is_not_counted_is_estimated() {
    for wire in WIRES {
        let llm = Llm::start().await;
        llm.script([Turn::says(&"word ".repeat(80)).without_usage(), Turn::says("x").usage(0, 0)]);
        let (_, usage) = hear(&of(&llm, wire), request("Talk")).await.end();
        assert!((90..=110).contains(&usage.completion) && usage.prompt > 50, "{wire:?} {usage:?}");
        let (_, usage) = hear(&of(&llm, wire), request("Talk")).await.end();
        assert!(usage.completion >= 1 && usage.prompt > 50, "{wire:?} {usage:?}");
    }
}

#[tokio::test]
async fn what_was_said_is_heard_at_once() {
    for wire in WIRES {
        let llm = Llm::start().await;
        let gate = workforceos_tests::llm::Gate::new();
        llm.script([Turn::says("One moment.").gate(&gate).text(" Now.")]);
        let chosen = of(&llm, wire).choose(None, None).expect("a provider");
        let mut stream = chosen.provider.turn(request("Hello")).await.expect("a turn");
        let first = futures_util::StreamExt::next(&mut stream).await;
        assert!(matches!(first, Some(Ok(Piece::Text(_)))), "what was said is heard at once: {first:?}");
        gate.reached(1).await;
        gate.open();
        let rest: Vec<_> = futures_util::StreamExt::collect(stream).await;
        assert!(matches!(rest.last(), Some(Ok(Piece::End { .. }))), "{rest:?}");
    }
}

fn arguments(written: &str) -> Json {
    serde_json::from_str(written).expect("JSON")
}
