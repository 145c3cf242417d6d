//! taskManagement: assignments to people, departments and the people of a shift, and the task of each person.

mod audience;
mod create_assignment;
mod create_task;
mod delete_assignment;
mod delete_task;
mod leaving;
mod read;
pub mod rules;
mod timers;
mod update_assignment;
mod update_task;
mod writing;

pub use leaving::leave;
pub use read::my_open_tasks;
pub use timers::{needs, sweep};

use crate::Api;

/// The service's Business APIs.
pub fn apis() -> Vec<Api> {
    vec![
        create_assignment::api(),
        update_assignment::api(),
        delete_assignment::api(),
        read::list_assignments(),
        read::with_progress(),
        create_task::api(),
        update_task::api(),
        delete_task::api(),
        read::list_mine(),
        read::get_mine(),
    ]
}
