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

pub fn little(too_little: TooLittle) -> Json {
    json!({"n": too_little.n, "needed": too_little.needed, "of": too_little.of})
}

pub fn little_shape() -> Json {
    let properties = [
        ("n", shape::whole("What there is.")),
        ("needed", shape::whole("What is needed.")),
        ("of", shape::text("Of what: shifts, weeks, groups, expectedCount (hits or misses expected of a group) and the like.")),
    ];
    shape::object("Set where there is too little to say more.", properties)
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
        _ => json["tooLittleData"] = little(TooLittle::new(0, 1, "observations")),
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
        ("tooLittleData", little_shape()),
    ];
    shape::object(about, properties)
}

/// A test of groups.
pub fn test(outcome: Result<ChiSquare, TooLittle>) -> Json {
    match outcome {
        Ok(test) => json!({
            "statistic": rounded(test.statistic), "df": test.df, "p": small(test.p), "significant": test.significant(),
        }),
        Err(too_little) => json!({"tooLittleData": little(too_little)}),
    }
}

pub fn test_shape(about: &str) -> Json {
    let properties = [
        ("statistic", shape::number("The test's statistic.")),
        ("df", shape::whole("Its degrees of freedom.")),
        ("p", shape::number("How probable so large a statistic is by chance.")),
        ("significant", shape::flag("Whether p is 0.05 or less.")),
        ("tooLittleData", little_shape()),
    ];
    shape::object(about, properties)
}

/// A trend over weeks.
pub fn trend(outcome: Result<Trend, TooLittle>) -> Json {
    match outcome {
        Ok(trend) => json!({
            "weeks": trend.n, "slope": rounded(trend.slope), "low": rounded(trend.interval.low),
            "high": rounded(trend.interval.high), "s": trend.s, "z": rounded(trend.z), "p": small(trend.p),
            "significant": trend.significant(),
        }),
        Err(too_little) => json!({"tooLittleData": little(too_little)}),
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
        ("tooLittleData", little_shape()),
    ];
    shape::object(about, properties)
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
    fn of_nothing_there_is_no_rate() {
        assert_eq!(rate(Count::default())["tooLittleData"], json!({"n": 0, "needed": 1, "of": "observations"}));
        assert_eq!(rate(Count::new(3, 40)), json!({"count": 3, "n": 40, "rate": 0.075, "low": 0.025836, "high": 0.198642}));
    }
}
