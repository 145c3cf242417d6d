//! What may be asked: bad periods, limits and weeks are refused, all at once; much is answered within bounds.

use serde_json::{Value as Json, json};
use workforceos_tests::time::day;
use workforceos_tests::{Db, TestApp, long, on_both_databases};

use super::support::{Past, address, ask, comparison, people, rows};

on_both_databases!(what_makes_no_sense_is_named, a_large_company_is_answered_within_bounds);

async fn what_makes_no_sense_is_named(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let bad = async |api: &str, query: &str| {
        let mut fields = acme.owner.get(&format!("{}?{query}", address(api).0)).await.bad_fields();
        fields.sort();
        fields
    };
    let nobody = "0190a5d0-ac96-774b-bcce-b302099a8057";
    for api in [
        "analyzeAttendance",
        "analyzeAbsenteeism",
        "analyzeLateness",
        "analyzeOvertime",
        "analyzeTaskLoad",
        "detectShiftAnomalies",
    ] {
        assert_eq!(bad(api, "from=2026-06-02&to=2026-06-01").await, ["to"], "{api}");
        assert_eq!(bad(api, "from=2025-01-01&to=2026-01-02").await, ["to"], "{api}: 367 days");
        let all = format!("from=2026-06-02&to=2026-06-01&limit=0&userId={nobody}&departmentId={nobody}");
        assert_eq!(bad(api, &all).await, ["departmentId", "limit", "to", "userId"], "{api}");
        assert_eq!(bad(api, "limit=101").await, ["limit"], "{api}");
        ask(&acme.owner, api, "from=2025-01-01&to=2026-01-01&limit=100").await;
        ask(&acme.owner, api, "from=2030-01-01&to=2030-01-01").await;
    }
    let staffing = "predictStaffing";
    assert_eq!(bad(staffing, "weekStart=2026-06-02").await, ["weekStart"], "a Tuesday");
    assert_eq!(bad(staffing, "weekStart=2026-08-03").await, ["weekStart"], "nine weeks ahead");
    assert_eq!(
        bad(staffing, &format!("weekStart=2026-06-02&weeks=3&departmentId={nobody}")).await,
        ["departmentId", "weekStart", "weeks"]
    );
    assert_eq!(bad(staffing, "weeks=53").await, ["weeks"]);
    let told = ask(&acme.owner, staffing, "weekStart=2026-07-27&weeks=52").await;
    // Only weeks that are over are looked at.
    assert_eq!(
        (&told["weekStart"], &told["period"]["to"], &told["period"]["days"]),
        (&json!("2026-07-27"), &json!("2026-05-31"), &json!(364))
    );
}

/// A hundred people's shifts, two a day each; the long form has a hundred thousand records.
async fn a_large_company_is_answered_within_bounds(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "Asia/Karachi").await;
    let days: u64 = if long() { 364 } else { 28 };
    let people = people(&acme, if long() { 275 } else { 60 }).await;
    let mut past = Past::of(&acme);
    for i in 0..days {
        let date = day("2026-05-31") - chrono::Days::new(i);
        let shift = past.shift(date, "21:00-05:00", &[]).await;
        for (n, person) in people.iter().enumerate() {
            if (n as u64 * 31 + i * 17).is_multiple_of(23) {
                past.absent(&shift, person).await;
            } else {
                past.came(&shift, person, (n as i64 + i as i64) % 7, 0).await;
            }
        }
    }
    past.write().await;
    let from = day("2026-05-31") - chrono::Days::new(days - 1);
    for api in ["analyzeAttendance", "analyzeAbsenteeism", "analyzeLateness", "analyzeOvertime", "detectShiftAnomalies"] {
        let query = format!("from={from}&to=2026-05-31&limit=100");
        let told = ask(&acme.owner, api, &query).await;
        assert_eq!(told["people"], json!(people.len()));
        let args = json!({"from": from.to_string(), "to": "2026-05-31", "limit": 100});
        let tool = acme.owner.tool(api, args).await.ok();
        let text = crate::text(&tool["result"]["content"][0], "text");
        let read: Json = serde_json::from_str(&text).expect("JSON");
        // What a model reads is within its bound and says everything that the page says.
        assert!(
            text.len() <= 100_000 && read.get("truncated").is_none(),
            "{api}: {} characters, {}",
            text.len(),
            read["truncated"]
        );
        assert_eq!(read[address(api).1]["sampleSize"], told["sampleSize"]);
    }
    let told = ask(&acme.owner, "analyzeAbsenteeism", &format!("from={from}&to=2026-05-31&limit=7")).await;
    assert_eq!(told["sampleSize"], json!(people.len() as u64 * days));
    let persons = comparison(&told, "person");
    assert_eq!((&persons["total"], rows(&persons["rows"]).len()), (&json!(people.len()), 7));
}
