//! How long a provider is waited for, and when it is asked again.

use std::time::Duration;

use rand::Rng;

use super::Failure;

/// Pauses and limits of waiting. The time that a whole answer may take is the caller's: it drops the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// From the request until the answer begins.
    pub first: Duration,
    /// From one sign of life in an answer to the next; the comments and pings with which servers say that they still think count.
    pub idle: Duration,
    /// How often one turn is asked for.
    pub tries: u32,
    /// Before the second try; doubled before each further one. A part is left to chance, so that callers do not come back together.
    pub pause: Duration,
    /// The longest that a provider's own wish (`Retry-After`) is waited for. One that wants more is given up at once: whoever asked
    /// would be gone by then.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            connect: Duration::from_secs(5),
            first: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            tries: 3,
            pause: Duration::from_millis(500),
            longest: Duration::from_secs(10),
        }
    }
}

impl Patience {
    /// How long to wait after so many tries; `None`: trying again is no use, or was tried often enough.
    pub(super) fn pause_after(&self, failure: &Failure, tried: u32) -> Option<Duration> {
        let wished = match failure {
            Failure::Overloaded { retry_after, .. } => *retry_after,
            Failure::Unreachable(_) => None,
            Failure::Refused { .. } | Failure::TimedOut | Failure::Malformed(_) => return None,
        };
        if tried >= self.tries || wished.is_some_and(|wished| wished > self.longest) {
            return None;
        }
        let pause = self.pause.saturating_mul(1 << (tried - 1).min(16)).min(self.longest);
        let pause = pause.mul_f64(rand::rng().random_range(0.75..1.25));
        Some(wished.map_or(pause, |wished| wished.max(pause)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overloaded(retry_after: Option<u64>) -> Failure {
        Failure::Overloaded { status: 429, retry_after: retry_after.map(Duration::from_secs) }
    }

    #[test]
    fn pauses_grow_and_end() {
        let patience = Patience::default();
        let within = |pause: Option<Duration>, least: u64, most: u64| {
            pause.is_some_and(|pause| (Duration::from_millis(least)..=Duration::from_millis(most)).contains(&pause))
        };
        for _ in 0..100 {
            assert!(within(patience.pause_after(&overloaded(None), 1), 375, 625));
            assert!(within(patience.pause_after(&Failure::Unreachable("gone".into()), 2), 750, 1_250));
        }
        assert_eq!(patience.pause_after(&overloaded(None), 3), None);
        let many = Patience { tries: u32::MAX, ..patience };
        assert!(many.pause_after(&overloaded(None), 1_000).is_some_and(|pause| pause <= many.longest.mul_f64(1.25)));
    }

    #[test]
    fn the_provider_s_own_wish_counts_unless_it_is_too_long() {
        let patience = Patience::default();
        assert_eq!(patience.pause_after(&overloaded(Some(3)), 1), Some(Duration::from_secs(3)));
        assert_eq!(patience.pause_after(&overloaded(Some(11)), 1), None);
        assert!(patience.pause_after(&overloaded(Some(0)), 1).is_some_and(|pause| pause >= Duration::from_millis(375)));
    }

    #[test]
    fn what_was_refused_or_cannot_be_read_is_not_asked_again() {
        let patience = Patience::default();
        let refused = Failure::Refused { status: 400, message: String::new() };
        for failure in [refused, Failure::TimedOut, Failure::Malformed(String::new())] {
            assert_eq!(patience.pause_after(&failure, 1), None, "{failure:?}");
        }
    }
}
