//! The shifts of the loaded days.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use workforceos_core::id::ShiftId;
use workforceos_core::objects::Shift;
use workforceos_core::time::Date;
use workforceos_core::zone::{next_day, previous_day};

#[derive(Clone, Debug, Default)]
pub struct Schedule {
    shifts: HashMap<ShiftId, Arc<Shift>>,
    by_day: BTreeMap<Date, Vec<ShiftId>>,
}

impl Schedule {
    /// Takes over a shift as written; with `here` false only its absence.
    pub(crate) fn apply(&mut self, shift: Shift, here: bool) {
        let id = ShiftId(shift.meta.id);
        if let Some(old) = self.shifts.remove(&id)
            && let Some(ids) = self.by_day.get_mut(&old.shift_date)
        {
            ids.retain(|i| *i != id);
        }
        if here && shift.meta.is_active {
            self.by_day.entry(shift.shift_date).or_default().push(id);
            self.shifts.insert(id, Arc::new(shift));
        }
    }

    pub(crate) fn forget_before(&mut self, date: Date) {
        let kept = self.by_day.split_off(&date);
        for id in std::mem::replace(&mut self.by_day, kept).into_values().flatten() {
            self.shifts.remove(&id);
        }
    }

    pub fn get(&self, id: ShiftId) -> Option<&Arc<Shift>> {
        self.shifts.get(&id)
    }

    pub fn on(&self, date: Date) -> impl Iterator<Item = &Arc<Shift>> {
        self.by_day.get(&date).into_iter().flatten().filter_map(|id| self.shifts.get(id))
    }

    /// Shifts that may overlap one of this date: its neighbours too, since nights cross midnight.
    pub fn around(&self, date: Date) -> impl Iterator<Item = &Arc<Shift>> {
        self.on(previous_day(date)).chain(self.on(date)).chain(self.on(next_day(date)))
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Shift>> {
        self.by_day.values().flatten().filter_map(|id| self.shifts.get(id))
    }
}
