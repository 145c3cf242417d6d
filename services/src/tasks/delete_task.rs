//! `deleteIndividualTask`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs, TaskNeed};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::TaskId;
use workforceos_core::objects::IndividualTask;
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::audience;
use super::rules;
use super::update_task::{assignment_of, settle};
use super::writing::Writing;
use crate::{Api, App, commit};

input! {
    pub struct DeleteIndividualTask {
        /// The task.
        individual_task_id: TaskId => "individualTaskId" Path,
    }
}

pub fn api() -> Api {
    Api::delete("deleteIndividualTask")
        .on::<IndividualTask>()
        .at("/v1/individualtasks/:individualTaskId")
        .reach(Reach::Managers)
        .about(
            "Deletes one person's task (softly); it counts nowhere any more. Only for whoever gave it, and admins. With the last \
             pending task the assignment is completed.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: DeleteIndividualTask) -> Result<Answer> {
    let caller = ctx.clone();
    let id = input.individual_task_id;
    commit(&app, &ctx, Needs::tasks(TaskNeed::One(id)), move |facts| decide(facts, &caller, id)).await
}

fn decide(facts: &Facts, ctx: &Ctx, id: TaskId) -> Result<(Changes, Answer)> {
    let before = facts.row::<IndividualTask>(id)?;
    let assignment = assignment_of(facts, &before)?;
    if !rules::directs(ctx, &assignment) {
        return Err(match ctx.reaches(before.assignee_user_id) {
            true => Error::forbidden("Only whoever gave the task, and admins, may delete it"),
            false => Error::not_found("individualTask"),
        });
    }
    let mut writing = Writing::new(facts, ctx);
    let mut gone = before.clone();
    gone.meta.is_active = false;
    let gone = writing.change(&before, gone)?;
    let event = audience::of_task(facts.state, ctx, "task.cancelled", &assignment, &gone).audited(Some(&before));
    writing.join(Changes::none().event(event));
    settle(facts, ctx, &mut writing, &assignment)?;
    Ok((writing.changes, Answer::object(ctx, &gone)))
}
