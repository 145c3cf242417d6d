//! Reading tasks: one's own, and for managers and admins the assignments with how far they are.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_core::answer::{Answer, Row, RowView, Source};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::filter::{ListQuery, MAX_PAGE};
use workforceos_core::id::{TaskAssignmentId, TaskId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{IndividualTask, TaskAssignment, TaskStatus};
use workforceos_core::query::{Cond, Query, order};
use workforceos_core::session::{Ctx, Via};
use workforceos_core::tool::MAX_ROWS;
use workforceos_core::{Reach, input, openapi};
use workforceos_store::Found;

use super::rules;
use crate::{Api, App, crud};

input! {
    pub struct GetTaskAssignment {
        /// The assignment.
        task_assignment_id: TaskAssignmentId => "taskAssignmentId" Path,
        /// Page of the individual tasks, from 1.
        task_page_number: Option<i64> => "taskPageNumber" Query,
        /// Individual tasks per page, 1 to 500 (all of them; tools: 25).
        task_page_row_count: Option<i64> => "taskPageRowCount" Query,
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
        .carries(|| {
            let count = json!({"type": "integer"});
            let rate = json!({"type": "number", "description": "From 0 to 1, cancelled tasks left out."});
            let counts = json!({"total": count, "completed": count, "pending": count, "cancelled": count, "overdue": count,
                "completionRate": rate});
            json!({
                "progress": {"type": "object", "properties": counts, "description": "How far the whole assignment is."},
                "individualTasks": {"type": "array", "items": openapi::object_schema(IndividualTask::def()),
                    "description": "The tasks with their people."},
                "individualTasksNext": {"type": "string", "description": "How to get the next page, if there is one."},
            })
        })
        .reader(|app: Arc<App>, ctx: Ctx, input: GetTaskAssignment, query: ListQuery| async move {
            progress(&app, &ctx, &input, query).await
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

/// Which of the individual tasks are wanted: how many to skip, and how many to show.
fn page(ctx: &Ctx, input: &GetTaskAssignment) -> Result<(usize, usize)> {
    let number = input.task_page_number.unwrap_or(1);
    // A model holds a page; a program gets all of them unless it says otherwise.
    let by_default = if ctx.via == Via::Rest { i64::MAX } else { MAX_ROWS as i64 };
    let rows = input.task_page_row_count.unwrap_or(by_default);
    let mut problems = Vec::new();
    if !(1..=1_000_000).contains(&number) {
        problems.push(Problem::new("taskPageNumber", "must be a whole number from 1"));
    }
    if input.task_page_row_count.is_some_and(|n| !(1..=MAX_PAGE as i64).contains(&n)) {
        problems.push(Problem::new("taskPageRowCount", format!("must be a whole number from 1 to {MAX_PAGE}")));
    }
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let skipped = (number - 1).saturating_mul(rows);
    Ok((usize::try_from(skipped).unwrap_or(usize::MAX), usize::try_from(rows).unwrap_or(usize::MAX)))
}

async fn progress(app: &App, ctx: &Ctx, input: &GetTaskAssignment, query: ListQuery) -> Result<Answer> {
    let (id, (skipped, most)) = (input.task_assignment_id, page(ctx, input)?);
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
    let reached: Vec<Found> = found_tasks
        .into_iter()
        .zip(&tasks)
        .filter(|(_, task)| all || ctx.reaches(task.assignee_user_id))
        .map(|(found, _)| found)
        .collect();
    let left = reached.len().saturating_sub(skipped.saturating_add(most));
    let individual: Vec<Json> = reached.into_iter().skip(skipped).take(most).map(|found| rendered(ctx, found, None)).collect();
    let mut object = rendered(ctx, found, query.fields.as_deref());
    object["progress"] = numbers;
    object["individualTasks"] = json!(individual);
    if left > 0 {
        let next = input.task_page_number.unwrap_or(1) + 1;
        object["individualTasksNext"] = json!(format!("{left} more: call again with taskPageNumber={next}"));
    }
    let mut answer = Answer::json(object);
    answer.source = Source::Db;
    Ok(answer)
}

fn rendered(ctx: &Ctx, found: Found, fields: Option<&[&'static str]>) -> Json {
    let row = Row { joins: found.joins, ..Row::seen_by(ctx, found.record) };
    serde_json::to_value(RowView { row: &row, fields, masked: false }).unwrap_or_default()
}
