//! `updateEmployeeProfile`.

use std::sync::Arc;

use serde_json::json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, ProfileId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{ContractType, EmployeeProfile, UserGroup};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Parts, Patch, Reach, input};

use super::rules;
use crate::reach::manages;
use crate::{Api, App, alerts, commit, problems_in};

input! {
    pub struct ProfileChange {
        /// The profile.
        profile: ProfileId => "employeeProfileId" Path,
        /// First day of work.
        employment_start_date: Option<Date> => "employmentStartDate" Body,
        /// The job's title.
        position: Option<String> => "position" Body,
        /// permanent, temporary or contract.
        contract_type: Option<ContractType> => "contractType" Body,
        /// Salary per month or per hour, as the policy says; null clears it.
        salary: Patch<f64> => "salary" Body,
        /// The main department: setting it makes the employee a member; null clears it and removes no membership.
        department_id: Patch<DepartmentId> => "departmentId" Body,
        /// The direct manager: an active user of the company; null clears it.
        manager_id: Patch<UserId> => "managerId" Body,
        /// Notes of HR and the manager; null clears them.
        notes: Patch<String> => "notes" Body .text(),
    }
}

pub fn api() -> Api {
    Api::update("updateEmployeeProfile")
        .on::<EmployeeProfile>()
        .at("/v1/employeeprofiles/:employeeProfileId")
        .reach(Reach::Own)
        .about(
            "Changes a profile. Admins change everything; a manager the notes of a report's, nothing else; employees nothing of \
             their own (403 naming the fields). A new manager reaches the employee's rows at once, the one before no longer. Refuses \
             managers who would manage themselves, directly or in a circle (400).",
        )
        .handler(handle)
        .also(found)
}

/// What is wrong with a change of which not all can be read, of those who may make it: what is bad keeps its old value here.
async fn found(app: Arc<App>, ctx: Ctx, parts: Parts) -> Result<Vec<Problem>> {
    let Some(id) = parts.get::<ProfileId>("employeeProfileId").filter(|_| ctx.is_admin()) else { return Ok(Vec::new()) };
    problems_in(&app, &ctx, Needs::row::<EmployeeProfile>(id), move |facts| {
        let before = facts.row::<EmployeeProfile>(id)?;
        let change = ProfileChange {
            profile: id,
            employment_start_date: None,
            position: parts.get("position").flatten(),
            contract_type: None,
            salary: parts.get("salary").unwrap_or_default(),
            department_id: parts.get("departmentId").unwrap_or_default(),
            manager_id: parts.get("managerId").unwrap_or_default(),
            notes: Patch::Keep,
        };
        Ok(rules::problems(&facts.state.people, &patched(&before, &change), Some(&before)))
    })
    .await
}

async fn handle(app: Arc<App>, ctx: Ctx, input: ProfileChange) -> Result<Answer> {
    let caller = ctx.clone();
    // Joining a department assigns to its coming shifts.
    let mut needs = Needs::row::<EmployeeProfile>(input.profile);
    if let Patch::Set(department) = input.department_id {
        needs = Needs { future: true, ..needs }.and_row::<UserGroup>(department).and_follow(alerts::named);
    }
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &ProfileChange) -> Result<(Changes, Answer)> {
    let before = facts.row::<EmployeeProfile>(input.profile)?;
    let (own, managed) = (before.user_id == ctx.user(), manages(facts.state, ctx, before.user_id));
    if !ctx.is_admin() {
        if !own && !managed {
            return Err(Error::not_found(EmployeeProfile::def().name));
        }
        refuse(&input.kept_from(managed), managed)?;
    }
    let after = patched(&before, input);
    let problems = rules::problems(&facts.state.people, &after, Some(&before));
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let department = match input.department_id {
        Patch::Set(department) => Some(department),
        Patch::Keep | Patch::Clear => None,
    };
    let after = after.touched(facts.now);
    let event = Event::of(ctx, "profile.updated", &after, rules::audience(Some(&before), &after)).audited(Some(&before));
    let membership = rules::membership(facts, ctx, department, after.user_id);
    Ok((Changes::none().put(&after).event(event).join(membership), Answer::object(ctx, &after)))
}

impl ProfileChange {
    /// The given fields that are not the caller's to change.
    fn kept_from(&self, managed: bool) -> Vec<&'static str> {
        let given = [
            ("employmentStartDate", self.employment_start_date.is_some()),
            ("position", self.position.is_some()),
            ("contractType", self.contract_type.is_some()),
            ("salary", !self.salary.is_keep()),
            ("departmentId", !self.department_id.is_keep()),
            ("managerId", !self.manager_id.is_keep()),
            ("notes", !self.notes.is_keep() && !managed),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }
}

fn refuse(fields: &[&'static str], managed: bool) -> Result<()> {
    let message = match (fields, managed) {
        ([], true) => return Ok(()),
        ([], false) => "Nobody changes the own profile; admins do".to_owned(),
        (fields, true) => format!("Of a report's profile you may change the notes alone, not {}", fields.join(", ")),
        (fields, false) => format!("Of your own profile you may not change {}", fields.join(", ")),
    };
    let detail = fields.iter().map(|field| json!({"field": field, "problem": "is not yours to change"})).collect();
    Err(Error::forbidden(message).detail(detail))
}

fn patched(before: &EmployeeProfile, input: &ProfileChange) -> EmployeeProfile {
    EmployeeProfile {
        employment_start_date: input.employment_start_date.unwrap_or(before.employment_start_date),
        position: input.position.as_deref().map_or_else(|| before.position.clone(), |p| p.trim().to_owned()),
        contract_type: input.contract_type.unwrap_or(before.contract_type),
        salary: input.salary.clone().over(before.salary),
        department_id: input.department_id.clone().over(before.department_id),
        manager_id: input.manager_id.clone().over(before.manager_id),
        notes: input.notes.clone().over(before.notes.clone()),
        ..before.clone()
    }
}
