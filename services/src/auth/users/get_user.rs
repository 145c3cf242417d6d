//! `getUser`: oneself, one's reports, for admins everybody.

use std::sync::Arc;

use workforceos_core::BusinessApi;
use workforceos_core::api::Reach;
use workforceos_core::filter::ListQuery;
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::session::Ctx;

use super::ByUser;
use crate::{Api, App, crud};

pub fn api() -> Api {
    BusinessApi::get("getUser")
        .on::<User>()
        .at("/v1/users/:userId")
        .reach(Reach::Own)
        .any_tenant()
        .about("Returns a user: oneself, a direct report, or for admins anybody of the tenant.")
        .reader(|app: Arc<App>, ctx: Ctx, input: ByUser, query: ListQuery| async move {
            crud::one(&app, &ctx, User::def(), input.user.0, crud::own_rows::<User>(&ctx), query).await
        })
}
