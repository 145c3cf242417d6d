//! `deleteEmployeeDocument`.

use std::sync::Arc;

use workforceos_actors::Facts;
use workforceos_core::answer::Answer;
use workforceos_core::error::Result;
use workforceos_core::id::DocumentId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::EmployeeDocument;
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use super::rules::{self, Gone};
use super::update::{needs, writable};
use crate::{Api, App, commit};

input! {
    pub struct DeleteDocument {
        /// The document.
        document: DocumentId => "employeeDocumentId" Path,
    }
}

pub fn api() -> Api {
    Api::delete("deleteEmployeeDocument")
        .on::<EmployeeDocument>()
        .at("/v1/employeedocuments/:employeeDocumentId")
        .reach(Reach::Managers)
        .about(
            "Deletes an employee's document, with its file unless another document names it, and settles its alerts. Nobody but \
             admins deletes the own documents (403).",
        )
        .handler(handle)
}

async fn handle(app: Arc<App>, ctx: Ctx, input: DeleteDocument) -> Result<Answer> {
    let (caller, gone) = (ctx.clone(), Gone::default());
    let told = gone.clone();
    let decide = move |facts: &Facts| {
        let before = writable(facts, &caller, input.document)?;
        let after = before.clone().deleted(facts.now);
        let (document, changes) = rules::written(facts, &caller, Some(&before), after, &told)?;
        Ok((changes, Answer::object(&caller, &document)))
    };
    let answer = commit(&app, &ctx, needs(input.document), decide).await?;
    gone.remove(&app);
    Ok(answer)
}
