//! A request to change shifts ends when what it asks for cannot be given any more.

use serde_json::{Value as Json, json};
use workforceos_tests::time::at;
use workforceos_tests::{Client, Company, Db, Live, Person, TestApp, on_both_databases};

use crate::leave::{asked as leave_asked, decide as decide_leave};
use crate::paths::{SHIFTS, SWAPS};
use crate::text;

on_both_databases!(
    a_request_ends_with_the_shift_it_is_about,
    a_request_ends_with_the_shift_it_is_for,
    what_still_stands_stays_pending,
    a_shift_that_changes_hands_ends_the_other_requests_for_it,
    a_request_ends_when_a_shift_begins,
    a_moved_shift_takes_its_requests_along,
    the_colleague_declines,
    who_leaves_the_company_changes_no_shifts,
    asking_and_taking_away_at_once_leaves_nothing_pending,
);

struct Crew {
    acme: Company,
    ann: Person,
    bob: Person,
    mia: Person,
}

async fn crew(app: &TestApp) -> Crew {
    let acme = app.company("acme", "UTC").await;
    let (ann, bob, mia) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann, &bob]).await;
    Crew { acme, ann, bob, mia }
}

async fn asked(who: &Client, shift: &str, colleague: &Person, theirs: Option<&str>) -> String {
    let body = json!({"shiftId": shift, "colleagueId": colleague.text(), "colleagueShiftId": theirs});
    text(&who.post(SWAPS, body).await.ok()["shiftSwap"], "id")
}

async fn swap(company: &Company, id: &str) -> Json {
    company.owner.get(&format!("{SWAPS}/{id}")).await.ok()["shiftSwap"].clone()
}

async fn status(company: &Company, id: &str) -> String {
    text(&swap(company, id).await, "status")
}

async fn opened(who: &Person) -> Live {
    let mut live = who.stream("schedule").await;
    live.snapshot().await;
    live
}

async fn a_request_ends_with_the_shift_it_is_about(db: Db) {
    let app = TestApp::start(db).await;
    let Crew { acme, ann, bob, mia } = crew(&app).await;
    let mut streams = [opened(&ann).await, opened(&bob).await, opened(&mia).await, opened(&acme.owner).await];
    for (how, note) in [
        ("unassigned", "not assigned any more"),
        ("cancelled", "was cancelled"),
        ("deleted", "was deleted"),
        ("completed", "is completed"),
        ("leave", "not assigned any more"),
        ("replaced", "not assigned any more"),
    ] {
        let shift = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
        let id = asked(&ann, &shift, &bob, None).await;
        let path = format!("{SHIFTS}/{shift}");
        match how {
            "unassigned" => acme.owner.patch(&path, json!({"assignedUserIds": []})).await.ok(),
            "deleted" => acme.owner.delete(&path).await.ok(),
            "leave" => {
                let leave = leave_asked(&ann, "2026-06-10", "2026-06-10").await;
                let told = decide_leave(&mia, &leave, "approved").await.ok();
                decide_leave(&mia, &leave, "cancelled").await.ok();
                told
            }
            "replaced" => acme.owner.patch(&path, json!({"assignedUserIds": [mia.text()]})).await.ok(),
            status => acme.owner.patch(&path, json!({"status": status})).await.ok(),
        };
        let ended = swap(&acme, &id).await;
        assert_eq!((&ended["status"], &ended["deciderId"]), (&json!("cancelled"), &Json::Null), "{how}");
        assert!(text(&ended, "decisionNote").contains(note), "{how}: {ended}");
        for live in &mut streams {
            let seen = live.until(|e| e.kind() == "shift.swapCancelled").await;
            assert_eq!(seen.last().map(|e| e.object_id()), Some(id.as_str()), "{how}");
        }
        if how != "deleted" {
            acme.owner.delete(&path).await.ok();
        }
    }
}

async fn a_request_ends_with_the_shift_it_is_for(db: Db) {
    let app = TestApp::start(db).await;
    let Crew { acme, ann, bob, mia } = crew(&app).await;
    let (ours, theirs) =
        (acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await, acme.shift("2026-06-15", "08:00-16:00", &[&bob]).await);
    let id = asked(&ann, &ours, &bob, Some(&theirs)).await;
    let leave = leave_asked(&bob, "2026-06-15", "2026-06-15").await;
    decide_leave(&mia, &leave, "approved").await.ok();
    assert_eq!(status(&acme, &id).await, "cancelled");
    // It makes room for another.
    let again = asked(&ann, &ours, &bob, None).await;
    acme.owner.delete(&format!("{SHIFTS}/{theirs}")).await.ok();
    assert_eq!(status(&acme, &again).await, "pending");
}

async fn what_still_stands_stays_pending(db: Db) {
    let app = TestApp::start(db).await;
    let Crew { acme, ann, bob, mia } = crew(&app).await;
    let shift = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    let other = acme.shift("2026-06-11", "08:00-16:00", &[&ann]).await;
    let id = asked(&ann, &shift, &bob, None).await;
    let kept = asked(&ann, &other, &bob, None).await;
    let path = format!("{SHIFTS}/{shift}");
    for body in [
        json!({"assignedUserIds": [mia.text(), ann.text()]}),
        json!({"location": "Ward 3", "breakMinutes": 15}),
        json!({"shiftDate": "2026-06-12"}),
    ] {
        acme.owner.patch(&path, body).await.ok();
        assert_eq!(status(&acme, &id).await, "pending");
    }
    // Leave of a day takes that day's requests along, and leaves others alone.
    let leave = leave_asked(&ann, "2026-06-12", "2026-06-12").await;
    decide_leave(&mia, &leave, "approved").await.ok();
    assert_eq!((status(&acme, &id).await, status(&acme, &kept).await), ("cancelled".to_owned(), "pending".to_owned()));
    mia.patch(&format!("{SWAPS}/{kept}"), json!({"status": "approved"})).await.ok();
}

async fn a_shift_that_changes_hands_ends_the_other_requests_for_it(db: Db) {
    let app = TestApp::start(db).await;
    let Crew { acme, ann, bob, mia } = crew(&app).await;
    let cid = acme.employee("cid").await;
    let (anns, bobs, cids) = (
        acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await,
        acme.shift("2026-06-15", "08:00-16:00", &[&bob]).await,
        acme.shift("2026-06-20", "08:00-16:00", &[&cid]).await,
    );
    let done = asked(&ann, &anns, &bob, Some(&bobs)).await;
    let [from_cid, from_bob] = [asked(&cid, &cids, &ann, Some(&anns)).await, asked(&bob, &bobs, &cid, None).await];
    let of_others = asked(&mia, &acme.shift("2026-06-25", "08:00-16:00", &[&mia]).await, &ann, None).await;
    mia.patch(&format!("{SWAPS}/{done}"), json!({"status": "approved"})).await.ok();
    for (id, wanted) in [(&done, "approved"), (&from_cid, "cancelled"), (&from_bob, "cancelled"), (&of_others, "pending")] {
        assert_eq!(status(&acme, id).await, wanted);
    }
}

async fn a_request_ends_when_a_shift_begins(db: Db) {
    let mut app = TestApp::start(db).await;
    let Crew { acme, mut ann, bob, .. } = crew(&app).await;
    ann.use_key().await;
    let mut acme = acme;
    acme.owner.use_key().await;
    let (soon, late) =
        (acme.shift("2026-06-02", "08:00-16:00", &[&ann]).await, acme.shift("2026-06-05", "08:00-16:00", &[&ann]).await);
    let (theirs, after) =
        (acme.shift("2026-06-03", "08:00-16:00", &[&bob]).await, acme.shift("2026-06-08", "08:00-16:00", &[&ann]).await);
    let given_away = asked(&ann, &soon, &bob, None).await;
    // The earlier of the two counts: it cannot be had any more.
    let swapped = asked(&ann, &late, &bob, Some(&theirs)).await;
    let waiting = asked(&ann, &after, &bob, None).await;
    let told = swap(&acme, &swapped).await;
    assert_eq!(told["expiresAt"], "2026-06-03T08:00:00.000Z");
    let mut live = opened(&ann).await;
    app.sweep_at(at("2026-06-02T07:59:59Z")).await;
    assert_eq!(status(&acme, &given_away).await, "pending");
    app.sweep_at(at("2026-06-02T08:00:00Z")).await;
    let seen = live.until(|e| e.kind() == "shift.swapCancelled").await;
    assert_eq!(seen.last().map(|e| e.object_id()), Some(given_away.as_str()));
    // Whatever happens meanwhile, also across a restart.
    app.restart().await;
    app.sweep_at(at("2026-06-03T08:00:00Z")).await;
    for (id, wanted) in [(&given_away, "cancelled"), (&swapped, "cancelled"), (&waiting, "pending")] {
        assert_eq!(status(&acme, id).await, wanted);
    }
    let ended = swap(&acme, &given_away).await;
    assert!(text(&ended, "decisionNote").contains("has begun"), "{ended}");
    assert_eq!((&ended["recordVersion"], &ended["updatedAt"]), (&json!(2), &json!("2026-06-02T08:00:00.000Z")));
    app.sweep_at(at("2026-06-03T09:00:00Z")).await;
    assert_eq!(swap(&acme, &given_away).await["recordVersion"], 2, "once");
    acme.owner.patch(&format!("{SWAPS}/{given_away}"), json!({"status": "approved"})).await.refused(409, "InvalidState");
}

async fn a_moved_shift_takes_its_requests_along(db: Db) {
    let app = TestApp::start(db).await;
    let Crew { mut acme, ann, bob, .. } = crew(&app).await;
    acme.owner.use_key().await;
    let (ours, theirs) =
        (acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await, acme.shift("2026-06-15", "08:00-16:00", &[&bob]).await);
    let id = asked(&ann, &ours, &bob, Some(&theirs)).await;
    let expires = async || text(&swap(&acme, &id).await, "expiresAt");
    let move_to = async |shift: &str, body: Json| acme.owner.patch(&format!("{SHIFTS}/{shift}"), body).await.ok();
    move_to(&ours, json!({"shiftDate": "2026-06-20"})).await;
    assert_eq!(expires().await, "2026-06-15T08:00:00.000Z");
    move_to(&theirs, json!({"shiftDate": "2026-06-25"})).await;
    assert_eq!(expires().await, "2026-06-20T08:00:00.000Z");
    app.sweep_at(at("2026-06-16T00:00:00Z")).await;
    move_to(&theirs, json!({"shiftDate": "2026-06-18", "startTime": "06:00"})).await;
    assert_eq!((expires().await.as_str(), status(&acme, &id).await.as_str()), ("2026-06-18T06:00:00.000Z", "pending"));
    app.sweep_at(at("2026-06-18T06:00:00Z")).await;
    assert_eq!(status(&acme, &id).await, "cancelled");
    // So do they where the company moves to another zone.
    let away = acme.shift("2026-06-30", "08:00-16:00", &[&ann]).await;
    let body = json!({"shiftId": away, "colleagueId": bob.text(), "userId": ann.text()});
    let far = text(&acme.owner.post(SWAPS, body).await.ok()["shiftSwap"], "id");
    for (zone, begins) in [("Asia/Karachi", "2026-06-30T03:00:00.000Z"), ("UTC", "2026-06-30T08:00:00.000Z")] {
        acme.owner.patch(&format!("/auth-api/v1/companies/{}", acme.id), json!({"timezone": zone})).await.ok();
        assert_eq!(text(&swap(&acme, &far).await, "expiresAt"), begins);
    }
    // Moved into the past it has begun at once.
    let another = acme.shift("2026-06-22", "08:00-16:00", &[&ann]).await;
    let swap_body = json!({"shiftId": another, "colleagueId": bob.text(), "userId": ann.text()});
    let id = text(&acme.owner.post(SWAPS, swap_body).await.ok()["shiftSwap"], "id");
    move_to(&another, json!({"shiftDate": "2026-06-17", "endTime": "23:00"})).await;
    assert_eq!(status(&acme, &id).await, "cancelled");
}

async fn the_colleague_declines(db: Db) {
    let app = TestApp::start(db).await;
    let Crew { acme, ann, bob, .. } = crew(&app).await;
    let cid = acme.employee("cid").await;
    let shift = acme.shift("2026-06-10", "08:00-16:00", &[&ann]).await;
    let id = asked(&ann, &shift, &bob, None).await;
    let mut live = opened(&ann).await;
    let cancel = format!("{SWAPS}/{id}/cancel");
    cid.post(&cancel, json!({})).await.refused(404, "ShiftSwapNotFound");
    let told = bob.post(&cancel, json!({})).await.ok()["shiftSwap"].clone();
    assert_eq!((&told["status"], &told["deciderId"]), (&json!("rejected"), &json!(bob.text())));
    assert_eq!(told["decidedAt"], "2026-06-01T06:00:00.000Z");
    let event = live.told().await;
    assert_eq!((event.kind(), event.object_id()), ("shift.swapDecided", id.as_str()));
    for who in [&ann, &bob, &acme.owner] {
        who.post(&cancel, json!({})).await.refused(409, "InvalidState");
    }
    asked(&ann, &shift, &cid, None).await;
}

async fn who_leaves_the_company_changes_no_shifts(db: Db) {
    let app = TestApp::start(db).await;
    let Crew { acme, ann, bob, mia } = crew(&app).await;
    let shift = async |who: &Person, date: &str| acme.shift(date, "08:00-16:00", &[who]).await;
    let to_bob = asked(&ann, &shift(&ann, "2026-06-10").await, &bob, None).await;
    let by_bob = asked(&bob, &shift(&bob, "2026-06-11").await, &ann, None).await;
    let of_others = asked(&ann, &shift(&ann, "2026-06-12").await, &mia, None).await;
    acme.owner.delete(&format!("/auth-api/v1/users/{}", bob.text())).await.ok();
    for (id, wanted) in [(&to_bob, "cancelled"), (&by_bob, "cancelled"), (&of_others, "pending")] {
        assert_eq!(status(&acme, id).await, wanted);
    }
}

/// However the two meet, no request outlives the shift.
async fn asking_and_taking_away_at_once_leaves_nothing_pending(db: Db) {
    let app = TestApp::start(db).await;
    let Crew { acme, ann, bob, .. } = crew(&app).await;
    for day in 10..16 {
        let shift = acme.shift(&format!("2026-06-{day}"), "08:00-16:00", &[&ann]).await;
        let (path, unnamed) = (format!("{SHIFTS}/{shift}"), json!({"assignedUserIds": []}));
        let body = json!({"shiftId": shift, "colleagueId": bob.text()});
        let (asked, taken) = tokio::join!(ann.post(SWAPS, body), acme.owner.patch(&path, unnamed));
        taken.ok();
        assert!(matches!(asked.status, 201 | 400), "{}", asked.text);
    }
    assert_eq!(acme.owner.get(&format!("{SWAPS}?status=pending")).await.ok()["rowCount"], 0);
}
