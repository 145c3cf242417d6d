//! `deleteApiKey`: a key stops working at once.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::ApiKeyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::ApiKey;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use crate::auth::endings::end_key;
use crate::{Api, App, commit};

input! {
    /// A key.
    pub struct ByKey {
        /// The key's id (not the key).
        key: ApiKeyId => "apiKeyId" Path,
    }
}

pub fn api() -> Api {
    BusinessApi::delete("deleteApiKey")
        .on::<ApiKey>()
        .at("/v1/apikeys/:apiKeyId")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .about("Deletes an API key of one's own (admins: any of the tenant); it stops working at once, running streams included.")
        .handler(delete)
}

async fn delete(app: Arc<App>, ctx: Ctx, input: ByKey) -> Result<Answer> {
    let (act, id) = (ctx.clone(), input.key);
    let decide = move |facts: &Facts| {
        let key = facts.row::<ApiKey>(id)?;
        if !act.is_admin() && key.user_id != act.user() {
            return Err(Error::not_found(ApiKey::def().name));
        }
        let (changes, ended) = end_key(&act, facts, key);
        Ok((changes, Answer::object(&act, &ended)))
    };
    commit(&app, &ctx, Needs::row::<ApiKey>(id), decide).await
}
