//! Users: made by admins, changed by themselves and by those above them.

pub mod archive_profile;
pub mod create_user;
pub mod delete_user;
pub mod get_user;
pub mod list_users;
pub mod search_users;
pub mod update_profile;
pub mod update_user;
pub mod update_user_password;
pub mod update_user_password_by_admin;
pub mod update_user_role;

use workforceos_actors::Facts;
use workforceos_core::answer::Answer;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::UserId;
use workforceos_core::input;
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::session::Ctx;

input! {
    /// A user.
    pub struct ByUser {
        /// The user.
        user: UserId => "userId" Path,
    }
}

/// A changed user with its audit entry, and the answer to whoever changed it.
fn changed(ctx: &Ctx, facts: &Facts, before: &User, after: User) -> (Changes, Answer) {
    let after = after.touched(facts.now);
    let event = Event::audit(ctx, User::def().name, after.meta.id).after(&after).audited(Some(before));
    (Changes::none().put(&after).event(event), Answer::object(ctx, &after))
}
