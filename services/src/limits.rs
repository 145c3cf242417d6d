//! How often one may call: every login, every API key and, where no login is needed, every address has a bucket of its own,
//! which fills evenly (GCRA). A user's keys and the addresses of an IPv6 site share a larger one beside. In memory, bounded: a bucket that has filled up again is forgotten.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::UserId;
use workforceos_core::session::Session;
use workforceos_core::time::Clock;

use crate::Settings;

/// The most buckets of a kind that are remembered.
const REMEMBERED: u64 = 100_000;
/// The fewest calls that a login may make at once: pages ask for several things side by side.
const MIN_BURST: u32 = 10;
/// How many public reads count as much as one call that costs a hash or a mail.
const READS: u32 = 10;
/// How much more a user's keys may call together than one of them.
const KEYS: u32 = 4;
/// How many answers a minute agents give a user, and how many of them one after the other without a pause.
const ANSWERS: u32 = 30;
const ANSWERS_BURST: u32 = 10;
/// How much more an IPv6 site may call than one of its networks. One customer may have a whole site of 65 536 networks.
pub const SITE: u32 = 10;

/// The rates of logins and of addresses.
pub struct Limits {
    sessions: Option<Limiter>,
    /// Of the users whose keys call.
    users: Option<Limiter>,
    /// Of the users whom agents answer.
    asking: Option<Limiter>,
    callers: Addresses,
    readers: Addresses,
}

impl Limits {
    pub fn new(settings: &Settings, clock: &Arc<dyn Clock>) -> Limits {
        let (calls, public) = (settings.rate_limit, settings.public_rate_limit);
        let burst = (calls / 4).max(MIN_BURST);
        // Where one may call as often as one likes, one may ask as often.
        let answers = if calls == 0 { 0 } else { ANSWERS };
        Limits {
            sessions: Limiter::new(calls, burst, clock),
            users: Limiter::new(calls.saturating_mul(KEYS), burst.saturating_mul(KEYS), clock),
            asking: Limiter::new(answers, ANSWERS_BURST, clock),
            callers: Addresses::new(public, clock),
            readers: Addresses::new(public.saturating_mul(READS), clock),
        }
    }

    /// Counts a call of a login or API key. 429 if it came too soon.
    pub fn count(&self, session: &Session) -> Result<()> {
        let (Some(sessions), Some(users)) = (&self.sessions, &self.users) else { return Ok(()) };
        sessions.count(session.id.0.as_u128(), "This login makes too many calls")?;
        // Many keys are no way around the limit of one.
        if session.key.is_some() { users.count(session.user.0.as_u128(), "Your API keys make too many calls") } else { Ok(()) }
    }

    /// Counts an answer of an agent to a user. 429 if it was asked for too soon.
    pub fn count_answer(&self, user: UserId) -> Result<()> {
        self.asking.as_ref().map_or(Ok(()), |asking| asking.count(user.0.as_u128(), "You ask agents too often"))
    }

    /// Counts a call that needs no login; `reading`: one that only reads. 429 if it came too soon.
    pub fn count_public(&self, address: Option<IpAddr>, reading: bool) -> Result<()> {
        // What did not come over the network is the program's own.
        let Some(address) = address else { return Ok(()) };
        if reading { self.readers.count(address) } else { self.callers.count(address) }
    }
}

/// One rate of addresses, and the larger one of sites.
struct Addresses {
    networks: Option<Limiter>,
    sites: Option<Limiter>,
}

impl Addresses {
    fn new(per_minute: u32, clock: &Arc<dyn Clock>) -> Addresses {
        // Many people may sit behind one address, and come at the same time in the morning.
        let limiter = |calls: u32| Limiter::new(calls, calls, clock);
        Addresses { networks: limiter(per_minute), sites: limiter(per_minute.saturating_mul(SITE)) }
    }

    fn count(&self, address: IpAddr) -> Result<()> {
        let (Some(networks), Some(sites)) = (&self.networks, &self.sites) else { return Ok(()) };
        match network(address) {
            IpAddr::V4(v4) => networks.count(v4.to_bits().into(), FROM_ADDRESS),
            IpAddr::V6(v6) => {
                networks.count(v6.to_bits(), FROM_ADDRESS)?;
                sites.count(upper(v6, SITE_BITS).to_bits(), FROM_ADDRESS)
            }
        }
    }
}

const FROM_ADDRESS: &str = "Too many calls come from your address";

/// What counts as one address: an IPv4 address, or the network of an IPv6 one, all of which is usually one customer's.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => upper(v6, NETWORK_BITS).into(),
        v4 => v4,
    }
}

/// What one customer may have: an IPv4 address, or the site of an IPv6 one.
pub fn site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => upper(v6, SITE_BITS).into(),
        v4 => v4,
    }
}

const NETWORK_BITS: u32 = 64;
const SITE_BITS: u32 = 48;

/// An address of which all but so many of the upper bits are zero.
fn upper(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    let below = 128 - bits;
    Ipv6Addr::from_bits(address.to_bits() >> below << below)
}

/// One rate for many callers, each with a number of its own.
struct Limiter(RateLimiter<u128, Buckets, Time, NoOpMiddleware<Duration>>);

impl Limiter {
    /// `None` where there is no limit.
    fn new(per_minute: u32, burst: u32, clock: &Arc<dyn Clock>) -> Option<Limiter> {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute)?).allow_burst(NonZeroU32::new(burst)?);
        let full = quota.replenish_interval().saturating_mul(burst);
        // A bucket that was left alone until it is full again is like a new one.
        let buckets = Cache::builder().max_capacity(REMEMBERED).time_to_idle(full + Duration::from_secs(1)).build();
        Some(Limiter(RateLimiter::new(quota, Buckets(buckets), Time(clock.clone()))))
    }

    fn count(&self, key: u128, what: &str) -> Result<()> {
        let Err(not_until) = self.0.check_key(&key) else { return Ok(()) };
        let wait = not_until.wait_time_from(self.0.clock().now());
        let seconds = u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1);
        Err(Error::rate_limited(seconds, format!("{what}; try again in {seconds} s")))
    }
}

/// The buckets in use. Each is a number that is exchanged without a lock.
struct Buckets(Cache<u128, Arc<InMemoryState>>);

impl StateStore for Buckets {
    type Key = u128;

    fn measure_and_replace<T, F, E>(&self, key: &u128, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0.get_with(*key, Arc::default).measure_and_replace(&NotKeyed::NonKey, f)
    }
}

/// Our clock, as the limiter reads it.
struct Time(Arc<dyn Clock>);

impl governor::clock::Clock for Time {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().0).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use workforceos_core::time::{ManualClock, Timestamp};

    fn clock() -> (Arc<ManualClock>, Arc<dyn Clock>) {
        let clock = Arc::new(ManualClock::at(Timestamp(1_780_000_000_000)));
        (clock.clone(), clock)
    }

    fn after(clock: &ManualClock, millis: i64) {
        clock.set(Timestamp(clock.now().0 + millis));
    }

    #[test]
    fn a_bucket_gives_its_burst_then_fills_evenly() {
        let (manual, clock) = clock();
        let limiter = Limiter::new(60, 15, &clock).expect("a limit");
        for _ in 0..15 {
            limiter.count(1, "Too many").expect("within the burst");
        }
        let refused = limiter.count(1, "Too many").expect_err("the burst is over");
        assert_eq!((refused.status.http(), &*refused.code, refused.retry_after), (429, "RateLimited", Some(1)));
        limiter.count(2, "Too many").expect("others have a bucket of their own");
        after(&manual, 999);
        limiter.count(1, "Too many").expect_err("not yet");
        after(&manual, 1);
        limiter.count(1, "Too many").expect("one a second");
        limiter.count(1, "Too many").expect_err("but no more");
        after(&manual, 3_600_000);
        for _ in 0..15 {
            limiter.count(1, "Too many").expect("never more than the burst is saved up");
        }
        limiter.count(1, "Too many").expect_err("the burst is over again");
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds() {
        let (_, clock) = clock();
        let limiter = Limiter::new(6, 1, &clock).expect("a limit");
        limiter.count(1, "Too many").expect("the first");
        assert_eq!(limiter.count(1, "Too many").expect_err("the second").retry_after, Some(10));
        assert!(Limiter::new(0, 10, &clock).is_none(), "0 is no limit");
    }

    #[test]
    fn buckets_are_bounded() {
        let (_, clock) = clock();
        let limiter = Limiter::new(60, 15, &clock).expect("a limit");
        for key in 0..REMEMBERED + 5_000 {
            limiter.count(key.into(), "Too many").expect("each its first");
        }
        let Buckets(buckets) = limiter.0.into_state_store();
        buckets.run_pending_tasks();
        assert!(buckets.entry_count() <= REMEMBERED, "{}", buckets.entry_count());
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let of = |text: &str| network(text.parse().expect("an address")).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2::1"), "2001:db8:1:2::");
        assert_eq!(of("203.0.113.9"), "203.0.113.9");
        assert_eq!(of("::ffff:203.0.113.9"), "203.0.113.9", "IPv4 by another name");
        let of = |text: &str| site(text.parse().expect("an address")).to_string();
        assert_eq!((of("2001:db8:1:2:3:4:5:6"), of("203.0.113.9")), ("2001:db8:1::".to_owned(), "203.0.113.9".to_owned()));
    }

    #[test]
    fn many_networks_of_an_ipv6_site_have_ten_times_the_rate_of_one() {
        let (_, clock) = clock();
        let addresses = Addresses::new(3, &clock);
        let of = |site: u128, network: u128| IpAddr::from(Ipv6Addr::from_bits(0x2001_0db8 << 96 | site << 80 | network << 64));
        for network in 0..u128::from(3 * SITE) {
            addresses.count(of(1, network)).expect("the first of its network");
        }
        addresses.count(of(1, 99)).expect_err("the site has had enough");
        addresses.count(of(2, 0)).expect("another site");
        for last in 0..100 {
            addresses.count(IpAddr::from([203, 0, 113, last])).expect("IPv4 addresses are each for themselves");
        }
    }
}
