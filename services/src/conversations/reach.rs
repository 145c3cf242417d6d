//! How far a conversation reaches: what tools found stands in it, in words and in results, and the model is told it again.
//!
//! An API key that is limited to services reads, goes on with, stops and deletes only conversations in which none but such keys have
//! asked whose services it has itself. Of others it is told nothing: to it they are not there.

use serde_json::{Value as Json, json};
use workforceos_core::objects::Conversation;
use workforceos_core::session::Ctx;

/// What a conversation says of its reach once the caller has asked in it. Who may ask has all that it had before.
pub(super) fn of(ctx: &Ctx) -> Option<Json> {
    ctx.limited_to().map(|services| json!(services))
}

/// Whether the caller reaches all that a conversation may hold.
pub(super) fn is_within(ctx: &Ctx, conversation: &Conversation) -> bool {
    let Some(own) = ctx.limited_to() else { return true };
    let asked = conversation.services.as_ref().and_then(Json::as_array);
    asked.is_some_and(|services| services.iter().all(|service| own.iter().any(|own| service == own)))
}
