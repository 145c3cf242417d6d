//! Language models as callers of the tool layer: agents that answer with the caller's own rights.
//!
//! A model is reached through a [`provider`]. What it may use is a [`tools::Toolbox`]: Business APIs by dispatch, as the calling user,
//! with the masks, cuts and refusals of every tool. Nothing here reads the database or grants anything.

pub mod insight;
pub mod provider;
pub mod tools;

use std::sync::Arc;

use workforceos_core::Dispatch;
use workforceos_mcp::McpServer;
use workforceos_services::App;

use provider::Providers;

/// What agents work with; one for the whole server.
pub struct Agents {
    pub app: Arc<App>,
    pub dispatch: Arc<Dispatch<App>>,
    pub tools: McpServer<App>,
    pub providers: Providers,
}

impl Agents {
    pub fn new(dispatch: Arc<Dispatch<App>>, tools: McpServer<App>, providers: Providers) -> Agents {
        Agents { app: dispatch.state.clone(), dispatch, tools, providers }
    }
}
