//! `listUserSessions`: the logins that run.

use std::sync::Arc;

use workforceos_core::BusinessApi;
use workforceos_core::api::Reach;
use workforceos_core::filter::ListQuery;
use workforceos_core::object::DataObject;
use workforceos_core::objects::UserSession;
use workforceos_core::query::{Cond, Op};
use workforceos_core::session::Ctx;
use workforceos_core::value::Value;

use super::own_or_admin;
use crate::{Api, App, crud};

pub fn api() -> Api {
    BusinessApi::list("listUserSessions")
        .on::<UserSession>()
        .at("/v1/usersessions")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .about("Lists one's own running logins (admins: all of the tenant) with the address and the program that logged in.")
        .reader(|app: Arc<App>, ctx: Ctx, _: (), query: ListQuery| async move {
            let running = Cond::Cmp("expiresAt", Op::Gt, Value::Time(ctx.now()));
            crud::page(&app, &ctx, UserSession::def(), own_or_admin(&ctx).and(running), query).await
        })
}
