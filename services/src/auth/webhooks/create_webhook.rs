//! `createWebhook`.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::Webhook;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::value::Kind;
use workforceos_core::{BusinessApi, input};

use super::{MAX, read_description, read_types, read_url};
use crate::webhooks::sign;
use crate::{Api, App, commit};

input! {
    /// A new webhook.
    pub struct NewWebhook {
        /// Where events are sent: https://, without user and password.
        url: String => "url" Body,
        /// Which events: types such as shift.created, families such as attendance.*, or * for all.
        event_types: Json => "eventTypes" Body .kind(Kind::Strings),
        /// What it is for.
        description: Option<String> => "description" Body,
        /// Whether events are sent (true).
        is_enabled: Option<bool> => "isEnabled" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::create("createWebhook")
        .on::<Webhook>()
        .at("/v1/webhooks")
        .reach(Reach::Admins)
        .no_keys()
        .extra(&["secret"])
        .carries(|| json!({"secret": {"type": "string", "description": "Signs what is sent; told this once."}}))
        .about(
            "Creates a webhook: from now on the company's events of these types are sent to its address, each signed, and tried for three \
             days. The secret that signs them is answered this once and cannot be read again; language models never see it. Refused for \
             private addresses (400) and beyond 20 webhooks (409 TooManyWebhooks).",
        )
        .handler(create)
}

async fn create(app: Arc<App>, ctx: Ctx, input: NewWebhook) -> Result<Answer> {
    let mut problems = Vec::new();
    let url = read_url(&input.url, app.settings.webhook_private_addresses, &mut problems);
    let event_types = read_types(&input.event_types, &mut problems);
    let description = read_description(input.description.as_deref(), &mut problems);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let salt = sign::salt();
    let secret = app.webhooks.secrets().secret(&salt).shown();
    let is_enabled = input.is_enabled.unwrap_or(true);
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        if facts.rows::<Webhook>()?.len() >= MAX {
            return Err(Error::conflict("TooManyWebhooks", format!("A company has at most {MAX} webhooks; delete one first")));
        }
        let webhook = Webhook {
            meta: Meta::new(facts.new_id(), facts.now, Some(act.user().0)),
            url: url.clone(),
            description: description.clone(),
            event_types: event_types.clone(),
            is_enabled,
            disabled_reason: (!is_enabled).then(|| super::update_webhook::BY_ADMIN.to_owned()),
            disabled_at: (!is_enabled).then_some(facts.now),
            secret_salt: salt.clone(),
            previous_salt: None,
            previous_secret_until: None,
            from_seq: facts.state.seq,
            company_id: act.company(),
        };
        let event = Event::audit(&act, Webhook::def().name, webhook.meta.id).after(&webhook);
        let answer = Answer::object(&act, &webhook).with_secret("secret", secret.as_str().into());
        Ok((Changes::none().put(&webhook).event(event), answer))
    };
    let all = Query::of(Webhook::def(), ctx.company(), Cond::TRUE);
    commit(&app, &ctx, Needs::none().and_query(all), decide).await
}
