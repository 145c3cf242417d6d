//! Who is off in some days, as far as the caller reaches.

use serde_json::{Value as Json, json};
use workforceos_core::objects::{DayPart, LeaveStatus};
use workforceos_tests::time::day;
use workforceos_tests::{Client, Db, TestApp, on_both_databases};

use super::names;
use crate::paths::HOLIDAYS;
use crate::payroll::support::leave;
use crate::text;

on_both_databases!(leave_of_the_days_is_told_with_names, everybody_hears_of_whom_they_reach, ranges_and_lists_are_bounded);

const OFF: &str = "/leavemanagement-api/v1/whoisoff";

async fn off(who: &Client, query: &str) -> Json {
    let told = who.get(&format!("{OFF}?{query}")).await.ok()["off"].clone();
    super::shapes::check("whoIsOff", &told);
    told
}

async fn leave_of_the_days_is_told_with_names(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, bob, cat) = (acme.employee("ann").await, acme.employee("bob").await, acme.employee("cat").await);
    let full = DayPart::Full;
    // From before the range to the middle of it; Thursday is a holiday.
    leave(&acme, &ann, "annual", ("2026-05-25", "2026-06-05"), full, LeaveStatus::Approved).await;
    leave(&acme, &bob, "sick", ("2026-06-02", "2026-06-02"), DayPart::SecondHalf, LeaveStatus::Approved).await;
    leave(&acme, &bob, "annual", ("2026-06-07", "2026-06-20"), full, LeaveStatus::Pending).await;
    leave(&acme, &cat, "annual", ("2026-06-03", "2026-06-03"), full, LeaveStatus::Rejected).await;
    leave(&acme, &cat, "annual", ("2026-06-03", "2026-06-03"), full, LeaveStatus::Cancelled).await;
    leave(&acme, &cat, "annual", ("2026-05-31", "2026-05-31"), full, LeaveStatus::Approved).await;
    leave(&acme, &cat, "annual", ("2026-06-08", "2026-06-08"), full, LeaveStatus::Approved).await;
    for (name, date) in [("Corpus Christi", "2026-06-04"), ("Later", "2026-06-08")] {
        acme.owner.post(HOLIDAYS, json!({"name": name, "holidayDate": date})).await.ok();
    }
    let told = off(&acme.owner, "from=2026-06-01&to=2026-06-07").await;
    assert_eq!(told["counts"], json!({"people": 2, "peoplePending": 1, "requests": 3}));
    assert_eq!(names(&told["leave"]), ["ann", "bob", "bob"]);
    let row = |i: usize| ["status", "dayPart", "leaveType", "from", "to"].map(|name| text(&told["leave"][i], name));
    assert_eq!(row(0), ["approved", "full", "annual", "2026-05-25", "2026-06-05"]);
    assert_eq!(row(1), ["approved", "secondHalf", "sick", "2026-06-02", "2026-06-02"]);
    assert_eq!(row(2), ["pending", "full", "annual", "2026-06-07", "2026-06-20"]);
    let days: Vec<&Json> = told["leave"].as_array().expect("a list").iter().map(|l| &l["workdays"]).collect();
    assert_eq!(days, [&json!(4), &json!(0.5), &json!(0)], "of the range alone, without the holiday and the weekend");
    assert_eq!(told["holidays"], json!([{"date": "2026-06-04", "name": "Corpus Christi"}]));
    assert_eq!((&told["timezone"], &told["truncated"]), (&json!("Europe/Berlin"), &json!(false)));
    assert!(!told.to_string().contains("reason"));
    // Today unless something else is said: in Berlin, where the second has begun.
    app.set("2026-06-01T22:30:00Z");
    let told = off(&acme.owner, "").await;
    assert_eq!((&told["from"], &told["to"], names(&told["leave"]).len()), (&json!("2026-06-02"), &json!("2026-06-02"), 2));
    // Who does not work here any more is not off.
    acme.owner.delete(&format!("/auth-api/v1/users/{}", ann.text())).await.ok();
    assert_eq!(names(&off(&acme.owner, "").await["leave"]), ["bob"]);
}

async fn everybody_hears_of_whom_they_reach(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let other = app.company("other", "UTC").await;
    let (mia, ann, cat) = (acme.employee("mia").await, acme.employee("ann").await, acme.employee("catharina").await);
    acme.manager_of(&mia, &[&ann]).await;
    let (date, full) = ("2026-06-10", DayPart::Full);
    for who in [&mia, &ann, &cat] {
        acme.leave(who, day(date), day(date), full).await;
    }
    let eve = other.employee("eve").await;
    other.leave(&eve, day(date), day(date), full).await;
    let query = "from=2026-06-01&to=2026-06-30";
    for (who, expected) in [(&acme.owner, vec!["mia", "ann", "catharina"]), (&mia, vec!["mia", "ann"]), (&ann, vec!["ann"])] {
        let told = off(who, query).await;
        assert_eq!(names(&told["leave"]), expected);
        assert_eq!(told["counts"], json!({"people": expected.len(), "peoplePending": 0, "requests": expected.len()}));
    }
}

async fn ranges_and_lists_are_bounded(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    for date in 10..20 {
        let date = format!("2026-06-{date}");
        acme.leave(&ann, day(&date), day(&date), DayPart::FirstHalf).await;
    }
    let told = off(&acme.owner, "from=2026-06-01&to=2026-06-30&limit=4").await;
    assert_eq!((names(&told["leave"]).len(), &told["counts"]["requests"], &told["truncated"]), (4, &json!(10), &json!(true)));
    assert_eq!(off(&acme.owner, "from=2026-06-01&to=2026-09-01").await["counts"]["requests"], 10);
    for bad in ["from=2026-06-01&to=2026-09-02&limit=0", "from=2026-06-02&to=2026-06-01&limit=501"] {
        assert_eq!(acme.owner.get(&format!("{OFF}?{bad}")).await.bad_fields(), ["to", "limit"]);
    }
}
