//! Places for analyses that run: each holds many facts in memory, and reads as many rows. A company has two of the server's, so that
//! none keeps all others waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::CompanyId;

/// How many run at once.
const AT_ONCE: usize = 4;
/// How many of them may be one company's.
pub const PER_COMPANY: usize = 2;
/// How long an analysis waits for its place.
const WAIT: Duration = Duration::from_secs(30);
/// Seconds after which trying again makes sense.
const AGAIN: u32 = 5;

/// Those of the whole server.
pub struct Places {
    all: Arc<Semaphore>,
    companies: Mutex<HashMap<CompanyId, Weak<Semaphore>>>,
    wait: Duration,
}

/// A place for one analysis; given back when it is dropped.
pub struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_company: OwnedSemaphorePermit,
}

impl Default for Places {
    fn default() -> Places {
        Places { all: Arc::new(Semaphore::new(AT_ONCE)), companies: Mutex::default(), wait: WAIT }
    }
}

impl Places {
    /// A place for an analysis of a company, in the order in which they are asked for: 429 if the company's others do not end in
    /// time, 503 if those of other companies do not.
    pub async fn take(&self, company: CompanyId) -> Result<Place> {
        let until = Instant::now() + self.wait;
        let own = timeout_at(until, self.of(company).acquire_owned()).await;
        let enough = |_| Error::rate_limited(AGAIN, "Your company has too many analyses running; let them end");
        let own = own.map_err(enough)?.map_err(Error::internal)?;
        let all = timeout_at(until, self.all.clone().acquire_owned()).await;
        let busy = |_| Error { retry_after: Some(AGAIN), ..Error::unavailable("Too many analyses at the moment; try again") };
        let all = all.map_err(busy)?.map_err(Error::internal)?;
        Ok(Place { _of_all: all, _of_company: own })
    }

    /// A company's places. Who has none taken is forgotten.
    fn of(&self, company: CompanyId) -> Arc<Semaphore> {
        let mut companies = self.companies.lock().unwrap_or_else(PoisonError::into_inner);
        companies.retain(|_, places| places.strong_count() > 0);
        companies.get(&company).and_then(Weak::upgrade).unwrap_or_else(|| {
            let places = Arc::new(Semaphore::new(PER_COMPANY));
            companies.insert(company, Arc::downgrade(&places));
            places
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn company(number: u128) -> CompanyId {
        CompanyId(Uuid::from_u128(number))
    }

    fn hasty() -> Places {
        Places { wait: Duration::from_millis(20), ..Places::default() }
    }

    #[tokio::test]
    async fn one_company_leaves_places_for_others() {
        let places = hasty();
        let first = places.take(company(1)).await.expect("a place");
        let _second = places.take(company(1)).await.expect("a place");
        let refused = places.take(company(1)).await.err().expect("no third");
        assert_eq!((refused.status.http(), refused.retry_after), (429, Some(AGAIN)));
        let _other = places.take(company(2)).await.expect("others have their own");
        // Who waits gets it once it is free.
        let patient = Places { wait: WAIT, ..places };
        let (third, ()) = tokio::join!(patient.take(company(1)), async { drop(first) });
        assert!(third.is_ok());
    }

    #[tokio::test]
    async fn a_full_server_says_so_and_forgets_who_has_ended() {
        let places = hasty();
        let mut taken = Vec::new();
        for number in [1, 1, 2, 2] {
            taken.push(places.take(company(number)).await.expect("a place"));
        }
        let refused = places.take(company(3)).await.err().expect("it is full");
        assert_eq!((refused.status.http(), refused.retry_after), (503, Some(AGAIN)));
        taken.clear();
        let _one = places.take(company(4)).await.expect("a place");
        assert_eq!(places.companies.lock().expect("the companies").len(), 1);
    }
}
