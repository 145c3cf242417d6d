//! `findCoverFor`: who can take a shift, best first, and why the others cannot.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs, State};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{ShiftId, UserId};
use workforceos_core::objects::{Shift, ShiftStatus};
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::rules::{Place, Reason, Reasons, Standing, obstacles};
use super::words::{self, Numbers, Tally, codes};
use super::{roster, rules};
use crate::{Api, App, commit_with, people, shape};

/// How many of those who can are listed unless the caller says so, and at most.
const RANKED: (i64, i64) = (10, 100);
/// As many of those who cannot.
const EXCLUDED: (i64, i64) = (20, 500);

input! {
    pub struct FindCover {
        /// The shift.
        shift_id: ShiftId => "shiftId" Path,
        /// Whether more than the policy's weeklyHours is no obstacle (false).
        allow_overtime: Option<bool> => "allowOvertime" Query,
        /// How many of the people who can take it are listed, 1 to 100 (10).
        limit: Option<i64> => "limit" Query,
        /// How many of those who cannot are listed, 0 to 500 (20).
        excluded_limit: Option<i64> => "excludedLimit" Query,
    }
}

pub fn api() -> Api {
    Api::get("findCoverFor")
        .named("cover")
        .at("/v1/shifts/:shiftId/cover")
        .reach(Reach::Managers)
        .output(output)
        .about(
            "Who within reach can take a shift, best first, with names and figures; assigns nobody (claimShift does). Who can: active with \
             a profile, of the shift's departments, not assigned, not on approved leave that day (half days included), no other shift at \
             that time, the policy's restHours to every other shift on both sides, within weeklyHours in that ISO week (unless \
             allowOvertime). Order: no leave asked for, fewer hours that week, fewer in 28 days, longer rest before. Others are counted by \
             reason, the first listed; who lacks profile or department is told no more. Cancelled shifts: 409 InvalidState.",
        )
        .handler(handle)
}

/// What the company's actor knows of it.
struct Asked {
    shift: Arc<Shift>,
    open_places: usize,
    state: State,
    qualified: Vec<UserId>,
    excluded: Vec<(UserId, Reasons)>,
}

async fn handle(app: Arc<App>, ctx: Ctx, input: FindCover) -> Result<Answer> {
    let (limit, excluded_limit) = sizes(&input)?;
    let (caller, id) = (ctx.clone(), input.shift_id);
    let ask = move |facts: &Facts| Ok((Changes::none(), ask(facts, &caller, id)?));
    let mut asked = commit_with(&app, &ctx, Needs::shift(id), ask).await?;
    let date = asked.shift.shift_date;
    let pending = roster::read(&app, &ctx, &mut asked.state, &asked.qualified, roster::window(date, date)).await?;
    let (place, limits) = (Place::of(&asked.shift), roster::limits(&asked.state, input.allow_overtime == Some(true)));
    let mut ranked = Vec::new();
    for person in roster::people(&asked.state, &asked.qualified, &pending) {
        match obstacles(&person, &place, &limits) {
            none if none.is_empty() => ranked.push(Standing::of(&person, &place)),
            reasons => asked.excluded.push((person.user, reasons)),
        }
    }
    ranked.sort_by_key(Standing::rank);
    asked.excluded.sort_by_key(|(user, reasons)| (distance(*reasons), *user));
    let listed = ranked.iter().take(limit).map(|s| s.user);
    let listed = listed.chain(asked.excluded.iter().take(excluded_limit).map(|(user, _)| *user));
    let names = people::names(&app, &ctx, listed).await?;
    let departments = people::departments(&app, &ctx, asked.shift.department_id).await?;
    let policy = &asked.state.policy;
    let numbers = Numbers { rest_hours: policy.rest_hours, weekly_hours: policy.weekly_hours };
    let mut tally = Tally::default();
    asked.excluded.iter().for_each(|(_, reasons)| tally.count(*reasons));
    let mut shift = words::shift_json(&asked.shift, &departments);
    shift.insert("status".to_owned(), json!(asked.shift.status.as_str()));
    shift.insert("openPlaces".to_owned(), json!(asked.open_places));
    let can = ranked.iter().take(limit).enumerate().map(|(i, s)| ranked_json(i + 1, s, &names, &numbers));
    let cannot = asked.excluded.iter().take(excluded_limit).map(|(user, reasons)| {
        json!({"userId": user.to_string(), "name": names.of(*user), "reasons": codes(*reasons), "why": numbers.why(*reasons)})
    });
    Ok(Answer::json(json!({
        "shift": shift,
        "candidates": ranked.len(),
        "ranked": can.collect::<Json>(),
        "excludedCount": asked.excluded.len(),
        "excludedByReason": tally.to_json(),
        "excluded": cannot.collect::<Json>(),
    })))
}

/// How many are listed of those who can, and of those who cannot.
fn sizes(input: &FindCover) -> Result<(usize, usize)> {
    let (limit, excluded) = (input.limit.unwrap_or(RANKED.0), input.excluded_limit.unwrap_or(EXCLUDED.0));
    let mut problems = Vec::new();
    if !(1..=RANKED.1).contains(&limit) {
        problems.push(Problem::new("limit", format!("must be from 1 to {}", RANKED.1)));
    }
    if !(0..=EXCLUDED.1).contains(&excluded) {
        problems.push(Problem::new("excludedLimit", format!("must be from 0 to {}", EXCLUDED.1)));
    }
    match (problems.is_empty(), usize::try_from(limit), usize::try_from(excluded)) {
        (true, Ok(limit), Ok(excluded)) => Ok((limit, excluded)),
        _ => Err(Error::invalid(problems)),
    }
}

fn ask(facts: &Facts, ctx: &Ctx, id: ShiftId) -> Result<Asked> {
    let state = facts.state;
    let shift = state.schedule.get(id).ok_or_else(|| Error::not_found("shift"))?;
    let people = roster::reached(state, ctx);
    if !roster::sees(state, ctx, shift, &people, facts.now) {
        return Err(Error::not_found("shift"));
    }
    if shift.status == ShiftStatus::Cancelled {
        return Err(Error::conflict("InvalidState", "The shift is cancelled: nobody has to cover it"));
    }
    // Of a draft it is told who will be assigned once it is published.
    let assignees: HashSet<UserId> = state.assignees(&Shift { is_draft: false, ..Shift::clone(shift) }).into_iter().collect();
    let departments = roster::departments(shift);
    let (mut qualified, mut excluded) = (Vec::new(), Vec::new());
    for user in people {
        match roster::lacks(state, &departments, user) {
            // Who is there anyway needs no profile for it.
            _ if assignees.contains(&user) => excluded.push((user, Reason::Assigned.into())),
            lacks if lacks.is_empty() => qualified.push(user),
            lacks => excluded.push((user, lacks)),
        }
    }
    let open_places = usize::try_from(shift.needed_count).unwrap_or(0).saturating_sub(assignees.len());
    let (from, to) = roster::window(shift.shift_date, shift.shift_date);
    Ok(Asked { shift: shift.clone(), open_places, state: state.aside(from, to), qualified, excluded })
}

/// Who could nearly take it first, who is there already next, who does not come into question last.
fn distance(reasons: Reasons) -> (u8, usize) {
    let kind = match reasons {
        r if r.has(Reason::Profile) || r.has(Reason::Department) => 2,
        r if r.has(Reason::Assigned) => 1,
        _ => 0,
    };
    (kind, reasons.iter().count())
}

fn ranked_json(rank: usize, standing: &Standing, names: &people::Names, numbers: &Numbers) -> Json {
    json!({
        "rank": rank, "userId": standing.user.to_string(), "name": names.of(standing.user),
        "pendingLeave": standing.pending_leave, "weekMinutes": standing.week_minutes, "minutes28": standing.minutes_28,
        "restMinutes": standing.rest_minutes, "why": numbers.standing(standing),
    })
}

fn output() -> Json {
    let ranked = [
        ("rank", shape::whole("1 is the best.")),
        ("userId", shape::id("Who.")),
        ("name", shape::text("Their full name.")),
        ("pendingLeave", shape::flag("Whether they have asked for leave on that day.")),
        ("weekMinutes", shape::whole("Minutes planned in the shift's ISO week, breaks left out.")),
        ("minutes28", shape::whole("Minutes planned in the 28 days that end with the shift's date.")),
        ("restMinutes", shape::whole(&format!("Minutes of rest before the shift, at most {}.", rules::MOST_REST))),
        ("why", shape::text("The same in words.")),
    ];
    let excluded = [
        ("userId", shape::id("Who.")),
        ("name", shape::text("Their full name.")),
        ("reasons", words::reasons_shape()),
        ("why", shape::text("The same in words.")),
    ];
    let shift =
        [("status", shape::text("scheduled or completed.")), ("openPlaces", shape::whole("Places that nobody is assigned to."))];
    shape::object(
        "Who can cover a shift.",
        [
            ("shift", words::shift_shape("The shift.", shift)),
            ("candidates", shape::whole("How many can take it.")),
            ("ranked", shape::list(shape::object("Somebody who can.", ranked), "The best of them, in order.")),
            ("excludedCount", shape::whole("How many within reach cannot.")),
            ("excludedByReason", Tally::shape("How many each reason keeps away; those that occur.")),
            ("excluded", shape::list(shape::object("Somebody who cannot.", excluded), "The first of them, nearest first.")),
        ],
    )
}
