//! The data objects, each declared once.

mod attendance;
mod documents;
mod files;
mod governance;
mod identity;
mod leave;
mod people;
mod schedule;

pub use attendance::{AttendanceRecord, AttendanceStatus};
pub use documents::{EmployeeDocument, EmployeeDocumentsFile};
pub use files::{CompanyAvatarsFile, UserAvatarsFile};
pub use governance::{Alert, AlertStatus, AlertType, EmailStatus, Severity};
pub use identity::{
    ApiKey, Company, CompanyPolicy, SalaryBasis, User, UserGroup, UserGroupMember, UserSession, Verification, VerificationKind,
};
pub use leave::{DayPart, Holiday, LeaveRequest, LeaveStatus};
pub use people::{ContractType, EmployeeProfile};
pub use schedule::{Shift, ShiftStatus, ShiftTemplate};

use crate::object::{DataObject, ObjectDef};

/// Every declared object, for schema checks and for reading rows that the journal names.
pub fn all() -> Vec<&'static ObjectDef> {
    vec![
        Company::def(),
        CompanyPolicy::def(),
        User::def(),
        UserGroup::def(),
        UserGroupMember::def(),
        UserSession::def(),
        ApiKey::def(),
        Verification::def(),
        UserAvatarsFile::def(),
        CompanyAvatarsFile::def(),
        EmployeeProfile::def(),
        EmployeeDocument::def(),
        EmployeeDocumentsFile::def(),
        ShiftTemplate::def(),
        Shift::def(),
        AttendanceRecord::def(),
        LeaveRequest::def(),
        Holiday::def(),
        Alert::def(),
    ]
}

pub fn by_name(name: &str) -> Option<&'static ObjectDef> {
    all().into_iter().find(|def| def.name == name)
}
