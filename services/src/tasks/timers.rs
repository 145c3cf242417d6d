//! What the clock does by itself: a task still pending at its due time is told to its assignee, once for that due time.

use workforceos_actors::{Facts, Needs, TaskNeed, TimerPass};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{AlertId, CompanyId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, IndividualTask, TaskStatus};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

use crate::alerts;

/// The most tasks that one pass handles; each is two rows.
const MAX_TASKS: usize = 250;

/// The tasks that are overdue, the next to be, and those whose alert outlived its cause; of the first and the last one more than
/// a pass handles, which tells that there are more. The database has an index for each: to ask the open tasks in memory, a
/// company would have to load all of them.
pub fn needs(company: CompanyId, now: Timestamp) -> Needs {
    let untold = |op| {
        let pending = Cond::eq("status", TaskStatus::Pending.as_str());
        let cond = vec![pending, Cond::IsNull("overdueAlertAt"), Cond::Cmp("dueTime", op, Value::Time(now))];
        let order = order(IndividualTask::def(), "dueTime,id");
        Query { order, limit: MAX_TASKS as u64 + 1, ..Query::of(IndividualTask::def(), company, Cond::All(cond)) }
    };
    let next = Query { limit: 1, ..untold(Op::Gt) };
    Needs::tasks(TaskNeed::Outlived(MAX_TASKS as u64 + 1)).and_query(untold(Op::Lte)).and_query(next)
}

/// A pass over what was loaded, and when the next task is due.
pub fn sweep(facts: &Facts) -> Result<TimerPass> {
    let tenant = Tenant::of(facts.state.company_id, "", facts.state.zone());
    let ctx = crate::system_ctx(tenant, facts.now, "timer");
    let mut changes = Changes::none();
    let mut next: Option<Timestamp> = None;
    let mut handled = 0;
    for task in facts.rows::<IndividualTask>()? {
        let over = task.status != TaskStatus::Pending || task.overdue_alert_at.is_none();
        let outlived = task.overdue_alert_id.filter(|_| over);
        let untold = task.overdue_alert_at.is_none() && task.overdue_alert_id.is_none();
        let due = task.due_time.filter(|_| untold && task.status == TaskStatus::Pending);
        let at = match (outlived, due) {
            (Some(_), _) => facts.now,
            (None, Some(due)) => due,
            (None, None) => continue,
        };
        if at > facts.now || handled == MAX_TASKS {
            next = Some(next.map_or(at.max(facts.now), |n| n.min(at.max(facts.now))));
            continue;
        }
        handled += 1;
        changes = changes.join(match outlived {
            Some(alert) => calm(facts, &ctx, task, alert)?,
            None => report(facts, &ctx, task),
        });
    }
    Ok((changes, next))
}

/// The alert's cause is gone. With another due time the task is looked at anew.
fn calm(facts: &Facts, ctx: &Ctx, mut task: IndividualTask, alert: AlertId) -> Result<Changes> {
    task.overdue_alert_id = None;
    let task = task.touched(facts.now);
    let due = task.due_time.filter(|_| task.status == TaskStatus::Pending);
    let resolved = alerts::resolve_one(ctx, facts, alert)?.due(due);
    Ok(noted(resolved, ctx, &task))
}

/// Tells the assignee. Who has archived the profile hears nothing, now or later.
fn report(facts: &Facts, ctx: &Ctx, mut task: IndividualTask) -> Changes {
    let (user, state) = (task.assignee_user_id, facts.state);
    task.overdue_alert_at = Some(facts.now);
    let mut changes = Changes::none();
    if state.people.role(user).is_some() {
        let due = task.due_time.map(|at| state.zone().local(at).format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
        let message = format!("\u{201c}{}\u{201d} was due at {due} and is still pending.", task.title);
        let alert =
            alerts::alert(facts, AlertType::OverdueTask, user, Some(user), (IndividualTask::def().name, task.meta.id), message);
        task.overdue_alert_id = Some(AlertId(alert.meta.id));
        changes = alerts::raise(ctx, &alert);
    }
    noted(changes, ctx, &task.touched(facts.now))
}

/// The task's row beside what happens to its alert, which is the event; a change without one gets a note.
fn noted(changes: Changes, ctx: &Ctx, task: &IndividualTask) -> Changes {
    if !changes.events.is_empty() {
        return changes.put(task);
    }
    let mut note = Event::audit(ctx, IndividualTask::def().name, task.meta.id).after(task);
    note.audited = false;
    changes.put(task).event(note)
}
