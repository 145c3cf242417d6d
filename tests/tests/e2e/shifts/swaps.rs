//! Shifts that people change among themselves.

use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_tests::time::day;
use workforceos_tests::{Client, Company, Db, Person, Reply, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, SHIFTS, SWAPS};
use crate::text;

on_both_databases!(
    two_shifts_change_hands_at_once,
    a_shift_is_given_away,
    what_is_not_theirs_is_not_asked_for,
    managers_decide_between_their_reports,
    nobody_decides_the_own_request,
    both_people_are_looked_at_when_it_is_decided,
    what_changed_meanwhile_stays,
    a_request_is_pending_once_and_taken_back,
    deciding_and_cancelling_at_once_one_wins,
);

async fn ask(who: &Client, shift: &str, colleague: &Person, theirs: Option<&str>) -> Reply {
    let mut body = json!({"shiftId": shift, "colleagueId": colleague.text(), "reason": "A birthday"});
    if let Some(theirs) = theirs {
        body["colleagueShiftId"] = json!(theirs);
    }
    who.post(SWAPS, body).await
}

async fn asked(who: &Client, shift: &str, colleague: &Person, theirs: Option<&str>) -> String {
    let swap = ask(who, shift, colleague, theirs).await.ok()["shiftSwap"].clone();
    assert_eq!(swap["status"], "pending");
    text(&swap, "id")
}

async fn decide(who: &Client, swap: &str, status: &str) -> Reply {
    who.patch(&format!("{SWAPS}/{swap}"), json!({"status": status, "decisionNote": "So be it"})).await
}

async fn assignees(company: &Company, shift: &str) -> Json {
    company.owner.get(&format!("{SHIFTS}/{shift}")).await.ok()["shift"]["assignedUserIds"].clone()
}

async fn two_shifts_change_hands_at_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, cid) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await);
    // At the same time at two places: nobody is ever at both.
    let early = acme.shift("2026-06-10", "08:00-16:00", &[&ann, &cid]).await;
    let late = acme.shift("2026-06-10", "09:00-17:00", &[&bob]).await;
    let mut live = bob.stream("schedule").await;
    live.snapshot().await;
    let swap = asked(&ann, &early, &bob, Some(&late)).await;
    let event = live.told().await;
    assert_eq!((event.kind(), event.object_id()), ("shift.swapRequested", swap.as_str()));
    for (who, sees) in [(&ann, true), (&bob, true), (&cid, false), (&acme.owner, true)] {
        let status = who.get(&format!("{SWAPS}/{swap}")).await.status;
        assert_eq!((status == 200, who.get(SWAPS).await.ok()["rowCount"] == 1), (sees, sees));
    }
    assert_eq!(assignees(&acme, &late).await, json!([bob.text()]), "nothing yet");
    decide(&ann, &swap, "approved").await.refused(403, "Forbidden");
    let done = decide(&acme.owner, &swap, "approved").await.ok()["shiftSwap"].clone();
    assert_eq!((&done["status"], &done["deciderId"]), (&json!("approved"), &json!(acme.owner.text())));
    assert_eq!((&done["decidedAt"], &done["decisionNote"]), (&json!("2026-06-01T06:00:00.000Z"), &json!("So be it")));
    assert_eq!(assignees(&acme, &early).await, json!([bob.text(), cid.text()]), "in place of the other");
    assert_eq!(assignees(&acme, &late).await, json!([ann.text()]));
    let seen = live.until_object(&early).await;
    assert!(seen.iter().any(|e| e.kind() == "shift.swapDecided"), "{seen:?}");
    decide(&acme.owner, &swap, "rejected").await.refused(409, "InvalidState");
}

async fn a_shift_is_given_away(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let shift = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    let swap = asked(&ann, &shift, &bob, None).await;
    decide(&acme.owner, &swap, "rejected").await.ok();
    assert_eq!(assignees(&acme, &shift).await, json!([ann.text()]));
    let swap = asked(&ann, &shift, &bob, None).await;
    decide(&acme.owner, &swap, "approved").await.ok();
    assert_eq!(assignees(&acme, &shift).await, json!([bob.text()]));
    ann.get(&format!("{SHIFTS}/{shift}")).await.refused(404, "ShiftNotFound");
}

async fn what_is_not_theirs_is_not_asked_for(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let own = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    let bobs = acme.shift("2026-06-11", "08:00-16:00", &[&bob]).await;
    let begun = acme.shift("2026-06-01", "05:30-16:00", &[&ann]).await;
    let cancelled = acme.shift("2026-06-12", "08:00-16:00", &[&ann]).await;
    acme.owner.patch(&format!("{SHIFTS}/{cancelled}"), json!({"status": "cancelled"})).await.ok();
    for shift in [&bobs, &begun, &cancelled] {
        assert_eq!(ask(&ann, shift, &bob, None).await.bad_fields(), ["shiftId"]);
    }
    assert_eq!(ask(&ann, &own, &bob, Some(&cancelled)).await.bad_fields(), ["colleagueShiftId"]);
    assert_eq!(ask(&ann, &own, &ann, Some(&own)).await.bad_fields(), ["colleagueId", "colleagueShiftId"]);
    // Checked in already.
    let soon = acme.shift("2026-06-01", "06:30-07:30", &[&bob]).await;
    bob.post(CHECK_IN, json!({"shiftId": soon})).await.ok();
    assert_eq!(ask(&bob, &soon, &ann, None).await.bad_fields(), ["shiftId"]);
    let of_ann = json!({"userId": ann.text(), "shiftId": own, "colleagueId": bob.text()});
    bob.post(SWAPS, of_ann.clone()).await.refused(403, "Forbidden");
    acme.owner.post(SWAPS, of_ann).await.ok();
}

async fn managers_decide_between_their_reports(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let [ann, bob, cid, mia, kim] = [
        acme.employee("ann").await,
        acme.employee("bob").await,
        acme.employee("cid").await,
        acme.employee("mia").await,
        acme.employee("kim").await,
    ];
    acme.manager_of(&mia, &[&ann, &bob]).await;
    acme.manager_of(&kim, &[&cid]).await;
    let shift = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    let within = asked(&ann, &shift, &bob, None).await;
    decide(&kim, &within, "approved").await.refused(404, "ShiftSwapNotFound");
    decide(&mia, &within, "approved").await.ok();
    let across = asked(&bob, &shift, &cid, None).await;
    for manager in [&mia, &kim] {
        assert_eq!(manager.get(&format!("{SWAPS}/{across}")).await.status, 200);
        decide(manager, &across, "approved").await.refused(403, "Forbidden");
    }
    decide(&acme.owner, &across, "approved").await.ok();
    assert_eq!(assignees(&acme, &shift).await, json!([cid.text()]));
}

async fn nobody_decides_the_own_request(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, eve) = (acme.employee("ann").await, acme.admin("eve").await);
    let shift = acme.shift("2026-06-10", "08:00-16:00", &[&eve]).await;
    let swap = asked(&eve, &shift, &ann, None).await;
    decide(&eve, &swap, "approved").await.refused(403, "Forbidden");
    decide(&acme.owner, &swap, "approved").await.ok();
    let back = asked(&ann, &shift, &eve, None).await;
    decide(&eve, &back, "approved").await.refused(403, "Forbidden");
    let owners = asked(&ann, &acme.shift("2026-06-20", "08:00-16:00", &[&ann]).await, &acme.owner, None).await;
    decide(&acme.owner, &owners, "approved").await.ok();
    assert_eq!(decide(&acme.owner, &back, "pending").await.bad_fields(), ["status"]);
}

async fn both_people_are_looked_at_when_it_is_decided(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await.to_string();
    let anns = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    let bobs = acme.shift("2026-06-15", "08:00-16:00", &[&bob]).await;
    let swap = asked(&ann, &anns, &bob, Some(&bobs)).await;
    let unchanged = async || {
        assert_eq!((assignees(&acme, &anns).await, assignees(&acme, &bobs).await), (json!([ann.text()]), json!([bob.text()])));
        assert_eq!(acme.owner.get(&format!("{SWAPS}/{swap}")).await.ok()["shiftSwap"]["status"], "pending");
    };
    // The colleague works then; the one who asks works when the colleague does.
    for (who, date) in [(&bob, "2026-06-10"), (&ann, "2026-06-15")] {
        let rival = acme.shift(date, "15:00-20:00", &[who]).await;
        let body = decide(&acme.owner, &swap, "approved").await.refused(409, "ShiftConflict");
        assert_eq!((&body["detail"][0]["userId"], &body["detail"][0]["id"]), (&json!(who.text()), &json!(rival)));
        unchanged().await;
        acme.owner.delete(&format!("{SHIFTS}/{rival}")).await.ok();
        let rival = acme.shift(date, "22:00-23:00", &[who]).await;
        let body = decide(&acme.owner, &swap, "approved").await.refused(409, "RestTooShort");
        assert_eq!((&body["detail"][0]["userId"], &body["detail"][0]["id"]), (&json!(who.text()), &json!(rival)));
        unchanged().await;
        acme.owner.delete(&format!("{SHIFTS}/{rival}")).await.ok();
    }
    acme.owner.patch(&format!("{SHIFTS}/{anns}"), json!({"departmentId": crew})).await.ok();
    decide(&acme.owner, &swap, "approved").await.refused(409, "InvalidState");
    acme.owner.patch(&format!("{SHIFTS}/{anns}"), json!({"departmentId": null})).await.ok();
    acme.leave(&ann, day("2026-06-15"), day("2026-06-15"), DayPart::Full).await;
    let body = decide(&acme.owner, &swap, "approved").await.refused(409, "ShiftConflict");
    assert_eq!((&body["detail"][0]["kind"], &body["detail"][0]["userId"]), (&json!("leave"), &json!(ann.text())));
    unchanged().await;
}

async fn what_changed_meanwhile_stays(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, cid) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await);
    let shift = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    let swap = asked(&ann, &shift, &bob, None).await;
    let swap_is = async |status: &str| {
        assert_eq!(acme.owner.get(&format!("{SWAPS}/{swap}")).await.ok()["shiftSwap"]["status"], status);
    };
    acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"assignedUserIds": [ann.text(), bob.text()]})).await.ok();
    decide(&acme.owner, &swap, "approved").await.refused(409, "InvalidState");
    swap_is("pending").await;
    acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"assignedUserIds": [cid.text()]})).await.ok();
    swap_is("cancelled").await;
    // What has ended stays ended, though the shift is theirs again.
    acme.owner.patch(&format!("{SHIFTS}/{shift}"), json!({"assignedUserIds": [ann.text()]})).await.ok();
    decide(&acme.owner, &swap, "approved").await.refused(409, "InvalidState");
    decide(&acme.owner, &swap, "rejected").await.refused(409, "InvalidState");
}

async fn a_request_is_pending_once_and_taken_back(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, cid) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await);
    let shift = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    let swap = asked(&ann, &shift, &bob, None).await;
    ask(&ann, &shift, &acme.owner, None).await.refused(409, "AlreadyExists");
    let cancel = format!("{SWAPS}/{swap}/cancel");
    cid.post(&cancel, json!({})).await.refused(404, "ShiftSwapNotFound");
    assert_eq!(ann.post(&cancel, json!({})).await.ok()["shiftSwap"]["status"], "cancelled");
    ann.post(&cancel, json!({})).await.refused(409, "InvalidState");
    decide(&acme.owner, &swap, "approved").await.refused(409, "InvalidState");
    asked(&ann, &shift, &bob, None).await;
    assert_eq!(ann.get(&format!("{SWAPS}?status=pending")).await.ok()["rowCount"], 1);
}

async fn deciding_and_cancelling_at_once_one_wins(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, eve) = (acme.employee("ann").await, acme.employee("bob").await, acme.admin("eve").await);
    let shift = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    let swap = asked(&ann, &shift, &bob, None).await;
    let cancel = format!("{SWAPS}/{swap}/cancel");
    let tries = (0..12).map(|i| {
        let (cancel, swap) = (&cancel, &swap);
        let (ann, eve, owner) = (&ann, &eve, &acme.owner);
        async move {
            match i % 3 {
                0 => ann.post(cancel, json!({})).await,
                1 => decide(eve, swap, "approved").await,
                _ => decide(owner, swap, "rejected").await,
            }
        }
    });
    let (won, lost): (Vec<Reply>, Vec<Reply>) = join_all(tries).await.into_iter().partition(|r| r.status == 200);
    assert_eq!(won.len(), 1);
    for reply in lost {
        reply.refused(409, "InvalidState");
    }
    let expected = if won[0].body["shiftSwap"]["status"] == "approved" { bob.text() } else { ann.text() };
    assert_eq!(assignees(&acme, &shift).await, json!([expected]));
}
