//! What people do in a day, and what they report of it.

use serde_json::Value as Json;

use crate::id::{CompanyId, UserId};
use crate::object::Level;
use crate::time::{Date, Timestamp};
use crate::value::Kind;
use crate::{data_object, wire_enum};

wire_enum! {
    /// Whether a duty is done.
    pub enum DutyStatus {
        Pending => "pending",
        Completed => "completed",
    }
}

data_object! {
    /// Something that somebody sets out to do on a day, beside the tasks that others give.
    pub struct Duty {
        object: "duty", plural: "duties", table: "duty", service: "governance",
        owned_by: Some("userId"), order: "createdAt,id",
        joins: [],
        /// Whose it is.
        user_id: UserId => "userId",
        /// The day: a night belongs to the day on which it starts.
        duty_date: Date => "dutyDate",
        /// What is to be done.
        title: String => "title",
        /// How, and whatever else helps.
        description: Option<String> => "description".text(),
        /// pending or completed.
        status: DutyStatus => "status",
        /// The company.
        company_id: CompanyId => "companyId",
    }
}

wire_enum! {
    /// Where an end-of-day report stands.
    pub enum EodStatus {
        Generated => "Generated",
        PendingApproval => "Pending Approval",
        Approved => "Approved",
        Rejected => "Rejected",
        NeedsRevision => "Needs Revision",
    }
}

data_object! {
    /// What somebody did on a day: figures from attendance, tasks and duties, and a summary in their own words.
    pub struct EodReport {
        object: "eodReport", plural: "eodReports", table: "eod_report", service: "governance",
        owned_by: Some("userId"), order: "-reportDate,-id",
        joins: [],
        /// Whose day it was.
        user_id: UserId => "userId",
        /// The day: a night belongs to the day on which it starts.
        report_date: Date => "reportDate",
        /// Where the report stands.
        status: EodStatus => "status",
        /// The first check-in.
        login_time: Option<Timestamp> => "loginTime",
        /// The last check-out; null while somebody is checked in.
        logout_time: Option<Timestamp> => "logoutTime",
        /// Worked minutes.
        worked_minutes: i64 => "workedMinutes",
        /// Planned minutes, net of breaks.
        planned_minutes: i64 => "plannedMinutes",
        /// Tasks completed on the day.
        completed_tasks: i64 => "completedTasks",
        /// Tasks that were due by the end of the day and are not done.
        pending_tasks: i64 => "pendingTasks",
        /// Duties done.
        duties_performed: i64 => "dutiesPerformed",
        /// 0 to 100; null where there is nothing to measure.
        productivity_score: Option<i64> => "productivityScore",
        /// Attendance of the day.
        attendance_summary: Json => "attendanceSummary".kind(Kind::Object),
        /// The tasks' counts.
        task_metrics: Json => "taskMetrics".kind(Kind::Object),
        /// The tasks one by one.
        task_breakdown: Json => "taskBreakdown".kind(Kind::Objects),
        /// What was done, in the person's own words.
        work_summary: Option<String> => "workSummary".text(),
        /// What stood in the way.
        blockers: Option<String> => "blockers".text(),
        /// What comes next.
        next_day_plan: Option<String> => "nextDayPlan".text(),
        /// When it was last submitted.
        submitted_at: Option<Timestamp> => "submittedAt",
        /// When its waiting was reported to whoever reviews it.
        delay_alert_at: Option<Timestamp> => "delayAlertAt".read(Level::Nobody),
        /// What the manager says.
        manager_comments: Option<String> => "managerComments".text(),
        /// Who reviewed it last.
        reviewed_by: Option<UserId> => "reviewedBy",
        /// When.
        reviewed_at: Option<Timestamp> => "reviewedAt",
        /// The company.
        company_id: CompanyId => "companyId",
    }
}
