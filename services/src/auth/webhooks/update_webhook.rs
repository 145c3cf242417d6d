//! `updateWebhook`.

use std::sync::Arc;

use serde_json::Value as Json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::WebhookId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, Webhook};
use workforceos_core::session::Ctx;
use workforceos_core::value::Kind;
use workforceos_core::{BusinessApi, Patch, input};

use super::{limited, read_description, read_types, read_url};
use crate::{Api, App, alerts, commit};

/// Why a webhook is disabled that an admin switched off.
pub const BY_ADMIN: &str = "An admin disabled it";

input! {
    /// What changes of a webhook.
    pub struct WebhookChange {
        /// The webhook.
        webhook: WebhookId => "webhookId" Path,
        /// Where events are sent, also those that wait.
        url: Option<String> => "url" Body,
        /// Which events: replaces the list.
        event_types: Option<Json> => "eventTypes" Body .kind(Kind::Strings),
        /// What it is for; null clears it.
        description: Patch<String> => "description" Body,
        /// Whether events are sent.
        is_enabled: Option<bool> => "isEnabled" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::update("updateWebhook")
        .on::<Webhook>()
        .at("/v1/webhooks/:webhookId")
        .reach(Reach::Admins)
        .about(
            "Changes a webhook. Disabling it gives up what waits for it. Enabling it lets events be sent from then on; those that \
             happened meanwhile are not sent. API keys do not say where events go, and those limited to some services neither which nor \
             that they are sent (403).",
        )
        .handler(update)
}

/// What is sent goes on when a key has ended, and is of every service.
fn check_key(ctx: &Ctx, input: &WebhookChange) -> Result<()> {
    let by_key = ctx.session.as_ref().is_some_and(|session| session.key.is_some());
    let sends = input.event_types.is_some() || input.is_enabled == Some(true);
    if (by_key && input.url.is_some()) || (limited(ctx) && sends) {
        return Err(Error::forbidden("An API key does not decide on what is sent where: that takes a login"));
    }
    Ok(())
}

async fn update(app: Arc<App>, ctx: Ctx, input: WebhookChange) -> Result<Answer> {
    check_key(&ctx, &input)?;
    let mut problems = Vec::new();
    let url = input.url.as_deref().map(|url| read_url(url, app.settings.webhook_private_addresses, &mut problems));
    let event_types = input.event_types.as_ref().map(|types| read_types(types, &mut problems));
    let description = match &input.description {
        Patch::Set(text) => read_description(Some(text), &mut problems).map_or(Patch::Clear, Patch::Set),
        other => other.clone(),
    };
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let (act, id) = (ctx.clone(), input.webhook);
    let decide = move |facts: &Facts| {
        let before: Webhook = facts.row(id)?;
        let mut after = before.clone();
        after.url = url.clone().unwrap_or(after.url);
        after.event_types = event_types.clone().unwrap_or(after.event_types);
        after.description = description.clone().over(after.description);
        let mut changes = Changes::none();
        match input.is_enabled {
            Some(true) if !before.is_enabled => {
                (after.is_enabled, after.disabled_reason, after.disabled_at) = (true, None, None);
                after.from_seq = facts.state.seq;
                changes = alerts::resolve(&act, facts, AlertType::WebhookDisabled, id.0)?;
            }
            Some(false) if before.is_enabled => {
                after.is_enabled = false;
                (after.disabled_reason, after.disabled_at) = (Some(BY_ADMIN.to_owned()), Some(facts.now));
            }
            _ => {}
        }
        let after = after.touched(facts.now);
        let event = Event::audit(&act, Webhook::def().name, id).after(&after).audited(Some(&before));
        Ok((changes.put(&after).event(event), Answer::object(&act, &after)))
    };
    let alerts = alerts::open(ctx.company(), AlertType::WebhookDisabled, id.0);
    commit(&app, &ctx, Needs::row::<Webhook>(id).and_query(alerts), decide).await
}
