//! Pearson's chi-square tests.
//!
//! `statrs::stats_tests::chisquare` takes its p-value as 1 − CDF, which is 0 below 1e-16; the distribution's own upper tail is exact.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::{ALPHA, Count, TooLittle};

/// The least that a test's expected counts may be.
pub const EXPECTED: u64 = 5;

/// What a test found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquare {
    pub statistic: f64,
    pub df: u64,
    pub p: f64,
}

impl ChiSquare {
    fn new(statistic: f64, df: u64) -> ChiSquare {
        ChiSquare { statistic, df, p: upper_tail(statistic, df) }
    }

    pub fn significant(&self) -> bool {
        self.p <= ALPHA
    }
}

/// How probable a statistic at least as large is; 1 without a degree of freedom.
pub fn upper_tail(statistic: f64, df: u64) -> f64 {
    match ChiSquared::new(df as f64) {
        Ok(distribution) => distribution.sf(statistic),
        Err(_) => 1.0,
    }
}

/// Whether counts are spread evenly (goodness of fit against equal shares).
pub fn equal_shares(counts: &[u64]) -> Result<ChiSquare, TooLittle> {
    let groups = counts.len() as u64;
    if groups < 2 {
        return Err(TooLittle::new(groups, 2, "groups"));
    }
    let expected = counts.iter().sum::<u64>() as f64 / groups as f64;
    if expected < EXPECTED as f64 {
        return Err(TooLittle::new(expected as u64, EXPECTED, "expectedCount"));
    }
    let part = |count: &u64| (*count as f64 - expected).powi(2) / expected;
    Ok(ChiSquare::new(counts.iter().map(part).sum(), groups - 1))
}

/// The smaller of the counts that a group would have of hits and of misses at the rate of all.
pub fn expected(group: Count, all: Count) -> f64 {
    group.n as f64 * all.hits.min(all.n - all.hits) as f64 / (all.n as f64).max(1.0)
}

/// The groups large enough for a test: with fewer expected hits or misses than 5 a group is left out, the one with the fewest
/// first, and the others are looked at anew, since the rate of all is then another one.
pub fn large_enough(groups: &[Count]) -> Vec<usize> {
    // At one rate of all, the smallest group has the fewest expected.
    let mut kept: Vec<usize> = (0..groups.len()).collect();
    kept.sort_by_key(|i| std::cmp::Reverse((groups[*i].n, *i)));
    let mut all = groups.iter().fold(Count::default(), |sum, group| sum.plus(*group));
    while let Some(smallest) = kept.last().map(|i| groups[*i])
        && expected(smallest, all) < EXPECTED as f64
    {
        kept.pop();
        all = all.without(smallest);
    }
    kept.sort_unstable();
    kept
}

/// Whether groups have one rate (test of homogeneity, hits and misses, no continuity correction). Groups that are too small are
/// left out.
pub fn same_rate(groups: &[Count]) -> Result<ChiSquare, TooLittle> {
    let kept = large_enough(groups);
    if kept.len() < 2 {
        return Err(TooLittle::new(kept.len() as u64, 2, "groups"));
    }
    let all = kept.iter().fold(Count::default(), |sum, i| sum.plus(groups[*i]));
    let rate = all.hits as f64 / all.n as f64;
    let part = |i: &usize| {
        let (n, hits) = (groups[*i].n as f64, groups[*i].hits as f64);
        // Hits and misses differ from what is expected by the same number.
        (hits - n * rate).powi(2) / (n * rate * (1.0 - rate))
    };
    Ok(ChiSquare::new(kept.iter().map(part).sum(), kept.len() as u64 - 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn groups() -> impl Strategy<Value = Vec<Count>> {
        prop::collection::vec((1u64..500).prop_flat_map(|n| (0..=n).prop_map(move |hits| Count::new(hits, n))), 2..12)
    }

    /// By the definition: every cell's (observed − expected)² ÷ expected.
    fn by_definition(groups: &[Count]) -> f64 {
        let all = groups.iter().fold(Count::default(), |sum, g| sum.plus(*g));
        let cells = groups.iter().flat_map(|g| [(g.hits, all.hits, g.n), (g.n - g.hits, all.n - all.hits, g.n)]);
        let cell = |(observed, column, row): (u64, u64, u64)| {
            let expected = row as f64 * column as f64 / all.n as f64;
            (observed as f64 - expected).powi(2) / expected
        };
        cells.map(cell).sum()
    }

    proptest! {
        #[test]
        fn it_is_what_the_definition_says(groups in groups()) {
            let kept: Vec<Count> = large_enough(&groups).into_iter().map(|i| groups[i]).collect();
            let all = kept.iter().fold(Count::default(), |sum, g| sum.plus(*g));
            prop_assert!(kept.iter().all(|g| expected(*g, all) >= 5.0));
            match same_rate(&groups) {
                Ok(found) => {
                    let naive = by_definition(&kept);
                    prop_assert!((found.statistic - naive).abs() <= 1e-9 * naive.max(1.0));
                    prop_assert!((0.0..=1.0).contains(&found.p) && found.df == kept.len() as u64 - 1);
                }
                Err(little) => prop_assert!(kept.len() < 2 && little.needed == 2),
            }
        }

        #[test]
        fn the_tail_falls_from_one(df in 1u64..60, x in 0.0f64..3000.0, more in 0.0f64..50.0) {
            let (near, far) = (upper_tail(x, df), upper_tail(x + more, df));
            prop_assert!((0.0..=1.0).contains(&near) && far <= near * (1.0 + 1e-9));
            // Of two degrees of freedom it is an exponential.
            let exact = (-x / 2.0f64).exp();
            prop_assert!(x > 1400.0 || (upper_tail(x, 2) - exact).abs() <= 1e-10 * exact);
        }
    }

    #[test]
    fn counts_that_are_too_few_say_so() {
        assert_eq!(equal_shares(&[4, 5]), Err(TooLittle::new(4, 5, "expectedCount")));
        assert_eq!(equal_shares(&[9]), Err(TooLittle::new(1, 2, "groups")));
        assert_eq!(equal_shares(&[5, 5]).map(|x| (x.statistic, x.df, x.p)), Ok((0.0, 1, 1.0)));
        // Nobody was ever absent: there is no rate to compare.
        assert_eq!(same_rate(&[Count::new(0, 900), Count::new(0, 900)]), Err(TooLittle::new(0, 2, "groups")));
    }
}
