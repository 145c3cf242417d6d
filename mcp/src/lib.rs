//! The tools of WorkforceOS as an MCP server, without a transport: `http/` mounts it.
//!
//! [`server`] is made once; a clone of it serves each session. It implements rmcp's `ServerHandler` over the registry: what
//! is listed, how a call runs and what a failure looks like follow from the Business APIs alone. The BFF's REST routes use
//! [`McpServer::listed`] and [`McpServer::call`] directly.
//!
//! # What the transport owes
//! A session is no login. Every request carries its own, and the transport puts it, as an [`McpCaller`], into that request's
//! extensions; each handler enters dispatch with it anew, so that a revoked login stops working at once and a session id in
//! other hands opens nothing. There are two places, see [`McpCaller::of`]:
//! - Streamable HTTP: the hook of `StreamableHttpService::builder().on_request_fn(|request, extensions| ..)` runs for every
//!   HTTP request, in session mode, stateless, and when a session begins. rmcp keeps what it wrote in the `Extensions` within
//!   the request's `http::request::Parts`.
//! - A pair of channels (legacy SSE): `request.extensions_mut().insert(caller)` on each message that comes in.
//!
//! The hook can refuse nothing. A missing or ended login is answered with 401 by a middleware around the endpoint, which
//! leaves the caller for the hook. Were it ever let through, calls end as `LoginRequired`, and lists as an MCP error. The
//! transport strips `Authorization` before handlers run, hence the token must come with the caller.
//!
//! # Protocol
//! rmcp serves both eras on the one endpoint: up to 2025-11-25 with sessions, and 2026-07-28 (`server/discover`, each request
//! by itself) whenever a request says so. An unknown session is 404 on POST and GET; DELETE answers 202 there, which the
//! middleware has to correct. Every connection, and every request without a session, gets a server of its own from
//! [`McpServer::for_session`]: what it watches and its level of logging are kept there and end with it.
//!
//! # Events
//! Subscriptions need to hear of what happens: [`McpServer::with_live`]. Without it there are none, and the capabilities say so.
//!
//! # Answers
//! A result is its JSON as text. Tools that say what they answer (front-end tools, APIs with an output schema) give the same as
//! structured content; for plain rows that would send every one twice. A failure is `isError` with
//! `{errCode, message, status, detail?, hint?}`; only an unknown tool and a request outside any tool fail as JSON-RPC errors.

mod caller;
mod catalogue;
mod completion;
mod finder;
mod fixtures;
mod handler;
mod instructions;
mod live;
mod logging;
mod narrowing;
mod progress;
mod prompts;
mod resources;
mod search;
mod server;
mod session;
mod subscriptions;
mod synonyms;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use workforceos_core::Dispatch;

pub use caller::McpCaller;
pub use catalogue::{CURRENT_USER, Listed};
pub use live::{Following, Happened, Live};
pub use narrowing::Narrowing;
pub use server::{McpServer, ToolOutcome, failure};

/// The registry's MCP server; make one, and clone it for every session.
pub fn server<S: Send + Sync + 'static>(dispatch: Arc<Dispatch<S>>) -> McpServer<S> {
    McpServer::new(dispatch)
}
