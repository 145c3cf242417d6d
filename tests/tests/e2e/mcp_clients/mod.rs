//! MCP as clients see it that others wrote: the official SDKs, their inspector, the conformance suite, the bridge for desktop
//! applications. `cargo xtask test` brings them all, pinned; without it they are left out.

mod behaviour;
mod conformance;
mod crowd;
mod documents;
mod doorway;
mod driver;
pub mod foreign;
mod inspector;
mod transport;

pub const MCP: &str = "/mcpbff-api/mcp";
const SSE: &str = "/mcpbff-api/mcp/sse";
const KEYS: &str = "/auth-api/v1/apikeys";
