//! Counts without denominators: whether things fall evenly on groups, where nobody knows how often they could have.

use super::chi_square::{self, ChiSquare};
use super::{Count, Interval, Significance, TooLittle, benjamini_hochberg, binomial, wilson};

/// A group's part of all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Of all.
    pub count: Count,
    pub interval: Interval,
    /// Against an equal share, by the exact binomial test, adjusted over the groups.
    pub significance: Significance,
}

impl Share {
    pub fn is_higher(&self, groups: usize) -> bool {
        self.count.rate().is_some_and(|share| share > 1.0 / groups as f64)
    }
}

/// Groups against equal shares.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    pub test: ChiSquare,
    /// In the order given.
    pub groups: Vec<Share>,
}

/// Pearson's test against equal shares, then each group by the exact binomial test, with Benjamini and Hochberg's adjustment.
pub fn compare(counts: &[u64]) -> Result<Shares, TooLittle> {
    let test = chi_square::equal_shares(counts)?;
    let (n, equal) = (counts.iter().sum(), 1.0 / counts.len() as f64);
    let all: Vec<Count> = counts.iter().map(|hits| Count::new(*hits, n)).collect();
    let p: Vec<f64> = all.iter().map(|count| binomial::two_sided(*count, equal)).collect();
    let q = benjamini_hochberg::adjusted(&p);
    let share = |(count, (p, q)): (&Count, (f64, f64))| {
        let interval = wilson::interval(*count).unwrap_or(Interval { low: 0.0, high: 1.0 });
        Share { count: *count, interval, significance: Significance { p, q } }
    };
    Ok(Shares { test, groups: all.iter().zip(p.into_iter().zip(q)).map(share).collect() })
}
