//! aiWorkforceAnalytics: figures computed from what was recorded. Nothing is guessed, and whatever is too little to say something
//! says so.

mod absenteeism;
mod anomalies;
mod answer;
mod asked;
mod attendance;
mod away;
#[cfg(test)]
mod effects;
mod facts;
mod figures;
mod findings;
mod lateness;
mod minutes;
mod overtime;
mod pages;
mod places;
mod rates;
mod shares;
mod staffing;
pub mod stats;
mod task_load;

pub use places::{PER_COMPANY, Places};

use serde_json::Value as Json;
use workforceos_core::objects::AI_ANALYTICS;

use crate::{Api, shape};

/// The service's computed Business APIs.
pub fn apis() -> Vec<Api> {
    let apis = [
        attendance::api(),
        absenteeism::api(),
        lateness::api(),
        overtime::api(),
        task_load::api(),
        staffing::api(),
        anomalies::api(),
    ];
    apis.into_iter().map(|api| api.feature(AI_ANALYTICS)).collect()
}

/// The schema of figures of a person.
fn shape_of_person<const N: usize>(about: &str, figures: [(&str, Json); N]) -> Json {
    let mut schema = shape::object(about, [("userId", shape::id("Who.")), ("fullname", shape::text("Their full name."))]);
    for (name, part) in figures {
        schema["properties"][name] = part;
    }
    schema
}
