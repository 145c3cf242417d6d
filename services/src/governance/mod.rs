//! governance: alerts, the audit log, duties and end-of-day reports. Its routes are `/api/v1`, its JSON is snake_case and has no envelope.

mod alerts;
pub mod audit;
mod day;
mod duties;
pub(crate) mod eod;
mod score;

use crate::Api;

/// The service's Business APIs.
pub fn apis() -> Vec<Api> {
    let mut all = vec![alerts::list(), alerts::resolve(), audit::list(), audit::verify::api()];
    all.extend([duties::list(), duties::create(), duties::update(), duties::delete()]);
    all.extend(eod::apis());
    all
}
