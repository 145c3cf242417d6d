//! The exact binomial test, two-sided.

use statrs::function::factorial::ln_binomial;

use super::{Count, tails};

/// How probable a count at most as probable as this one is if each time it happens with probability `p0`, above 0 and below 1.
pub fn two_sided(count: Count, p0: f64) -> f64 {
    if count.n == 0 || p0 <= 0.0 || p0 >= 1.0 {
        return 1.0;
    }
    let (ln_p, ln_q) = (p0.ln(), (-p0).ln_1p());
    let ln_pmf = |k: u64| ln_binomial(count.n, k) + k as f64 * ln_p + (count.n - k) as f64 * ln_q;
    // Saturates where the product is beyond: the mode is clamped to what there is.
    let mode = ((count.n as f64 + 1.0) * p0) as u64;
    tails::two_sided(0..=count.n, mode, count.hits, ln_pmf)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sums all probabilities, each by multiplication.
    fn by_definition(count: Count, p0: f64) -> f64 {
        let mut pmf = vec![(1.0 - p0).powi(count.n as i32)];
        for k in 1..=count.n {
            pmf.push(pmf[k as usize - 1] * (count.n - k + 1) as f64 / k as f64 * p0 / (1.0 - p0));
        }
        let limit = pmf[count.hits as usize] * (1.0 + 1e-7);
        pmf.iter().filter(|p| **p <= limit).sum::<f64>().min(1.0)
    }

    proptest! {
        #[test]
        fn it_is_what_the_definition_says(
            (hits, n) in (1u64..200).prop_flat_map(|n| (0..=n, Just(n))), p0 in 0.02f64..0.9,
        ) {
            let count = Count::new(hits, n);
            let (p, expected) = (two_sided(count, p0), by_definition(count, p0));
            prop_assert!((p - expected).abs() <= 1e-8 * expected, "{count:?} {p0}: {p} is not {expected}");
        }

        #[test]
        fn what_is_expected_is_no_surprise(n in 1u64..2_000_000, parts in 2u64..500) {
            let p = two_sided(Count::new(n / parts, n), 1.0 / parts as f64);
            prop_assert!(p > 0.5, "{p}");
        }
    }
}
