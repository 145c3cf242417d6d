//! RFC 5545 recurrence rules of shift templates: which local dates they mean.

use std::str::FromStr;

use chrono::{NaiveTime, TimeZone};
use rrule::{RRule, Tz, Unvalidated};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::time::{Date, Timestamp, parse_date};
use workforceos_core::zone::Zone;

/// The most dates that one expansion looks at.
const MAX_DATES: u16 = 10_000;
/// How many years a rule may reach from its template's creation: expanding a longer one takes its time.
const MAX_YEARS: i64 = 150;

/// The local dates that a rule means between two dates (inclusive). It counts from its DTSTART, else from `origin`.
pub fn dates(rule: &str, zone: Zone, origin: Date, from: Date, to: Date) -> Result<Vec<Date>> {
    let (start, rule) = split(rule, zone, origin)?;
    if (to - origin).num_days() > MAX_YEARS * 366 {
        return Err(Error::field("to", format!("is more than {MAX_YEARS} years after the template was made")));
    }
    let at = |date: Date| Tz::UTC.from_utc_datetime(&date.and_time(NaiveTime::MIN));
    // Dates are expanded as if in UTC: a wall-clock calendar without changes. The zone comes with the shift's times.
    let set = rule.build(at(start)).map_err(|e| bad(e.to_string()))?;
    let day = chrono::Duration::days(1);
    let found = set.after(at(from) - day).before(at(to) + day).all(MAX_DATES);
    if found.limited {
        return Err(bad("means too many dates").into());
    }
    let mut dates: Vec<Date> = found.dates.into_iter().map(|d| d.date_naive()).filter(|d| from <= *d && *d <= to).collect();
    dates.dedup();
    Ok(dates)
}

/// What is wrong with a rule that a template cannot have.
pub fn check(rule: &str, zone: Zone, origin: Date) -> Result<(), Problem> {
    let (start, rule) = split(rule, zone, origin)?;
    let at = Tz::UTC.from_utc_datetime(&start.and_time(NaiveTime::MIN));
    rule.build(at).map(|_| ()).map_err(|e| bad(e.to_string()))
}

fn bad(problem: impl Into<String>) -> Problem {
    let problem: String = problem.into();
    Problem::new(
        "recurrenceRule",
        format!("is no RFC 5545 rule of whole days: {}", problem.chars().take(200).collect::<String>()),
    )
}

/// A rule's start and its RRULE part, normalised.
fn split(text: &str, zone: Zone, origin: Date) -> Result<(Date, RRule<Unvalidated>), Problem> {
    let (mut start, mut rule) = (origin, None);
    for line in text.split(['\n', '\r']).map(str::trim).filter(|l| !l.is_empty()) {
        let upper = line.to_ascii_uppercase();
        if let Some(rest) = upper.strip_prefix("DTSTART") {
            let digits = rest.rsplit(':').next().unwrap_or_default();
            start = local_date(digits, zone).ok_or_else(|| bad("its DTSTART is no date"))?;
        } else if rule.replace(upper.strip_prefix("RRULE:").unwrap_or(&upper).to_owned()).is_some() {
            return Err(bad("it has more than one rule"));
        }
    }
    if (start - origin).num_days().abs() > MAX_YEARS * 366 {
        return Err(bad(format!("its DTSTART is more than {MAX_YEARS} years away")));
    }
    let rule = rule.ok_or_else(|| bad("it has no FREQ"))?;
    let parts: Vec<String> = rule.split(';').map(|part| whole_until(part, zone)).collect();
    let daily = ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"];
    if !parts.iter().any(|p| daily.contains(&p.as_str())) {
        return Err(bad("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY"));
    }
    // The parser takes them, and then expands them for ever or to nothing.
    let zero =
        |p: &String| ["INTERVAL=", "COUNT="].iter().any(|name| p.strip_prefix(name).is_some_and(|n| n.parse() == Ok(0u32)));
    if parts.iter().any(zero) {
        return Err(bad("INTERVAL and COUNT count from 1"));
    }
    if parts.iter().any(|p| ["BYHOUR", "BYMINUTE", "BYSECOND"].iter().any(|b| p.starts_with(b))) {
        return Err(bad("a template's times are startTime and endTime"));
    }
    Ok((start, RRule::from_str(&parts.join(";")).map_err(|e| bad(e.to_string()))?))
}

/// UNTIL as the local date that it names, the whole of it.
fn whole_until(part: &str, zone: Zone) -> String {
    match part.strip_prefix("UNTIL=").and_then(|text| local_date(text, zone)) {
        Some(date) => format!("UNTIL={}T235959Z", date.format("%Y%m%d")),
        None => part.to_owned(),
    }
}

/// The local date of `20260131`, of a local time on it, or of an instant (`20260131T235959Z`).
fn local_date(text: &str, zone: Zone) -> Option<Date> {
    match chrono::NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ") {
        Ok(instant) => Some(zone.date(Timestamp(instant.and_utc().timestamp_millis()))),
        Err(_) => compact_date(text),
    }
}

/// `20260131`, alone or before a time.
fn compact_date(text: &str) -> Option<Date> {
    let digits = text.get(..8)?;
    let tail = text.get(8..)?;
    if !(tail.is_empty() || tail.starts_with('T')) {
        return None;
    }
    parse_date(&format!("{}-{}-{}", digits.get(..4)?, digits.get(4..6)?, digits.get(6..8)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Date {
        text.parse().expect("date")
    }

    fn expand(rule: &str, from: &str, to: &str) -> Vec<String> {
        dates(rule, Zone::UTC, d("2026-01-01"), d(from), d(to)).expect("valid").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn weekly_rules_count_from_their_start() {
        assert_eq!(expand("FREQ=WEEKLY;BYDAY=MO,FR", "2026-03-02", "2026-03-08"), ["2026-03-02", "2026-03-06"]);
        let every_other = "DTSTART:20260105\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO";
        assert_eq!(expand(every_other, "2026-01-01", "2026-02-03"), ["2026-01-05", "2026-01-19", "2026-02-02"]);
    }

    #[test]
    fn count_and_until_end_a_rule() {
        assert_eq!(expand("FREQ=DAILY;COUNT=3", "2026-01-01", "2026-12-31"), ["2026-01-01", "2026-01-02", "2026-01-03"]);
        assert_eq!(expand("RRULE:FREQ=DAILY;UNTIL=20260103", "2026-01-02", "2026-12-31"), ["2026-01-02", "2026-01-03"]);
        assert_eq!(expand("freq=daily;until=20260102T120000Z", "2026-01-02", "2026-12-31"), ["2026-01-02"]);
    }

    #[test]
    fn an_instant_is_the_local_date_that_it_falls_on() {
        let new_york = Zone::parse("America/New_York").expect("zone");
        let dates = dates("FREQ=DAILY;UNTIL=20270201T045959Z", new_york, d("2027-01-30"), d("2027-01-30"), d("2027-03-01"));
        assert_eq!(dates.expect("valid"), [d("2027-01-30"), d("2027-01-31")]);
    }

    #[test]
    fn a_clock_change_moves_no_date() {
        assert_eq!(expand("FREQ=DAILY", "2026-03-28", "2026-03-30"), ["2026-03-28", "2026-03-29", "2026-03-30"]);
    }

    #[test]
    fn nonsense_is_refused() {
        for rule in [
            "",
            "MONDAYS",
            "FREQ=HOURLY",
            "FREQ=DAILY;BYHOUR=3",
            "FREQ=DAILY;COUNT=x",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY\nFREQ=DAILY",
            "DTSTART:2026",
        ] {
            assert!(check(rule, Zone::UTC, d("2026-01-01")).is_err(), "{rule}");
        }
    }
}
