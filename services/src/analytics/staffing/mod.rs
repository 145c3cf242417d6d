//! `predictStaffing`: how many people a coming week is likely to have, hour by hour.

mod read;
mod week;

use std::sync::Arc;

use chrono::{Datelike, Weekday};
use serde_json::{Value as Json, json};
use workforceos_core::answer::Answer;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::DepartmentId;
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::zone::week_start;
use workforceos_core::{Reach, input, wire_enum};

use self::read::Counted;
use self::week::{SLOTS, Week};
use super::asked::{Period, earlier, later, period_shape, unknown_department, whose};
use super::figures::{little, method, method_shape, or_too_little, rounded, tell_little, trend, trend_shape};
use super::findings;
use super::rates::{WEEKS, rising};
use super::stats::forecast::{self, BackTest};
use super::stats::{TooLittle, mann_kendall};
use crate::{Api, App, shape};

/// Weeks looked back on: unless asked otherwise, at least and at most.
const USUAL_WEEKS: i64 = 12;
const LEAST_WEEKS: i64 = 4;
const MOST_WEEKS: i64 = 52;
/// How far ahead a week can be asked for.
const AHEAD: u64 = 8;

const METHOD: [&str; 4] = [
    "Headcount: the mean number of people within an hour of the company's local time. planned: assigned to published shifts that were \
     not cancelled (members of departments from when they joined, without those on leave); attended: from the start or the later \
     check-in to the check-out.",
    "Mean: of the last values of the same weekday and hour, 8 at most, 4 weeks at least. Seasonal naive: the last such value.",
    "Back-test (from 8 weeks on): each of the last 4 weeks forecast from those before; MAE over all hours that are ever staffed; MASE = \
     MAE ÷ the seasonal naive forecast's MAE before the test. Where the mean does not beat the seasonal naive forecast, that is answered.",
    "Trend: weekly person-hours over at least 8 weeks, Mann–Kendall, Theil–Sen slope per week.",
];

wire_enum! {
    /// What is counted.
    pub enum Basis {
        Planned => "planned",
        Attended => "attended",
    }
}

input! {
    pub struct Predict {
        /// A Monday, at most 8 weeks ahead (next week's).
        week_start: Option<Date> => "weekStart" Query,
        /// planned or attended (planned).
        basis: Option<Basis> => "basis" Query,
        /// Only shifts of this department.
        department_id: Option<DepartmentId> => "departmentId" Query,
        /// Past weeks to look at, 4 to 52 (12).
        weeks: Option<i64> => "weeks" Query,
    }
}

pub fn api() -> Api {
    Api::get("predictStaffing")
        .named("staffing")
        .at("/v1/analytics/staffing")
        .reach(Reach::Managers)
        .long_output(output)
        .about(
            "How many people a week is likely to have, hour by hour. By weekday and hour from past weeks as planned or as attended, with how \
             far off such forecasts were (MAE, MASE, beside repeating last week) and what is planned already. It says what was usual, not \
             what is needed. Managers' forecasts are of their reports and themselves. Needs 4 past weeks; refuses weeks further than 8 \
             ahead.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, asked: Predict) -> Result<Answer> {
    let this_week = week_start(ctx.tenant.zone.date(ctx.now()));
    let target = asked.week_start.unwrap_or(later(this_week, 7));
    let weeks = asked.weeks.unwrap_or(USUAL_WEEKS);
    let mut problems = Vec::new();
    if target.weekday() != Weekday::Mon || target > later(this_week, 7 * AHEAD) {
        problems.push(Problem::new("weekStart", format!("must be a Monday, at most {AHEAD} weeks ahead")));
    }
    if !(LEAST_WEEKS..=MOST_WEEKS).contains(&weeks) {
        problems.push(Problem::new("weeks", format!("must be from {LEAST_WEEKS} to {MOST_WEEKS}")));
    }
    let whose = whose(&app, &ctx, None, None, &mut problems).await?;
    if let Some(department) = asked.department_id {
        problems.extend(unknown_department(&app, &ctx, department).await?);
    }
    Error::none_of(problems)?;
    let (basis, back) = (asked.basis.unwrap_or(Basis::Planned), u64::try_from(weeks).unwrap_or(0));
    // Whole past weeks alone.
    let until = target.min(this_week);
    let _place = app.analyses.take(ctx.company()).await?;
    let counted = Counted { app: &app, ctx: &ctx, whose: &whose, department: asked.department_id };
    let history = counted.weeks(basis, earlier(until, 7 * back), back).await?;
    let planned = counted.weeks(Basis::Planned, target, 1).await?;
    let period = Period { from: earlier(until, 7 * back), to: earlier(until, 1) };
    let mut answer = json!({
        "period": period.json(&ctx), "weekStart": target, "basis": basis.as_str(), "sampleSize": history.sample, "method": method(&METHOD),
    });
    foretell(&mut answer, &history.weeks, planned.weeks.first());
    Ok(Answer::json(answer))
}

/// Writes the forecast. Weeks before anybody was there are no weeks of nobody.
fn foretell(answer: &mut Json, history: &[Week], planned: Option<&Week>) {
    let first = history.iter().position(|week| week.person_hours() > 0.0).unwrap_or(history.len());
    let history = &history[first..];
    let all: Vec<Vec<Option<f64>>> = history.iter().map(Week::headcount).collect();
    let planned = planned.map_or_else(|| vec![None; SLOTS], Week::headcount);
    // Hours in which nobody ever is would make any forecast look good.
    let staffed: Vec<usize> = (0..SLOTS).filter(|slot| all.iter().any(|week| week[*slot].is_some_and(|n| n > 0.0))).collect();
    let weeks: forecast::Weeks = all.iter().map(|week| staffed.iter().map(|slot| week[*slot]).collect()).collect();
    answer["weeks"] = json!(weeks.len());
    let test = forecast::back_test(&weeks);
    answer["backTest"] = test.map_or_else(little, |test| back_test(&test));
    let naive = test.is_ok_and(|test| !test.model_is_better());
    answer["forecast"] = json!(if naive { "seasonalNaive" } else { "mean" });
    let next = forecast::next_week(&weeks);
    if let Err(too_little) = next {
        tell_little(answer, too_little);
    }
    let next = next.unwrap_or_default();
    let forecasts: Vec<(usize, forecast::Slot)> = staffed.iter().zip(next).filter_map(|(slot, f)| Some((*slot, f?))).collect();
    answer["hours"] = hours(&forecasts, &planned, naive);
    weekly(answer, history);
}

fn back_test(test: &BackTest) -> Json {
    json!({
        "testedWeeks": forecast::TESTED, "n": test.n, "scale": rounded(test.scale), "maeMean": rounded(test.mae_model),
        "maeSeasonalNaive": rounded(test.mae_naive), "maseMean": test.mase_model.map(rounded),
        "maseSeasonalNaive": test.mase_naive.map(rounded),
    })
}

/// Hours that have a forecast or a plan. An hour that the week does not have is left out.
fn hours(forecasts: &[(usize, forecast::Slot)], planned: &[Option<f64>], naive: bool) -> Json {
    let mut hours = Vec::new();
    for (slot, planned) in planned.iter().enumerate() {
        let Some(planned) = planned else { continue };
        let forecast = forecasts.iter().find(|(at, _)| *at == slot).map(|(_, forecast)| forecast);
        if forecast.is_none() && *planned == 0.0 {
            continue;
        }
        let mut hour = json!({"weekday": slot / 24 + 1, "hour": slot % 24, "planned": rounded(*planned)});
        if let Some(f) = forecast {
            hour["headcount"] = rounded(if naive { f.naive } else { f.model });
            hour["mean"] = rounded(f.model);
            hour["seasonalNaive"] = rounded(f.naive);
            hour["low"] = rounded(f.low);
            hour["high"] = rounded(f.high);
            hour["n"] = json!(f.n);
        }
        hours.push(hour);
    }
    json!(hours)
}

fn weekly(answer: &mut Json, history: &[Week]) {
    let points: Vec<(i64, f64)> = (0..).zip(history.iter().map(Week::person_hours)).collect();
    let little = TooLittle::new(points.len() as u64, WEEKS, "weeks");
    let found = if points.len() < WEEKS as usize { None } else { mann_kendall::trend(&points) };
    let week = |week: &Week| json!({"week": week.monday, "personHours": rounded(week.person_hours())});
    answer["weekly"] = history.iter().map(week).collect();
    answer["trend"] = trend(found.ok_or(little));
    findings::tell(answer, found.iter().filter_map(|trend| rising("personHours", trend)).collect());
}

fn output() -> Json {
    let test = [
        ("testedWeeks", shape::whole("Weeks that were forecast from those before.")),
        ("n", shape::whole("Hours of these weeks that were forecast.")),
        ("scale", shape::number("MAE of the seasonal naive forecast before the test.")),
        ("maeMean", shape::number("Mean absolute error of the mean, in people.")),
        ("maeSeasonalNaive", shape::number("The same of the seasonal naive forecast.")),
        ("maseMean", shape::or_null(shape::number("maeMean ÷ scale; null where the scale is 0."))),
        ("maseSeasonalNaive", shape::or_null(shape::number("The same of the seasonal naive forecast."))),
    ];
    let hour = [
        ("weekday", shape::whole("ISO weekday, 1 is Monday.")),
        ("hour", shape::whole("Local hour, 0 to 23.")),
        ("headcount", shape::number("The forecast, in people.")),
        ("mean", shape::number("The mean's forecast.")),
        ("seasonalNaive", shape::number("The last such hour.")),
        ("low", shape::number("Least of the values behind the mean.")),
        ("high", shape::number("Most of them.")),
        ("n", shape::whole("How many values.")),
        ("planned", shape::number("Already planned for the week.")),
    ];
    let week = [("week", shape::date("Its Monday.")), ("personHours", shape::number("Hours of all people together."))];
    let mut schema = shape::object(
        "A week's staffing.",
        [
            ("period", period_shape()),
            ("weekStart", shape::date("The Monday of the week foretold.")),
            ("basis", shape::one_of(Basis::NAMES, "What past weeks are counted by.")),
            ("sampleSize", shape::whole("Shifts (planned) or attendance records (attended) counted.")),
            ("weeks", shape::whole("Past weeks, from the first with anybody.")),
            ("method", method_shape()),
            ("forecast", shape::one_of(&["mean", "seasonalNaive"], "Which of the two headcount is.")),
            ("backTest", or_too_little(shape::object("How far off the forecasts were.", test))),
            ("hours", shape::list(shape::object("An hour.", hour), "Hours with a forecast or a plan.")),
            ("weekly", shape::list(shape::object("A past week.", week), "Week by week.")),
            ("trend", trend_shape("How weekly person-hours change.")),
        ],
    );
    schema = or_too_little(schema);
    for (name, part) in findings::shapes() {
        schema["properties"][name] = part;
    }
    schema
}

#[cfg(test)]
mod tests {
    use workforceos_core::zone::Zone;

    use super::*;

    /// So many people on weekdays from nine to five, week by week.
    fn weeks(people: &[i64]) -> Vec<Week> {
        let monday: Date = "2026-03-02".parse().expect("a date");
        let mut weeks = Vec::new();
        for (week, people) in (0..).zip(people) {
            let mut counted = Week::new(Zone::UTC, later(monday, 7 * week));
            for day in 0..5 {
                let (midnight, _) = Zone::UTC.day(later(monday, 7 * week + day));
                counted.add(midnight.plus_minutes(9 * 60), midnight.plus_minutes(17 * 60), *people);
            }
            weeks.push(counted);
        }
        weeks
    }

    fn told(people: &[i64]) -> Json {
        let mut answer = json!({});
        let planned = Week::new(Zone::UTC, later("2026-03-02".parse().expect("a date"), 7 * people.len() as u64));
        foretell(&mut answer, &weeks(people), Some(&planned));
        answer
    }

    #[test]
    fn the_mean_is_answered_where_it_is_better() {
        let told = told(&[4, 6, 4, 6, 4, 6, 4, 6, 4, 6, 4, 6]);
        assert_eq!((&told["forecast"], &told["weeks"]), (&json!("mean"), &json!(12)));
        let hours = told["hours"].as_array().expect("hours");
        assert_eq!(hours.len(), 40);
        assert_eq!(
            hours[0],
            json!({"weekday": 1, "hour": 9, "planned": 0.0, "headcount": 5.0, "mean": 5.0, "seasonalNaive": 6.0, "low": 4.0, "high": 6.0, "n": 8})
        );
        let test = &told["backTest"];
        assert_eq!(
            (&test["scale"], &test["maeSeasonalNaive"], &test["maseSeasonalNaive"]),
            (&json!(2.0), &json!(2.0), &json!(1.0))
        );
        // Of an odd number of weeks before, the means are 5, or 5 ± 1/7.
        assert!(test["maeMean"].as_f64().expect("a number") < 1.1);
    }

    #[test]
    fn the_naive_forecast_is_answered_where_it_is_not_beaten() {
        let told = told(&[2, 2, 2, 2, 2, 2, 2, 9, 9, 9, 9, 9]);
        assert_eq!((&told["forecast"], &told["hours"][0]["headcount"]), (&json!("seasonalNaive"), &json!(9.0)));
        // Before the test nothing ever moved but once.
        assert_eq!(told["findings"][0]["direction"], json!("rising"));
    }

    #[test]
    fn a_scale_of_nothing_measures_nothing() {
        let told = told(&[3; 10]);
        let test = json!({"testedWeeks": 4, "n": 160, "scale": 0.0, "maeMean": 0.0, "maeSeasonalNaive": 0.0, "maseMean": null,
            "maseSeasonalNaive": null});
        assert_eq!(told["backTest"], test);
        assert_eq!(told["findings"], json!([]));
    }

    #[test]
    fn few_weeks_say_so_and_empty_weeks_before_the_first_do_not_count() {
        let young = told(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5]);
        assert_eq!((&young["tooLittleData"], &young["n"], &young["needed"]), (&json!(true), &json!(3), &json!(4)));
        assert_eq!((&young["weeks"], &young["hours"]), (&json!(3), &json!([])));
        let older = told(&[0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 5]);
        assert_eq!(older["hours"][0]["headcount"], json!(5.0));
        assert_eq!(older["backTest"], json!({"tooLittleData": true, "n": 7, "needed": 8, "of": "weeks"}));
        assert!(older.get("tooLittleData").is_none());
        assert_eq!((&told(&[])["tooLittleData"], &told(&[])["n"]), (&json!(true), &json!(0)));
    }
}
