//! What leave costs and what is left of it.

use serde_json::{Value as Json, json};
use workforceos_tests::time::at;
use workforceos_tests::{Company, Db, Person, Setup, TestApp, on_both_databases};

use super::{BALANCE, POLICY, ask, ask_part, asked, balance, change, decide, employed, figures};
use crate::paths::{HOLIDAYS, LEAVE};
use crate::text;

on_both_databases!(
    pending_reserves_and_rejection_gives_back,
    nobody_takes_more_than_there_is,
    years_end_and_carry_over,
    types_are_told_apart_by_name_alone,
    a_holiday_taken_away_costs_later,
    balances_are_seen_within_reach,
    the_year_is_the_companys,
);

/// A company with 24 days of annual leave, 5 of which carry over; its people work from Monday to Friday.
async fn company(app: &TestApp, zone: &str) -> (Company, Person) {
    let acme = app.company("acme", zone).await;
    let types = json!([{"name": "Annual", "yearlyDays": 24, "carryOverDays": 5}, {"name": "Sick", "yearlyDays": null}]);
    acme.owner.patch(POLICY, json!({"leaveTypes": types})).await.ok();
    let ann = acme.employee("ann").await;
    employed(&acme, &ann, "2026-01-01").await;
    (acme, ann)
}

/// Allowance, carried over, taken, pending, available.
fn of(balance: &Json) -> [f64; 5] {
    figures(balance).map(|figure| figure.expect("a limited type"))
}

async fn pending_reserves_and_rejection_gives_back(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, ann) = company(&app, "UTC").await;
    assert_eq!(of(&balance(&ann, 2026).await), [24.0, 0.0, 0.0, 0.0, 24.0]);
    let week = asked(&ann, "2026-07-06", "2026-07-12").await;
    assert_eq!(of(&balance(&ann, 2026).await), [24.0, 0.0, 0.0, 5.0, 19.0]);
    decide(&acme.owner, &week, "approved").await.ok();
    assert_eq!(of(&balance(&ann, 2026).await), [24.0, 0.0, 5.0, 0.0, 19.0]);
    let half = ask_part(&ann, "2026-07-20", "firstHalf").await.ok();
    assert_eq!(half["cost"], json!({"days": 0.5, "byYear": {"2026": 0.5}}));
    let half = text(&half["leaveRequest"], "id");
    assert_eq!(of(&balance(&ann, 2026).await), [24.0, 0.0, 5.0, 0.5, 18.5]);
    decide(&acme.owner, &half, "rejected").await.ok();
    assert_eq!(of(&balance(&ann, 2026).await), [24.0, 0.0, 5.0, 0.0, 19.0]);
    decide(&acme.owner, &week, "cancelled").await.ok();
    let gone = asked(&ann, "2026-07-06", "2026-07-06").await;
    ann.delete(&format!("{LEAVE}/{gone}")).await.ok();
    assert_eq!(of(&balance(&ann, 2026).await), [24.0, 0.0, 0.0, 0.0, 24.0]);
}

async fn nobody_takes_more_than_there_is(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, ann) = company(&app, "UTC").await;
    // Five weeks are 25 days.
    let told = ask(&ann, "2026-07-06", "2026-08-07").await.refused(409, "LeaveBalanceExceeded");
    assert_eq!(told["detail"], json!({"leaveType": "Annual", "year": 2026, "shortBy": 1}));
    let most = asked(&ann, "2026-07-06", "2026-08-06").await;
    ask_part(&ann, "2026-09-07", "firstHalf").await.refused(409, "LeaveBalanceExceeded");
    let told = change(&ann, &most, json!({"endDate": "2026-08-10"})).await.refused(409, "LeaveBalanceExceeded");
    assert_eq!(told["detail"]["shortBy"], 2);
    // A weekend costs nothing, another type has its own balance, and so has another person.
    ask(&ann, "2026-09-12", "2026-09-13").await.ok();
    let sick = json!({"leaveType": "sick", "startDate": "2026-10-01", "endDate": "2026-12-31"});
    let sick = text(&ann.post(LEAVE, sick).await.ok()["leaveRequest"], "id");
    change(&ann, &sick, json!({"leaveType": "annual"})).await.refused(409, "LeaveBalanceExceeded");
    ask(&acme.owner, "2026-09-07", "2026-09-07").await.ok();
    // Half a day less makes room for half a day.
    change(&ann, &most, json!({"endDate": "2026-08-05"})).await.ok();
    ask_part(&ann, "2026-09-07", "firstHalf").await.ok();
    assert_eq!(of(&balance(&ann, 2026).await), [24.0, 0.0, 0.0, 23.5, 0.5]);
    // A new policy takes nothing back, and what it has overdrawn is no reason to refuse what costs nothing.
    acme.owner.patch(POLICY, json!({"leaveTypes": [{"name": "annual", "yearlyDays": 20}]})).await.ok();
    assert_eq!(of(&balance(&ann, 2026).await), [20.0, 0.0, 0.0, 23.5, -3.5]);
    decide(&acme.owner, &most, "approved").await.ok();
    ask(&ann, "2026-09-19", "2026-09-20").await.ok();
    ask(&ann, "2027-02-01", "2027-02-05").await.ok();
    ask(&ann, "2026-09-21", "2026-09-21").await.refused(409, "LeaveBalanceExceeded");
}

async fn years_end_and_carry_over(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, ann) = company(&app, "UTC").await;
    acme.owner.post(HOLIDAYS, json!({"name": "New Year", "holidayDate": "2027-01-01"})).await.ok();
    acme.owner.post(HOLIDAYS, json!({"name": "Christmas", "holidayDate": "2026-12-25"})).await.ok();
    let told = ask(&ann, "2026-12-24", "2027-01-05").await.ok();
    assert_eq!(told["cost"], json!({"days": 7, "byYear": {"2026": 5, "2027": 2}}));
    // 19 are left of the first year; 5 of them carry over.
    assert_eq!(of(&balance(&ann, 2026).await), [24.0, 0.0, 0.0, 5.0, 19.0]);
    assert_eq!(of(&balance(&ann, 2027).await), [24.0, 5.0, 0.0, 2.0, 27.0]);
    assert_eq!(of(&balance(&ann, 2028).await), [24.0, 5.0, 0.0, 0.0, 29.0]);
    // Before the start there is nothing.
    assert_eq!(of(&balance(&ann, 2025).await), [0.0, 0.0, 0.0, 0.0, 0.0]);
    // Booking all of the next year lives on the carry of this one.
    ask(&ann, "2027-03-01", "2027-04-06").await.ok();
    assert_eq!(of(&balance(&ann, 2027).await)[4], 0.0);
    ask(&ann, "2026-07-06", "2026-07-23").await.ok();
    assert_eq!(of(&balance(&ann, 2026).await)[4], 5.0);
    let told = ask(&ann, "2026-08-03", "2026-08-03").await.refused(409, "LeaveBalanceExceeded");
    assert_eq!((&told["detail"]["year"], &told["detail"]["shortBy"]), (&json!(2027), &json!(1)));
    // Who starts within a year has part of its days, to the nearest half.
    let bob = acme.employee("bob").await;
    employed(&acme, &bob, "2026-11-15").await;
    assert_eq!(of(&balance(&bob, 2026).await), [4.0, 0.0, 0.0, 0.0, 4.0]);
    assert_eq!(of(&balance(&bob, 2027).await), [24.0, 4.0, 0.0, 0.0, 28.0]);
    // Without a profile leave counts from the year of the account, whole.
    let zoe = acme.employee("zoe").await;
    assert_eq!(of(&balance(&zoe, 2026).await), [24.0, 0.0, 0.0, 0.0, 24.0]);
}

async fn types_are_told_apart_by_name_alone(db: Db) {
    let app = TestApp::start(db).await;
    let (_, ann) = company(&app, "UTC").await;
    for (kind, date) in [
        ("ANNUAL", "2026-07-06"),
        (" annual", "2026-07-07"),
        ("Study", "2026-07-08"),
        ("study", "2026-07-09"),
        ("sick", "2026-07-10"),
    ] {
        ann.post(LEAVE, json!({"leaveType": kind, "startDate": date, "endDate": date})).await.ok();
    }
    let told = ann.get(BALANCE).await.ok();
    assert_eq!((&told["dataName"], &told["rowCount"]), (&json!("leaveBalances"), &json!(3)));
    let balances = told["leaveBalances"].as_array().expect("a list").clone();
    let names: Vec<String> = balances.iter().map(|b| text(b, "leaveType").to_lowercase()).collect();
    assert_eq!(names, ["annual", "sick", "study"], "the policy's first, then what else was used");
    assert_eq!(of(&balances[0]), [24.0, 0.0, 0.0, 2.0, 22.0]);
    for (unlimited, pending) in [(&balances[1], 1), (&balances[2], 2)] {
        assert!(unlimited["allowance"].is_null() && unlimited["available"].is_null(), "{unlimited}");
        assert_eq!((&unlimited["pending"], &unlimited["year"]), (&json!(pending), &json!(2026)));
    }
    let next = ann.get(&format!("{BALANCE}?year=2027")).await.ok();
    assert_eq!(next["rowCount"], 2, "study was not used that year");
}

async fn a_holiday_taken_away_costs_later(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, ann) = company(&app, "UTC").await;
    let holiday = acme.owner.post(HOLIDAYS, json!({"name": "Feast", "holidayDate": "2026-07-08"})).await.ok();
    // Four weeks and five days, one of them a holiday: 24.
    let leave = asked(&ann, "2026-07-06", "2026-08-07").await;
    assert_eq!(of(&balance(&ann, 2026).await)[4], 0.0);
    acme.owner.delete(&format!("{HOLIDAYS}/{}", text(&holiday["holiday"], "id"))).await.ok();
    assert_eq!(of(&balance(&ann, 2026).await), [24.0, 0.0, 0.0, 25.0, -1.0]);
    assert_eq!(
        decide(&acme.owner, &leave, "approved").await.ok()["leaveRequest"]["status"],
        "approved",
        "nothing granted is taken back"
    );
    // Two holidays on one day count once, one on a weekend not at all.
    for (name, date) in [("Feast", "2026-07-08"), ("Fast", "2026-07-08"), ("Sunday", "2026-07-12")] {
        acme.owner.post(HOLIDAYS, json!({"name": name, "holidayDate": date})).await.ok();
    }
    assert_eq!(of(&balance(&ann, 2026).await)[4], 0.0);
    acme.owner.patch(POLICY, json!({"workdays": [1, 2, 3, 4]})).await.ok();
    assert_eq!(of(&balance(&ann, 2026).await), [24.0, 0.0, 19.0, 0.0, 5.0], "the policy of today counts");
}

async fn balances_are_seen_within_reach(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let other = app.company("other", "UTC").await;
    acme.owner.patch(POLICY, json!({"leaveTypes": [{"name": "annual", "yearlyDays": 10}]})).await.ok();
    let [ann, mia, max] = [acme.employee("ann").await, acme.employee("mia").await, acme.employee("max").await];
    acme.manager_of(&mia, &[&ann]).await;
    acme.manager_of(&max, &[&mia]).await;
    ask(&ann, "2026-07-06", "2026-07-06").await.ok();
    let of_ann = format!("{BALANCE}?userId={}", ann.text());
    for who in [&ann, &mia, &acme.owner] {
        assert_eq!(who.get(&of_ann).await.ok()["leaveBalances"][0]["pending"], 1);
    }
    max.get(&of_ann).await.refused(403, "Forbidden");
    ann.get(&format!("{BALANCE}?userId={}", mia.text())).await.refused(403, "Forbidden");
    assert_eq!(acme.owner.get(&format!("{BALANCE}?userId={}", other.owner.text())).await.bad_fields(), ["userId"]);
    for year in ["1899", "2201", "soon", "2026.5"] {
        assert_eq!(ann.get(&format!("{BALANCE}?year={year}")).await.bad_fields(), ["year"]);
    }
    let root = app.super_admin().await.claiming("acme");
    assert_eq!(root.get(&of_ann).await.ok()["leaveBalances"][0]["pending"], 1);
    assert_eq!(root.get(BALANCE).await.bad_fields(), ["userId"]);
}

/// On New Year's Eve in London it is the new year in Kiritimati.
async fn the_year_is_the_companys(db: Db) {
    let app = TestApp::with(db, Setup { start: at("2026-12-31T12:00:00Z"), ..Setup::default() }).await;
    let (_, ann) = company(&app, "Pacific/Kiritimati").await;
    assert_eq!(ann.get(BALANCE).await.ok()["leaveBalances"][0]["year"], 2027);
}
