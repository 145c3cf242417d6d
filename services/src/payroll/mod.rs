//! payrollReporting: what people worked and earned in a period, and periods whose attendance is settled.

pub mod compute;
mod create;
#[cfg(test)]
mod edges;
pub mod exact;
mod locks;
mod problems;
mod read;
pub mod report;
mod update;
#[cfg(test)]
mod vectors;

use crate::Api;

/// The service's Business APIs.
pub fn apis() -> Vec<Api> {
    vec![create::api(), update::api(), read::get(), read::list(), locks::lock(), locks::unlock(), locks::list()]
}
