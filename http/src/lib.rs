//! The edge: REST, live streams, MCP and the program itself. It turns requests into calls of dispatch and answers into
//! bytes; no rule of the business lives here.

mod agents;
mod agents_chat;
pub mod audit;
mod audit_export;
mod auth;
pub mod backup;
mod bucket;
mod business;
mod calendar;
mod caller;
mod chat;
mod csv;
pub mod demo;
pub mod import;
mod login_end;
pub mod logs;
mod mcp;
mod mcp_live;
mod mcp_refusal;
mod mcp_sessions;
mod mcp_sse;
mod mcp_unanswered;
mod metrics;
pub mod models;
mod multipart;
pub mod openapi;
mod origin;
mod reply;
mod request;
mod routes;
pub mod s3;
mod secrets;
mod sent;
mod server;
pub mod settings;
mod stream;
mod system;
mod tools;
mod unheard;
mod unread;

pub use server::{Options, Running, start};
