//! aiWorkforceAnalytics: figures computed from what was recorded. Nothing is guessed, and whatever is too little to say something
//! says so.

pub mod stats;

use crate::Api;

/// The service's computed Business APIs.
pub fn apis() -> Vec<Api> {
    Vec::new()
}
