//! Alerts that the system raises by itself, once per cause.

use uuid::Uuid;
use workforceos_actors::Facts;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{AlertId, CompanyId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{Alert, AlertStatus, AlertType, EmailStatus, Severity};
use workforceos_core::query::{Cond, Query};
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
        AlertType::WebhookDisabled => "Webhook disabled",
        AlertType::EodSubmitted => "End-of-day report submitted",
        AlertType::EodReviewed => "End-of-day report reviewed",
        AlertType::InsightDelivered => "New insight",
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

/// The alert's row and its event, seen by its recipient alone.
pub fn raise(ctx: &Ctx, alert: &Alert) -> Changes {
    let event = Event::of(ctx, "alert.raised", alert, Audience::none().user(alert.recipient_user_id));
    Changes::none().put(alert).event(event)
}

/// The open alerts of a kind about an object: what a decision needs that resolves them.
pub fn open(company: CompanyId, kind: AlertType, entity_id: Uuid) -> Query {
    let about = Cond::eq("relatedEntityId", entity_id).and(Cond::eq("alertType", kind.as_str()));
    Query::of(Alert::def(), company, about.and(Cond::eq("status", AlertStatus::Open.as_str())))
}

/// Resolves the open alerts of a kind about an object: their cause is gone. The decision asked for them ([`open`]).
pub fn resolve(ctx: &Ctx, facts: &Facts, kind: AlertType, entity_id: Uuid) -> Result<Changes> {
    let mut changes = Changes::none();
    let about = |a: &Alert| a.alert_type == kind && a.related_entity_id == entity_id && a.status == AlertStatus::Open;
    for alert in facts.rows::<Alert>()?.into_iter().filter(about) {
        changes = changes.join(resolved(ctx, facts, alert));
    }
    Ok(changes)
}

/// An alert that is settled: its cause is gone.
pub fn resolved(ctx: &Ctx, facts: &Facts, alert: Alert) -> Changes {
    settled(ctx, facts, alert).0
}

/// As [`resolved`], with what the alert then is.
pub fn settled(ctx: &Ctx, facts: &Facts, alert: Alert) -> (Changes, Alert) {
    let alert = Alert { status: AlertStatus::Resolved, resolved_at: Some(facts.now), ..alert }.touched(facts.now);
    let event = Event::of(ctx, "alert.resolved", &alert, Audience::none().user(alert.recipient_user_id));
    (Changes::none().put(&alert).event(event), alert)
}

/// The cause of an alert is gone: it is resolved, unless its recipient was faster. The alert's row must be among the facts.
pub fn resolve_one(ctx: &Ctx, facts: &Facts, id: AlertId) -> Result<Changes> {
    let open = facts.any::<Alert>(id)?.filter(|a| a.meta.is_active && a.status == AlertStatus::Open);
    Ok(open.map_or_else(Changes::none, |alert| resolved(ctx, facts, alert)))
}
