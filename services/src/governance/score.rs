//! The productivity score of a day.
//!
//! `100 · Σ w·c ÷ Σ w` over what there was to do, rounded to a whole number, ties up: attendance (weight 40) is worked ÷ planned minutes,
//! at most 1; tasks (40) are those completed on the day ÷ (those + those due by the day's end and not done); duties (20) are
//! those done ÷ all. Of a day without any of them there is no score.

use num_rational::Ratio;

/// What there was to do on a day, and what was done of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub planned_minutes: i64,
    pub worked_minutes: i64,
    pub tasks: i64,
    pub tasks_completed: i64,
    pub duties: i64,
    pub duties_completed: i64,
}

pub fn score(done: &Done) -> Option<i64> {
    let parts = [
        (40, done.worked_minutes, done.planned_minutes),
        (40, done.tasks_completed, done.tasks),
        (20, done.duties_completed, done.duties),
    ];
    let (mut sum, mut weights) = (Ratio::from_integer(0_i128), 0_i128);
    for (weight, part, whole) in parts.into_iter().filter(|(.., whole)| *whole > 0) {
        sum += Ratio::new(weight * i128::from(part.clamp(0, whole)), i128::from(whole));
        weights += weight;
    }
    if weights == 0 {
        return None;
    }
    let exact = sum * 100 / weights;
    i64::try_from((exact + Ratio::new(1, 2)).floor().to_integer()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;

    /// The examples of the contract.
    const VECTORS: &str = include_str!("../../../tests/fixtures/eod_vectors.json");

    #[test]
    fn the_examples_come_out() {
        let file: Json = serde_json::from_str(VECTORS).expect("JSON");
        let vectors = file["vectors"].as_array().expect("vectors");
        for vector in vectors {
            let number = |name: &str| vector[name].as_i64().expect("a number");
            let done = Done {
                planned_minutes: number("plannedMinutes"),
                worked_minutes: number("workedMinutes"),
                tasks: number("tasksDue"),
                tasks_completed: number("tasksCompleted"),
                duties: number("duties"),
                duties_completed: number("dutiesCompleted"),
            };
            assert_eq!(score(&done), vector["expected"].as_i64(), "{}", vector["id"]);
        }
        assert!(vectors.len() >= 4);
    }

    #[test]
    fn ties_go_up_and_more_than_planned_is_no_more_than_all() {
        // 40 × 1/16 of 40 is 6.25; 1/8 of 20 alone is 12.5.
        assert_eq!(score(&Done { duties: 8, duties_completed: 1, ..Done::default() }), Some(13));
        assert_eq!(score(&Done { planned_minutes: 480, worked_minutes: 600, ..Done::default() }), Some(100));
    }

    proptest! {
        #[test]
        fn it_is_what_decimal_arithmetic_says(p in 0_i64..2_000, w in 0_i64..3_000, t in 0_i64..50, tc in 0_i64..50, d in 0_i64..20, dc in 0_i64..20) {
            let (tc, dc) = (tc.min(t), dc.min(d));
            let done = Done { planned_minutes: p, worked_minutes: w, tasks: t, tasks_completed: tc, duties: d, duties_completed: dc };
            let mut parts = Vec::new();
            if p > 0 { parts.push((40.0, (w as f64 / p as f64).min(1.0))); }
            if t > 0 { parts.push((40.0, tc as f64 / t as f64)); }
            if d > 0 { parts.push((20.0, dc as f64 / d as f64)); }
            let weights: f64 = parts.iter().map(|part| part.0).sum();
            let exact = 100.0 * parts.iter().map(|part| part.0 * part.1).sum::<f64>() / weights;
            match score(&done) {
                None => prop_assert!(parts.is_empty()),
                Some(score) => {
                    prop_assert!((0..=100).contains(&score));
                    prop_assert!((score as f64 - exact).abs() <= 0.5 + 1e-9);
                }
            }
        }
    }
}
