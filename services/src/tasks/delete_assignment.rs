//! `deleteTaskAssignment`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs, TaskNeed};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::{TaskAssignmentId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{IndividualTask, TaskAssignment, TaskAssignmentStatus, TaskStatus};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::audience::{To, tell};
use super::rules;
use super::writing::Writing;
use crate::{Api, App, commit};

input! {
    pub struct DeleteTaskAssignment {
        /// The assignment.
        task_assignment_id: TaskAssignmentId => "taskAssignmentId" Path,
    }
}

pub fn api() -> Api {
    Api::delete("deleteTaskAssignment")
        .on::<TaskAssignment>()
        .at("/v1/taskassignments/:taskAssignmentId")
        .reach(Reach::Managers)
        .about(
            "Deletes an assignment (softly) and cancels its pending tasks; completed ones stay with their people. Only for whoever \
             gave it, and admins.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: DeleteTaskAssignment) -> Result<Answer> {
    let caller = ctx.clone();
    let id = input.task_assignment_id;
    commit(&app, &ctx, Needs::tasks(TaskNeed::All(id)), move |facts| decide(facts, &caller, id)).await
}

fn decide(facts: &Facts, ctx: &Ctx, id: TaskAssignmentId) -> Result<(Changes, Answer)> {
    let before = facts.row::<TaskAssignment>(id)?;
    let tasks = of(facts, id)?;
    rules::check_directs(ctx, &before, tasks.iter().map(|t| t.assignee_user_id))?;
    let mut writing = Writing::new(facts, ctx);
    let mut people: Vec<UserId> = Vec::new();
    for task in tasks.iter().filter(|t| t.status == TaskStatus::Pending) {
        let task = writing.change(task, rules::moved(task, TaskStatus::Cancelled, facts.now))?;
        people.push(task.assignee_user_id);
    }
    people.sort_unstable();
    people.dedup();
    let mut after = before.clone();
    if after.status == TaskAssignmentStatus::Active {
        after.status = TaskAssignmentStatus::Cancelled;
    }
    let after = after.deleted(facts.now);
    writing.join(Changes::none().put(&after));
    writing.join(tell(facts.state, ctx, "task.cancelled", (Some(&before), &after), &people, To::Everybody));
    Ok((writing.changes, Answer::object(ctx, &after)))
}

/// The active tasks of an assignment, in the order of their ids.
pub fn of(facts: &Facts, id: TaskAssignmentId) -> Result<Vec<IndividualTask>> {
    Ok(facts.rows::<IndividualTask>()?.into_iter().filter(|t| t.task_assignment_id == id).collect())
}
