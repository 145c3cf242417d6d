//! `createTaskAssignment`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::{DepartmentId, ShiftId, UserId};
use workforceos_core::object::Meta;
use workforceos_core::objects::{TaskAssignment, TaskAssignmentStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Reach, input};

use super::audience::{To, tell};
use super::rules;
use super::writing::Writing;
use crate::{Api, App, commit};

input! {
    pub struct CreateTaskAssignment {
        /// What is to be done.
        title: String => "title" Body,
        /// How, and whatever else helps.
        description: Option<String> => "description" Body .text(),
        /// By when.
        due_time: Option<Timestamp> => "dueTime" Body,
        /// Ignored: new assignments are active.
        status: Option<TaskAssignmentStatus> => "status" Body,
        /// People by name.
        assignee_user_ids: Vec<UserId> => "assigneeUserIds" Body,
        /// Departments: each member gets the task.
        assigned_department_ids: Vec<DepartmentId> => "assignedDepartmentIds" Body,
        /// A shift: each of its people gets the task.
        shift_id: Option<ShiftId> => "shiftId" Body,
    }
}

pub fn api() -> Api {
    Api::create("createTaskAssignment")
        .on::<TaskAssignment>()
        .at("/v1/taskassignments")
        .reach(Reach::Managers)
        .about(
            "Gives a task to people, to the members of departments and to the people of a shift: each of them gets one individual \
             task, however often named. Who joins a department later gets none until the recipients are named again. Refuses a task \
             for nobody or for a draft's people (400) and, from managers, people who are not their reports (403).",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: CreateTaskAssignment) -> Result<Answer> {
    let needs = input.shift_id.map_or_else(Needs::none, Needs::shift);
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &CreateTaskAssignment) -> Result<(Changes, Answer)> {
    let state = facts.state;
    let (users, departments, shift) = (&input.assignee_user_ids, &input.assigned_department_ids, input.shift_id);
    rules::check_named(state, ctx, users, departments, shift)?;
    let assignment = TaskAssignment {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        title: input.title.clone(),
        description: input.description.clone(),
        due_time: input.due_time,
        status: TaskAssignmentStatus::Active,
        assigner_id: ctx.user(),
        assignee_user_ids: users.clone(),
        assigned_department_ids: departments.clone(),
        shift_id: shift,
        company_id: ctx.company(),
    };
    let people = rules::recipients(state, users, departments, shift);
    rules::check_people(&assignment, &people)?;
    rules::check_reach(state, ctx, people.iter().copied())?;
    Ok((given(facts, ctx, &assignment, &people), Answer::object(ctx, &assignment)))
}

/// A new assignment with the task of each of these people, in one change.
pub fn given(facts: &Facts, ctx: &Ctx, assignment: &TaskAssignment, people: &[UserId]) -> Changes {
    let mut writing = Writing::new(facts, ctx);
    writing.join(Changes::none().put(assignment));
    for person in people {
        writing.give(assignment, *person);
    }
    writing.join(tell(facts.state, ctx, "task.assigned", (None, assignment), people, To::Everybody));
    writing.changes
}
