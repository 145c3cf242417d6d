//! `updateUserRole`: makes admins, and unmakes them.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::Changes;
use workforceos_core::error::Result;
use workforceos_core::id::UserId;
use workforceos_core::objects::User;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use super::changed;
use crate::auth::endings::{end_logins, needs_logins};
use crate::auth::roles;
use crate::{Api, App, commit};

input! {
    /// A user's new role.
    pub struct RoleChange {
        /// The user.
        user: UserId => "userId" Path,
        /// The role: tenantUser or tenantAdmin; on the SaaS level saasUser or saasAdmin.
        role: String => "roleId" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::update("updateUserRole")
        .on::<User>()
        .at("/v1/userrole/:userId")
        .reach(Reach::Admins)
        .any_tenant()
        .no_keys()
        .about(
            "Gives a user another role and ends the user's logins and keys. Only the owner (on the SaaS level the superAdmin) gives or \
             takes the role of an admin; owners keep theirs, and nobody changes the own role.",
        )
        .handler(update)
}

async fn update(app: Arc<App>, ctx: Ctx, input: RoleChange) -> Result<Answer> {
    let (role, id) = (roles::read(&input.role)?, input.user);
    let needs = needs_logins(Needs::row::<User>(id), ctx.company(), id, ctx.now());
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let before = facts.row::<User>(id)?;
        roles::may_touch(&act, &before)?;
        roles::may_give(&act, role)?;
        if before.role == role {
            return Ok((Changes::none(), Answer::object(&act, &before)));
        }
        let (changes, answer) = changed(&act, facts, &before, User { role, ..before.clone() });
        Ok((changes.join(end_logins(&act, facts, id)?), answer))
    };
    commit(&app, &ctx, needs, decide).await
}
