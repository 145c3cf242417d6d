//! aiWorkforceAnalytics, the part of insights: what figures show, in words, for those whom it concerns.
//!
//! Everything here needs the company's subscription with `aiAnalytics`. Generators hand over what they made as [`Generated`]: as the
//! caller's last one ([`remember`]), or as what became of a weekly [`jobs::Job`].

mod create;
mod delete;
mod failing;
mod found;
mod generated;
pub mod jobs;
mod read;
mod rules;
mod save_generated;
mod save_insight;
mod text;
mod update;
pub mod weekly;

pub use failing::Failing;
pub use generated::Generated;
pub use jobs::{Job, claim, finish};
pub use read::{latest, on_board};
pub use save_generated::remember;

use workforceos_core::objects::AI_ANALYTICS;

use crate::Api;

/// The service's Business APIs about insights.
pub fn apis() -> Vec<Api> {
    let apis =
        [create::api(), update::api(), read::get(), read::list(), delete::api(), save_insight::api(), save_generated::api()];
    apis.into_iter().map(|api| api.feature(AI_ANALYTICS)).collect()
}
