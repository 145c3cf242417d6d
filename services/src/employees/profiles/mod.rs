//! Profiles: admins write all of them, a manager the notes of the reports', and nobody the own.

mod create;
mod delete;
mod read;
pub(crate) mod rules;
mod update;

pub use create::api as create;
pub use delete::api as delete;
pub use read::{get, list};
pub use update::api as update;
