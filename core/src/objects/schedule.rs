//! Shifts, the templates that generate them, and requests to change them with colleagues.

use crate::id::{CompanyId, DepartmentId, ShiftId, TemplateId, UserId};
use crate::object::Level;
use crate::objects::{User, UserGroup};
use crate::time::{Date, Timestamp};
use crate::{data_object, wire_enum};

data_object! {
    /// A recurring shift: times and an RFC 5545 rule, from which shifts are generated.
    pub struct ShiftTemplate {
        object: "shiftTemplate", plural: "shiftTemplates", table: "shift_template", service: "scheduleManagement",
        owned_by: None, order: "-createdAt,id",
        joins: ["department" by "departmentId" to UserGroup: ["groupName", "avatar"]],
        /// The template's name.
        name: String => "name".filter(),
        /// What the shift is about.
        description: Option<String> => "description".text(),
        /// Start, HH:mm in the company's time zone.
        start_time: String => "startTime",
        /// End, HH:mm; not after the start means the next day.
        end_time: String => "endTime",
        /// RFC 5545 recurrence rule, for example FREQ=WEEKLY;BYDAY=MO,TU.
        recurrence_rule: String => "recurrenceRule",
        /// The department whose shift it is.
        department_id: Option<DepartmentId> => "departmentId".filter(),
        /// Unpaid minutes of break within the shift.
        break_minutes: i64 => "breakMinutes",
        /// How many people the shift needs.
        needed_count: i64 => "neededCount",
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}

wire_enum! {
    /// Where a shift stands.
    pub enum ShiftStatus {
        Scheduled => "scheduled",
        Completed => "completed",
        Cancelled => "cancelled",
    }
}

data_object! {
    /// A shift: a span of time on a date to which people and departments are assigned.
    pub struct Shift {
        object: "shift", plural: "shifts", table: "shift", service: "scheduleManagement",
        owned_by: None, order: "shiftDate,startTime,id",
        joins: [
            "assignedUsers" by "assignedUserIds" to User: ["fullname", "avatar"],
            "createdByUser" by "createdBy" to User: ["fullname", "avatar"],
            "department" by "departmentId" to UserGroup: ["groupName", "avatar"],
            "assignedDepartments" by "assignedDepartmentIds" to UserGroup: ["groupName", "avatar"]
        ],
        /// The local date on which it begins and to which it belongs.
        shift_date: Date => "shiftDate".filter(),
        /// Start, HH:mm in the company's time zone.
        start_time: String => "startTime",
        /// End, HH:mm; not after the start means the next day.
        end_time: String => "endTime",
        /// The instant at which it begins.
        starts_at: Timestamp => "startsAt",
        /// The instant at which it ends.
        ends_at: Timestamp => "endsAt",
        /// Where it takes place.
        location: Option<String> => "location",
        /// The department whose shift it is (assigns nobody).
        department_id: Option<DepartmentId> => "departmentId".filter(),
        /// People assigned by name.
        assigned_user_ids: Vec<UserId> => "assignedUserIds".filter().link("shift_user"),
        /// Departments all of whose members are assigned.
        assigned_department_ids: Vec<DepartmentId> => "assignedDepartmentIds".filter().link("shift_department"),
        /// scheduled, completed or cancelled.
        status: ShiftStatus => "status".filter(),
        /// Unpaid minutes of break within the shift.
        break_minutes: i64 => "breakMinutes",
        /// How many people it needs.
        needed_count: i64 => "neededCount",
        /// Planned but not published: only admins see it, and it takes up nobody's time.
        is_draft: bool => "isDraft".filter(),
        /// The template that generated it.
        shift_template_id: Option<TemplateId> => "shiftTemplateId".filter(),
        /// Who planned it.
        created_by: UserId => "createdBy",
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}

impl Shift {
    /// Whether it is, or was, to take place: published, and not cancelled.
    pub fn takes_place(&self) -> bool {
        !self.is_draft && self.status != ShiftStatus::Cancelled
    }
}

wire_enum! {
    /// Where a request to change shifts stands.
    pub enum SwapStatus {
        Pending => "pending",
        Approved => "approved",
        Rejected => "rejected",
        Cancelled => "cancelled",
    }
}

data_object! {
    /// A request to give a shift to a colleague, for one of the colleague's or for nothing.
    pub struct ShiftSwap {
        object: "shiftSwap", plural: "shiftSwaps", table: "shift_swap", service: "scheduleManagement",
        owned_by: Some("requesterId"), order: "-createdAt,id",
        joins: [
            "requester" by "requesterId" to User: ["fullname", "avatar"],
            "colleague" by "colleagueId" to User: ["fullname", "avatar"],
            "shift" by "shiftId" to Shift: ["shiftDate", "startTime", "endTime"],
            "colleagueShift" by "colleagueShiftId" to Shift: ["shiftDate", "startTime", "endTime"]
        ],
        /// Who asks.
        requester_id: UserId => "requesterId".filter(),
        /// The shift to be given.
        shift_id: ShiftId => "shiftId".filter(),
        /// Who is to take it.
        colleague_id: UserId => "colleagueId".filter(),
        /// The colleague's shift to be had for it, if any.
        colleague_shift_id: Option<ShiftId> => "colleagueShiftId".filter(),
        /// Why.
        reason: Option<String> => "reason",
        /// pending, approved, rejected or cancelled.
        status: SwapStatus => "status".filter(),
        /// Who decided; the colleague, who declined.
        decider_id: Option<UserId> => "deciderId",
        /// When it was decided.
        decided_at: Option<Timestamp> => "decidedAt",
        /// What the decider said, or why the request ended by itself.
        decision_note: Option<String> => "decisionNote",
        /// When the first of its shifts begins: until then it can be approved.
        expires_at: Option<Timestamp> => "expiresAt",
        /// When its waiting was reported to whoever decides.
        delay_alert_at: Option<Timestamp> => "delayAlertAt".read(Level::Nobody),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}
