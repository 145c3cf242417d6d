//! Live state with one owner: a company's supervisor actor, the directory that finds it, and the hub that tells the world.
//!
//! Every write of a company goes through its actor's queue. Commands are erased decisions, so that services without hot
//! state use the same queue and this crate never changes for them.

mod actor;
mod bulk;
mod directory;
mod feed;
pub mod hub;
mod needs;
pub mod state;
mod tasks;
mod ticker;

pub use actor::TimerPass;
pub use bulk::{Bulk, Part};
pub use directory::{Companies, Sweep};
pub use needs::{Facts, Follow, Needs};
pub use state::State;
pub use tasks::TaskNeed;
