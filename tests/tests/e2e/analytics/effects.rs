//! Effects that were planted in a company's past are found through the API, those and no others.

use chrono::Datelike;
use serde_json::{Value as Json, json};
use workforceos_core::time::Date;
use workforceos_tests::time::day;
use workforceos_tests::{Company, Db, Person, TestApp, on_both_databases};

use super::support::{Past, ask, comparison, people, rows, workdays};
use crate::text;

on_both_databases!(
    nothing_is_found_where_nothing_is,
    what_was_planted_is_found_and_nothing_else,
    a_rising_rate_is_found,
    late_people_are_found
);

const PERIOD: &str = "from=2026-03-09&to=2026-05-31";

/// Twelve weeks of people who each miss a shift when `absent` says so.
async fn history(company: &Company, people: &[Person], absent: impl Fn(usize, usize, Date) -> bool) {
    let mut past = Past::of(company);
    for (day, date) in workdays(day("2026-03-09"), 12).into_iter().enumerate() {
        let shift = past.shift(date, "09:00-17:00", &people.iter().collect::<Vec<_>>()).await;
        for (number, person) in people.iter().enumerate() {
            if absent(number, day, date) {
                past.absent(&shift, person).await;
            } else {
                past.came(&shift, person, 0, 0).await;
            }
        }
    }
    past.write().await;
}

/// One of twenty, spread evenly over people, weekdays and weeks.
fn usual(number: usize, day: usize) -> bool {
    (7 * number + 13 * day + day / 5).is_multiple_of(20)
}

fn told(finding: &Json) -> (String, String, String) {
    (text(finding, "measure"), text(finding, "by"), text(finding, "direction"))
}

fn finding(measure: &str, by: &str, direction: &str) -> (String, String, String) {
    (measure.to_owned(), by.to_owned(), direction.to_owned())
}

async fn nothing_is_found_where_nothing_is(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "Europe/Berlin").await;
    let people = people(&acme, 16).await;
    history(&acme, &people, |number, day, _| usual(number, day)).await;
    let answer = ask(&acme.owner, "analyzeAbsenteeism", PERIOD).await;
    assert_eq!((&answer["findings"], &answer["findingCount"], &answer["sampleSize"]), (&json!([]), &json!(0), &json!(960)));
    let persons = comparison(&answer, "person");
    assert_eq!((&persons["total"], &persons["compared"], rows(&persons["rows"]).len()), (&json!(16), &json!(16), 16));
    assert_eq!(rows(&answer["weekly"]).len(), 12);
    assert_eq!(answer["trend"]["significant"], json!(false));
    // Nobody is in a department.
    assert_eq!(comparison(&answer, "department")["test"], json!({"tooLittleData": true, "n": 0, "needed": 2, "of": "groups"}));
}

async fn what_was_planted_is_found_and_nothing_else(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "Europe/Berlin").await;
    let people = people(&acme, 16).await;
    let members: Vec<&Person> = people.iter().collect();
    let (ward, kitchen) = (acme.department("Ward", &members[4..10]).await, acme.department("Kitchen", &members[10..]).await);
    // Person 3 misses every third shift; on Mondays everybody misses three times as many.
    history(&acme, &people, |number, day, date| {
        let monday = date.weekday().number_from_monday() == 1 && (number + day / 5).is_multiple_of(8);
        usual(number, day) || monday || (number == 3 && day.is_multiple_of(3))
    })
    .await;
    let answer = ask(&acme.owner, "analyzeAbsenteeism", PERIOD).await;
    let findings = rows(&answer["findings"]);
    let all: Vec<_> = findings.iter().map(told).collect();
    assert_eq!(
        all,
        [finding("absenceRate", "person", "higher"), finding("absenceRate", "weekday", "higher")],
        "{}",
        answer["findings"]
    );
    assert_eq!((text(&findings[0], "userId"), text(&findings[0], "fullname")), (people[3].text(), "person3".to_owned()));
    assert_eq!(findings[1]["weekday"], json!(1));
    for one in findings {
        let number = |name: &str| one[name].as_f64().unwrap_or_else(|| panic!("{name} in {one}"));
        assert!(number("low") < number("value") && number("value") < number("high"));
        assert!(number("p") <= number("q") && number("q") <= 0.05 && number("comparedWith") < number("value"));
    }
    // The row of whom it is about stands first, with the same figures.
    let first = &comparison(&answer, "person")["rows"][0];
    assert_eq!((&first["userId"], &first["q"], &first["significant"]), (&findings[0]["userId"], &findings[0]["q"], &json!(true)));
    let departments = comparison(&answer, "department");
    let mut names: Vec<String> = rows(&departments["rows"]).iter().map(|row| text(row, "departmentId")).collect();
    names.sort();
    let mut wanted = vec![ward.to_string(), kitchen.to_string()];
    wanted.sort();
    assert_eq!((names, &departments["test"]["df"]), (wanted, &json!(1)));
    // Within the kitchen there is no such person, and no department to compare with.
    let kitchen = ask(&acme.owner, "analyzeAbsenteeism", &format!("{PERIOD}&departmentId={kitchen}")).await;
    assert!(rows(&kitchen["findings"]).iter().all(|one| one["by"] != "person"));
    assert_eq!((&kitchen["people"], &comparison(&kitchen, "department")["total"]), (&json!(6), &json!(0)));
    // The list is as long as asked for, what stands out first, and the rest is counted.
    let short = ask(&acme.owner, "analyzeAbsenteeism", &format!("{PERIOD}&limit=1")).await;
    assert_eq!(comparison(&short, "person")["total"], json!(16));
    assert_eq!(comparison(&short, "person")["rows"], json!([first]));
    // A model reads the same, and it is not too long for one.
    let tool = acme.owner.tool("analyzeAbsenteeism", json!({"from": "2026-03-09", "to": "2026-05-31"})).await.ok();
    let read: Json = serde_json::from_str(&text(&tool["result"]["content"][0], "text")).expect("JSON");
    assert_eq!((&read["absenteeism"]["findings"], read.get("truncated")), (&answer["findings"], None));
}

async fn a_rising_rate_is_found(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let people = people(&acme, 16).await;
    // In each week one absence more than in the last, on any day and of anybody.
    history(&acme, &people, |number, day, _| (number * 5 + day * 3) % 80 < day / 5 + 1).await;
    let answer = ask(&acme.owner, "analyzeAbsenteeism", PERIOD).await;
    let trend = &answer["trend"];
    assert_eq!((&trend["weeks"], &trend["significant"]), (&json!(12), &json!(true)));
    let found: Vec<_> = rows(&answer["findings"]).iter().filter(|one| one["by"] == "trend").map(told).collect();
    assert_eq!(found, [finding("absenceRate", "trend", "rising")]);
    // An eightieth of shifts more every week.
    let slope = trend["slope"].as_f64().expect("a slope");
    assert!((slope - 0.0125).abs() < 0.003, "{slope}");
}

async fn late_people_are_found(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let people = people(&acme, 8).await;
    let mut past = Past::of(&acme);
    for (day, date) in workdays(day("2026-03-09"), 12).into_iter().enumerate() {
        let shift = past.shift(date, "09:00-17:00", &people.iter().collect::<Vec<_>>()).await;
        for (number, person) in people.iter().enumerate() {
            let late = usual(number, day) || (number == 5 && day.is_multiple_of(2));
            // On Fridays whoever is late is very late.
            let minutes = if date.weekday().number_from_monday() == 5 { 50 + number as i64 } else { 10 + (day % 7) as i64 };
            past.came(&shift, person, if late { minutes } else { -3 }, 0).await;
        }
    }
    past.write().await;
    let answer = ask(&acme.owner, "analyzeLateness", PERIOD).await;
    let findings = rows(&answer["findings"]);
    assert_eq!(
        findings.iter().map(told).collect::<Vec<_>>(),
        [finding("lateRate", "person", "higher")],
        "{}",
        answer["findings"]
    );
    assert_eq!(findings[0]["userId"], json!(people[5].text()));
    let minutes = &answer["minutes"];
    assert_eq!((&minutes["n"], minutes["weekdayTest"]["significant"] == true), (&answer["overall"]["count"], true), "{minutes}");
    let friday = rows(&minutes["byWeekday"]).iter().find(|row| row["weekday"] == 5).expect("Fridays");
    assert!(friday["median"].as_f64() > Some(49.0));
    // Attendance tells the same people's punctuality.
    let attendance = ask(&acme.owner, "analyzeAttendance", PERIOD).await;
    let punctual = &attendance["attended"]["punctual"];
    let number = |json: &Json| json.as_u64().expect("a number");
    assert_eq!(number(&punctual["n"]) - number(&punctual["count"]), number(&answer["overall"]["count"]));
    assert_eq!((&attendance["overall"]["rate"], &attendance["overall"]["high"]), (&json!(1.0), &json!(1.0)));
}
