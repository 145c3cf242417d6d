//! `updateTaskAssignment`.

use std::collections::HashSet;
use std::sync::Arc;

use workforceos_actors::{Facts, Needs, State, TaskNeed};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{DepartmentId, ShiftId, TaskAssignmentId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{IndividualTask, TaskAssignment, TaskAssignmentStatus, TaskStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::{Patch, Reach, input};

use super::audience::{To, tell, tell_managers};
use super::writing::Writing;
use super::{delete_assignment, rules};
use crate::{Api, App, commit};

input! {
    pub struct UpdateTaskAssignment {
        /// The assignment.
        task_assignment_id: TaskAssignmentId => "taskAssignmentId" Path,
        /// What is to be done.
        title: Option<String> => "title" Body,
        /// How, and whatever else helps; null clears it.
        description: Patch<String> => "description" Body .text(),
        /// By when; null clears it.
        due_time: Patch<Timestamp> => "dueTime" Body,
        /// cancelled, or active again; completed comes by itself.
        status: Option<TaskAssignmentStatus> => "status" Body,
        /// People by name: replaces the list.
        assignee_user_ids: Patch<Vec<UserId>> => "assigneeUserIds" Body,
        /// Departments: replaces the list.
        assigned_department_ids: Patch<Vec<DepartmentId>> => "assignedDepartmentIds" Body,
        /// The shift whose people get the task; null clears it.
        shift_id: Patch<ShiftId> => "shiftId" Body,
    }
}

pub fn api() -> Api {
    Api::update("updateTaskAssignment")
        .on::<TaskAssignment>()
        .at("/v1/taskassignments/:taskAssignmentId")
        .reach(Reach::Managers)
        .about(
            "Changes an assignment; only for whoever gave it, and admins. A new title, description or due time reaches the pending \
             tasks that have no value of their own. Naming recipients works them out anew: who has no task gets one, who is named \
             newly and had a cancelled one gets it back, who is left out has the pending one cancelled; completed ones stay. \
             Cancelling cancels the pending tasks; made active again, the cancelled ones of its people are pending again. Refuses to \
             leave nobody (400), completing by hand while tasks are pending, and reopening where none would be (409 InvalidState).",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: UpdateTaskAssignment) -> Result<Answer> {
    let mut needs = Needs::tasks(TaskNeed::All(input.task_assignment_id));
    if let Patch::Set(shift) = input.shift_id {
        needs = needs.and(Needs::shift(shift));
    }
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &UpdateTaskAssignment) -> Result<(Changes, Answer)> {
    let state = facts.state;
    let before = facts.row::<TaskAssignment>(input.task_assignment_id)?;
    let tasks = delete_assignment::of(facts, input.task_assignment_id)?;
    rules::check_directs(ctx, &before, tasks.iter().map(|t| t.assignee_user_id))?;
    let mut after = patched(&before, input)?;
    if (&after.title, &after.description) != (&before.title, &before.description) {
        rules::check_text(&after, tasks.len())?;
    }
    let new = Newly::named(&before, &after);
    rules::check_named(state, ctx, &new.users, &new.departments, new.shift)?;
    let reopened = before.status == TaskAssignmentStatus::Cancelled && after.status != TaskAssignmentStatus::Cancelled;
    let plan = Plan::of(state, &before, &after, &new, reopened, input)?;
    let mut made = Made::default();
    let mut writing = Writing::new(facts, ctx);
    for task in &tasks {
        let changed = plan.task(task, facts.now);
        if changed != *task {
            made.note(task, &changed);
            writing.change(task, changed)?;
        }
    }
    let have: HashSet<UserId> = tasks.iter().map(|t| t.assignee_user_id).collect();
    for person in plan.people.iter().flatten().filter(|p| !have.contains(p)) {
        writing.give(&after, *person);
        made.given.push(*person);
    }
    rules::check_reach(state, ctx, made.given.iter().copied())?;
    let pending = writing.pending(input.task_assignment_id)?;
    check_status(&before, input.status, pending)?;
    after.status = rules::settled(after.status, pending);
    let after = after.touched(facts.now);
    writing.join(Changes::none().put(&after));
    let kind = kind(before.status, after.status);
    let told = made.told(&tasks, kind, reopened);
    // Also the managers of who has it no more: they still see whose it was.
    let events = tell(state, ctx, kind, (Some(&before), &after), &told, To::Everybody);
    writing.join(tell_managers(state, events, &made.taken));
    // Who gets the task just now, or has it no more, gets an event that says so.
    if !reopened {
        writing.join(tell(state, ctx, "task.assigned", (None, &after), &made.given, To::These));
    }
    if kind != "task.cancelled" {
        writing.join(tell(state, ctx, "task.cancelled", (None, &after), &made.taken, To::These));
    }
    Ok((writing.changes, Answer::object(ctx, &after)))
}

fn patched(before: &TaskAssignment, input: &UpdateTaskAssignment) -> Result<TaskAssignment> {
    let mut after = before.clone();
    if let Some(title) = &input.title {
        if title.trim().is_empty() {
            return Err(Error::field("title", "must not be empty"));
        }
        after.title.clone_from(title);
    }
    after.description = input.description.clone().over(after.description);
    after.due_time = input.due_time.clone().over(after.due_time);
    after.status = input.status.unwrap_or(after.status);
    after.assignee_user_ids = input.assignee_user_ids.clone().over(Some(after.assignee_user_ids)).unwrap_or_default();
    let departments = input.assigned_department_ids.clone();
    after.assigned_department_ids = departments.over(Some(after.assigned_department_ids)).unwrap_or_default();
    after.shift_id = input.shift_id.clone().over(after.shift_id);
    Ok(after)
}

/// Completed is what an assignment becomes by itself; active again it is only with something to do.
fn check_status(before: &TaskAssignment, wanted: Option<TaskAssignmentStatus>, pending: usize) -> Result<()> {
    use TaskAssignmentStatus::{Active, Cancelled, Completed};
    match (before.status, wanted, pending) {
        (Cancelled, Some(Completed), _) => Err(Error::conflict("InvalidState", "A cancelled assignment cannot be completed")),
        (Active, Some(Completed), 1..) => {
            let message = format!("{pending} tasks are still pending: the assignment is completed with the last of them");
            Err(Error::conflict("InvalidState", message))
        }
        (Completed, Some(Active), 0) => {
            Err(Error::conflict("InvalidState", "No task is pending: reopen one of them, or name more people"))
        }
        _ => Ok(()),
    }
}

fn kind(before: TaskAssignmentStatus, after: TaskAssignmentStatus) -> &'static str {
    match after {
        _ if before == after => "task.updated",
        TaskAssignmentStatus::Active => "task.reopened",
        TaskAssignmentStatus::Completed => "task.completed",
        TaskAssignmentStatus::Cancelled => "task.cancelled",
    }
}

/// What a change names that was not named before.
struct Newly {
    users: Vec<UserId>,
    departments: Vec<DepartmentId>,
    shift: Option<ShiftId>,
}

impl Newly {
    fn named(before: &TaskAssignment, after: &TaskAssignment) -> Newly {
        let users: HashSet<&UserId> = before.assignee_user_ids.iter().collect();
        let departments: HashSet<&DepartmentId> = before.assigned_department_ids.iter().collect();
        Newly {
            users: after.assignee_user_ids.iter().filter(|u| !users.contains(u)).copied().collect(),
            departments: after.assigned_department_ids.iter().filter(|d| !departments.contains(d)).copied().collect(),
            shift: after.shift_id.filter(|shift| before.shift_id != Some(*shift)),
        }
    }
}

/// What becomes of the tasks.
struct Plan<'a> {
    before: &'a TaskAssignment,
    after: &'a TaskAssignment,
    /// Whom it is for from now on, where that was said anew.
    people: Option<HashSet<UserId>>,
    /// Whose cancelled tasks are pending again.
    back: HashSet<UserId>,
}

impl<'a> Plan<'a> {
    fn of(
        state: &State,
        before: &'a TaskAssignment,
        after: &'a TaskAssignment,
        new: &Newly,
        reopened: bool,
        input: &UpdateTaskAssignment,
    ) -> Result<Plan<'a>> {
        let named = !(input.assignee_user_ids.is_keep() && input.assigned_department_ids.is_keep() && input.shift_id.is_keep());
        if !named && !reopened {
            return Ok(Plan { before, after, people: None, back: HashSet::new() });
        }
        let people = rules::recipients(state, &after.assignee_user_ids, &after.assigned_department_ids, after.shift_id);
        rules::check_people(after, &people)?;
        if after.status == TaskAssignmentStatus::Cancelled {
            // The people are kept for the day on which it is made active again.
            return Ok(Plan { before, after, people: None, back: HashSet::new() });
        }
        let back = if reopened {
            people.iter().copied().collect()
        } else {
            rules::recipients(state, &new.users, &new.departments, new.shift).into_iter().collect()
        };
        Ok(Plan { before, after, people: Some(people.into_iter().collect()), back })
    }

    fn task(&self, task: &IndividualTask, now: Timestamp) -> IndividualTask {
        let user = &task.assignee_user_id;
        let left_out = self.after.status == TaskAssignmentStatus::Cancelled
            || self.people.as_ref().is_some_and(|people| !people.contains(user));
        match task.status {
            TaskStatus::Pending if left_out => rules::moved(task, TaskStatus::Cancelled, now),
            TaskStatus::Pending => rules::carried_over(task, self.before, self.after),
            TaskStatus::Cancelled if self.back.contains(user) => {
                rules::carried_over(&rules::moved(task, TaskStatus::Pending, now), self.before, self.after)
            }
            // It may come back.
            TaskStatus::Cancelled => rules::carried_over(task, self.before, self.after),
            TaskStatus::Completed => task.clone(),
        }
    }
}

/// What became of people's tasks.
#[derive(Default)]
struct Made {
    given: Vec<UserId>,
    taken: Vec<UserId>,
}

impl Made {
    fn note(&mut self, before: &IndividualTask, after: &IndividualTask) {
        match (before.status, after.status) {
            (TaskStatus::Cancelled, TaskStatus::Pending) => self.given.push(before.assignee_user_id),
            (TaskStatus::Pending, TaskStatus::Cancelled) => self.taken.push(before.assignee_user_id),
            _ => {}
        }
    }

    /// Everybody with something to do whom no event of their own tells.
    fn told(&self, tasks: &[IndividualTask], kind: &str, reopened: bool) -> Vec<UserId> {
        let taken: HashSet<UserId> = if kind == "task.cancelled" { HashSet::new() } else { self.taken.iter().copied().collect() };
        let pending = tasks.iter().filter(|t| t.status == TaskStatus::Pending).map(|t| t.assignee_user_id);
        let back = self.given.iter().copied().filter(|_| reopened);
        let mut people: Vec<UserId> = pending.chain(back).filter(|user| !taken.contains(user)).collect();
        people.sort_unstable();
        people.dedup();
        people
    }
}
