//! Leave requests and holidays.

use crate::id::{CompanyId, DepartmentId, UserId};
use crate::object::Level;
use crate::objects::{User, UserGroup};
use crate::time::{Date, Timestamp};
use crate::{data_object, wire_enum};

wire_enum! {
    /// Where a leave request stands.
    pub enum LeaveStatus {
        Pending => "pending",
        Approved => "approved",
        Rejected => "rejected",
        Cancelled => "cancelled",
    }
}

wire_enum! {
    /// Which part of its day a leave takes.
    pub enum DayPart {
        Full => "full",
        FirstHalf => "firstHalf",
        SecondHalf => "secondHalf",
    }
}

data_object! {
    /// A request for leave over inclusive, company-local dates.
    pub struct LeaveRequest {
        object: "leaveRequest", plural: "leaveRequests", table: "leave_request", service: "leaveManagement",
        owned_by: Some("userId"), order: "-startDate,id",
        joins: [
            "user" by "userId" to User: ["email", "fullname", "avatar"],
            "approver" by "approverId" to User: ["email", "fullname", "avatar"],
            "department" by "departmentId" to UserGroup: ["groupName", "avatar"]
        ],
        /// Who asks.
        user_id: UserId => "userId".filter(),
        /// The department concerned.
        department_id: Option<DepartmentId> => "departmentId".filter(),
        /// When it was asked for.
        request_date: Timestamp => "requestDate",
        /// The kind of leave, for example annual.
        leave_type: String => "leaveType".filter(),
        /// First day.
        start_date: Date => "startDate".filter(),
        /// Last day.
        end_date: Date => "endDate".filter(),
        /// full, firstHalf or secondHalf.
        day_part: DayPart => "dayPart",
        /// Why.
        reason: Option<String> => "reason",
        /// pending, approved, rejected or cancelled.
        status: LeaveStatus => "status".filter(),
        /// Who decided.
        approver_id: Option<UserId> => "approverId",
        /// When it was decided.
        approved_date: Option<Timestamp> => "approvedDate",
        /// What the decider said.
        decision_note: Option<String> => "decisionNote",
        /// When its waiting was reported to those who decide.
        delay_alert_at: Option<Timestamp> => "delayAlertAt".read(Level::Manager),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}

data_object! {
    /// A public holiday of a company: nobody's leave is charged for it.
    pub struct Holiday {
        object: "holiday", plural: "holidays", table: "holiday", service: "leaveManagement",
        owned_by: None, order: "holidayDate,id",
        joins: [],
        /// Its name.
        name: String => "name".filter(),
        /// Its date, company-local.
        holiday_date: Date => "holidayDate".filter(),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}
