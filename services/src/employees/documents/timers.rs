//! What the clock does by itself: the employee and the manager are alerted before a document expires.

use workforceos_actors::{Facts, Needs, TimerPass};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::CompanyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, EmployeeDocument, Severity};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

use super::{expiry, rules};
use crate::alerts;

/// The most documents of one pass: each writes up to five rows.
const MAX_DOCUMENTS: usize = 100;

/// The documents about which an alert is due, and the next one to come.
pub fn needs(company: CompanyId, now: Timestamp) -> Needs {
    let def = EmployeeDocument::def();
    let read = |op: Op, limit: u64| {
        let cond = Cond::Cmp("alertAt", op, Value::Time(now));
        Query { order: order(def, "alertAt,id"), limit, ..Query::of(def, company, cond) }
    };
    Needs::none().and_query(read(Op::Lte, MAX_DOCUMENTS as u64)).and_query(read(Op::Gt, 1)).and_follow(rules::alerts_about)
}

/// Raises what is due, and says when something is due again.
pub fn sweep(facts: &Facts) -> Result<TimerPass> {
    let (zone, today) = rules::today(facts);
    let ctx = crate::system_ctx(Tenant::of(facts.state.company_id, "", zone), facts.now, "timer");
    let (mut changes, mut next) = (Changes::none(), None);
    let mut sooner = |at: Option<Timestamp>| next = next.into_iter().chain(at).min();
    let mut due = 0;
    for document in facts.rows::<EmployeeDocument>()? {
        if document.alert_at.is_some_and(|at| at <= facts.now) {
            due += 1;
            let mut told = document.clone();
            if let Some((left, step)) =
                document.valid_until.map(|u| expiry::days_left(u, today)).and_then(|l| Some((l, expiry::step(l)?)))
                && document.alerted_days.is_none_or(|before| step < before)
            {
                told.alerted_days = Some(step);
                changes = changes.join(alerted(facts, &ctx, &document, left)?);
            }
            told.alert_at = expiry::alert_at(zone, today, &told, false);
            let told = told.touched(facts.now);
            sooner(told.alert_at);
            let mut note = Event::audit(&ctx, EmployeeDocument::def().name, told.meta.id).after(&told);
            note.audited = false;
            changes = changes.put(&told).event(note);
        } else {
            sooner(document.alert_at);
        }
    }
    // There may be more than were read.
    sooner((due >= MAX_DOCUMENTS).then_some(facts.now));
    Ok((changes, next))
}

/// To the employee, and to the manager or else the owner. The alert before it has had its time.
fn alerted(facts: &Facts, ctx: &Ctx, document: &EmployeeDocument, left: i64) -> Result<Changes> {
    let mut changes = rules::settled(facts, ctx, document.meta.id)?;
    let until = document.valid_until.map(|u| u.to_string()).unwrap_or_default();
    let days = match left {
        0 => "today is its last valid day".to_owned(),
        1 => "one day is left".to_owned(),
        n => format!("{n} days are left"),
    };
    if facts.state.people.role(document.user_id).is_none() {
        // Who has left needs no permit.
        return Ok(changes);
    }
    let name = alerts::name(facts, document.user_id);
    for recipient in std::iter::once(document.user_id).chain(alerts::superior(facts, document.user_id)) {
        let message = format!("The document \"{}\" of {name} is valid until {until}: {days}.", document.document_type);
        let kind = AlertType::DocumentExpiring;
        let about = (EmployeeDocument::def().name, document.meta.id);
        let mut alert = alerts::alert(facts, kind, recipient, Some(document.user_id), about, message);
        alert.severity = match left {
            ..=1 => Severity::Critical,
            2..=7 => Severity::High,
            _ => Severity::Medium,
        };
        changes = changes.join(alerts::raise(ctx, &alert));
    }
    Ok(changes)
}
