//! `getCompanyAccount`, `listCompaniesAccounts`: the companies as the SaaS level sees them.

use std::sync::Arc;

use workforceos_core::api::Reach;
use workforceos_core::filter::ListQuery;
use workforceos_core::id::CompanyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Company;
use workforceos_core::query::Cond;
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use super::get_company::read;
use crate::{Api, App, crud};

input! {
    /// A company.
    pub struct ById {
        /// The company.
        company: CompanyId => "companyId" Path,
    }
}

pub fn get() -> Api {
    BusinessApi::get("getCompanyAccount")
        .on::<Company>()
        .at("/v1/companyaccounts/:companyId")
        .reach(Reach::Root)
        .any_tenant()
        .about("Returns any company's account, for the roles of the SaaS level.")
        .reader(
            |app: Arc<App>, ctx: Ctx, input: ById, query: ListQuery| async move { read(&app, &ctx, input.company, query).await },
        )
}

pub fn list() -> Api {
    BusinessApi::list("listCompaniesAccounts")
        .on::<Company>()
        .at("/v1/companyaccounts")
        .reach(Reach::Root)
        .any_tenant()
        .about("Lists the accounts of all companies, for the roles of the SaaS level.")
        .reader(|app: Arc<App>, ctx: Ctx, _: (), query: ListQuery| async move {
            crud::page_of(&app, &ctx, Company::def(), None, Cond::TRUE, query).await
        })
}
