//! `updateUser`: an admin changes somebody's name and picture.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::api::Reach;
use workforceos_core::id::UserId;
use workforceos_core::input::Patch;
use workforceos_core::objects::User;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use super::changed;
use super::update_profile::{read_fullname, renamed};
use crate::{Api, App, commit};

input! {
    /// What changes of a user.
    pub struct UserChange {
        /// The user.
        user: UserId => "userId" Path,
        /// Full name.
        fullname: Option<String> => "fullname" Body,
        /// Address of the picture; null brings the generated one back.
        avatar: Patch<String> => "avatar" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::update("updateUser")
        .on::<User>()
        .at("/v1/users/:userId")
        .reach(Reach::Admins)
        .any_tenant()
        .about("Changes a user's full name and picture.")
        .handler(|app: Arc<App>, ctx: Ctx, input: UserChange| async move {
            let fullname = read_fullname(input.fullname)?;
            let (act, id) = (ctx.clone(), input.user);
            let decide = move |facts: &Facts| {
                let before = facts.row::<User>(id)?;
                let after = renamed(&before, fullname.clone(), input.avatar.clone());
                Ok(changed(&act, facts, &before, after))
            };
            commit(&app, &ctx, Needs::row::<User>(id), decide).await
        })
}
