//! Pages that leave and come back, and several at once.

use reqwest::Method;
use serde_json::json;
use workforceos_tests::llm::{Gate, Turn};
use workforceos_tests::{Db, Seen, on_both_databases};

use super::{STREAM, all, ask, asked, asked_in, conversation, go_on, named, said, start, until_messages};

on_both_databases!(
    who_comes_back_gets_the_rest,
    an_answer_goes_on_without_readers,
    two_tabs_see_the_same,
    an_id_from_before_hides_nothing,
);

/// What events tell, by id and content.
fn told(events: &[Seen]) -> Vec<(Option<i64>, Option<String>, String)> {
    events.iter().map(|event| (event.id, event.name.clone(), event.data.to_string())).collect()
}

async fn who_comes_back_gets_the_rest(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    llm.script([Turn::says("One two three four five. ").and_calls([("listShifts", json!({}))]), Turn::says("Six seven.")]);
    let events = asked(&acme.owner, "Count").await;
    let id = conversation(&events);
    let (last, others) = events.split_last().expect("events");
    for (at, event) in others.iter().enumerate() {
        let rest = all(go_on(&acme.owner, &id, event.id.expect("an id")).await).await;
        assert_eq!(told(&rest), told(&events[at + 1..]), "after {event:?}");
    }
    assert_eq!(told(&all(go_on(&acme.owner, &id, 0).await).await), told(&events));
    let by_query = acme.owner.get(&format!("{STREAM}/{id}?lastEventId={}", last.id.expect("an id"))).await;
    assert_eq!((by_query.status, by_query.text.as_str()), (204, ""), "nothing is left");
    assert_eq!(acme.owner.get(&format!("{STREAM}/{id}?lastEventId=x")).await.bad_fields(), ["lastEventId"]);
}

async fn an_answer_goes_on_without_readers(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let gate = Gate::new();
    llm.script([Turn::says("Before. ").gate(&gate).text("After.")]);
    let mut live = ask(&acme.owner, json!({"message": "Speak"})).await;
    let mut seen = live.until(|event| event.name.as_deref() == Some("text")).await;
    gate.reached(1).await;
    drop(live);
    let id = conversation(&seen);
    let back = go_on(&acme.owner, &id, seen.last().and_then(|event| event.id).expect("an id")).await;
    drop(back);
    gate.open();
    let kept = until_messages(&acme.owner, &id, 2).await;
    assert_eq!(kept[1]["content"], "Before. After.");
    seen.extend(all(go_on(&acme.owner, &id, seen.last().and_then(|event| event.id).expect("an id")).await).await);
    assert_eq!(said(&seen), "Before. After.");
    assert!(seen.windows(2).all(|two| two[0].id < two[1].id), "nothing came twice: {seen:?}");
    assert_eq!(llm.closed_early(), 0);
}

async fn two_tabs_see_the_same(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let gate = Gate::new();
    llm.script([Turn::says("Before. ").gate(&gate).text("After.")]);
    let mut first = ask(&acme.owner, json!({"message": "Speak"})).await;
    let begun = first.next().await.expect("a start");
    let second = go_on(&acme.owner, &conversation(std::slice::from_ref(&begun)), 0).await;
    gate.reached(1).await;
    gate.open();
    let (mut one, two) = (vec![begun], all(second).await);
    one.extend(all(first).await);
    assert_eq!(told(&one), told(&two));
    assert_eq!(llm.counts().asked, 1);
}

async fn an_id_from_before_hides_nothing(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    llm.script([Turn::says("A long first answer of many words."), Turn::says("A second answer, which is longer than it.")]);
    let first = asked(&acme.owner, "One").await;
    let id = conversation(&first);
    let second = asked_in(&acme.owner, &id, "Two").await;
    assert!(first.last().map(|event| event.id) < second.first().map(|event| event.id), "ids grow through the conversation");
    let back = all(go_on(&acme.owner, &id, first[0].id.expect("an id")).await).await;
    assert_eq!(told(&back), told(&second));
    assert_eq!(named(&back, "done").len(), 1);
    // A restart has forgotten the events, and not what was said.
    let mut app = app;
    app.restart().await;
    acme.owner.get(&format!("{STREAM}/{id}")).await.refused(404, "AnswerNotFound");
    assert_eq!(super::messages(&acme.owner, &id).await.len(), 4);
    let odd = acme.owner.send(Method::GET, &format!("{STREAM}/nonsense"), None).await;
    odd.refused(404, "ConversationNotFound");
}
