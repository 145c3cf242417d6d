//! Who covers a shift: `findCoverFor` ranks the people who can take one, `planWeek` fills the free places of a department's week.
//!
//! `rules` and `planning` are pure functions of plain facts, `roster` takes those facts from a company's state: the hot one
//! within a decision, one that was read aside elsewhere.

#[cfg(test)]
mod applied;
mod apply;
mod find_cover_for;
mod plan_week;
mod planning;
mod roster;
mod rules;
#[cfg(test)]
mod tests;
mod week_answer;
mod words;

pub use find_cover_for::api as find_cover_for;
pub use plan_week::api as plan_week;
pub use roster::{reached, sees};
pub use words::{shift_json, shift_shape};
