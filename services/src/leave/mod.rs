//! leaveManagement: requests for leave and their way to a decision, what leave costs and what is left of it, and the public
//! holidays that nobody is charged for.

mod approval;
mod balance;
mod book;
mod create;
mod delete;
mod get_leave_balance;
mod holidays;
mod problems;
mod read;
mod rules;
mod timers;
mod update;
mod who_is_off;

pub use read::{approved_on, days_off};
pub use timers::{sweep, waiting};

use crate::Api;

/// The service's Business APIs.
pub fn apis() -> Vec<Api> {
    vec![
        create::api(),
        update::api(),
        delete::api(),
        read::get(),
        read::list(),
        read::list_mine(),
        read::get_mine(),
        get_leave_balance::api(),
        who_is_off::api(),
        holidays::create(),
        holidays::delete(),
        holidays::list(),
        holidays::import(),
    ]
}
