//! Reading tasks: one's own, and for managers and admins the assignments with how far they are.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_core::answer::{Answer, Row, RowView, Source};
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::id::{TaskAssignmentId, TaskId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{IndividualTask, TaskAssignment, TaskStatus};
use workforceos_core::query::{Cond, Query, order};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};
use workforceos_store::Found;

use super::rules;
use crate::{Api, App, crud};

input! {
    pub struct GetTaskAssignment {
        /// The assignment.
        task_assignment_id: TaskAssignmentId => "taskAssignmentId" Path,
    }
}

input! {
    pub struct GetTask {
        /// The task.
        individual_task_id: TaskId => "individualTaskId" Path,
    }
}

pub fn list_assignments() -> Api {
    crud::list::<TaskAssignment>("listTaskAssignments", visible)
        .at("/v1/taskassignments")
        .reach(Reach::Managers)
        .about("Assignments, newest first: for admins all, for managers those that they gave or that include a report of theirs.")
}

pub fn with_progress() -> Api {
    Api::get("getTaskAssignmentWithProgress")
        .on::<TaskAssignment>()
        .at("/v1/taskassignmentwithprogress/:taskAssignmentId")
        .reach(Reach::Managers)
        .about(
            "An assignment with its progress (total, completed, pending, cancelled, overdue, and completionRate from 0 to 1, cancelled \
             tasks left out) and the individual tasks with their people. Progress is the whole assignment's; of an assignment that \
             somebody else gave, managers get the individual tasks of their reports and themselves.",
        )
        .reader(|app: Arc<App>, ctx: Ctx, input: GetTaskAssignment, query: ListQuery| async move {
            progress(&app, &ctx, input.task_assignment_id, query).await
        })
}

pub fn list_mine() -> Api {
    crud::list::<IndividualTask>("listMyIndividualTasks", mine)
        .at("/v1/myindividualtasks")
        .reach(Reach::Member)
        .about("The caller's own tasks, newest first, with the assignments to which they belong.")
}

pub fn get_mine() -> Api {
    Api::get("getMyIndividualTask")
        .on::<IndividualTask>()
        .at("/v1/myindividualtask/:individualTaskId")
        .reach(Reach::Member)
        .about("One of the caller's own tasks.")
        .reader(|app: Arc<App>, ctx: Ctx, input: GetTask, query: ListQuery| async move {
            crud::one(&app, &ctx, IndividualTask::def(), input.individual_task_id.0, mine(&ctx), query).await
        })
}

/// The caller's own pending tasks.
pub fn my_open_tasks(ctx: &Ctx) -> Cond {
    mine(ctx).and(Cond::eq("status", TaskStatus::Pending.as_str()))
}

fn mine(ctx: &Ctx) -> Cond {
    Cond::eq("assigneeUserId", ctx.user().0)
}

/// The assignments that the caller may see.
fn visible(ctx: &Ctx) -> Cond {
    if ctx.is_admin() {
        return Cond::TRUE;
    }
    let reports = Cond::id_in("assigneeUserId", &ctx.scope.reports);
    Cond::Any(vec![
        Cond::eq("assignerId", ctx.user().0),
        Cond::Named(IndividualTask::def(), "taskAssignmentId", Box::new(reports)),
    ])
}

async fn progress(app: &App, ctx: &Ctx, id: TaskAssignmentId, query: ListQuery) -> Result<Answer> {
    let one = Query { limit: 1, ..Query::of(TaskAssignment::def(), ctx.company(), visible(ctx).and(Cond::eq("id", id.0))) };
    let of = Query {
        order: order(IndividualTask::def(), "createdAt,id"),
        joins: vec!["user"],
        ..Query::of(IndividualTask::def(), ctx.company(), Cond::eq("taskAssignmentId", id.0))
    };
    // Both at one moment, so that the numbers fit the assignment's status.
    let (_, mut found) = app.store.snapshot(ctx.company(), &[one, of]).await?;
    let found_tasks = found.pop().unwrap_or_default();
    let found = found.pop().and_then(|rows| rows.into_iter().next());
    let found = found.ok_or_else(|| Error::not_found(TaskAssignment::def().name))?;
    let assignment = TaskAssignment::from_record(found.record.clone())?;
    let mut tasks = Vec::with_capacity(found_tasks.len());
    for task in &found_tasks {
        tasks.push(IndividualTask::from_record(task.record.clone())?);
    }
    let numbers = rules::progress(tasks.iter(), ctx.now());
    let all = rules::directs(ctx, &assignment);
    let shown = found_tasks.into_iter().zip(&tasks).filter(|(_, task)| all || ctx.reaches(task.assignee_user_id));
    let individual: Vec<Json> = shown.map(|(found, _)| rendered(ctx, found, None)).collect();
    let mut object = rendered(ctx, found, query.fields.as_deref());
    object["progress"] = numbers;
    object["individualTasks"] = json!(individual);
    let mut answer = Answer::json(object);
    answer.source = Source::Db;
    Ok(answer)
}

fn rendered(ctx: &Ctx, found: Found, fields: Option<&[&'static str]>) -> Json {
    let row = Row { joins: found.joins, ..Row::seen_by(ctx, found.record) };
    serde_json::to_value(RowView { row: &row, fields, masked: false }).unwrap_or_default()
}
