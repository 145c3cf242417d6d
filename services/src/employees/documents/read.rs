//! `getEmployeeDocument`, `listEmployeeDocuments`.

use std::sync::Arc;

use workforceos_core::filter::ListQuery;
use workforceos_core::id::DocumentId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::EmployeeDocument;
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use crate::{Api, App, crud};

input! {
    pub struct GetDocument {
        /// The document.
        document: DocumentId => "employeeDocumentId" Path,
    }
}

pub fn get() -> Api {
    Api::get("getEmployeeDocument")
        .on::<EmployeeDocument>()
        .at("/v1/employeedocuments/:employeeDocumentId")
        .reach(Reach::Own)
        .about("An employee's document, and whether it has expired.")
        .reader(|app: Arc<App>, ctx: Ctx, input: GetDocument, query: ListQuery| async move {
            let reach = crud::own_rows::<EmployeeDocument>(&ctx);
            crud::one(&app, &ctx, EmployeeDocument::def(), input.document.0, reach, query).await
        })
}

pub fn list() -> Api {
    crud::list::<EmployeeDocument>("listEmployeeDocuments", crud::own_rows::<EmployeeDocument>)
        .at("/v1/employeedocuments")
        .reach(Reach::Own)
        .about(
            "Employees' documents, those without an end first, then the one that lasts longest: the caller's, for managers also \
             their reports', for admins all.",
        )
}
