//! `claimShift`: an open shift goes to who asks first.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs, State};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::Shift;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Reach, input};

use super::{rest, rules};
use crate::attendance::rules::check_unlocked;
use crate::{Api, App, commit};

input! {
    pub struct ClaimShift {
        /// The shift.
        shift_id: ShiftId => "shiftId" Path,
        /// Who takes it: the caller unless another user within reach is named.
        user_id: Option<UserId> => "userId" Body,
    }
}

pub fn api() -> Api {
    Api::act("claimShift")
        .on::<Shift>()
        .at("/v1/shifts/:shiftId/claim")
        .reach(Reach::Own)
        .about(
            "Takes a place in an open shift (listOpenShifts). Refused if no place is left or it has begun (409 ShiftNotOpen), if the \
             user does not belong to its department (409 InvalidState), has another shift or leave then (409 ShiftConflict), would rest less than the policy's restHours (409 \
             RestTooShort), or its pay period is locked (409 PeriodLocked).",
        )
        .handler_for(|input: &ClaimShift| input.user_id, handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: ClaimShift) -> Result<Answer> {
    let found = Query { limit: 1, ..Query::of(Shift::def(), ctx.company(), Cond::eq("id", input.shift_id.0)) };
    let found = app.store.select(&found).await?.into_iter().next().ok_or_else(|| Error::not_found("shift"))?;
    let date = Shift::from_record(found)?.shift_date;
    let needs = Needs::shift(input.shift_id).and(rest::needs(date));
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input, date)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &ClaimShift, date: Date) -> Result<(Changes, Answer)> {
    let state = facts.state;
    let user = input.user_id.unwrap_or(ctx.user());
    if state.people.role(user).is_none() {
        return Err(Error::field("userId", "is not known here"));
    }
    let before = state.schedule.get(input.shift_id).ok_or_else(|| Error::not_found("shift"))?;
    if !rest::is_offered(state, before, user) {
        return Err(not_offered(state, ctx, before));
    }
    if before.shift_date != date {
        // The days around it are not at hand.
        return Err(Error::conflict("ConcurrentChange", "The shift was moved just now; try again"));
    }
    if state.is_assigned(before, user) {
        return Err(Error::conflict("AlreadyExists", "The shift is assigned to the user already"));
    }
    if !rest::is_open(state, before, facts.now) {
        return Err(Error::conflict("ShiftNotOpen", "No place is left in this shift, or it has begun"));
    }
    check_unlocked(state, before.shift_date)?;
    let mut shift = Shift::clone(before);
    // Named while on leave is a conflict, told below; who is named twice stays named once.
    shift.assigned_user_ids.retain(|assigned| *assigned != user);
    shift.assigned_user_ids.push(user);
    rest::check_free(state, &shift, user, None)?;
    let shift = shift.touched(facts.now);
    let event = rules::changed(state, ctx, "shift.updated", before, &shift);
    Ok((Changes::none().put(&shift).event(event), Answer::object(ctx, &shift)))
}

/// Who sees a shift is told why it cannot be taken; to others it is not there.
fn not_offered(state: &State, ctx: &Ctx, shift: &Shift) -> Error {
    if rules::audience(state, shift).sees(ctx.user(), ctx.is_admin(), &ctx.scope.departments).is_none() {
        return Error::not_found("shift");
    }
    let why = if shift.is_draft {
        "The shift is a draft: nobody takes it before it is published"
    } else {
        "Whoever is to take the shift does not belong to its department"
    };
    Error::conflict("InvalidState", why)
}
