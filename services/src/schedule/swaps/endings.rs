//! A request ends when what it asks for cannot be given any more: in the step that takes a shift away, or when a shift begins.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;
use workforceos_actors::{Facts, Needs, TimerPass};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, ShiftId, SwapId, UserId};
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::{Shift, ShiftStatus, ShiftSwap, SwapStatus};
use workforceos_core::query::{Cond, Op, Query, order};
use workforceos_core::session::{Ctx, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

use super::rules;

/// The most requests that one pass ends.
const MAX_ROWS: usize = 250;
/// Why a request ended whose shift somebody does not have any more.
const TAKEN: &str = "A shift is not assigned any more to who was to give it.";
const BEGUN: &str = "A shift has begun.";

/// The pending requests about these shifts: what a decision has to look at that changes them.
pub fn about(company: CompanyId, shifts: &[ShiftId]) -> Needs {
    pending(company, Cond::Any(vec![Cond::id_in("shiftId", shifts), Cond::id_in("colleagueShiftId", shifts)]))
}

/// All pending requests of a company.
pub fn all(company: CompanyId) -> Needs {
    pending(company, Cond::TRUE)
}

/// The pending requests by and to somebody.
pub fn of_person(company: CompanyId, user: UserId) -> Needs {
    pending(company, Cond::Any(vec![Cond::eq("requesterId", user.0), Cond::eq("colleagueId", user.0)]))
}

fn pending(company: CompanyId, cond: Cond) -> Needs {
    let pending = Cond::eq("status", SwapStatus::Pending.as_str());
    Needs::none().and_query(Query::of(ShiftSwap::def(), company, pending.and(cond))).and_follow(their_shifts)
}

/// The shifts of the requests that were read: of two, the one that does not change may be days away.
fn their_shifts(rows: &HashMap<Uuid, Record>) -> Vec<Query> {
    let mut shifts: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    for swap in rows.values().filter(|r| *r.def == *ShiftSwap::def() && r.is_active()) {
        let Some(company) = swap.get("companyId").as_id() else { continue };
        let two = [swap.get("shiftId").as_id(), swap.get("colleagueShiftId").as_id()];
        shifts.entry(company).or_default().extend(two.into_iter().flatten());
    }
    let named = |(company, ids): (Uuid, BTreeSet<Uuid>)| {
        Query::of(Shift::def(), CompanyId(company), Cond::In("id", ids.into_iter().map(Value::Id).collect()))
    };
    shifts.into_iter().map(named).collect()
}

/// What becomes of the pending requests, which the decision asked for, about shifts that are written as these: those end whose
/// shift cannot be had any more, the others expire when the first of their shifts begins. `decided` is on its way already.
pub fn overtaken(facts: &Facts, ctx: &Ctx, written: &[Shift], decided: Option<SwapId>) -> Result<Changes> {
    let mut changes = Changes::none();
    let written: HashMap<Uuid, &Shift> = written.iter().map(|shift| (shift.meta.id, shift)).collect();
    let about = |swap: &ShiftSwap| holders(swap).any(|(id, _)| written.contains_key(&id.0));
    let open = |swap: &ShiftSwap| swap.status == SwapStatus::Pending && decided != Some(SwapId(swap.meta.id)) && about(swap);
    for swap in facts.rows::<ShiftSwap>()?.into_iter().filter(open) {
        let lost = holders(&swap).find_map(|(id, holder)| lost(written.get(&id.0)?, holder, facts.now));
        changes = changes.join(match lost {
            Some(why) => ended(facts, ctx, &swap, why),
            None => moved(facts, ctx, &swap, &written)?,
        });
    }
    Ok(changes)
}

/// A request's shifts, and who has each.
fn holders(swap: &ShiftSwap) -> impl Iterator<Item = (ShiftId, UserId)> + use<> {
    let theirs = swap.colleague_shift_id.map(|id| (id, swap.colleague_id));
    std::iter::once((swap.shift_id, swap.requester_id)).chain(theirs)
}

/// Why a shift cannot be had from somebody any more.
fn lost(shift: &Shift, holder: UserId, now: Timestamp) -> Option<&'static str> {
    match shift.status {
        _ if !shift.meta.is_active => Some("A shift was deleted."),
        ShiftStatus::Cancelled => Some("A shift was cancelled."),
        ShiftStatus::Completed => Some("A shift is completed."),
        ShiftStatus::Scheduled if !shift.assigned_user_ids.contains(&holder) => Some(TAKEN),
        ShiftStatus::Scheduled => (shift.starts_at <= now).then_some(BEGUN),
    }
}

fn ended(facts: &Facts, ctx: &Ctx, swap: &ShiftSwap, why: &str) -> Changes {
    let after = ShiftSwap { status: SwapStatus::Cancelled, decision_note: Some(why.to_owned()), ..swap.clone() };
    let after = after.touched(facts.now);
    let event = Event::of(ctx, "shift.swapCancelled", &after, rules::audience(facts.state, &after)).audited(Some(swap));
    Changes::none().put(&after).event(event)
}

/// A request whose shift begins at another time expires then; the shift's own event tells of it.
fn moved(facts: &Facts, ctx: &Ctx, swap: &ShiftSwap, written: &HashMap<Uuid, &Shift>) -> Result<Changes> {
    let mut first: Option<Timestamp> = None;
    for (id, _) in holders(swap) {
        let begins = match written.get(&id.0).copied().or_else(|| facts.state.schedule.get(id).map(|s| &**s)) {
            Some(shift) => Some(shift.starts_at),
            None => facts.any::<Shift>(id)?.map(|s| s.starts_at),
        };
        first = first.into_iter().chain(begins).min();
    }
    if first == swap.expires_at {
        return Ok(Changes::none());
    }
    let after = ShiftSwap { expires_at: first, ..swap.clone() }.touched(facts.now);
    let mut note = Event::audit(ctx, ShiftSwap::def().name, after.meta.id).after(&after);
    note.audited = false;
    Ok(Changes::none().put(&after).event(note).due(first))
}

/// Who leaves the company changes no shifts any more. The requests by and to the user are among the facts ([`of_person`]).
pub fn leave(facts: &Facts, ctx: &Ctx, user: UserId) -> Result<Changes> {
    let theirs = |s: &ShiftSwap| s.status == SwapStatus::Pending && (s.requester_id == user || s.colleague_id == user);
    let swaps = facts.rows::<ShiftSwap>()?.into_iter().filter(theirs);
    let left = swaps.map(|swap| ended(facts, ctx, &swap, "One of the two does not work here any more."));
    Ok(left.fold(Changes::none(), Changes::join))
}

/// The requests that have expired, one more than a pass ends, which tells that there are more; and the next to expire.
pub fn expiring(company: CompanyId, now: Timestamp) -> Needs {
    let at = |op| {
        let cond = Cond::eq("status", SwapStatus::Pending.as_str()).and(Cond::Cmp("expiresAt", op, Value::Time(now)));
        let order = order(ShiftSwap::def(), "expiresAt,id");
        Query { order, limit: MAX_ROWS as u64 + 1, ..Query::of(ShiftSwap::def(), company, cond) }
    };
    Needs::none().and_query(at(Op::Lte)).and_query(Query { limit: 1, ..at(Op::Gt) })
}

/// A pass over them, and when the next expires.
pub fn sweep(facts: &Facts) -> Result<TimerPass> {
    let tenant = Tenant::of(facts.state.company_id, "", facts.state.zone());
    let ctx = crate::system_ctx(tenant, facts.now, "timer");
    let (mut changes, mut next, mut done) = (Changes::none(), None, 0);
    for swap in facts.rows::<ShiftSwap>()?.into_iter().filter(|s| s.status == SwapStatus::Pending) {
        let Some(at) = swap.expires_at else { continue };
        if at > facts.now || done == MAX_ROWS {
            next = Some(next.map_or(at.max(facts.now), |next: Timestamp| next.min(at.max(facts.now))));
            continue;
        }
        done += 1;
        changes = changes.join(ended(facts, &ctx, &swap, BEGUN));
    }
    Ok((changes, next))
}
