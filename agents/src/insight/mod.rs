//! Insights.

pub mod chart;
pub mod figures;
pub mod shape;
pub mod word;
