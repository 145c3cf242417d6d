//! `getCompanyPolicy`: the company's rules of attendance, hours and leave.

use std::sync::Arc;

use workforceos_core::BusinessApi;
use workforceos_core::api::Reach;
use workforceos_core::filter::ListQuery;
use workforceos_core::object::DataObject;
use workforceos_core::objects::CompanyPolicy;
use workforceos_core::session::Ctx;

use crate::{Api, App, crud};

pub fn api() -> Api {
    BusinessApi::get("getCompanyPolicy")
        .on::<CompanyPolicy>()
        .at("/v1/companypolicy")
        .reach(Reach::Member)
        .about("Returns the company's rules: grace and check-in minutes, hours, workdays, overtime, leave types, rest.")
        .reader(|app: Arc<App>, ctx: Ctx, _: (), query: ListQuery| async move {
            let id = ctx.company().0;
            crud::one(&app, &ctx, CompanyPolicy::def(), id, crud::all_rows(&ctx), query).await
        })
}
