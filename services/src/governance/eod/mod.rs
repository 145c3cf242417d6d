//! End-of-day reports: drawn up from attendance, tasks and duties, written about and submitted by whose day it was, reviewed by the
//! direct manager.

mod draw_up;
mod me;
mod review;
mod rules;
mod tasks;
mod team;
mod told;

use crate::Api;

pub use draw_up::{draw_up, needs};
pub use me::handed_in;
pub use rules::{Review, Words, reviewed, submitted};

pub fn apis() -> Vec<Api> {
    vec![me::get(), me::today(), me::generate(), me::submit(), team::list(), review::api()]
}
