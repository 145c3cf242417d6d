//! `deleteShift`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::ShiftId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Shift;
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::rules;
use super::swaps::endings;
use crate::attendance::rules::check_unlocked;
use crate::{Api, App, commit};

input! {
    pub struct DeleteShift {
        /// The shift.
        shift_id: ShiftId => "shiftId" Path,
    }
}

pub fn api() -> Api {
    Api::delete("deleteShift")
        .on::<Shift>()
        .at("/v1/shifts/:shiftId")
        .reach(Reach::Admins)
        .about(
            "Deletes a shift (softly). Refused with 409 AttendanceExists once somebody has attendance at it, and with 409 PeriodLocked \
             while its pay period is locked, drafts aside.",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: DeleteShift) -> Result<Answer> {
    let caller = ctx.clone();
    let needs = Needs::shift(input.shift_id).and(endings::about(ctx.company(), &[input.shift_id]));
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, input.shift_id)).await
}

fn decide(facts: &Facts, ctx: &Ctx, id: ShiftId) -> Result<(Changes, Answer)> {
    let before = facts.state.schedule.get(id).ok_or_else(|| Error::not_found("shift"))?;
    if facts.state.attendance.at(id) {
        return Err(Error::conflict("AttendanceExists", "Somebody has attendance at this shift: cancel it instead"));
    }
    if !before.is_draft {
        check_unlocked(facts.state, before.shift_date)?;
    }
    let shift = Shift::clone(before).deleted(facts.now);
    let event = Event::of(ctx, "shift.deleted", &shift, rules::audience(facts.state, &shift)).audited(Some(&**before));
    let answer = Answer::object(ctx, &shift);
    let requests = endings::overtaken(facts, ctx, std::slice::from_ref(&shift), None)?;
    Ok((Changes::none().put(&shift).event(event).join(requests), answer))
}
