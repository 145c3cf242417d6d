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
use workforceos_core::{Parts, Patch, Reach, input};

use super::problems::{self, Named, Wanted};
use super::recurrence;
use crate::{Api, App, commit, crud, problems_in};

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
        .also(|app, ctx, parts| async move {
            problems_in(&app, &ctx, Needs::none(), move |facts| {
                let origin = facts.state.zone().date(facts.now);
                Ok(Asked::of(&parts).problems(facts.state, origin))
            })
            .await
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
    Error::none_of(Asked::whole(&template).problems(facts.state, origin(facts.state, &template)))?;
    let event = Event::audit(ctx, "shiftTemplate", template.meta.id).after(&template);
    Ok((Changes::none().put(&template).event(event), Answer::object(ctx, &template)))
}

/// The date from which a rule without DTSTART counts.
pub(super) fn origin(state: &State, template: &ShiftTemplate) -> Date {
    state.zone().date(template.meta.created_at)
}

/// A template as it is to be, as far as it can be read.
struct Asked {
    name: Option<String>,
    start: Option<String>,
    end: Option<String>,
    rule: Option<String>,
    department: Option<DepartmentId>,
    break_minutes: Option<i64>,
    needed: Option<i64>,
}

impl Asked {
    fn whole(template: &ShiftTemplate) -> Asked {
        Asked {
            name: Some(template.name.clone()),
            start: Some(template.start_time.clone()),
            end: Some(template.end_time.clone()),
            rule: Some(template.recurrence_rule.clone()),
            department: template.department_id,
            break_minutes: Some(template.break_minutes),
            needed: Some(template.needed_count),
        }
    }

    fn of(parts: &Parts) -> Asked {
        Asked {
            name: parts.get("name"),
            start: parts.get("startTime"),
            end: parts.get("endTime"),
            rule: parts.get("recurrenceRule"),
            department: parts.get("departmentId").flatten(),
            break_minutes: parts.get("breakMinutes").flatten(),
            needed: parts.get("neededCount").flatten(),
        }
    }

    fn over(before: &ShiftTemplate, parts: &Parts) -> Asked {
        let text = |name: &str, old: &str| parts.get::<Option<String>>(name).map(|new| new.unwrap_or_else(|| old.to_owned()));
        let number = |name: &str, old: i64| parts.get::<Option<i64>>(name).map(|new| new.unwrap_or(old));
        Asked {
            name: text("name", &before.name),
            start: text("startTime", &before.start_time),
            end: text("endTime", &before.end_time),
            rule: text("recurrenceRule", &before.recurrence_rule),
            department: parts.get::<Patch<DepartmentId>>("departmentId").and_then(|new| new.over(before.department_id)),
            break_minutes: number("breakMinutes", before.break_minutes),
            needed: number("neededCount", before.needed_count),
        }
    }

    /// What is wrong with it; `origin` is the date from which a rule without DTSTART counts.
    fn problems(&self, state: &State, origin: Date) -> Vec<Problem> {
        let wanted = Wanted {
            date: None,
            start: self.start.as_deref(),
            end: self.end.as_deref(),
            break_minutes: self.break_minutes,
            needed: self.needed,
            named: Named { main: self.department, ..Named::default() },
        };
        let nameless = self.name.as_ref().is_some_and(|name| name.trim().is_empty());
        let rule = self.rule.as_ref().and_then(|rule| recurrence::check(rule, state.zone(), origin).err());
        let name = nameless.then(|| Problem::new("name", "must not be empty"));
        name.into_iter().chain(problems::of_template(state, &wanted)).chain(rule).collect()
    }
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
        .also(found)
}

/// What is wrong with a change of which not all can be read.
async fn found(app: Arc<App>, ctx: Ctx, parts: Parts) -> Result<Vec<Problem>> {
    let Some(id) = parts.get::<TemplateId>("shiftTemplateId") else { return Ok(Vec::new()) };
    problems_in(&app, &ctx, Needs::row::<ShiftTemplate>(id), move |facts| {
        let before: ShiftTemplate = facts.row(id)?;
        Ok(Asked::over(&before, &parts).problems(facts.state, origin(facts.state, &before)))
    })
    .await
}

fn decide_update(facts: &Facts, ctx: &Ctx, input: &UpdateShiftTemplate) -> Result<(Changes, Answer)> {
    let before: ShiftTemplate = facts.row(input.shift_template_id)?;
    let mut template = before.clone();
    template.name = input.name.clone().unwrap_or(template.name);
    template.description = input.description.clone().over(template.description);
    template.start_time = input.start_time.clone().unwrap_or(template.start_time);
    template.end_time = input.end_time.clone().unwrap_or(template.end_time);
    template.recurrence_rule = input.recurrence_rule.clone().unwrap_or(template.recurrence_rule);
    template.department_id = input.department_id.clone().over(template.department_id);
    template.break_minutes = input.break_minutes.unwrap_or(template.break_minutes);
    template.needed_count = input.needed_count.unwrap_or(template.needed_count);
    Error::none_of(Asked::whole(&template).problems(facts.state, origin(facts.state, &template)))?;
    let template = template.touched(facts.now);
    let event = Event::audit(ctx, "shiftTemplate", template.meta.id).after(&template).audited(Some(&before));
    Ok((Changes::none().put(&template).event(event), Answer::object(ctx, &template)))
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
