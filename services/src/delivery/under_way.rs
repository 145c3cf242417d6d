//! The mails that are on their way, and how many of them may be one company's.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;
use workforceos_core::id::CompanyId;

use super::OTHERS;

/// How many mails under way may be one company's: the addresses of another may be quicker.
const OF_ONE: usize = OTHERS - 2;

/// The mails that this process is sending, each with its company if that counts. A lease holds other nodes off; when the clock leaps it
/// may run out before its time.
#[derive(Clone, Default)]
pub struct UnderWay(Arc<Mutex<HashMap<Uuid, Option<CompanyId>>>>);

/// One of them; no longer once this is dropped.
pub struct OnItsWay {
    all: UnderWay,
    id: Uuid,
}

/// What may be claimed so that no company has more than its share.
#[derive(Debug, PartialEq, Eq)]
pub struct Share {
    pub most: usize,
    pub but: Vec<CompanyId>,
}

impl UnderWay {
    pub fn all(&self) -> HashSet<Uuid> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Option<CompanyId>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` if it is on its way already.
    pub fn set_out(&self, id: Uuid, company: Option<CompanyId>) -> Option<OnItsWay> {
        let mut all = self.lock();
        if all.contains_key(&id) {
            return None;
        }
        all.insert(id, company);
        Some(OnItsWay { all: self.clone(), id })
    }

    pub fn share(&self, room: usize) -> Share {
        let mut counts: HashMap<CompanyId, usize> = HashMap::new();
        for company in self.lock().values().flatten() {
            *counts.entry(*company).or_default() += 1;
        }
        let (but, others): (Vec<_>, Vec<_>) = counts.into_iter().partition(|(_, count)| *count >= OF_ONE);
        let busiest = others.into_iter().map(|(_, count)| count).max().unwrap_or_default();
        Share { most: room.min(OF_ONE - busiest), but: but.into_iter().map(|(company, _)| company).collect() }
    }
}

impl OnItsWay {
    /// It is there: what is left to do takes nobody's place.
    pub fn arrived(&self) {
        self.all.lock().insert(self.id, None);
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_company_has_all_places() {
        let (under_way, company) = (UnderWay::default(), |n| CompanyId(Uuid::from_u128(n)));
        let share = |most, but: &[CompanyId]| Share { most, but: but.to_vec() };
        assert_eq!(under_way.share(OTHERS), share(OF_ONE, &[]));
        let set_out = |n, of| under_way.set_out(Uuid::from_u128(n), of).expect("a new one");
        let code = set_out(100, None);
        let of_one: Vec<OnItsWay> = (0..OF_ONE as u128 - 1).map(|n| set_out(n, Some(company(1)))).collect();
        assert_eq!(under_way.share(OTHERS), share(1, &[]), "the next one may be its last");
        let last = set_out(200, Some(company(1)));
        assert!(under_way.set_out(Uuid::from_u128(200), Some(company(1))).is_none(), "it is on its way");
        assert_eq!(under_way.share(2), share(2, &[company(1)]));
        last.arrived();
        assert_eq!(under_way.share(2), share(1, &[]));
        drop((of_one, code, last));
        assert!(under_way.all().is_empty());
    }
}
