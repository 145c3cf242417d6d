//! Shifts that people change among themselves: one asks, the manager of both or an admin decides.

pub mod cancel;
pub mod decide;
pub mod endings;
pub mod read;
pub mod request;
mod rules;
