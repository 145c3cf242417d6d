//! `getCompanyProfile`: the company as its admins edit it.

use std::sync::Arc;

use workforceos_core::BusinessApi;
use workforceos_core::api::Reach;
use workforceos_core::filter::ListQuery;
use workforceos_core::objects::Company;
use workforceos_core::session::Ctx;

use super::get_company::read;
use crate::{Api, App};

pub fn api() -> Api {
    BusinessApi::get("getCompanyProfile")
        .on::<Company>()
        .at("/v1/companyprofile")
        .reach(Reach::Admins)
        .about("Returns the company with everything that its admins may edit.")
        .reader(|app: Arc<App>, ctx: Ctx, _: (), query: ListQuery| async move {
            let company = ctx.company();
            read(&app, &ctx, company, query).await
        })
}
