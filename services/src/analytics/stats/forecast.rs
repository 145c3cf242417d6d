//! What next week is likely to be, from what the same hours of the week were before, and how well that would have done.

use super::TooLittle;

/// How many weeks a forecast is the mean of at most, and needs at least.
pub const MEAN_OF: usize = 8;
pub const NEEDED: u64 = 4;
/// The weeks that a back-test forecasts, and needs in all.
pub const TESTED: usize = 4;
pub const TEST_NEEDED: u64 = 8;

/// Weeks, each with a value per slot; a slot that a week does not have (an hour that the clock skips) is `None`.
pub type Weeks = Vec<Vec<Option<f64>>>;

/// How far off forecasts of the last weeks would have been.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackTest {
    /// The values that were forecast.
    pub n: u64,
    /// The mean error of taking the value of a week before, in the weeks before those tested.
    pub scale: f64,
    pub mae_model: f64,
    pub mae_naive: f64,
    /// Errors in terms of the scale; `None` where that is 0.
    pub mase_model: Option<f64>,
    pub mase_naive: Option<f64>,
}

impl BackTest {
    /// Whether the mean did better than the value of a week before.
    pub fn model_is_better(&self) -> bool {
        self.mae_model < self.mae_naive
    }
}

/// A slot of the week to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    pub model: f64,
    pub naive: f64,
    /// The least and the most of the values that the mean is of.
    pub low: f64,
    pub high: f64,
    pub n: u64,
}

/// The values of a slot before a week.
fn before(weeks: &Weeks, slot: usize, week: usize) -> impl DoubleEndedIterator<Item = f64> + '_ {
    weeks[..week].iter().filter_map(move |values| values[slot])
}

/// A slot after these weeks; `None` if it never had a value.
fn slot(weeks: &Weeks, slot: usize, week: usize) -> Option<Slot> {
    let last: Vec<f64> = before(weeks, slot, week).rev().take(MEAN_OF).collect();
    let naive = *last.first()?;
    let fold = |pick: fn(f64, f64) -> f64| last.iter().copied().fold(naive, pick);
    let model = last.iter().sum::<f64>() / last.len() as f64;
    Some(Slot { model, naive, low: fold(f64::min), high: fold(f64::max), n: last.len() as u64 })
}

/// The week after these, slot by slot. At least four weeks.
pub fn next_week(weeks: &Weeks) -> Result<Vec<Option<Slot>>, TooLittle> {
    if (weeks.len() as u64) < NEEDED {
        return Err(TooLittle::new(weeks.len() as u64, NEEDED, "weeks"));
    }
    Ok((0..weeks[0].len()).map(|s| slot(weeks, s, weeks.len())).collect())
}

/// Forecasts each of the last four weeks from those before it. At least eight weeks.
pub fn back_test(weeks: &Weeks) -> Result<BackTest, TooLittle> {
    if (weeks.len() as u64) < TEST_NEEDED {
        return Err(TooLittle::new(weeks.len() as u64, TEST_NEEDED, "weeks"));
    }
    let first = weeks.len() - TESTED;
    let (mut model, mut naive, mut scale) = (Mean::default(), Mean::default(), Mean::default());
    for (week, values) in weeks.iter().enumerate() {
        for (s, value) in values.iter().enumerate() {
            let (Some(value), Some(forecast)) = (value, slot(weeks, s, week)) else { continue };
            if week < first {
                scale.add((value - forecast.naive).abs());
            } else {
                model.add((value - forecast.model).abs());
                naive.add((value - forecast.naive).abs());
            }
        }
    }
    let (scale, mae_model, mae_naive) = (scale.value(), model.value(), naive.value());
    let mase = |mae: f64| (scale > 0.0).then(|| mae / scale);
    Ok(BackTest { n: model.n, scale, mae_model, mae_naive, mase_model: mase(mae_model), mase_naive: mase(mae_naive) })
}

#[derive(Default)]
struct Mean {
    sum: f64,
    n: u64,
}

impl Mean {
    fn add(&mut self, x: f64) {
        self.sum += x;
        self.n += 1;
    }

    fn value(&self) -> f64 {
        if self.n == 0 { 0.0 } else { self.sum / self.n as f64 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weeks(values: &[&[f64]]) -> Weeks {
        values.iter().map(|week| week.iter().copied().map(Some).collect()).collect()
    }

    proptest! {
        #[test]
        fn a_forecast_lies_among_what_was(values in prop::collection::vec(prop::collection::vec(0.0f64..50.0, 3), 4..20)) {
            let weeks: Weeks = values.iter().map(|w| w.iter().copied().map(Some).collect()).collect();
            for slot in next_week(&weeks).unwrap().into_iter().flatten() {
                prop_assert!(slot.low <= slot.model + 1e-9 && slot.model <= slot.high + 1e-9);
                prop_assert!(slot.low <= slot.naive && slot.naive <= slot.high && slot.n <= 8);
            }
            if let Ok(test) = back_test(&weeks) {
                prop_assert!(test.mae_model >= 0.0 && test.mae_naive >= 0.0 && test.scale >= 0.0);
            }
        }
    }

    #[test]
    fn too_few_weeks_say_so() {
        let three = weeks(&[&[1.0], &[2.0], &[3.0]]);
        assert_eq!(next_week(&three), Err(TooLittle::new(3, 4, "weeks")));
        assert_eq!(back_test(&three), Err(TooLittle::new(3, 8, "weeks")));
    }

    #[test]
    fn the_same_every_week_has_no_scale() {
        let test = back_test(&vec![vec![Some(4.0), Some(0.0)]; 9]).unwrap();
        assert_eq!((test.mae_model, test.mae_naive, test.scale), (0.0, 0.0, 0.0));
        assert_eq!((test.mase_model, test.mase_naive, test.model_is_better()), (None, None, false));
    }

    #[test]
    fn an_hour_that_a_week_does_not_have_is_no_zero() {
        let mut year = vec![vec![Some(5.0)]; 10];
        year[9][0] = None;
        let slot = next_week(&year).unwrap()[0].unwrap();
        assert_eq!((slot.model, slot.naive, slot.n), (5.0, 5.0, 8));
        assert_eq!(back_test(&year).unwrap().mae_model, 0.0);
    }

    #[test]
    fn a_step_is_followed_at_once_by_the_naive_forecast() {
        let stepped: Weeks = (0..12).map(|w| vec![Some(if w < 7 { 2.0 } else { 9.0 })]).collect();
        let test = back_test(&stepped).unwrap();
        assert!(!test.model_is_better());
        assert_eq!(next_week(&stepped).unwrap()[0].unwrap().naive, 9.0);
    }
}
