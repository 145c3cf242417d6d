//! `cancelShiftSwap`.

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
        .about("Takes a pending request to change shifts back: the own, or one of somebody within reach (else 409 InvalidState).")
        .destructive()
        .handler(|app: Arc<App>, ctx: Ctx, input: CancelSwap| async move {
            let caller = ctx.clone();
            let needs = Needs::row::<ShiftSwap>(input.shift_swap_id);
            commit(&app, &ctx, needs, move |facts| decide(facts, &caller, input.shift_swap_id)).await
        })
}

fn decide(facts: &Facts, ctx: &Ctx, id: SwapId) -> Result<(Changes, Answer)> {
    let before: ShiftSwap = facts.row(id)?;
    if !ctx.reaches(before.requester_id) {
        return Err(Error::not_found("shiftSwap"));
    }
    if before.status != SwapStatus::Pending {
        return Err(Error::conflict("InvalidState", format!("The request is {} already", before.status.as_str())));
    }
    let swap = ShiftSwap { status: SwapStatus::Cancelled, ..before.clone() }.touched(facts.now);
    let event = Event::of(ctx, "shift.swapCancelled", &swap, rules::audience(facts.state, &swap)).audited(Some(&before));
    Ok((Changes::none().put(&swap).event(event), Answer::object(ctx, &swap)))
}
