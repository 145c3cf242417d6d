//! Where the journals stand, as this process has seen it: whoever puts back an older state of the database cannot put back this.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use workforceos_core::id::CompanyId;

use crate::chain::Head;
use crate::walk::Mark;

/// Of each company the furthest head that was committed or seen.
#[derive(Default)]
pub(crate) struct Heads(Mutex<HashMap<CompanyId, (i64, String)>>);

impl Heads {
    /// Notes a head that is in the database for good.
    pub(crate) fn note(&self, company: CompanyId, head: &Head) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(company).or_default();
        if known.0 < head.seq {
            *known = (head.seq, head.chain.clone());
        }
    }

    pub(crate) fn of(&self, company: CompanyId) -> Option<Mark> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&company).map(|(seq, chain)| Mark { seq: *seq, chain: Some(chain.clone()) })
    }
}
