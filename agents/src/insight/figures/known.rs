//! What the tools of a run returned, as numbers, days and times that a text may repeat.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate};
use serde_json::Value as Json;
use workforceos_core::time::{Date, parse_date};

use super::super::persons::words;

/// What a number is of, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    /// A part of a whole: said as a percentage, too.
    Share,
    /// Said to be a percentage.
    Percent,
    Minutes,
    Hours,
    /// How probable chance is.
    Chance,
    /// How many times as much.
    Times,
}

/// A number that a tool returned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    pub value: f64,
    pub kind: Kind,
    /// The object that holds it, and the one that holds that.
    pub place: usize,
    pub above: usize,
}

/// Everything that is known in one run.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub figures: Vec<Figure>,
    /// From and to.
    pub spans: Vec<(Date, Date)>,
    pub days: BTreeSet<Date>,
    /// Minutes since midnight.
    pub times: BTreeSet<u32>,
    /// The length of the longest list: there are places in an order as far as that.
    pub longest: usize,
    /// Names that hold digits, the longest first.
    pub names: Vec<String>,
    /// Full names of persons.
    pub people: Vec<String>,
    /// Words of names of departments, in lower case: they tell of no person.
    pub departments: BTreeSet<String>,
    places: usize,
}

/// Names whose texts are names of things, so that digits in them claim nothing.
const NAMED: [&str; 7] = ["name", "fullname", "department", "departmentname", "title", "group", "tasktitle"];
/// Longer texts are none of a thing's name.
const NAME: usize = 60;

impl Known {
    /// Takes in what a tool returned.
    pub fn add(&mut self, json: &Json) {
        self.walk("", json, 0, 0);
        self.names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        self.names.dedup();
    }

    /// Takes in a day that everybody knows, such as today.
    pub fn add_day(&mut self, day: Date) {
        self.days.insert(day);
    }

    fn walk(&mut self, name: &str, json: &Json, place: usize, above: usize) {
        match json {
            Json::Number(number) => {
                if let Some(value) = number.as_f64() {
                    self.number(name, value, place, above);
                }
            }
            Json::String(text) => self.text(name, text),
            Json::Array(items) => {
                self.longest = self.longest.max(items.len());
                self.pair(items);
                // The numbers of a list are what it is called; what its objects hold says so itself, save that minutes stay minutes.
                let inherits = |item: &Json| !item.is_object() || kind(name, 0.0) == Kind::Minutes;
                items.iter().for_each(|item| self.walk(if inherits(item) { name } else { "" }, item, place, above));
            }
            Json::Object(map) => {
                self.places += 1;
                let own = self.places;
                let end = |names: [&str; 4]| names.into_iter().find_map(|n| parse_date(map.get(n)?.as_str()?));
                if let (Some(from), Some(to)) =
                    (end(["from", "start", "startDate", "periodStart"]), end(["to", "end", "endDate", "periodEnd"]))
                {
                    self.spans.push((from, to));
                }
                // `{"measure": "absenceRate", "value": 0.1, "comparedWith": 0.05}`
                let measure = map.get("measure").or_else(|| map.get("figure")).and_then(Json::as_str);
                // Ends of an interval are parts of a whole where their middle is one.
                let of_part = ["rate", "share", "slope", "value"].iter().any(|name| map.contains_key(*name));
                for (own_name, value) in map {
                    let kind_here = match (own_name.as_str(), measure) {
                        ("value" | "comparedWith" | "median" | "low" | "high", Some(measure)) => Some(kind_of(measure)),
                        ("low" | "high", None) if !of_part => Some(Kind::Plain),
                        _ => None,
                    };
                    if let (Some(kind), Some(value)) = (kind_here, value.as_f64()) {
                        self.figures.push(Figure { value, kind, place: own, above: place });
                        continue;
                    }
                    // `"lateMinutes": {"mean": 12.5, "n": 40}`
                    let of_above = kind(own_name, 0.0) == Kind::Plain && kind(name, 0.0) != Kind::Plain && !is_count(own_name);
                    self.walk(if of_above { name } else { own_name }, value, own, place);
                }
            }
            Json::Null | Json::Bool(_) => {}
        }
    }

    /// `[from, to]` as two dates.
    fn pair(&mut self, items: &[Json]) {
        if let [from, to] = items
            && let (Some(from), Some(to)) = (from.as_str().and_then(parse_date), to.as_str().and_then(parse_date))
        {
            self.spans.push((from, to));
        }
    }

    fn number(&mut self, name: &str, value: f64, place: usize, above: usize) {
        if name.eq_ignore_ascii_case("hour") && (0.0..=24.0).contains(&value) && value.fract() == 0.0 {
            let hour = value as u32;
            // An hour is said by its end as well.
            self.times.extend([hour * 60, (hour + 1) * 60]);
        }
        self.figures.push(Figure { value, kind: kind(name, value), place, above });
    }

    fn text(&mut self, name: &str, text: &str) {
        if name.eq_ignore_ascii_case("fullname") && !self.people.iter().any(|known| known == text) {
            self.people.push(text.to_owned());
        }
        if name.eq_ignore_ascii_case("departmentName") {
            self.departments.extend(words(&text.to_lowercase()).map(str::to_owned));
        }
        if let Some(day) = parse_date(text) {
            self.days.insert(day);
            let time = text.get(11..16).and_then(minutes);
            self.times.extend(time);
        } else if let Some(time) = minutes(text) {
            self.times.insert(time);
        } else if let Some(week) = iso_week(text) {
            self.days.extend(week);
        } else if NAMED.contains(&name.to_ascii_lowercase().as_str())
            && text.chars().count() <= NAME
            && text.chars().any(char::is_numeric)
            && !text.contains(['%', '％', '‰'])
        {
            self.names.push(text.to_owned());
        }
    }

    /// Whether a day is within what was looked at, or was named.
    pub fn has_day(&self, day: Date) -> bool {
        self.days.contains(&day) || self.spans.iter().any(|(from, to)| (*from..=*to).contains(&day))
    }

    /// Whether any day from one to another is.
    pub fn touches(&self, from: Date, to: Date) -> bool {
        self.days.range(from..=to).next().is_some() || self.spans.iter().any(|(start, end)| *start <= to && from <= *end)
    }

    /// The years of everything that was looked at.
    pub fn years(&self) -> impl Iterator<Item = i32> + '_ {
        let ends = self.spans.iter().flat_map(|(from, to)| from.year()..=to.year());
        ends.chain(self.days.iter().map(|day| day.year()))
    }

    /// Lengths of what was looked at, in days.
    pub fn lengths(&self) -> impl Iterator<Item = i64> + '_ {
        self.spans.iter().map(|(from, to)| (*to - *from).num_days() + 1)
    }
}

/// `HH:mm`, with seconds or without.
fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.get(..5)?.split_once(':')?;
    let rest = &text[5..];
    let well = rest.is_empty() || rest.starts_with([':', '-', '–']);
    let (hour, minute) = (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?);
    (well && hour <= 24 && minute < 60).then_some(hour * 60 + minute)
}

/// The days of `2026-W21`.
fn iso_week(text: &str) -> Option<Vec<Date>> {
    let (year, week) = text.split_once("-W")?;
    let monday = NaiveDate::from_isoywd_opt(year.parse().ok()?, week.parse().ok()?, chrono::Weekday::Mon)?;
    Some((0..7).filter_map(|n| monday.checked_add_days(Days::new(n))).collect())
}

/// What a measure's values are.
pub fn kind_of(measure: &str) -> Kind {
    match measure {
        "workedVsPlanned" | "arrival" | "length" => Kind::Minutes,
        "leaveStarts" | "tasksGiven" => Kind::Share,
        other => kind(other, 0.0),
    }
}

/// Words of names of parts of a whole.
const SHARES: &[&str] = &[
    "rate",
    "rates",
    "share",
    "shares",
    "part",
    "fraction",
    "proportion",
    "ratio",
    "low",
    "high",
    "lower",
    "upper",
    "wilson",
    "wilson95",
    "interval",
    "ci",
    "slope",
    "difference",
    "change",
    "confidence",
];

/// What a number is of.
fn kind(name: &str, value: f64) -> Kind {
    let words = words_of(name);
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    if has(&["percent", "pct", "percentage"]) {
        Kind::Percent
    } else if name.ends_with("Overtime") || has(&["minutes", "minute", "mins", "min"]) && !has(&["hours", "hour"]) {
        Kind::Minutes
    } else if has(&["hours"]) {
        Kind::Hours
    } else if has(&["p", "q", "alpha", "pvalue", "pbh"]) || name.eq_ignore_ascii_case("pValue") {
        Kind::Chance
    } else if has(&["times", "factor", "odds"]) {
        Kind::Times
    } else if has(SHARES) && value.abs() <= 1.0 {
        Kind::Share
    } else {
        Kind::Plain
    }
}

/// Whether a name is that of a number of things, or of a test's figures, whatever stands above it.
fn is_count(name: &str) -> bool {
    const COUNTS: [&str; 16] = [
        "n", "count", "weekday", "hour", "size", "shifts", "people", "days", "weeks", "users", "tasks", "df", "needed", "absent",
        "attended", "test",
    ];
    words_of(name).last().is_some_and(|word| COUNTS.contains(&word.as_str()))
}

/// `lateMinutes` as `late`, `minutes`.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c.is_uppercase() || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_number_is_of_follows_from_its_name() {
        assert_eq!(kind("lateMinutes", 12.0), Kind::Minutes);
        assert_eq!(kind("overtimeHours", 1.5), Kind::Hours);
        assert_eq!(kind("rate", 1.0), Kind::Share);
        assert_eq!(kind("absent", 1.0), Kind::Plain);
        assert_eq!(kind("absentPercent", 12.5), Kind::Percent);
        assert_eq!(kind("pValue", 0.03), Kind::Chance);
        assert_eq!(kind("p", 0.03), Kind::Chance);
    }

    #[test]
    fn days_times_and_names_are_taken_in() {
        let mut known = Known::default();
        known.add(&json!({
            "period": {"from": "2026-05-01", "to": "2026-05-31"},
            "weeks": [{"week": "2026-W25", "rate": 0.1}],
            "hours": [{"hour": 9, "mean": 2.5}],
            "departments": [{"name": "Team 7"}, {"name": "90% off"}],
            "note": "Team 8",
        }));
        let day = |text: &str| parse_date(text).expect("a day");
        assert!(known.has_day(day("2026-05-12")) && known.has_day(day("2026-06-15")) && !known.has_day(day("2026-06-12")));
        assert!(known.times.contains(&540) && known.times.contains(&600));
        assert_eq!(known.names, ["Team 7"]);
        assert_eq!(known.lengths().collect::<Vec<_>>(), [31]);
    }
}
