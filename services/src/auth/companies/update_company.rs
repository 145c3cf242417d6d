//! `updateCompany`: the company's card and its time zone.

use std::sync::Arc;

use serde_json::json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, ShiftId};
use workforceos_core::input::Patch;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Company, Shift};
use workforceos_core::session::Ctx;
use workforceos_core::zone::{WallTime, Zone, shift_span};
use workforceos_core::{BusinessApi, input};

use crate::auth::avatars::{self, Bucket};
use crate::auth::names;
use crate::schedule::swap_endings;
use crate::{Api, App, commit, schedule};

input! {
    /// What changes of a company.
    pub struct CompanyChange {
        /// The company.
        company: CompanyId => "companyId" Path,
        /// Its name; the codename stays.
        name: Option<String> => "name" Body,
        /// Its full, legal name; null clears it.
        fullname: Patch<String> => "fullname" Body,
        /// Address of its picture; null brings the generated one back.
        avatar: Patch<String> => "avatar" Body,
        /// Its line of business; null clears it.
        industry: Patch<String> => "industry" Body,
        /// How many people work there; null clears it.
        company_size: Patch<String> => "companySize" Body,
        /// IANA time zone of all its local times. Shifts that have not begun move to the same wall-clock time there.
        timezone: Option<String> => "timezone" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::update("updateCompany")
        .on::<Company>()
        .at("/v1/companies/:companyId")
        .reach(Reach::Admins)
        .about(
            "Changes the company's name, full name, picture, line of business, size and time zone. With a new time zone, shifts that have \
             not begun keep their local times; what is past keeps its instants.",
        )
        .handler(update)
}

async fn update(app: Arc<App>, ctx: Ctx, input: CompanyChange) -> Result<Answer> {
    if input.company != ctx.company() {
        return Err(Error::not_found(Company::def().name));
    }
    let mut problems = Vec::new();
    if let Some(name) = &input.name {
        names::read_name("name", name, &mut problems);
    }
    if input.timezone.as_deref().is_some_and(|zone| Zone::parse(zone).is_none()) {
        problems.push(workforceos_core::error::Problem::new("timezone", "must be an IANA time zone, for example Europe/Berlin"));
    }
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let moves = input.timezone.is_some();
    let requests = if moves { swap_endings::all(ctx.company()) } else { Needs::none() };
    let needs = Needs { future: moves, ..requests };
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let before = facts.state.company.clone().ok_or_else(|| Error::not_found(Company::def().name))?;
        let after = changed(&before, input.clone()).touched(facts.now);
        let event = Event::audit(&act, Company::def().name, after.meta.id).after(&after).audited(Some(&before));
        let moved = match Zone::parse(&after.timezone) {
            Some(zone) if after.timezone != before.timezone => move_shifts(&act, facts, zone)?,
            _ => Changes::none(),
        };
        Ok((Changes::none().put(&after).event(event).join(moved), Answer::object(&act, &after)))
    };
    commit(&app, &ctx, needs, decide).await
}

fn changed(before: &Company, change: CompanyChange) -> Company {
    let over = |patch: Patch<String>, old: &Option<String>| names::optional(patch.over(old.clone()));
    Company {
        name: change.name.map_or_else(|| before.name.clone(), |name| name.trim().to_owned()),
        fullname: over(change.fullname, &before.fullname),
        avatar: avatars::over(change.avatar, &before.avatar, Bucket::CompanyAvatars, before.meta.id),
        industry: over(change.industry, &before.industry),
        company_size: over(change.company_size, &before.company_size),
        timezone: change.timezone.unwrap_or_else(|| before.timezone.clone()),
        ..before.clone()
    }
}

/// Shifts that have not begun and have no attendance take place at the same wall-clock time of the new zone.
fn move_shifts(ctx: &Ctx, facts: &Facts, zone: Zone) -> Result<Changes> {
    let (mut changes, mut written) = (Changes::none(), Vec::new());
    let state = facts.state;
    let waiting = |shift: &&Arc<Shift>| shift.starts_at > facts.now && !state.attendance.at(ShiftId(shift.meta.id));
    for shift in state.schedule.all().filter(waiting) {
        let moved = placed(shift, zone)?.touched(facts.now);
        if (moved.starts_at, moved.ends_at) == (shift.starts_at, shift.ends_at) {
            continue;
        }
        let event = Event::of(ctx, "shift.updated", &moved, schedule::rules::audience(state, &moved));
        let due = schedule::rules::completes_at(state, &moved);
        changes = changes.put(&moved).event(event.audited(Some(&**shift))).due(due);
        written.push(moved);
    }
    Ok(changes.join(swap_endings::overtaken(facts, ctx, &written, None)?))
}

fn placed(shift: &Shift, zone: Zone) -> Result<Shift> {
    let times = WallTime::parse(&shift.start_time).zip(WallTime::parse(&shift.end_time));
    let span = times.and_then(|(start, end)| shift_span(zone, shift.shift_date, start, end).ok());
    let impossible = || {
        let message = "A shift would end before it begins in that time zone; change the shift first";
        Error::conflict("InvalidState", message).detail(json!({"shiftId": shift.meta.id.to_string()}))
    };
    let (starts_at, ends_at) = span.ok_or_else(impossible)?;
    Ok(Shift { starts_at, ends_at, ..shift.clone() })
}
