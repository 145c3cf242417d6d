//! What goes wrong is tried again as long as nothing was heard, and has one meaning afterwards.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::json;
use workforceos_agents::provider::{Endpoint, Failure, Patience, Piece, Providers, Settings};
use workforceos_tests::Llm;
use workforceos_tests::llm::{Gate, KEY, Turn, Wire};

use super::{WIRES, hear, of, request};

/// Short, and long enough for a word that is there.
const SOON: Duration = Duration::from_secs(2);

#[tokio::test]
async fn what_passes_by_itself_is_tried_again() {
    let passing = || {
        [
            Turn::status(429),
            Turn::status(500),
            Turn::status(503),
            Turn::status(529),
            Turn::default().drops(),
            Turn::default().error("overloaded_error", "busy"),
            Turn::default().error("rate_limit_error", "slower"),
            Turn::default().error("server_error", "oops"),
        ]
    };
    for wire in WIRES {
        for fault in passing() {
            let llm = Llm::start().await;
            llm.script([fault.clone(), fault.clone(), Turn::says("Here I am.")]);
            let heard = hear(&of(&llm, wire), request("Hello")).await;
            assert_eq!((heard.text().as_str(), llm.counts().asked), ("Here I am.", 3), "{wire:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn three_tries_are_enough() {
    for wire in WIRES {
        let llm = Llm::start().await;
        llm.script([Turn::status(503), Turn::status(500), Turn::status(429), Turn::says("too late")]);
        let heard = hear(&of(&llm, wire), request("Hello")).await;
        assert_eq!(heard.failure, Some(Failure::Overloaded { status: 429, retry_after: None }), "{wire:?}");
        assert_eq!(llm.counts().asked, 3);
    }
}

#[tokio::test]
async fn nothing_is_tried_again_once_something_was_heard() {
    for wire in WIRES {
        for (fault, meaning) in [
            (Turn::says("Half an").drops(), "unreachable"),
            (Turn::says("Half an").without_end(), "unreachable"),
            (Turn::says("Half an").error("overloaded_error", "busy"), "overloaded"),
            (Turn::says("Half an").malformed(), "malformed"),
            (Turn::calls([("listShifts", json!({}))]).drops(), "unreachable"),
        ] {
            let llm = Llm::start().await;
            llm.script([fault.clone(), Turn::says("again")]);
            let heard = hear(&of(&llm, wire), request("Hello")).await;
            let failure = heard.failure.clone().unwrap_or_else(|| panic!("{fault:?}: {heard:?}"));
            let meant = match failure {
                Failure::Unreachable(_) => "unreachable",
                Failure::Overloaded { status: 529, .. } => "overloaded",
                Failure::Malformed(_) => "malformed",
                _ => "something else",
            };
            assert_eq!((meant, llm.counts().asked), (meaning, 1), "{wire:?} {fault:?} {failure:?}");
            assert!(!heard.pieces.is_empty(), "what came before is heard");
        }
    }
}

#[tokio::test]
async fn what_is_refused_is_not_tried_again_and_tells_nobody_the_key() {
    for wire in WIRES {
        for status in [400, 401, 403, 404, 413, 302] {
            let llm = Llm::start().await;
            let quoted = json!({"error": {"message": format!("Incorrect key {KEY}"), "type": "told"}}).to_string();
            llm.script([Turn::status(status).header("location: /elsewhere").body(&quoted)]);
            let heard = hear(&of(&llm, wire), request("Hello")).await;
            let Some(Failure::Refused { status: told, message }) = &heard.failure else { panic!("{heard:?}") };
            assert_eq!((*told, llm.counts().asked), (status, 1), "{wire:?}");
            assert!(!message.contains(KEY), "{message}");
        }
    }
}

#[tokio::test]
async fn an_account_without_credit_is_no_passing_trouble() {
    let llm = Llm::start().await;
    let spent = json!({"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}});
    llm.script([Turn::status(429).body(&spent.to_string())]);
    let heard = hear(&of(&llm, Wire::Openai), request("Hello")).await;
    assert!(matches!(heard.failure, Some(Failure::Refused { status: 429, .. })), "{heard:?}");
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    for wire in WIRES {
        let llm = Llm::start().await;
        let wrong = |endpoint: Option<Endpoint>| endpoint.map(|endpoint| Endpoint { key: "wrong".to_owned(), ..endpoint });
        let settings = llm.settings();
        let settings = match wire {
            Wire::Openai => Settings { openai: wrong(settings.openai), anthropic: None },
            Wire::Anthropic => Settings { openai: None, anthropic: wrong(settings.anthropic) },
        };
        let heard = hear(&Providers::new(&settings), request("Hello")).await;
        assert_eq!(heard.failure, Some(Failure::Refused { status: 401, message: "the key is refused".to_owned() }));
        assert!(!format!("{settings:?}").contains("wrong"), "no key is shown");
    }
}

#[tokio::test]
async fn retry_after_is_waited_for_unless_it_is_too_long() {
    for wire in WIRES {
        let llm = Llm::start().await;
        llm.script([Turn::status(429).retry_after("0.2"), Turn::says("Here.")]);
        let started = std::time::Instant::now();
        assert_eq!(hear(&of(&llm, wire), request("Hello")).await.text(), "Here.");
        assert!(started.elapsed() >= Duration::from_millis(200), "the wish counts");
        llm.script([Turn::status(429).retry_after("3600"), Turn::says("never")]);
        let heard = hear(&of(&llm, wire), request("Hello")).await;
        let wished = Some(Duration::from_secs(3600));
        assert_eq!(heard.failure, Some(Failure::Overloaded { status: 429, retry_after: wished }), "nobody waits an hour");
    }
}

#[tokio::test]
async fn silence_ends_at_some_point() {
    for wire in WIRES {
        let llm = Llm::start().await;
        let providers = llm.of(wire, Patience { idle: SOON, ..Llm::patience() });
        llm.script([Turn::says("Well").hangs(), Turn::default().hangs()]);
        let heard = hear(&providers, request("Hello")).await;
        assert_eq!((heard.text().as_str(), heard.failure), ("Well", Some(Failure::TimedOut)), "{wire:?}");
        let heard = hear(&providers, request("Hello")).await;
        assert_eq!((heard.failure, llm.counts().asked), (Some(Failure::TimedOut), 2), "a silence is not asked for twice");
        let counts = llm.until(|counts| counts.open == 0).await;
        assert_eq!(counts.closed_early, 2, "who is not waited for any more is told so");
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    for wire in WIRES {
        let llm = Llm::start().await;
        let providers = of(&llm, wire);
        drop(llm);
        let heard = hear(&providers, request("Hello")).await;
        let Some(Failure::Unreachable(why)) = &heard.failure else { panic!("{heard:?}") };
        assert!(!why.contains("127.0.0.1") && !why.contains("/v1"), "the address is nobody's business: {why}");
    }
}

#[tokio::test]
async fn what_is_no_stream_is_malformed() {
    for wire in WIRES {
        let llm = Llm::start().await;
        llm.script([Turn::status(200).body("{\"choices\": []}"), Turn::default().malformed()]);
        for _ in 0..2 {
            let heard = hear(&of(&llm, wire), request("Hello")).await;
            assert!(matches!(heard.failure, Some(Failure::Malformed(_))), "{wire:?} {heard:?}");
        }
        assert_eq!(llm.counts().asked, 2);
    }
}

#[tokio::test]
async fn what_breaks_after_the_last_word_does_no_harm() {
    // Only the figures were missing.
    let llm = Llm::start().await;
    let finish = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    llm.script([Turn::says("All of it.").raw(&format!("data: {finish}\n\n")).drops()]);
    let heard = hear(&of(&llm, Wire::Openai), request("Hello")).await;
    assert_eq!(heard.text(), "All of it.");
    assert!(heard.end().1.completion > 0);
}

#[tokio::test]
async fn a_stream_that_is_dropped_closes_its_connection() {
    for wire in WIRES {
        let llm = Llm::start().await;
        let gate = Gate::new();
        llm.script([Turn::says("Once upon a time").gate(&gate).text("nobody hears this")]);
        let chosen = of(&llm, wire).choose(None, None).expect("a provider");
        let mut stream = chosen.provider.turn(request("Tell me")).await.expect("a turn");
        assert!(matches!(stream.next().await, Some(Ok(Piece::Text(_)))));
        gate.reached(1).await;
        assert_eq!((llm.open(), llm.closed_early()), (1, 0));
        drop(stream);
        llm.until(|counts| counts.open == 0 && counts.closed_early == 1).await;
    }
}

#[tokio::test]
async fn who_stops_waiting_for_the_first_word_closes_the_connection() {
    for wire in WIRES {
        let llm = Llm::start().await;
        let gate = Gate::new();
        llm.script([Turn::default().gate(&gate).text("nobody hears this")]);
        let chosen = of(&llm, wire).choose(None, None).expect("a provider");
        let asking = tokio::spawn(async move { chosen.provider.turn(request("Hello")).await.map(drop) });
        gate.reached(1).await;
        asking.abort();
        llm.until(|counts| counts.open == 0 && counts.closed_early == 1).await;
        assert_eq!(llm.counts().asked, 1, "nor is it asked for again");
    }
}
