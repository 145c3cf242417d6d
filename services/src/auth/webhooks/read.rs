//! `listWebhooks`, `getWebhook`.

use std::sync::Arc;

use workforceos_core::BusinessApi;
use workforceos_core::api::Reach;
use workforceos_core::filter::ListQuery;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Webhook;
use workforceos_core::session::Ctx;

use super::ByWebhook;
use crate::{Api, App, crud};

pub fn list() -> Api {
    crud::list::<Webhook>("listWebhooks", crud::all_rows)
        .at("/v1/webhooks")
        .reach(Reach::Admins)
        .about("Lists the company's webhooks, without their secrets.")
}

pub fn get() -> Api {
    BusinessApi::get("getWebhook")
        .on::<Webhook>()
        .at("/v1/webhooks/:webhookId")
        .reach(Reach::Admins)
        .about("Returns a webhook, without its secret.")
        .reader(|app: Arc<App>, ctx: Ctx, input: ByWebhook, query: ListQuery| async move {
            crud::one(&app, &ctx, Webhook::def(), input.webhook.0, crud::all_rows(&ctx), query).await
        })
}
