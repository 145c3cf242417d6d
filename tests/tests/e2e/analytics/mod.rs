//! Computed analytics: the published figures through the API, effects that were planted, and who sees what.

mod anomalies;
mod effects;
mod published;
mod questions;
mod reach;
mod rules;
mod staffing;
mod support;
mod tasks;
