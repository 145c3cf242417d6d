//! announcementManagement: what the company tells its people, sent at its time, once.

mod create;
mod delete;
mod process;
mod read;
mod rules;
pub(crate) mod safe_text;
mod timers;
mod update;

pub use read::for_caller;
pub use rules::settled;
pub use timers::{needs, sweep};

use crate::Api;

/// The service's Business APIs.
pub fn apis() -> Vec<Api> {
    vec![create::api(), update::api(), delete::api(), read::get(), read::list(), process::api()]
}
