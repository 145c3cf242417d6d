//! Numbers without error: a number is what its decimal text says, and is rounded once, at the very end.

use num_bigint::BigInt;
use num_rational::BigRational;

pub type Exact = BigRational;

/// The most cents that a number on the wire keeps apart from their neighbours.
const MAX_CENTS: i64 = 9_007_199_254_740_992;

/// A number as its shortest decimal text reads.
pub fn exact(number: f64) -> Exact {
    // Rust writes the shortest text that reads back as the same number, without an exponent.
    parse(&number.to_string()).expect("stored numbers are finite")
}

pub fn whole(number: i64) -> Exact {
    Exact::from_integer(number.into())
}

pub fn ratio(numerator: i64, denominator: i64) -> Exact {
    Exact::new(numerator.into(), denominator.into())
}

/// A decimal text without an exponent, or a fraction as [`Exact`] writes itself.
pub fn parse(text: &str) -> Option<Exact> {
    if text.contains('/') {
        return text.parse().ok();
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
    let scale = BigInt::from(10).pow(u32::try_from(fraction.len()).ok()?);
    Some(Exact::new(digits, scale))
}

/// The nearest whole number, ties up.
pub fn nearest(number: &Exact) -> i64 {
    let up = (number + ratio(1, 2)).floor().to_integer();
    i64::try_from(up).unwrap_or(i64::MAX)
}

/// Rounded half-even to so many decimals: how many of the last one there are.
pub fn rounded(amount: &Exact, decimals: u32) -> BigInt {
    let units = amount * Exact::from_integer(BigInt::from(10).pow(decimals));
    let down = units.floor().to_integer();
    let rest = &units - Exact::from_integer(down.clone());
    let half = ratio(1, 2);
    let odd = &down % BigInt::from(2) != BigInt::ZERO;
    if rest > half || (rest == half && odd) { down + 1 } else { down }
}

/// Rounded half-even to cents, and never below 0; `None` where that is more than a number on the wire can hold to the cent.
pub fn to_cents(amount: &Exact) -> Option<f64> {
    let cents = rounded(amount, 2).max(BigInt::ZERO);
    let cents = i64::try_from(cents).ok().filter(|c| *c <= MAX_CENTS)?;
    format!("{}.{:02}", cents / 100, cents % 100).parse().ok()
}

/// The decimal text of so many units of the last decimal.
pub fn decimal(units: &BigInt, decimals: u32) -> String {
    let scale = BigInt::from(10).pow(decimals);
    let (sign, size) = if *units < BigInt::ZERO { ("-", -units) } else { ("", units.clone()) };
    let width = usize::try_from(decimals).unwrap_or(0);
    format!("{sign}{}.{:0>width$}", &size / &scale, (&size % &scale).to_string())
}

/// Minutes as hours with 2 decimals. A sixtieth is never halfway between two hundredths.
pub fn hours(minutes: i64) -> f64 {
    let hundredths = nearest(&ratio(minutes * 100, 60));
    format!("{}.{:02}", hundredths / 100, hundredths % 100).parse().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_its_text_says() {
        assert_eq!(exact(0.1) + exact(0.2), exact(0.3));
        assert_eq!(exact(-17.25), ratio(-69, 4));
        assert_eq!(exact(1e22), Exact::from_integer(BigInt::from(10).pow(22)));
        assert_eq!(exact(2.5e-9), ratio(1, 400_000_000));
        let third = ratio(10, 3);
        assert_eq!(parse(&third.to_string()), Some(third));
        assert_eq!(parse("1e5"), None);
    }

    #[test]
    fn ties_go_to_the_even_cent_and_nothing_is_below_zero() {
        let cents = |text| to_cents(&parse(text).expect("a number"));
        assert_eq!(cents("174.515"), Some(174.52));
        assert_eq!(cents("5.005"), Some(5.0));
        assert_eq!(cents("5.015"), Some(5.02));
        assert_eq!(cents("5.0149999999999999999999"), Some(5.01));
        assert_eq!(cents("5.0050000000000000000001"), Some(5.01));
        assert_eq!((cents("-0.01"), cents("-379.9"), cents("0")), (Some(0.0), Some(0.0), Some(0.0)));
    }

    #[test]
    fn what_a_number_cannot_hold_to_the_cent_is_told() {
        let cents = |text| to_cents(&parse(text).expect("a number"));
        assert_eq!(cents("90071992547409.92"), Some(90071992547409.92));
        assert_eq!(cents("90071992547409.93"), None);
        assert_eq!(to_cents(&exact(1e300)), None);
    }

    #[test]
    fn decimals_read_back_as_what_was_rounded() {
        let four = |text| decimal(&rounded(&parse(text).expect("a number"), 4), 4);
        assert_eq!(four("10/3"), "3.3333");
        assert_eq!(four("-10/3"), "-3.3333");
        assert_eq!(four("-0.00005"), "0.0000");
        assert_eq!(four("0.00015"), "0.0002");
        assert_eq!(four("-12345678901234567890.00001"), "-12345678901234567890.0000");
        assert_eq!(parse(&four("-0.5")), Some(ratio(-1, 2)));
    }

    #[test]
    fn hours_show_two_decimals() {
        assert_eq!([0, 1, 20, 40, 59, 1215, 100_000].map(hours), [0.0, 0.02, 0.33, 0.67, 0.98, 20.25, 1666.67]);
    }
}
