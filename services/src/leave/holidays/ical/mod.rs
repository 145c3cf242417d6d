//! Reading the holidays out of an iCalendar file (RFC 5545).
//!
//! The lines are read here: the parser of the `icalendar` crate gives up on the whole file at the first line that it does not
//! know, where every bad entry is to be told, and its recursion has no bound.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value as Json, json};
use workforceos_core::time::{Date, parse_date};
use workforceos_core::zone::Zone;

use super::tidy;
use crate::schedule::recurrence;

/// The most entries of a file.
const MAX_ENTRIES: usize = 2_000;
/// The most entries with rules: expanding them takes its time.
const MAX_RULES: usize = 100;
/// The most dates that one entry adds or leaves out.
const MAX_DATES: usize = 1_000;
/// The most holidays of a file.
const MAX_HOLIDAYS: usize = 1_000;
/// The most days that one entry lasts.
const MAX_LENGTH: u64 = 31;
/// For how many years after the present one yearly entries are expanded.
const YEARS_AHEAD: i32 = 2;

/// What a file says.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    /// Days with their names, in order, each once.
    pub days: BTreeSet<(Date, String)>,
    pub problems: Vec<Problem>,
}

/// Why an entry was left out.
#[derive(Debug, PartialEq)]
pub struct Problem {
    /// Its place among the file's entries, from 1.
    pub entry: usize,
    pub name: Option<String>,
    pub problem: String,
}

impl Problem {
    pub fn to_json(&self) -> Json {
        json!({"entry": self.entry, "name": self.name, "problem": self.problem})
    }

    /// The JSON Schemas of [`Problem::to_json`]'s properties.
    pub fn schema() -> Json {
        let text = json!({"type": "string"});
        json!({"entry": {"type": "integer", "description": "Which entry, from 1."}, "name": {"type": ["string", "null"]}, "problem": text})
    }
}

/// One content line: name, parameters and value.
struct Line {
    name: String,
    parameters: String,
    value: String,
}

/// The lines of one VEVENT.
type Entry = Vec<Line>;

/// Reads a file; the error is what is wrong with it as a whole.
pub fn read(text: &str, this_year: i32) -> Result<Found, String> {
    let entries = entries(text)?;
    let years = this_year..=this_year + YEARS_AHEAD;
    if entries.iter().filter(|e| property(e, "RRULE").is_some()).count() > MAX_RULES {
        return Err(format!("has more than {MAX_RULES} entries that repeat"));
    }
    let mut found = Found::default();
    for (i, entry) in entries.iter().enumerate() {
        // What was called off is no holiday, and nothing is wrong with it.
        if property(entry, "STATUS").is_some_and(|s| s.value.eq_ignore_ascii_case("CANCELLED")) {
            continue;
        }
        let name = property(entry, "SUMMARY").and_then(|s| tidy(&unescaped(&s.value)));
        match (dates(entry, &years), name) {
            (Ok(dates), Some(name)) => found.days.extend(dates.into_iter().map(|date| (date, name.clone()))),
            (Ok(_), None) => {
                let problem = "has no SUMMARY of 1 to 200 characters".to_owned();
                found.problems.push(Problem { entry: i + 1, name: None, problem });
            }
            (Err(problem), name) => found.problems.push(Problem { entry: i + 1, name, problem }),
        }
        if found.days.len() > MAX_HOLIDAYS {
            return Err(format!("means more than {MAX_HOLIDAYS} holidays"));
        }
    }
    Ok(found)
}

/// The entries of a file, without what stands inside them (alarms) and beside them (time zones).
fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut is_calendar = false;
    for line in unfolded(text).iter().filter_map(|l| content_line(l)) {
        match line.name.as_str() {
            "BEGIN" => {
                let component = line.value.trim().to_ascii_uppercase();
                is_calendar |= open.is_empty() && component == "VCALENDAR";
                if component == "VEVENT" {
                    entries.push(Vec::new());
                }
                open.push(component);
            }
            "END" => end(&mut open, &line.value)?,
            _ if open.last().is_some_and(|c| c == "VEVENT") => {
                entries.last_mut().expect("a VEVENT that is open was begun").push(line);
            }
            _ => {}
        }
        if entries.len() > MAX_ENTRIES {
            return Err(format!("has more than {MAX_ENTRIES} entries"));
        }
    }
    match open.last() {
        _ if !is_calendar => Err("is no iCalendar file: it does not begin with BEGIN:VCALENDAR".to_owned()),
        Some(component) => Err(format!("is not whole: {} does not end", clip(component))),
        None => Ok(entries),
    }
}

/// Closes the component that was begun last.
fn end(open: &mut Vec<String>, component: &str) -> Result<(), String> {
    if open.pop().is_some_and(|last| last == component.trim().to_ascii_uppercase()) {
        return Ok(());
    }
    Err(format!("is no iCalendar file: END:{} ends nothing", clip(component)))
}

/// Lines as they were before they were folded: one that begins with a space or a tab goes on with the line before.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// `NAME;PARAMETER=VALUE:VALUE`; a colon or semicolon in quotes belongs to its parameter.
fn content_line(line: &str) -> Option<Line> {
    let mut quoted = false;
    let colon = line.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ':' && !quoted
    })?;
    let (head, value) = (&line[..colon.0], &line[colon.0 + 1..]);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some(Line {
        name: name.trim().to_ascii_uppercase(),
        parameters: parameters.to_ascii_uppercase(),
        value: value.trim().to_owned(),
    })
}

fn property<'a>(entry: &'a Entry, name: &str) -> Option<&'a Line> {
    entry.iter().find(|line| line.name == name)
}

/// Text as it was before commas, semicolons and line breaks were escaped.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, (c == '\\').then(|| chars.next()).flatten()) {
            ('\\', Some('n' | 'N')) => out.push(' '),
            ('\\', Some(escaped)) => out.push(escaped),
            (c, _) => out.push(c),
        }
    }
    out
}

/// Every date that an entry means.
fn dates(entry: &Entry, years: &RangeInclusive<i32>) -> Result<BTreeSet<Date>, String> {
    if property(entry, "RECURRENCE-ID").is_some() {
        return Err("changes one day of another entry: enter that day by itself".to_owned());
    }
    let start = property(entry, "DTSTART").ok_or("has no DTSTART")?;
    let start = date(start).ok_or("is not an all-day entry: DTSTART is no date")?;
    let length = length(entry, start)?;
    let rule = property(entry, "RRULE");
    let mut starts = match rule {
        Some(rule) => yearly(&rule.value, start, length, years)?,
        None => vec![start],
    };
    let left_out = listed(entry, "EXDATE")?;
    starts.extend(listed(entry, "RDATE")?);
    starts.retain(|start| !left_out.contains(start));
    let days = |start: Date| (0..length).filter_map(move |day| start.checked_add_days(Days::new(day)));
    let wanted = |date: &Date| rule.is_none() || years.contains(&date.year());
    Ok(starts.into_iter().flat_map(days).filter(wanted).collect())
}

/// The dates of all lines of a name.
fn listed(entry: &Entry, name: &str) -> Result<BTreeSet<Date>, String> {
    let texts = entry.iter().filter(|line| line.name == name).flat_map(|line| line.value.split(','));
    let dates: Option<BTreeSet<Date>> = texts.take(MAX_DATES + 1).map(compact).collect();
    match dates {
        Some(dates) if dates.len() <= MAX_DATES => Ok(dates),
        Some(_) => Err(format!("has more than {MAX_DATES} dates in {name}")),
        None => Err(format!("its {name} is no list of dates")),
    }
}

/// How many days an entry lasts: DTEND is the day after the last.
fn length(entry: &Entry, start: Date) -> Result<u64, String> {
    let days = match (property(entry, "DTEND"), property(entry, "DURATION")) {
        (Some(end), _) => {
            let end = date(end).ok_or("is not an all-day entry: DTEND is no date")?;
            // Some programs write the same day twice and mean that day.
            if end == start { 1 } else { (end - start).num_days() }
        }
        (None, Some(duration)) => whole_days(&duration.value).ok_or("its DURATION is no number of days")?,
        (None, None) => 1,
    };
    match u64::try_from(days) {
        Ok(days @ 1..=MAX_LENGTH) => Ok(days),
        _ => Err(format!("must last from 1 to {MAX_LENGTH} days")),
    }
}

/// The days of `P3D` or `P1W`.
fn whole_days(duration: &str) -> Option<i64> {
    let text = duration.trim().trim_start_matches('+').to_ascii_uppercase();
    let text = text.strip_prefix('P')?;
    let (digits, days) = text.strip_suffix('D').map(|d| (d, 1)).or_else(|| text.strip_suffix('W').map(|w| (w, 7)))?;
    digits.parse::<u16>().ok().map(|n| i64::from(n) * days)
}

/// The starts of a yearly entry whose days may fall into those years.
fn yearly(rule: &str, start: Date, length: u64, years: &RangeInclusive<i32>) -> Result<Vec<Date>, String> {
    let rule = rule.to_ascii_uppercase();
    if !rule.split(';').any(|part| part.trim() == "FREQ=YEARLY") {
        return Err("repeats otherwise than yearly".to_owned());
    }
    let bound = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).ok_or("is too far away");
    let (first, last) = (bound(*years.start(), 1, 1)?, bound(*years.end(), 12, 31)?);
    let first = first.checked_sub_days(Days::new(length)).unwrap_or(first);
    let text = format!("DTSTART:{}\nRRULE:{rule}", start.format("%Y%m%d"));
    let starts = recurrence::dates(&text, Zone::UTC, start, first, last);
    starts.map_err(|_| "its RRULE is not understood".to_owned())
}

/// A date that stands for a whole day.
fn date(line: &Line) -> Option<Date> {
    let instant = line.parameters.split(';').any(|p| p == "VALUE=DATE-TIME");
    compact(&line.value).filter(|_| !instant)
}

/// `20260131`.
fn compact(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    parse_date(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
}

fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}
