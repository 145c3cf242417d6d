//! All arithmetic between company-local time and instants. RFC 5545: a local time that does not exist, or exists twice,
//! is read with the offset in force before the change.

use std::fmt;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

use crate::time::{Date, Timestamp};

/// An IANA time zone, for example `Europe/Berlin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

impl Zone {
    pub const UTC: Zone = Zone(Tz::UTC);

    pub fn parse(name: &str) -> Option<Zone> {
        name.parse().ok().map(Zone)
    }

    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The instant of a local date and time.
    pub fn resolve(self, local: NaiveDateTime) -> Timestamp {
        let seconds = self.offset_before(local);
        Timestamp((local.and_utc().timestamp() - i64::from(seconds)) * 1000)
    }

    /// The offset that applies to `local`, which in a gap or a fold is the one before the change.
    fn offset_before(self, local: NaiveDateTime) -> i32 {
        use chrono::offset::LocalResult;
        match self.0.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) => offset.fix().local_minus_utc(),
            // The same wall clock twice: the earlier instant is the one with the greater offset.
            LocalResult::Ambiguous(a, b) => a.fix().local_minus_utc().max(b.fix().local_minus_utc()),
            // A gap is at most a day: what held a day earlier is what held before the change.
            LocalResult::None => {
                let before = local.checked_sub_days(Days::new(1)).unwrap_or(local);
                match self.0.offset_from_local_datetime(&before) {
                    LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix().local_minus_utc(),
                    LocalResult::None => self.0.offset_from_utc_datetime(&before).fix().local_minus_utc(),
                }
            }
        }
    }

    pub fn local(self, at: Timestamp) -> NaiveDateTime {
        self.0.from_utc_datetime(&at.utc().naive_utc()).naive_local()
    }

    pub fn date(self, at: Timestamp) -> Date {
        self.local(at).date()
    }

    /// The instants at which a local day begins and the next one begins.
    pub fn day(self, date: Date) -> (Timestamp, Timestamp) {
        (self.resolve(date.and_time(NaiveTime::MIN)), self.resolve(next_day(date).and_time(NaiveTime::MIN)))
    }
}

pub fn next_day(date: Date) -> Date {
    date.succ_opt().unwrap_or(NaiveDate::MAX)
}

pub fn previous_day(date: Date) -> Date {
    date.pred_opt().unwrap_or(NaiveDate::MIN)
}

/// Monday of the ISO week that holds `date`.
pub fn week_start(date: Date) -> Date {
    date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))).unwrap_or(date)
}

/// A wall-clock time `HH:mm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(NaiveTime);

impl WallTime {
    pub fn parse(text: &str) -> Option<WallTime> {
        let bytes = text.as_bytes();
        let digits = |i: usize| bytes[i].is_ascii_digit();
        if bytes.len() != 5 || bytes[2] != b':' || !(digits(0) && digits(1) && digits(3) && digits(4)) {
            return None;
        }
        NaiveTime::from_hms_opt(text[..2].parse().ok()?, text[3..].parse().ok()?, 0).map(WallTime)
    }

    /// Minutes since midnight, as clocks show them.
    pub fn minutes(self) -> i64 {
        self.0.signed_duration_since(NaiveTime::MIN).num_minutes()
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M"))
    }
}

/// Why two wall-clock times make no shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanError {
    /// Start and end read the same.
    Equal,
    /// In this zone, on this date, the end does not come after the start (a gap swallows the time between).
    Empty,
}

/// The instants of a shift: `end <= start` means it ends the next day.
pub fn shift_span(zone: Zone, date: Date, start: WallTime, end: WallTime) -> Result<(Timestamp, Timestamp), SpanError> {
    if start == end {
        return Err(SpanError::Equal);
    }
    let last = if end < start { next_day(date) } else { date };
    let (from, to) = (zone.resolve(date.and_time(start.0)), zone.resolve(last.and_time(end.0)));
    if to <= from { Err(SpanError::Empty) } else { Ok((from, to)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(zone: &str, date: &str, start: &str, end: &str) -> Result<(String, String, i64), SpanError> {
        let zone = Zone::parse(zone).expect("zone");
        let time = |t| WallTime::parse(t).expect("time");
        let (from, to) = shift_span(zone, date.parse().expect("date"), time(start), time(end))?;
        Ok((from.to_string(), to.to_string(), to.minutes_since(from)))
    }

    #[test]
    fn nights_on_change_days_have_their_real_length() {
        let minutes = |zone, date| span(zone, date, "22:00", "06:00").expect("shift").2;
        assert_eq!(minutes("Europe/Berlin", "2026-03-28"), 420);
        assert_eq!(minutes("Europe/Berlin", "2026-10-24"), 540);
        assert_eq!(minutes("America/New_York", "2026-03-07"), 420);
        assert_eq!(minutes("America/New_York", "2026-10-31"), 540);
        assert_eq!(minutes("Australia/Lord_Howe", "2026-04-04"), 510);
        assert_eq!(minutes("Australia/Lord_Howe", "2026-10-03"), 450);
        assert_eq!(minutes("Asia/Karachi", "2026-03-28"), 480);
    }

    #[test]
    fn a_time_in_the_gap_is_read_with_the_offset_before() {
        let (from, to, minutes) = span("Europe/Berlin", "2026-03-29", "02:30", "10:00").expect("shift");
        assert_eq!((from.as_str(), to.as_str(), minutes), ("2026-03-29T01:30:00.000Z", "2026-03-29T08:00:00.000Z", 390));
        assert_eq!(span("Europe/Berlin", "2026-03-29", "02:30", "03:15"), Err(SpanError::Empty));
        assert_eq!(span("Europe/Berlin", "2026-03-29", "02:00", "03:00"), Err(SpanError::Empty));
        assert_eq!(span("Europe/Berlin", "2026-03-29", "09:00", "09:00"), Err(SpanError::Equal));
    }

    #[test]
    fn a_time_that_exists_twice_is_the_first_one() {
        let (from, to, minutes) = span("Europe/Berlin", "2026-10-25", "00:30", "02:30").expect("shift");
        assert_eq!((from.as_str(), to.as_str(), minutes), ("2026-10-24T22:30:00.000Z", "2026-10-25T00:30:00.000Z", 120));
        let (_, to, _) = span("America/New_York", "2026-11-01", "00:30", "01:30").expect("shift");
        assert_eq!(to, "2026-11-01T05:30:00.000Z");
    }

    #[test]
    fn days_begin_at_local_midnight() {
        let zone = Zone::parse("Australia/Lord_Howe").expect("zone");
        let (from, to) = zone.day("2026-04-05".parse().expect("date"));
        assert_eq!(to.minutes_since(from), 24 * 60 + 30);
        assert_eq!(zone.date(from).to_string(), "2026-04-05");
        assert_eq!(zone.date(Timestamp(from.0 - 1)).to_string(), "2026-04-04");
    }

    #[test]
    fn wall_times_are_strict() {
        for bad in ["9:00", "24:00", "09:60", "09:00:00", "ab:cd", "", "+9:00", "09-00"] {
            assert_eq!(WallTime::parse(bad), None, "{bad}");
        }
        assert_eq!(WallTime::parse("09:05").map(|t| t.to_string()).as_deref(), Some("09:05"));
    }
}
