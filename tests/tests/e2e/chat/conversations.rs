//! Conversations as they are kept: one's own, bounded, and gone when they are deleted.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;
use workforceos_core::Clock;
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{Assistant, ChatMessage, Conversation, ConversationAliases};
use workforceos_core::query::{Cond, Query};
use workforceos_tests::llm::Turn;
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use super::{CHAT, CONVERSATIONS, STOP, STREAM, asked, asked_in, conversation, messages, named, said, start};
use crate::text;

on_both_databases!(
    the_list_begins_with_the_last,
    others_find_nothing,
    deleted_is_gone,
    the_longest_idle_makes_room,
    a_conversation_can_be_full,
    who_is_forgotten_takes_them_along,
    names_stay_through_a_restart,
);

async fn the_list_begins_with_the_last(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let long = format!("What about {}", "overtime and ".repeat(20));
    let first = conversation(&asked(&acme.owner, &long).await);
    app.clock.advance_minutes(1);
    let second = conversation(&asked(&acme.owner, "And\nleave?").await);
    app.clock.advance_minutes(1);
    asked_in(&acme.owner, &first, "More about it").await;
    let list = acme.owner.get(CONVERSATIONS).await.ok();
    assert_eq!(list["count"], 2);
    let found = list["conversations"].as_array().expect("conversations");
    assert_eq!((text(&found[0], "id"), text(&found[1], "id")), (first.clone(), second));
    let title = text(&found[0], "title");
    assert!(title.chars().count() <= 80 && title.ends_with('…') && title.starts_with("What about overtime and "), "{title}");
    assert_eq!(found[1]["title"], "And leave?");
    assert!(text(&found[0], "updatedAt") > text(&found[0], "createdAt"));
    let one = acme.owner.get(&format!("{CONVERSATIONS}/{first}")).await.ok();
    assert_eq!((&one["id"], &one["title"]), (&found[0]["id"], &found[0]["title"]));
    assert_eq!(one["messages"].as_array().map(Vec::len), Some(2));
    assert!(one["messages"][0]["createdAt"].is_string());
}

async fn others_find_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let ann = acme.employee("ann").await;
    let id = conversation(&asked(&ann, "A secret").await);
    let routes = [
        (Method::GET, format!("{CONVERSATIONS}/{id}"), None),
        (Method::DELETE, format!("{CONVERSATIONS}/{id}"), None),
        (Method::GET, format!("{STREAM}/{id}"), None),
        (Method::POST, STREAM.to_owned(), Some(json!({"message": "m", "conversationId": id}))),
        (Method::POST, CHAT.to_owned(), Some(json!({"message": "m", "conversationId": id}))),
        (Method::POST, STOP.to_owned(), Some(json!({"conversationId": id}))),
    ];
    // Not even an admin of the company.
    for nobody in [&acme.owner, &other.owner] {
        for (method, path, body) in &routes {
            nobody.send(method.clone(), path, body.clone()).await.refused(404, "ConversationNotFound");
        }
        assert_eq!(nobody.get(CONVERSATIONS).await.ok()["count"], 0);
    }
    let unknown = format!("{CONVERSATIONS}/{}", Uuid::from_u128(7));
    ann.get(&unknown).await.refused(404, "ConversationNotFound");
    assert_eq!(messages(&ann, &id).await.len(), 1, "and nothing has happened to it");
}

/// How many rows are left of what was said in a company.
async fn rows(app: &TestApp, acme: &Company) -> usize {
    let mut count = 0;
    for def in [Conversation::def(), ChatMessage::def(), ConversationAliases::def()] {
        count += app.services().store.select(&Query::of(def, acme.id, Cond::TRUE)).await.expect("read").len();
    }
    count
}

async fn deleted_is_gone(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    llm.script([Turn::calls([("listUsers", json!({}))]), Turn::says("An answer with turnips.")]);
    let id = conversation(&asked(&acme.owner, "A question about turnips").await);
    assert_eq!(rows(&app, &acme).await, 4, "itself, two messages, its names");
    assert_eq!(acme.owner.delete(&format!("{CONVERSATIONS}/{id}")).await.ok(), json!({"success": true}));
    assert_eq!(rows(&app, &acme).await, 0, "rows are erased");
    acme.owner.delete(&format!("{CONVERSATIONS}/{id}")).await.refused(404, "ConversationNotFound");
    let journal = app.services().store.journal(acme.id, 0, 10_000).await.expect("read");
    let about: Vec<_> = journal.iter().filter(|entry| entry.object_id.to_string() == id).collect();
    assert_eq!(about.len(), 3, "begun, answered, deleted");
    assert!(about.iter().all(|entry| &*entry.after == "null" && entry.kind.is_none() && entry.audience.is_none()));
    assert!(journal.iter().all(|entry| !entry.after.contains("turnips")), "the journal tells nothing of what was said");
    assert_eq!(app.services().store.verify(acme.id).await.expect("verified").first_bad, None);
}

async fn the_longest_idle_makes_room(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let mut ids = Vec::new();
    for number in 0..200 {
        ids.push(conversation(&asked(&acme.owner, &format!("Number {number}")).await));
        app.clock.advance_minutes(1);
    }
    asked_in(&acme.owner, &ids[0], "Still of interest").await;
    app.clock.advance_minutes(1);
    let ann = acme.employee("ann").await;
    asked(&ann, "Hers do not count").await;
    asked(&acme.owner, "One more").await;
    let list = acme.owner.get(CONVERSATIONS).await.ok();
    assert_eq!(list["count"], 200);
    let left = list["conversations"].to_string();
    assert!(left.contains(&ids[0]) && !left.contains(&ids[1]) && left.contains(&ids[2]));
    assert_eq!(ann.get(CONVERSATIONS).await.ok()["count"], 1);
}

/// A conversation that has so many messages already, and so many characters.
async fn long(app: &TestApp, acme: &Company, who: &Person, messages: i64, characters: i64) -> String {
    let now = app.clock.now();
    let conversation = Conversation {
        meta: Meta::new(app.services().ids.next(now), now, Some(who.id.0)),
        assistant: Assistant::Chat,
        title: "Long".to_owned(),
        message_count: messages,
        characters,
        services: None,
        user_id: who.id,
        company_id: acme.id,
    };
    let event = Event::audit(&acme.ctx(), Conversation::def().name, conversation.meta.id);
    acme.write(Changes::none().put(&conversation).event(event)).await;
    conversation.meta.id.to_string()
}

async fn a_conversation_can_be_full(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    llm.script([Turn::says("Just so.")]);
    let id = long(&app, &acme, &acme.owner, 498, 0).await;
    assert_eq!(said(&asked_in(&acme.owner, &id, "Fits?").await), "Just so.");
    for path in [STREAM, CHAT] {
        let more = json!({"message": "And now?", "conversationId": id});
        acme.owner.post(path, more).await.refused(409, "ConversationFull");
    }
    let id = long(&app, &acme, &acme.owner, 4, 5_000_000).await;
    acme.owner.post(CHAT, json!({"message": "m", "conversationId": id})).await.refused(409, "ConversationFull");
}

async fn who_is_forgotten_takes_them_along(db: Db) {
    let (llm, app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    llm.script([Turn::calls([("listUsers", json!({}))]), Turn::says("There."), Turn::says("Here.")]);
    asked(&ann, "Who is there?").await;
    asked(&bob, "And here?").await;
    let before = rows(&app, &acme).await;
    ann.delete("/auth-api/v1/profile").await.ok();
    app.set("2026-07-04T06:00:00Z");
    assert_eq!(workforceos_services::auth::purge_archived(&app.services()).await.expect("purges"), 1);
    assert!(app.services().store.owned(Conversation::def(), acme.id, ann.id).await.expect("read").is_empty());
    assert!(rows(&app, &acme).await <= before - 4, "with all that was said");
    assert_eq!(app.services().store.owned(Conversation::def(), acme.id, bob.id).await.expect("read").len(), 1);
    assert_eq!(app.services().store.verify(acme.id).await.expect("verified").first_bad, None);
}

async fn names_stay_through_a_restart(db: Db) {
    let (llm, mut app) = start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    llm.script([Turn::calls([("listUsers", json!({}))]), Turn::says("There is ann.")]);
    let id = conversation(&asked(&acme.owner, "Who is there?").await);
    app.restart().await;
    llm.script([Turn::calls([("getUser", json!({"userId": "user_ann"}))]), Turn::says("That is she.")]);
    let events = asked_in(&acme.owner, &id, "Show me ann").await;
    let call = &named(&events, "tool_executing")[0].data;
    assert_eq!(call["args"]["userId"], ann.text(), "pages see the ids: {call}");
    assert_eq!(named(&events, "tool_result")[0].data["success"], true, "{events:?}");
    assert_eq!(messages(&acme.owner, &id).await.len(), 4);
    let again = llm.seen().pop().expect("asked").whole();
    assert!(again.contains("Who is there?") && again.contains("There is ann."), "what was said before is told again");
}
