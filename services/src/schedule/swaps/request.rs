//! `requestShiftSwap`.

use std::sync::Arc;

use workforceos_actors::Facts;
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::object::Meta;
use workforceos_core::objects::{ShiftSwap, SwapStatus};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::rules;
use crate::attendance::rules::check_unlocked;
use crate::{Api, App, alerts, commit};

input! {
    pub struct RequestSwap {
        /// Who asks: the caller unless another user within reach is named.
        user_id: Option<UserId> => "userId" Body,
        /// The shift to be given, assigned by name and not begun.
        shift_id: ShiftId => "shiftId" Body,
        /// Who is to take it.
        colleague_id: UserId => "colleagueId" Body,
        /// The colleague's shift to be had for it; none: the shift is given away.
        colleague_shift_id: Option<ShiftId> => "colleagueShiftId" Body,
        /// Why.
        reason: Option<String> => "reason" Body,
    }
}

pub fn api() -> Api {
    Api::create("requestShiftSwap")
        .on::<ShiftSwap>()
        .at("/v1/shiftswaps")
        .reach(Reach::Own)
        .about(
            "Asks to give a shift to a colleague, for one of the colleague's or for nothing. Nothing changes until a manager of both \
             or an admin approves it (decideShiftSwap), at the latest when the first of the shifts begins (expiresAt); a shift that is \
             taken away, cancelled or deleted ends the request. A second request for a shift is refused while one is pending (409 AlreadyExists), \
             and any for a day whose pay period is locked (409 PeriodLocked).",
        )
        .handler_for(|input: &RequestSwap| input.user_id, handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: RequestSwap) -> Result<Answer> {
    let ids: Vec<ShiftId> = std::iter::once(input.shift_id).chain(input.colleague_shift_id).collect();
    let (needs, _) = rules::look_up(&app, &ctx, &ids).await?;
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &RequestSwap) -> Result<(Changes, Answer)> {
    let state = facts.state;
    let requester = input.user_id.unwrap_or(ctx.user());
    let mut problems = Vec::new();
    if state.people.role(requester).is_none() {
        problems.push(Problem::new("userId", "is not known here"));
    }
    if input.colleague_id == requester || state.people.role(input.colleague_id).is_none() {
        problems.push(Problem::new("colleagueId", "is no colleague here"));
    }
    // What is not theirs to change reads like what is not there.
    if rules::given(state, facts.now, input.shift_id, requester).is_none() {
        problems.push(Problem::new("shiftId", "is no coming shift that is assigned to the user by name"));
    }
    let theirs = |id: &ShiftId| *id != input.shift_id && rules::given(state, facts.now, *id, input.colleague_id).is_some();
    if input.colleague_shift_id.as_ref().is_some_and(|id| !theirs(id)) {
        problems.push(Problem::new("colleagueShiftId", "is no coming shift that is assigned to the colleague by name"));
    }
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let shifts = std::iter::once(input.shift_id).chain(input.colleague_shift_id).filter_map(|id| state.schedule.get(id));
    shifts.clone().try_for_each(|shift| check_unlocked(state, shift.shift_date))?;
    let swap = ShiftSwap {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        requester_id: requester,
        shift_id: input.shift_id,
        colleague_id: input.colleague_id,
        colleague_shift_id: input.colleague_shift_id,
        reason: input.reason.clone(),
        status: SwapStatus::Pending,
        decider_id: None,
        decided_at: None,
        decision_note: None,
        expires_at: shifts.map(|shift| shift.starts_at).min(),
        delay_alert_at: None,
        company_id: ctx.company(),
    };
    let event = Event::of(ctx, "shift.swapRequested", &swap, rules::audience(state, &swap)).audited::<ShiftSwap>(None);
    let taken = || Error::conflict("AlreadyExists", "A request for this shift is pending already");
    let changes =
        Changes::none().put(&swap).event(event).due(swap.expires_at).due(Some(alerts::waits_too_long(facts.now))).taken(taken);
    Ok((changes, Answer::object(ctx, &swap)))
}
