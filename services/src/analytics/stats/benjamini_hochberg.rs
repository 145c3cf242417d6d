//! Adjustment for many comparisons at once, by the false discovery rate (Benjamini and Hochberg 1995).

/// The adjusted p-values, in the order given. Calling those up to 0.05 significant lets at most 5 % of what is called so be false,
/// on average.
pub fn adjusted(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*b].total_cmp(&p[*a]));
    let (m, mut least, mut adjusted) = (p.len() as f64, 1.0f64, vec![1.0; p.len()]);
    for (from_last, index) in order.into_iter().enumerate() {
        let rank = m - from_last as f64;
        // Not below what it adjusts: floating point would have it so where all are the same.
        least = least.min((p[index] * m / rank).max(p[index]));
        adjusted[index] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_keeps_the_order_and_never_lowers(p in prop::collection::vec(0.0f64..=1.0, 1..40)) {
            let q = adjusted(&p);
            for i in 0..p.len() {
                prop_assert!(q[i] >= p[i] && q[i] <= 1.0);
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || q[i] <= q[j]);
                }
                // By the definition: the least of p(k)·m/k over all that are no smaller.
                let of = |j: usize| p[j] * p.len() as f64 / p.iter().filter(|x| **x <= p[j]).count() as f64;
                let least = (0..p.len()).filter(|j| p[*j] >= p[i]).map(of).fold(1.0, f64::min);
                prop_assert!((q[i] - least).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn one_comparison_stays_as_it_is() {
        assert_eq!(adjusted(&[0.03]), [0.03]);
        assert!(adjusted(&[]).is_empty());
    }
}
