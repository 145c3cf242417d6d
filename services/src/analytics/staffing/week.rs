//! How many people are there in each hour of a local week. An hour is as long as the clock has it that day: one that is skipped is
//! not there, one that comes twice counts once, at its mean.

use chrono::{Days, NaiveTime};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::Zone;

/// Hours of a week.
pub const SLOTS: usize = 7 * 24;

/// A local week that is being counted.
#[derive(Clone, Debug)]
pub struct Week {
    pub monday: Date,
    /// When its hours begin, and when the last one ends.
    edges: Vec<Timestamp>,
    /// Milliseconds of people's presence by hour.
    presence: Vec<i64>,
}

impl Week {
    pub fn new(zone: Zone, monday: Date) -> Week {
        let edge = |slot: usize| {
            let date = monday.checked_add_days(Days::new(slot as u64 / 24)).unwrap_or(monday);
            let hour = u32::try_from(slot % 24).ok().and_then(|h| NaiveTime::from_hms_opt(h, 0, 0)).unwrap_or(NaiveTime::MIN);
            zone.resolve(date.and_time(hour))
        };
        Week { monday, edges: (0..=SLOTS).map(edge).collect(), presence: vec![0; SLOTS] }
    }

    pub fn since(&self) -> Timestamp {
        self.edges[0]
    }

    pub fn until(&self) -> Timestamp {
        self.edges[SLOTS]
    }

    /// So many people are there from an instant to another; what lies outside of the week is another week's.
    pub fn add(&mut self, from: Timestamp, to: Timestamp, people: i64) {
        let first = self.edges.partition_point(|edge| *edge <= from).saturating_sub(1);
        for slot in first..SLOTS {
            if self.edges[slot] >= to {
                return;
            }
            let overlap = to.min(self.edges[slot + 1]).0 - from.max(self.edges[slot]).0;
            self.presence[slot] += overlap.max(0) * people;
        }
    }

    /// The mean number of people in each hour, Monday 0:00 first.
    pub fn headcount(&self) -> Vec<Option<f64>> {
        let of = |slot: usize| {
            let length = self.edges[slot + 1].0 - self.edges[slot].0;
            (length > 0).then(|| self.presence[slot] as f64 / length as f64)
        };
        (0..SLOTS).map(of).collect()
    }

    /// Hours of all people together.
    pub fn person_hours(&self) -> f64 {
        self.presence.iter().sum::<i64>() as f64 / Timestamp::HOUR as f64
    }
}

#[cfg(test)]
mod tests {
    use workforceos_core::zone::{WallTime, shift_span};

    use super::*;

    fn week(monday: &str, shifts: &[(&str, &str, &str, i64)]) -> Vec<Option<f64>> {
        let zone = Zone::parse("Europe/Berlin").expect("a zone");
        let mut week = Week::new(zone, monday.parse().expect("a date"));
        for (date, start, end, people) in shifts {
            let wall = |text: &str| WallTime::parse(text).expect("a time");
            let (from, to) = shift_span(zone, date.parse().expect("a date"), wall(start), wall(end)).expect("a span");
            week.add(from, to, *people);
        }
        week.headcount()
    }

    #[test]
    fn hours_are_counted_where_they_lie() {
        let counted = week("2026-06-01", &[("2026-06-01", "09:00", "17:00", 3), ("2026-06-01", "16:30", "18:00", 2)]);
        assert_eq!(
            counted[8..18].iter().map(|h| h.unwrap()).collect::<Vec<_>>(),
            [0.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 4.0, 2.0]
        );
        assert_eq!(counted.iter().flatten().sum::<f64>(), 27.0);
    }

    #[test]
    fn a_night_belongs_to_the_hours_it_has_on_either_day_and_in_either_week() {
        let counted = week("2026-06-01", &[("2026-05-31", "22:00", "06:00", 1), ("2026-06-07", "22:00", "06:00", 1)]);
        let there: Vec<usize> = (0..SLOTS).filter(|slot| counted[*slot] == Some(1.0)).collect();
        assert_eq!(there, [0, 1, 2, 3, 4, 5, 166, 167]);
    }

    #[test]
    fn the_hour_that_is_skipped_is_not_there_and_the_one_that_comes_twice_counts_once() {
        // On the last Sunday of March the clock goes from two to three, on that of October from three back to two.
        let night = |sunday: &str, monday: &str, saturday: &str| {
            let counted = week(monday, &[(saturday, "22:00", "06:00", 2)]);
            assert!(sunday > saturday);
            counted[144..151].to_vec()
        };
        let two = Some(2.0);
        assert_eq!(night("2026-03-29", "2026-03-23", "2026-03-28"), [two, two, None, two, two, two, Some(0.0)]);
        assert_eq!(night("2026-10-25", "2026-10-19", "2026-10-24"), [two, two, two, two, two, two, Some(0.0)]);
        // Whoever is there for one of the two hours counts half.
        let counted = week("2026-10-19", &[("2026-10-25", "00:00", "02:30", 4)]);
        assert_eq!(counted[144..148], [Some(4.0), Some(4.0), Some(1.0), Some(0.0)]);
    }
}
