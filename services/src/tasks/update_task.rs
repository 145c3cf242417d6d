//! `updateIndividualTask`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs, TaskNeed};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::TaskId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{IndividualTask, TaskAssignment, TaskAssignmentStatus, TaskStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Patch, Reach, input};

use super::audience::{self, To, tell};
use super::rules;
use super::writing::Writing;
use crate::{Api, App, commit};

input! {
    pub struct UpdateIndividualTask {
        /// The task.
        individual_task_id: TaskId => "individualTaskId" Path,
        /// What is to be done.
        title: Option<String> => "title" Body,
        /// How, and whatever else helps; null clears it.
        description: Patch<String> => "description" Body .text(),
        /// pending, completed or cancelled.
        status: Option<TaskStatus> => "status" Body,
        /// By when; null clears it.
        due_time: Patch<Timestamp> => "dueTime" Body,
    }
}

pub fn api() -> Api {
    Api::update("updateIndividualTask")
        .on::<IndividualTask>()
        .at("/v1/individualtasks/:individualTaskId")
        .reach(Reach::Own)
        .about(
            "Changes one person's task. The assignee moves it between pending and completed only; everything else is for whoever \
             gave it, and admins (403). Doing it twice is the same as once. With the last pending task the assignment is completed; \
             with a reopened one it is active again. Refused: a cancelled task from its assignee, and reopening a task of a cancelled \
             or deleted assignment (409 InvalidState).",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: UpdateIndividualTask) -> Result<Answer> {
    let caller = ctx.clone();
    let needs = Needs::tasks(TaskNeed::One(input.individual_task_id));
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &UpdateIndividualTask) -> Result<(Changes, Answer)> {
    let before = facts.row::<IndividualTask>(input.individual_task_id)?;
    let assignment = assignment_of(facts, &before)?;
    check_allowed(ctx, &assignment, &before, input)?;
    let mut after = rules::moved(&before, input.status.unwrap_or(before.status), facts.now);
    if let Some(title) = &input.title {
        if title.trim().is_empty() {
            return Err(Error::field("title", "must not be empty"));
        }
        after.title.clone_from(title);
    }
    after.description = input.description.clone().over(after.description);
    after.due_time = input.due_time.clone().over(after.due_time);
    if after == before {
        return Ok((Changes::none(), Answer::object(ctx, &before)));
    }
    let open = assignment.meta.is_active && assignment.status != TaskAssignmentStatus::Cancelled;
    if after.status == TaskStatus::Pending && before.status != TaskStatus::Pending && !open {
        return Err(Error::conflict("InvalidState", "The assignment is cancelled or deleted: its tasks are not reopened"));
    }
    let mut writing = Writing::new(facts, ctx);
    let after = writing.change(&before, after)?;
    let mut event = audience::of_task(facts.state, ctx, kind(before.status, after.status), &assignment, &after);
    if ctx.user() != after.assignee_user_id {
        event = event.audited(Some(&before));
    }
    writing.join(Changes::none().event(event));
    settle(facts, ctx, &mut writing, &assignment)?;
    Ok((writing.changes, Answer::object(ctx, &after)))
}

/// The assignment of a task, deleted or not.
pub fn assignment_of(facts: &Facts, task: &IndividualTask) -> Result<TaskAssignment> {
    let missing = || Error::internal("a task without an assignment");
    facts.any::<TaskAssignment>(task.task_assignment_id)?.ok_or_else(missing)
}

/// Where the assignment stands after what is written: an event and a row only if it moves.
pub fn settle(facts: &Facts, ctx: &Ctx, writing: &mut Writing, assignment: &TaskAssignment) -> Result<()> {
    let pending = writing.pending(assignment.meta.id.into())?;
    let status = rules::settled(assignment.status, pending);
    if status == assignment.status || !assignment.meta.is_active {
        return Ok(());
    }
    let after = TaskAssignment { status, ..assignment.clone() }.touched(facts.now);
    let kind = if status == TaskAssignmentStatus::Completed { "task.completed" } else { "task.reopened" };
    writing.join(Changes::none().put(&after));
    writing.join(tell(facts.state, ctx, kind, (Some(assignment), &after), &[], To::Everybody));
    Ok(())
}

fn check_allowed(ctx: &Ctx, assignment: &TaskAssignment, task: &IndividualTask, input: &UpdateIndividualTask) -> Result<()> {
    if rules::directs(ctx, assignment) {
        return Ok(());
    }
    if ctx.manages(task.assignee_user_id) {
        return Err(Error::forbidden("Only the assignee, whoever gave the task, and admins may change it"));
    }
    if task.assignee_user_id != ctx.user() {
        return Err(Error::not_found("individualTask"));
    }
    let own = [
        ("title", input.title.is_some()),
        ("description", !input.description.is_keep()),
        ("dueTime", !input.due_time.is_keep()),
        ("status: cancelled", input.status == Some(TaskStatus::Cancelled)),
    ];
    let beyond: Vec<&str> = own.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if !beyond.is_empty() {
        let message = format!("Whoever has the task only completes or reopens it; not for you: {}", beyond.join(", "));
        return Err(Error::forbidden(message));
    }
    if task.status == TaskStatus::Cancelled && input.status.is_some() {
        return Err(Error::conflict("InvalidState", "The task is cancelled"));
    }
    Ok(())
}

fn kind(before: TaskStatus, after: TaskStatus) -> &'static str {
    match after {
        _ if before == after => "task.updated",
        TaskStatus::Pending => "task.reopened",
        TaskStatus::Completed => "task.completed",
        TaskStatus::Cancelled => "task.cancelled",
    }
}
