//! When a delivery that failed is tried again.

use chrono::DateTime;
use workforceos_core::time::Timestamp;

/// The pause after the first try; each is three times the one before.
const FIRST: i64 = 10_000;
const LONGEST: i64 = 4 * Timestamp::HOUR;
/// The longest pause that a target can ask for.
const LONGEST_ASKED: i64 = Timestamp::DAY;

/// The pause after so many tries. `chance`, from 0 to 1, lengthens it by up to a quarter: what failed together does not come back
/// together.
pub fn pause(attempts: i64, chance: f64) -> i64 {
    let tripled = 3_i64.checked_pow(u32::try_from(attempts - 1).unwrap_or(0)).and_then(|times| FIRST.checked_mul(times));
    let pause = tripled.unwrap_or(LONGEST).min(LONGEST);
    pause + (pause as f64 / 4.0 * chance.clamp(0.0, 1.0)) as i64
}

/// When the next try is: after the pause, or later if the target asked for it; never after the last moment, and then once at it.
pub fn next(began: Timestamp, pause: i64, asked: Option<i64>, last: Timestamp) -> Timestamp {
    let pause = asked.map_or(pause, |asked| pause.max(asked.min(LONGEST_ASKED)));
    Timestamp((began.0 + pause).min(last.0))
}

/// What `Retry-After` asks for, in milliseconds: seconds, or a date.
pub fn asked(header: &str, now: Timestamp) -> Option<i64> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit()) {
        return Some(header.parse::<i64>().map_or(i64::MAX, |seconds| seconds.saturating_mul(1000)));
    }
    let at = DateTime::parse_from_rfc2822(header).ok()?;
    Some((at.timestamp_millis() - now.0).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_seconds_to_hours() {
        let pauses: Vec<i64> = (1..=9).map(|n| pause(n, 0.0) / 1000).collect();
        assert_eq!(pauses, [10, 30, 90, 270, 810, 2_430, 7_290, 14_400, 14_400]);
        assert_eq!((pause(1, 1.0), pause(9, 1.0)), (12_500, LONGEST * 5 / 4));
        assert_eq!((pause(0, 0.0), pause(-4, 0.0), pause(1_000_000, 0.5)), (FIRST, FIRST, LONGEST * 9 / 8));
        assert!((1..40).all(|n| pause(n, 0.0) <= pause(n + 1, 0.0)));
    }

    #[test]
    fn three_days_hold_some_two_dozen_tries() {
        let (mut at, last, mut tries) = (Timestamp(0), Timestamp(3 * Timestamp::DAY), 0);
        loop {
            tries += 1;
            if at == last {
                break;
            }
            at = next(at, pause(tries, 0.0), None, last);
        }
        assert_eq!(tries, 26);
    }

    #[test]
    fn a_target_may_ask_for_more_time_within_bounds() {
        let (now, last) = (Timestamp(1_000), Timestamp(100 * Timestamp::DAY));
        assert_eq!(next(now, 10_000, None, last), Timestamp(11_000));
        assert_eq!(next(now, 10_000, Some(5_000), last), Timestamp(11_000));
        assert_eq!(next(now, 10_000, Some(60_000), last), Timestamp(61_000));
        assert_eq!(next(now, 10_000, Some(i64::MAX), last), Timestamp(1_000 + LONGEST_ASKED));
        assert_eq!(next(now, 10_000, Some(60_000), Timestamp(30_000)), Timestamp(30_000));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::parse("2026-06-01T06:00:00Z").expect("an instant");
        assert_eq!(asked(" 120 ", now), Some(120_000));
        assert_eq!(asked("Mon, 01 Jun 2026 06:01:00 GMT", now), Some(60_000));
        assert_eq!(asked("Mon, 01 Jun 2026 05:00:00 GMT", now), Some(0));
        assert_eq!(asked("99999999999999999999999", now), Some(i64::MAX));
        for bad in ["", "soon", "-5", "1.5", "2026-06-01T06:01:00Z"] {
            assert_eq!(asked(bad, now), None, "{bad}");
        }
    }
}
