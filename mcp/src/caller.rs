//! Who is behind an MCP request: what the HTTP layer hands to the handlers.

use std::fmt;
use std::sync::Arc;

use rmcp::model::Extensions;
use workforceos_core::Caller;

use crate::narrowing::Narrowing;

/// The caller of one MCP request, with what its URL narrows the tools to.
///
/// The HTTP layer inserts one for **every** request, see the crate's documentation for where.
#[derive(Clone)]
pub struct McpCaller {
    /// Token, claimed company and request id of this very HTTP request; `via` and `client` are set here, not there.
    pub caller: Caller,
    /// What the endpoint's path and query leave of the tools.
    pub narrowing: Arc<Narrowing>,
}

impl McpCaller {
    pub fn new(caller: Caller, narrowing: Arc<Narrowing>) -> McpCaller {
        McpCaller { caller, narrowing }
    }

    /// The caller of a request: in its extensions directly (channel transports), or where rmcp's HTTP transport keeps
    /// what its hook has written, inside the request's `http::request::Parts`.
    pub fn of(extensions: &Extensions) -> Option<&McpCaller> {
        extensions.get::<McpCaller>().or_else(|| {
            let parts = extensions.get::<http::request::Parts>()?;
            parts.extensions.get::<Extensions>()?.get::<McpCaller>()
        })
    }
}

/// Without the token: rmcp writes requests to its debug log.
impl fmt::Debug for McpCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Caller { company, request_id, .. } = &self.caller;
        f.debug_struct("McpCaller").field("company", company).field("request_id", request_id).finish_non_exhaustive()
    }
}
