//! Reach inside a decision: whom the caller reaches as things are now, not as they were when the call came.

use workforceos_actors::State;
use workforceos_core::id::UserId;
use workforceos_core::session::Ctx;

/// Whether the caller is the direct manager of a user.
pub fn manages(state: &State, ctx: &Ctx, user: UserId) -> bool {
    ctx.manages(user) && state.people.manager_of(user) == Some(ctx.user())
}

/// Whether a user's rows are the caller's to act on.
pub fn reaches(state: &State, ctx: &Ctx, user: UserId) -> bool {
    ctx.is_admin() || user == ctx.user() || manages(state, ctx, user)
}
