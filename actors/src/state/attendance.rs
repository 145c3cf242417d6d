//! The attendance of the loaded days: one record per user and shift.

use std::collections::HashMap;
use std::sync::Arc;

use workforceos_core::id::{AttendanceId, ShiftId, UserId};
use workforceos_core::objects::AttendanceRecord;
use workforceos_core::time::Date;

#[derive(Clone, Debug, Default)]
pub struct Attendance {
    records: HashMap<(ShiftId, UserId), Arc<AttendanceRecord>>,
    by_id: HashMap<AttendanceId, (ShiftId, UserId)>,
    per_shift: HashMap<ShiftId, usize>,
}

impl Attendance {
    pub(crate) fn apply(&mut self, record: AttendanceRecord) {
        let key = (record.shift_id, record.user_id);
        self.by_id.insert(AttendanceId(record.meta.id), key);
        if self.records.insert(key, Arc::new(record)).is_none() {
            *self.per_shift.entry(key.0).or_default() += 1;
        }
    }

    pub(crate) fn forget_before(&mut self, date: Date) {
        self.records.retain(|_, record| record.shift_date >= date);
        let records = &self.records;
        self.by_id.retain(|_, key| records.contains_key(key));
        self.per_shift.clear();
        for (shift, _) in self.records.keys() {
            *self.per_shift.entry(*shift).or_default() += 1;
        }
    }

    pub fn of(&self, shift: ShiftId, user: UserId) -> Option<&Arc<AttendanceRecord>> {
        self.records.get(&(shift, user))
    }

    pub fn get(&self, id: AttendanceId) -> Option<&Arc<AttendanceRecord>> {
        self.by_id.get(&id).and_then(|key| self.records.get(key))
    }

    /// Whether anybody has a record at the shift.
    pub fn at(&self, shift: ShiftId) -> bool {
        self.per_shift.contains_key(&shift)
    }

    /// Records of people who came and have not left.
    pub fn open(&self) -> impl Iterator<Item = &Arc<AttendanceRecord>> {
        self.records.values().filter(|r| r.check_in_time.is_some() && r.check_out_time.is_none())
    }
}
