//! API keys and running logins: one's own, for admins all of the company.

pub mod create_api_key;
pub mod delete_api_key;
pub mod delete_user_session;
pub mod list_api_keys;
pub mod list_user_sessions;

use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;

/// One's own rows; admins reach all of the tenant. (Managers do not reach the logins and keys of their reports.)
fn own_or_admin(ctx: &Ctx) -> Cond {
    if ctx.is_admin() { Cond::TRUE } else { Cond::eq("userId", ctx.user().0) }
}
