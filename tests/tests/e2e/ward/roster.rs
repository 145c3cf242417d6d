//! The ward's needs, a plan that meets them as far as people's requests allow, and how everybody came and went.

use std::collections::BTreeMap;

use chrono::{Datelike, Duration, NaiveDate, NaiveTime};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value as Json;
use workforceos_core::Timestamp;

const MINUTE: i64 = 60_000;
/// Hours between two shifts of a person.
const REST: i64 = 10 * 60 * MINUTE;

/// A shift to be planned.
#[derive(Debug)]
pub struct Slot {
    pub date: NaiveDate,
    pub times: (String, String),
    pub from: Timestamp,
    pub to: Timestamp,
    pub needed: usize,
    pub nurses: Vec<usize>,
}

/// How somebody attended.
#[derive(Debug)]
pub enum Fate {
    Absent,
    Came { at: Timestamp, left: Option<Timestamp> },
}

/// One person's place at a shift.
#[derive(Debug)]
pub struct Place {
    pub slot: usize,
    pub nurse: usize,
    pub date: NaiveDate,
    from: Timestamp,
    to: Timestamp,
    pub fate: Fate,
}

pub struct Roster {
    pub nurses: usize,
    pub dates: Vec<NaiveDate>,
    pub slots: Vec<Slot>,
    pub places: Vec<Place>,
}

impl Roster {
    pub fn read() -> Roster {
        let file: Json = serde_json::from_str(include_str!("../../../fixtures/ward_roster.json")).expect("the roster is JSON");
        let date = |json: &Json| json.as_str().and_then(|t| t.parse::<NaiveDate>().ok()).expect("a date");
        let (first, last) = (date(&file["period"][0]), date(&file["period"][1]));
        let dates: Vec<NaiveDate> = first.iter_days().take_while(|d| *d <= last).collect();
        assert_eq!(dates.len(), 28);
        let nurses = file["employees"].as_array().expect("employees").len();
        let off = |nurse: usize, day: NaiveDate| {
            file["dayOffRequests"][nurse.to_string()].as_array().is_some_and(|list| list.iter().any(|d| date(d) == day))
        };
        let mut slots = Vec::new();
        let mut last_end = vec![Timestamp(i64::MIN / 2); nurses];
        let mut shifts = vec![0; nurses];
        for day in &dates {
            let weekend = day.weekday().number_from_monday() > 5;
            let cover = &file["cover"][if weekend { "weekend" } else { "weekday" }];
            let mut today: Vec<usize> = Vec::new();
            for name in ["E", "D", "L", "N"] {
                let time = |i: usize| file["shiftTypes"][name][i].as_str().expect("a time").to_owned();
                let times = (time(0), time(1));
                let (from, to) = span(*day, &times);
                let needed = cover[name].as_u64().expect("a number") as usize;
                let free = |n: &usize| !off(*n, *day) && !today.contains(n) && from.0 - last_end[*n].0 >= REST;
                let mut candidates: Vec<usize> = (0..nurses).filter(free).collect();
                candidates.sort_by_key(|n| (shifts[*n], *n));
                candidates.truncate(needed);
                for nurse in &candidates {
                    last_end[*nurse] = to;
                    shifts[*nurse] += 1;
                }
                today.extend(&candidates);
                slots.push(Slot { date: *day, times, from, to, needed, nurses: candidates });
            }
        }
        let filled: usize = slots.iter().map(|s| s.nurses.len()).sum();
        assert!(filled > 120, "most of the 152 places are filled: {filled}");
        let places = fates(&slots);
        Roster { nurses, dates, slots, places }
    }

    /// People planned on a date by the shift's start.
    pub fn cover(&self, date: NaiveDate) -> BTreeMap<String, usize> {
        let mut cover = BTreeMap::new();
        for slot in self.slots.iter().filter(|s| s.date == date && !s.nurses.is_empty()) {
            *cover.entry(slot.times.0.clone()).or_default() += slot.nurses.len();
        }
        cover
    }

    /// Records of a date by status.
    pub fn attendance(&self, date: NaiveDate) -> BTreeMap<String, usize> {
        let mut records = BTreeMap::new();
        for place in self.places.iter().filter(|p| p.date == date) {
            *records.entry(place.status().to_owned()).or_default() += 1;
        }
        records
    }
}

/// The instants of a shift. In January, Berlin is an hour ahead.
fn span(day: NaiveDate, times: &(String, String)) -> (Timestamp, Timestamp) {
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").expect("a time");
    let (start, end) = (time(&times.0), time(&times.1));
    let last = if end <= start { day + Duration::days(1) } else { day };
    let instant = |local: chrono::NaiveDateTime| Timestamp((local - Duration::hours(1)).and_utc().timestamp_millis());
    (instant(day.and_time(start)), instant(last.and_time(end)))
}

/// Some are late, some absent, some leave early, some forget to check out: the same at every run.
fn fates(slots: &[Slot]) -> Vec<Place> {
    let mut random = StdRng::seed_from_u64(20_100_101);
    let mut places = Vec::new();
    for (i, slot) in slots.iter().enumerate() {
        for nurse in &slot.nurses {
            let mut seconds = |from: i64, to: i64| random.random_range(from * 60..to * 60) * 1000;
            let (soon, late, early, over) = (seconds(-12, 5), seconds(6, 45), seconds(6, 90), seconds(-4, 20));
            let chance = random.random_range(0..100);
            let came = Timestamp(slot.from.0 + if (10..22).contains(&chance) { late } else { soon });
            let left = match chance {
                20..26 => Some(Timestamp(slot.to.0 - early)),
                26..32 => None,
                _ => Some(Timestamp(slot.to.0 + over)),
            };
            let fate = if chance < 7 { Fate::Absent } else { Fate::Came { at: came, left } };
            places.push(Place { slot: i, nurse: *nurse, date: slot.date, from: slot.from, to: slot.to, fate });
        }
    }
    let has = |f: fn(&Fate) -> bool| places.iter().filter(|p| f(&p.fate)).count();
    assert!(has(|f| matches!(f, Fate::Absent)) > 3 && has(super::stays_open) > 3);
    places
}

impl Place {
    pub fn came(&self) -> Option<Timestamp> {
        match self.fate {
            Fate::Absent => None,
            Fate::Came { at, .. } => Some(at),
        }
    }

    pub fn left(&self) -> Option<Timestamp> {
        match self.fate {
            Fate::Absent => None,
            Fate::Came { left, .. } => left,
        }
    }

    /// Whole minutes after the start, if more than five minutes late.
    pub fn late_minutes(&self) -> i64 {
        let after = self.came().map_or(0, |at| at.0 - self.from.0);
        if after > 5 * MINUTE { after / MINUTE } else { 0 }
    }

    /// Whole minutes from the start, or the later check-in, to the check-out.
    pub fn minutes(&self) -> i64 {
        match (self.came(), self.left()) {
            (Some(came), Some(left)) => (left.0 - came.0.max(self.from.0)) / MINUTE,
            _ => 0,
        }
    }

    pub fn status(&self) -> &'static str {
        match (self.came(), self.left()) {
            (None, _) => "absent",
            (_, Some(left)) if left.0 < self.to.0 - 5 * MINUTE => "leftEarly",
            _ if self.late_minutes() > 0 => "late",
            (_, Some(_)) => "present",
            (_, None) => "pending",
        }
    }
}
