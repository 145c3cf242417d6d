//! Minutes of something that happened, over all and by weekday.

use serde_json::{Value as Json, json};

use super::figures::{rounded, test, test_shape};
use super::stats::{kruskal, robust};
use crate::shape as schema;

pub const METHOD: &str = "Minutes: mean, median and ninetieth percentile (between two values as far as it lies between them). By \
                          weekday: Kruskal–Wallis with correction for ties, over weekdays with at least 5 of them.";

/// The figures of minutes, each with its ISO weekday.
pub fn figures(minutes: &[(u32, f64)]) -> Json {
    let all: Vec<f64> = minutes.iter().map(|(_, m)| *m).collect();
    let mut json = json!({"n": all.len(), "total": all.iter().sum::<f64>() as i64});
    for (name, value) in
        [("mean", robust::mean(&all)), ("median", robust::median(&all)), ("ninetieth", robust::quantile(&all, 0.9))]
    {
        if let Some(value) = value {
            json[name] = rounded(value);
        }
    }
    let of = |day: u32| minutes.iter().filter(|(d, _)| *d == day).map(|(_, m)| *m).collect::<Vec<f64>>();
    let days: Vec<Vec<f64>> = (1..=7).map(of).collect();
    json["weekdayTest"] = test(kruskal::kruskal(&days));
    let day = |(day, minutes): (u32, &Vec<f64>)| {
        robust::median(minutes).map(|median| json!({"weekday": day, "n": minutes.len(), "median": rounded(median)}))
    };
    json["byWeekday"] = (1..).zip(&days).filter_map(day).collect();
    json
}

pub fn shape(about: &str) -> Json {
    let day = [
        ("weekday", schema::whole("ISO weekday, 1 is Monday.")),
        ("n", schema::whole("How many.")),
        ("median", schema::number("Their median.")),
    ];
    let properties = [
        ("n", schema::whole("How many.")),
        ("total", schema::whole("Minutes in all.")),
        ("mean", schema::number("The mean.")),
        ("median", schema::number("The median.")),
        ("ninetieth", schema::number("Nine of ten are no more.")),
        ("weekdayTest", test_shape("Whether weekdays differ (Kruskal–Wallis).")),
        ("byWeekday", schema::list(schema::object("A weekday.", day), "Weekday by weekday.")),
    ];
    schema::object(about, properties)
}
