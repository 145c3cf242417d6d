//! The Kruskal–Wallis test: whether groups of numbers lie as high as each other.

use super::TooLittle;
use super::chi_square::{ChiSquare, upper_tail};

/// The least numbers that a group must have for the chi-square approximation.
pub const PER_GROUP: u64 = 5;

/// The test over groups, with mid-ranks and correction for ties. Empty groups are not there.
pub fn kruskal(groups: &[Vec<f64>]) -> Result<ChiSquare, TooLittle> {
    let present: Vec<&Vec<f64>> = groups.iter().filter(|g| g.len() as u64 >= PER_GROUP).collect();
    if present.len() < 2 {
        return Err(TooLittle::new(present.len() as u64, 2, "groups"));
    }
    let mut all: Vec<(f64, usize)> = Vec::new();
    for (group, values) in present.iter().enumerate() {
        all.extend(values.iter().map(|x| (*x, group)));
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = all.len() as f64;
    let (mut sums, mut ties, mut at) = (vec![0.0; present.len()], 0.0, 0);
    for equal in all.chunk_by(|a, b| a.0 == b.0) {
        let t = equal.len() as f64;
        let rank = at as f64 + (t + 1.0) / 2.0;
        equal.iter().for_each(|(_, group)| sums[*group] += rank);
        ties += t * t * t - t;
        at += equal.len();
    }
    let correction = 1.0 - ties / (n * n * n - n);
    if correction <= 0.0 {
        // All are equal.
        return Ok(ChiSquare { statistic: 0.0, df: present.len() as u64 - 1, p: 1.0 });
    }
    let squares: f64 = sums.iter().zip(&present).map(|(sum, group)| sum * sum / group.len() as f64).sum();
    let h = (12.0 / (n * (n + 1.0)) * squares - 3.0 * (n + 1.0)) / correction;
    let df = present.len() as u64 - 1;
    Ok(ChiSquare { statistic: h.max(0.0), df, p: upper_tail(h.max(0.0), df) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By the definition with ranks: (N − 1) · Σ n(r̄ − r̄all)² ÷ Σ (r − r̄all)².
    fn by_definition(groups: &[Vec<f64>]) -> f64 {
        let all: Vec<f64> = groups.iter().flatten().copied().collect();
        let rank = |x: f64| {
            let (below, equal) = (all.iter().filter(|y| **y < x).count(), all.iter().filter(|y| **y == x).count());
            below as f64 + (equal as f64 + 1.0) / 2.0
        };
        let middle = (all.len() as f64 + 1.0) / 2.0;
        let between: f64 = groups
            .iter()
            .map(|g| g.len() as f64 * (g.iter().map(|x| rank(*x)).sum::<f64>() / g.len() as f64 - middle).powi(2))
            .sum();
        let total: f64 = all.iter().map(|x| (rank(*x) - middle).powi(2)).sum();
        if total == 0.0 { 0.0 } else { (all.len() as f64 - 1.0) * between / total }
    }

    proptest! {
        #[test]
        fn it_is_what_the_definition_says(groups in prop::collection::vec(prop::collection::vec((0i32..30).prop_map(f64::from), 5..20), 2..6)) {
            let (found, naive) = (kruskal(&groups).unwrap(), by_definition(&groups));
            prop_assert!((found.statistic - naive).abs() < 1e-8 * naive.max(1.0), "{} is not {naive}", found.statistic);
            let mut other = groups.clone();
            other.reverse();
            prop_assert!((kruskal(&other).unwrap().statistic - found.statistic).abs() < 1e-9);
        }
    }

    #[test]
    fn small_groups_are_not_there() {
        assert_eq!(kruskal(&[vec![1.0; 9], vec![2.0; 4], Vec::new()]), Err(TooLittle::new(1, 2, "groups")));
        assert_eq!(kruskal(&[vec![1.0; 9], vec![1.0; 9]]).map(|h| h.p), Ok(1.0));
    }
}
