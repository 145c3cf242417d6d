//! Attendance: who was at which shift, from when to when.

use crate::id::{CompanyId, ShiftId, UserId};
use crate::object::Level;
use crate::objects::{Shift, User};
use crate::time::{Date, Timestamp};
use crate::{data_object, wire_enum};

wire_enum! {
    /// How somebody attended.
    pub enum AttendanceStatus {
        Pending => "pending",
        Present => "present",
        Absent => "absent",
        Late => "late",
        LeftEarly => "leftEarly",
    }
}

data_object! {
    /// One person's attendance at one shift: one record for ever.
    pub struct AttendanceRecord {
        object: "attendanceRecord", plural: "attendanceRecords", table: "attendance_record", service: "attendanceManagement",
        owned_by: Some("userId"), order: "-createdAt,id",
        joins: [
            "user" by "userId" to User: ["email", "fullname", "avatar"],
            "shift" by "shiftId" to Shift: ["shiftDate", "startTime", "endTime", "location", "departmentId"]
        ],
        /// Whose attendance it is.
        user_id: UserId => "userId".filter(),
        /// The shift attended.
        shift_id: ShiftId => "shiftId".filter(),
        /// The shift's date.
        shift_date: Date => "shiftDate".filter(),
        /// When the person came; null when absent.
        check_in_time: Option<Timestamp> => "checkInTime".filter(),
        /// When the person left; null while open or absent.
        check_out_time: Option<Timestamp> => "checkOutTime",
        /// pending, present, absent, late or leftEarly.
        status: AttendanceStatus => "status".filter(),
        /// Minutes after the start if late, else 0; null when absent.
        late_by_minutes: Option<i64> => "lateByMinutes",
        /// Paid minutes; null while open or absent.
        worked_minutes: Option<i64> => "workedMinutes",
        /// Why the person was absent.
        absence_reason: Option<String> => "absenceReason".read(Level::Manager),
        /// A note of the manager.
        manager_note: Option<String> => "managerNote".text().read(Level::Manager),
        /// When the missing check-out was reported to those concerned.
        checkout_alert_at: Option<Timestamp> => "checkoutAlertAt".read(Level::Manager),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}
