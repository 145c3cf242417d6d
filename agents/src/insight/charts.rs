//! The charts that figures give: made of what the analyses returned and nothing else.

use serde_json::Value as Json;

use super::analysis::{self, WEEKDAYS};
use super::chart::{Chart, Kind, Series};
use super::gather::Gathered;

/// The most people or departments of a chart.
const ROWS: usize = 12;

/// What is charted of a tool's rates: the tool, the chart's name, and what the rate is called.
const RATES: [(&str, &str, &str); 5] = [
    ("analyzeAbsenteeism", "absenteeism", "Missed shifts"),
    ("analyzeAttendance", "attendance", "Attended shifts"),
    ("analyzeLateness", "lateness", "Late shifts"),
    ("analyzeOvertime", "overtime", "Days with overtime"),
    ("analyzeTaskLoad", "taskLoad", "Missed tasks"),
];

/// Every chart that can be drawn of what was gathered.
pub fn of(gathered: &Gathered) -> Vec<Chart> {
    let rates = RATES.iter().filter_map(|(tool, name, what)| gathered.of(tool).map(|json| rates(json, name, what)));
    let staffing = gathered.of("predictStaffing").map(staffing);
    rates.chain(staffing).flatten().collect()
}

/// Whether a chart tells of persons.
pub fn names_people(chart: &str) -> bool {
    chart.ends_with("-by-person")
}

fn rates(json: &Json, name: &str, what: &str) -> Vec<Chart> {
    let weekdays: Vec<String> = WEEKDAYS.iter().map(|day| (*day).to_owned()).collect();
    let mut of_days = vec![None; 7];
    for row in analysis::compared(json, "weekday") {
        let day = row.get("weekday").and_then(Json::as_u64).and_then(|day| usize::try_from(day).ok());
        if let Some(slot) = day.and_then(|day| day.checked_sub(1)).and_then(|day| of_days.get_mut(day)) {
            *slot = percent(row);
        }
    }
    let mut charts = vec![Chart::of(
        &format!("{name}-by-weekday"),
        Kind::Bar,
        &format!("{what} by weekday"),
        "%",
        weekdays,
        series(what, of_days),
    )];
    for by in ["department", "person"] {
        let rows =
            || analysis::compared(json, by).iter().filter_map(|row| Some((analysis::about(row)?, percent(row)))).take(ROWS);
        let (names, values) = rows().unzip();
        charts.push(Chart::of(
            &format!("{name}-by-{by}"),
            Kind::Bar,
            &format!("{what} by {by}"),
            "%",
            names,
            series(what, values),
        ));
    }
    let week = |week: &Json| Some((week.get("week").and_then(Json::as_str)?.to_owned(), percent(week)));
    let (weeks, values) = analysis::list(json, "weekly").iter().filter_map(week).unzip();
    charts.push(Chart::of(
        &format!("{name}-by-week"),
        Kind::Line,
        &format!("{what} by week, from its Monday"),
        "%",
        weeks,
        series(what, values),
    ));
    charts.into_iter().flatten().collect()
}

fn series(name: &str, values: Vec<Option<f64>>) -> Vec<Series> {
    vec![Series { name: name.to_owned(), values }]
}

/// A rate as a percentage of two places; none where nothing was observed.
fn percent(row: &Json) -> Option<f64> {
    let rate = row.get("rate").and_then(Json::as_f64)?;
    Some((rate * 10_000.0).round() / 100.0)
}

/// The people expected, hour by hour of each weekday, beside those who are planned already.
fn staffing(json: &Json) -> Vec<Chart> {
    let rows = analysis::list(json, "hours");
    let whole = |row: &Json, name: &str| row.get(name).and_then(Json::as_u64);
    let days = (1..=7u64).filter_map(|day| {
        let name = analysis::weekday(&day.into())?;
        let rows: Vec<&Json> =
            rows.iter().filter(|row| whole(row, "weekday") == Some(day) && whole(row, "hour").is_some()).collect();
        let hours = rows.iter().filter_map(|row| Some(format!("{:02}:00", whole(row, "hour")?))).collect();
        let of = |name: &str| rows.iter().map(|row| row.get(name).and_then(Json::as_f64)).collect();
        let series = vec![
            Series { name: "Expected".to_owned(), values: of("headcount") },
            Series { name: "Planned".to_owned(), values: of("planned") },
        ];
        let chart = format!("staffing-on-{}", name.to_lowercase());
        Chart::of(&chart, Kind::Bar, &format!("People expected on {name}s"), "people", hours, series)
    });
    let week =
        |week: &Json| Some((week.get("week").and_then(Json::as_str)?.to_owned(), week.get("personHours").and_then(Json::as_f64)));
    let (weeks, values) = analysis::list(json, "weekly").iter().filter_map(week).unzip();
    let weekly = Chart::of(
        "staffing-by-week",
        Kind::Line,
        "Hours of all people by week, from its Monday",
        "hours",
        weeks,
        series("Hours", values),
    );
    days.chain(weekly).collect()
}
