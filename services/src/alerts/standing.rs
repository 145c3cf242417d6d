//! Whether what an alert is about still stands, and whose to know it is, as a pure function of a company's state.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_actors::{Facts, State};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, ShiftId, UserId};
use workforceos_core::object::{DataObject, ObjectDef, Record};
use workforceos_core::objects::{
    Alert, AlertStatus, AlertType, AttendanceRecord, AttendanceStatus, EmployeeDocument, EodReport, EodStatus, LeaveRequest,
    LeaveStatus, Shift, ShiftStatus, ShiftSwap, SwapStatus,
};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Role;
use workforceos_core::time::Timestamp;

use super::{superior_in, workload};
use crate::schedule::rules::overlap;

/// What is to become of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Stands,
    /// Its cause is gone, or its recipient has nothing to do with it any more.
    Gone,
    /// It is somebody else's to know.
    For(UserId),
}

/// Pairs of shifts as an alert keeps them.
pub fn pairs<'a>(pairs: impl Iterator<Item = (&'a Shift, &'a Shift)>) -> Json {
    Json::Array(pairs.map(|(one, other)| json!(format!("{}/{}", one.meta.id, other.meta.id))).collect())
}

/// The pairs of shifts that an alert keeps.
pub fn pairs_of(alert: &Alert) -> Vec<(ShiftId, ShiftId)> {
    let pair = |text: &Json| {
        let (one, other) = text.as_str()?.split_once('/')?;
        Some((ShiftId(one.parse().ok()?), ShiftId(other.parse().ok()?)))
    };
    alert.clashes.as_array().into_iter().flatten().filter_map(pair).collect()
}

/// The objects whose rows a verdict wants, by the name under which alerts know them.
fn related() -> [&'static ObjectDef; 5] {
    [AttendanceRecord::def(), LeaveRequest::def(), ShiftSwap::def(), EodReport::def(), EmployeeDocument::def()]
}

/// The rows that the verdicts about the alerts among these want, and the other open alerts about the same.
pub fn follow(rows: &HashMap<Uuid, Record>) -> Vec<Query> {
    let mut wanted: BTreeMap<(CompanyId, &'static str), (&'static ObjectDef, Vec<Uuid>)> = BTreeMap::new();
    let mut want = |company: CompanyId, def: &'static ObjectDef, id: Uuid| {
        wanted.entry((company, def.name)).or_insert((def, Vec::new())).1.push(id);
    };
    let mut about: BTreeMap<CompanyId, Vec<Uuid>> = BTreeMap::new();
    for alert in rows.values().filter(|row| *row.def == *Alert::def()).filter_map(|row| Alert::from_record(row.clone()).ok()) {
        if let Some(def) = related().into_iter().find(|def| def.name == alert.related_entity_type) {
            want(alert.company_id, def, alert.related_entity_id);
        }
        for (one, other) in pairs_of(&alert) {
            want(alert.company_id, Shift::def(), one.0);
            want(alert.company_id, Shift::def(), other.0);
        }
        about.entry(alert.company_id).or_default().push(alert.related_entity_id);
    }
    let rows = wanted.into_iter().map(|((company, _), (def, ids))| Query::of(def, company, Cond::id_in("id", &ids)));
    let others = about.into_iter().map(|(company, ids)| {
        let open = Cond::eq("status", AlertStatus::Open.as_str());
        Query::of(Alert::def(), company, Cond::id_in("relatedEntityId", &ids).and(open))
    });
    rows.chain(others).collect()
}

/// What is to become of an alert that stands. The rows of [`follow`] and the days of its shifts must be among the facts.
pub fn verdict(facts: &Facts, alert: &Alert) -> Result<Verdict> {
    let people = &facts.state.people;
    let here = people.role(alert.recipient_user_id).is_some();
    let (subject, stands) = match cause(facts, alert)? {
        Cause::Gone => return Ok(Verdict::Gone),
        // A task or a webhook says itself when it is over; here is asked for whom.
        Cause::Elsewhere => return Ok(if here && is_theirs(facts.state, alert) { Verdict::Stands } else { Verdict::Gone }),
        Cause::Of(subject, stands) => (subject, stands),
    };
    // Who has left waits for nothing. What is missing of a check-out is missing all the same.
    let concerns = people.role(subject).is_some() || alert.alert_type == AlertType::MissingCheckout;
    if !stands || !concerns {
        return Ok(Verdict::Gone);
    }
    let expected = expected(facts, alert, subject)?;
    let own = alert.recipient_user_id == subject && tells_subject(alert.alert_type, expected);
    if alert.status != AlertStatus::Open || (here && own) || expected == Some(alert.recipient_user_id) {
        return Ok(Verdict::Stands);
    }
    // The person's own copy goes with the person; the superior has another one.
    let told_both = matches!(alert.alert_type, AlertType::MissingCheckout | AlertType::DocumentExpiring);
    Ok(match expected {
        Some(_) if told_both && alert.recipient_user_id == subject => Verdict::Gone,
        Some(other) => Verdict::For(other),
        None => Verdict::Gone,
    })
}

/// Whether an alert is the person's own: always of these kinds, of others where nobody stands above them.
fn tells_subject(kind: AlertType, expected: Option<UserId>) -> bool {
    use AlertType::{DocumentExpiring, EodReviewed, LeaveDecision, MissingCheckout};
    matches!(kind, MissingCheckout | LeaveDecision | DocumentExpiring | EodReviewed) || expected.is_none()
}

/// Whose it is to know of something about a person, beside the person.
fn expected(facts: &Facts, alert: &Alert, subject: UserId) -> Result<Option<UserId>> {
    if matches!(alert.alert_type, AlertType::LeaveDecision | AlertType::EodReviewed) {
        return Ok(None);
    }
    match facts.any::<ShiftSwap>(alert.related_entity_id)? {
        Some(swap) => Ok(decider(facts.state, &swap)),
        None => Ok(superior_in(facts.state, subject)),
    }
}

/// Who decides about a change of shifts: the manager of both, else the owner.
pub fn decider(state: &State, swap: &ShiftSwap) -> Option<UserId> {
    let manager = state.people.manager_of(swap.requester_id);
    let both = manager.filter(|manager| state.people.manager_of(swap.colleague_id) == Some(*manager));
    both.or_else(|| state.people.with_role(Role::TenantOwner).first().copied())
}

enum Cause {
    /// Whose it is, and whether it still stands.
    Of(UserId, bool),
    Gone,
    Elsewhere,
}

fn cause(facts: &Facts, alert: &Alert) -> Result<Cause> {
    let id = alert.related_entity_id;
    let of = |found: Option<(UserId, bool)>| found.map_or(Cause::Gone, |(user, stands)| Cause::Of(user, stands));
    Ok(match alert.alert_type {
        AlertType::OverdueTask | AlertType::WebhookDisabled | AlertType::InsightDelivered => Cause::Elsewhere,
        AlertType::MissingCheckout => {
            let record = facts.any::<AttendanceRecord>(id)?.filter(|r| r.meta.is_active);
            of(record.map(|record| (record.user_id, is_open(&record))))
        }
        AlertType::ShiftConflict => match alert.subject_user_id {
            Some(user) => Cause::Of(user, still_clashes(facts, alert, user)?),
            // From before alerts said whose they are.
            None => Cause::Elsewhere,
        },
        AlertType::WorkloadOverload => match (alert.subject_user_id, alert.cause.parse().ok()) {
            (Some(user), Some(week)) => Cause::Of(user, workload::is_over(facts.state, user, week)),
            _ => Cause::Gone,
        },
        AlertType::LeaveDecision => {
            let leave = facts.any::<LeaveRequest>(id)?.filter(|leave| leave.meta.is_active);
            of(leave.map(|leave| (leave.user_id, leave.status != LeaveStatus::Pending)))
        }
        AlertType::DocumentExpiring => {
            of(facts.any::<EmployeeDocument>(id)?.filter(|d| d.meta.is_active).map(|document| (document.user_id, true)))
        }
        AlertType::ApprovalDelay => of(waiting(facts, id)?),
        AlertType::EodSubmitted => {
            of(facts.any::<EodReport>(id)?.map(|report| (report.user_id, report.status == EodStatus::PendingApproval)))
        }
        AlertType::EodReviewed => {
            of(facts.any::<EodReport>(id)?.map(|report| (report.user_id, report.status != EodStatus::PendingApproval)))
        }
    })
}

/// Whose request or report it is, and whether it still waits.
fn waiting(facts: &Facts, id: Uuid) -> Result<Option<(UserId, bool)>> {
    if let Some(leave) = facts.any::<LeaveRequest>(id)? {
        return Ok(Some((leave.user_id, leave.meta.is_active && leave.status == LeaveStatus::Pending)));
    }
    if let Some(swap) = facts.any::<ShiftSwap>(id)? {
        return Ok(Some((swap.requester_id, swap.meta.is_active && swap.status == SwapStatus::Pending)));
    }
    let report = facts.any::<EodReport>(id)?;
    Ok(report.map(|report| (report.user_id, report.meta.is_active && report.status == EodStatus::PendingApproval)))
}

/// Whether somebody has come and not left, as far as the record says.
pub fn is_open(record: &AttendanceRecord) -> bool {
    record.meta.is_active
        && record.check_in_time.is_some()
        && record.check_out_time.is_none()
        && record.status != AttendanceStatus::Absent
}

fn still_clashes(facts: &Facts, alert: &Alert, user: UserId) -> Result<bool> {
    let coming = |id: ShiftId| -> Result<Option<Shift>> {
        let is_coming =
            |s: &Shift| s.meta.is_active && s.status == ShiftStatus::Scheduled && !s.is_draft && s.ends_at > facts.now;
        Ok(facts.any::<Shift>(id)?.filter(|shift| is_coming(shift) && facts.state.is_assigned(shift, user)))
    };
    for (one, other) in pairs_of(alert) {
        if let (Some(one), Some(other)) = (coming(one)?, coming(other)?)
            && overlap(&one, &other)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether alerts of what has no person are their recipient's: of tasks the assignee's, of webhooks the admins'.
fn is_theirs(state: &State, alert: &Alert) -> bool {
    let role = state.people.role(alert.recipient_user_id);
    alert.alert_type != AlertType::WebhookDisabled || role.is_some_and(Role::is_admin)
}

/// Whether something that happens at an instant is less than two days away.
pub fn is_near(now: Timestamp, at: Timestamp) -> bool {
    at.0 - now.0 < super::PATIENCE
}
