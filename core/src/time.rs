//! Instants, calendar dates and the clock. Time never comes from the system directly, so that tests can move it.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};

/// A calendar date without a zone.
pub type Date = NaiveDate;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub const MINUTE: i64 = 60_000;
    pub const HOUR: i64 = 60 * Timestamp::MINUTE;
    pub const DAY: i64 = 24 * Timestamp::HOUR;

    /// Reads RFC 3339 (`2026-06-15T07:05:00Z`, any offset) within the years 1 to 9999.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        (1..=9999).contains(&at.year()).then(|| Timestamp(at.timestamp_millis()))
    }

    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    pub fn plus_minutes(self, minutes: i64) -> Timestamp {
        Timestamp(self.0 + minutes * Timestamp::MINUTE)
    }

    /// Whole minutes from `earlier` to `self`, rounded down.
    pub fn minutes_since(self, earlier: Timestamp) -> i64 {
        (self.0 - earlier.0).div_euclid(Timestamp::MINUTE)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Timestamp {
        Timestamp(at.timestamp_millis())
    }
}

/// RFC 3339 in UTC with milliseconds, as on the wire.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Reads `YYYY-MM-DD`; a longer input (an instant) is cut to its date. Years 1 to 9998: the day after is a date of four digits too.
pub fn parse_date(text: &str) -> Option<Date> {
    let head = text.get(..10)?;
    if text.len() > 10 && !matches!(text.as_bytes()[10], b'T' | b't' | b' ') {
        return None;
    }
    let well_formed = head.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    let date = well_formed.then(|| NaiveDate::parse_from_str(head, "%Y-%m-%d").ok())??;
    (1..=9998).contains(&date.year()).then_some(date)
}

/// Where the present comes from.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
    fn now(&self) -> Timestamp {
        Utc::now().into()
    }
}

/// A clock that stands until it is moved: for tests and for filling the sample company.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn at(start: Timestamp) -> ManualClock {
        ManualClock(AtomicI64::new(start.0))
    }

    pub fn set(&self, at: Timestamp) {
        self.0.store(at.0, Ordering::SeqCst);
    }

    pub fn advance_minutes(&self, minutes: i64) {
        self.0.fetch_add(minutes * Timestamp::MINUTE, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_round_trip_with_milliseconds() {
        let at = Timestamp::parse("2026-06-15T09:05:00.25+02:00").expect("parses");
        assert_eq!(at.to_string(), "2026-06-15T07:05:00.250Z");
        assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        assert_eq!(Timestamp::parse("2026-06-15"), None);
    }

    #[test]
    fn dates_are_cut_from_longer_input() {
        let day = NaiveDate::from_ymd_opt(2024, 2, 29);
        assert_eq!(parse_date("2024-02-29"), day);
        assert_eq!(parse_date("2024-02-29T10:00:00Z"), day);
        for bad in ["2023-02-29", "2024-2-29", "2024-02-29x", "", "0000-01-01", "2024-02-30", "２024-02-29"] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn minutes_round_down_also_before() {
        let start = Timestamp(0);
        assert_eq!(Timestamp(119_999).minutes_since(start), 1);
        assert_eq!(start.minutes_since(Timestamp(1)), -1);
    }
}
