//! Language models as callers of the tool layer: agents that answer with the caller's own rights.
//!
//! A model is reached through a [`provider`]. What it may use is a [`tools::Toolbox`]: Business APIs by dispatch, as the calling user,
//! with the masks, cuts and refusals of every tool. Nothing here reads the database or grants anything.

pub mod alias;
pub mod answer;
pub mod chat;
pub mod design;
pub mod execution;
pub mod history;
pub mod insight;
pub mod provider;
#[cfg(test)]
pub mod testing;
pub mod toolbox;
pub mod tools;

use std::sync::Arc;

use workforceos_core::Dispatch;
use workforceos_mcp::McpServer;
use workforceos_services::App;

use answer::Answers;
use chat::Chats;
use execution::{AT_ONCE, AtOnce};
use provider::Providers;

/// What agents work with; one for the whole server.
pub struct Agents {
    pub app: Arc<App>,
    pub dispatch: Arc<Dispatch<App>>,
    pub tools: McpServer<App>,
    pub providers: Providers,
    /// The answers that run now.
    pub answers: Answers,
    pub at_once: AtOnce,
    /// The conversations in which something happens.
    pub chats: Chats,
}

impl Agents {
    pub fn new(dispatch: Arc<Dispatch<App>>, tools: McpServer<App>, providers: Providers) -> Agents {
        let app = dispatch.state.clone();
        // Where one may call as often as one likes, one may ask as often.
        let at_once = AtOnce::new((app.settings.rate_limit > 0).then_some(AT_ONCE));
        Agents { app, dispatch, tools, providers, answers: Answers::default(), at_once, chats: Chats::default() }
    }
}
