//! Webhooks to call about, of which a company has few.

use serde_json::{Value as Json, json};
use workforceos_core::Timestamp;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::WebhookId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{DeliveryState, WebhookDelivery};

use super::world::Side;
use crate::paths::WEBHOOKS;
use crate::text;

/// How many are left alone before the rest makes room.
const ROOM: usize = 12;

pub async fn arguments(side: &Side, api: &str) -> Option<Json> {
    Some(match api {
        "createWebhook" => {
            make_room(side).await;
            body("new")
        }
        "getWebhook" | "listWebhookDeliveries" => json!({"webhookId": kept(side).await}),
        "updateWebhook" => json!({"webhookId": fresh(side).await, "description": "Changed", "eventTypes": ["leave.*"]}),
        "deleteWebhook" | "rotateWebhookSecret" | "testWebhook" => json!({"webhookId": fresh(side).await}),
        "getWebhookDelivery" => json!({"webhookDeliveryId": delivery(side, &kept(side).await).await}),
        "redeliverWebhook" => json!({"webhookDeliveryId": delivery(side, &fresh(side).await).await}),
        _ => return None,
    })
}

/// Nothing that happens here is wanted, and nobody has this name.
fn body(what: &str) -> Json {
    json!({"url": "https://hooks.invalid/in", "eventTypes": ["insight.delivered"], "description": what})
}

async fn list(side: &Side) -> Vec<Json> {
    let listed = side.company.owner.get(&format!("{WEBHOOKS}?sortBy=createdAt,id&pageRowCount=100")).await.ok();
    listed["webhooks"].as_array().expect("a list").clone()
}

/// One that stays as it is.
async fn kept(side: &Side) -> String {
    match list(side).await.into_iter().find(|webhook| webhook["description"] == "kept") {
        Some(webhook) => text(&webhook, "id"),
        None => text(&side.company.owner.post(WEBHOOKS, body("kept")).await.ok()["webhook"], "id"),
    }
}

async fn fresh(side: &Side) -> String {
    make_room(side).await;
    text(&side.company.owner.post(WEBHOOKS, body("fresh")).await.ok()["webhook"], "id")
}

async fn make_room(side: &Side) {
    let all = list(side).await;
    let spare = all.len().saturating_sub(ROOM);
    for webhook in all.iter().filter(|webhook| webhook["description"] != "kept").take(spare) {
        side.company.owner.delete(&format!("{WEBHOOKS}/{}", text(webhook, "id"))).await.ok();
    }
}

/// A delivery that is settled.
async fn delivery(side: &Side, webhook: &str) -> String {
    let company = &side.company;
    let meta = company.meta();
    let at = meta.created_at;
    let delivery = WebhookDelivery {
        meta,
        webhook_id: WebhookId(webhook.parse().expect("an id")),
        event_type: "webhook.test".to_owned(),
        event_seq: None,
        state: DeliveryState::Delivered,
        attempts: 1,
        next_try_at: None,
        retry_until: Timestamp(at.0 + Timestamp::DAY),
        last_try_at: Some(at),
        last_status: Some(200),
        last_error: None,
        duration_ms: Some(12),
        delivered_at: Some(at),
        company_id: company.id,
    };
    let event = Event::audit(&company.ctx(), WebhookDelivery::def().name, delivery.meta.id).after(&delivery);
    company.write(Changes::none().put(&delivery).event(event)).await;
    delivery.meta.id.to_string()
}
