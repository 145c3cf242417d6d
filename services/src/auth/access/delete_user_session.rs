//! `deleteUserSession`: a login ends at once.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::SessionId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::UserSession;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use crate::auth::endings::end_session;
use crate::{Api, App, commit};

input! {
    /// A login.
    pub struct BySession {
        /// The login's id.
        session: SessionId => "userSessionId" Path,
    }
}

pub fn api() -> Api {
    BusinessApi::delete("deleteUserSession")
        .on::<UserSession>()
        .at("/v1/usersessions/:userSessionId")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .about("Ends a login of one's own (admins: any of the tenant) at once, running streams included.")
        .handler(delete)
}

async fn delete(app: Arc<App>, ctx: Ctx, input: BySession) -> Result<Answer> {
    let (act, id) = (ctx.clone(), input.session);
    let decide = move |facts: &Facts| {
        let session = facts.row::<UserSession>(id)?;
        if !act.is_admin() && session.user_id != act.user() {
            return Err(Error::not_found(UserSession::def().name));
        }
        let (changes, ended) = end_session(&act, facts, session);
        Ok((changes, Answer::object(&act, &ended)))
    };
    commit(&app, &ctx, Needs::row::<UserSession>(id), decide).await
}
