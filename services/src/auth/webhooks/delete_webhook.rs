//! `deleteWebhook`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::BusinessApi;
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::Event;
use workforceos_core::error::Result;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AlertType, Webhook};
use workforceos_core::session::Ctx;

use super::ByWebhook;
use crate::{Api, App, alerts, commit};

pub fn api() -> Api {
    BusinessApi::delete("deleteWebhook")
        .on::<Webhook>()
        .at("/v1/webhooks/:webhookId")
        .reach(Reach::Admins)
        .about("Deletes a webhook; what waits for it is not sent any more.")
        .handler(delete)
}

async fn delete(app: Arc<App>, ctx: Ctx, input: ByWebhook) -> Result<Answer> {
    let (act, id) = (ctx.clone(), input.webhook);
    let decide = move |facts: &Facts| {
        let before: Webhook = facts.row(id)?;
        let after = before.clone().deleted(facts.now);
        let event = Event::audit(&act, Webhook::def().name, id).after(&after).audited(Some(&before));
        let changes = alerts::resolve(&act, facts, AlertType::WebhookDisabled, id.0)?;
        Ok((changes.put(&after).event(event), Answer::object(&act, &after)))
    };
    let alerts = alerts::open(ctx.company(), AlertType::WebhookDisabled, id.0);
    commit(&app, &ctx, Needs::row::<Webhook>(id).and_query(alerts), decide).await
}
