//! The published figures, all of them: of the UCI data set "Absenteeism at work" and of the methods.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::family::{Rule, compare};
use super::{Count, benjamini_hochberg, chi_square, fisher, forecast, kruskal, mann_kendall, robust, shares, wilson};

fn expected() -> Json {
    serde_json::from_str(include_str!("../../../../tests/fixtures/analytics_expected.json")).expect("the figures are JSON")
}

/// Equal to as many digits as the figures have: six, and of very small ones so many behind the zeros.
#[track_caller]
fn close(found: f64, wanted: &Json) {
    let wanted = wanted.as_f64().unwrap_or_else(|| panic!("{wanted} is no number"));
    let tolerance = match wanted.abs() {
        w if w < 1e-100 => w * 1e-7,
        w if w > 0.0 && w < 1e-3 => w * 5e-6,
        w => 5.1e-6 * w.max(0.1),
    };
    assert!((found - wanted).abs() <= tolerance, "{found} is not {wanted}");
}

/// One absence, or record.
#[derive(Clone, Debug)]
struct Row {
    person: u64,
    reason: u64,
    month: u64,
    /// 2 is Monday.
    weekday: u64,
    hours: u64,
}

fn rows() -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(include_str!("../../../../tests/fixtures/absenteeism_at_work.csv").as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let column = |name: &str| headers.iter().position(|h| h == name).unwrap_or_else(|| panic!("{name} in {headers:?}"));
    let [person, reason, month, weekday, hours] =
        ["ID", "Reason for absence", "Month of absence", "Day of the week", "Absenteeism time in hours"].map(column);
    assert!(column("Work load Average/day ") > 0, "the one column that ends in a space");
    let row = |record: csv::StringRecord| {
        let number = |column: usize| record[column].parse().expect("a number");
        Row {
            person: number(person),
            reason: number(reason),
            month: number(month),
            weekday: number(weekday),
            hours: number(hours),
        }
    };
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

/// Count and hours by a key, in the order of keys.
fn tally(rows: &[Row], key: impl Fn(&Row) -> u64) -> BTreeMap<u64, (u64, u64)> {
    let mut tally: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let (count, hours) = tally.entry(key(row)).or_default();
        *count += 1;
        *hours += row.hours;
    }
    tally
}

/// `[key, count, hours]` of those with most, ties by key.
fn top(tally: &BTreeMap<u64, (u64, u64)>, by_hours: bool, n: usize) -> Json {
    let mut all: Vec<_> = tally.iter().map(|(key, (count, hours))| (*key, *count, *hours)).collect();
    all.sort_by_key(|(key, count, hours)| (std::cmp::Reverse(if by_hours { *hours } else { *count }), *key));
    all.into_iter().take(n).map(|(key, count, hours)| serde_json::json!([key, count, hours])).collect()
}

#[test]
fn every_figure_of_the_data_set() {
    let (expected, rows) = (expected(), rows());
    let absences: Vec<Row> = rows.iter().filter(|row| row.hours > 0).cloned().collect();
    figures(&rows, &expected["allRows"]);
    figures(&absences, &expected["absences"]);
}

fn figures(rows: &[Row], wanted: &Json) {
    let hours: Vec<f64> = rows.iter().map(|row| row.hours as f64).collect();
    let people = tally(rows, |row| row.person);
    assert_eq!(rows.len() as u64, wanted["rows"].as_u64().expect("rows"));
    assert_eq!(hours.iter().sum::<f64>(), wanted["hours"].as_f64().expect("hours"));
    close(robust::mean(&hours).expect("some"), &wanted["meanHours"]);
    close(robust::median(&hours).expect("some"), &wanted["medianHours"]);
    assert_eq!(people.len() as u64, wanted["people"].as_u64().expect("people"));
    weekdays(rows, wanted);
    months(rows, wanted);
    for (name, of, n) in [("Reasons", tally(rows, |row| row.reason), 6), ("People", people.clone(), 5)] {
        assert_eq!(top(&of, false, n), wanted[format!("top{name}ByCount")], "{name}");
        assert_eq!(top(&of, true, n), wanted[format!("top{name}ByHours")], "{name}");
    }
    let counts: Vec<u64> = people.values().map(|(count, _)| *count).collect();
    let found = shares::compare(&counts).expect("enough");
    test_is(&found.test, &wanted["peopleChiSquare"]);
    let of = |higher: bool| -> BTreeSet<u64> {
        let people = people.keys().zip(&found.groups).filter(|(_, share)| share.significance.significant());
        people.filter(|(_, share)| share.is_higher(counts.len()) == higher).map(|(person, _)| *person).collect()
    };
    for (name, higher) in [("above", true), ("below", false)] {
        let wanted = wanted["peopleBH05"][name].as_array().expect("people").iter().filter_map(Json::as_u64).collect();
        assert_eq!(of(higher), wanted, "{name}");
    }
}

fn weekdays(rows: &[Row], wanted: &Json) {
    let days = tally(rows, |row| row.weekday);
    assert_eq!(days.keys().copied().collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    let counts: Vec<u64> = days.values().map(|(count, _)| *count).collect();
    let found = shares::compare(&counts).expect("enough");
    for ((name, share), (_, hours)) in ["mon", "tue", "wed", "thu", "fri"].iter().zip(&found.groups).zip(days.values()) {
        let wanted = &wanted["weekday"][name];
        assert_eq!(
            (share.count.hits, *hours),
            (wanted["count"].as_u64().expect("count"), wanted["hours"].as_u64().expect("hours"))
        );
        close(share.count.rate().expect("some"), &wanted["share"]);
        close(share.interval.low, &wanted["wilson95"][0]);
        close(share.interval.high, &wanted["wilson95"][1]);
        close(share.significance.p, &wanted["p"]);
        close(share.significance.q, &wanted["pBH"]);
    }
    test_is(&found.test, &wanted["weekdayChiSquare"]);
    close(rows.len() as f64 / 5.0, &wanted["weekdayChiSquare"]["expectedEach"]);
    let hours = |day: u64| rows.iter().filter(|row| row.weekday == day).map(|row| row.hours as f64).collect::<Vec<_>>();
    let found = kruskal::kruskal(&(2..=6).map(hours).collect::<Vec<_>>()).expect("enough");
    let wanted = &wanted["weekdayHoursKruskal"];
    close(found.statistic, &wanted["H"]);
    close(found.p, &wanted["p"]);
    assert_eq!(found.df, wanted["df"].as_u64().expect("df"));
}

fn months(rows: &[Row], wanted: &Json) {
    let months = tally(rows, |row| row.month);
    let told = wanted["month"].as_object().expect("months");
    assert_eq!(months.len(), told.len());
    for (month, (count, hours)) in &months {
        let told = &told[&month.to_string()];
        assert_eq!((told["count"].as_u64(), told["hours"].as_u64()), (Some(*count), Some(*hours)), "month {month}");
    }
    let counts: Vec<u64> = months.iter().filter(|(month, _)| (1..=12).contains(*month)).map(|(_, (count, _))| *count).collect();
    let wanted = &wanted["monthChiSquare"];
    assert_eq!(counts.iter().sum::<u64>(), wanted["n"].as_u64().expect("n"));
    test_is(&chi_square::equal_shares(&counts).expect("enough"), wanted);
}

#[track_caller]
fn test_is(found: &chi_square::ChiSquare, wanted: &Json) {
    close(found.statistic, &wanted["statistic"]);
    close(found.p, &wanted["p"]);
    assert_eq!(found.df, wanted["df"].as_u64().expect("df"));
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

#[track_caller]
fn all_close(found: &[f64], wanted: &Json) {
    let wanted = wanted.as_array().expect("a list");
    assert_eq!(found.len(), wanted.len());
    found.iter().zip(wanted).for_each(|(found, wanted)| close(*found, wanted));
}

#[test]
fn wilson_intervals_as_published() {
    for (of, wanted) in expected()["methods"]["wilson95"].as_object().expect("intervals") {
        let (hits, n) = of.split_once('/').expect("a fraction");
        let found = wilson::interval(Count::new(hits.parse().expect("hits"), n.parse().expect("n"))).expect("some");
        all_close(&[found.low, found.high], wanted);
    }
}

#[test]
fn trends_as_published() {
    for wanted in expected()["methods"]["mannKendall"].as_array().expect("series") {
        let points: Vec<(i64, f64)> = (0..).zip(numbers(&wanted["x"])).collect();
        let found = mann_kendall::trend(&points).expect("enough");
        assert_eq!(found.s, wanted["S"].as_i64().expect("S"));
        for (found, name) in [(found.var_s, "varS"), (found.z, "z"), (found.p, "p"), (found.slope, "senSlope")] {
            close(found, &wanted[name]);
        }
    }
}

#[test]
fn rates_of_weekdays_as_published() {
    let wanted = &expected()["methods"]["homogeneity"];
    let groups: Vec<Count> = numbers(&wanted["absent"])
        .into_iter()
        .zip(numbers(&wanted["attended"]))
        .map(|(absent, attended)| Count::new(absent as u64, (absent + attended) as u64))
        .collect();
    let found = compare(&groups, Rule::Expected);
    let test = found.test.expect("enough");
    close(test.statistic, &wanted["chi2"]);
    close(test.p, &wanted["p"]);
    assert_eq!(test.df, wanted["df"].as_u64().expect("df"));
    let outcome = |i: usize| found.groups[i].outcome.expect("compared");
    all_close(&(0..5).map(|i| outcome(i).p).collect::<Vec<_>>(), &wanted["weekdayVsRestFisher"]);
    all_close(&(0..5).map(|i| outcome(i).q).collect::<Vec<_>>(), &wanted["BH"]);
    let all = groups.iter().fold(Count::default(), |sum, group| sum.plus(*group));
    close(fisher::two_sided(groups[0], all.without(groups[0])), &wanted["weekdayVsRestFisher"][0]);
}

#[test]
fn adjusted_p_values_as_published() {
    let wanted = &expected()["methods"]["benjaminiHochberg"];
    all_close(&benjamini_hochberg::adjusted(&numbers(&wanted["p"])), &wanted["adjusted"]);
}

#[test]
fn staffing_as_published() {
    let wanted = &expected()["methods"]["staffing"];
    let weeks = wanted["weeks"].as_array().expect("weeks");
    let weeks: forecast::Weeks = weeks.iter().map(|week| numbers(week).into_iter().map(Some).collect()).collect();
    let next: Vec<f64> = forecast::next_week(&weeks).expect("enough").iter().map(|slot| slot.expect("a value").model).collect();
    all_close(&next, &wanted["nextWeekModel"]);
    let (test, wanted) = (forecast::back_test(&weeks).expect("enough"), &wanted["backTest"]);
    close(test.scale, &wanted["scaleInSampleNaiveMAE"]);
    close(test.mae_model, &wanted["maeModel"]);
    close(test.mae_naive, &wanted["maeSeasonalNaive"]);
    close(test.mase_model.expect("a scale"), &wanted["maseModel"]);
    close(test.mase_naive.expect("a scale"), &wanted["maseSeasonalNaive"]);
    assert!(test.model_is_better());
}
