//! The rules of changing shifts, as pure functions of a company's state.

use std::sync::Arc;

use workforceos_actors::{Needs, State};
use workforceos_core::change::Audience;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Shift, ShiftStatus, ShiftSwap};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::{Date, Timestamp};

use crate::App;
use crate::attendance::rules::check_unlocked;
use crate::schedule::rest;

/// What has to be known of shifts and the days around them: the needs, and the dates for which they were looked up.
pub async fn look_up(app: &App, ctx: &Ctx, ids: &[ShiftId]) -> Result<(Needs, Vec<Date>)> {
    let found = app.store.select(&Query::of(Shift::def(), ctx.company(), Cond::id_in("id", ids))).await?;
    let mut dates = Vec::new();
    for record in found {
        dates.push(Shift::from_record(record)?.shift_date);
    }
    let needs = dates.iter().fold(Needs::none(), |needs, date| needs.and(rest::needs(*date)));
    Ok((needs, dates))
}

/// A shift that somebody can still give away: published, to come, theirs by name, and not checked in for.
pub fn given(state: &State, now: Timestamp, id: ShiftId, user: UserId) -> Option<&Arc<Shift>> {
    state.schedule.get(id).filter(|s| {
        let to_come = s.status == ShiftStatus::Scheduled && !s.is_draft && s.starts_at > now;
        to_come && s.assigned_user_ids.contains(&user) && state.attendance.of(id, user).is_none()
    })
}

/// A shift that goes from one to another: who takes it may know of it, is free, and rests enough; its day is not locked.
pub fn passed(state: &State, shift: &Shift, from: UserId, to: UserId, for_it: Option<ShiftId>) -> Result<Shift> {
    check_unlocked(state, shift.shift_date)?;
    let state_error = |message: &str| Err(Error::conflict("InvalidState", message));
    if state.people.role(to).is_none() {
        return state_error("Who is to take a shift does not work here any more");
    }
    if !rest::is_offered(state, shift, to) {
        return state_error("Who is to take a shift does not belong to its department");
    }
    if state.is_assigned(shift, to) {
        return state_error("Who is to take a shift is assigned to it already");
    }
    let mut passed = shift.clone();
    passed.assigned_user_ids.retain(|user| *user != to);
    for user in &mut passed.assigned_user_ids {
        if *user == from {
            *user = to;
        }
    }
    if state.is_assigned(&passed, from) {
        return state_error("Who gives a shift away is assigned to it through a department, too");
    }
    rest::check_free(state, &passed, to, for_it)?;
    Ok(passed)
}

/// Who may see a request: the two, their managers, and admins.
pub fn audience(state: &State, swap: &ShiftSwap) -> Audience {
    let (one, other) = (swap.requester_id, swap.colleague_id);
    let managers = [state.people.manager_of(one), state.people.manager_of(other)];
    managers.into_iter().fold(Audience::admins().user(one).user(other), Audience::manager)
}
