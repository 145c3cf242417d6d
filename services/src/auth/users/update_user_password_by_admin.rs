//! `updateUserPasswordByAdmin`: an admin sets somebody's password.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use super::changed;
use crate::auth::endings::{end_logins, needs_logins};
use crate::auth::lines::Line;
use crate::auth::{names, roles};
use crate::{Api, App, commit};

input! {
    /// A user's new password.
    pub struct PasswordByAdmin {
        /// The user.
        user: UserId => "userId" Path,
        /// The new password, 8 to 200 characters.
        password: String => "password" Body .secret(),
    }
}

pub fn api() -> Api {
    BusinessApi::update("updateUserPasswordByAdmin")
        .on::<User>()
        .at("/v1/userpasswordbyadmin/:userId")
        .reach(Reach::Admins)
        .any_tenant()
        .no_keys()
        .about("Sets a user's password and ends the user's logins and keys. Not for other admins, owners or oneself.")
        .handler(update)
}

async fn update(app: Arc<App>, ctx: Ctx, input: PasswordByAdmin) -> Result<Answer> {
    let mut problems = Vec::new();
    names::check_password("password", &input.password, &mut problems);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let id = input.user;
    // Refused early where it will be refused: hashing is dear.
    let record = app.store.get(User::def(), Some(ctx.company()), id.0).await?.filter(|r| r.is_active());
    roles::may_touch(&ctx, &User::from_record(record.ok_or_else(|| Error::not_found(User::def().name))?)?)?;
    let password = app.passwords.hash_for(Line::of(&ctx), &input.password).await?;
    let needs = needs_logins(Needs::row::<User>(id), ctx.company(), id, ctx.now());
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let before = facts.row::<User>(id)?;
        roles::may_touch(&act, &before)?;
        let (changes, answer) = changed(&act, facts, &before, User { password: password.clone(), ..before.clone() });
        Ok((changes.join(end_logins(&act, facts, id)?), answer))
    };
    commit(&app, &ctx, needs, decide).await
}
