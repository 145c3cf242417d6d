//! The Mann–Kendall test of a trend, with the Theil–Sen slope.

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, Normal};

use super::wilson::Z95;
use super::{ALPHA, Interval};

/// What became of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    pub n: u64,
    /// Pairs that rise less pairs that fall.
    pub s: i64,
    /// The variance of `s` without a trend, corrected for ties.
    pub var_s: f64,
    /// With continuity correction.
    pub z: f64,
    pub p: f64,
    /// The median of all slopes between two points.
    pub slope: f64,
    /// The slope's 95 % interval (Gilbert 1987).
    pub interval: Interval,
}

impl Trend {
    pub fn significant(&self) -> bool {
        self.p <= ALPHA
    }
}

/// Looks at a series of (time, value) in the order of times, which all differ; `None` of fewer than two points.
pub fn trend(points: &[(i64, f64)]) -> Option<Trend> {
    let n = points.len();
    if n < 2 {
        return None;
    }
    let (mut s, mut slopes) = (0i64, Vec::with_capacity(n * (n - 1) / 2));
    for (i, (t0, x0)) in points.iter().enumerate() {
        for (t1, x1) in &points[i + 1..] {
            s += match x1.total_cmp(x0) {
                _ if x1 == x0 => 0,
                std::cmp::Ordering::Greater => 1,
                _ => -1,
            };
            slopes.push((x1 - x0) / (t1 - t0) as f64);
        }
    }
    slopes.sort_by(f64::total_cmp);
    let var_s = variance(points);
    let z = if s == 0 || var_s <= 0.0 { 0.0 } else { (s - s.signum()) as f64 / var_s.sqrt() };
    Some(Trend { n: n as u64, s, var_s, z, p: two_sided(z), slope: median(&slopes), interval: interval(&slopes, var_s) })
}

fn variance(points: &[(i64, f64)]) -> f64 {
    let part = |t: f64| t * (t - 1.0) * (2.0 * t + 5.0);
    let mut ties: BTreeMap<u64, f64> = BTreeMap::new();
    for (_, x) in points {
        // Zero has two spellings.
        *ties.entry((x + 0.0).to_bits()).or_default() += 1.0;
    }
    (part(points.len() as f64) - ties.into_values().map(part).sum::<f64>()) / 18.0
}

fn two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { (sorted[half - 1] + sorted[half]) / 2.0 } else { sorted[half] }
}

/// Ranks as far from the middle as `s` may be from 0 by chance.
fn interval(slopes: &[f64], var_s: f64) -> Interval {
    let (count, reach) = (slopes.len() as f64, Z95 * var_s.max(0.0).sqrt());
    let at = |rank: f64| slopes[(rank.round().max(1.0) as usize).min(slopes.len()) - 1];
    Interval { low: at((count - reach) / 2.0), high: at((count + reach) / 2.0 + 1.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(values: &[i32]) -> Vec<(i64, f64)> {
        values.iter().enumerate().map(|(t, x)| (t as i64, f64::from(*x))).collect()
    }

    proptest! {
        #[test]
        fn turned_round_it_falls(values in prop::collection::vec(-20i32..20, 2..40)) {
            let up = trend(&series(&values)).unwrap();
            let down = trend(&series(&values.iter().map(|x| -x).collect::<Vec<_>>())).unwrap();
            let back = trend(&series(&values.iter().rev().copied().collect::<Vec<_>>())).unwrap();
            for other in [down, back] {
                prop_assert_eq!((other.s, other.var_s, other.slope), (-up.s, up.var_s, -up.slope));
                prop_assert!((other.z + up.z).abs() < 1e-12 && (other.p - up.p).abs() < 1e-12);
            }
            prop_assert!((0.0..=1.0).contains(&up.p));
            prop_assert!(up.interval.low <= up.slope && up.slope <= up.interval.high);
        }
    }

    #[test]
    fn what_never_changes_has_no_trend_and_what_always_rises_has() {
        let flat = trend(&series(&[3; 12])).unwrap();
        assert_eq!((flat.s, flat.var_s, flat.z, flat.p, flat.slope), (0, 0.0, 0.0, 1.0, 0.0));
        let rising = trend(&series(&(0..12).collect::<Vec<_>>())).unwrap();
        assert!(rising.p < 1e-4 && rising.slope == 1.0 && rising.interval == Interval { low: 1.0, high: 1.0 });
        // A week that is missing counts as time.
        assert_eq!(trend(&[(0, 0.0), (1, 1.0), (9, 9.0)]).unwrap().slope, 1.0);
        assert_eq!(trend(&[(0, 1.0)]), None);
    }
}
