//! `testWebhook`.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::BusinessApi;
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{DeliveryState, Webhook, WebhookDelivery};
use workforceos_core::session::Ctx;
use workforceos_core::time::Timestamp;

use super::ByWebhook;
use crate::webhooks::{TRIED_FOR, events};
use crate::{Api, App, commit};

pub fn api() -> Api {
    BusinessApi::act("testWebhook")
        .on::<WebhookDelivery>()
        .at("/v1/webhooks/:webhookId/test")
        .reach(Reach::Admins)
        .about(
            "Sends webhook.test to a webhook, whatever events it wants, signed and tried as all of them are. Answers the delivery: \
             getWebhookDelivery tells what became of it. Refused while the webhook is disabled (409 InvalidState).",
        )
        .handler(test)
}

async fn test(app: Arc<App>, ctx: Ctx, input: ByWebhook) -> Result<Answer> {
    let (act, id) = (ctx.clone(), input.webhook);
    let decide = move |facts: &Facts| {
        let webhook: Webhook = facts.row(id)?;
        super::deliveries::check_enabled(&webhook)?;
        let delivery = WebhookDelivery {
            meta: Meta::new(facts.new_id(), facts.now, Some(act.user().0)),
            webhook_id: id,
            event_type: events::TEST.to_owned(),
            event_seq: None,
            state: DeliveryState::Pending,
            attempts: 0,
            next_try_at: Some(facts.now),
            retry_until: Timestamp(facts.now.0 + TRIED_FOR),
            last_try_at: None,
            last_status: None,
            last_error: None,
            duration_ms: None,
            delivered_at: None,
            company_id: act.company(),
        };
        let event = Event::audit(&act, WebhookDelivery::def().name, delivery.meta.id).after(&delivery);
        Ok((Changes::none().put(&delivery).event(event), Answer::object(&act, &delivery)))
    };
    commit(&app, &ctx, Needs::row::<Webhook>(id), decide).await
}
