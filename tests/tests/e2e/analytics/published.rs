//! The published figures, through the whole server: rows are written so that their counts are those of the vectors and of the UCI
//! data set, and the answers are compared.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use serde_json::{Value as Json, json};
use workforceos_core::time::Date;
use workforceos_tests::time::{at, day};
use workforceos_tests::{Db, Setup, TestApp, on_both_databases};

use super::support::{Past, ask, close, comparison, people, rows};
use crate::text;

on_both_databases!(
    rates_of_weekdays_are_as_published,
    absences_of_the_data_set_are_as_published,
    people_of_the_data_set_are_as_published,
    staffing_is_as_published,
    trends_are_as_published,
);

fn expected() -> Json {
    serde_json::from_str(include_str!("../../../fixtures/analytics_expected.json")).expect("JSON")
}

fn numbers(list: &Json) -> Vec<f64> {
    rows(list).iter().map(|x| x.as_f64().expect("a number")).collect()
}

#[track_caller]
fn test_is(test: &Json, wanted: &Json) {
    close(&test["statistic"], wanted["statistic"].as_f64().or(wanted["chi2"].as_f64()).expect("a statistic"));
    close(&test["p"], wanted["p"].as_f64().expect("p"));
    assert_eq!(test["df"], wanted["df"]);
}

async fn rates_of_weekdays_are_as_published(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "Europe/Berlin").await;
    let people = people(&acme, 20).await;
    let wanted = expected()["methods"]["homogeneity"].clone();
    let absent: Vec<u64> = rows(&wanted["absent"]).iter().filter_map(Json::as_u64).collect();
    let mut past = Past::of(&acme);
    // Ten weeks of twenty people are two hundred shifts on each weekday.
    for weekday in 0..5u64 {
        let mut left = absent[weekday as usize];
        for week in 0..10u64 {
            let date = day("2026-03-23") + chrono::Days::new(7 * week + weekday);
            let shift = past.shift(date, "09:00-17:00", &people.iter().collect::<Vec<_>>()).await;
            for person in &people {
                if left > 0 {
                    past.absent(&shift, person).await;
                    left -= 1;
                } else {
                    past.came(&shift, person, 0, 0).await;
                }
            }
        }
    }
    past.write().await;
    let told = ask(&acme.owner, "analyzeAbsenteeism", "from=2026-03-23&to=2026-05-31").await;
    assert_eq!((&told["sampleSize"], &told["people"], &told["period"]["days"]), (&json!(1000), &json!(20), &json!(70)));
    let weekdays = comparison(&told, "weekday");
    test_is(&weekdays["test"], &wanted);
    let found = rows(&weekdays["rows"]);
    for (i, (p, q)) in numbers(&wanted["weekdayVsRestFisher"]).into_iter().zip(numbers(&wanted["BH"])).enumerate() {
        assert_eq!((&found[i]["weekday"], &found[i]["count"], &found[i]["n"]), (&json!(i + 1), &json!(absent[i]), &json!(200)));
        close(&found[i]["p"], p);
        close(&found[i]["q"], q);
        assert_eq!(found[i]["significant"], json!(q <= 0.05));
    }
    assert!(rows(&told["findings"]).iter().all(|finding| finding["by"] != "weekday"), "{}", told["findings"]);
    // Attendance is the same from the other side.
    let mirrored = ask(&acme.owner, "analyzeAttendance", "from=2026-03-23&to=2026-05-31").await;
    test_is(&comparison(&mirrored, "weekday")["test"], &wanted);
    close(&mirrored["overall"]["rate"], 1.0 - told["overall"]["rate"].as_f64().expect("a rate"));
}

/// Person, month, weekday (1 is Monday) of the real absences.
fn absences() -> Vec<(u64, u32, u32)> {
    let row = |line: &str| {
        let numbers: Vec<&str> = line.split(',').collect();
        let number = |i: usize| numbers[i].trim().parse::<u64>().expect("a number");
        (number(0), number(2) as u32, number(3) as u32 - 1, number(20))
    };
    let all = include_str!("../../../fixtures/absenteeism_at_work.csv").lines().skip(1).map(row);
    all.filter(|(.., hours)| *hours > 0).map(|(person, month, weekday, _)| (person, month, weekday)).collect()
}

async fn absences_of_the_data_set_are_as_published(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let people = people(&acme, 33).await;
    let wanted = expected()["absences"].clone();
    let mut past = Past::of(&acme);
    let mut numbers: BTreeMap<u64, usize> = BTreeMap::new();
    for (person, month, weekday) in absences() {
        let next = numbers.len();
        let who = &people[*numbers.entry(person).or_insert(next)];
        // A day of that month and weekday; not the first of January, which the last 52 whole weeks leave out.
        let first = Date::from_ymd_opt(2025, month, 2).expect("a date");
        let date = first.iter_days().find(|d| d.weekday().number_from_monday() == weekday).expect("within a week");
        past.leave(who, (date, date), "sick").await;
    }
    past.leave(&people[0], (day("2025-03-05"), day("2025-03-05")), "annual").await;
    past.write().await;
    let told = ask(&acme.owner, "analyzeAbsenteeism", "from=2025-01-01&to=2025-12-31&leaveType=Sick").await;
    let starts = rows(&told["leaveStarts"]);
    let (weekdays, months) = (&starts[0], &starts[1]);
    assert_eq!(
        (&weekdays["by"], &weekdays["n"], &months["by"], &months["n"]),
        (&json!("weekday"), &json!(696), &json!("month"), &json!(696))
    );
    test_is(&weekdays["test"], &wanted["weekdayChiSquare"]);
    test_is(&months["test"], &wanted["monthChiSquare"]);
    for (row, name) in rows(&weekdays["rows"]).iter().zip(["mon", "tue", "wed", "thu", "fri"]) {
        let wanted = &wanted["weekday"][name];
        assert_eq!(row["count"], wanted["count"], "{name}");
        for (field, wanted) in [
            ("share", &wanted["share"]),
            ("low", &wanted["wilson95"][0]),
            ("high", &wanted["wilson95"][1]),
            ("p", &wanted["p"]),
            ("q", &wanted["pBH"]),
        ] {
            close(&row[field], wanted.as_f64().expect("a number"));
        }
    }
    for row in rows(&months["rows"]) {
        let month: u32 = text(row, "month")[5..].parse().expect("a month");
        assert_eq!(row["count"], wanted["month"][month.to_string()]["count"], "{month}");
    }
    // Of all types it is one more.
    let all = ask(&acme.owner, "analyzeAbsenteeism", "from=2025-01-01&to=2025-12-31").await;
    assert_eq!(all["leaveStarts"][0]["n"], json!(697));
}

async fn people_of_the_data_set_are_as_published(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "UTC").await;
    let people = people(&acme, 33).await;
    let wanted = expected()["absences"].clone();
    let mut past = Past::of(&acme);
    let assignment = past.assignment().await;
    let mut numbers: BTreeMap<u64, usize> = BTreeMap::new();
    for (n, (person, ..)) in (0i64..).zip(absences()) {
        let next = numbers.len();
        let who = &people[*numbers.entry(person).or_insert(next)];
        past.task(assignment, who, at("2026-05-04T08:00:00Z").plus_minutes(n * 7), None, None).await;
    }
    past.write().await;
    let told = ask(&acme.owner, "analyzeTaskLoad", "limit=50").await;
    let given = &told["tasksGiven"];
    assert_eq!((&given["n"], &given["total"], &told["totals"]["given"]), (&json!(696), &json!(33), &json!(696)));
    test_is(&given["test"], &wanted["peopleChiSquare"]);
    let ids: BTreeMap<String, u64> = numbers.iter().map(|(person, number)| (people[*number].text(), *person)).collect();
    let of = |higher: bool| -> BTreeSet<u64> {
        let significant = rows(&given["rows"]).iter().filter(|row| row["significant"] == true);
        let side = significant.filter(|row| (row["share"].as_f64().expect("a share") > 1.0 / 33.0) == higher);
        side.map(|row| ids[&text(row, "userId")]).collect()
    };
    for (name, higher) in [("above", true), ("below", false)] {
        let wanted: BTreeSet<u64> = rows(&wanted["peopleBH05"][name]).iter().filter_map(Json::as_u64).collect();
        assert_eq!(of(higher), wanted, "{name}");
    }
    assert_eq!(told["findingCount"], json!(23));
}

async fn staffing_is_as_published(db: Db) {
    let app = TestApp::start(db).await;
    let acme = super::support::company(&app, "acme", "America/New_York").await;
    let people = people(&acme, 8).await;
    let wanted = expected()["methods"]["staffing"].clone();
    let mut past = Past::of(&acme);
    // Across the change of the clock in March.
    let monday = day("2026-02-02");
    for (week, days) in rows(&wanted["weeks"]).iter().enumerate() {
        for (weekday, count) in numbers(days).into_iter().enumerate() {
            let date = monday + chrono::Days::new((7 * week + weekday) as u64);
            let there: Vec<_> = people.iter().take(count as usize).collect();
            let shift = past.shift(date, "09:00-10:00", &there).await;
            for person in there {
                past.came(&shift, person, -10, 0).await;
            }
        }
    }
    past.write().await;
    for basis in ["planned", "attended"] {
        let told = ask(&acme.owner, "predictStaffing", &format!("weekStart=2026-03-30&basis={basis}&weeks=20")).await;
        assert_eq!((&told["weeks"], &told["forecast"], &told["basis"]), (&json!(8), &json!("mean"), &json!(basis)));
        let hours = rows(&told["hours"]);
        for (i, mean) in numbers(&wanted["nextWeekModel"]).into_iter().enumerate() {
            assert_eq!((&hours[i]["weekday"], &hours[i]["hour"]), (&json!(i + 1), &json!(9)));
            close(&hours[i]["headcount"], mean);
        }
        assert_eq!(hours.len(), 7);
        let (found, wanted) = (&told["backTest"], &wanted["backTest"]);
        for (name, published) in [
            ("scale", "scaleInSampleNaiveMAE"),
            ("maeMean", "maeModel"),
            ("maeSeasonalNaive", "maeSeasonalNaive"),
            ("maseMean", "maseModel"),
            ("maseSeasonalNaive", "maseSeasonalNaive"),
        ] {
            close(&found[name], wanted[published].as_f64().expect("a number"));
        }
    }
}

async fn trends_are_as_published(db: Db) {
    let setup = Setup { start: at("2026-06-01T06:00:00Z"), ..Setup::default() };
    let app = TestApp::with(db, setup).await;
    for (n, wanted) in rows(&expected()["methods"]["mannKendall"]).iter().enumerate() {
        let acme = super::support::company(&app, &format!("company{n}"), "UTC").await;
        let people = people(&acme, 9).await;
        let series = numbers(&wanted["x"]);
        let mut past = Past::of(&acme);
        for (week, count) in series.iter().enumerate() {
            let date = day("2026-06-01") - chrono::Days::new(7 * (series.len() - week) as u64);
            past.shift(date, "09:00-10:00", &people.iter().take(*count as usize).collect::<Vec<_>>()).await;
        }
        past.write().await;
        let told = ask(&acme.owner, "predictStaffing", &format!("weeks={}", series.len())).await;
        let trend = &told["trend"];
        assert_eq!(trend["s"], wanted["S"]);
        for (name, published) in [("z", "z"), ("p", "p"), ("slope", "senSlope")] {
            close(&trend[name], wanted[published].as_f64().expect("a number"));
        }
        let significant = wanted["p"].as_f64().expect("p") <= 0.05;
        assert_eq!((trend["significant"] == true, rows(&told["findings"]).len()), (significant, usize::from(significant)));
    }
}
