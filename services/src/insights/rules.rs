//! The rules of insights: who sees one, what writing one means, and who is told of it.

use serde_json::json;
use uuid::Uuid;
use workforceos_actors::{Facts, Needs, State};
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{AiInsight, Alert, AlertStatus, AlertType, AudienceType, InsightStatus, Severity};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Role};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

use crate::alerts;

/// The most people whom one insight alerts.
pub const MAX_TOLD: usize = 200;

/// Whether a worker still has to write it: until then it is nothing that anybody but admins could read.
pub fn is_job(insight: &AiInsight) -> bool {
    insight.work_at.is_some()
}

/// An insight that says nothing yet. It gets its id and its times when it is decided.
pub fn blank(company_id: CompanyId, owner: Option<UserId>) -> AiInsight {
    AiInsight {
        meta: Meta::new(Uuid::nil(), Timestamp(0), owner.map(|user| user.0)),
        insight_type: String::new(),
        audience_user_id: None,
        audience_type: AudienceType::Admin,
        applicable_period: json!({}),
        title: None,
        summary: None,
        details: String::new(),
        suggestion: None,
        period: None,
        chart: None,
        data: None,
        figures: None,
        agent_name: None,
        provider: None,
        ai_status: InsightStatus::Pending,
        delivered_time: None,
        job_key: None,
        work_at: None,
        tries: 0,
        company_id,
    }
}

/// Whoever an insight newly names is known.
pub fn check(facts: &Facts, before: Option<&AiInsight>, after: &AiInsight, mut problems: Vec<Problem>) -> Result<()> {
    if let Some(user) = after.audience_user_id
        && before.and_then(|b| b.audience_user_id) != Some(user)
        && facts.state.people.role(user).is_none()
    {
        problems.push(Problem::new("audienceUserId", format!("{user} is not known here")));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

/// An insight of a status: when it became delivered is the server's to say.
pub fn of_status(mut insight: AiInsight, status: InsightStatus, now: Timestamp) -> AiInsight {
    insight.delivered_time = match status {
        InsightStatus::Delivered => insight.delivered_time.or(Some(now)),
        InsightStatus::Pending | InsightStatus::Error => None,
    };
    if status != InsightStatus::Pending {
        insight.work_at = None;
    }
    insight.ai_status = status;
    insight
}

/// Who may read an insight: admins; in person the one it is for and, if it is about that one or written by them, that one's manager;
/// else everybody of its kind of audience. What is for a manager tells of reports, whom the manager's own manager may not reach.
pub fn audience(state: &State, insight: &AiInsight) -> Audience {
    match (insight.audience_user_id, insight.audience_type) {
        _ if is_job(insight) => Audience::admins(),
        (Some(user), kind) => {
            let manager = state.people.manager_of(user);
            let reads = |manager: &UserId| kind == AudienceType::Employee || insight.meta.owner == Some(manager.0);
            Audience::admins().user(user).manager(manager.filter(reads))
        }
        (None, AudienceType::Admin) => Audience::admins(),
        (None, AudienceType::Manager) => {
            managers(state).into_iter().fold(Audience::admins(), |audience, manager| audience.manager(Some(manager)))
        }
        (None, AudienceType::Employee | AudienceType::Company) => Audience::everyone(),
    }
}

/// Everybody with at least one report, in the order of their ids.
pub fn managers(state: &State) -> Vec<UserId> {
    let people = &state.people;
    let mut managers: Vec<UserId> = people.users().filter_map(|user| people.manager_of(user)).collect();
    managers.sort();
    managers.dedup();
    managers
}

/// Whether an insight about the reports of a manager is made every week: whoever has any, save admins, whom the admins' own covers;
/// with their rights, it would tell of the whole company.
pub fn gets_weekly(state: &State, manager: UserId) -> bool {
    is_no_admin(state, manager) && state.people.users().any(|user| state.people.manager_of(user) == Some(manager))
}

/// Whether somebody is of the company, and no admin.
pub fn is_no_admin(state: &State, user: UserId) -> bool {
    state.people.role(user).is_some_and(|role| !role.is_admin())
}

/// What an insight's writing needs beside its own row: whom it has alerted already.
pub fn needs(company: CompanyId, insight: Uuid) -> Needs {
    let about = Cond::eq("relatedEntityId", insight).and(Cond::eq("alertType", AlertType::InsightDelivered.as_str()));
    Needs::row::<AiInsight>(insight).and_query(Query::of(Alert::def(), company, about))
}

/// What writing an insight means: its row, the event of where it stands now, and the alerts of those to whom it is delivered.
pub fn written(facts: &Facts, ctx: &Ctx, before: Option<&AiInsight>, after: &AiInsight) -> Result<Changes> {
    let is_delivered = |insight: &AiInsight| insight.ai_status == InsightStatus::Delivered;
    let kind = match before {
        _ if is_delivered(after) && !before.is_some_and(is_delivered) => "insight.delivered",
        None => "insight.created",
        Some(_) => "insight.updated",
    };
    let mut seen_by = audience(facts.state, after);
    if let Some(before) = before {
        seen_by = seen_by.instead_of(audience(facts.state, before));
    }
    let event = Event::of(ctx, kind, after, seen_by).audited(before);
    let told = if is_delivered(after) { recipients(facts.state, ctx, after) } else { Vec::new() };
    Ok(Changes::none().put(after).event(event).join(alerted(facts, ctx, after, &told)?))
}

/// An insight taken back: gone from streams, its alerts settled.
pub fn deleted(facts: &Facts, ctx: &Ctx, before: &AiInsight) -> Result<(Changes, AiInsight)> {
    let mut after = before.clone().deleted(facts.now);
    after.work_at = None;
    let event = Event::of(ctx, "insight.deleted", &after, audience(facts.state, before)).audited(Some(before));
    Ok((Changes::none().put(&after).event(event).join(alerted(facts, ctx, &after, &[])?), after))
}

/// Whom an alert tells of an insight: the one it is for, or the admins, or the managers; never who wrote it. What is for everybody
/// is an event and a row of the list, no alert.
fn recipients(state: &State, ctx: &Ctx, insight: &AiInsight) -> Vec<UserId> {
    let people = &state.people;
    let mut told = match (insight.audience_user_id, insight.audience_type) {
        (Some(user), _) => vec![user],
        (None, AudienceType::Admin) => {
            [Role::TenantOwner, Role::TenantAdmin].into_iter().flat_map(|role| people.with_role(role)).collect()
        }
        (None, AudienceType::Manager) => managers(state),
        (None, AudienceType::Employee | AudienceType::Company) => Vec::new(),
    };
    told.retain(|user| people.role(*user).is_some() && ctx.session.as_ref().is_none_or(|s| s.user != *user));
    told.truncate(MAX_TOLD);
    told
}

/// Whoever is to be told and was not yet is told, once; the open alerts of all others are settled.
fn alerted(facts: &Facts, ctx: &Ctx, insight: &AiInsight, told: &[UserId]) -> Result<Changes> {
    let id = insight.meta.id;
    let about = facts.rows_where::<Alert>(|alert| *alert.get("relatedEntityId") == Value::Id(id))?;
    let about: Vec<Alert> = about.into_iter().filter(|a| a.alert_type == AlertType::InsightDelivered).collect();
    let mut changes = Changes::none();
    for user in told.iter().filter(|user| !about.iter().any(|a| a.recipient_user_id == **user)) {
        let headline = insight.title.as_deref().unwrap_or(&insight.insight_type);
        let message = format!("There is a new insight for you: {headline}.");
        let mut alert = alerts::alert(facts, AlertType::InsightDelivered, *user, None, (AiInsight::def().name, id), message);
        alert.severity = Severity::Low;
        changes = changes.join(alerts::raise(ctx, &alert));
    }
    for alert in about.into_iter().filter(|a| a.status == AlertStatus::Open && !told.contains(&a.recipient_user_id)) {
        changes = changes.join(alerts::resolved(ctx, facts, alert));
    }
    Ok(changes)
}
