//! `updateEmployeeDocument`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::change::Changes;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::DocumentId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::EmployeeDocument;
use workforceos_core::session::Ctx;
use workforceos_core::time::Date;
use workforceos_core::{Patch, Reach, input};

use super::rules::{self, Gone};
use crate::{Api, App, commit};

input! {
    pub struct DocumentChange {
        /// The document.
        document: DocumentId => "employeeDocumentId" Path,
        /// What it is, for example work permit.
        document_type: Option<String> => "documentType" Body,
        /// Where it is: an https address, or that of a file uploaded to the bucket employeeDocuments for this employee.
        document_url: Option<String> => "documentUrl" Body,
        /// Its last valid day; null: it does not expire.
        valid_until: Patch<Date> => "validUntil" Body,
    }
}

pub fn api() -> Api {
    Api::update("updateEmployeeDocument")
        .on::<EmployeeDocument>()
        .at("/v1/employeedocuments/:employeeDocumentId")
        .reach(Reach::Managers)
        .about(
            "Changes an employee's document. Another last valid day settles its alerts and lets new ones come; an uploaded file that \
             no document names any more is removed. Nobody but admins changes the own documents (403).",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: DocumentChange) -> Result<Answer> {
    let (caller, gone) = (ctx.clone(), Gone::default());
    let told = gone.clone();
    let answer = commit(&app, &ctx, needs(input.document), move |facts| decide(facts, &caller, &input, &told)).await?;
    gone.remove(&app);
    Ok(answer)
}

/// A document, those of the same employee, and the alerts about them.
pub(super) fn needs(document: DocumentId) -> Needs {
    Needs::row::<EmployeeDocument>(document).and_follow(rules::of_same_profile).and_follow(rules::alerts_about)
}

/// A document that the caller may write.
pub(super) fn writable(facts: &Facts, ctx: &Ctx, id: DocumentId) -> Result<EmployeeDocument> {
    let document = facts.row::<EmployeeDocument>(id)?;
    if rules::writes(facts, ctx, document.user_id) {
        Ok(document)
    } else if document.user_id == ctx.user() {
        Err(Error::forbidden("Nobody changes the own documents; the manager and admins do"))
    } else {
        Err(rules::missing())
    }
}

fn decide(facts: &Facts, ctx: &Ctx, input: &DocumentChange, gone: &Gone) -> Result<(Changes, Answer)> {
    let before = writable(facts, ctx, input.document)?;
    let mut after = EmployeeDocument {
        document_type: input.document_type.as_deref().unwrap_or(&before.document_type).trim().to_owned(),
        document_url: input.document_url.clone().unwrap_or_else(|| before.document_url.clone()),
        valid_until: input.valid_until.clone().over(before.valid_until),
        ..before.clone()
    };
    after.file_id =
        rules::check(facts, &after.document_type, &after.document_url, after.employee_profile_id).map_err(Error::invalid)?;
    let (document, changes) = rules::written(facts, ctx, Some(&before), after.touched(facts.now), gone)?;
    Ok((changes, Answer::object(ctx, &document)))
}
