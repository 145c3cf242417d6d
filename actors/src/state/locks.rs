//! Locked pay periods: days whose attendance people leave alone.

use std::collections::BTreeMap;

use uuid::Uuid;
use workforceos_core::objects::PayPeriodLock;
use workforceos_core::time::Date;

/// A locked span of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockedSpan {
    pub id: Uuid,
    pub from: Date,
    pub to: Date,
}

#[derive(Clone, Debug, Default)]
pub struct Locks(BTreeMap<Uuid, LockedSpan>);

impl Locks {
    pub(crate) fn apply(&mut self, lock: &PayPeriodLock) {
        let id = lock.meta.id;
        if lock.meta.is_active {
            self.0.insert(id, LockedSpan { id, from: lock.from_date, to: lock.to_date });
        } else {
            self.0.remove(&id);
        }
    }

    /// A lock on any of these days.
    pub fn overlapping(&self, from: Date, to: Date) -> Option<&LockedSpan> {
        self.0.values().find(|lock| lock.from <= to && from <= lock.to)
    }

    /// The lock on a day.
    pub fn on(&self, date: Date) -> Option<&LockedSpan> {
        self.overlapping(date, date)
    }
}
