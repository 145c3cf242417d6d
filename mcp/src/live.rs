//! What happens in a company while a connection is open: what the transport's side tells to subscriptions.

use async_trait::async_trait;
use serde_json::Value as Json;
use workforceos_core::{Ctx, Result};

/// The events of companies, as each caller may read them.
#[async_trait]
pub trait Live: Send + Sync + 'static {
    /// Follows the company's events as the context's user, from this moment on. `ctx` has its scope.
    async fn follow(&self, ctx: &Ctx) -> Result<Box<dyn Following>>;

    /// A number that grows with the events of all companies: while it stays, nothing has happened.
    fn heard(&self) -> u64;
}

/// One reader's end of a company's events.
#[async_trait]
pub trait Following: Send {
    /// What happens next. Dropping the future loses nothing.
    async fn next(&mut self) -> Happened;
}

/// What is told to a reader.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// An event that the reader may see: its type and its object, as far as the reader may read it.
    Event { kind: String, object: Json },
    /// Events were lost: whatever is watched may have changed.
    Missed,
    /// The reader fell behind and hears nothing more: follow again.
    Behind,
    /// The login ended, or with it a role: nothing comes after it.
    Ended,
}
