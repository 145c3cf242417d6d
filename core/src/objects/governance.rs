//! Alerts that the system raises by itself.

use serde_json::Value as Json;
use uuid::Uuid;

use crate::id::{CompanyId, UserId};
use crate::object::Level;
use crate::time::Timestamp;
use crate::value::Kind;
use crate::{data_object, wire_enum};

wire_enum! {
    /// What an alert is about.
    pub enum AlertType {
        MissingCheckout => "missing_checkout",
        OverdueTask => "overdue_task",
        ShiftConflict => "shift_conflict",
        LeaveDecision => "leave_decision",
        DocumentExpiring => "document_expiring",
        ApprovalDelay => "approval_delay",
        WorkloadOverload => "workload_overload",
        WebhookDisabled => "webhook_disabled",
        EodSubmitted => "eod_submitted",
        EodReviewed => "eod_reviewed",
        InsightDelivered => "insight_delivered",
    }
}

wire_enum! {
    /// How pressing an alert is.
    pub enum Severity {
        Low => "low",
        Medium => "medium",
        High => "high",
        Critical => "critical",
    }
}

wire_enum! {
    /// Whether an alert still stands.
    pub enum AlertStatus {
        Open => "OPEN",
        Resolved => "RESOLVED",
    }
}

wire_enum! {
    /// What became of an alert's e-mail.
    pub enum EmailStatus {
        Queued => "queued",
        Sent => "sent",
        Failed => "failed",
        Dismissed => "dismissed",
    }
}

data_object! {
    /// Something that a person should look at, raised once per cause.
    pub struct Alert {
        object: "alert", plural: "alerts", table: "alert", service: "governance",
        owned_by: Some("recipientUserId"), order: "-createdAt,id",
        joins: [],
        /// What it is about.
        alert_type: AlertType => "alertType".filter(),
        /// How pressing it is.
        severity: Severity => "severity",
        /// Who should look.
        recipient_user_id: UserId => "recipientUserId".filter(),
        /// The kind of object that it is about.
        related_entity_type: String => "relatedEntityType",
        /// That object.
        related_entity_id: Uuid => "relatedEntityId",
        /// What became of its e-mail.
        email_status: EmailStatus => "emailStatus",
        /// OPEN or RESOLVED.
        status: AlertStatus => "status".filter(),
        /// One line.
        title: String => "title",
        /// A sentence or two.
        message: String => "message",
        /// When it was resolved.
        resolved_at: Option<Timestamp> => "resolvedAt",
        /// The person whom it is about; null: it is about no one person.
        subject_user_id: Option<UserId> => "subjectUserId".read(Level::Admin),
        /// Which of several causes that one object can have, for example the week; else empty.
        cause: String => "cause".read(Level::Nobody),
        /// Whether its cause is still looked at: as long as it is open, and until the cause ends if the same one must not be told again.
        stands: bool => "stands".read(Level::Nobody),
        /// When its cause ends by itself.
        stands_until: Option<Timestamp> => "standsUntil".read(Level::Nobody),
        /// The shifts that clash, in pairs: two ids, with a slash between them.
        clashes: Json => "clashes".kind(Kind::Strings).read(Level::Nobody),
        /// When its e-mail may be written; null: none is.
        mail_due_at: Option<Timestamp> => "mailDueAt".read(Level::Nobody),
        /// When its e-mail was written.
        mailed_at: Option<Timestamp> => "mailedAt".read(Level::Nobody),
        /// The company.
        company_id: CompanyId => "companyId",
    }
}
