//! Reading times as tests write them.

use workforceos_core::time::{Date, Timestamp};

/// An instant such as `2026-06-15T07:05:00Z`.
pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("{text} is no instant"))
}

/// A date such as `2026-06-15`.
pub fn day(text: &str) -> Date {
    text.parse().unwrap_or_else(|_| panic!("{text} is no date"))
}

/// An instant some minutes later, or before.
pub fn plus(at: Timestamp, minutes: i64) -> Timestamp {
    at.plus_minutes(minutes)
}
