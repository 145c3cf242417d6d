//! Public holidays: entered, listed, taken away, imported.

use serde_json::{Value as Json, json};
use workforceos_tests::{Db, TestApp, on_both_databases};

use crate::paths::HOLIDAYS;
use crate::text;

on_both_databases!(
    admins_write_and_every_member_reads,
    a_calendar_is_imported,
    an_import_replaces_the_years_that_it_names,
    what_is_no_calendar_is_refused,
    two_imports_at_once_make_each_holiday_once,
);

fn import() -> String {
    format!("{HOLIDAYS}/import")
}

fn calendar(entries: &[&str]) -> String {
    let entries: String = entries.iter().map(|e| format!("BEGIN:VEVENT\r\n{e}\r\nEND:VEVENT\r\n")).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n{entries}END:VCALENDAR\r\n")
}

fn told(holidays: &Json) -> Vec<String> {
    let holidays = holidays.as_array().unwrap_or_else(|| panic!("a list: {holidays}"));
    holidays.iter().map(|h| format!("{} {}", text(h, "holidayDate"), text(h, "name"))).collect()
}

async fn admins_write_and_every_member_reads(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let other = app.company("other", "UTC").await;
    let (ann, eve) = (acme.employee("ann").await, acme.admin("eve").await);
    let mut streams = [ann.stream("leave").await, eve.stream("").await, other.owner.stream("").await];
    for live in &mut streams {
        live.snapshot().await;
    }
    let made = eve.post(HOLIDAYS, json!({"name": "  New   Year ", "holidayDate": "2027-01-01"})).await.ok()["holiday"].clone();
    assert_eq!((&made["name"], &made["holidayDate"]), (&json!("New Year"), &json!("2027-01-01")));
    eve.post(HOLIDAYS, json!({"name": "new year", "holidayDate": "2027-01-01"})).await.refused(409, "AlreadyExists");
    eve.post(HOLIDAYS, json!({"name": "New Year", "holidayDate": "2028-01-01"})).await.ok();
    eve.post(HOLIDAYS, json!({"name": "Easter", "holidayDate": "2026-04-05"})).await.ok();
    ann.post(HOLIDAYS, json!({"name": "Mine", "holidayDate": "2026-07-01"})).await.refused(403, "Forbidden");
    assert_eq!(eve.post(HOLIDAYS, json!({"name": "x".repeat(201), "holidayDate": "2026-07-01"})).await.bad_fields(), ["name"]);
    assert_eq!(eve.post(HOLIDAYS, json!({"name": " "})).await.bad_fields(), ["name", "holidayDate"]);

    let listed = ann.get(HOLIDAYS).await.ok()["holidays"].clone();
    assert_eq!(told(&listed), ["2026-04-05 Easter", "2027-01-01 New Year", "2028-01-01 New Year"]);
    let filtered = ann.get(&format!("{HOLIDAYS}?holidayDate=$gte-2027-01-01&holidayDate=$lte-2027-12-31&name=year")).await.ok();
    assert_eq!(told(&filtered["holidays"]), ["2027-01-01 New Year"]);
    assert_eq!(other.owner.get(HOLIDAYS).await.ok()["rowCount"], 0);
    let path = format!("{HOLIDAYS}/{}", text(&made, "id"));
    other.owner.delete(&path).await.refused(404, "HolidayNotFound");
    ann.delete(&path).await.refused(403, "Forbidden");
    assert_eq!(eve.delete(&path).await.ok()["holiday"]["isActive"], false);
    eve.delete(&path).await.refused(404, "HolidayNotFound");
    // What is gone can be entered again.
    eve.post(HOLIDAYS, json!({"name": "New Year", "holidayDate": "2027-01-01"})).await.ok();
    let [employees, admins, foreign] = &mut streams;
    for live in [employees, admins] {
        let seen = live.until(|e| e.kind() == "holiday.deleted").await;
        assert_eq!(seen[0].kind(), "holiday.created");
        assert_eq!(seen.last().map(|e| e.object_id()), made["id"].as_str());
    }
    let theirs =
        other.owner.post(HOLIDAYS, json!({"name": "Labour Day", "holidayDate": "2027-05-01"})).await.ok()["holiday"].clone();
    foreign.next_is(text(&theirs, "id")).await;
}

async fn a_calendar_is_imported(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    acme.owner.post(HOLIDAYS, json!({"name": "labour day", "holidayDate": "2026-05-01"})).await.ok();
    let text = calendar(&[
        "DTSTART;VALUE=DATE:20260501\r\nDTEND;VALUE=DATE:20260502\r\nSUMMARY:Labour Day",
        "DTSTART;VALUE=DATE:20251225\r\nDTEND;VALUE=DATE:20251227\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christmas",
        "DTSTART;VALUE=DATE:20261003\r\nSUMMARY;LANGUAGE=de:Tag der Deutschen\r\n  Einheit\\, Feiertag",
        "DTSTART:20260704T090000Z\r\nSUMMARY:Picnic",
        "DTSTART;VALUE=DATE:20261003\r\nSUMMARY:TAG der deutschen Einheit\\, Feiertag",
        "DTSTART;VALUE=DATE:20260801",
    ]);
    let reply = acme.owner.post(&import(), json!({"calendar": text})).await.ok();
    let wanted = [
        "2026-10-03 TAG der deutschen Einheit, Feiertag",
        "2026-12-25 Christmas",
        "2026-12-26 Christmas",
        "2027-12-25 Christmas",
        "2027-12-26 Christmas",
        "2028-12-25 Christmas",
        "2028-12-26 Christmas",
    ];
    assert_eq!(told(&reply["holidays"]), wanted);
    assert_eq!(reply["skipped"], json!([{"name": "Labour Day", "holidayDate": "2026-05-01"}]));
    let problems = json!([
        {"entry": 4, "name": "Picnic", "problem": "is not an all-day entry: DTSTART is no date"},
        {"entry": 6, "name": null, "problem": "has no SUMMARY of 1 to 200 characters"},
    ]);
    assert_eq!((&reply["problems"], &reply["deleted"]), (&problems, &json!([])));
    // Once more: nothing is new.
    let again = acme.owner.post(&import(), json!({"calendar": text})).await.ok();
    assert_eq!((again["rowCount"].as_u64(), again["skipped"].as_array().map(Vec::len)), (Some(0), Some(8)));
    assert_eq!(acme.owner.get(HOLIDAYS).await.ok()["paging"]["totalRowCount"], 8);
    let ann = acme.employee("ann").await;
    ann.post(&import(), json!({"calendar": text})).await.refused(403, "Forbidden");
}

async fn an_import_replaces_the_years_that_it_names(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    for (name, date) in [("Old", "2025-03-01"), ("Wrong", "2026-03-01"), ("Kept", "2026-04-01"), ("Next", "2027-03-01")] {
        acme.owner.post(HOLIDAYS, json!({"name": name, "holidayDate": date})).await.ok();
    }
    let text = calendar(&["DTSTART:20260401\r\nSUMMARY:Kept", "DTSTART:20260601\r\nSUMMARY:New"]);
    let reply = acme.owner.post(&import(), json!({"calendar": text, "replace": true})).await.ok();
    assert_eq!(
        (told(&reply["holidays"]), told(&reply["skipped"])),
        (vec!["2026-06-01 New".to_owned()], vec!["2026-04-01 Kept".to_owned()])
    );
    assert_eq!(told(&reply["deleted"]), ["2026-03-01 Wrong"]);
    let left = told(&acme.owner.get(HOLIDAYS).await.ok()["holidays"]);
    assert_eq!(left, ["2025-03-01 Old", "2026-04-01 Kept", "2026-06-01 New", "2027-03-01 Next"]);
}

async fn what_is_no_calendar_is_refused(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let timed = calendar(&["DTSTART:20260704T090000Z\r\nSUMMARY:Picnic"]);
    let many: Vec<String> = (0..400).map(|i| format!("DTSTART:20260101\r\nDURATION:P3D\r\nSUMMARY:Feast {i}")).collect();
    let many = calendar(&many.iter().map(String::as_str).collect::<Vec<_>>());
    for (text, problem) in [
        ("hello".to_owned(), "is no iCalendar file"),
        (calendar(&[]), "has no all-day entry"),
        (many, "means more than 1000 holidays"),
        ("BEGIN:A\n".repeat(50_000), "is no iCalendar file"),
    ] {
        let body = acme.owner.post(&import(), json!({"calendar": text})).await.refused(400, "ValidationFailed");
        assert_eq!(body["detail"][0]["field"], "calendar");
        assert!(body["message"].as_str().is_some_and(|m| m.contains(problem)), "{body}");
    }
    let body = acme.owner.post(&import(), json!({"calendar": timed})).await.refused(400, "ValidationFailed");
    assert_eq!(body["detail"][1]["problem"], "entry 1: is not an all-day entry: DTSTART is no date", "each bad entry is told");
    assert_eq!(acme.owner.post(&import(), json!({"calendar": "x".repeat(500_001)})).await.bad_fields(), ["calendar"]);
    assert_eq!(acme.owner.get(HOLIDAYS).await.ok()["rowCount"], 0);
}

async fn two_imports_at_once_make_each_holiday_once(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let text = calendar(&["DTSTART:20200101\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:New Year"]);
    let all = (0..10).map(|_| {
        let (owner, body) = (acme.owner.clone(), json!({"calendar": text}));
        async move { owner.post(&import(), body).await.ok()["rowCount"].as_u64().expect("a number") }
    });
    let made: u64 = futures_util::future::join_all(all).await.into_iter().sum();
    assert_eq!(made, 3);
    assert_eq!(acme.owner.get(HOLIDAYS).await.ok()["rowCount"], 3);
}
