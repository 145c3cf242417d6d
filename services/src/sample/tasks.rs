//! The sample company's tasks: one of everybody, and of each department one that is done, one that runs and one that is late.

use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::{DepartmentId, TaskAssignmentId, UserId};
use workforceos_core::objects::{IndividualTask, TaskAssignment, TaskAssignmentStatus, TaskStatus};
use workforceos_core::time::Timestamp;

use super::people::{ADMIN, DEPARTMENTS, Staff, crew, manager};
use crate::tasks::rules;

/// What each department has to do: title, how, days from now until it is due, and of how many people one has done it.
const PLANS: [[Plan; 3]; 5] = [
    [
        ("Read the new guest privacy notice", "Sign the sheet at the desk.", -9, 1),
        ("Check the key card encoder", "Make ten test cards and lock them away.", 3, 3),
        ("Hand in the cash count", "Two people count.", -1, 2),
    ],
    [
        ("Renew the hygiene certificate", "Bring the stamped card to the office.", -14, 1),
        ("Learn the autumn menu", "Tasting is on Thursday before dinner.", 5, 2),
        ("Label the cold store", "Date and name on every box.", -2, 3),
    ],
    [
        ("Count the linen", "Sheets, towels and table cloths apart.", -7, 1),
        ("Air the rooms of the east wing", "", 2, 2),
        ("Return the spare keys", "All of them.", -1, 4),
    ],
    [
        ("Test the fire doors", "Floors 1 to 5.", -12, 1),
        ("Service the lift", "Together with the company that built it.", 6, 4),
        ("Write down the meters", "Water, gas, electricity.", -3, 2),
    ],
    [
        ("Take part in the first-aid course", "Monday or Tuesday.", -10, 1),
        ("Walk the new patrol route", "Once by day and once by night.", 4, 2),
        ("Check the cameras of the car park", "", -1, 3),
    ],
];
type Plan = (&'static str, &'static str, i64, usize);

pub(super) fn all(staff: &Staff, now: Timestamp) -> Changes {
    let mut changes = Changes::none();
    for (department, plans) in PLANS.iter().enumerate() {
        let people: Vec<UserId> = crew(department).into_iter().map(|person| staff.users[person]).collect();
        for plan in plans {
            let assigner = staff.users[manager(department)];
            changes = changes.join(one(staff, now, (assigner, people.clone(), Vec::new()), *plan));
        }
    }
    let members = (0..DEPARTMENTS.len()).flat_map(|d| std::iter::once(manager(d)).chain(crew(d)));
    let everybody: Vec<UserId> = members.map(|person| staff.users[person]).collect();
    let news = ("Confirm your emergency contact", "In your profile; tell the office if you cannot.", 10, 3);
    changes = changes.join(one(staff, now, (staff.users[ADMIN], everybody, staff.departments.clone()), news));
    let event = Event::audit(&staff.ctx, "company", staff.ctx.company()).extra(json!({"taskAssignments": PLANS.len() * 3 + 1}));
    changes.event(event)
}

/// An assignment with its tasks, of which every `done`th is completed. People reached by a department are not named.
fn one(
    staff: &Staff,
    now: Timestamp,
    (assigner, people, departments): (UserId, Vec<UserId>, Vec<DepartmentId>),
    (title, description, days, done): Plan,
) -> Changes {
    let due = Timestamp(now.0 + days * Timestamp::DAY);
    let given = Timestamp(due.0.min(now.0) - 5 * Timestamp::DAY);
    let description = Some(description.to_owned()).filter(|text| !text.is_empty());
    let meta = staff.meta(given);
    let id = TaskAssignmentId(meta.id);
    let task = |(place, person): (usize, &UserId)| {
        let completed = (place + 1).is_multiple_of(done).then(|| Timestamp(given.0 + (place as i64 + 1) * 3 * Timestamp::HOUR));
        let status = if completed.is_some() { TaskStatus::Completed } else { TaskStatus::Pending };
        IndividualTask {
            meta: staff.meta(given),
            task_assignment_id: id,
            assignee_user_id: *person,
            title: title.to_owned(),
            description: description.clone(),
            status,
            completed_time: completed,
            due_time: Some(due),
            overdue_alert_at: None,
            overdue_alert_id: None,
            company_id: staff.ctx.company(),
        }
    };
    let tasks: Vec<IndividualTask> = people.iter().enumerate().map(task).collect();
    let pending = tasks.iter().filter(|t| t.status == TaskStatus::Pending).count();
    let assignment = TaskAssignment {
        meta,
        title: title.to_owned(),
        description: description.clone(),
        due_time: Some(due),
        status: rules::settled(TaskAssignmentStatus::Active, pending),
        assigner_id: assigner,
        assignee_user_ids: if departments.is_empty() { people } else { Vec::new() },
        assigned_department_ids: departments,
        shift_id: None,
        company_id: staff.ctx.company(),
    };
    let changes = Changes::none().put(&assignment).due((pending > 0).then_some(due));
    tasks.iter().fold(changes, Changes::put)
}
