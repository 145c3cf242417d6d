//! payrollReporting: what people worked and earned in a period, and periods whose attendance is settled.

pub mod compute;
mod create;
mod delete;
#[cfg(test)]
mod edges;
pub mod exact;
mod explain;
#[cfg(test)]
mod explained;
pub mod explanation;
mod locks;
mod problems;
mod read;
pub mod report;
pub mod steps;
mod update;
#[cfg(test)]
mod vectors;

use crate::Api;

/// The service's Business APIs.
pub fn apis() -> Vec<Api> {
    vec![
        create::api(),
        update::api(),
        delete::api(),
        read::get(),
        read::list(),
        explain::api(),
        locks::lock(),
        locks::unlock(),
        locks::list(),
    ]
}
