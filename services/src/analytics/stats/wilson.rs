//! Wilson's score interval of a proportion.

use super::{Count, Interval};

/// The normal quantile of 97.5 %.
pub const Z95: f64 = 1.959_963_984_540_054;

/// The 95 % interval of a proportion (Wilson 1927, without continuity correction); `None` of nothing.
pub fn interval(count: Count) -> Option<Interval> {
    let p = count.rate()?;
    let n = count.n as f64;
    let z2 = Z95 * Z95;
    let middle = p + z2 / (2.0 * n);
    let half = Z95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // At the ends the formula is exact, floating point is not.
    let low = if count.hits == 0 { 0.0 } else { ((middle - half) / scale).max(0.0) };
    let high = if count.hits == count.n { 1.0 } else { ((middle + half) / scale).min(1.0) };
    Some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_the_rate_and_stays_a_proportion((hits, n) in (1u64..1_000_000).prop_flat_map(|n| (0..=n, Just(n)))) {
            let count = Count::new(hits, n);
            let (rate, i) = (count.rate().unwrap(), interval(count).unwrap());
            prop_assert!((0.0..=1.0).contains(&i.low) && (0.0..=1.0).contains(&i.high));
            prop_assert!(i.low <= rate && rate <= i.high && i.low < i.high);
            // Its ends are those rates from which the score test just does not tell the observed one.
            for end in [i.low, i.high] {
                if end > 0.0 && end < 1.0 {
                    let z = (rate - end).abs() / (end * (1.0 - end) / n as f64).sqrt();
                    prop_assert!((z - Z95).abs() < 1e-6, "{z}");
                }
            }
            // The rate of misses has the mirrored interval.
            let other = interval(Count::new(n - hits, n)).unwrap();
            prop_assert!((other.low - (1.0 - i.high)).abs() < 1e-12 && (other.high - (1.0 - i.low)).abs() < 1e-12);
        }
    }

    #[test]
    fn of_nothing_there_is_none() {
        assert_eq!(interval(Count::default()), None);
    }
}
