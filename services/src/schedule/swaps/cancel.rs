//! `cancelShiftSwap`: who asked takes it back, who was asked declines.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::SwapId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{ShiftSwap, SwapStatus};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::rules;
use crate::{Api, App, commit};

input! {
    pub struct CancelSwap {
        /// The request.
        shift_swap_id: SwapId => "shiftSwapId" Path,
    }
}

pub fn api() -> Api {
    Api::act("cancelShiftSwap")
        .on::<ShiftSwap>()
        .at("/v1/shiftswaps/:shiftSwapId/cancel")
        .reach(Reach::Own)
        .about(
            "Takes a pending request to change shifts back: the own, or one of somebody within reach. Whoever is asked to take the shift \
             declines with it: the request is then rejected. One that is not pending any more: 409 InvalidState.",
        )
        .destructive()
        .handler(|app: Arc<App>, ctx: Ctx, input: CancelSwap| async move {
            let caller = ctx.clone();
            let needs = Needs::row::<ShiftSwap>(input.shift_swap_id);
            commit(&app, &ctx, needs, move |facts| decide(facts, &caller, input.shift_swap_id)).await
        })
}

fn decide(facts: &Facts, ctx: &Ctx, id: SwapId) -> Result<(Changes, Answer)> {
    let before: ShiftSwap = facts.row(id)?;
    let declines = before.colleague_id == ctx.user();
    if !declines && !ctx.reaches(before.requester_id) {
        return Err(Error::not_found("shiftSwap"));
    }
    if before.status != SwapStatus::Pending {
        return Err(Error::conflict("InvalidState", format!("The request is {} already", before.status.as_str())));
    }
    let (swap, kind) = if declines {
        let (decider_id, decided_at) = (Some(ctx.user()), Some(facts.now));
        (ShiftSwap { status: SwapStatus::Rejected, decider_id, decided_at, ..before.clone() }, "shift.swapDecided")
    } else {
        (ShiftSwap { status: SwapStatus::Cancelled, ..before.clone() }, "shift.swapCancelled")
    };
    let swap = swap.touched(facts.now);
    let event = Event::of(ctx, kind, &swap, rules::audience(facts.state, &swap)).audited(Some(&before));
    Ok((Changes::none().put(&swap).event(event), Answer::object(ctx, &swap)))
}
