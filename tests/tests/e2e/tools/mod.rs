//! The tool layer: what is listed to whom, how calls are read and answered, what is left in the journal.

mod bff;
mod finding;
pub mod journal;
pub mod lint;
mod lists;
mod results;
pub mod session;

use session::Session;
