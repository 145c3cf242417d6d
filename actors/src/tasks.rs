//! Loads what decisions about tasks look at: rows, and which tasks of an assignment are pending.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;
use workforceos_core::error::Result;
use workforceos_core::id::{TaskAssignmentId, TaskId, UserId};
use workforceos_core::object::{DataObject, ObjectDef, Record};
use workforceos_core::objects::{Alert, IndividualTask, Shift, TaskAssignment, TaskStatus};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::time::Date;
use workforceos_core::value::Value;
use workforceos_core::zone::{next_day, previous_day};
use workforceos_store::Turn;

use crate::state::State;

/// Which tasks a decision looks at. With each come its assignment, which tasks of that are pending, and the alert that tells
/// of its being overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskNeed {
    /// This task.
    One(TaskId),
    /// None but the assignment.
    Of(TaskAssignmentId),
    /// All tasks of the assignment, and the days around its shift.
    All(TaskAssignmentId),
    /// The pending tasks of this user.
    User(UserId),
    /// At most so many of each kind of tasks whose alert outlived its cause; their assignments do not matter.
    Outlived(u64),
}

/// Loads what is not here yet, and answers which days are needed too.
pub(crate) async fn load(
    state: &mut State,
    turn: &mut Turn,
    needs: &[TaskNeed],
    rows: &mut HashMap<Uuid, Record>,
) -> Result<Vec<(Date, Date)>> {
    let mut days = Vec::new();
    for need in needs {
        let company = state.company_id;
        let query = |cond| Query::of(IndividualTask::def(), company, cond);
        let (tasks, named) = match need {
            TaskNeed::One(id) => (turn.get(IndividualTask::def(), id.0).await?.into_iter().collect(), None),
            TaskNeed::Of(id) => (Vec::new(), Some(*id)),
            TaskNeed::All(id) => (turn.select(&query(Cond::eq("taskAssignmentId", id.0))).await?, Some(*id)),
            TaskNeed::Outlived(limit) => {
                let mut tasks = Vec::new();
                for cond in outlived() {
                    tasks.extend(turn.select(&Query { limit: *limit, ..query(cond) }).await?);
                }
                (tasks, None)
            }
            TaskNeed::User(user) => (turn.select(&query(Cond::eq("assigneeUserId", user.0).and(pending()))).await?, None),
        };
        let ids = |name: &str| tasks.iter().filter_map(|t| t.get(name).as_id()).collect::<BTreeSet<Uuid>>();
        many(turn, Alert::def(), &ids("overdueAlertId"), rows).await?;
        let mut assignments = if matches!(need, TaskNeed::Outlived(_)) { BTreeSet::new() } else { ids("taskAssignmentId") };
        assignments.extend(named.map(|id| id.0));
        many(turn, TaskAssignment::def(), &assignments, rows).await?;
        // Of what does not exist nothing is kept.
        assignments.retain(|id| rows.contains_key(id));
        if let TaskNeed::All(id) = need
            && assignments.contains(&id.0)
            && !state.tasks.has(*id)
        {
            // All of them were just read.
            state.tasks.begin(*id);
            tasks.iter().for_each(|task| state.tasks.apply(task));
        }
        for id in &assignments {
            open_tasks(state, turn, TaskAssignmentId(*id)).await?;
        }
        for task in tasks {
            rows.entry(task.id()).or_insert(task);
        }
        if let TaskNeed::All(id) = need
            && let Some(shift) = rows.get(&id.0).and_then(|row| row.get("shiftId").as_id())
            && let Some(shift) = turn.get(Shift::def(), shift).await?
            && let Value::Date(date) = shift.get("shiftDate")
        {
            days.push((previous_day(*date), next_day(*date)));
        }
    }
    Ok(days)
}

fn pending() -> Cond {
    Cond::eq("status", TaskStatus::Pending.as_str())
}

/// With an alert that stands though the task is over, or has another due time since: two ways through the index.
fn outlived() -> [Cond; 2] {
    let over = [TaskStatus::Completed, TaskStatus::Cancelled].map(|s| Value::Text(s.as_str().to_owned()));
    let standing = |cond| Cond::Cmp("overdueAlertId", Op::Gt, Value::Id(Uuid::nil())).and(cond);
    [standing(Cond::In("status", over.to_vec())), standing(pending().and(Cond::IsNull("overdueAlertAt")))]
}

async fn many(turn: &mut Turn, def: &'static ObjectDef, ids: &BTreeSet<Uuid>, rows: &mut HashMap<Uuid, Record>) -> Result<()> {
    let missing: Vec<Uuid> = ids.iter().filter(|id| !rows.contains_key(id)).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    for record in turn.get_many(def, &missing).await? {
        rows.insert(record.id(), record);
    }
    Ok(())
}

async fn open_tasks(state: &mut State, turn: &mut Turn, id: TaskAssignmentId) -> Result<()> {
    if state.tasks.has(id) {
        return Ok(());
    }
    let of = Cond::eq("taskAssignmentId", id.0).and(pending());
    let tasks = turn.select(&Query::of(IndividualTask::def(), state.company_id, of)).await?;
    state.tasks.begin(id);
    tasks.iter().for_each(|task| state.tasks.apply(task));
    Ok(())
}
