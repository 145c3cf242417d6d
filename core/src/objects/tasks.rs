//! Tasks: an assignment gives the same task to several people; each of them has an individual task to do.

use crate::id::{AlertId, CompanyId, DepartmentId, ShiftId, TaskAssignmentId, UserId};
use crate::object::Level;
use crate::objects::User;
use crate::time::Timestamp;
use crate::{data_object, wire_enum};

wire_enum! {
    /// Where an assignment stands.
    pub enum TaskAssignmentStatus {
        Active => "active",
        Cancelled => "cancelled",
        Completed => "completed",
    }
}

wire_enum! {
    /// Where one person's task stands.
    pub enum TaskStatus {
        Pending => "pending",
        Completed => "completed",
        Cancelled => "cancelled",
    }
}

data_object! {
    /// A task given to people, departments or the people of a shift: each of them gets an individual task.
    pub struct TaskAssignment {
        object: "taskAssignment", plural: "taskAssignments", table: "task_assignment", service: "taskManagement",
        owned_by: None, order: "-createdAt,id",
        joins: [],
        /// What is to be done.
        title: String => "title".filter(),
        /// How, and whatever else helps.
        description: Option<String> => "description".text(),
        /// By when.
        due_time: Option<Timestamp> => "dueTime".filter(),
        /// active, cancelled or completed (nobody's task is pending any more).
        status: TaskAssignmentStatus => "status".filter(),
        /// Who gave it.
        assigner_id: UserId => "assignerId".filter(),
        /// People to whom it was given by name.
        assignee_user_ids: Vec<UserId> => "assigneeUserIds".filter().link("task_assignment_user"),
        /// Departments to whose members it was given.
        assigned_department_ids: Vec<DepartmentId> => "assignedDepartmentIds".filter().link("task_assignment_department"),
        /// The shift to whose people it was given.
        shift_id: Option<ShiftId> => "shiftId".filter(),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}

data_object! {
    /// What one person has to do of an assignment.
    pub struct IndividualTask {
        object: "individualTask", plural: "individualTasks", table: "individual_task", service: "taskManagement",
        owned_by: Some("assigneeUserId"), order: "-createdAt,id",
        joins: [
            "taskAssignment" by "taskAssignmentId" to TaskAssignment: [
                "title", "description", "dueTime", "status", "assignerId", "assigneeUserIds", "assignedDepartmentIds", "shiftId",
                "isActive", "createdAt", "updatedAt"
            ],
            "user" by "assigneeUserId" to User: ["email", "fullname", "avatar"]
        ],
        /// The assignment to which it belongs.
        task_assignment_id: TaskAssignmentId => "taskAssignmentId".filter(),
        /// Who has to do it.
        assignee_user_id: UserId => "assigneeUserId".filter(),
        /// What is to be done.
        title: String => "title",
        /// How, and whatever else helps.
        description: Option<String> => "description".text(),
        /// pending, completed or cancelled.
        status: TaskStatus => "status".filter(),
        /// When it was completed.
        completed_time: Option<Timestamp> => "completedTime",
        /// By when.
        due_time: Option<Timestamp> => "dueTime".filter(),
        /// When the assignee was told that it is overdue.
        overdue_alert_at: Option<Timestamp> => "overdueAlertAt",
        /// The alert that tells so, while it stands.
        overdue_alert_id: Option<AlertId> => "overdueAlertId".read(Level::Nobody),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}
