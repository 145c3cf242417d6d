//! Alerts that the system raises by itself, once per cause, and resolves when the cause is gone (`docs/alerts.md`).
//!
//! They are raised, and mostly resolved, in the commit of what causes and ends them, or of the timer that finds it. What follows from
//! many kinds of change (who is planned for too much, whose shifts clash, who is whose manager) is looked at behind the commits:
//! [`Watch`] gathers what changed, `review.rs` decides. `post.rs` writes the e-mails.

mod lanes;
mod letter;
mod news;
mod post;
mod review;
mod standing;
mod timers;
mod touched;
mod watch;
mod words;
mod workload;

use serde_json::json;
use uuid::Uuid;
use workforceos_actors::{Facts, State};
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{AlertId, CompanyId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{Alert, AlertStatus, AlertType, EmailStatus, Severity, Shift};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Role};
use workforceos_core::time::Timestamp;

pub use post::{KIND as MAIL, Mailing, mailing, queue, run as post, settle};
pub use standing::{is_near, is_open};
use timers::PATIENCE;
pub use timers::{sweep, waiting, waits_too_long};
pub use watch::{Watch, run as watch};
pub use words::{clash, clash_of_member, name, named, shift};

/// The most pairs of shifts that an alert keeps in mind.
const MAX_PAIRS: usize = 200;

/// Whom to tell of something about a user: the manager, else the company's owner; never the user.
pub fn superior(facts: &Facts, user: UserId) -> Option<UserId> {
    superior_in(facts.state, user)
}

fn superior_in(state: &State, user: UserId) -> Option<UserId> {
    let owner = || state.people.with_role(Role::TenantOwner).first().copied();
    state.people.manager_of(user).or_else(owner).filter(|u| *u != user)
}

/// An open alert for a person, about an object of `subject`'s.
pub fn alert(
    facts: &Facts,
    kind: AlertType,
    recipient: UserId,
    subject: Option<UserId>,
    (entity, id): (&str, Uuid),
    message: String,
) -> Alert {
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
        severity: match kind {
            AlertType::ShiftConflict | AlertType::WebhookDisabled => Severity::High,
            AlertType::EodSubmitted | AlertType::EodReviewed | AlertType::InsightDelivered => Severity::Low,
            _ => Severity::Medium,
        },
        recipient_user_id: recipient,
        related_entity_type: entity.to_owned(),
        related_entity_id: id,
        email_status: EmailStatus::Dismissed,
        status: AlertStatus::Open,
        title: title.to_owned(),
        message,
        resolved_at: None,
        subject_user_id: subject,
        cause: String::new(),
        stands: true,
        stands_until: None,
        clashes: json!([]),
        mail_due_at: None,
        mailed_at: None,
        company_id: facts.state.company_id,
    }
}

/// That somebody is planned twice at a time: as long as one of the pairs of shifts clashes. It is critical a day ahead.
pub fn conflict(facts: &Facts, subject: UserId, about: (&str, Uuid), message: String, pairs: &[(&Shift, &Shift)]) -> Alert {
    let recipient = superior(facts, subject).unwrap_or(subject);
    let mut alert = alert(facts, AlertType::ShiftConflict, recipient, Some(subject), about, message);
    let begins = |(one, other): &(&Shift, &Shift)| one.starts_at.max(other.starts_at);
    let ends = |(one, other): &(&Shift, &Shift)| one.ends_at.min(other.ends_at);
    if pairs.iter().map(begins).min().is_some_and(|at| at.0 - facts.now.0 <= Timestamp::DAY) {
        alert.severity = Severity::Critical;
    }
    alert.stands_until = pairs.iter().map(ends).max();
    alert.clashes = standing::pairs(pairs.iter().take(MAX_PAIRS).copied());
    alert
}

/// A new alert's row and its event, seen by its recipient alone. What is to be told anew is another alert: this one's mail may be under
/// way.
pub fn raise(ctx: &Ctx, alert: &Alert) -> Changes {
    debug_assert_eq!(alert.meta.record_version, 1, "an alert is raised once");
    let event = Event::of(ctx, "alert.raised", alert, Audience::none().user(alert.recipient_user_id));
    Changes::none().put(alert).event(event).due(alert.stands_until)
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
    let unsent = alert.email_status == EmailStatus::Queued && alert.mailed_at.is_none();
    let email_status = if unsent { EmailStatus::Dismissed } else { alert.email_status };
    let alert = Alert { status: AlertStatus::Resolved, resolved_at: Some(facts.now), stands: false, email_status, ..alert };
    let alert = alert.touched(facts.now);
    let event = Event::of(ctx, "alert.resolved", &alert, Audience::none().user(alert.recipient_user_id));
    (Changes::none().put(&alert).event(event), alert)
}

/// As [`settled`], by its recipient: the cause may still be there, and where it could come up again it is not told again before
/// it was gone.
pub fn acknowledged(ctx: &Ctx, facts: &Facts, alert: Alert) -> (Changes, Alert) {
    let lasts = alert.alert_type == AlertType::WorkloadOverload;
    let (changes, alert) = settled(ctx, facts, alert);
    if !lasts {
        return (changes, alert);
    }
    let alert = Alert { stands: true, ..alert };
    let until = alert.stands_until;
    let changes = Changes { rows: Vec::new(), ..changes }.put(&alert).due(until);
    (changes, alert)
}

/// The cause of an alert that was resolved before is gone: the next one is told again.
fn ended(ctx: &Ctx, facts: &Facts, alert: Alert) -> Changes {
    if alert.status == AlertStatus::Open {
        return resolved(ctx, facts, alert);
    }
    noted(ctx, &Alert { stands: false, ..alert }.touched(facts.now))
}

/// A change of an alert of which no stream and no audit log tells.
fn noted(ctx: &Ctx, alert: &Alert) -> Changes {
    let mut note = Event::audit(ctx, Alert::def().name, alert.meta.id);
    note.audited = false;
    Changes::none().put(alert).event(note)
}

/// The cause of an alert is gone: it is resolved, unless its recipient was faster. The alert's row must be among the facts.
pub fn resolve_one(ctx: &Ctx, facts: &Facts, id: AlertId) -> Result<Changes> {
    let open = facts.any::<Alert>(id)?.filter(|a| a.meta.is_active && a.status == AlertStatus::Open);
    Ok(open.map_or_else(Changes::none, |alert| resolved(ctx, facts, alert)))
}
