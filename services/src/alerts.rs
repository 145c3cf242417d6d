//! Alerts that the system raises by itself, once per cause.

use uuid::Uuid;
use workforceos_actors::Facts;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::id::UserId;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{Alert, AlertStatus, AlertType, EmailStatus, Severity};
use workforceos_core::session::{Ctx, Role};

/// Whom to tell of something about a user: the manager, else the company's owner; never the user.
pub fn superior(facts: &Facts, user: UserId) -> Option<UserId> {
    let people = &facts.state.people;
    let owner = || people.with_role(Role::TenantOwner).first().copied();
    people.manager_of(user).or_else(owner).filter(|u| *u != user)
}

/// An open alert for a person, about an object.
pub fn alert(facts: &Facts, kind: AlertType, recipient: UserId, entity: &str, id: Uuid, message: String) -> Alert {
    let title = match kind {
        AlertType::MissingCheckout => "Missing check-out",
        AlertType::OverdueTask => "Overdue task",
        AlertType::ShiftConflict => "Shift conflict",
        AlertType::LeaveDecision => "Leave decision",
        AlertType::DocumentExpiring => "Document expiring",
        AlertType::ApprovalDelay => "Approval waiting",
        AlertType::WorkloadOverload => "Workload beyond weekly hours",
    };
    Alert {
        meta: Meta::new(facts.new_id(), facts.now, None),
        alert_type: kind,
        severity: Severity::Medium,
        recipient_user_id: recipient,
        related_entity_type: entity.to_owned(),
        related_entity_id: id,
        email_status: EmailStatus::Dismissed,
        status: AlertStatus::Open,
        title: title.to_owned(),
        message,
        resolved_at: None,
        company_id: facts.state.company_id,
    }
}

/// An alert that is settled: its cause is gone.
pub fn resolve(ctx: &Ctx, facts: &Facts, alert: &Alert) -> Changes {
    let resolved = Alert { status: AlertStatus::Resolved, resolved_at: Some(facts.now), ..alert.clone() }.touched(facts.now);
    let event = Event::of(ctx, "alert.resolved", &resolved, Audience::none().user(alert.recipient_user_id));
    Changes::none().put(&resolved).event(event)
}

/// The alert's row and its event, seen by its recipient alone.
pub fn raise(ctx: &Ctx, alert: &Alert) -> Changes {
    let event = Event::of(ctx, "alert.raised", alert, Audience::none().user(alert.recipient_user_id));
    Changes::none().put(alert).event(event)
}
