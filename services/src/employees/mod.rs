//! employeeProfile: employees' profiles, which say who manages whom, and their documents.

mod documents;
pub(crate) mod profiles;

pub(crate) use documents::planned;
pub use documents::{document_needs, files, sweep};

use crate::Api;

/// The service's Business APIs.
pub fn apis() -> Vec<Api> {
    vec![
        profiles::create(),
        profiles::update(),
        profiles::delete(),
        profiles::get(),
        profiles::list(),
        documents::create(),
        documents::update(),
        documents::delete(),
        documents::get(),
        documents::list(),
    ]
}
