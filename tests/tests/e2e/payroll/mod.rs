//! Payroll: what people worked and earned, and locked periods.

mod locks;
pub mod naive;
mod property;
mod reports;
mod rules;
pub mod support;
mod vectors;
