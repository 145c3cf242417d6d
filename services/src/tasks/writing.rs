//! What writing tasks means: their rows, when the clock has to look at them, their alerts, and where their assignment then
//! stands.

use workforceos_actors::Facts;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{TaskAssignmentId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{IndividualTask, TaskAssignment, TaskStatus};
use workforceos_core::session::Ctx;

use crate::alerts;

/// The most alerts that one change resolves by itself; the clock's next pass resolves the others.
const MAX_RESOLVED: usize = 200;

/// Collects the tasks of one assignment that a decision writes.
pub struct Writing<'a> {
    facts: &'a Facts<'a>,
    ctx: &'a Ctx,
    pub changes: Changes,
    /// How many more (or fewer) are pending than before.
    balance: i64,
    resolved: usize,
}

impl<'a> Writing<'a> {
    pub fn new(facts: &'a Facts<'a>, ctx: &'a Ctx) -> Writing<'a> {
        Writing { facts, ctx, changes: Changes::none(), balance: 0, resolved: 0 }
    }

    /// A person's new task, as the assignment says.
    pub fn give(&mut self, assignment: &TaskAssignment, assignee: UserId) -> IndividualTask {
        let task = IndividualTask {
            meta: Meta::new(self.facts.new_id(), self.facts.now, Some(self.ctx.user().0)),
            task_assignment_id: TaskAssignmentId(assignment.meta.id),
            assignee_user_id: assignee,
            title: assignment.title.clone(),
            description: assignment.description.clone(),
            status: TaskStatus::Pending,
            completed_time: None,
            due_time: assignment.due_time,
            overdue_alert_at: None,
            overdue_alert_id: None,
            company_id: assignment.company_id,
        };
        self.put(&task);
        task
    }

    /// A new task, pending.
    pub fn put(&mut self, task: &IndividualTask) {
        self.balance += 1;
        self.changes.rows.push(workforceos_core::change::RowChange::Put(task.to_record()));
        self.due(task);
    }

    /// A task as it is from now on, with its next version. What is not pending any more, or has another due time, is not
    /// overdue as it was told.
    pub fn change(&mut self, before: &IndividualTask, mut after: IndividualTask) -> Result<IndividualTask> {
        if after.due_time != before.due_time {
            after.overdue_alert_at = None;
        }
        let pending = is_open(&after);
        let stale = !pending || after.overdue_alert_at.is_none();
        if let Some(alert) = after.overdue_alert_id.filter(|_| stale) {
            if self.resolved < MAX_RESOLVED {
                self.resolved += 1;
                self.join(alerts::resolve_one(self.ctx, self.facts, alert)?);
                after.overdue_alert_id = None;
            } else {
                self.changes = std::mem::take(&mut self.changes).due(Some(self.facts.now));
            }
        }
        self.balance += i64::from(pending) - i64::from(is_open(before));
        let after = after.touched(self.facts.now);
        self.changes.rows.push(workforceos_core::change::RowChange::Put(after.to_record()));
        self.due(&after);
        Ok(after)
    }

    pub fn join(&mut self, changes: Changes) {
        self.changes = std::mem::take(&mut self.changes).join(changes);
    }

    /// How many tasks of the assignment are then pending.
    pub fn pending(&self, assignment: TaskAssignmentId) -> Result<usize> {
        let before = self.facts.state.tasks.pending(assignment).ok_or_else(|| Error::internal("open tasks were not loaded"))?;
        usize::try_from(i64::try_from(before).unwrap_or(i64::MAX) + self.balance).map_err(Error::internal)
    }

    fn due(&mut self, task: &IndividualTask) {
        let untold = is_open(task) && task.overdue_alert_at.is_none();
        if let Some(at) = task.due_time.filter(|_| untold) {
            self.changes = std::mem::take(&mut self.changes).due(Some(at));
        }
    }
}

fn is_open(task: &IndividualTask) -> bool {
    task.meta.is_active && task.status == TaskStatus::Pending
}
