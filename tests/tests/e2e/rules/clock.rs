//! What companies do by the clock, and what the clock's changes do to shifts.

use serde_json::json;
use workforceos_core::objects::DayPart;
use workforceos_core::time::Timestamp;
use workforceos_tests::time::{at, day, plus};
use workforceos_tests::{Db, Setup, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, CHECK_OUT, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    missing_people_become_absent,
    a_missing_check_out_is_reported_once,
    timers_go_on_after_a_restart,
    days_of_clock_changes_have_their_length,
    a_new_policy_moves_the_timers,
    a_new_zone_moves_what_is_to_come,
);

async fn missing_people_become_absent(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let people = [acme.employee("ann").await, acme.employee("bob").await, acme.employee("cid").await, acme.employee("dan").await];
    let [ann, bob, cid, dan] = &people;
    let crew = acme.department("crew", &[cid, dan]).await;
    let body = json!({"shiftDate": "2026-06-01", "startTime": "08:00", "endTime": "16:00",
        "assignedUserIds": [ann.text(), bob.text()], "assignedDepartmentIds": [crew.to_string()]});
    let shift = text(&acme.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    acme.leave(dan, day("2026-06-01"), day("2026-06-01"), DayPart::Full).await;
    ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok();

    app.sweep_at(Timestamp(at("2026-06-01T14:30:00Z").0 - 1)).await;
    assert_eq!(acme.owner.get(RECORDS).await.ok()["rowCount"], 1, "nothing before its time");
    app.sweep_at(at("2026-06-01T14:30:00Z")).await;
    let records = acme.owner.get(&format!("{RECORDS}?status=absent")).await.ok();
    let mut absent: Vec<String> =
        records["attendanceRecords"].as_array().expect("records").iter().map(|r| text(r, "userId")).collect();
    absent.sort();
    let mut expected = vec![bob.text(), cid.text()];
    expected.sort();
    assert_eq!(absent, expected, "not who came, not who is on leave");
    assert_eq!(acme.owner.get(&format!("{SHIFTS}/{shift}")).await.ok()["shift"]["status"], "completed");
    bob.post(CHECK_IN, json!({"shiftId": shift})).await.refused(409, "MarkedAbsent");
    // Nothing happens twice.
    app.sweep_at(at("2026-06-01T15:30:00Z")).await;
    assert_eq!(acme.owner.get(RECORDS).await.ok()["rowCount"], 3);
}

async fn a_missing_check_out_is_reported_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let shift = acme.shift("2026-06-01", "08:00-12:00", &[&ann]).await;
    let record = text(&ann.post(CHECK_IN, json!({"shiftId": shift})).await.ok()["attendanceRecord"], "id");
    let mut streams = [ann.stream("alerts").await, mia.stream("alerts").await, acme.owner.stream("alerts").await];
    for live in &mut streams {
        live.snapshot().await;
    }
    // The end is at 10:00 UTC.
    app.sweep_at(Timestamp(at("2026-06-01T11:00:00Z").0 - 1)).await;
    app.sweep_at(at("2026-06-01T11:00:00Z")).await;
    app.sweep_at(at("2026-06-01T12:00:00Z")).await;
    let second = acme.shift("2026-06-01", "13:30-13:40", &[&ann]).await;
    app.set("2026-06-01T11:30:00Z");
    ann.post(CHECK_IN, json!({"shiftId": second})).await.ok();
    app.sweep_at(at("2026-06-01T13:00:00Z")).await;
    let [own, managers, owners] = &mut streams;
    for (live, recipient) in [(own, ann.text()), (managers, mia.text())] {
        let mut told = Vec::new();
        while told.len() < 2 {
            let event = live.next().await.expect("an alert");
            assert_eq!((event.kind(), event.data["object"]["alertType"].as_str()), ("alert.raised", Some("missing_checkout")));
            assert_eq!(event.data["object"]["recipientUserId"], recipient);
            assert_eq!(event.data["at"], if told.is_empty() { "2026-06-01T11:00:00.000Z" } else { "2026-06-01T13:00:00.000Z" });
            told.push(text(&event.data["object"], "relatedEntityId"));
        }
        assert_eq!(told[0], record);
        assert_ne!(told[1], record, "each record is reported once");
    }
    // Alerts are their recipients': the owner hears of the own alone.
    owners.next_is(acme.alert(&acme.owner).await).await;
    // The record itself stays open, and can be closed.
    app.set("2026-06-01T13:00:00Z");
    ann.post(CHECK_OUT, json!({"attendanceRecordId": record})).await.ok();
}

async fn timers_go_on_after_a_restart(db: Db) {
    let mut app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let shift = acme.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    app.stop().await;
    app.set("2026-06-01T20:00:00Z");
    app.restart().await;
    app.sweep().await;
    assert_eq!(acme.owner.get(&format!("{SHIFTS}/{shift}")).await.ok()["shift"]["status"], "completed");
    assert_eq!(ann.get(RECORDS).await.ok()["attendanceRecords"][0]["status"], "absent");
}

async fn days_of_clock_changes_have_their_length(db: Db) {
    let app = TestApp::with(db, Setup { start: at("2026-03-01T00:00:00Z"), ..Setup::default() }).await;
    // Zone, date, times, minutes of the shift, minutes before its end at which somebody leaves, minutes worked.
    let nights = [
        ("America/New_York", "2026-03-07", "22:00-06:00", 420, 60, 360),
        ("Europe/Berlin", "2026-03-28", "22:00-06:00", 420, 0, 420),
        ("Australia/Lord_Howe", "2026-04-04", "22:00-06:00", 510, 0, 510),
        ("Australia/Lord_Howe", "2026-10-03", "22:00-06:00", 450, 0, 450),
        ("Europe/Berlin", "2026-10-24", "22:00-06:00", 540, 120, 420),
        ("America/New_York", "2026-10-31", "22:00-06:00", 540, 0, 540),
    ];
    for (i, (zone, date, times, minutes, before, worked)) in nights.into_iter().enumerate() {
        app.clock.set(at(&format!("{date}T00:00:00Z")));
        let company = app.company(&format!("nights{i}"), zone).await;
        let mut ann = company.employee("ann").await;
        ann.use_key().await;
        let shift = company.plan(date, times, &[&ann]).await.ok()["shift"].clone();
        let (starts, ends) = (at(&text(&shift, "startsAt")), at(&text(&shift, "endsAt")));
        assert_eq!(ends.minutes_since(starts), minutes, "{zone} {date}");
        app.clock.set(plus(starts, 5));
        let record = text(&ann.post(CHECK_IN, json!({"shiftId": shift["id"]})).await.ok()["attendanceRecord"], "id");
        app.clock.set(plus(ends, -before));
        let closed = ann.post(CHECK_OUT, json!({"attendanceRecordId": record})).await.ok()["attendanceRecord"].clone();
        assert_eq!(closed["workedMinutes"], worked - 5, "{zone} {date}");
        assert_eq!(closed["status"], if before > 5 { "leftEarly" } else { "present" }, "{zone} {date}");
        // The shift belongs to the date on which it began.
        let listed = ann.get(&format!("{RECORDS}?shiftDate={date}")).await.ok();
        assert_eq!(listed["rowCount"], 1);
        app.sweep_at(plus(ends, 30)).await;
        let status = ann.get(&format!("{SHIFTS}/{}", text(&shift, "id"))).await.ok()["shift"]["status"].clone();
        assert_eq!(status, "completed", "{zone} {date}");
    }
}

const POLICY: &str = "/auth-api/v1/companypolicy";

async fn a_new_policy_moves_the_timers(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let short = acme.shift("2026-06-01", "06:30-08:00", &[&ann, &bob]).await;
    let long = acme.shift("2026-06-01", "10:00-12:00", &[&ann, &bob]).await;
    let policy =
        acme.owner.patch(POLICY, json!({"autoAbsentMinutes": 0, "graceMinutes": 0, "earlyCheckInMinutes": 5})).await.ok();
    assert_eq!((&policy["companyPolicy"]["autoAbsentMinutes"], &policy["companyPolicy"]["weeklyHours"]), (&json!(0), &json!(40)));
    ann.post(CHECK_IN, json!({"shiftId": short})).await.refused(409, "OutsideCheckInWindow");
    app.clock.set(Timestamp(at("2026-06-01T06:30:00Z").0 + 1));
    let late = ann.post(CHECK_IN, json!({"shiftId": short})).await.ok()["attendanceRecord"].clone();
    assert_eq!((&late["status"], &late["lateByMinutes"]), (&json!("late"), &json!(0)));
    let status = async |shift: &str| acme.owner.get(&format!("{SHIFTS}/{shift}")).await.ok()["shift"]["status"].clone();
    app.sweep_at(at("2026-06-01T08:00:00Z")).await;
    assert_eq!(status(&short).await, "completed", "at once, as the new policy says");
    acme.owner.patch(POLICY, json!({"autoAbsentMinutes": 120, "missingCheckoutMinutes": 300})).await.ok();
    app.sweep_at(at("2026-06-01T13:59:00Z")).await;
    assert_eq!(status(&long).await, "scheduled", "later, as the newer policy says");
    acme.owner.patch(POLICY, json!({"autoAbsentMinutes": 10})).await.ok();
    app.sweep().await;
    assert_eq!(status(&long).await, "completed", "overdue by the newest policy");
    for (name, value) in
        [("graceMinutes", json!(-1)), ("workdays", json!([])), ("workdays", json!([0])), ("weeklyHours", json!(0))]
    {
        assert_eq!(acme.owner.patch(POLICY, json!({name: value})).await.bad_fields(), [name], "{name}: {value}");
    }
}

async fn a_new_zone_moves_what_is_to_come(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let worked = acme.shift("2026-06-01", "06:00-10:00", &[&ann]).await;
    let coming = acme.shift("2026-06-10", "09:00-17:00", &[&ann]).await;
    let record = ann.post(CHECK_IN, json!({"shiftId": worked})).await.ok()["attendanceRecord"].clone();
    let company = format!("/auth-api/v1/companies/{}", acme.id);
    assert_eq!(acme.owner.patch(&company, json!({"timezone": "Europe/Atlantis"})).await.bad_fields(), ["timezone"]);
    acme.owner.patch(&company, json!({"timezone": "America/New_York"})).await.ok();
    let shift = acme.owner.get(&format!("{SHIFTS}/{coming}")).await.ok()["shift"].clone();
    assert_eq!((&shift["startTime"], &shift["startsAt"]), (&json!("09:00"), &json!("2026-06-10T13:00:00.000Z")));
    let after = ann.get(&format!("{RECORDS}/{}", text(&record, "id"))).await.ok()["attendanceRecord"].clone();
    assert_eq!((&after["checkInTime"], &after["lateByMinutes"]), (&record["checkInTime"], &record["lateByMinutes"]));
    let shift = acme.owner.get(&format!("{SHIFTS}/{worked}")).await.ok()["shift"].clone();
    assert_eq!(shift["startsAt"], "2026-06-01T06:00:00.000Z", "what somebody worked keeps its instants");
}
