//! `decideShiftSwap`: both shifts change hands at once, or nothing does.

use std::sync::Arc;

use workforceos_actors::Facts;
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{ShiftId, SwapId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Shift, ShiftSwap, SwapStatus};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Role};
use workforceos_core::time::Date;
use workforceos_core::{Reach, input};

use super::{endings, rules};
use crate::reach::manages;
use crate::schedule::rules as shifts;
use crate::{Api, App, commit};

input! {
    pub struct DecideSwap {
        /// The request.
        shift_swap_id: SwapId => "shiftSwapId" Path,
        /// approved or rejected.
        status: SwapStatus => "status" Body,
        /// A word to the two.
        decision_note: Option<String> => "decisionNote" Body,
    }
}

pub fn api() -> Api {
    Api::update("decideShiftSwap")
        .on::<ShiftSwap>()
        .at("/v1/shiftswaps/:shiftSwapId")
        .reach(Reach::Managers)
        .about(
            "Approves or rejects a pending request to change shifts: admins any, managers between their own reports, nobody the own \
             (save the owner). Approving looks at both people anew: conflicts (409 ShiftConflict), rest (409 RestTooShort), a shift \
             that has begun or changed hands (409 InvalidState) and a locked pay period (409 PeriodLocked) leave everything as it is.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: DecideSwap) -> Result<Answer> {
    let missing = || Error::not_found("shiftSwap");
    let query = Query { limit: 1, ..Query::of(ShiftSwap::def(), ctx.company(), Cond::eq("id", input.shift_swap_id.0)) };
    let swap = ShiftSwap::from_record(app.store.select(&query).await?.into_iter().next().ok_or_else(missing)?)?;
    let ids: Vec<ShiftId> = std::iter::once(swap.shift_id).chain(swap.colleague_shift_id).collect();
    let (needs, dates) = rules::look_up(&app, &ctx, &ids).await?;
    let needs = needs.and_row::<ShiftSwap>(input.shift_swap_id).and(endings::about(ctx.company(), &ids));
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input, &dates)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &DecideSwap, dates: &[Date]) -> Result<(Changes, Answer)> {
    let before: ShiftSwap = facts.row(input.shift_swap_id)?;
    check_decider(facts, ctx, &before)?;
    if !matches!(input.status, SwapStatus::Approved | SwapStatus::Rejected) {
        return Err(Error::field("status", "must be approved or rejected"));
    }
    if before.status != SwapStatus::Pending {
        return Err(Error::conflict("InvalidState", format!("The request is {} already", before.status.as_str())));
    }
    let mut swap = before.clone();
    swap.status = input.status;
    swap.decider_id = Some(ctx.user());
    swap.decided_at = Some(facts.now);
    swap.decision_note = input.decision_note.clone();
    let swap = swap.touched(facts.now);
    let event = Event::of(ctx, "shift.swapDecided", &swap, rules::audience(facts.state, &swap)).audited(Some(&before));
    let mut changes = Changes::none().put(&swap).event(event);
    if swap.status == SwapStatus::Approved {
        changes = changes.join(change_hands(facts, ctx, &swap, dates)?);
    }
    Ok((changes, Answer::object(ctx, &swap)))
}

/// Admins decide all, managers between their reports; what a manager does not reach is not there.
fn check_decider(facts: &Facts, ctx: &Ctx, swap: &ShiftSwap) -> Result<()> {
    let two = [swap.requester_id, swap.colleague_id];
    let manages = |user: &UserId| manages(facts.state, ctx, *user);
    if !ctx.is_admin() && !two.iter().any(manages) {
        return Err(Error::not_found("shiftSwap"));
    }
    if two.contains(&ctx.user()) && ctx.role() != Some(Role::TenantOwner) {
        return Err(Error::forbidden("Nobody decides the own request"));
    }
    if !ctx.is_admin() && !two.iter().all(manages) {
        return Err(Error::forbidden("One of the two is not your report: an admin has to decide"));
    }
    Ok(())
}

fn change_hands(facts: &Facts, ctx: &Ctx, swap: &ShiftSwap, dates: &[Date]) -> Result<Changes> {
    let (one, other) = (swap.requester_id, swap.colleague_id);
    let state = facts.state;
    let given = |id: ShiftId, user: UserId| -> Result<Arc<Shift>> {
        let gone = || Error::conflict("InvalidState", "A shift has begun, or is not assigned any more to who gives it");
        let shift = rules::given(state, facts.now, id, user).ok_or_else(gone)?;
        if !dates.contains(&shift.shift_date) {
            // The days around it are not at hand.
            return Err(Error::conflict("ConcurrentChange", "A shift was moved just now; try again"));
        }
        Ok(shift.clone())
    };
    let (mut changes, mut written) = (Changes::none(), Vec::new());
    let mut pass = |shift: &Shift, from: UserId, to: UserId, for_it: Option<ShiftId>| -> Result<()> {
        let passed = rules::passed(state, shift, from, to, for_it)?.touched(facts.now);
        let event = shifts::changed(state, ctx, "shift.updated", shift, &passed);
        changes = std::mem::take(&mut changes).put(&passed).event(event);
        written.push(passed);
        Ok(())
    };
    let shift = given(swap.shift_id, one)?;
    match swap.colleague_shift_id {
        None => pass(&shift, one, other, None)?,
        Some(id) => {
            let theirs = given(id, other)?;
            pass(&shift, one, other, Some(id))?;
            pass(&theirs, other, one, Some(swap.shift_id))?;
        }
    }
    Ok(changes.join(endings::overtaken(facts, ctx, &written, Some(SwapId(swap.meta.id)))?))
}
