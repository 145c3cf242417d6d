//! Changing and cancelling what is not sent yet.

use futures_util::future::join;
use serde_json::json;
use workforceos_tests::time::at;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{announced, get, path, sees, titles};
use crate::paths::ANNOUNCEMENTS;
use crate::text;

on_both_databases!(
    what_is_sent_stays_as_it_is,
    a_cancelled_one_is_listed_and_scheduled_anew,
    times_move_until_it_is_sent,
    an_end_by_the_policy_of_then_is_nobodys_choice,
    an_end_that_is_past_is_refused,
    deleting_and_sending_at_once_one_wins,
    events_tell_those_who_may_see,
    the_board_shows_what_is_told,
);

async fn what_is_sent_stays_as_it_is(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let told = announced(&acme.owner, json!({})).await;
    for change in [json!({"title": "x"}), json!({"sendTime": "2026-07-01T00:00:00Z"}), json!({"visibleUntil": null}), json!({})] {
        acme.owner.patch(&path(&told), change).await.refused(409, "InvalidState");
    }
    acme.owner.delete(&path(&told)).await.refused(409, "InvalidState");
    let mut after = get(&acme.owner, &told).await;
    for name in ["creator", "departments"] {
        after.as_object_mut().expect("an object").remove(name);
    }
    assert_eq!(after, told);
}

async fn a_cancelled_one_is_listed_and_scheduled_anew(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let told = announced(&acme.owner, json!({"sendTime": "2026-06-01T08:00:00Z"})).await;
    assert_eq!((&told["status"], &told["status_idx"]), (&json!("scheduled"), &json!(0)));
    let gone = acme.owner.delete(&path(&told)).await.ok()["announcement"].clone();
    assert_eq!((&gone["status"], &gone["isActive"], &gone["recordVersion"]), (&json!("cancelled"), &json!(false), &json!(2)));
    // Again is no further change.
    assert_eq!(acme.owner.delete(&path(&told)).await.ok()["announcement"], gone);
    app.sweep_at(at("2026-06-01T08:00:00Z")).await;
    assert_eq!(get(&acme.owner, &told).await["status"], "cancelled", "a cancelled one is not sent");
    assert_eq!(titles(&acme.owner, "status=cancelled").await, ["News"]);
    let edited = acme.owner.patch(&path(&told), json!({"title": "Better"})).await.ok()["announcement"].clone();
    assert_eq!((&edited["status"], &edited["title"], &edited["isActive"]), (&json!("cancelled"), &json!("Better"), &json!(true)));
    let again = acme.owner.patch(&path(&told), json!({"sendTime": "2026-06-01T09:00:00Z"})).await.ok()["announcement"].clone();
    assert_eq!((&again["status"], &again["visibleUntil"]), (&json!("scheduled"), &json!("2026-08-30T09:00:00.000Z")));
    assert!(!sees(&ann, &told).await);
    app.sweep_at(at("2026-06-01T09:00:00Z")).await;
    assert!(sees(&ann, &told).await);
    // With a time that has come it is sent at once.
    let other = announced(&acme.owner, json!({"sendTime": "2026-06-01T10:00:00Z"})).await;
    acme.owner.delete(&path(&other)).await.ok();
    let sent = acme.owner.patch(&path(&other), json!({"sendTime": "2026-06-01T09:00:00Z"})).await.ok()["announcement"].clone();
    assert_eq!(sent["status"], "sent");
    assert!(sees(&ann, &other).await);
}

async fn times_move_until_it_is_sent(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let told = announced(&acme.owner, json!({"sendTime": "2026-06-01T08:00:00Z"})).await;
    let change = async |body| acme.owner.patch(&path(&told), body).await.ok()["announcement"].clone();
    // Later; the usual end moves along, a chosen one stays.
    assert_eq!(change(json!({"sendTime": "2026-06-01T10:00:00Z"})).await["visibleUntil"], "2026-08-30T10:00:00.000Z");
    change(json!({"visibleUntil": "2026-06-03T00:00:00Z"})).await;
    assert_eq!(change(json!({"sendTime": "2026-06-01T11:00:00Z"})).await["visibleUntil"], "2026-06-03T00:00:00.000Z");
    let late = acme.owner.patch(&path(&told), json!({"sendTime": "2026-06-03T00:00:00Z"})).await;
    assert_eq!(late.bad_fields(), ["visibleUntil"]);
    assert_eq!(change(json!({"visibleUntil": null})).await["visibleUntil"], "2026-08-30T11:00:00.000Z");
    app.sweep_at(at("2026-06-01T10:00:00Z")).await;
    assert_eq!(get(&acme.owner, &told).await["status"], "scheduled", "not at the time that it had before");
    // Earlier than the timer knew.
    change(json!({"sendTime": "2026-06-01T10:05:00Z"})).await;
    app.sweep_at(at("2026-06-01T10:05:00Z")).await;
    assert_eq!(get(&acme.owner, &told).await["status"], "sent");
    // And into the past: at once.
    let other = announced(&acme.owner, json!({"sendTime": "2026-06-01T12:00:00Z"})).await;
    let sent = acme.owner.patch(&path(&other), json!({"sendTime": "2026-06-01T10:05:00Z", "title": "Now"})).await.ok();
    assert_eq!((&sent["announcement"]["status"], &sent["announcement"]["title"]), (&json!("sent"), &json!("Now")));
    for name in ["title", "body", "sendTime"] {
        let third = announced(&acme.owner, json!({"sendTime": "2026-06-01T12:00:00Z"})).await;
        assert_eq!(acme.owner.patch(&path(&third), json!({name: null})).await.bad_fields(), [name]);
    }
}

async fn an_end_by_the_policy_of_then_is_nobodys_choice(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let usual = announced(&acme.owner, json!({"sendTime": "2026-06-01T08:00:00Z"})).await;
    let chosen =
        announced(&acme.owner, json!({"sendTime": "2026-06-01T08:00:00Z", "visibleUntil": "2026-08-30T08:00:00Z"})).await;
    acme.owner.patch("/auth-api/v1/companypolicy", json!({"announcementDays": 30})).await.ok();
    let later = json!({"sendTime": "2026-12-01T08:00:00Z"});
    let moved = acme.owner.patch(&path(&usual), later.clone()).await.ok()["announcement"].clone();
    assert_eq!(moved["visibleUntil"], "2026-12-31T08:00:00.000Z");
    assert!(moved.get("endGiven").is_none(), "kept for the server alone");
    assert_eq!(acme.owner.patch(&path(&chosen), later).await.bad_fields(), ["visibleUntil"], "what was chosen is not moved");
}

async fn an_end_that_is_past_is_refused(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    app.set("2026-06-01T08:00:00Z");
    let mut owner = acme.owner.clone();
    owner.log_in().await;
    let over = json!({"title": "News", "body": "x", "sendTime": "2026-06-01T05:00:00Z", "visibleUntil": "2026-06-01T06:00:00Z"});
    assert_eq!(owner.post(ANNOUNCEMENTS, over).await.bad_fields(), ["visibleUntil"]);
    let told = announced(&owner, json!({"sendTime": "2026-06-02T08:00:00Z"})).await;
    let late = json!({"sendTime": "2026-06-01T05:00:00Z", "visibleUntil": "2026-06-01T08:00:00Z"});
    assert_eq!(owner.patch(&path(&told), late).await.bad_fields(), ["visibleUntil"]);
}

async fn deleting_and_sending_at_once_one_wins(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let mut live = acme.owner.stream("announcements").await;
    live.snapshot().await;
    let mut told = Vec::new();
    for _ in 0..10 {
        told.push(announced(&acme.owner, json!({"sendTime": "2026-06-01T08:00:00Z"})).await);
    }
    app.set("2026-06-01T08:00:00Z");
    let owner = &acme.owner;
    let deleting = async { futures_util::future::join_all(told.iter().map(|a| async { owner.delete(&path(a)).await })).await };
    let (replies, ()) = join(deleting, app.sweep()).await;
    let end = announced(&acme.owner, json!({"title": "end"})).await;
    let seen = live.until_object(&text(&end, "id")).await;
    for (one, reply) in told.iter().zip(replies) {
        let expected = match reply.status {
            200 => "cancelled",
            _ => {
                reply.refused(409, "InvalidState");
                "sent"
            }
        };
        assert_eq!(get(owner, one).await["status"], expected);
        let kinds: Vec<&str> = seen.iter().filter(|e| one["id"] == e.object_id()).map(|e| e.kind()).collect();
        assert_eq!(kinds, ["announcement.scheduled", format!("announcement.{expected}").as_str()]);
    }
}

async fn events_tell_those_who_may_see(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob, mia) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let crew = acme.department("crew", &[&bob]).await.to_string();
    let people = [&acme.owner, &mia, &ann, &bob];
    let mut streams = Vec::new();
    for who in people {
        let mut live = who.stream("announcements").await;
        live.snapshot().await;
        streams.push(live);
    }
    let soon = "2026-06-01T08:00:00Z";
    let to_ann = announced(&mia, json!({"audienceUserIds": [ann.text()], "sendTime": soon})).await;
    let to_crew = announced(&acme.owner, json!({"targetDepartmentIds": [crew], "sendTime": soon})).await;
    let cancelled = announced(&acme.owner, json!({"sendTime": soon})).await;
    acme.owner.delete(&path(&cancelled)).await.ok();
    app.sweep_at(at(soon)).await;
    let end = announced(&acme.owner, json!({"sendTime": soon})).await;
    let end = text(&end, "id");
    let mut told = Vec::new();
    for live in &mut streams {
        let seen = live.until_object(&end).await;
        let name = |id: &str| match id {
            id if to_ann["id"] == id => "ann",
            id if to_crew["id"] == id => "crew",
            id if cancelled["id"] == id => "gone",
            _ => "end",
        };
        let line =
            |e: &workforceos_tests::Seen| format!("{} {}", name(e.object_id()), e.kind().trim_start_matches("announcement."));
        told.push(seen.iter().map(line).collect::<Vec<_>>());
    }
    let all = ["ann scheduled", "crew scheduled", "gone scheduled", "gone cancelled", "ann sent", "crew sent", "end sent"];
    assert_eq!(told[0], all, "admins see all");
    assert_eq!(told[1], ["ann scheduled", "ann sent", "end sent"], "the creator");
    assert_eq!(told[2], ["ann sent", "end sent"]);
    assert_eq!(told[3], ["crew sent", "end sent"]);
}

async fn the_board_shows_what_is_told(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    announced(&acme.owner, json!({"title": "all", "sendTime": "2026-05-31T08:00:00Z"})).await;
    announced(&acme.owner, json!({"title": "ann", "audienceUserIds": [ann.text()], "sendTime": "2026-05-31T09:00:00Z"})).await;
    let over = json!({"title": "over", "sendTime": "2026-05-31T10:00:00Z", "visibleUntil": "2026-06-01T06:00:01Z"});
    announced(&acme.owner, over).await;
    announced(&acme.owner, json!({"title": "coming", "sendTime": "2026-06-01T08:00:00Z"})).await;
    app.set("2026-06-01T06:00:01Z");
    for (who, expected) in [(&ann, vec!["ann", "all"]), (&bob, vec!["all"]), (&acme.owner, vec!["ann", "all"])] {
        let board = who.stream("").await.snapshot().await;
        let told: Vec<String> = board["announcements"].as_array().expect("a list").iter().map(|a| text(a, "title")).collect();
        assert_eq!(told, expected, "the newest first");
    }
}
