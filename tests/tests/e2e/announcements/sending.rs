//! Sent at its time, once: on several nodes, across restarts, many at once.

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use workforceos_core::change::Changes;
use workforceos_core::objects::{Announcement, AnnouncementStatus};
use workforceos_core::time::Timestamp;
use workforceos_tests::time::at;
use workforceos_tests::{Company, Db, TestApp, on_both_databases};

use super::{announced, get, sees};
use crate::paths::{ANNOUNCEMENTS, PROCESS};
use crate::text;

const SOON: &str = "2026-06-01T08:00:00Z";

on_both_databases!(
    the_timer_sends_at_the_time,
    a_restart_sends_what_came_due_meanwhile,
    a_thousand_due_at_once_are_all_sent,
    processing_sends_and_lists_what_it_sent,
    processing_and_the_timer_send_once,
    a_change_beside_the_timer_loses_nothing,
);

async fn the_timer_sends_at_the_time(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let (first, second) = (
        announced(&acme.owner, json!({"sendTime": SOON})).await,
        announced(&acme.owner, json!({"sendTime": "2026-06-01T09:00:00Z"})).await,
    );
    app.sweep_at(Timestamp(at(SOON).0 - 1)).await;
    assert!(!sees(&ann, &first).await);
    app.sweep_at(at(SOON)).await;
    assert!(sees(&ann, &first).await && !sees(&ann, &second).await);
    let sent = get(&ann, &first).await;
    assert_eq!(
        (&sent["status"], &sent["recordVersion"], &sent["sendTime"]),
        (&json!("sent"), &json!(2), &json!("2026-06-01T08:00:00.000Z"))
    );
    app.sweep_at(at("2026-06-01T09:00:00Z")).await;
    app.sweep().await;
    assert!(sees(&ann, &second).await);
    assert_eq!(get(&ann, &first).await["recordVersion"], 2, "once");
    let verified = app.services().store.verify(acme.id).await.expect("the journal is read");
    assert_eq!(verified.first_bad, None);
}

async fn a_restart_sends_what_came_due_meanwhile(db: Db) {
    let mut app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let told = announced(&acme.owner, json!({"sendTime": SOON})).await;
    app.stop().await;
    app.set(SOON);
    app.restart().await;
    app.sweep().await;
    assert!(sees(&ann, &told).await);
    app.restart().await;
    app.sweep().await;
    assert_eq!(get(&ann, &told).await["recordVersion"], 2, "once");
}

/// Two servers, of which either may be first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_send_once() {
    if !Db::Postgres.is_here() {
        return;
    }
    let one = TestApp::start(Db::Postgres).await;
    let other = one.twin().await;
    let acme = one.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let mut streams = [ann.at(&one).stream("announcements").await, ann.at(&other).stream("announcements").await];
    for live in &mut streams {
        live.snapshot().await;
    }
    let mut told = Vec::new();
    for i in 0..20 {
        let owner = acme.owner.at(if i % 2 == 0 { &one } else { &other });
        told.push(text(&announced(&owner, json!({"sendTime": SOON})).await, "id"));
    }
    one.set(SOON);
    let forced = acme.owner.at(&other);
    tokio::join!(one.sweep(), other.sweep(), async { forced.get(PROCESS).await.ok() }, one.sweep(), other.sweep());
    let end = text(&announced(&acme.owner, json!({"sendTime": SOON})).await, "id");
    for live in &mut streams {
        let seen = live.until_object(&end).await;
        let mut sent: Vec<&str> = seen.iter().map(|e| e.object_id()).filter(|id| *id != end).collect();
        sent.sort_unstable();
        let mut expected: Vec<&str> = told.iter().map(String::as_str).collect();
        expected.sort_unstable();
        assert_eq!(sent, expected, "each of them once");
    }
}

/// Writes many scheduled ones at once.
async fn many(acme: &Company, count: usize) {
    for chunk in 0..count.div_ceil(500) {
        let mut changes = Changes::none();
        for i in (chunk * 500)..count.min((chunk + 1) * 500) {
            let announcement = Announcement {
                meta: acme.meta(),
                creator_id: acme.owner.id,
                title: format!("News {i}"),
                body: "There is news.".to_owned(),
                target_department_ids: Vec::new(),
                audience_user_ids: Vec::new(),
                send_time: at(SOON),
                visible_until: None,
                end_given: false,
                status: AnnouncementStatus::Scheduled,
                company_id: acme.id,
            };
            changes = changes.put(&announcement);
        }
        let event = workforceos_core::change::Event::audit(&acme.ctx(), "company", acme.id);
        acme.write(changes.event(event).due(Some(at(SOON)))).await;
    }
}

async fn a_thousand_due_at_once_are_all_sent(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    many(&acme, 1_203).await;
    let last = announced(&acme.owner, json!({"sendTime": "2026-06-01T08:30:00Z"})).await;
    let total = async || ann.get(&format!("{ANNOUNCEMENTS}?pageRowCount=1")).await.ok()["paging"]["totalRowCount"].clone();
    app.set(SOON);
    let one_pass = app.services();
    one_pass.companies.sweep(acme.id).await.expect("a pass");
    let passed = total().await;
    // (The server's own timer may have made another one.)
    assert!([500, 1_000, 1_203].iter().any(|n| passed == *n), "five hundred a pass: {passed}");
    app.sweep().await;
    assert_eq!(total().await, 1_203, "passes follow until all are sent");
    app.sweep_at(at("2026-06-01T08:30:00Z")).await;
    assert!(sees(&ann, &last).await);
}

async fn processing_sends_and_lists_what_it_sent(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    announced(&acme.owner, json!({"title": "before"})).await;
    assert_eq!(acme.owner.get(PROCESS).await.ok()["announcements"], json!([]), "nothing is due");
    let (a, b) = (
        announced(&acme.owner, json!({"title": "a", "sendTime": "2026-06-01T07:00:00Z"})).await,
        announced(&acme.owner, json!({"title": "b", "sendTime": SOON})).await,
    );
    announced(&acme.owner, json!({"title": "later", "sendTime": "2026-06-02T07:00:00Z"})).await;
    // The timer may have been there first: what is sent once more is listed by nobody.
    app.set(SOON);
    let key = |read_only: bool| json!({"name": "key", "readOnly": read_only});
    let reader = acme.owner.post("/auth-api/v1/apikeys", key(true)).await.ok();
    acme.owner.with_token(&text(&reader, "key")).get(PROCESS).await.refused(403, "Forbidden");
    ann.get(PROCESS).await.refused(403, "Forbidden");
    let listed = acme.owner.get(PROCESS).await.ok();
    let told: Vec<String> = listed["announcements"].as_array().expect("a list").iter().map(|a| text(a, "title")).collect();
    let by_call: Vec<&Json> = [&b, &a].into_iter().filter(|x| told.contains(&text(x, "title"))).collect();
    assert_eq!(listed["paging"]["totalRowCount"], by_call.len());
    assert_eq!(told, by_call.iter().map(|x| text(x, "title")).collect::<Vec<_>>(), "the newest first, and nothing else");
    assert!(sees(&ann, &a).await && sees(&ann, &b).await);
    assert_eq!(acme.owner.get(PROCESS).await.ok()["announcements"], json!([]), "once");
    // More than a pass at a time, filtered and in pages.
    many(&acme, 700).await;
    let listed = acme.owner.get(&format!("{PROCESS}?title=news%201&pageRowCount=10")).await.ok();
    assert_eq!(ann.get(&format!("{ANNOUNCEMENTS}?title=news")).await.ok()["paging"]["totalRowCount"], 700);
    let rows = listed["announcements"].as_array().expect("a list");
    assert!(rows.iter().all(|row| row["status"] == "sent" && text(row, "title").starts_with("News 1")), "{listed}");
}

async fn processing_and_the_timer_send_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let mut live = acme.owner.stream("announcements").await;
    live.snapshot().await;
    // No more than a stream's queue holds.
    many(&acme, 150).await;
    app.set(SOON);
    let calls = join_all((0..8).map(|_| async { acme.owner.get(&format!("{PROCESS}?pageRowCount=500")).await.ok() }));
    let (replies, ()) = futures_util::future::join(calls, app.sweep()).await;
    let end = text(&announced(&acme.owner, json!({"sendTime": SOON})).await, "id");
    let seen = live.until_object(&end).await;
    let mut sent: Vec<&str> = seen.iter().filter(|e| e.kind() == "announcement.sent").map(|e| e.object_id()).collect();
    assert_eq!(sent.len(), 151);
    sent.sort_unstable();
    sent.dedup();
    assert_eq!(sent.len(), 151, "each once");
    let mut listed: Vec<String> =
        replies.iter().flat_map(|r| r["announcements"].as_array().expect("rows")).map(|a| text(a, "id")).collect();
    let count = listed.len();
    listed.sort();
    listed.dedup();
    assert_eq!(listed.len(), count, "no two calls sent the same");
}

/// What a change takes away beside a pass of the timer hides nothing that comes after it.
async fn a_change_beside_the_timer_loses_nothing(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let owner = &acme.owner;
    let mut told = Vec::new();
    for minute in 1..=12 {
        let time = format!("2026-06-01T08:{minute:02}:00Z");
        told.push((announced(owner, json!({"sendTime": time})).await, time));
    }
    for (i, (one, time)) in told.iter().enumerate() {
        app.set(time);
        // The next one goes away while this one is sent.
        let next = told.get(i + 1).filter(|_| i % 2 == 0).map(|(next, _)| super::path(next));
        let cancel = async {
            if let Some(next) = &next {
                owner.delete(next).await.ok();
            }
        };
        futures_util::future::join(app.sweep(), cancel).await;
        app.clock.set(Timestamp(at(time).0 + 2_000));
        app.sweep().await;
        let expected = if i % 2 == 0 { "sent" } else { "cancelled" };
        assert_eq!(get(owner, one).await["status"], expected, "{i}");
    }
}
