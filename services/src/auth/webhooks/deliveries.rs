//! `listWebhookDeliveries`, `getWebhookDelivery`.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_core::BusinessApi;
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::id::{UserId, WebhookDeliveryId, WebhookId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Webhook, WebhookDelivery};
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;

use super::{ByDelivery, ByWebhook, limited};
use crate::webhooks::{About, body_of};
use crate::{Api, App, crud};

pub fn list() -> Api {
    BusinessApi::list("listWebhookDeliveries")
        .on::<WebhookDelivery>()
        .at("/v1/webhooks/:webhookId/deliveries")
        .reach(Reach::Admins)
        .about(
            "Lists what was sent, or is to be sent, to a webhook in the last 30 days: the state, the tries, the target's last answer. The \
             newest first.",
        )
        .reader(|app: Arc<App>, ctx: Ctx, input: ByWebhook, query: ListQuery| async move {
            check_webhook(&app, &ctx, input.webhook).await?;
            let of = Cond::eq("webhookId", input.webhook.0);
            crud::page(&app, &ctx, WebhookDelivery::def(), of, query).await
        })
}

pub fn get() -> Api {
    BusinessApi::get("getWebhookDelivery")
        .on::<WebhookDelivery>()
        .at("/v1/webhookdeliveries/:webhookDeliveryId")
        .reach(Reach::Admins)
        .extra(&["payload"])
        .carries(|| json!({"payload": {"type": ["object", "null"], "description": "The body that is sent."}}))
        .about(
            "Returns a delivery and, as payload, the body that is sent; null if the event's content was erased since, and for API keys \
             that are limited to some services, since the event may be of another.",
        )
        .reader(one)
}

async fn one(app: Arc<App>, ctx: Ctx, input: ByDelivery, query: ListQuery) -> Result<Answer> {
    let found = find(&app, &ctx, input.delivery).await?;
    let text = if limited(&ctx) { None } else { body(&app, &found).await? };
    let payload = text.map_or(Json::Null, |text| serde_json::from_str(&text).unwrap_or_default());
    let answer = crud::one(&app, &ctx, WebhookDelivery::def(), input.delivery.0, Cond::TRUE, query).await?;
    Ok(answer.with("payload", payload))
}

/// A delivery to a webhook of the caller's company that was not deleted, else 404.
pub async fn find(app: &App, ctx: &Ctx, id: WebhookDeliveryId) -> Result<WebhookDelivery> {
    let row = app.store.get(WebhookDelivery::def(), Some(ctx.company()), id.0).await?;
    let delivery = WebhookDelivery::from_record(row.ok_or_else(|| Error::not_found(WebhookDelivery::def().name))?)?;
    match app.store.get(Webhook::def(), Some(ctx.company()), delivery.webhook_id.0).await? {
        Some(_) => Ok(delivery),
        None => Err(Error::not_found(WebhookDelivery::def().name)),
    }
}

async fn check_webhook(app: &App, ctx: &Ctx, id: WebhookId) -> Result<()> {
    let found = app.store.get(Webhook::def(), Some(ctx.company()), id.0).await?;
    found.map(drop).ok_or_else(|| Error::not_found(Webhook::def().name))
}

/// The delivery's event is still known.
pub async fn check_there(app: &App, delivery: &WebhookDelivery) -> Result<()> {
    match body(app, delivery).await? {
        Some(_) => Ok(()),
        None => Err(Error::conflict("InvalidState", "The event's content was erased: there is nothing left to send")),
    }
}

pub fn check_enabled(webhook: &Webhook) -> Result<()> {
    if webhook.is_enabled {
        return Ok(());
    }
    Err(Error::conflict("InvalidState", "The webhook is disabled: enable it first"))
}

async fn body(app: &App, delivery: &WebhookDelivery) -> Result<Option<String>> {
    let about = About {
        id: delivery.meta.id,
        company: delivery.company_id,
        webhook: delivery.webhook_id.0,
        kind: &delivery.event_type,
        seq: delivery.event_seq,
        made_at: delivery.meta.created_at,
        made_by: delivery.meta.owner.map(UserId),
    };
    body_of(&app.store, about).await
}
