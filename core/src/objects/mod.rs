//! The data objects, each declared once.

mod agents;
mod announcements;
mod attendance;
mod conversations;
mod days;
mod documents;
mod files;
mod governance;
mod identity;
mod insights;
mod leave;
mod payroll;
mod people;
mod schedule;
mod subscription;
mod tasks;
mod webhooks;

pub use agents::{AgentExecution, AgentOverride, AgentType, ExecutionSource, ExecutionStatus, ToolCatalog, ToolEffect};
pub use announcements::{Announcement, AnnouncementStatus};
pub use attendance::{AttendanceRecord, AttendanceStatus};
pub use conversations::{Assistant, ChatMessage, ChatRole, Conversation, ConversationAliases};
pub use days::{Duty, DutyStatus, EodReport, EodStatus};
pub use documents::{EmployeeDocument, EmployeeDocumentsFile};
pub use files::{CompanyAvatarsFile, UserAvatarsFile};
pub use governance::{Alert, AlertStatus, AlertType, EmailStatus, Severity};
pub use identity::{
    ApiKey, Company, CompanyPolicy, SalaryBasis, User, UserGroup, UserGroupMember, UserSession, Verification, VerificationKind,
};
pub use insights::{AiInsight, AudienceType, GeneratedInsight, InsightStatus, InsightWeek};
pub use leave::{DayPart, Holiday, LeaveRequest, LeaveStatus};
pub use payroll::{PayPeriodLock, PaymentStatus, PayrollReport};
pub use people::{ContractType, EmployeeProfile};
pub use schedule::{Shift, ShiftStatus, ShiftSwap, ShiftTemplate, SwapStatus};
pub use subscription::{AI_ANALYTICS, CompanySubscription, PaymentConfirmation, SubscriptionPayment, SubscriptionStatus};
pub use tasks::{IndividualTask, TaskAssignment, TaskAssignmentStatus, TaskStatus};
pub use webhooks::{DeliveryState, Webhook, WebhookDelivery};

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
        ShiftSwap::def(),
        AttendanceRecord::def(),
        LeaveRequest::def(),
        Holiday::def(),
        PayrollReport::def(),
        PayPeriodLock::def(),
        Alert::def(),
        TaskAssignment::def(),
        IndividualTask::def(),
        Announcement::def(),
        Webhook::def(),
        WebhookDelivery::def(),
        Duty::def(),
        EodReport::def(),
        CompanySubscription::def(),
        AiInsight::def(),
        GeneratedInsight::def(),
        InsightWeek::def(),
        AgentOverride::def(),
        AgentExecution::def(),
        ToolCatalog::def(),
        Conversation::def(),
        ConversationAliases::def(),
        ChatMessage::def(),
    ]
}

pub fn by_name(name: &str) -> Option<&'static ObjectDef> {
    all().into_iter().find(|def| def.name == name)
}
