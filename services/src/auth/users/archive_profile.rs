//! `archiveProfile`: one takes oneself out, for a month on trial.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::BusinessApi;
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::objects::User;
use workforceos_core::session::Ctx;

use super::changed;
use crate::auth::endings::{end_logins, needs_logins};
use crate::auth::roles::is_unique;
use crate::auth::session::at_home;
use crate::{Api, App, commit};

pub fn api() -> Api {
    BusinessApi::delete("archiveProfile")
        .on::<User>()
        .at("/v1/profile")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .no_keys()
        .about(
            "Archives one's own profile and ends all of one's logins and keys. Logging in within a month brings it back; after that it is \
             deleted for good. Not for owners.",
        )
        .handler(archive)
}

async fn archive(app: Arc<App>, ctx: Ctx, _: ()) -> Result<Answer> {
    let ctx = at_home(&ctx);
    let id = ctx.user();
    let needs = needs_logins(Needs::row::<User>(id), ctx.company(), id, ctx.now());
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let before = facts.row::<User>(id)?;
        if is_unique(before.role) {
            return Err(Error::forbidden(format!("The {} cannot be archived", before.role.as_str())));
        }
        let (changes, answer) = changed(&act, facts, &before, User { archive_date: Some(facts.now), ..before.clone() });
        Ok((changes.join(end_logins(&act, facts, id)?), answer))
    };
    commit(&app, &ctx, needs, decide).await
}
