//! `createIndividualTask`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs, TaskNeed};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{TaskAssignmentId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{IndividualTask, TaskAssignment, TaskAssignmentStatus, TaskStatus};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Reach, input};

use super::audience::{self, To, tell};
use super::rules;
use super::writing::Writing;
use crate::{Api, App, commit};

input! {
    pub struct CreateIndividualTask {
        /// The assignment to which it belongs.
        task_assignment_id: TaskAssignmentId => "taskAssignmentId" Body,
        /// Who has to do it.
        assignee_user_id: UserId => "assigneeUserId" Body,
        /// What is to be done.
        title: String => "title" Body,
        /// How, and whatever else helps.
        description: Option<String> => "description" Body .text(),
        /// Ignored: new tasks are pending.
        status: Option<TaskStatus> => "status" Body,
        /// Ignored: the server decides.
        completed_time: Option<Timestamp> => "completedTime" Body,
        /// By when (the assignment's own).
        due_time: Option<Timestamp> => "dueTime" Body,
    }
}

pub fn api() -> Api {
    Api::create("createIndividualTask")
        .on::<IndividualTask>()
        .at("/v1/individualtasks")
        .reach(Reach::Managers)
        .about(
            "Adds one task with a title of its own to an assignment; only for whoever gave the assignment, and admins. The assignee \
             is then among its people, and a completed assignment is active again. Refused for a cancelled one (409 InvalidState).",
        )
        .handler_for(|input: &CreateIndividualTask| Some(input.assignee_user_id), handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: CreateIndividualTask) -> Result<Answer> {
    // The assignee's tasks tell whether they are among its people already, the reports' whether a manager sees the assignment.
    let mut people = ctx.scope.reports.clone();
    people.push(input.assignee_user_id);
    let of = Cond::eq("taskAssignmentId", input.task_assignment_id.0).and(Cond::id_in("assigneeUserId", &people));
    let tasks = Query::of(IndividualTask::def(), ctx.company(), of);
    let needs = Needs::tasks(TaskNeed::Of(input.task_assignment_id)).and_query(tasks);
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &CreateIndividualTask) -> Result<(Changes, Answer)> {
    let tasks: Vec<IndividualTask> =
        facts.rows::<IndividualTask>()?.into_iter().filter(|t| t.task_assignment_id == input.task_assignment_id).collect();
    let before = assignment(facts, ctx, input, &tasks)?;
    if before.status == TaskAssignmentStatus::Cancelled {
        return Err(Error::conflict("InvalidState", "The assignment is cancelled"));
    }
    let mut writing = Writing::new(facts, ctx);
    let task = IndividualTask {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        task_assignment_id: input.task_assignment_id,
        assignee_user_id: input.assignee_user_id,
        title: input.title.clone(),
        description: input.description.clone(),
        status: TaskStatus::Pending,
        completed_time: None,
        due_time: input.due_time.or(before.due_time),
        overdue_alert_at: None,
        overdue_alert_id: None,
        company_id: ctx.company(),
    };
    writing.put(&task);
    let event = audience::of_task(facts.state, ctx, "task.assigned", &before, &task).audited::<IndividualTask>(None);
    writing.join(Changes::none().event(event));
    let mut after = before.clone();
    let has_one = |t: &IndividualTask| t.assignee_user_id == task.assignee_user_id && t.status != TaskStatus::Cancelled;
    if !tasks.iter().any(has_one) && !after.assignee_user_ids.contains(&task.assignee_user_id) {
        after.assignee_user_ids.push(task.assignee_user_id);
    }
    after.status = rules::settled(after.status, writing.pending(input.task_assignment_id)?);
    if after != before {
        let kind = if after.status == before.status { "task.updated" } else { "task.reopened" };
        let after = after.touched(facts.now);
        writing.join(Changes::none().put(&after));
        writing.join(tell(facts.state, ctx, kind, (Some(&before), &after), &[], To::Everybody));
    }
    Ok((writing.changes, Answer::object(ctx, &task)))
}

/// The assignment, if the caller may add to it; both names that a body can get wrong are told at once.
fn assignment(facts: &Facts, ctx: &Ctx, input: &CreateIndividualTask, tasks: &[IndividualTask]) -> Result<TaskAssignment> {
    let sees = |a: &TaskAssignment| rules::directs(ctx, a) || tasks.iter().any(|t| ctx.manages(t.assignee_user_id));
    let assignment = facts.any::<TaskAssignment>(input.task_assignment_id)?.filter(|a| a.meta.is_active && sees(a));
    let mut problems = Vec::new();
    if assignment.is_none() {
        problems.push(Problem::new("taskAssignmentId", "is not known here"));
    }
    if facts.state.people.role(input.assignee_user_id).is_none() {
        problems.push(Problem::new("assigneeUserId", "is not known here"));
    }
    match assignment {
        Some(assignment) if problems.is_empty() => {
            rules::check_directs(ctx, &assignment, tasks.iter().map(|t| t.assignee_user_id))?;
            Ok(assignment)
        }
        _ => Err(Error::invalid(problems)),
    }
}
