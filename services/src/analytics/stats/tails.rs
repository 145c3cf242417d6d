//! The two-sided exact p-value of a discrete distribution with one peak: how probable are results that are at most as probable
//! as the observed one.

use std::ops::RangeInclusive;

/// Results count as equally probable within this relative difference, as R's and SciPy's exact tests have it.
const TIE: f64 = 1e-7;
/// Where a term adds less than this part of the sum, what follows adds nothing either.
const NEGLIGIBLE: f64 = 1e-18;

/// `ln_pmf` grows up to `mode` and falls from there. Works in logarithms, from the observed result outwards, so that it is exact
/// to many digits also where the result is 1e-178, and takes as many steps as the tail is wide, not as there are results.
pub fn two_sided(support: RangeInclusive<u64>, mode: u64, observed: u64, ln_pmf: impl Fn(u64) -> f64) -> f64 {
    let (lo, hi) = support.into_inner();
    let mode = mode.clamp(lo, hi);
    let limit = ln_pmf(observed) + TIE;
    if ln_pmf(mode) <= limit {
        return 1.0;
    }
    let rare = |k: u64| ln_pmf(k) <= limit;
    // Below the mode the rare ones come first, above it last.
    let below = partition(lo, mode, rare);
    let above = partition(mode, hi + 1, |k| !rare(k));
    let sum = |tail: &mut dyn Iterator<Item = u64>| {
        let mut sum = 0.0;
        for k in tail {
            let term = ln_pmf(k).exp();
            sum += term;
            if term <= sum * NEGLIGIBLE {
                break;
            }
        }
        sum
    };
    (sum(&mut (lo..below).rev()) + sum(&mut (above..=hi))).min(1.0)
}

/// The first of `from..to` of which `holds` is false; it holds of all before and of none after.
fn partition(from: u64, to: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut from, mut to) = (from, to);
    while from < to {
        let middle = from + (to - from) / 2;
        if holds(middle) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}
