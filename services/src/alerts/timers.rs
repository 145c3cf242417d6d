//! What the clock does by itself: alerts whose cause has passed are resolved; what waits for two days is told to whoever decides.

use workforceos_actors::{Facts, Needs, TimerPass};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::CompanyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Alert, AlertType, EodReport, EodStatus, Severity, Shift, ShiftSwap, SwapStatus};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

use super::standing::{decider, is_near};
use super::{alert, ended, raise, superior, words};

/// How long a request may wait before whoever decides is reminded of it.
pub const PATIENCE: i64 = 48 * Timestamp::HOUR;
/// The most alerts that one pass resolves, and the most requests of a kind that it reports.
const MAX_ENDED: usize = 250;
const MAX_WAITING: usize = 100;

/// When what begins to wait now has waited for too long.
pub fn waits_too_long(since: Timestamp) -> Timestamp {
    Timestamp(since.0 + PATIENCE)
}

/// Of each the first in time, one more than a pass handles, which tells when there is more; and whom and what the alerts of all timers name:
/// their passes look at the same facts.
pub fn waiting(company: CompanyId, now: Timestamp) -> Needs {
    let until = |op: Op, limit: usize| {
        let cond = Cond::eq("stands", true).and(Cond::Cmp("standsUntil", op, Value::Time(now)));
        let order = order(Alert::def(), "standsUntil,id");
        Query { order, limit: limit as u64, ..Query::of(Alert::def(), company, cond) }
    };
    let untold = |def, status: &'static str, by: &'static str| {
        let cond = Cond::eq("status", status).and(Cond::IsNull("delayAlertAt"));
        Query { order: order(def, by), limit: MAX_WAITING as u64 + 1, ..Query::of(def, company, cond) }
    };
    Needs::none()
        .and_query(until(Op::Lte, MAX_ENDED + 1))
        .and_query(until(Op::Gt, 1))
        .and_query(untold(ShiftSwap::def(), SwapStatus::Pending.as_str(), "createdAt,id"))
        .and_query(untold(EodReport::def(), EodStatus::PendingApproval.as_str(), "submittedAt,id"))
        .and_follow(words::named)
}

/// A pass over what was loaded, and when there is more to do.
pub fn sweep(facts: &Facts) -> Result<TimerPass> {
    let tenant = Tenant::of(facts.state.company_id, "", facts.state.zone());
    let ctx = crate::system_ctx(tenant, facts.now, "timer");
    let mut pass = Pass { now: facts.now, changes: Changes::none(), next: None };
    let mut alerts: Vec<(Timestamp, Alert)> =
        facts.rows::<Alert>()?.into_iter().filter(|a| a.stands).filter_map(|a| Some((a.stands_until?, a))).collect();
    alerts.sort_by_key(|(at, alert)| (*at, alert.meta.id));
    pass.handle(MAX_ENDED, alerts, |alert| ended(&ctx, facts, alert));
    let swaps = facts.rows::<ShiftSwap>()?.into_iter().filter(|s| s.status == SwapStatus::Pending && s.delay_alert_at.is_none());
    let mut swaps: Vec<_> = swaps.map(|swap| (waits_too_long(swap.meta.created_at), swap)).collect();
    swaps.sort_by_key(|(at, swap)| (*at, swap.meta.id));
    // What has expired is ended by its own timer.
    swaps.retain(|(_, swap)| swap.expires_at.is_none_or(|at| at > facts.now));
    pass.handle(MAX_WAITING, swaps, |swap| swap_waits(facts, &ctx, swap));
    let waits = |r: &EodReport| r.status == EodStatus::PendingApproval && r.delay_alert_at.is_none();
    let reports = facts.rows::<EodReport>()?.into_iter().filter(waits);
    let mut reports: Vec<_> = reports.filter_map(|report| Some((waits_too_long(report.submitted_at?), report))).collect();
    reports.sort_by_key(|(at, report)| (*at, report.meta.id));
    pass.handle(MAX_WAITING, reports, |report| report_waits(facts, &ctx, report));
    Ok((pass.changes, pass.next))
}

struct Pass {
    now: Timestamp,
    changes: Changes,
    next: Option<Timestamp>,
}

impl Pass {
    /// Does what is due, at most so much; the first of the rest says when to look again.
    fn handle<T>(&mut self, most: usize, items: Vec<(Timestamp, T)>, mut change: impl FnMut(T) -> Changes) {
        for (n, (at, item)) in items.into_iter().enumerate() {
            if at > self.now || n == most {
                self.next = Some(self.next.map_or(at.max(self.now), |next| next.min(at.max(self.now))));
                return;
            }
            self.changes = std::mem::take(&mut self.changes).join(change(item));
        }
    }
}

fn swap_waits(facts: &Facts, ctx: &Ctx, swap: ShiftSwap) -> Changes {
    let swap = ShiftSwap { delay_alert_at: Some(facts.now), ..swap }.touched(facts.now);
    let changes = reported(ctx, &swap);
    let here = |user| facts.state.people.role(user).is_some();
    let Some(recipient) = decider(facts.state, &swap).filter(|_| here(swap.requester_id)) else { return changes };
    let (name, shift) = (words::name(facts, swap.requester_id), facts.any::<Shift>(swap.shift_id).ok().flatten());
    let shift = shift.map_or_else(|| "a shift".to_owned(), |shift| words::shift(&shift));
    let message = format!("The request of {name} to change {shift} has waited for two days.");
    let about = (ShiftSwap::def().name, swap.meta.id);
    let mut alert = alert(facts, AlertType::ApprovalDelay, recipient, Some(swap.requester_id), about, message);
    if swap.expires_at.is_some_and(|at| is_near(facts.now, at)) {
        alert.severity = Severity::High;
    }
    changes.join(raise(ctx, &alert))
}

fn report_waits(facts: &Facts, ctx: &Ctx, report: EodReport) -> Changes {
    let report = EodReport { delay_alert_at: Some(facts.now), ..report }.touched(facts.now);
    let changes = reported(ctx, &report);
    let here = facts.state.people.role(report.user_id).is_some();
    let Some(recipient) = superior(facts, report.user_id).filter(|_| here) else { return changes };
    let (name, date) = (words::name(facts, report.user_id), report.report_date);
    let waits = format!("The end-of-day report of {name} of {date} has waited for its review for two days");
    let message = match facts.state.people.manager_of(report.user_id) {
        Some(_) => format!("{waits}."),
        None => format!("{waits}: {name} has no manager, and nobody else reviews it."),
    };
    let about = (EodReport::def().name, report.meta.id);
    let alert = alert(facts, AlertType::ApprovalDelay, recipient, Some(report.user_id), about, message);
    changes.join(raise(ctx, &alert))
}

/// The row that says that it was told, without an event.
fn reported<T: DataObject>(ctx: &Ctx, row: &T) -> Changes {
    let mut note = Event::audit(ctx, T::def().name, row.meta().id).after(row);
    note.audited = false;
    Changes::none().put(row).event(note)
}
