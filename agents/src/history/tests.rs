use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn user(text: &str) -> Message {
    Message::User(text.to_owned())
}

fn said(text: &str, calls: &[&str]) -> Message {
    let call = |id: &&str| Call { id: (*id).to_owned(), name: "listShifts".to_owned(), arguments: "{}".to_owned() };
    Message::Assistant { text: text.to_owned(), calls: calls.iter().map(call).collect() }
}

fn result(call: &str, text: &str) -> Message {
    Message::Result { call: call.to_owned(), text: text.to_owned(), failed: false }
}

/// Whether a provider takes these messages: a user begins, and each call is followed by exactly its result.
fn valid(messages: &[Message]) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let begins = messages.first().is_none_or(is_user);
    let paired = messages.iter().all(|message| match message {
        Message::Result { call, .. } => open.first() == Some(&call.as_str()) && !open.drain(..1).as_slice().is_empty(),
        Message::User(_) => open.is_empty(),
        Message::Assistant { text, calls } => {
            let fits = open.is_empty() && !(text.is_empty() && calls.is_empty());
            open = calls.iter().map(|call| call.id.as_str()).collect();
            fits
        }
    });
    begins && paired && open.is_empty()
}

#[test]
fn what_fits_stays_as_it_is() {
    let all = vec![user("Who works?"), said("", &["a", "b"]), result("a", "Ann"), result("b", "Bob"), said("Ann and Bob", &[])];
    assert_eq!(fit(all.clone(), 1_000), Fitted { messages: all, left_out: false });
}

#[test]
fn large_old_results_give_way_before_turns_do() {
    let long = "word ".repeat(1_000);
    let all = vec![
        user("one"),
        said("", &["a"]),
        result("a", &long),
        said("done", &[]),
        user("two"),
        said("", &["b"]),
        result("b", &long),
    ];
    let fitted = fit(all, 1_500);
    assert!(!fitted.left_out && fitted.messages.len() == 7);
    let Message::Result { text, .. } = &fitted.messages[2] else { panic!("a result") };
    assert!(text.contains("5000 characters was left out"), "{text}");
    assert_eq!(fitted.messages[6], result("b", &long));
}

#[test]
fn the_oldest_turns_are_left_out_whole_and_that_is_told() {
    let words = "word ".repeat(100);
    let all = vec![user(&words), said(&words, &["a"]), result("a", "Ann"), user("two"), said("yes", &[]), user("three")];
    let fitted = fit(all, 60);
    assert_eq!(fitted, Fitted { messages: vec![user("two"), said("yes", &[]), user("three")], left_out: true });
}

#[test]
fn a_last_turn_that_is_too_long_gives_up_its_older_results() {
    let long = "word ".repeat(1_000);
    let all = vec![user("old"), user("go"), said("", &["a"]), result("a", &long), said("", &["b"]), result("b", &long)];
    let messages = fit(all, 1_500).messages;
    assert_eq!((&messages[0], &messages[4]), (&user("go"), &result("b", &long)));
    assert!(size(&messages) <= 1_500 && messages[2] != result("a", &long));
}

#[test]
fn what_a_crash_left_is_repaired() {
    let cut = vec![
        said("lost", &[]),
        result("x", "x"),
        user("go"),
        said("", &["a", "b"]),
        result("b", "Bob"),
        result("y", "y"),
        user("again"),
    ];
    let whole = repair(cut);
    let interrupted = Message::Result { call: "a".to_owned(), text: INTERRUPTED.to_owned(), failed: true };
    assert_eq!(whole, vec![user("go"), said("", &["a", "b"]), interrupted, result("b", "Bob"), user("again")]);
}

fn message() -> impl Strategy<Value = Message> {
    let text = || prop_oneof![Just(String::new()), "[a-z0-9é ]{1,40}", "[a-z ]{1,8}".prop_map(|word| word.repeat(150))];
    let id = || prop_oneof![Just("a"), Just("b"), Just("c")];
    prop_oneof![
        text().prop_map(Message::User),
        (text(), vec(id(), 0..4)).prop_map(|(text, ids)| said(&text, &ids)),
        (id(), text()).prop_map(|(id, text)| result(id, &text)),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_is_valid_within_the_budget_and_done_once(all in vec(message(), 0..24), budget in 0_usize..3_000) {
        let newest = all.iter().rfind(|message| is_user(message)).cloned();
        let once = fit(all.clone(), budget).messages;
        prop_assert!(valid(&once), "{once:?}");
        prop_assert_eq!(fit(once.clone(), budget).messages, once.clone());
        prop_assert_eq!(once.iter().rfind(|message| is_user(message)).cloned(), newest);
        let repaired = repair(all);
        prop_assert!(valid(&repaired));
        let last = repaired.iter().rposition(is_user).map_or(0, |at| size(&repaired[at..]));
        prop_assert!(size(&once) <= budget || last > budget);
        // Whole turns from the end on: nothing is taken out of the middle.
        let kinds = |messages: &[Message]| messages.iter().map(std::mem::discriminant).collect::<Vec<_>>();
        prop_assert!(kinds(&repaired).ends_with(&kinds(&once)));
        prop_assert!(size(&repaired) > budget || once == repaired);
    }
}
