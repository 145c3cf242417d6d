//! `updateProfile`: one's own name and picture.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::input::Patch;
use workforceos_core::objects::User;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use super::changed;
use crate::auth::avatars::{self, Bucket};
use crate::auth::names;
use crate::auth::session::at_home;
use crate::{Api, App, commit};

input! {
    /// What changes of one's own profile.
    pub struct ProfileChange {
        /// Full name.
        fullname: Option<String> => "fullname" Body,
        /// Address of the picture; null brings the generated one back.
        avatar: Patch<String> => "avatar" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::update("updateProfile")
        .on::<User>()
        .at("/v1/profile")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .about("Changes one's own full name and picture.")
        .handler(|app: Arc<App>, ctx: Ctx, input: ProfileChange| async move {
            let fullname = read_fullname(input.fullname)?;
            let ctx = at_home(&ctx);
            let (act, id) = (ctx.clone(), ctx.user());
            let decide = move |facts: &Facts| {
                let before = facts.row::<User>(id)?;
                let after = renamed(&before, fullname.clone(), input.avatar.clone());
                Ok(changed(&act, facts, &before, after))
            };
            commit(&app, &ctx, Needs::row::<User>(id), decide).await
        })
}

/// A new full name, if one is given: not an empty one.
pub fn read_fullname(name: Option<String>) -> Result<Option<String>> {
    let mut problems = Vec::new();
    let name = name.map(|name| names::read_name("fullname", &name, &mut problems));
    if problems.is_empty() { Ok(name) } else { Err(Error::invalid(problems)) }
}

/// The user under another name, with another picture.
pub fn renamed(before: &User, fullname: Option<String>, avatar: Patch<String>) -> User {
    let avatar = avatars::over(avatar, &before.avatar, Bucket::UserAvatars, before.meta.id);
    User { fullname: fullname.unwrap_or_else(|| before.fullname.clone()), avatar, ..before.clone() }
}
