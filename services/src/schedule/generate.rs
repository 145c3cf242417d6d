//! `generateShifts`: a template's shifts over a range of dates.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::{Answer, Data, Row, Source};
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{DepartmentId, TemplateId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Shift, ShiftTemplate};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Reach, input};

use super::create_shift::{Plan, created};
use super::ranges::Asked;
use super::{recurrence, rules, templates};
use crate::attendance::rules::check_unlocked;
use crate::{Api, App, commit};

/// The longest range generated at once, in days.
const MAX_DAYS: i64 = 366;

input! {
    pub struct Generate {
        /// The template.
        shift_template_id: TemplateId => "shiftTemplateId" Path,
        /// First date.
        from: Date => "from" Body,
        /// Last date, at most 366 days after the first.
        to: Date => "to" Body,
        /// People assigned by name to every shift.
        assigned_user_ids: Vec<UserId> => "assignedUserIds" Body,
        /// Departments assigned to every shift.
        assigned_department_ids: Vec<DepartmentId> => "assignedDepartmentIds" Body,
        /// Whether they stay drafts until publishShifts: only admins see them, and conflicts are not looked at before (false).
        draft: Option<bool> => "draft" Body,
        /// Only say what would be generated; nothing is written.
        dry_run: Option<bool> => "dryRun" Body,
    }
}

pub fn api() -> Api {
    let mut api = Api::create("generateShifts")
        .on::<Shift>()
        .named(Shift::def().plural)
        .at("/v1/shifttemplates/:shiftTemplateId/generate")
        .reach(Reach::Admins)
        .extra(&["skipped", "conflicts"])
        .carries(|| {
            let date = json!({"type": "string", "format": "date"});
            let conflicts = json!({"type": "array", "items": {"type": "object", "properties": rules::Conflict::schema()}});
            let conflict = json!({"type": "object", "properties": {"date": date, "conflicts": conflicts}});
            json!({
                "skipped": {"type": "array", "items": date, "description": "Dates that have a shift already, or no room for one."},
                "conflicts": {"type": "array", "items": conflict, "description": "Dates left out, and who is not free then."},
            })
        })
        .about(
            "Generates a template's shifts over a range of dates, in one step. Dates that have one already, or on which a change \
             of the clocks leaves the template's times no room, are skipped; dates on which somebody assigned is not free are left out and listed \
             as conflicts. Refused as a whole if a date to be planned lies in a locked pay period (409 PeriodLocked).",
        )
        .handler(handle)
        .also(|app, ctx, parts| async move {
            let users = parts.get("assignedUserIds").unwrap_or_default();
            let departments = parts.get("assignedDepartmentIds").unwrap_or_default();
            Asked { users, departments, ..Asked::of(&parts) }.problems(&app, &ctx, MAX_DAYS).await
        });
    api.effect.idempotent = true;
    api
}

async fn handle(app: Arc<App>, ctx: Ctx, input: Generate) -> Result<Answer> {
    let asked = asked(&input);
    if asked.is_out_of_range(MAX_DAYS) {
        return Err(Error::invalid(asked.problems(&app, &ctx, MAX_DAYS).await?));
    }
    let needs = Needs::row::<ShiftTemplate>(input.shift_template_id).around(input.from).around(input.to);
    let needs = Needs { days: vec![(needs.days[0].0, needs.days[1].1)], ..needs };
    let caller = ctx.clone();
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn asked(input: &Generate) -> Asked {
    let (users, departments) = (input.assigned_user_ids.clone(), input.assigned_department_ids.clone());
    Asked { from: Some(input.from), to: Some(input.to), users, departments, main: None }
}

fn decide(facts: &Facts, ctx: &Ctx, input: &Generate) -> Result<(Changes, Answer)> {
    let template: ShiftTemplate = facts.row(input.shift_template_id)?;
    rules::check_named(facts.state, &input.assigned_user_ids, &input.assigned_department_ids, None)?;
    let dates = recurrence::dates(
        &template.recurrence_rule,
        facts.state.zone(),
        templates::origin(facts.state, &template),
        input.from,
        input.to,
    )?;
    let (mut shifts, mut skipped, mut conflicts): (Vec<Shift>, Vec<Json>, Vec<Json>) = Default::default();
    let all = dates.len() as u64;
    for (done, date) in dates.into_iter().enumerate() {
        ctx.progress.tell(done as u64, all);
        let has_one = facts.state.schedule.on(date).any(|s| s.shift_template_id == Some(input.shift_template_id));
        let in_zone = rules::span(facts.state.zone(), date, &template.start_time, &template.end_time);
        let fits = in_zone.is_ok_and(|(start, end)| template.break_minutes < end.minutes_since(start));
        if has_one || !fits {
            skipped.push(json!(date.to_string()));
            continue;
        }
        check_unlocked(facts.state, date)?;
        let shift = plan(&template, input, date).into_shift(facts, ctx)?;
        let found = rules::conflicts(facts.state, &shift, &shifts);
        if found.is_empty() {
            shifts.push(shift);
        } else {
            let found: Vec<Json> = found.iter().map(rules::Conflict::to_json).collect();
            conflicts.push(json!({"date": date.to_string(), "conflicts": found}));
        }
    }
    let dry = input.dry_run == Some(true);
    let changes = shifts.iter().map(|s| created(facts, ctx, s)).fold(Changes::none(), Changes::join);
    let rows = shifts.iter().map(|s| Row::seen_by(ctx, s.to_record())).collect();
    let mut answer =
        Answer::new(Data::Many(rows), Source::Actor).with("skipped", json!(skipped)).with("conflicts", json!(conflicts));
    answer.status = dry.then_some(200);
    Ok((if dry { Changes::none() } else { changes }, answer))
}

fn plan<'a>(template: &'a ShiftTemplate, input: &'a Generate, date: Date) -> Plan<'a> {
    Plan {
        date,
        start: &template.start_time,
        end: &template.end_time,
        location: None,
        department: template.department_id,
        users: &input.assigned_user_ids,
        departments: &input.assigned_department_ids,
        break_minutes: template.break_minutes,
        needed: template.needed_count,
        draft: input.draft == Some(true),
        template: Some(TemplateId(template.meta.id)),
    }
}
