//! Staffing by weekday and hour: members of departments, leave, nights, the change of the clock, and what is planned already.

use serde_json::{Value as Json, json};
use workforceos_core::objects::DayPart;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Db, Setup, TestApp, on_both_databases};

use super::support::{Past, ask, of_department, people, rows};

on_both_databases!(
    members_count_from_when_they_joined_and_not_on_leave,
    nights_lie_in_the_hours_of_either_day,
    what_was_attended_differs_from_what_was_planned,
);

fn hour(told: &Json, weekday: u32, hour: u32) -> Json {
    let found = rows(&told["hours"]).iter().find(|row| row["weekday"] == weekday && row["hour"] == hour);
    found.cloned().unwrap_or(Json::Null)
}

async fn members_count_from_when_they_joined_and_not_on_leave(db: Db) {
    // Everybody joins before the shifts, as the clock goes.
    let app = TestApp::with(db, Setup { start: at("2026-04-01T06:00:00Z"), ..Setup::default() }).await;
    let mut acme = super::support::company(&app, "acme", "UTC").await;
    let staff = people(&acme, 3).await;
    let members: Vec<_> = staff.iter().collect();
    let ward = acme.department("Ward", &members[..2]).await;
    app.set("2026-06-01T06:00:00Z");
    acme.owner.log_in().await;
    // The third joins last: of the shifts before that they were not.
    let body = json!({"groupId": ward.to_string(), "userId": staff[2].text()});
    acme.owner.post("/auth-api/v1/usergroupmembers", body).await.ok();
    acme.leave(&staff[0], day("2026-05-25"), day("2026-05-25"), DayPart::Full).await;
    let mut past = Past::of(&acme);
    for week in 0..6u64 {
        let mut shift = past.planned(day("2026-05-25") - chrono::Days::new(7 * week), "09:00-11:00", &[]);
        shift.assigned_department_ids = vec![ward];
        past.add(&shift).await;
        // One of another department, an hour later, and drafts that nobody has seen.
        let other = past.planned(shift.shift_date, "10:00-12:00", &[&staff[2]]);
        past.add(&other).await;
        let mut draft = past.planned(shift.shift_date, "09:00-11:00", &[&staff[2]]);
        draft.is_draft = true;
        past.add(&draft).await;
    }
    past.write().await;
    let told = ask(&acme.owner, "predictStaffing", "").await;
    // Two members, in one of the six weeks one of them.
    let nine = hour(&told, 1, 9);
    assert_eq!((&nine["headcount"], &nine["seasonalNaive"], &nine["n"]), (&json!(1.833333), &json!(1.0), &json!(6)));
    assert_eq!((&hour(&told, 1, 10)["headcount"], &hour(&told, 1, 11)["headcount"]), (&json!(2.833333), &json!(1.0)));
    assert_eq!((rows(&told["hours"]).len(), &told["sampleSize"]), (3, &json!(12)));
    assert_eq!(told["backTest"], json!({"tooLittleData": true, "n": 6, "needed": 8, "of": "weeks"}));
    let ward_only = ask(&acme.owner, "predictStaffing", &format!("departmentId={ward}")).await;
    assert_eq!((&hour(&ward_only, 1, 10)["headcount"], hour(&ward_only, 1, 11)), (&json!(1.833333), Json::Null));
    // What is planned for the week stands beside it, also where nobody ever was.
    acme.shift("2026-06-08", "09:00-10:00", &[&staff[0], &staff[1]]).await;
    acme.shift("2026-06-10", "20:30-21:00", &[&staff[0]]).await;
    let told = ask(&acme.owner, "predictStaffing", "").await;
    assert_eq!(hour(&told, 1, 9)["planned"], json!(2.0));
    assert_eq!(hour(&told, 3, 20), json!({"weekday": 3, "hour": 20, "planned": 0.5}));
}

async fn nights_lie_in_the_hours_of_either_day(db: Db) {
    // In Berlin the clock goes from two to three on the 29th of March.
    let app = TestApp::with(db, Setup { start: at("2026-04-15T06:00:00Z"), ..Setup::default() }).await;
    let acme = super::support::company(&app, "acme", "Europe/Berlin").await;
    let people = people(&acme, 2).await;
    let there: Vec<_> = people.iter().collect();
    let mut past = Past::of(&acme);
    for week in 0..9u64 {
        let saturday = day("2026-04-11") - chrono::Days::new(7 * week);
        let shift = past.shift(saturday, "22:00-06:00", &there).await;
        for person in &there {
            past.came(&shift, person, 0, 0).await;
        }
    }
    past.write().await;
    for basis in ["planned", "attended"] {
        let told = ask(&acme.owner, "predictStaffing", &format!("basis={basis}")).await;
        let number = |row: &Json, name: &str| row[name].as_u64().expect("a number");
        let hours: Vec<(u64, u64)> =
            rows(&told["hours"]).iter().map(|row| (number(row, "weekday"), number(row, "hour"))).collect();
        assert_eq!(hours, [(6, 22), (6, 23), (7, 0), (7, 1), (7, 2), (7, 3), (7, 4), (7, 5)], "{basis}");
        assert!(rows(&told["hours"]).iter().all(|row| row["headcount"] == 2.0), "{basis}: {}", told["hours"]);
        // The hour that was skipped is one value less, not a zero.
        assert_eq!((&hour(&told, 7, 2)["low"], &told["backTest"]["maeMean"]), (&json!(2.0), &json!(0.0)), "{basis}");
        for mase in ["maseMean", "maseSeasonalNaive"] {
            assert_eq!(told["backTest"].get(mase), Some(&Json::Null), "{basis}: against a scale of nothing");
        }
    }
    // A week in which the clock is changed has no such hour to forecast.
    let told = ask(&acme.owner, "predictStaffing", "weekStart=2026-03-23").await;
    assert_eq!((hour(&told, 7, 2), &hour(&told, 7, 3)["headcount"]), (Json::Null, &json!(2.0)));
    assert_eq!(told["period"]["to"], json!("2026-03-22"));
}

async fn what_was_attended_differs_from_what_was_planned(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let people = people(&acme, 3).await;
    let there: Vec<_> = people.iter().collect();
    let ward = acme.department("Ward", &[]).await;
    let mut past = Past::of(&acme);
    for week in 1..=10u64 {
        let shift = of_department(past.planned(day("2026-06-01") - chrono::Days::new(7 * week), "09:00-11:00", &there), ward);
        past.add(&shift).await;
        // One comes half an hour early, which is not yet the shift; one comes at half past nine and forgets to leave; one is absent.
        past.came(&shift, &people[0], -30, 0).await;
        past.absent(&shift, &people[2]).await;
        past.came(&shift, &people[1], 30, -60).await;
    }
    past.write().await;
    let planned = ask(&acme.owner, "predictStaffing", &format!("departmentId={ward}")).await;
    let attended = ask(&acme.owner, "predictStaffing", &format!("departmentId={ward}&basis=attended&weeks=10")).await;
    let of = |told: &Json| [9, 10].map(|h| hour(told, 1, h)["headcount"].clone());
    assert_eq!(of(&planned), [json!(3.0), json!(3.0)]);
    assert_eq!(of(&attended), [json!(1.5), json!(1.0)]);
    assert_eq!(hour(&attended, 1, 8), Json::Null);
    // Always the same: the naive forecast is not beaten, so it is the answer.
    assert_eq!(
        (&attended["forecast"], &attended["weeks"], &attended["sampleSize"]),
        (&json!("seasonalNaive"), &json!(10), &json!(20))
    );
}
