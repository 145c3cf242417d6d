//! Documents of employees: who reads and writes them, the private files behind them, and the alerts before they expire.

mod address;
mod create;
mod delete;
mod expiry;
pub mod files;
mod read;
mod rules;
mod timers;
mod update;

pub use create::api as create;
pub use delete::api as delete;
pub(crate) use expiry::planned;
pub use read::{get, list};
pub use timers::{needs as document_needs, sweep};
pub use update::api as update;

pub(super) use rules::{Gone, all_deleted, of_profile};
