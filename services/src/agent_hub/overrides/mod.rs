//! What root admins change of agents: one override of each.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod read;
mod rules;
pub(super) mod update;

use workforceos_core::id::AgentOverrideId;
use workforceos_core::input;

input! {
    /// An override.
    pub struct ById {
        /// The override.
        id: AgentOverrideId => "sys_agentOverrideId" Path,
    }
}
