//! Who hears of a request: live events, alerts of decisions and of waiting, and the audit log.

use serde_json::json;
use workforceos_core::time::Timestamp;
use workforceos_tests::time::at;
use workforceos_tests::{Company, Db, Live, Person, Seen, TestApp, on_both_databases};

use super::{ask, asked, change, decide};
use crate::paths::LEAVE;
use crate::text;

on_both_databases!(
    those_concerned_see_every_step,
    the_requester_hears_of_the_decision,
    waiting_is_reported_once_and_resolved,
    without_a_manager_the_owner_is_reminded,
    the_board_says_who_is_away,
);

async fn crew(app: &TestApp) -> (Company, Person, Person) {
    let acme = app.company("acme", "UTC").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    (acme, ann, mia)
}

async fn opened(who: &Person, topics: &str) -> Live {
    let mut live = who.stream(topics).await;
    live.snapshot().await;
    live
}

fn kinds(seen: &[Seen]) -> Vec<&str> {
    seen.iter().map(Seen::kind).collect()
}

async fn those_concerned_see_every_step(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, ann, mia) = crew(&app).await;
    let zoe = acme.employee("zoe").await;
    let mut streams = [opened(&ann, "leave").await, opened(&mia, "leave").await, opened(&acme.owner, "leave").await];
    let mut strangers = opened(&zoe, "leave").await;
    let id = asked(&ann, "2026-07-01", "2026-07-01").await;
    change(&ann, &id, json!({"reason": "Sea"})).await.ok();
    decide(&mia, &id, "approved").await.ok();
    decide(&mia, &id, "cancelled").await.ok();
    decide(&mia, &asked(&ann, "2026-07-02", "2026-07-02").await, "rejected").await.ok();
    let gone = asked(&ann, "2026-07-03", "2026-07-03").await;
    ann.delete(&format!("{LEAVE}/{gone}")).await.ok();
    let wanted = [
        "leave.requested",
        "leave.updated",
        "leave.approved",
        "leave.cancelled",
        "leave.requested",
        "leave.rejected",
        "leave.requested",
        "leave.cancelled",
    ];
    for live in &mut streams {
        let seen = live.until(|e| e.data["object"]["isActive"] == false).await;
        assert_eq!(kinds(&seen), wanted);
        assert_eq!(seen[0].data["actorId"], ann.text());
        assert_eq!(seen[2].data["object"]["approverId"], mia.text());
    }
    // A stranger sees but the own.
    let own = asked(&zoe, "2026-07-01", "2026-07-01").await;
    assert_eq!(strangers.told().await.object_id(), own);
}

async fn the_requester_hears_of_the_decision(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, ann, mia) = crew(&app).await;
    let mut live = opened(&ann, "alerts").await;
    let (first, second) = (asked(&ann, "2026-07-01", "2026-07-03").await, asked(&ann, "2026-08-01", "2026-08-01").await);
    decide(&mia, &first, "approved").await.ok();
    decide(&mia, &second, "rejected").await.ok();
    decide(&acme.owner, &first, "cancelled").await.ok();
    let third = asked(&ann, "2026-09-01", "2026-09-01").await;
    decide(&ann, &third, "cancelled").await.ok();
    let fourth = asked(&ann, "2026-09-01", "2026-09-01").await;
    decide(&mia, &fourth, "approved").await.ok();
    let told = |dates: &str, decision: &str| format!("Your request for annual leave from {dates} was {decision}.");
    let (raised, resolved) = (("alert.raised", "OPEN"), ("alert.resolved", "RESOLVED"));
    let wanted = [
        (raised, &first, told("2026-07-01 to 2026-07-03", "approved")),
        (raised, &second, told("2026-08-01 to 2026-08-01", "rejected")),
        // The later decision takes the place of the earlier.
        (resolved, &first, told("2026-07-01 to 2026-07-03", "approved")),
        (raised, &first, told("2026-07-01 to 2026-07-03", "cancelled")),
        // What one withdraws oneself is no news.
        (raised, &fourth, told("2026-09-01 to 2026-09-01", "approved")),
    ];
    for ((kind, status), id, message) in wanted {
        let event = live.next().await.expect("an alert");
        let alert = &event.data["object"];
        assert_eq!((event.kind(), alert["alertType"].as_str()), (kind, Some("leave_decision")));
        assert_eq!((alert["relatedEntityId"].as_str(), text(alert, "message")), (Some(id.as_str()), message));
        assert_eq!((text(alert, "recipientUserId"), alert["status"].as_str()), (ann.text(), Some(status)));
    }
}

async fn waiting_is_reported_once_and_resolved(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, mut ann, mut mia) = crew(&app).await;
    for who in [&mut ann, &mut mia] {
        who.use_key().await;
    }
    let mut owner = acme.owner.clone();
    owner.use_key().await;
    let (waiting, decided) = (asked(&ann, "2026-07-01", "2026-07-01").await, asked(&ann, "2026-07-02", "2026-07-02").await);
    app.set("2026-06-02T06:00:00Z");
    let (withdrawn, later) = (asked(&ann, "2026-07-03", "2026-07-03").await, asked(&ann, "2026-07-04", "2026-07-04").await);
    decide(&mia, &decided, "approved").await.ok();
    let (mut managers, mut owners) = (opened(&mia, "alerts").await, opened(&owner, "alerts").await);
    app.sweep_at(Timestamp(at("2026-06-03T06:00:00Z").0 - 1)).await;
    app.sweep_at(at("2026-06-03T06:00:00Z")).await;
    app.sweep_at(at("2026-06-03T12:00:00Z")).await;
    ann.delete(&format!("{LEAVE}/{withdrawn}")).await.ok();
    // An edit starts nothing anew.
    change(&ann, &waiting, json!({"endDate": "2026-07-01", "reason": "Please"})).await.ok();
    app.sweep_at(at("2026-06-04T06:00:00Z")).await;
    app.sweep_at(at("2026-06-09T06:00:00Z")).await;
    decide(&owner, &waiting, "rejected").await.ok();
    ann.delete(&format!("{LEAVE}/{later}")).await.ok();
    let wanted = [
        ("alert.raised", &waiting, "2026-06-03T06:00:00.000Z"),
        ("alert.raised", &later, "2026-06-04T06:00:00.000Z"),
        ("alert.resolved", &waiting, "2026-06-09T06:00:00.000Z"),
        ("alert.resolved", &later, "2026-06-09T06:00:00.000Z"),
    ];
    for (kind, id, when) in wanted {
        let event = managers.next().await.expect("an alert");
        let alert = &event.data["object"];
        assert_eq!(
            (event.kind(), alert["relatedEntityId"].as_str(), event.data["at"].as_str()),
            (kind, Some(id.as_str()), Some(when))
        );
        assert_eq!((text(alert, "alertType"), text(alert, "recipientUserId")), ("approval_delay".to_owned(), mia.text()));
        assert_eq!(alert["resolvedAt"].is_null(), kind == "alert.raised");
        assert!(text(alert, "message").starts_with("The request of ann for annual leave from 2026-07-0"), "{alert}");
    }
    // Nobody else is reminded.
    managers.next_is(acme.alert(&mia).await).await;
    owners.next_is(acme.alert(&owner).await).await;
}

async fn without_a_manager_the_owner_is_reminded(db: Db) {
    let mut app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let bob = acme.employee("bob").await;
    let mut owner = acme.owner.clone();
    owner.use_key().await;
    let of_bob = asked(&bob, "2026-07-01", "2026-07-01").await;
    // Who is gone waits for nothing.
    let zoe = acme.employee("zoe").await;
    ask(&zoe, "2026-07-01", "2026-07-01").await.ok();
    acme.owner.delete(&format!("/auth-api/v1/users/{}", zoe.text())).await.ok();
    ask(&owner, "2026-07-01", "2026-07-01").await.ok();
    // Also across a restart.
    app.restart().await;
    let mut live = opened(&owner, "alerts").await;
    app.sweep_at(at("2026-06-03T06:00:00Z")).await;
    app.sweep_at(at("2026-06-05T06:00:00Z")).await;
    let event = live.next().await.expect("an alert");
    assert_eq!((event.kind(), event.data["object"]["alertType"].as_str()), ("alert.raised", Some("approval_delay")));
    assert_eq!(event.data["object"]["relatedEntityId"], of_bob.as_str());
    let own = asked(&owner, "2026-07-05", "2026-07-05").await;
    let mut leave = owner.stream("").await;
    leave.snapshot().await;
    owner.delete(&format!("{LEAVE}/{own}")).await.ok();
    leave.until_object(&own).await;
    // Nobody is reminded of what is the own alone.
    live.next_is(acme.alert(&owner).await).await;
}

async fn the_board_says_who_is_away(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, ann, mia) = crew(&app).await;
    let zoe = acme.employee("zoe").await;
    for (who, from, to, approved) in [
        (&ann, "2026-06-01", "2026-06-02", true),
        (&ann, "2026-06-03", "2026-06-04", true),
        (&zoe, "2026-06-01", "2026-06-01", true),
        (&mia, "2026-06-01", "2026-06-01", false),
    ] {
        let id = asked(who, from, to).await;
        if approved {
            decide(&acme.owner, &id, "approved").await.ok();
        }
    }
    for (who, away) in [(&acme.owner, vec!["ann", "zoe"]), (&mia, vec!["ann"]), (&zoe, vec!["zoe"])] {
        let board = who.stream("").await.snapshot().await;
        let mut names: Vec<String> =
            board["leaveRequests"].as_array().expect("a list").iter().map(|l| text(&l["user"], "fullname")).collect();
        names.sort();
        assert_eq!(names, away);
    }
}
