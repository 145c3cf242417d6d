//! How figures are written, and what their schemas say: the same in every answer.

use serde_json::{Value as Json, json};

use super::stats::chi_square::ChiSquare;
use super::stats::mann_kendall::Trend;
use super::stats::{Count, Interval, TooLittle, wilson};
use crate::shape;

/// A figure to six digits behind the point.
pub fn rounded(x: f64) -> Json {
    let rounded = (x * 1e6).round() / 1e6;
    // Zero has one spelling on the wire.
    json!(if rounded == 0.0 { 0.0 } else { rounded })
}

/// A probability to six digits that count, however small it is.
pub fn small(p: f64) -> Json {
    let rounded = format!("{p:.5e}").parse::<f64>().unwrap_or(p);
    json!(rounded)
}

/// Says of `json` that there is too little for its figures: what there is, what is needed, and of what.
pub fn tell_little(json: &mut Json, too_little: TooLittle) {
    let TooLittle { n, needed, of } = too_little;
    json["tooLittleData"] = json!(true);
    json["needed"] = json!(needed);
    json["of"] = json!(of);
    match json.get("n") {
        None => json["n"] = json!(n),
        Some(of_rows) if *of_rows == json!(n) => {}
        Some(_) => json["found"] = json!(n),
    }
}

/// In place of figures that there is too little for.
pub fn little(too_little: TooLittle) -> Json {
    let mut json = json!({});
    tell_little(&mut json, too_little);
    json
}

/// The schema with what [`tell_little`] adds.
pub fn or_too_little(mut schema: Json) -> Json {
    let properties = &mut schema["properties"];
    properties["tooLittleData"] = shape::flag("Set, and true, where there is too little for the figures that are absent.");
    properties["needed"] = shape::whole("How much is needed of what there is too little of.");
    properties["of"] = shape::text(
        "What there is too little of: observations, weeks, groups, expectedCount (expected of a group) and the like.",
    );
    if properties.get("n").is_none() {
        properties["n"] = shape::whole("How much of it there is.");
    } else {
        properties["found"] = shape::whole("How much of it there is, where n counts something else.");
    }
    schema
}

/// A rate with its interval, and what it is of.
pub fn rate(count: Count) -> Json {
    let mut json = json!({"count": count.hits, "n": count.n});
    match (count.rate(), wilson::interval(count)) {
        (Some(rate), Some(Interval { low, high })) => {
            json["rate"] = rounded(rate);
            json["low"] = rounded(low);
            json["high"] = rounded(high);
        }
        _ => tell_little(&mut json, TooLittle::new(0, 1, "observations")),
    }
    json
}

pub fn rate_shape(about: &str) -> Json {
    let properties = [
        ("count", shape::whole("How often.")),
        ("n", shape::whole("Of how many.")),
        ("rate", shape::number("The part, 0 to 1.")),
        ("low", shape::number("Lower end of its 95 % interval (Wilson).")),
        ("high", shape::number("Upper end of it.")),
    ];
    or_too_little(shape::object(about, properties))
}

/// A test of groups.
pub fn test(outcome: Result<ChiSquare, TooLittle>) -> Json {
    match outcome {
        Ok(test) => json!({
            "statistic": rounded(test.statistic), "df": test.df, "p": small(test.p), "significant": test.significant(),
        }),
        Err(too_little) => little(too_little),
    }
}

pub fn test_shape(about: &str) -> Json {
    let properties = [
        ("statistic", shape::number("The test's statistic.")),
        ("df", shape::whole("Its degrees of freedom.")),
        ("p", shape::number("How probable so large a statistic is by chance.")),
        ("significant", shape::flag("Whether p is 0.05 or less.")),
    ];
    or_too_little(shape::object(about, properties))
}

/// A trend over weeks.
pub fn trend(outcome: Result<Trend, TooLittle>) -> Json {
    match outcome {
        Ok(trend) => json!({
            "weeks": trend.n, "slope": rounded(trend.slope), "low": rounded(trend.interval.low),
            "high": rounded(trend.interval.high), "s": trend.s, "z": rounded(trend.z), "p": small(trend.p),
            "significant": trend.significant(),
        }),
        Err(too_little) => little(too_little),
    }
}

pub fn trend_shape(about: &str) -> Json {
    let properties = [
        ("weeks", shape::whole("ISO weeks with enough observations.")),
        ("slope", shape::number("Change per week (Theil–Sen).")),
        ("low", shape::number("Lower end of its 95 % interval.")),
        ("high", shape::number("Upper end of it.")),
        ("s", shape::whole("Mann–Kendall S.")),
        ("z", shape::number("Its score, corrected for ties and continuity.")),
        ("p", shape::number("How probable so clear a trend is by chance.")),
        ("significant", shape::flag("Whether p is 0.05 or less.")),
    ];
    or_too_little(shape::object(about, properties))
}

/// What was done, in words: each says a method with its parameters.
pub fn method(words: &[&str]) -> Json {
    json!(words)
}

pub fn method_shape() -> Json {
    shape::list(shape::text("A method with its parameters."), "How the figures came about.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_small_ones_stay() {
        assert_eq!(rounded(1.0 / 3.0), json!(0.333333));
        assert_eq!(rounded(-0.000_000_01).to_string(), "0.0");
        assert_eq!(small(5.042_386_712e-178), json!(5.04239e-178));
        assert_eq!(small(0.031_234_567), json!(0.0312346));
        assert_eq!(small(0.0).to_string(), "0.0");
    }

    #[test]
    fn what_there_is_too_little_of_is_told_beside_what_there_is() {
        assert_eq!(little(TooLittle::new(3, 8, "weeks")), json!({"tooLittleData": true, "n": 3, "needed": 8, "of": "weeks"}));
        let mut row = json!({"count": 2, "n": 30});
        tell_little(&mut row, TooLittle::new(4, 5, "expectedCount"));
        let told = json!({"count": 2, "n": 30, "tooLittleData": true, "found": 4, "needed": 5, "of": "expectedCount"});
        assert_eq!(row, told, "the row's n stays what it is");
    }

    #[test]
    fn of_nothing_there_is_no_rate() {
        let nothing = json!({"count": 0, "n": 0, "tooLittleData": true, "needed": 1, "of": "observations"});
        assert_eq!(rate(Count::default()), nothing);
        assert_eq!(rate(Count::new(3, 40)), json!({"count": 3, "n": 40, "rate": 0.075, "low": 0.025836, "high": 0.198642}));
    }
}
