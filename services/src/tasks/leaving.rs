//! Who leaves the company leaves no task pending behind: nobody could ever complete it, nor the assignment with it.

use std::collections::BTreeMap;

use uuid::Uuid;
use workforceos_actors::Facts;
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::objects::{IndividualTask, TaskStatus};
use workforceos_core::session::Ctx;

use super::audience;
use super::rules;
use super::update_task::{assignment_of, settle};
use super::writing::Writing;

/// Cancels a user's pending tasks. They must be among the facts: `TaskNeed::User`.
pub fn leave(facts: &Facts, ctx: &Ctx, user: UserId) -> Result<Changes> {
    let mut by_assignment: BTreeMap<Uuid, Vec<IndividualTask>> = BTreeMap::new();
    let theirs = |t: &IndividualTask| t.assignee_user_id == user && t.status == TaskStatus::Pending;
    for task in facts.rows::<IndividualTask>()?.into_iter().filter(theirs) {
        by_assignment.entry(task.task_assignment_id.0).or_default().push(task);
    }
    let mut changes = Changes::none();
    for tasks in by_assignment.into_values() {
        let mut writing = Writing::new(facts, ctx);
        let assignment = assignment_of(facts, &tasks[0])?;
        for task in tasks {
            let gone = writing.change(&task, rules::moved(&task, TaskStatus::Cancelled, facts.now))?;
            let event = audience::of_task(facts.state, ctx, "task.cancelled", &assignment, &gone).audited(Some(&task));
            writing.join(Changes::none().event(event));
        }
        settle(facts, ctx, &mut writing, &assignment)?;
        changes = changes.join(writing.changes);
    }
    Ok(changes)
}
