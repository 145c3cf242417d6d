//! What the clock does by itself: missing people become absent and the shift completed; a missing check-out is reported.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs, TimerPass};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, DepartmentId, ShiftId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{AlertType, AttendanceRecord, AttendanceStatus, Shift, ShiftStatus};
use workforceos_core::query::{Cond, Query, order};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

use super::{mark_absent, rules};
use crate::alerts;
use crate::schedule::rules as shifts;

/// The most rows that one pass writes.
const MAX_ROWS: usize = 500;

/// Whose check-outs may be missing: an alert calls them by name. Who came first is looked at first.
pub fn needs(company: CompanyId, _: Timestamp) -> Needs {
    let here = [AttendanceStatus::Pending, AttendanceStatus::Late].map(|status| Value::Text(status.as_str().to_owned()));
    let open = Cond::In("status", here.to_vec()).and(Cond::IsNull("checkOutTime")).and(Cond::IsNull("checkoutAlertAt"));
    let order = order(AttendanceRecord::def(), "shiftDate,id");
    Needs::none().and_query(Query { order, limit: MAX_ROWS as u64, ..Query::of(AttendanceRecord::def(), company, open) })
}

/// A pass over the loaded days: everything whose time is up, and when the next time is up.
pub fn sweep(facts: &Facts) -> Result<TimerPass> {
    let tenant = Tenant::of(facts.state.company_id, "", facts.state.zone());
    let ctx = crate::system_ctx(tenant, facts.now, "timer");
    let mut changes = Changes::none();
    let mut next: Option<Timestamp> = None;
    let mut sooner = |at: Timestamp| next = Some(next.map_or(at, |n| n.min(at)));
    for shift in facts.state.schedule.all() {
        let Some(at) = shifts::completes_at(facts.state, shift) else { continue };
        if at > facts.now {
            sooner(at);
        } else if changes.rows.len() < MAX_ROWS {
            changes = changes.join(complete(facts, &ctx, shift));
        } else {
            sooner(facts.now);
        }
    }
    for record in facts.state.attendance.open().filter(|r| r.checkout_alert_at.is_none()) {
        let Some(shift) = facts.state.schedule.get(record.shift_id) else { continue };
        let at = shift.ends_at.plus_minutes(facts.state.policy.missing_checkout_minutes);
        if at > facts.now {
            sooner(at);
        } else if changes.rows.len() < MAX_ROWS {
            changes = changes.join(report(facts, &ctx, shift, record));
        } else {
            sooner(facts.now);
        }
    }
    Ok((changes, next))
}

/// One step: assignees without a record and not on full-day leave are absent, the shift is completed.
fn complete(facts: &Facts, ctx: &Ctx, shift: &Arc<Shift>) -> Changes {
    let mut completed = Shift::clone(shift);
    completed.status = ShiftStatus::Completed;
    let completed = completed.touched(facts.now);
    let event = Event::of(ctx, "shift.completed", &completed, shifts::audience(facts.state, &completed));
    absences(facts, ctx, shift).put(&completed).event(event)
}

/// Whoever of a shift's people has no record, and no leave, was absent. Who joined its department after it began was not
/// assigned to it.
pub fn absences(facts: &Facts, ctx: &Ctx, shift: &Shift) -> Changes {
    let state = facts.state;
    let mut changes = Changes::none();
    for user in state.assignees(shift) {
        let joined_later = |d: &DepartmentId| state.people.joined_at(*d, user).is_none_or(|at| at > shift.starts_at);
        let late_member = !shift.assigned_user_ids.contains(&user) && shift.assigned_department_ids.iter().all(joined_later);
        if late_member
            || state.leave.full_day(user, shift.shift_date).is_some()
            || state.attendance.of(ShiftId(shift.meta.id), user).is_some()
        {
            continue;
        }
        let record = mark_absent::absent(Meta::new(facts.new_id(), facts.now, None), shift, user);
        let event = rules::event(state, ctx, "attendance.markedAbsent", &record).audited::<AttendanceRecord>(None);
        changes = changes.put(&record).event(event);
    }
    changes
}

/// A missing check-out is reported once: to the person, and to the manager or else the owner.
fn report(facts: &Facts, ctx: &Ctx, shift: &Shift, record: &AttendanceRecord) -> Changes {
    let mut reported = record.clone();
    reported.checkout_alert_at = Some(facts.now);
    let reported = reported.touched(facts.now);
    let mut note = Event::audit(ctx, "attendanceRecord", reported.meta.id).after(&reported);
    note.audited = false;
    let mut changes = Changes::none().put(&reported).event(note);
    let superior = alerts::superior(facts, record.user_id);
    let about = (AttendanceRecord::def().name, record.meta.id);
    // Who has archived the profile hears nothing; the superior does.
    let own = Some(record.user_id).filter(|user| facts.state.people.role(*user).is_some());
    let name = alerts::name(facts, record.user_id);
    for recipient in own.into_iter().chain(superior) {
        let message = format!("{name} has not checked out of {}, which is over.", alerts::shift(shift));
        let alert = alerts::alert(facts, AlertType::MissingCheckout, recipient, Some(record.user_id), about, message);
        changes = changes.join(alerts::raise(ctx, &alert));
    }
    changes
}
