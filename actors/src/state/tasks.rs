//! The open tasks of the assignments that decisions look at.
//!
//! As days, assignments come as they are needed and are whole or absent: a company whose people never touch a task loads none,
//! and the first completion in an assignment of ten thousand reads it once for all that follow. What is kept is the ids of
//! pending tasks alone, sixteen bytes each. That is what tells whether a completed task was the last; titles, people and due
//! times stand in the rows, which a decision reads where it writes them.

use std::collections::{HashMap, HashSet};

use workforceos_core::id::{TaskAssignmentId, TaskId};
use workforceos_core::object::Record;
use workforceos_core::objects::TaskStatus;

/// More open tasks and assignments than these are not kept: decisions then load anew what they need.
const MAX_OPEN: usize = 200_000;

#[derive(Clone, Debug, Default)]
pub struct Tasks {
    pending: HashMap<TaskAssignmentId, HashSet<TaskId>>,
    /// All of them together.
    count: usize,
}

impl Tasks {
    /// Takes over a task as written. Tasks of assignments that are not here are left out.
    pub(crate) fn apply(&mut self, task: &Record) {
        let Some(assignment) = task.get("taskAssignmentId").as_id().map(TaskAssignmentId) else { return };
        let Some(pending) = self.pending.get_mut(&assignment) else { return };
        let id = TaskId(task.id());
        if task.is_active() && task.get("status").as_text() == Some(TaskStatus::Pending.as_str()) {
            self.count += usize::from(pending.insert(id));
        } else {
            self.count -= usize::from(pending.remove(&id));
        }
    }

    /// Takes an assignment in; its pending tasks follow.
    pub(crate) fn begin(&mut self, assignment: TaskAssignmentId) {
        self.pending.entry(assignment).or_default();
    }

    pub(crate) fn has(&self, assignment: TaskAssignmentId) -> bool {
        self.pending.contains_key(&assignment)
    }

    /// Makes room if too much is here. Only before a batch loads what it needs.
    pub(crate) fn shed(&mut self) {
        if self.count + self.pending.len() > MAX_OPEN {
            *self = Tasks::default();
        }
    }

    /// How many tasks of an assignment are pending; `None` if nobody asked for the assignment.
    pub fn pending(&self, assignment: TaskAssignmentId) -> Option<usize> {
        self.pending.get(&assignment).map(HashSet::len)
    }

    pub fn is_pending(&self, assignment: TaskAssignmentId, task: TaskId) -> bool {
        self.pending.get(&assignment).is_some_and(|tasks| tasks.contains(&task))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use workforceos_core::id::{CompanyId, UserId};
    use workforceos_core::object::{DataObject, Meta};
    use workforceos_core::objects::IndividualTask;
    use workforceos_core::time::Timestamp;

    use super::*;

    fn task(n: u128, assignment: u128, status: TaskStatus) -> IndividualTask {
        IndividualTask {
            meta: Meta::new(Uuid::from_u128(n), Timestamp(0), None),
            task_assignment_id: TaskAssignmentId(Uuid::from_u128(assignment)),
            assignee_user_id: UserId(Uuid::from_u128(n)),
            title: String::new(),
            description: None,
            status,
            completed_time: None,
            due_time: None,
            overdue_alert_at: None,
            overdue_alert_id: None,
            company_id: CompanyId::ROOT,
        }
    }

    #[test]
    fn an_assignment_is_whole_or_absent() {
        let (mut tasks, here, there) = (Tasks::default(), Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        tasks.begin(here);
        for (n, assignment) in [(10, 1), (11, 1), (12, 2)] {
            tasks.apply(&task(n, assignment, TaskStatus::Pending).to_record());
        }
        assert_eq!((tasks.pending(here), tasks.pending(there), tasks.count), (Some(2), None, 2));
        // Applied twice, as catching up may, it is the same.
        let done = task(10, 1, TaskStatus::Completed);
        tasks.apply(&done.to_record());
        tasks.apply(&done.to_record());
        tasks.apply(&task(11, 1, TaskStatus::Pending).deleted(Timestamp(1)).to_record());
        assert_eq!((tasks.pending(here), tasks.count), (Some(0), 0));
        tasks.apply(&task(10, 1, TaskStatus::Pending).to_record());
        assert!(tasks.is_pending(here, Uuid::from_u128(10).into()) && !tasks.is_pending(here, Uuid::from_u128(11).into()));
    }

    #[test]
    fn too_many_are_let_go() {
        let (mut tasks, here) = (Tasks::default(), Uuid::from_u128(1).into());
        tasks.begin(here);
        tasks.shed();
        assert!(tasks.has(here));
        tasks.count = MAX_OPEN + 1;
        tasks.shed();
        assert_eq!((tasks.has(here), tasks.count), (false, 0));
    }
}
