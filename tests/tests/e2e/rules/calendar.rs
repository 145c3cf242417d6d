//! The iCalendar feed.

use serde_json::json;
use workforceos_tests::{Db, TestApp, on_both_databases};

use crate::paths::SHIFTS;

on_both_databases!(a_persons_shifts_as_calendar);

/// The content lines of a calendar, unfolded as RFC 5545 says.
fn lines(text: &str) -> Vec<String> {
    assert!(text.split("\r\n").all(|line| !line.contains('\n') && line.len() <= 75), "lines end in CRLF and are folded: {text}");
    text.replace("\r\n ", "").replace("\r\n\t", "").split("\r\n").filter(|l| !l.is_empty()).map(str::to_owned).collect()
}

async fn a_persons_shifts_as_calendar(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let crew = acme.department("crew", &[&ann]).await;
    let body = json!({"shiftDate": "2026-06-10", "startTime": "22:00", "endTime": "06:00", "location": "Ward 3, room; \\7\nleft",
        "assignedDepartmentIds": [crew.to_string()]});
    acme.owner.post(SHIFTS, body).await.ok();
    let gone = acme.shift("2026-06-12", "09:00-17:00", &[&ann]).await;
    acme.owner.patch(&format!("{SHIFTS}/{gone}"), json!({"status": "cancelled"})).await.ok();
    acme.shift("2026-06-13", "09:00-17:00", &[&bob]).await;
    let deleted = acme.shift("2026-06-14", "09:00-17:00", &[&ann]).await;
    acme.owner.delete(&format!("{SHIFTS}/{deleted}")).await.ok();

    // Calendar programs carry the token in the address.
    let token = ann.token.clone().expect("a token");
    let reply = app.anonymous().get(&format!("{SHIFTS}.ics?access_token={token}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let lines = lines(&reply.text);
    assert_eq!(
        (lines.first().map(String::as_str), lines.last().map(String::as_str)),
        (Some("BEGIN:VCALENDAR"), Some("END:VCALENDAR"))
    );
    let has = |line: &str| lines.iter().any(|l| l == line);
    assert!(has("VERSION:2.0") && lines.iter().any(|l| l.starts_with("PRODID:")), "{lines:?}");
    assert_eq!(lines.iter().filter(|l| *l == "BEGIN:VEVENT").count(), 2, "{lines:?}");
    assert!(has("DTSTART:20260610T200000Z") && has("DTEND:20260611T040000Z"), "{lines:?}");
    assert!(has("DTSTART:20260612T070000Z") && has("STATUS:CANCELLED"), "{lines:?}");
    assert!(has("LOCATION:Ward 3\\, room\\; \\\\7\\nleft"), "{lines:?}");
    for field in ["UID:", "DTSTAMP:"] {
        assert_eq!(lines.iter().filter(|l| l.starts_with(field)).count(), 2, "{field}: {lines:?}");
    }
    app.anonymous().get(&format!("{SHIFTS}.ics")).await.refused(401, "LoginRequired");
}
