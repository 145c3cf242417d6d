//! `updateUserPassword`: one's own password.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use super::changed;
use crate::auth::endings::{end_logins, needs_logins};
use crate::auth::lines::Line;
use crate::auth::names;
use crate::auth::session::at_home;
use crate::auth::throttle::ACCOUNT;
use crate::{Api, App, commit};

input! {
    /// A new password of one's own.
    pub struct PasswordChange {
        /// The present password.
        old: String => "oldPassword" Body .secret(),
        /// The new password, 8 to 200 characters.
        new: String => "newPassword" Body .secret(),
    }
}

pub fn api() -> Api {
    BusinessApi::update("updateUserPassword")
        .on::<User>()
        .at("/v1/profile/password")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .no_keys()
        .about("Changes one's own password, given the present one, and ends all of one's logins and keys, this one included.")
        .handler(update)
}

async fn update(app: Arc<App>, ctx: Ctx, input: PasswordChange) -> Result<Answer> {
    let mut problems = Vec::new();
    names::check_password("newPassword", &input.new, &mut problems);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let ctx = at_home(&ctx);
    let id = ctx.user();
    // Whoever found a login open shall not guess the password behind it.
    let key = format!("password|{id}");
    app.throttle.attempt(&key, ACCOUNT, ctx.now())?;
    let record = app.store.get(User::def(), Some(ctx.company()), id.0).await?.ok_or_else(Error::login_required)?;
    let known = User::from_record(record)?.password;
    if !app.passwords.verify(Line::User(id), &input.old, Some(&known)).await? {
        return Err(Error::forbidden("The present password is wrong"));
    }
    app.throttle.forgive(&key);
    let password = app.passwords.hash_for(Line::User(id), &input.new).await?;
    let needs = needs_logins(Needs::row::<User>(id), ctx.company(), id, ctx.now());
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let before = facts.row::<User>(id)?;
        if before.password != known {
            return Err(Error::conflict("InvalidState", "The password was changed in the meantime"));
        }
        let (changes, answer) = changed(&act, facts, &before, User { password: password.clone(), ..before.clone() });
        Ok((changes.join(end_logins(&act, facts, id)?), answer))
    };
    commit(&app, &ctx, needs, decide).await
}
