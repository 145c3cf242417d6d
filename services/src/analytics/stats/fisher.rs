//! Fisher's exact test of two rates, two-sided.
//!
//! `statrs::stats_tests::fishers_exact` is not used: it takes probabilities within 1e-4 for equal, and subtracts tails from 1, so that
//! small p-values come out as 0.

use statrs::function::factorial::ln_binomial;

use super::{Count, tails};

/// How probable a difference as improbable as this one is if both have the same rate; 1 where there is nothing to compare.
pub fn two_sided(a: Count, b: Count) -> f64 {
    let all = a.plus(b);
    if a.n == 0 || b.n == 0 || all.hits == 0 || all.hits == all.n {
        return 1.0;
    }
    let whole = ln_binomial(all.n, all.hits);
    let ln_pmf = |k: u64| ln_binomial(a.n, k) + ln_binomial(b.n, all.hits - k) - whole;
    let support = all.hits.saturating_sub(b.n)..=all.hits.min(a.n);
    let mode = (u128::from(a.n) + 1) * (u128::from(all.hits) + 1) / (u128::from(all.n) + 2);
    tails::two_sided(support, u64::try_from(mode).unwrap_or(u64::MAX), a.hits, ln_pmf)
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::*;

    fn choose(n: u64, k: u64) -> BigUint {
        (1..=k).fold(BigUint::from(1u8), |c, i| c * (n - k + i) / i)
    }

    /// By the definition: all tables of the same margins are written down, in exact numbers.
    fn by_definition(a: Count, b: Count) -> f64 {
        let hits = a.hits + b.hits;
        let ways = |k: u64| choose(a.n, k) * choose(b.n, hits - k);
        let observed = ways(a.hits);
        let rare = (hits.saturating_sub(b.n)..=hits.min(a.n)).map(ways).filter(|w| *w <= observed);
        let ratio = BigRational::new(rare.sum::<BigUint>().into(), choose(a.n + b.n, hits).into());
        to_f64(&ratio)
    }

    fn to_f64(ratio: &BigRational) -> f64 {
        // Scaled to whole numbers of 1e-30, which tells enough digits of all p-values of tables this small.
        let scaled = (ratio * BigRational::from_integer(BigUint::from(10u8).pow(30).into())).round().to_integer();
        scaled.to_string().parse::<f64>().unwrap() / 1e30
    }

    fn count(most: u64) -> impl Strategy<Value = Count> {
        (1..=most).prop_flat_map(|n| (0..=n).prop_map(move |hits| Count::new(hits, n)))
    }

    proptest! {
        #[test]
        fn it_is_what_the_definition_says(a in count(60), b in count(60)) {
            let (p, expected) = (two_sided(a, b), by_definition(a, b));
            prop_assert!((p - expected).abs() <= 1e-9 * expected + 1e-28, "{a:?} {b:?}: {p} is not {expected}");
        }

        #[test]
        fn who_is_compared_with_whom_does_not_matter(a in count(100_000), b in count(100_000)) {
            let p = two_sided(a, b);
            prop_assert!((0.0..=1.0).contains(&p));
            let misses = |c: Count| Count::new(c.n - c.hits, c.n);
            for same in [two_sided(b, a), two_sided(misses(a), misses(b))] {
                prop_assert!((p - same).abs() <= 1e-6 * p, "{p} and {same}");
            }
        }
    }

    #[test]
    fn large_and_lopsided_tables_have_small_p_values() {
        let p = two_sided(Count::new(5_000, 50_000), Count::new(4_000, 50_000));
        assert!(p > 0.0 && p < 1e-25, "{p}");
        let p = two_sided(Count::new(300, 300), Count::new(0, 300));
        // One table of C(600, 300), twice.
        assert!((p.log10() + 178.83).abs() < 0.1, "{p}");
        assert_eq!(two_sided(Count::new(0, 10), Count::new(0, 99)), 1.0);
        assert_eq!(two_sided(Count::new(3, 10), Count::new(0, 0)), 1.0);
        assert_eq!(two_sided(Count::new(100_000, 1_000_000), Count::new(100_000, 1_000_000)), 1.0);
    }
}
