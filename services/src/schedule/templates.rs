//! Shift templates: `createShiftTemplate`, `updateShiftTemplate`, `deleteShiftTemplate`, `getShiftTemplate`, `listShiftTemplates`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs, State};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::id::{DepartmentId, TemplateId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::ShiftTemplate;
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Patch, Reach, input};

use super::{recurrence, rules};
use crate::{Api, App, commit, crud};

input! {
    pub struct CreateShiftTemplate {
        /// The template's name.
        name: String => "name" Body,
        /// What the shift is about.
        description: Option<String> => "description" Body .text(),
        /// Start, HH:mm in the company's time zone.
        start_time: String => "startTime" Body,
        /// End, HH:mm; not after the start means the next day.
        end_time: String => "endTime" Body,
        /// RFC 5545 rule; without DTSTART it counts from the template's creation date.
        recurrence_rule: String => "recurrenceRule" Body,
        /// The department whose shift it is.
        department_id: Option<DepartmentId> => "departmentId" Body,
        /// Unpaid minutes of break within the shift (0).
        break_minutes: Option<i64> => "breakMinutes" Body,
        /// How many people the shift needs (1).
        needed_count: Option<i64> => "neededCount" Body,
    }
}

pub fn create() -> Api {
    Api::create("createShiftTemplate")
        .on::<ShiftTemplate>()
        .at("/v1/shifttemplates")
        .reach(Reach::Admins)
        .about("Creates a template from which shifts are generated. The recurrence is an RFC 5545 rule of whole days.")
        .handler(|app: Arc<App>, ctx: Ctx, input: CreateShiftTemplate| async move {
            let caller = ctx.clone();
            commit(&app, &ctx, Needs::none(), move |facts| decide_create(facts, &caller, &input)).await
        })
}

fn decide_create(facts: &Facts, ctx: &Ctx, input: &CreateShiftTemplate) -> Result<(Changes, Answer)> {
    let template = ShiftTemplate {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        name: input.name.clone(),
        description: input.description.clone(),
        start_time: input.start_time.clone(),
        end_time: input.end_time.clone(),
        recurrence_rule: input.recurrence_rule.clone(),
        department_id: input.department_id,
        break_minutes: input.break_minutes.unwrap_or(0),
        needed_count: input.needed_count.unwrap_or(1),
        company_id: ctx.company(),
    };
    check(facts.state, &template)?;
    let event = Event::audit(ctx, "shiftTemplate", template.meta.id).after(&template);
    Ok((Changes::none().put(&template).event(event), Answer::object(ctx, &template)))
}

/// The date from which a rule without DTSTART counts.
pub(super) fn origin(state: &State, template: &ShiftTemplate) -> Date {
    state.zone().date(template.meta.created_at)
}

fn check(state: &State, template: &ShiftTemplate) -> Result<()> {
    rules::wall_times(&template.start_time, &template.end_time)?;
    recurrence::check(&template.recurrence_rule, state.zone(), origin(state, template))?;
    rules::check_named(state, &[], &[], template.department_id)?;
    let mut problems = Vec::new();
    // The longest that the break can be depends on the date; a day without clock changes stands for all.
    let (start, end) = (minutes(&template.start_time), minutes(&template.end_time));
    let length = (end - start).rem_euclid(24 * 60);
    if template.break_minutes < 0 || template.break_minutes >= length {
        problems.push(Problem::new("breakMinutes", "must be 0 or more and shorter than the shift"));
    }
    if !(1..=10_000).contains(&template.needed_count) {
        problems.push(Problem::new("neededCount", "must be from 1 to 10000"));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

/// Minutes since midnight of a checked `HH:mm`.
fn minutes(time: &str) -> i64 {
    let number = |part: Option<&str>| part.and_then(|p| p.parse::<i64>().ok()).unwrap_or(0);
    number(time.get(..2)) * 60 + number(time.get(3..))
}

input! {
    pub struct UpdateShiftTemplate {
        /// The template.
        shift_template_id: TemplateId => "shiftTemplateId" Path,
        /// The template's name.
        name: Option<String> => "name" Body,
        /// What the shift is about; null clears it.
        description: Patch<String> => "description" Body .text(),
        /// Start, HH:mm in the company's time zone.
        start_time: Option<String> => "startTime" Body,
        /// End, HH:mm; not after the start means the next day.
        end_time: Option<String> => "endTime" Body,
        /// RFC 5545 rule.
        recurrence_rule: Option<String> => "recurrenceRule" Body,
        /// The department whose shift it is; null clears it.
        department_id: Patch<DepartmentId> => "departmentId" Body,
        /// Unpaid minutes of break within the shift.
        break_minutes: Option<i64> => "breakMinutes" Body,
        /// How many people the shift needs.
        needed_count: Option<i64> => "neededCount" Body,
    }
}

pub fn update() -> Api {
    Api::update("updateShiftTemplate")
        .on::<ShiftTemplate>()
        .at("/v1/shifttemplates/:shiftTemplateId")
        .reach(Reach::Admins)
        .about("Changes a template. Shifts generated before stay as they are.")
        .handler(|app: Arc<App>, ctx: Ctx, input: UpdateShiftTemplate| async move {
            let caller = ctx.clone();
            let needs = Needs::row::<ShiftTemplate>(input.shift_template_id);
            commit(&app, &ctx, needs, move |facts| decide_update(facts, &caller, &input)).await
        })
}

fn decide_update(facts: &Facts, ctx: &Ctx, input: &UpdateShiftTemplate) -> Result<(Changes, Answer)> {
    let before: ShiftTemplate = facts.row(input.shift_template_id)?;
    let mut template = before.clone();
    template.name = named(input.name.clone(), template.name)?;
    template.description = input.description.clone().over(template.description);
    template.start_time = input.start_time.clone().unwrap_or(template.start_time);
    template.end_time = input.end_time.clone().unwrap_or(template.end_time);
    template.recurrence_rule = input.recurrence_rule.clone().unwrap_or(template.recurrence_rule);
    template.department_id = input.department_id.clone().over(template.department_id);
    template.break_minutes = input.break_minutes.unwrap_or(template.break_minutes);
    template.needed_count = input.needed_count.unwrap_or(template.needed_count);
    check(facts.state, &template)?;
    let template = template.touched(facts.now);
    let event = Event::audit(ctx, "shiftTemplate", template.meta.id).after(&template).audited(Some(&before));
    Ok((Changes::none().put(&template).event(event), Answer::object(ctx, &template)))
}

/// A new name, if one was sent, must be one.
fn named(new: Option<String>, old: String) -> Result<String> {
    match new {
        Some(name) if name.trim().is_empty() => Err(Error::field("name", "must not be empty")),
        Some(name) => Ok(name),
        None => Ok(old),
    }
}

input! {
    pub struct OneTemplate {
        /// The template.
        shift_template_id: TemplateId => "shiftTemplateId" Path,
    }
}

pub fn delete() -> Api {
    Api::delete("deleteShiftTemplate")
        .on::<ShiftTemplate>()
        .at("/v1/shifttemplates/:shiftTemplateId")
        .reach(Reach::Admins)
        .about("Deletes a template (softly). Shifts generated before stay as they are.")
        .handler(|app: Arc<App>, ctx: Ctx, input: OneTemplate| async move {
            let caller = ctx.clone();
            let needs = Needs::row::<ShiftTemplate>(input.shift_template_id);
            commit(&app, &ctx, needs, move |facts| {
                let before: ShiftTemplate = facts.row(input.shift_template_id)?;
                let template = before.clone().deleted(facts.now);
                let event = Event::audit(&caller, "shiftTemplate", template.meta.id).after(&template).audited(Some(&before));
                Ok((Changes::none().put(&template).event(event), Answer::object(&caller, &template)))
            })
            .await
        })
}

pub fn get() -> Api {
    Api::get("getShiftTemplate")
        .on::<ShiftTemplate>()
        .at("/v1/shifttemplates/:shiftTemplateId")
        .reach(Reach::Managers)
        .about("A shift template.")
        .reader(|app: Arc<App>, ctx: Ctx, input: OneTemplate, query: ListQuery| async move {
            crud::one(&app, &ctx, ShiftTemplate::def(), input.shift_template_id.0, Cond::TRUE, query).await
        })
}

pub fn list() -> Api {
    crud::list::<ShiftTemplate>("listShiftTemplates", crud::all_rows)
        .at("/v1/shifttemplates")
        .reach(Reach::Managers)
        .about("The company's shift templates.")
}
