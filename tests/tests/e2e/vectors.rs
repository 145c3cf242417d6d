//! The contract's attendance vectors, each through the whole server: once by the clock, once by times that an admin gives.

use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_core::time::Timestamp;
use workforceos_tests::time::{at, day, plus};
use workforceos_tests::{Company, Db, Person, Setup, TestApp, on_both_databases};

use crate::paths::{CHECK_IN, CHECK_OUT, SHIFTS};
use crate::text;

on_both_databases!(attendance_is_judged_as_published, a_shift_within_the_hour_that_is_skipped);

fn vectors() -> Json {
    serde_json::from_str(include_str!("../../fixtures/attendance_vectors.json")).expect("the vectors are JSON")
}

async fn attendance_is_judged_as_published(db: Db) {
    let vectors = vectors();
    let vectors = vectors["vectors"].as_array().expect("a list");
    assert!(vectors.len() >= 12);
    let first = vectors.iter().map(|v| at(&text(v, "in"))).min().expect("one");
    let app = TestApp::with(db, Setup { start: plus(first, -2 * 24 * 60), ..Setup::default() }).await;
    let mut zones: Vec<(String, Company)> = Vec::new();
    let mut in_order: Vec<&Json> = vectors.iter().collect();
    in_order.sort_by_key(|v| at(&text(v, "in")));
    for vector in in_order {
        app.clock.set(plus(at(&text(vector, "in")), -120));
        let zone = text(vector, "timezone");
        let company = match zones.iter().position(|(z, _)| *z == zone) {
            Some(known) => &mut zones[known].1,
            None => {
                let company = app.company(&format!("company{}", zones.len()), &zone).await;
                zones.push((zone, company));
                &mut zones.last_mut().expect("just added").1
            }
        };
        company.owner.log_in().await;
        judge(&app, company, vector).await;
    }
}

async fn judge(app: &TestApp, company: &Company, vector: &Json) {
    let (name, planned, expected) = (text(vector, "id").to_lowercase(), &vector["shift"], &vector["expected"]);
    let came = at(&text(vector, "in"));
    let left = vector["out"].as_str().map(at);
    let (by_clock, by_admin) = (company.employee(&format!("{name}c")).await, company.employee(&format!("{name}a")).await);
    let body = json!({
        "shiftDate": planned["date"], "startTime": planned["start"], "endTime": planned["end"],
        "breakMinutes": planned["break"].as_i64().or(planned["breakMinutes"].as_i64()).unwrap_or(0),
        "assignedUserIds": [by_clock.text(), by_admin.text()],
    });
    let shift = company.owner.post(SHIFTS, body).await.ok()["shift"].clone();
    let (starts, ends) = (at(&text(&shift, "startsAt")), at(&text(&shift, "endsAt")));
    assert_eq!(starts, at(&text(expected, "shiftStart")), "{name}: start");
    assert_eq!(ends, at(&text(expected, "shiftEnd")), "{name}: end");
    assert_eq!(Some(ends.minutes_since(starts)), expected["shiftMinutes"].as_i64(), "{name}: length");
    if let Some(part) = vector["halfDayLeave"].as_str() {
        let (part, date) = (DayPart::parse(part).expect("a half"), day(&text(planned, "date")));
        for who in [&by_clock, &by_admin] {
            company.leave(who, date, date, part).await;
        }
    }
    let shift = text(&shift, "id");

    // The server's clock decides for employees, whatever they send.
    app.clock.set(came);
    let sent = json!({"shiftId": shift, "checkInTime": "2020-01-01T00:00:00Z", "status": "present", "lateByMinutes": 99});
    let first = by_clock.post(CHECK_IN, sent).await.ok()["attendanceRecord"].clone();
    assert_eq!(at(&text(&first, "checkInTime")), came, "{name}: the clock decides");
    // An admin writes it down minutes later.
    app.clock.set(plus(came, 7));
    let sent = json!({"shiftId": shift, "userId": by_admin.text(), "checkInTime": came.to_string()});
    let second = company.owner.post(CHECK_IN, sent).await.ok()["attendanceRecord"].clone();

    let Some(left) = left else {
        compare(&name, expected, &[first, second], came, None);
        return;
    };
    for open in [&first, &second] {
        assert!(open["workedMinutes"].is_null() && open["checkOutTime"].is_null(), "{name}: open: {open}");
    }
    app.clock.set(left);
    let closed = check_out(&by_clock, json!({"attendanceRecordId": first["id"]})).await;
    app.clock.set(plus(left, 7));
    let body = json!({"attendanceRecordId": second["id"], "checkOutTime": left.to_string()});
    let corrected = check_out(&company.owner, body).await;
    compare(&name, expected, &[closed, corrected], came, Some(left));
}

async fn check_out(who: &Person, body: Json) -> Json {
    who.post(CHECK_OUT, body).await.ok()["attendanceRecord"].clone()
}

fn compare(name: &str, expected: &Json, records: &[Json], came: Timestamp, left: Option<Timestamp>) {
    for record in records {
        for field in ["status", "lateByMinutes", "workedMinutes"] {
            assert_eq!(record[field], expected[field], "{name}: {field} of {record}");
        }
        assert_eq!(at(&text(record, "checkInTime")), came, "{name}");
        assert_eq!(record["checkOutTime"].as_str().map(at), left, "{name}");
    }
}

async fn a_shift_within_the_hour_that_is_skipped(db: Db) {
    let app = TestApp::with(db, Setup { start: at("2026-03-20T00:00:00Z"), ..Setup::default() }).await;
    let vectors = vectors();
    for (i, vector) in vectors["shiftsInGap"].as_array().expect("a list").iter().enumerate() {
        let company = app.company(&format!("gap{i}"), &text(vector, "timezone")).await;
        let planned = &vector["shift"];
        let times = format!("{}-{}", text(planned, "start"), text(planned, "end"));
        let reply = company.plan(&text(planned, "date"), &times, &[]).await;
        if vector["accepted"] == true {
            let shift = &reply.ok()["shift"];
            let minutes = at(&text(shift, "endsAt")).minutes_since(at(&text(shift, "startsAt")));
            assert_eq!(Some(minutes), vector["minutes"].as_i64(), "{vector}");
        } else {
            assert_eq!(reply.bad_fields(), ["endTime"], "{vector}");
        }
    }
}
