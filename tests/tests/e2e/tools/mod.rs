//! The tool layer: what is listed to whom, how calls are read and answered, what is left in the journal.

mod bff;
mod finding;
pub mod journal;
mod lint;
mod lists;
mod results;
mod session;

use session::Session;
