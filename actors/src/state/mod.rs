//! A company's hot state: what its decisions look at. It is a window of days over the database, loaded as decisions need
//! them, and always at the company's committed sequence when a decision runs.

mod attendance;
mod leave;
mod locks;
mod people;
mod schedule;
mod tasks;

use std::collections::{BTreeSet, HashSet};

use serde_json::json;
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, DepartmentId, TaskAssignmentId, UserId};
use workforceos_core::object::{DataObject, Meta, ObjectDef, Record};
use workforceos_core::objects::{
    AttendanceRecord, Company, CompanyPolicy, EmployeeProfile, IndividualTask, LeaveRequest, PayPeriodLock, SalaryBasis, Shift,
    TaskAssignment, User, UserGroup, UserGroupMember,
};
use workforceos_core::time::{Date, Timestamp};
use workforceos_core::zone::Zone;

pub use attendance::Attendance;
pub use leave::{Leave, LeaveSpan};
pub use locks::{LockedSpan, Locks};
pub use people::People;
pub use schedule::Schedule;
pub use tasks::Tasks;

/// Everything that a company's decisions may look at.
#[derive(Clone, Debug)]
pub struct State {
    /// The sequence that this state has caught up with.
    pub seq: i64,
    pub company_id: CompanyId,
    /// `None` for the SaaS level, and for a company in the moment of its making.
    pub company: Option<Company>,
    pub policy: CompanyPolicy,
    pub people: People,
    pub schedule: Schedule,
    pub attendance: Attendance,
    pub leave: Leave,
    pub tasks: Tasks,
    pub locks: Locks,
    /// Days whose shifts, attendance and leave are here.
    pub(crate) days: BTreeSet<Date>,
}

impl State {
    pub fn empty(company_id: CompanyId, seq: i64) -> State {
        State {
            seq,
            company_id,
            company: None,
            policy: default_policy(company_id, Timestamp(0)),
            people: People::default(),
            schedule: Schedule::default(),
            attendance: Attendance::default(),
            leave: Leave::default(),
            tasks: Tasks::default(),
            locks: Locks::default(),
            days: BTreeSet::new(),
        }
    }

    /// The company, its policy and its people alone: for a look at these days beside the hot state, once their rows are applied.
    pub fn aside(&self, from: Date, to: Date) -> State {
        State {
            company: self.company.clone(),
            policy: self.policy.clone(),
            people: self.people.clone(),
            days: from.iter_days().take_while(|day| *day <= to).collect(),
            ..State::empty(self.company_id, self.seq)
        }
    }

    /// The company's time zone; UTC on the SaaS level.
    pub fn zone(&self) -> Zone {
        self.company.as_ref().and_then(|c| Zone::parse(&c.timezone)).unwrap_or(Zone::UTC)
    }

    /// Whether rows of an object make a state another one. No others need to be read for it.
    pub(crate) fn holds(def: &ObjectDef) -> bool {
        let days = [Shift::def(), AttendanceRecord::def(), LeaveRequest::def(), IndividualTask::def()];
        let people = [User::def(), UserGroup::def(), UserGroupMember::def(), EmployeeProfile::def()];
        let rules = [Company::def(), CompanyPolicy::def(), PayPeriodLock::def()];
        days.into_iter().chain(people).chain(rules).any(|held| held == def)
    }

    /// Takes over a row as written, of an object that it [holds](State::holds). Rows of days that are not here are left out, so that a
    /// day is whole or absent.
    pub fn apply(&mut self, record: &Record) -> Result<()> {
        let def = record.def;
        if *def == *Shift::def() {
            let shift = Shift::from_record(record.clone())?;
            let here = self.days.contains(&shift.shift_date);
            self.schedule.apply(shift, here);
        } else if *def == *AttendanceRecord::def() {
            let attendance = AttendanceRecord::from_record(record.clone())?;
            if self.days.contains(&attendance.shift_date) {
                self.attendance.apply(attendance);
            }
        } else if *def == *LeaveRequest::def() {
            self.leave.apply(&LeaveRequest::from_record(record.clone())?);
        } else if *def == *IndividualTask::def() {
            self.tasks.apply(record);
        } else if *def == *User::def() {
            self.people.apply_user(&User::from_record(record.clone())?);
        } else if *def == *UserGroup::def() {
            self.people.apply_department(&UserGroup::from_record(record.clone())?);
        } else if *def == *UserGroupMember::def() {
            self.people.apply_member(&UserGroupMember::from_record(record.clone())?);
        } else if *def == *EmployeeProfile::def() {
            self.people.apply_profile(&EmployeeProfile::from_record(record.clone())?);
        } else if *def == *Company::def() {
            self.company = Some(Company::from_record(record.clone())?);
        } else if *def == *CompanyPolicy::def() {
            self.policy = CompanyPolicy::from_record(record.clone())?;
        } else if *def == *PayPeriodLock::def() {
            self.locks.apply(&PayPeriodLock::from_record(record.clone())?);
        }
        Ok(())
    }

    /// As [`State::apply`], for a row about to be written: a new assignment is here whole from its first task on.
    pub(crate) fn absorb(&mut self, record: &Record) -> Result<()> {
        if *record.def == *TaskAssignment::def() && record.version() == 1 {
            self.tasks.begin(TaskAssignmentId(record.id()));
        }
        self.apply(record)
    }

    /// Lets go of the days before this one.
    pub(crate) fn forget_before(&mut self, date: Date) {
        self.days = self.days.split_off(&date);
        self.schedule.forget_before(date);
        self.attendance.forget_before(date);
    }

    /// Which active users a shift is assigned to: those named, and the members of its departments who are not on full-day
    /// leave. A draft is assigned to nobody yet.
    pub fn assignees(&self, shift: &Shift) -> Vec<UserId> {
        if shift.is_draft {
            return Vec::new();
        }
        let mut users = shift.assigned_user_ids.clone();
        users.retain(|user| self.people.role(*user).is_some());
        let mut known: HashSet<UserId> = users.iter().copied().collect();
        for department in &shift.assigned_department_ids {
            for member in self.people.members(*department) {
                if known.insert(member) && self.leave.full_day(member, shift.shift_date).is_none() {
                    users.push(member);
                }
            }
        }
        users
    }

    /// Whether a shift is assigned to a user, by name or through a department.
    pub fn is_assigned(&self, shift: &Shift, user: UserId) -> bool {
        let through = |d: &DepartmentId| self.people.is_member(*d, user);
        if shift.is_draft {
            return false;
        }
        (shift.assigned_user_ids.contains(&user) && self.people.role(user).is_some())
            || (shift.assigned_department_ids.iter().any(through) && self.leave.full_day(user, shift.shift_date).is_none())
    }
}

/// The policy of a company that never changed it.
pub fn default_policy(company: CompanyId, now: Timestamp) -> CompanyPolicy {
    CompanyPolicy {
        meta: Meta::new(company, now, None),
        grace_minutes: 5,
        early_check_in_minutes: 60,
        auto_absent_minutes: 30,
        missing_checkout_minutes: 60,
        daily_hours: 8.0,
        weekly_hours: 40.0,
        overtime_multiplier: 1.5,
        salary_basis: SalaryBasis::Monthly,
        workdays: json!([1, 2, 3, 4, 5]),
        unpaid_leave_types: json!([]),
        leave_types: json!([]),
        rounding_minutes: 0,
        rest_hours: 11.0,
        announcement_days: 90,
        company_id: company,
    }
}

#[cfg(test)]
mod tests {
    use workforceos_core::id::{AttendanceId, ShiftId};
    use workforceos_core::objects::{self, AttendanceStatus, ShiftStatus};
    use workforceos_core::value::Value;

    use super::*;

    fn shift(n: u128, date: &str) -> Shift {
        Shift {
            meta: Meta::new(uuid::Uuid::from_u128(n), Timestamp(0), None),
            shift_date: date.parse().expect("a date"),
            start_time: "09:00".to_owned(),
            end_time: "17:00".to_owned(),
            starts_at: Timestamp(0),
            ends_at: Timestamp(1),
            location: None,
            department_id: None,
            assigned_user_ids: Vec::new(),
            assigned_department_ids: Vec::new(),
            status: ShiftStatus::Scheduled,
            break_minutes: 0,
            needed_count: 1,
            is_draft: false,
            shift_template_id: None,
            created_by: UserId(uuid::Uuid::from_u128(1)),
            company_id: CompanyId::ROOT,
        }
    }

    fn record(n: u128, shift: &Shift) -> AttendanceRecord {
        AttendanceRecord {
            meta: Meta::new(uuid::Uuid::from_u128(n), Timestamp(0), None),
            user_id: UserId(uuid::Uuid::from_u128(1)),
            shift_id: ShiftId(shift.meta.id),
            shift_date: shift.shift_date,
            check_in_time: None,
            check_out_time: None,
            status: AttendanceStatus::Absent,
            late_by_minutes: None,
            worked_minutes: None,
            absence_reason: None,
            manager_note: None,
            checkout_alert_at: None,
            company_id: CompanyId::ROOT,
        }
    }

    #[test]
    fn what_is_not_held_changes_nothing() {
        let mut state = State::empty(CompanyId::ROOT, 0);
        let empty = format!("{state:?}");
        let (held, others): (Vec<_>, Vec<_>) = objects::all().into_iter().partition(|def| State::holds(def));
        assert_eq!(held.len(), 11);
        for def in others {
            state.apply(&Record { def, values: vec![Value::Null; def.all().count()] }).expect(def.name);
            assert_eq!(format!("{state:?}"), empty, "{}", def.name);
        }
    }

    #[test]
    fn days_that_are_let_go_are_gone_wholly() {
        let mut state = State::empty(CompanyId::ROOT, 0);
        let (old, new) = (shift(10, "2026-06-01"), shift(11, "2026-06-02"));
        for (n, shift) in [(20, &old), (21, &new)] {
            state.days.insert(shift.shift_date);
            state.apply(&shift.to_record()).expect("a shift");
            state.apply(&record(n, shift).to_record()).expect("a record");
        }
        state.forget_before(new.shift_date);
        let is_here = |n: u128| state.schedule.get(ShiftId(uuid::Uuid::from_u128(n))).is_some();
        assert_eq!((is_here(10), is_here(11), state.schedule.all().count()), (false, true, 1));
        let is_kept = |n: u128| state.attendance.get(AttendanceId(uuid::Uuid::from_u128(n))).is_some();
        assert_eq!((is_kept(20), is_kept(21)), (false, true));
        assert_eq!((state.attendance.at(ShiftId(old.meta.id)), state.attendance.at(ShiftId(new.meta.id))), (false, true));
        assert_eq!(state.days.len(), 1);
        // What comes to a day that is not here is left out: it is read whole when it is needed.
        state.apply(&record(20, &old).to_record()).expect("a record");
        assert!(state.attendance.get(AttendanceId(uuid::Uuid::from_u128(20))).is_none());
    }
}
