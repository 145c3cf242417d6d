//! attendanceManagement: checking in and out, absence, correction, and what the clock does by itself.

mod check_in;
mod check_out;
mod correct;
mod mark_absent;
mod read;
pub mod rules;
mod timers;
mod today;

pub(crate) use check_in::{check_shift, check_times};
pub(crate) use correct::impose;
pub(crate) use mark_absent::absent;
pub use timers::{absences, needs as timer_needs, sweep};

use crate::Api;

/// The service's Business APIs.
pub fn apis() -> Vec<Api> {
    vec![
        check_in::api(),
        check_out::api(),
        mark_absent::api(),
        correct::api(),
        read::get(),
        read::list(),
        today::api(),
        crate::import::attendance(),
    ]
}
