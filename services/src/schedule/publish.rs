//! `publishShifts`: drafts become shifts, all of them or none.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::{Answer, Data, Row, Source};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::DepartmentId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Shift, ShiftStatus};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::zone::{next_day, previous_day};
use workforceos_core::{Reach, input};

use super::ranges::Asked;
use super::rules;
use crate::attendance::rules::check_unlocked;
use crate::{Api, App, commit};

/// The longest range published at once, in days.
const MAX_DAYS: i64 = 366;
/// The most shifts published at once: they are one transaction.
const MAX_SHIFTS: usize = 2_000;

input! {
    pub struct Publish {
        /// First date.
        from: Date => "from" Body,
        /// Last date, at most 366 days after the first.
        to: Date => "to" Body,
        /// Only the drafts of this department.
        department_id: Option<DepartmentId> => "departmentId" Body,
    }
}

pub fn api() -> Api {
    Api::act("publishShifts")
        .on::<Shift>()
        .named(Shift::def().plural)
        .at("/v1/shifts/publish")
        .reach(Reach::Admins)
        .about(
            "Publishes the drafts of a range of dates, in one step: their people see them from then on. If anybody assigned is not \
             free, or a draft's date lies in a locked pay period, nothing is published (409 ShiftConflict, with every conflict and its draft, or \
             PeriodLocked). Drafts that are cancelled or over stay drafts.",
        )
        .handler(handle)
        .also(|app, ctx, parts| async move {
            let asked = Asked { main: parts.get("departmentId").flatten(), ..Asked::of(&parts) };
            asked.problems(&app, &ctx, MAX_DAYS).await
        })
}

async fn handle(app: Arc<App>, ctx: Ctx, input: Publish) -> Result<Answer> {
    let asked = Asked { from: Some(input.from), to: Some(input.to), main: input.department_id, ..Asked::default() };
    if asked.is_out_of_range(MAX_DAYS) {
        return Err(Error::invalid(asked.problems(&app, &ctx, MAX_DAYS).await?));
    }
    let needs = Needs { days: vec![(previous_day(input.from), next_day(input.to))], ..Needs::none() };
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &Publish) -> Result<(Changes, Answer)> {
    let state = facts.state;
    rules::check_named(state, &[], &[], input.department_id)?;
    let wanted = |s: &Shift| {
        s.is_draft
            && s.status == ShiftStatus::Scheduled
            && s.ends_at > facts.now
            && (input.from..=input.to).contains(&s.shift_date)
            && input.department_id.is_none_or(|d| s.department_id == Some(d))
    };
    let drafts: Vec<&Arc<Shift>> = state.schedule.all().filter(|s| wanted(s)).collect();
    if drafts.len() > MAX_SHIFTS {
        return Err(Error::field("to", format!("leaves {} drafts: at most {MAX_SHIFTS} are published at once", drafts.len())));
    }
    drafts.iter().try_for_each(|draft| check_unlocked(state, draft.shift_date))?;
    let (mut shifts, mut conflicts): (Vec<Shift>, Vec<Vec<rules::Conflict>>) = Default::default();
    for (done, draft) in drafts.iter().enumerate() {
        ctx.progress.tell(done as u64, drafts.len() as u64);
        let shift = Shift { is_draft: false, ..Shift::clone(draft) }.touched(facts.now);
        conflicts.push(rules::conflicts(state, &shift, &shifts));
        shifts.push(shift);
    }
    rules::refuse_conflicts_of(shifts.iter().zip(conflicts))?;
    let published = drafts.iter().zip(&shifts).map(|(before, shift)| {
        let event = Event::of(ctx, "shift.updated", shift, rules::audience(state, shift)).audited(Some(&***before));
        Changes::none().put(shift).event(event).due(rules::completes_at(state, shift))
    });
    let changes = published.fold(Changes::none(), Changes::join);
    let rows = shifts.iter().map(|s| Row::seen_by(ctx, s.to_record())).collect();
    Ok((changes, Answer::new(Data::Many(rows), Source::Actor)))
}
