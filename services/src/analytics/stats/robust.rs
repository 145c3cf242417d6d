//! Outliers by the modified z-score (Iglewicz and Hoaglin 1993): medians are not moved by what they are to find.

use super::TooLittle;

/// The least numbers that outliers can be told among.
pub const NEEDED: u64 = 20;
/// Beyond this score a number is an outlier.
pub const LIMIT: f64 = 3.5;

/// What a number is measured by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub n: u64,
    pub median: f64,
    /// The median of distances from the median.
    pub mad: f64,
    /// The mean of distances from the median: measures in its place where more than half of the numbers are the same.
    pub mean_distance: f64,
}

impl Scale {
    /// The scale of numbers; there have to be twenty of them.
    pub fn of(values: &[f64]) -> Result<Scale, TooLittle> {
        let n = values.len() as u64;
        let little = || TooLittle::new(n, NEEDED, "values");
        if n < NEEDED {
            return Err(little());
        }
        let median = median(values).ok_or_else(little)?;
        let distances: Vec<f64> = values.iter().map(|x| (x - median).abs()).collect();
        let mad = self::median(&distances).ok_or_else(little)?;
        Ok(Scale { n, median, mad, mean_distance: distances.iter().sum::<f64>() / n as f64 })
    }

    /// 0.6745 (x − median) ÷ MAD; with a MAD of 0, (x − median) ÷ (1.2533 · mean distance), as the same authors have it. Of
    /// numbers that are all the same: `None`.
    pub fn score(&self, x: f64) -> Option<f64> {
        if self.mad > 0.0 {
            return Some(0.6745 * (x - self.median) / self.mad);
        }
        (self.mean_distance > 0.0).then(|| (x - self.median) / (1.253_314 * self.mean_distance))
    }

    pub fn by_mean(&self) -> bool {
        self.mad == 0.0
    }
}

/// The middle of numbers; `None` of none.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The number below which that part of all lies, interpolated between two.
pub fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len().checked_sub(1)?) as f64 * part;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(low + (high - low) * at.fract())
}

pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn half_of_all_lie_within_one_mad(values in prop::collection::vec(-1000.0f64..1000.0, 20..80)) {
            let scale = Scale::of(&values).unwrap();
            let within = values.iter().filter(|x| (*x - scale.median).abs() <= scale.mad + 1e-9).count();
            prop_assert!(within * 2 >= values.len());
            // Moved and stretched, everything lies as far out as before.
            let moved: Vec<f64> = values.iter().map(|x| 7.0 - 3.0 * x).collect();
            let other = Scale::of(&moved).unwrap();
            for (x, y) in values.iter().zip(&moved) {
                let (a, b) = (scale.score(*x).unwrap(), other.score(*y).unwrap());
                prop_assert!((a + b).abs() < 1e-6 * a.abs().max(1.0));
            }
        }
    }

    #[test]
    fn one_absurd_number_stands_out_and_does_not_hide_itself() {
        let mut values: Vec<f64> = (0..40).map(|i| f64::from(i % 7)).collect();
        values.push(600.0);
        let scale = Scale::of(&values).unwrap();
        let out: Vec<f64> = values.iter().copied().filter(|x| scale.score(*x).unwrap().abs() > LIMIT).collect();
        assert_eq!(out, [600.0]);
        // The score by the letter: 0.6745 · (600 − 3) ÷ 2.
        assert!((scale.score(600.0).unwrap() - 0.6745 * 597.0 / 2.0).abs() < 1e-9);
    }

    #[test]
    fn numbers_that_are_the_same_have_no_scale() {
        assert_eq!(Scale::of(&[480.0; 19]), Err(TooLittle::new(19, 20, "values")));
        assert_eq!(Scale::of(&[480.0; 20]).unwrap().score(481.0), None);
        let mut values = vec![480.0; 39];
        values.push(60.0);
        let scale = Scale::of(&values).unwrap();
        assert!(scale.by_mean() && scale.score(60.0).unwrap() < -LIMIT && scale.score(480.0) == Some(0.0));
        assert_eq!((median(&[]), quantile(&[1.0, 2.0, 3.0, 5.0], 0.9)), (None, Some(4.4)));
    }
}
