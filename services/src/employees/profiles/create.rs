//! `createEmployeeProfile`.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::object::Meta;
use workforceos_core::objects::{ContractType, EmployeeProfile, User, UserGroup};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Parts, Reach, input};

use super::rules;
use crate::{Api, App, commit, problems_in};

input! {
    pub struct NewProfile {
        /// The employee: an active user of the company.
        user_id: UserId => "userId" Body,
        /// First day of work.
        employment_start_date: Date => "employmentStartDate" Body,
        /// The job's title.
        position: String => "position" Body,
        /// permanent, temporary or contract.
        contract_type: ContractType => "contractType" Body,
        /// Salary per month or per hour, as the policy says.
        salary: Option<f64> => "salary" Body,
        /// The main department; the employee becomes a member of it.
        department_id: Option<DepartmentId> => "departmentId" Body,
        /// The direct manager: an active user of the company.
        manager_id: Option<UserId> => "managerId" Body,
        /// Notes of HR and the manager; the employee does not see them.
        notes: Option<String> => "notes" Body .text(),
    }
}

pub fn api() -> Api {
    Api::create("createEmployeeProfile")
        .on::<EmployeeProfile>()
        .at("/v1/employeeprofiles")
        .reach(Reach::Admins)
        .about(
            "Creates a user's profile. Whom it names as manager reaches the employee's rows at once; the main department makes the \
             employee its member. Refuses a second active profile of a user (409 AlreadyExists), and managers who would manage \
             themselves, directly or in a circle (400).",
        )
        .handler(handle)
        .also(found)
}

/// What is wrong with arguments of which some cannot be read: those are told already, whatever stands for them here.
async fn found(app: Arc<App>, ctx: Ctx, parts: Parts) -> Result<Vec<Problem>> {
    let company = ctx.company();
    problems_in(&app, &ctx, Needs::none(), move |facts| {
        let profile = EmployeeProfile {
            meta: Meta::new(Uuid::nil(), facts.now, None),
            user_id: parts.get("userId").unwrap_or(UserId(Uuid::nil())),
            employment_start_date: parts.get("employmentStartDate").unwrap_or_default(),
            position: parts.get::<String>("position").unwrap_or_default().trim().to_owned(),
            contract_type: parts.get("contractType").unwrap_or(ContractType::Permanent),
            salary: parts.get("salary").flatten(),
            department_id: parts.get("departmentId").flatten(),
            manager_id: parts.get("managerId").flatten(),
            notes: None,
            company_id: company,
        };
        Ok(rules::problems(&facts.state.people, &profile, None))
    })
    .await
}

async fn handle(app: Arc<App>, ctx: Ctx, input: NewProfile) -> Result<Answer> {
    let caller = ctx.clone();
    // Joining a department assigns to its coming shifts.
    let mut needs = Needs::none();
    if let Some(department) = input.department_id {
        needs = Needs { future: true, ..needs }.and_row::<UserGroup>(department).and_row::<User>(input.user_id);
    }
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &NewProfile) -> Result<(Changes, Answer)> {
    let people = &facts.state.people;
    let profile = EmployeeProfile {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        user_id: input.user_id,
        employment_start_date: input.employment_start_date,
        position: input.position.trim().to_owned(),
        contract_type: input.contract_type,
        salary: input.salary,
        department_id: input.department_id,
        manager_id: input.manager_id,
        notes: input.notes.clone(),
        company_id: ctx.company(),
    };
    let problems = rules::problems(people, &profile, None);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    if let Some(present) = people.profile_of(input.user_id) {
        return Err(rules::taken().detail(json!({"employeeProfileId": present.to_string()})));
    }
    let event = Event::of(ctx, "profile.created", &profile, rules::audience(None, &profile)).audited::<EmployeeProfile>(None);
    let membership = rules::membership(facts, ctx, profile.department_id, profile.user_id);
    let changes = Changes::none().put(&profile).event(event).taken(rules::taken).join(membership);
    Ok((changes, Answer::object(ctx, &profile)))
}
