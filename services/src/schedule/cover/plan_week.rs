//! `planWeek`: the free places of a department's week, filled by the rules of `findCoverFor`; shown first, then written.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::Days;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use workforceos_actors::{Facts, Needs, State};
use workforceos_core::answer::{Answer, Source};
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::objects::Shift;
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::zone::week_start;
use workforceos_core::{Reach, input};

use super::apply::{self, Filled};
use super::planning::{Opening, Plan, plan};
use super::rules::{Limits, Person, Place, Reason, obstacles};
use super::words::Tally;
use super::{roster, week_answer};
use crate::people;
use crate::schedule::{rest, rules as shifts};
use crate::{Api, App, commit, commit_with};

/// The most free places planned at once: they are one transaction, and one answer.
const MAX_PLACES: usize = 2_000;
/// The most shifts with free places times people who come into question: each pair is looked at.
const MAX_PAIRS: usize = 2_000_000;
/// How often a week is planned again that changed while it was planned.
const MAX_TRIES: u32 = 4;

input! {
    pub struct PlanWeek {
        /// The department whose shifts are planned.
        department_id: DepartmentId => "departmentId" Body,
        /// Any date of the ISO week (Monday to Sunday).
        week: Date => "week" Body,
        /// Only say what would be assigned; nothing is written (true).
        dry_run: Option<bool> => "dryRun" Body,
        /// Whether more than the policy's weeklyHours is no obstacle (false).
        allow_overtime: Option<bool> => "allowOvertime" Body,
        /// The planId of a dry run that was agreed to: if the plan would be another one by now, nothing is written (409 PlanChanged).
        plan_id: Option<Uuid> => "planId" Body,
    }
}

pub fn api() -> Api {
    Api::act("planWeek")
        .named("weekPlan")
        .at("/v1/shifts/planweek")
        .reach(Reach::Managers)
        .output(week_answer::output)
        .about(
            "Fills the free places (neededCount less assignees) of a department's coming, published shifts of an ISO week with people \
             within reach, by the rules and the order of findCoverFor: the place that fewest can take goes first, hours already given \
             in the plan count. A dry run unless dryRun is false, which assigns all in one step, or nothing: 409 ConcurrentChange if \
             shifts, leave or people keep changing meanwhile, 409 PlanChanged if the plan is not the one of planId. Places that nobody can take \
             are unfilled, with the reasons counted.",
        )
        .handler(handle)
}

/// What the company's actor knows of it.
pub(super) struct Asked {
    /// Shifts with free places, and how many.
    pub open: Vec<(Arc<Shift>, usize)>,
    pub state: State,
    pool: Vec<UserId>,
    /// How many within reach come into no question for a shift, by shift.
    pub lacking: Vec<Tally>,
}

/// A plan with what it was made of.
pub(super) struct Made {
    pub openings: Vec<Opening>,
    pub people: Vec<Person>,
    pub plan: Plan,
    /// What keeps people from the openings that stay free, by opening.
    pub kept: HashMap<usize, Tally>,
}

async fn handle(app: Arc<App>, ctx: Ctx, input: PlanWeek) -> Result<Answer> {
    for _ in 1..MAX_TRIES {
        match planned(&app, &ctx, &input).await {
            Err(error) if error.code == "ConcurrentChange" => {}
            settled => return settled,
        }
    }
    planned(&app, &ctx, &input).await
}

async fn planned(app: &App, ctx: &Ctx, input: &PlanWeek) -> Result<Answer> {
    let monday = week_start(input.week);
    let sunday = monday.checked_add_days(Days::new(6)).ok_or_else(|| Error::field("week", "is too far away"))?;
    let (caller, department) = (ctx.clone(), input.department_id);
    let needs = Needs { days: vec![(monday, sunday)], ..Needs::none() };
    let ask = move |facts: &Facts| Ok((Changes::none(), ask(facts, &caller, department, (monday, sunday))?));
    let mut asked = commit_with(app, ctx, needs, ask).await?;
    let days = roster::window(monday, sunday);
    let pending = roster::read(app, ctx, &mut asked.state, &asked.pool, days).await?;
    let overtime = input.allow_overtime == Some(true);
    let limits = roster::limits(&asked.state, overtime);
    let people = roster::people(&asked.state, &asked.pool, &pending);
    let make = move || {
        let made = made(&asked, people, &limits);
        (asked, made)
    };
    let (asked, made) = tokio::task::spawn_blocking(make).await.map_err(Error::internal)?;
    let filled = filled(&asked, &made);
    let plan_id = fingerprint(&filled);
    if input.plan_id.is_some_and(|agreed| agreed != plan_id) {
        let message = "The plan is not the one of that planId any more: look at a dry run again";
        return Err(Error::conflict("PlanChanged", message).detail(json!({"planId": plan_id.to_string()})));
    }
    let dry = input.dry_run != Some(false);
    let mut told = week_answer::told(app, ctx, &asked, &made, dry).await?;
    told["week"] = json!(monday);
    told["lastDay"] = json!(sunday);
    told["departmentId"] = json!(department.to_string());
    told["department"] = json!(people::departments(app, ctx, [department]).await?.of(department));
    told["dryRun"] = json!(dry);
    told["planId"] = json!(plan_id.to_string());
    let source = if dry { Source::Db } else { Source::Actor };
    let answer = Answer { source, ..Answer::json(told) };
    // A dry run, too, is kept for its idempotency key.
    if dry || filled.is_empty() {
        return commit(app, ctx, Needs::none(), move |_| Ok((Changes::none(), answer.clone()))).await;
    }
    let needs = Needs { days: vec![roster::near(monday, sunday)], ..Needs::none() };
    let caller = ctx.clone();
    commit(app, ctx, needs, move |facts| Ok((apply::assign(facts.state, facts.now, &caller, &filled, overtime)?, answer.clone())))
        .await
}

fn ask(facts: &Facts, ctx: &Ctx, department: DepartmentId, (monday, sunday): (Date, Date)) -> Result<Asked> {
    let state = facts.state;
    shifts::check_named(state, &[], &[], Some(department))?;
    let people = roster::reached(state, ctx);
    let (mut open, mut lacking, mut pool) = (Vec::new(), Vec::new(), Vec::new());
    // Most shifts of a department are for the same people.
    let mut known: HashMap<Vec<DepartmentId>, Fit> = HashMap::new();
    for shift in monday.iter_days().take_while(|d| *d <= sunday).flat_map(|date| state.schedule.on(date)) {
        let departments = roster::departments(shift);
        if !departments.contains(&department) || !rest::is_open(state, shift, facts.now) || shift.is_draft {
            continue;
        }
        let fit = known.entry(departments).or_insert_with_key(|departments| fit(state, departments, &people));
        // Open shifts of departments to which nobody in reach belongs are not the caller's to see.
        if fit.any_member || ctx.is_admin() {
            let free = usize::try_from(shift.needed_count).unwrap_or(0).saturating_sub(state.assignees(shift).len());
            open.push((shift.clone(), free));
            lacking.push(fit.lacking.clone());
        }
    }
    known.into_values().for_each(|fit| pool.extend(fit.qualified));
    let places: usize = open.iter().map(|(_, free)| free).sum();
    if places > MAX_PLACES {
        return Err(Error::field(
            "departmentId",
            format!("has {places} free places in that week: at most {MAX_PLACES} are planned at once"),
        ));
    }
    pool.sort();
    pool.dedup();
    if open.len().saturating_mul(pool.len()) > MAX_PAIRS {
        let message = format!(
            "has {} shifts with free places in that week and {} people for them: too many to be planned at once",
            open.len(),
            pool.len()
        );
        return Err(Error::field("departmentId", message));
    }
    let (from, to) = roster::window(monday, sunday);
    Ok(Asked { open, state: state.aside(from, to), pool, lacking })
}

/// Who comes into question for the shifts of some departments.
struct Fit {
    qualified: Vec<UserId>,
    lacking: Tally,
    any_member: bool,
}

fn fit(state: &State, departments: &[DepartmentId], people: &[UserId]) -> Fit {
    let mut fit = Fit { qualified: Vec::new(), lacking: Tally::default(), any_member: false };
    for user in people {
        let lacks = roster::lacks(state, departments, *user);
        fit.any_member |= !lacks.has(Reason::Department);
        if lacks.is_empty() {
            fit.qualified.push(*user);
        }
        fit.lacking.count(lacks);
    }
    fit
}

/// Reckons: apart from the threads that serve calls, since it takes its time.
fn made(asked: &Asked, mut people: Vec<Person>, limits: &Limits) -> Made {
    let openings = openings(asked);
    let plan = plan(&openings, &mut people, limits);
    let mut kept = HashMap::new();
    for (opening, _) in &plan.unfilled {
        let mut tally = asked.lacking[*opening].clone();
        for person in &openings[*opening].qualified {
            tally.count(obstacles(&people[*person], &openings[*opening].place, limits));
        }
        kept.insert(*opening, tally);
    }
    Made { openings, people, plan, kept }
}

fn openings(asked: &Asked) -> Vec<Opening> {
    let opening = |(shift, free): &(Arc<Shift>, usize)| {
        let departments = roster::departments(shift);
        let fits = |i: &usize| roster::lacks(&asked.state, &departments, asked.pool[*i]).is_empty();
        Opening { place: Place::of(shift), free: *free, qualified: (0..asked.pool.len()).filter(fits).collect() }
    };
    asked.open.iter().map(opening).collect()
}

/// Who is to take which shifts, by shift in the order of time.
fn filled(asked: &Asked, made: &Made) -> Vec<Filled> {
    let mut by_shift: BTreeMap<_, Filled> = BTreeMap::new();
    for pick in &made.plan.picks {
        let (shift, _) = &asked.open[pick.opening];
        let key = (shift.starts_at, shift.meta.id);
        let filled = by_shift.entry(key).or_insert_with(|| Filled { shift: shift.clone(), users: Vec::new() });
        filled.users.push(made.people[pick.person].user);
    }
    by_shift.into_values().collect()
}

/// Names a plan: the same people on the same versions of the same shifts.
fn fingerprint(filled: &[Filled]) -> Uuid {
    let mut digest = Sha256::new();
    for Filled { shift, users } in filled {
        digest.update(shift.meta.id.as_bytes());
        digest.update(shift.meta.record_version.to_be_bytes());
        let mut users = users.clone();
        users.sort();
        users.iter().for_each(|user| digest.update(user.0.as_bytes()));
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
