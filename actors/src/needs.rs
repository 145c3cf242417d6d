//! What a decision asks for before it is made, and what it then looks at.

use std::collections::HashMap;

use uuid::Uuid;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{AttendanceId, IdSource, ShiftId};
use workforceos_core::object::{DataObject, ObjectDef, Record};
use workforceos_core::query::Query;
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::{next_day, previous_day};

use crate::state::State;
use crate::tasks::TaskNeed;

/// What a decision needs beside the hot state: loaded in the turn, before it is decided.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// These rows, active or not, whatever becomes of them.
    pub rows: Vec<(&'static ObjectDef, Uuid)>,
    /// All rows of these reads.
    pub queries: Vec<Query>,
    /// All shifts, attendance and leave of these days (inclusive).
    pub days: Vec<(Date, Date)>,
    /// The days around this shift.
    pub shift: Option<ShiftId>,
    /// The days around this record's shift.
    pub attendance: Option<AttendanceId>,
    /// The days around every shift that has not ended yet.
    pub future: bool,
    /// What the timers have to look at.
    pub due: bool,
    /// These tasks, with what their change may change.
    pub tasks: Vec<TaskNeed>,
    /// Reads that follow from the rows read so far.
    pub follow: Vec<Follow>,
}

/// Names more reads by what was read.
pub type Follow = fn(&HashMap<Uuid, Record>) -> Vec<Query>;

impl Needs {
    pub fn none() -> Needs {
        Needs::default()
    }

    pub fn row<T: DataObject>(id: impl Into<Uuid>) -> Needs {
        Needs { rows: vec![(T::def(), id.into())], ..Needs::default() }
    }

    pub fn and_row<T: DataObject>(mut self, id: impl Into<Uuid>) -> Needs {
        self.rows.push((T::def(), id.into()));
        self
    }

    pub fn and_query(mut self, query: Query) -> Needs {
        self.queries.push(query);
        self
    }

    /// What either needs.
    pub fn and(mut self, other: Needs) -> Needs {
        self.rows.extend(other.rows);
        self.queries.extend(other.queries);
        self.days.extend(other.days);
        self.tasks.extend(other.tasks);
        self.follow.extend(other.follow);
        Needs {
            shift: self.shift.or(other.shift),
            attendance: self.attendance.or(other.attendance),
            future: self.future || other.future,
            due: self.due || other.due,
            ..self
        }
    }

    /// And what follows from the rows above.
    pub fn and_follow(mut self, follow: Follow) -> Needs {
        self.follow.push(follow);
        self
    }

    pub fn shift(id: ShiftId) -> Needs {
        Needs { shift: Some(id), ..Needs::default() }
    }

    pub fn attendance(id: AttendanceId) -> Needs {
        Needs { attendance: Some(id), ..Needs::default() }
    }

    pub fn tasks(need: TaskNeed) -> Needs {
        Needs { tasks: vec![need], ..Needs::default() }
    }

    /// The days around a date.
    pub fn around(mut self, date: Date) -> Needs {
        self.days.push((previous_day(date), next_day(date)));
        self
    }
}

/// What a decision looks at.
pub struct Facts<'a> {
    pub state: &'a State,
    pub now: Timestamp,
    pub ids: &'a IdSource,
    pub(crate) rows: &'a HashMap<Uuid, Record>,
}

impl Facts<'_> {
    /// A row that was asked for, active or not.
    pub fn any<T: DataObject>(&self, id: impl Into<Uuid>) -> Result<Option<T>> {
        let record = self.rows.get(&id.into()).filter(|r| *r.def == *T::def());
        record.cloned().map(T::from_record).transpose()
    }

    /// An active row that was asked for, else 404.
    pub fn row<T: DataObject>(&self, id: impl Into<Uuid>) -> Result<T> {
        self.any::<T>(id)?.filter(|row| row.meta().is_active).ok_or_else(|| Error::not_found(T::def().name))
    }

    /// All active rows of an object that were asked for, in the order of their ids.
    pub fn rows<T: DataObject>(&self) -> Result<Vec<T>> {
        self.rows_where(|_| true)
    }

    /// As [`Facts::rows`], of those that fit: other commands decided together may have asked for others.
    pub fn rows_where<T: DataObject>(&self, fits: impl Fn(&Record) -> bool) -> Result<Vec<T>> {
        let wanted = |r: &&Record| *r.def == *T::def() && r.is_active() && fits(r);
        let mut records: Vec<&Record> = self.rows.values().filter(wanted).collect();
        records.sort_by_key(|r| r.id());
        records.into_iter().cloned().map(T::from_record).collect()
    }

    pub fn new_id(&self) -> Uuid {
        self.ids.next(self.now)
    }
}
