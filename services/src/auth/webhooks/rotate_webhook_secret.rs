//! `rotateWebhookSecret`.

use std::sync::Arc;

use serde_json::json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::BusinessApi;
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Webhook;
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;

use super::ByWebhook;
use crate::webhooks::sign;
use crate::{Api, App, commit};

/// How long the secret before signs too.
const BOTH_SIGN: i64 = 24 * Timestamp::HOUR;

pub fn api() -> Api {
    BusinessApi::act("rotateWebhookSecret")
        .on::<Webhook>()
        .at("/v1/webhooks/:webhookId/rotatesecret")
        .reach(Reach::Admins)
        .no_keys()
        .extra(&["secret"])
        .carries(|| json!({"secret": {"type": "string", "description": "Signs what is sent; told this once."}}))
        .about(
            "Gives a webhook a new secret, which is answered this once and cannot be read again; language models never see it. For 24 \
             hours the secret before signs as well, so that receivers can change over; one before that ends at once.",
        )
        .handler(rotate)
}

async fn rotate(app: Arc<App>, ctx: Ctx, input: ByWebhook) -> Result<Answer> {
    let salt = sign::salt();
    let secret = app.webhooks.secrets().secret(&salt).shown();
    let (act, id) = (ctx.clone(), input.webhook);
    let decide = move |facts: &Facts| {
        let before: Webhook = facts.row(id)?;
        let after = Webhook {
            secret_salt: salt.clone(),
            previous_salt: Some(before.secret_salt.clone()),
            previous_secret_until: Some(Timestamp(facts.now.0 + BOTH_SIGN)),
            ..before.clone()
        };
        let after = after.touched(facts.now);
        let event =
            Event::audit(&act, Webhook::def().name, id).after(&after).audited(Some(&before)).extra(json!({"secret": "rotated"}));
        let answer = Answer::object(&act, &after).with_secret("secret", secret.as_str().into());
        Ok((Changes::none().put(&after).event(event), answer))
    };
    commit(&app, &ctx, Needs::row::<Webhook>(id), decide).await
}
