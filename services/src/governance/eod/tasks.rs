//! What somebody had to do on a day.

use serde_json::{Value as Json, json};
use workforceos_core::objects::{IndividualTask, TaskStatus};
use workforceos_core::time::Timestamp;

use super::super::day::Day;
use crate::tasks::rules::is_overdue;

/// The most tasks that are named one by one.
const NAMED: usize = 100;

/// A day's tasks as they stood at its end, or stand now while it lasts: done on it, or due by its end and not done.
pub struct Tasks {
    pub completed: Vec<IndividualTask>,
    pub pending: Vec<IndividualTask>,
    at: Timestamp,
}

impl Tasks {
    pub fn of(tasks: impl IntoIterator<Item = IndividualTask>, day: &Day, now: Timestamp) -> Tasks {
        let (mut completed, mut pending) = (Vec::new(), Vec::new());
        for task in tasks.into_iter().filter(|task| task.meta.created_at < day.to).map(|task| as_of(task, day.to)) {
            match task.status {
                TaskStatus::Completed if task.completed_time.is_some_and(|at| day.contains(at)) => completed.push(task),
                TaskStatus::Pending if task.due_time.is_some_and(|due| due <= day.to) => pending.push(task),
                _ => {}
            }
        }
        completed.sort_by_key(|task| (task.completed_time, task.meta.id));
        pending.sort_by_key(|task| (task.due_time, task.meta.id));
        Tasks { completed, pending, at: now.min(day.to) }
    }

    pub fn all(&self) -> impl Iterator<Item = &IndividualTask> {
        self.completed.iter().chain(&self.pending)
    }

    pub fn metrics(&self) -> Json {
        let overdue = self.pending.iter().filter(|task| is_overdue(task, self.at)).count();
        json!({
            "total": self.all().count(), "completed": self.completed.len(), "pending": self.pending.len(), "overdue": overdue,
        })
    }

    pub fn breakdown(&self) -> Json {
        let line = |task: &IndividualTask| {
            json!({
                "task_id": task.meta.id.to_string(), "title": task.title, "status": task.status.as_str(),
                "due_time": task.due_time.map(|at| at.to_string()), "completed_time": task.completed_time.map(|at| at.to_string()),
                "overdue": is_overdue(task, self.at),
            })
        };
        self.all().take(NAMED).map(line).collect()
    }
}

/// What was done from this moment on waited until then.
fn as_of(task: IndividualTask, end: Timestamp) -> IndividualTask {
    match task.completed_time {
        Some(at) if at >= end => IndividualTask { status: TaskStatus::Pending, completed_time: None, ..task },
        _ => task,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use workforceos_core::id::{CompanyId, TaskAssignmentId, UserId};
    use workforceos_core::object::Meta;
    use workforceos_core::zone::Zone;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("an instant")
    }

    fn task(title: &str, given: &str, due: Option<&str>, done: Option<&str>) -> IndividualTask {
        IndividualTask {
            meta: Meta::new(Uuid::from_u128(1), at(given), None),
            task_assignment_id: TaskAssignmentId(Uuid::from_u128(2)),
            assignee_user_id: UserId(Uuid::from_u128(3)),
            title: title.to_owned(),
            description: None,
            status: if done.is_some() { TaskStatus::Completed } else { TaskStatus::Pending },
            completed_time: done.map(at),
            due_time: due.map(at),
            overdue_alert_at: None,
            overdue_alert_id: None,
            company_id: CompanyId::ROOT,
        }
    }

    fn titles(tasks: &[IndividualTask]) -> Vec<&str> {
        tasks.iter().map(|task| task.title.as_str()).collect()
    }

    #[test]
    fn what_is_done_after_the_day_waited_on_it() {
        let (given, noon) = ("2026-06-01T08:00:00Z", Some("2026-06-15T12:00:00Z"));
        let all = [
            task("done", given, noon, Some("2026-06-15T23:59:59.999Z")),
            task("done with the day's end", given, noon, Some("2026-06-16T00:00:00Z")),
            task("done since", given, noon, Some("2026-06-20T08:00:00Z")),
            task("due later, done since", given, Some("2026-06-18T12:00:00Z"), Some("2026-06-17T12:00:00Z")),
            task("never due, done since", given, None, Some("2026-06-17T12:00:00Z")),
            task("done before", given, noon, Some("2026-06-14T23:59:59.999Z")),
            task("given since", "2026-06-16T00:00:00Z", noon, None),
            task("due at its end", given, Some("2026-06-16T00:00:00Z"), None),
        ];
        let day = Day::of(Zone::UTC, "2026-06-15".parse().expect("a date"), None, None);
        let tasks = Tasks::of(all, &day, at("2026-06-25T08:00:00Z"));
        assert_eq!(titles(&tasks.completed), ["done"]);
        assert_eq!(titles(&tasks.pending), ["done with the day's end", "done since", "due at its end"]);
        assert_eq!(tasks.metrics(), json!({"total": 4, "completed": 1, "pending": 3, "overdue": 3}));
        let since = &tasks.breakdown()[2];
        assert_eq!(
            (&since["status"], &since["completed_time"], &since["overdue"]),
            (&json!("pending"), &json!(null), &json!(true))
        );
    }

    #[test]
    fn a_day_that_lasts_is_told_as_it_stands() {
        let day = Day::of(Zone::UTC, "2026-06-15".parse().expect("a date"), None, None);
        let given = "2026-06-01T08:00:00Z";
        let all =
            [task("soon", given, Some("2026-06-15T18:00:00Z"), None), task("late", given, Some("2026-06-15T09:00:00Z"), None)];
        let tasks = Tasks::of(all, &day, at("2026-06-15T09:00:00Z"));
        assert_eq!(titles(&tasks.pending), ["late", "soon"]);
        assert_eq!(tasks.metrics()["overdue"], 1, "from its due time on, as everywhere");
    }
}
