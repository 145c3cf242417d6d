//! Where the journals stand, as this process has seen it: whoever puts back an older state of the database cannot put back this.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use workforceos_core::id::CompanyId;

use crate::chain::Head;
use crate::walk::Mark;

/// Of each company the furthest head that was committed or proved.
#[derive(Default)]
pub(crate) struct Heads(Mutex<HashMap<CompanyId, Known>>);

#[derive(Default)]
struct Known {
    seq: i64,
    chain: String,
    /// The database was behind this, or said otherwise: nothing later in it takes this one's place.
    contradicted: bool,
}

impl Heads {
    /// Notes a head that is in the database for good, and follows from what was known.
    pub(crate) fn note(&self, company: CompanyId, seq: i64, chain: &str) {
        let mut all = self.lock();
        let known = all.entry(company).or_default();
        if !known.contradicted && known.seq < seq {
            (known.seq, known.chain) = (seq, chain.to_owned());
        }
    }

    /// Compares a head that nobody can move meanwhile.
    pub(crate) fn compare(&self, company: CompanyId, head: &Head) {
        let mut all = self.lock();
        let Some(known) = all.get_mut(&company) else { return };
        let put_back = head.seq < known.seq || (head.seq == known.seq && head.chain != known.chain);
        if put_back && !known.contradicted {
            known.contradicted = true;
            tracing::error!(%company, seq = head.seq, known = known.seq, "the journal was put back to an older state, or altered");
        }
    }

    pub(crate) fn of(&self, company: CompanyId) -> Option<Mark> {
        self.lock().get(&company).map(|known| Mark { seq: known.seq, chain: Some(known.chain.clone()) })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CompanyId, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: i64, chain: &str) -> Head {
        Head { seq, chain: chain.to_owned(), ..Head::default() }
    }

    #[test]
    fn what_was_seen_stays_once_the_database_contradicts_it() {
        let heads = Heads::default();
        heads.compare(CompanyId::ROOT, &head(3, "c3"));
        heads.note(CompanyId::ROOT, 5, "c5");
        heads.note(CompanyId::ROOT, 4, "c4");
        // Other nodes go on.
        heads.compare(CompanyId::ROOT, &head(7, "c7"));
        heads.note(CompanyId::ROOT, 8, "c8");
        let known = Some(Mark { seq: 8, chain: Some("c8".to_owned()) });
        assert_eq!(heads.of(CompanyId::ROOT), known);
        for put_back in [head(6, "c6"), head(8, "other")] {
            heads.compare(CompanyId::ROOT, &put_back);
            heads.note(CompanyId::ROOT, 9, "c9");
            assert_eq!(heads.of(CompanyId::ROOT), known);
        }
    }
}
