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
    ("analyzeTaskLoad", "taskLoad", "Overdue tasks"),
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

/// The people needed, hour by hour, of each weekday.
fn staffing(json: &Json) -> Vec<Chart> {
    let rows = analysis::list(json, "predictions");
    let number = |row: &Json, name: &str| row.get(name).and_then(Json::as_f64);
    let mut hours: Vec<u64> = rows.iter().filter_map(|row| row.get("hour").and_then(Json::as_u64)).collect();
    hours.sort_unstable();
    hours.dedup();
    let value = |day: u64, hour: u64| {
        let row = rows.iter().find(|row| {
            row.get("weekday").and_then(Json::as_u64) == Some(day) && row.get("hour").and_then(Json::as_u64) == Some(hour)
        });
        row.and_then(|row| number(row, "expected").or_else(|| number(row, "value")).or_else(|| number(row, "predicted")))
    };
    let days = (1..=7u64).filter_map(|day| {
        let name = analysis::weekday(&day.into())?;
        let values: Vec<Option<f64>> = hours.iter().map(|hour| value(day, *hour)).collect();
        let names = hours.iter().map(|hour| format!("{hour:02}:00")).collect();
        let chart = format!("staffing-on-{}", name.to_lowercase());
        Chart::of(&chart, Kind::Bar, &format!("Staff expected on {name}s"), "people", names, series("Expected", values))
    });
    days.collect()
}
