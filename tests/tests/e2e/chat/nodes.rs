//! Several servers that write in one conversation.

use serde_json::{Value as Json, json};
use workforceos_core::id::ConversationId;
use workforceos_core::objects::Assistant;
use workforceos_services::conversations::{self, Question, Reply};
use workforceos_tests::{Db, TestApp, on_both_databases};

use crate::agent_tools::{agents, caller};

on_both_databases!(a_question_waits_for_the_answer_of_another_server, names_of_two_servers_are_kept_together);

fn question(aliases: Option<Json>, over: Option<i64>) -> Question {
    Question { assistant: Assistant::Chat, text: "Who works?".to_owned(), exchange: json!([]), aliases, over }
}

fn reply(aliases: Option<Json>) -> Reply {
    Reply { text: "Ann.".to_owned(), tool_calls: None, exchange: json!([]), aliases, answer: None }
}

async fn a_question_waits_for_the_answer_of_another_server(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ctx = agents(&app).dispatch.enter_uncounted(caller(&acme.owner)).await.expect("a login");
    let services = app.services();
    let asked = async |id: Option<ConversationId>, over: Option<i64>| {
        conversations::asked(&services, &ctx, id, question(None, over)).await
    };
    let first = asked(None, None).await.expect("a new one");
    let id = Some(ConversationId(first.meta.id));
    let again = asked(id, None).await;
    if let Db::Sqlite = db {
        // A file has one server: there is no other to wait for.
        assert_eq!(again.expect("asked").message_count, 2);
        return;
    }
    assert_eq!(again.expect_err("the answer may be running").code, "AnswerRunning");
    // The server that ran the answer knows that it came to nothing.
    assert_eq!(asked(id, Some(1)).await.expect("asked").message_count, 2);
    assert_eq!(asked(id, Some(1)).await.expect_err("this one may be running").code, "AnswerRunning");
    // Whoever was to answer it is gone.
    app.clock.advance_minutes(1);
    assert_eq!(asked(id, None).await.expect("asked").message_count, 3);
    let kept = conversations::answered(&services, &ctx, ConversationId(first.meta.id), reply(None)).await;
    assert!(kept.expect("kept"));
    assert_eq!(asked(id, None).await.expect("it was answered").message_count, 5);
}

async fn names_of_two_servers_are_kept_together(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ctx = agents(&app).dispatch.enter_uncounted(caller(&acme.owner)).await.expect("a login");
    let services = app.services();
    let names = |names: Json| Some(json!({"v": 1, "names": names}));
    let ann = || names(json!([["01a", "user_ann"]]));
    let begun = conversations::asked(&services, &ctx, None, question(ann(), None)).await.expect("a new one");
    let id = ConversationId(begun.meta.id);
    for given in [json!([]), json!([["01b", "user_ann"], ["01c", "user_bob"]])] {
        conversations::answered(&services, &ctx, id, reply(names(given))).await.expect("kept");
    }
    let open = conversations::open(&services, &ctx, Assistant::Chat, id).await.expect("the conversation");
    assert_eq!(open.aliases, names(json!([["01a", "user_ann"], ["01c", "user_bob"]])));
}
