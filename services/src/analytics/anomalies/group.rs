//! Shifts that are unlike those they are comparable with: pure.

use std::collections::BTreeMap;

use chrono::Datelike;
use serde_json::{Value as Json, json};
use workforceos_core::id::{DepartmentId, TemplateId, UserId};

use crate::analytics::facts::{Came, Facts};
use crate::analytics::figures::{rounded, tell_little};
use crate::analytics::stats::TooLittle;
use crate::analytics::stats::robust::{LIMIT, Scale};

/// Where more than half of the figures are the same, a difference has to be so large to be worth a word, in minutes.
const WORTH: f64 = 15.0;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// Paid minutes less the shift's length without its break.
    WorkedVsPlanned,
    /// Minutes from the start to the check-in, negative before it.
    Arrival,
    /// The shift's length in minutes.
    Length,
    /// People who came.
    Staffing,
}

impl Figure {
    pub const NAMES: &[&str] = &["workedVsPlanned", "arrival", "length", "staffing"];

    pub fn as_str(self) -> &'static str {
        Figure::NAMES[self as usize]
    }

    fn worth(self) -> f64 {
        if self == Figure::Staffing { 1.0 } else { WORTH }
    }
}

/// What a shift is comparable with: those of its template; without one, of its department; without either, the others without.
/// People who come are counted apart on weekends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    pub figure: Figure,
    pub template: Option<TemplateId>,
    pub department: Option<DepartmentId>,
    pub weekend: Option<bool>,
}

/// A figure of a shift, or of somebody at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The shift's place in [`Facts::shifts`].
    pub shift: u32,
    pub user: Option<UserId>,
    pub value: f64,
}

/// A group's scale, and what lies beyond it.
#[derive(Clone, Debug)]
pub struct Judged {
    pub group: Group,
    pub scale: Result<Scale, TooLittle>,
    pub n: usize,
    /// With their scores, the most unlike first.
    pub beyond: Vec<(Measured, f64)>,
}

/// Measures everything and compares it within its group.
pub fn judge(facts: &Facts) -> Vec<Judged> {
    let mut groups: BTreeMap<Group, Vec<Measured>> = BTreeMap::new();
    for (figure, measured) in measure(facts) {
        let shift = &facts.shifts[measured.shift as usize];
        let weekend = (figure == Figure::Staffing).then(|| shift.date.weekday().number_from_monday() > 5);
        let department = if shift.template.is_none() { shift.department } else { None };
        let group = Group { figure, template: shift.template, department, weekend };
        groups.entry(group).or_default().push(measured);
    }
    groups.into_iter().map(|(group, values)| judged(group, &values)).collect()
}

fn judged(group: Group, values: &[Measured]) -> Judged {
    let scale = Scale::of(&values.iter().map(|m| m.value).collect::<Vec<_>>());
    let unlike = |measured: &Measured| {
        let scale = scale.as_ref().ok()?;
        let score = scale.score(measured.value)?;
        let worth = !scale.by_mean() || (measured.value - scale.median).abs() >= group.figure.worth();
        (score.abs() > LIMIT && worth).then_some((*measured, score))
    };
    let mut beyond: Vec<(Measured, f64)> = values.iter().filter_map(unlike).collect();
    beyond.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then((a.0.shift, a.0.user).cmp(&(b.0.shift, b.0.user))));
    Judged { group, scale, n: values.len(), beyond }
}

/// Everything that is measured. Who was off for a part of the day is not compared with those who were not.
fn measure(facts: &Facts) -> Vec<(Figure, Measured)> {
    let mut all = Vec::new();
    let mut people: BTreeMap<u32, u32> = BTreeMap::new();
    for fact in facts.counted() {
        let (shift, user) = (fact.shift, Some(fact.user));
        *people.entry(shift).or_default() += u32::from(fact.came.attended());
        let Came::Attended { arrived, worked, .. } = fact.came else { continue };
        if fact.half_day {
            continue;
        }
        all.push((Figure::Arrival, Measured { shift, user, value: arrived as f64 }));
        if let Some(worked) = worked {
            let planned = facts.shifts[shift as usize].minutes - facts.shifts[shift as usize].break_minutes;
            all.push((Figure::WorkedVsPlanned, Measured { shift, user, value: (worked - planned) as f64 }));
        }
    }
    for (shift, people) in people {
        let length = facts.shifts[shift as usize].minutes as f64;
        all.push((Figure::Length, Measured { shift, user: None, value: length }));
        all.push((Figure::Staffing, Measured { shift, user: None, value: f64::from(people) }));
    }
    all
}

impl Judged {
    pub fn json(&self) -> Json {
        let mut json = json!({"figure": self.group.figure.as_str(), "n": self.n, "anomalies": self.beyond.len()});
        if let Some(weekend) = self.group.weekend {
            json["days"] = json!(if weekend { "weekend" } else { "weekdays" });
        }
        match self.scale {
            Ok(scale) => {
                json["median"] = rounded(scale.median);
                json["mad"] = rounded(scale.mad);
                if scale.by_mean() {
                    json["meanDistance"] = rounded(scale.mean_distance);
                }
            }
            Err(too_little) => tell_little(&mut json, too_little),
        }
        json
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use workforceos_core::id::ShiftId;
    use workforceos_core::time::Date;

    use super::*;
    use crate::analytics::facts::{EndedShift, Fact};

    /// Weekday shifts from nine to five, one a day, with what one person worked at each.
    fn facts(worked: &[i64]) -> Facts {
        let mut facts = Facts::default();
        let mut day =
            Date::from_ymd_opt(2026, 3, 2).expect("a Monday").iter_days().filter(|d| d.weekday().number_from_monday() < 6);
        for (i, worked) in (0u32..).zip(worked) {
            let date = day.next().expect("days go on");
            facts.shifts.push(EndedShift {
                id: ShiftId(Uuid::from_u128(u128::from(i) + 1)),
                date,
                start_time: "09:00".to_owned(),
                minutes: 480,
                break_minutes: 30,
                department: None,
                template: None,
            });
            let came =
                Came::Attended { late: false, late_by: 0, left_early: false, arrived: i64::from(i % 5), worked: Some(*worked) };
            let user = UserId(Uuid::from_u128(7));
            facts.all.push(Fact { user, shift: i, date, came, half_day: false });
        }
        facts
    }

    fn beyond(facts: &Facts) -> Vec<(Figure, u32, f64)> {
        let judged = judge(facts);
        judged.iter().flat_map(|j| j.beyond.iter().map(|(m, _)| (j.group.figure, m.shift, m.value))).collect()
    }

    #[test]
    fn one_absurd_shift_is_found_and_nothing_else() {
        let mut worked: Vec<i64> = (0..40).map(|i| 445 + i % 10).collect();
        assert_eq!(beyond(&facts(&worked)), []);
        worked[17] = 1_300;
        assert_eq!(beyond(&facts(&worked)), [(Figure::WorkedVsPlanned, 17, 850.0)]);
        // Also where all the others are exactly the same.
        let mut same = vec![450; 40];
        same[3] = 60;
        assert_eq!(beyond(&facts(&same)), [(Figure::WorkedVsPlanned, 3, -390.0)]);
        same[3] = 455;
        assert_eq!(beyond(&facts(&same)), [], "five minutes are not worth a word");
    }

    #[test]
    fn few_shifts_and_parts_of_days_are_not_judged() {
        let few = judge(&facts(&[450; 19]));
        assert!(few.iter().all(|j| j.scale == Err(TooLittle::new(19, 20, "values")) && j.beyond.is_empty()));
        let mut off = facts(&[450; 40]);
        off.all[5].came = Came::Attended { late: false, late_by: 0, left_early: true, arrived: 0, worked: Some(200) };
        off.all[5].half_day = true;
        assert_eq!(beyond(&off), []);
    }

    #[test]
    fn shifts_are_compared_within_their_template_or_department() {
        let mut two = facts(&[450; 60]);
        for (i, shift) in two.shifts.iter_mut().enumerate() {
            // Every second shift is a long one of another template, with its own measure.
            if i % 2 == 1 {
                (shift.template, shift.minutes) = (Some(TemplateId(Uuid::from_u128(9))), 720);
            }
        }
        assert_eq!(beyond(&two), []);
        two.shifts[8].minutes = 1_400;
        let found = beyond(&two);
        assert!(found.contains(&(Figure::Length, 8, 1400.0)), "{found:?}");
        assert!(found.iter().all(|(_, shift, _)| *shift == 8), "{found:?}");
    }
}
