//! `createApiKey`: a key with which a program acts as its user.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::ApiKey;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;
use workforceos_core::value::Kind;
use workforceos_core::{BusinessApi, input};

use crate::auth::session::at_home;
use crate::auth::{keys, names};
use crate::{Api, App, SERVICES, commit};

/// The most keys of one user that work at once.
const AT_ONCE: usize = 50;

input! {
    /// A new key.
    pub struct NewKey {
        /// What it is for.
        name: String => "name" Body,
        /// When it stops working; left out: never.
        expires_at: Option<Timestamp> => "expiresAt" Body,
        /// Whether it only reads (false).
        read_only: Option<bool> => "readOnly" Body,
        /// Names of the services that it may call; left out: all.
        services: Option<Json> => "services" Body .kind(Kind::Strings),
    }
}

pub fn api() -> Api {
    BusinessApi::create("createApiKey")
        .on::<ApiKey>()
        .at("/v1/apikeys")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .no_keys()
        .extra(&["key"])
        .carries(|| json!({"key": {"type": "string", "description": "The key itself, told this once."}}))
        .about(
            "Creates an API key that acts as its user wherever a Bearer token does. The key itself is answered this once and cannot be \
             read again. It can be limited to reading, to some services and in time. A user has at most 50 that work.",
        )
        .handler(create)
}

async fn create(app: Arc<App>, ctx: Ctx, input: NewKey) -> Result<Answer> {
    let mut problems = Vec::new();
    let name = names::read_name("name", &input.name, &mut problems);
    if input.expires_at.is_some_and(|at| at <= ctx.now()) {
        problems.push(Problem::new("expiresAt", "must be in the future"));
    }
    let services = read_services(input.services.as_ref(), &mut problems);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let ctx = at_home(&ctx);
    let key = keys::generate();
    let act = ctx.clone();
    let theirs = Query::of(ApiKey::def(), ctx.company(), Cond::eq("userId", ctx.user().0));
    let decide = move |facts: &Facts| {
        let works = |key: &ApiKey| key.user_id == act.user() && key.expires_at.is_none_or(|at| at > facts.now);
        if facts.rows::<ApiKey>()?.iter().filter(|key| works(key)).count() >= AT_ONCE {
            let message = format!("A user has at most {AT_ONCE} API keys that work; delete one first");
            return Err(Error::conflict("TooManyApiKeys", message));
        }
        let row = ApiKey {
            meta: Meta::new(facts.new_id(), facts.now, Some(act.user().0)),
            user_id: act.user(),
            name: name.clone(),
            prefix: keys::shown(&key),
            digest: keys::digest(&key),
            expires_at: input.expires_at,
            read_only: input.read_only.unwrap_or(false),
            services: services.clone(),
            company_id: act.company(),
        };
        let event = Event::audit(&act, ApiKey::def().name, row.meta.id).after(&row);
        let answer = Answer::object(&act, &row).with_secret("key", key.as_str().into());
        Ok((Changes::none().put(&row).event(event), answer))
    };
    commit(&app, &ctx, Needs::none().and_query(theirs), decide).await
}

/// Services by their names, whatever the case.
fn read_services(list: Option<&Json>, problems: &mut Vec<Problem>) -> Json {
    let mut services: Vec<&str> = Vec::new();
    for name in list.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
        match SERVICES.iter().find(|service| service.eq_ignore_ascii_case(name)) {
            Some(service) if services.contains(service) => {}
            Some(service) => services.push(service),
            None => {
                problems.push(Problem::new("services", format!("must be of {}", SERVICES.join(", "))));
                break;
            }
        }
    }
    json!(services)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_ones_each_once() {
        let mut problems = Vec::new();
        assert_eq!(read_services(None, &mut problems), json!([]));
        assert_eq!(read_services(Some(&json!(["AUTH", "auth", "agenthub"])), &mut problems), json!(["auth", "agentHub"]));
        assert!(problems.is_empty());
        read_services(Some(&json!(["auth", "nothing"])), &mut problems);
        assert_eq!(problems.len(), 1);
    }
}
