//! Telling the rest of the process of every entry, once each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use workforceos_core::change::Entry;
use workforceos_core::id::CompanyId;

/// Called for every committed entry; see [`super::HubSettings::on_entries`].
pub type OnEntry = Arc<dyn Fn(&Entry) + Send + Sync>;

/// Called when entries may have been missed; see [`super::HubSettings::on_lost`].
pub type OnLost = Arc<dyn Fn() + Send + Sync>;

/// What of one company's journal was told.
#[derive(Default)]
struct Told {
    head: i64,
    /// Ranges before `head` that are still missing, both ends included.
    missing: Vec<(i64, i64)>,
}

impl Told {
    /// Whether the entry is new; it counts as told from here on.
    fn first_time(&mut self, seq: i64) -> bool {
        if seq > self.head {
            // What came before the first entry seen counts as missing too: reads fill caches without publishing anything.
            if seq > self.head + 1 {
                self.missing.push((self.head + 1, seq - 1));
            }
            self.head = seq;
            return true;
        }
        let Some(at) = self.missing.iter().position(|(from, to)| (*from..=*to).contains(&seq)) else {
            return false;
        };
        let (from, to) = self.missing.swap_remove(at);
        self.missing.extend([(from, seq - 1), (seq + 1, to)].into_iter().filter(|(from, to)| from <= to));
        true
    }
}

/// The callback and what it was told.
pub(super) struct Observer {
    call: Option<OnEntry>,
    on_lost: Option<OnLost>,
    told: Mutex<HashMap<CompanyId, Told>>,
}

impl Observer {
    pub fn new(call: Option<OnEntry>, on_lost: Option<OnLost>) -> Observer {
        Observer { call, on_lost, told: Mutex::default() }
    }

    /// Entries may never come by: what depends on them must not trust what it has.
    pub fn lost(&self) {
        if let Some(on_lost) = &self.on_lost {
            on_lost();
        }
    }

    /// Calls back for those entries of one company that are new.
    pub fn tell(&self, company: CompanyId, entries: &[Entry]) {
        let Some(call) = &self.call else { return };
        let new: Vec<&Entry> = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let told = told.entry(company).or_default();
            entries.iter().filter(|entry| told.first_time(entry.seq)).collect()
        };
        // Outside the lock: a callback may take its time, or publish.
        new.into_iter().for_each(|entry| call(entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_is_new_once_also_across_gaps() {
        let mut told = Told::default();
        let order = [7, 8, 8, 12, 10, 7, 9, 10, 11, 12, 3, 13];
        let new: Vec<i64> = order.into_iter().filter(|seq| told.first_time(*seq)).collect();
        assert_eq!(new, [7, 8, 12, 10, 9, 11, 3, 13]);
        assert_eq!(told.missing, [(1, 2), (4, 6)]);
    }
}
