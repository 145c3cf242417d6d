//! `createEmployeeDocument`.

use std::sync::Arc;

use workforceos_actors::Facts;
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::ProfileId;
use workforceos_core::object::Meta;
use workforceos_core::objects::{EmployeeDocument, EmployeeProfile};
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Reach, input};

use super::rules::{self, Gone};
use crate::{Api, App, commit};

input! {
    pub struct NewDocument {
        /// The profile of the employee whose document it is.
        profile: ProfileId => "employeeProfileId" Body,
        /// What it is, for example work permit.
        document_type: String => "documentType" Body,
        /// Where it is: an https address, or that of a file uploaded to the bucket employeeDocuments for this employee.
        document_url: String => "documentUrl" Body,
        /// Its last valid day; none: it does not expire.
        valid_until: Option<Date> => "validUntil" Body,
    }
}

pub fn api() -> Api {
    Api::create("createEmployeeDocument")
        .on::<EmployeeDocument>()
        .at("/v1/employeedocuments")
        .reach(Reach::Managers)
        .about(
            "Adds a document to an employee's profile. The employee and the manager are alerted 30, 7 and 1 days before it expires, \
             unless a document of the same type that is valid for longer takes its place. Refuses profiles out of reach and \
             addresses that are neither https nor a file uploaded for this employee (400).",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: NewDocument) -> Result<Answer> {
    let (caller, gone) = (ctx.clone(), Gone::default());
    let needs = rules::of_profile(ctx.company(), input.profile).and_row::<EmployeeProfile>(input.profile);
    commit(&app, &ctx, needs, move |facts| decide(facts, &caller, &input, &gone)).await
}

fn decide(facts: &Facts, ctx: &Ctx, input: &NewDocument, gone: &Gone) -> Result<(Changes, Answer)> {
    let profile = facts.any::<EmployeeProfile>(input.profile)?.filter(|p| p.meta.is_active);
    let profile = profile.filter(|p| rules::writes(facts, ctx, p.user_id));
    let mut problems = Vec::new();
    if profile.is_none() {
        problems.push(Problem::new("employeeProfileId", "is no profile within your reach"));
    }
    let file = rules::check(facts, &input.document_type, &input.document_url, input.profile);
    let file = file.unwrap_or_else(|bad| {
        problems.extend(bad);
        None
    });
    let (Some(profile), true) = (profile, problems.is_empty()) else { return Err(Error::invalid(problems)) };
    let document = EmployeeDocument {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        employee_profile_id: input.profile,
        user_id: profile.user_id,
        document_type: input.document_type.trim().to_owned(),
        document_url: input.document_url.clone(),
        valid_until: input.valid_until,
        file_id: file,
        alerted_days: None,
        alert_at: None,
        company_id: ctx.company(),
    };
    let (document, changes) = rules::written(facts, ctx, None, document, gone)?;
    Ok((changes, Answer::object(ctx, &document)))
}
