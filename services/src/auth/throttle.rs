//! Guessing is slowed, then locked for a while: per account and per address. In memory, bounded.

use moka::ops::compute::Op;
use moka::sync::Cache;
use workforceos_core::error::{Error, Result};
use workforceos_core::time::Timestamp;

use crate::limits::SITE;

/// The most accounts and addresses that are remembered.
const REMEMBERED: u64 = 100_000;
/// How long failures count, and how long a lock lasts.
const LOCK: i64 = 15 * Timestamp::MINUTE;
/// The time between two codes to one address.
pub const RESEND: i64 = Timestamp::MINUTE;
/// The most codes that one account is mailed in that time, by however many logins.
const MAILS: usize = 5;

/// How many tries one may have.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Tries without a wait.
    free: u32,
    /// Tries after which nothing is heard for a while.
    lock: u32,
}

impl Limit {
    pub const fn new(free: u32, lock: u32) -> Limit {
        Limit { free, lock }
    }
}

/// Of one account.
pub const ACCOUNT: Limit = Limit::new(5, 12);
/// Of one network address, behind which many people may sit.
pub const ADDRESS: Limit = Limit::new(60, 200);
/// Of one IPv6 site, which holds many networks.
pub const ADDRESSES: Limit = Limit::new(60 * SITE, 200 * SITE);

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    last: Timestamp,
}

impl Tries {
    /// When the next try is heard.
    fn next(self, limit: Limit) -> Timestamp {
        let wait = match self.count {
            n if n < limit.free => 0,
            n if n >= limit.lock => LOCK,
            n => 1_000 << (n - limit.free).min(6),
        };
        Timestamp(self.last.0 + wait)
    }
}

/// A code that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    pub at: Timestamp,
    /// Which code it is, counted from 1.
    pub index: i64,
}

/// Remembers who tried what, and when.
pub struct Throttle {
    tries: Cache<String, Tries>,
    started: Cache<String, Started>,
    mailed: Cache<String, Vec<Timestamp>>,
    /// When something was noted last, and how often it happened since.
    noted: Cache<String, (Timestamp, u32)>,
}

impl Throttle {
    #[expect(clippy::new_without_default, reason = "made once, by the application")]
    pub fn new() -> Throttle {
        Throttle {
            tries: Cache::new(REMEMBERED),
            started: Cache::new(REMEMBERED),
            mailed: Cache::new(REMEMBERED),
            noted: Cache::new(REMEMBERED),
        }
    }

    /// Counts a try before it is made, so that many at once cannot slip through. 429 if it comes too soon.
    pub fn attempt(&self, key: &str, limit: Limit, now: Timestamp) -> Result<()> {
        let mut refused = None;
        self.tries.entry_by_ref(key).and_compute_with(|entry| {
            let tries =
                entry.map(|e| e.into_value()).filter(|t| now.0 - t.last.0 < LOCK).unwrap_or(Tries { count: 0, last: now });
            let next = tries.next(limit);
            if next > now {
                refused = Some((next.0 - now.0).div_euclid(1000) + 1);
                return Op::Nop;
            }
            Op::Put(Tries { count: tries.count + 1, last: now })
        });
        match refused {
            None => Ok(()),
            Some(seconds) => {
                let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
                Err(Error::rate_limited(seconds, "Too many failed tries; wait a little before the next one"))
            }
        }
    }

    /// The account's owner is in: its failures are forgotten.
    pub fn forgive(&self, key: &str) {
        self.tries.invalidate(key);
    }

    /// A try that was none of the guesses: it is taken off again.
    pub fn take_back(&self, key: &str) {
        self.tries.entry_by_ref(key).and_compute_with(|entry| match entry.map(|e| e.into_value()) {
            Some(tries) => Op::Put(Tries { count: tries.count.saturating_sub(1), ..tries }),
            None => Op::Nop,
        });
    }

    /// Counts a code asked for; `None` if the one before is younger than a minute.
    pub fn start(&self, key: &str, now: Timestamp) -> Option<Started> {
        self.start_if(key, now, || true)
    }

    /// As [`Throttle::start`], for one of several logins of an account: `None` as well if the account was mailed enough.
    pub fn start_of(&self, account: &str, key: &str, now: Timestamp) -> Option<Started> {
        self.start_if(key, now, || self.mail(account, now))
    }

    fn start_if(&self, key: &str, now: Timestamp, allowed: impl FnOnce() -> bool) -> Option<Started> {
        let mut started = None;
        self.started.entry_by_ref(key).and_compute_with(|entry| {
            let last = entry.map(|e| e.into_value());
            if last.is_some_and(|last| now.0 - last.at.0 < RESEND) || !allowed() {
                return Op::Nop;
            }
            let next = Started { at: now, index: last.map_or(1, |last| last.index + 1) };
            started = Some(next);
            Op::Put(next)
        });
        started
    }

    /// Counts a mail to an account, unless it had enough.
    fn mail(&self, account: &str, now: Timestamp) -> bool {
        let mut fits = false;
        self.mailed.entry_by_ref(account).and_compute_with(|entry| {
            let mut times = entry.map(|e| e.into_value()).unwrap_or_default();
            times.retain(|at| now.0 - at.0 < RESEND);
            fits = times.len() < MAILS;
            if !fits {
                return Op::Nop;
            }
            times.push(now);
            Op::Put(times)
        });
        fits
    }

    /// Whether something may be noted again: once a minute.
    pub fn note(&self, key: &str, now: Timestamp) -> bool {
        self.tally(key, now, Timestamp::MINUTE).is_some()
    }

    /// Counts what is noted once in so many milliseconds: if it is time again, how often it happened since it was noted last.
    pub fn tally(&self, key: &str, now: Timestamp, every: i64) -> Option<u32> {
        let mut told = None;
        self.noted.entry_by_ref(key).and_compute_with(|entry| match entry.map(|e| e.into_value()) {
            Some((last, unheard)) if now.0 - last.0 < every => Op::Put((last, unheard.saturating_add(1))),
            before => {
                told = Some(before.map_or(0, |(_, unheard)| unheard).saturating_add(1));
                Op::Put((now, 0))
            }
        });
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use workforceos_core::time::{Clock, ManualClock};

    fn after(clock: &ManualClock, millis: i64) -> Timestamp {
        clock.set(Timestamp(clock.now().0 + millis));
        clock.now()
    }

    #[test]
    fn an_account_is_slowed_then_locked_then_heard_again() {
        let (throttle, clock) = (Throttle::new(), ManualClock::at(Timestamp(1_780_000_000_000)));
        for _ in 0..ACCOUNT.free {
            assert!(throttle.attempt("ann", ACCOUNT, clock.now()).is_ok());
        }
        let refused = throttle.attempt("ann", ACCOUNT, clock.now()).expect_err("slowed");
        assert_eq!((refused.status.http(), refused.retry_after), (429, Some(2)));
        assert!(throttle.attempt("bob", ACCOUNT, clock.now()).is_ok(), "others are not");
        for wait in [1, 2, 4, 8, 16, 32, 64] {
            assert!(throttle.attempt("ann", ACCOUNT, after(&clock, wait * 1000 - 1)).is_err());
            assert!(throttle.attempt("ann", ACCOUNT, after(&clock, 1)).is_ok());
        }
        assert!(throttle.attempt("ann", ACCOUNT, after(&clock, LOCK - 1)).is_err(), "locked");
        assert!(throttle.attempt("ann", ACCOUNT, after(&clock, 1)).is_ok());
    }

    #[test]
    fn a_success_forgives_the_account_and_returns_the_address_its_try() {
        let (throttle, now) = (Throttle::new(), Timestamp(0));
        for _ in 0..ACCOUNT.free {
            assert!(throttle.attempt("ann", ACCOUNT, now).is_ok());
        }
        throttle.forgive("ann");
        assert!(throttle.attempt("ann", ACCOUNT, now).is_ok());
        for _ in 0..ADDRESS.lock * 2 {
            assert!(throttle.attempt("10.0.0.1", ADDRESS, now).is_ok());
            throttle.take_back("10.0.0.1");
        }
    }

    #[test]
    fn codes_come_once_a_minute_and_are_counted() {
        let throttle = Throttle::new();
        assert_eq!(throttle.start("ann", Timestamp(0)).map(|s| s.index), Some(1));
        assert_eq!(throttle.start("ann", Timestamp(59_999)), None);
        assert_eq!(throttle.start("ann", Timestamp(60_000)).map(|s| s.index), Some(2));
    }

    #[test]
    fn an_account_is_mailed_a_few_codes_a_minute_however_many_logins_ask() {
        let throttle = Throttle::new();
        let start = |login: &str, at| throttle.start_of("ann", login, Timestamp(at));
        for login in ["1", "2", "3", "4", "5"] {
            assert!(start(login, 0).is_some());
            assert!(start(login, 30_000).is_none(), "one login, too soon: that is no mail");
        }
        assert!(start("6", 59_999).is_none());
        assert!(throttle.start_of("bob", "7", Timestamp(59_999)).is_some(), "others are mailed");
        assert_eq!(start("6", 60_000).map(|s| s.index), Some(1), "what was refused is no start");
    }

    #[test]
    fn a_note_is_taken_once_a_minute() {
        let throttle = Throttle::new();
        assert!(throttle.note("ann", Timestamp(0)));
        assert!(!throttle.note("ann", Timestamp(59_999)));
        assert!(throttle.note("ann", Timestamp(60_000)));
        assert_eq!(throttle.tally("ann", Timestamp(60_001), Timestamp::MINUTE), None);
        assert_eq!(throttle.tally("ann", Timestamp(61_000), Timestamp::MINUTE), None);
        assert_eq!(
            throttle.tally("ann", Timestamp(120_000), Timestamp::MINUTE),
            Some(3),
            "two that were not noted, and this one"
        );
    }
}
