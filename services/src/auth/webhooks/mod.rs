//! Webhooks, as their company's admins see to them. What carries them out is [`crate::webhooks`].

mod create_webhook;
mod delete_webhook;
mod deliveries;
mod read;
mod redeliver_webhook;
mod rotate_webhook_secret;
mod test_webhook;
mod update_webhook;

use workforceos_core::error::Problem;
use workforceos_core::id::{WebhookDeliveryId, WebhookId};
use workforceos_core::input;
use workforceos_core::session::Ctx;

use crate::Api;
use crate::webhooks::{address, events};

/// The most webhooks of a company.
const MAX: usize = 20;
const MAX_DESCRIPTION: usize = 500;

input! {
    /// A webhook.
    pub struct ByWebhook {
        /// The webhook.
        webhook: WebhookId => "webhookId" Path,
    }
}

input! {
    /// A delivery.
    pub struct ByDelivery {
        /// The delivery.
        delivery: WebhookDeliveryId => "webhookDeliveryId" Path,
    }
}

pub fn apis() -> Vec<Api> {
    vec![
        create_webhook::api(),
        read::list(),
        read::get(),
        update_webhook::api(),
        delete_webhook::api(),
        rotate_webhook_secret::api(),
        test_webhook::api(),
        deliveries::list(),
        deliveries::get(),
        redeliver_webhook::api(),
    ]
}

/// Whether the caller's API key is for some services alone: events may be of any.
fn limited(ctx: &Ctx) -> bool {
    ctx.limited_to().is_some()
}

/// An address in its one form.
fn read_url(url: &str, private: bool, problems: &mut Vec<Problem>) -> String {
    match address::read(url, private) {
        Ok(url) => url.into(),
        Err(problem) => {
            problems.push(Problem::new("url", problem));
            String::new()
        }
    }
}

fn read_types(types: &serde_json::Value, problems: &mut Vec<Problem>) -> serde_json::Value {
    events::read(types).unwrap_or_else(|problem| {
        problems.push(Problem::new("eventTypes", problem));
        serde_json::Value::Null
    })
}

/// A description; an empty one is none.
fn read_description(text: Option<&str>, problems: &mut Vec<Problem>) -> Option<String> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    if text.chars().count() > MAX_DESCRIPTION {
        problems.push(Problem::new("description", format!("must have at most {MAX_DESCRIPTION} characters")));
    }
    Some(text.to_owned())
}
