//! The rules of tasks, as pure functions.

use std::collections::HashSet;

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_actors::State;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, ShiftId, UserId};
use workforceos_core::objects::{IndividualTask, TaskAssignment, TaskAssignmentStatus, TaskStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;

use crate::reach;

/// The most people that one assignment is for: all of it is one transaction.
const MAX_PEOPLE: usize = 20_000;
/// The most bytes that an assignment's texts take, each person's copy counted.
const MAX_TEXT: usize = 32_000_000;

/// Everybody and everything that a request names belongs to the company and is active; every bad one named. A draft has no people
/// yet, and only admins know of it.
pub fn check_named(
    state: &State,
    ctx: &Ctx,
    users: &[UserId],
    departments: &[DepartmentId],
    shift: Option<ShiftId>,
) -> Result<()> {
    let mut problems = Vec::new();
    let unknown = |field: &str, id: Uuid| Problem::new(field, format!("{id} is not known here"));
    for user in users.iter().filter(|u| state.people.role(**u).is_none()) {
        problems.push(unknown("assigneeUserIds", user.0));
    }
    for department in departments.iter().filter(|d| !state.people.has_department(**d)) {
        problems.push(unknown("assignedDepartmentIds", department.0));
    }
    if let Some(id) = shift {
        match state.schedule.get(id) {
            Some(shift) if !shift.is_draft => {}
            Some(_) if ctx.is_admin() => problems.push(Problem::new("shiftId", format!("{id} is a draft: publish it first"))),
            _ => problems.push(unknown("shiftId", id.0)),
        }
    }
    Error::none_of(problems)
}

/// Whom an assignment is for, each once: those named, members of departments, and the people of a shift. Who is not active any
/// more is left out.
pub fn recipients(state: &State, users: &[UserId], departments: &[DepartmentId], shift: Option<ShiftId>) -> Vec<UserId> {
    let named = users.iter().copied().filter(|u| state.people.role(*u).is_some());
    let members = departments.iter().flat_map(|d| state.people.members(*d));
    let assignees = shift.and_then(|id| state.schedule.get(id)).map(|s| state.assignees(s)).unwrap_or_default();
    let mut known = HashSet::new();
    named.chain(members).chain(assignees).filter(|user| known.insert(*user)).collect()
}

/// An assignment is for somebody, and not for more than one transaction holds.
pub fn check_people(assignment: &TaskAssignment, people: &[UserId]) -> Result<()> {
    if people.is_empty() {
        return Err(Error::field(
            "assigneeUserIds",
            "nobody would get the task: name people, departments or a shift with people",
        ));
    }
    if people.len() > MAX_PEOPLE {
        return Err(Error::field("assigneeUserIds", format!("a task is given to at most {MAX_PEOPLE} people at once")));
    }
    check_text(assignment, people.len())
}

/// Each of the people gets a copy of the text.
pub fn check_text(assignment: &TaskAssignment, people: usize) -> Result<()> {
    let text = assignment.title.len() + assignment.description.as_ref().map_or(0, String::len);
    if text * people > MAX_TEXT {
        return Err(Error::field("description", "is too long for so many people: each gets a copy"));
    }
    Ok(())
}

/// Managers give tasks to their reports (and themselves) alone.
pub fn check_reach(state: &State, ctx: &Ctx, people: impl IntoIterator<Item = UserId>) -> Result<()> {
    let beyond = people.into_iter().filter(|user| !reach::reaches(state, ctx, *user)).count();
    match beyond {
        0 => Ok(()),
        n => Err(Error::forbidden(format!("{n} of the people are not within your reach: managers give tasks to their reports"))),
    }
}

/// Whether the caller may change an assignment and its tasks as its giver.
pub fn directs(ctx: &Ctx, assignment: &TaskAssignment) -> bool {
    ctx.is_admin() || assignment.assigner_id == ctx.user()
}

/// The assignment's giver and admins change it; managers who see it because a report is among its people are refused; for
/// everybody else it is not there.
pub fn check_directs(ctx: &Ctx, assignment: &TaskAssignment, mut people: impl Iterator<Item = UserId>) -> Result<()> {
    if directs(ctx, assignment) {
        return Ok(());
    }
    if people.any(|user| ctx.manages(user)) {
        return Err(Error::forbidden("Only whoever gave the task, and admins, may do that"));
    }
    Err(Error::not_found("taskAssignment"))
}

/// Where an assignment stands once so many of its tasks are pending: cancelled stays; with none pending it is completed, and
/// with one it is active (again).
pub fn settled(status: TaskAssignmentStatus, pending: usize) -> TaskAssignmentStatus {
    match (status, pending) {
        (TaskAssignmentStatus::Cancelled, _) => TaskAssignmentStatus::Cancelled,
        (_, 0) => TaskAssignmentStatus::Completed,
        _ => TaskAssignmentStatus::Active,
    }
}

/// A task in another status: completing sets `completedTime`, anything else clears it. In the same status it stays as it is.
pub fn moved(task: &IndividualTask, status: TaskStatus, now: Timestamp) -> IndividualTask {
    let mut task = task.clone();
    if task.status != status {
        task.completed_time = (status == TaskStatus::Completed).then_some(now);
        task.status = status;
    }
    task
}

/// Pending from its due time on.
pub fn is_overdue(task: &IndividualTask, now: Timestamp) -> bool {
    task.status == TaskStatus::Pending && task.due_time.is_some_and(|due| due <= now)
}

/// What changed in an assignment reaches its pending tasks, except where a task was given a value of its own.
pub fn carried_over(task: &IndividualTask, before: &TaskAssignment, after: &TaskAssignment) -> IndividualTask {
    let mut task = task.clone();
    if task.title == before.title {
        task.title.clone_from(&after.title);
    }
    if task.description == before.description {
        task.description.clone_from(&after.description);
    }
    if task.due_time == before.due_time {
        task.due_time = after.due_time;
    }
    task
}

/// How far an assignment is. Cancelled tasks count in the total alone.
pub fn progress<'a>(tasks: impl Iterator<Item = &'a IndividualTask>, now: Timestamp) -> Json {
    let (mut total, mut completed, mut cancelled, mut overdue) = (0_u64, 0_u64, 0_u64, 0_u64);
    for task in tasks {
        total += 1;
        completed += u64::from(task.status == TaskStatus::Completed);
        cancelled += u64::from(task.status == TaskStatus::Cancelled);
        overdue += u64::from(is_overdue(task, now));
    }
    let counted = total - cancelled;
    let rate = if counted == 0 { 0.0 } else { completed as f64 / counted as f64 };
    json!({
        "total": total, "completed": completed, "pending": counted - completed, "cancelled": cancelled, "overdue": overdue,
        "completionRate": rate,
    })
}

#[cfg(test)]
mod tests {
    use workforceos_core::id::{CompanyId, TaskAssignmentId};
    use workforceos_core::object::Meta;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn task(status: TaskStatus, due: Option<i64>) -> IndividualTask {
        IndividualTask {
            meta: Meta::new(Uuid::from_u128(1), Timestamp(0), None),
            task_assignment_id: TaskAssignmentId(Uuid::from_u128(2)),
            assignee_user_id: UserId(Uuid::from_u128(3)),
            title: "Count the linen".to_owned(),
            description: None,
            status,
            completed_time: None,
            due_time: due.map(Timestamp),
            overdue_alert_at: None,
            overdue_alert_id: None,
            company_id: CompanyId::ROOT,
        }
    }

    #[test]
    fn completing_is_idempotent_and_keeps_its_time() {
        let done = moved(&task(TaskStatus::Pending, None), TaskStatus::Completed, NOW);
        assert_eq!((done.status, done.completed_time), (TaskStatus::Completed, Some(NOW)));
        assert_eq!(moved(&done, TaskStatus::Completed, Timestamp(2_000)), done);
        assert_eq!(moved(&done, TaskStatus::Pending, NOW).completed_time, None);
        assert_eq!(moved(&done, TaskStatus::Cancelled, NOW).completed_time, None);
    }

    #[test]
    fn an_assignment_is_completed_when_none_is_pending_and_active_when_one_is() {
        use TaskAssignmentStatus::{Active, Cancelled, Completed};
        let table = [(Active, 0, Completed), (Active, 1, Active), (Completed, 0, Completed), (Completed, 1, Active)];
        for (before, pending, after) in table {
            assert_eq!(settled(before, pending), after);
        }
        assert_eq!((settled(Cancelled, 0), settled(Cancelled, 3)), (Cancelled, Cancelled));
    }

    #[test]
    fn progress_leaves_the_cancelled_out_of_the_rate() {
        let tasks = [
            task(TaskStatus::Completed, Some(500)),
            task(TaskStatus::Pending, Some(1_000)),
            task(TaskStatus::Pending, Some(1_001)),
            task(TaskStatus::Pending, None),
            task(TaskStatus::Cancelled, Some(500)),
        ];
        let wanted = json!({"total": 5, "completed": 1, "pending": 3, "cancelled": 1, "overdue": 1, "completionRate": 0.25});
        assert_eq!(progress(tasks.iter(), NOW), wanted);
        let none = progress(tasks[4..].iter(), NOW);
        assert_eq!((&none["completionRate"], &none["total"]), (&json!(0.0), &json!(1)));
    }
}
