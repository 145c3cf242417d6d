//! scheduleManagement: shifts, the templates that generate them, and the caller's calendar.

mod calendar;
mod claim_shift;
mod cover;
mod create_shift;
mod delete_shift;
mod generate;
mod open_shifts;
mod problems;
mod publish;
mod ranges;
mod read;
pub(crate) mod recurrence;
mod rest;
pub mod rules;
mod swaps;
mod templates;
mod update_shift;

pub use calendar::calendar;
pub(crate) use cover::{reached, sees, shift_json, shift_shape};
pub(crate) use create_shift::{Plan, created};
pub use read::{my_shifts, rows as visible_shifts};
pub use rules::membership_clashes;
pub use swaps::endings as swap_endings;

use crate::Api;

/// The service's Business APIs.
pub fn apis() -> Vec<Api> {
    vec![
        templates::create(),
        templates::update(),
        templates::delete(),
        templates::get(),
        templates::list(),
        generate::api(),
        create_shift::api(),
        update_shift::api(),
        delete_shift::api(),
        read::get(),
        read::list(),
        publish::api(),
        open_shifts::api(),
        claim_shift::api(),
        cover::find_cover_for(),
        cover::plan_week(),
        swaps::request::api(),
        swaps::decide::api(),
        swaps::cancel::api(),
        swaps::read::get(),
        swaps::read::list(),
        crate::import::shifts(),
    ]
}
