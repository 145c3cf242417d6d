//! What the clock does by itself: requests that wait for two days are reported, once, to those who decide.

use workforceos_actors::{Facts, Needs, TimerPass};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::CompanyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, LeaveRequest, LeaveStatus, Severity};
use workforceos_core::query::{Cond, Query, order};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;

use crate::alerts;

/// The most requests that one pass reports.
const MAX_ROWS: usize = 250;

/// When a request has waited for too long.
pub fn overdue_at(leave: &LeaveRequest) -> Timestamp {
    alerts::waits_too_long(leave.request_date)
}

/// The requests that have waited for longest, and one more than a pass reports: it tells when the next is due.
pub fn waiting(company: CompanyId, _: Timestamp) -> Needs {
    let unreported = Cond::eq("status", LeaveStatus::Pending.as_str()).and(Cond::IsNull("delayAlertAt"));
    Needs::none().and_query(Query {
        order: order(LeaveRequest::def(), "requestDate,id"),
        limit: MAX_ROWS as u64 + 1,
        ..Query::of(LeaveRequest::def(), company, unreported)
    })
}

pub fn sweep(facts: &Facts) -> Result<TimerPass> {
    let mut requests: Vec<LeaveRequest> = facts.rows()?;
    requests.retain(|r| r.status == LeaveStatus::Pending && r.delay_alert_at.is_none());
    requests.sort_by_key(|r| (r.request_date, r.meta.id));
    let due = requests.iter().take(MAX_ROWS).take_while(|r| overdue_at(r) <= facts.now).count();
    let tenant = Tenant::of(facts.state.company_id, "", facts.state.zone());
    let ctx = crate::system_ctx(tenant, facts.now, "timer");
    let next = requests.get(due).map(|r| overdue_at(r).max(facts.now));
    let changes = requests.into_iter().take(due).map(|request| report(facts, &ctx, request));
    Ok((changes.fold(Changes::none(), Changes::join), next))
}

/// Where nobody stands above the requester there is nobody to remind, and nothing of where the requester is gone.
fn report(facts: &Facts, ctx: &Ctx, mut request: LeaveRequest) -> Changes {
    request.delay_alert_at = Some(facts.now);
    let request = request.touched(facts.now);
    let mut note = Event::audit(ctx, LeaveRequest::def().name, request.meta.id).after(&request);
    note.audited = false;
    let changes = Changes::none().put(&request).event(note);
    let here = facts.state.people.role(request.user_id).is_some();
    let Some(decider) = alerts::superior(facts, request.user_id).filter(|_| here) else { return changes };
    let (from, to) = (request.start_date, request.end_date);
    let (name, kind) = (alerts::name(facts, request.user_id), &request.leave_type);
    let message = format!("The request of {name} for {kind} leave from {from} to {to} has waited for two days.");
    let kind = LeaveRequest::def().name;
    let mut alert =
        alerts::alert(facts, AlertType::ApprovalDelay, decider, Some(request.user_id), (kind, request.meta.id), message);
    if alerts::is_near(facts.now, facts.state.zone().day(from).0) {
        alert.severity = Severity::High;
    }
    changes.join(alerts::raise(ctx, &alert))
}
