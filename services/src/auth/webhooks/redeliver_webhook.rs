//! `redeliverWebhook`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::BusinessApi;
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{DeliveryState, Webhook, WebhookDelivery};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;

use super::{ByDelivery, deliveries, limited};
use crate::webhooks::TRIED_FOR;
use crate::{Api, App, commit};

pub fn api() -> Api {
    BusinessApi::act("redeliverWebhook")
        .on::<WebhookDelivery>()
        .at("/v1/webhookdeliveries/:webhookDeliveryId/redeliver")
        .reach(Reach::Admins)
        .about(
            "Sends a delivery again, at once and under the same id, whatever became of it, and tries for three days anew. Refused while \
             its webhook is disabled and where the event's content was erased (409 InvalidState).",
        )
        .handler(redeliver)
}

async fn redeliver(app: Arc<App>, ctx: Ctx, input: ByDelivery) -> Result<Answer> {
    if limited(&ctx) {
        return Err(Error::forbidden("This API key is limited to some services, and the event may be of another"));
    }
    let id = input.delivery;
    let found = deliveries::find(&app, &ctx, id).await?;
    deliveries::check_there(&app, &found).await?;
    let (act, webhook) = (ctx.clone(), found.webhook_id);
    let decide = move |facts: &Facts| {
        super::deliveries::check_enabled(&facts.row::<Webhook>(webhook)?)?;
        let before: WebhookDelivery = facts.row(id)?;
        let again = WebhookDelivery {
            state: DeliveryState::Pending,
            attempts: 0,
            next_try_at: Some(facts.now),
            retry_until: Timestamp(facts.now.0 + TRIED_FOR),
            delivered_at: None,
            ..before.clone()
        };
        let again = again.touched(facts.now);
        let event = Event::audit(&act, WebhookDelivery::def().name, id).after(&again).audited(Some(&before));
        Ok((Changes::none().put(&again).event(event), Answer::object(&act, &again)))
    };
    commit(&app, &ctx, Needs::row::<WebhookDelivery>(id).and_row::<Webhook>(webhook), decide).await
}
