//! `getCompany`: the caller's company.

use std::sync::Arc;

use workforceos_core::BusinessApi;
use workforceos_core::answer::{Answer, Data, Row, Source};
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::id::CompanyId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::Company;
use workforceos_core::session::Ctx;

use crate::{Api, App};

pub fn api() -> Api {
    BusinessApi::get("getCompany")
        .on::<Company>()
        .at("/v1/companies")
        .reach(Reach::Member)
        .about("Returns the company that the caller belongs to.")
        .reader(|app: Arc<App>, ctx: Ctx, _: (), query: ListQuery| async move {
            let company = ctx.company();
            read(&app, &ctx, company, query).await
        })
}

/// A company by its id.
pub async fn read(app: &App, ctx: &Ctx, company: CompanyId, query: ListQuery) -> Result<Answer> {
    let record = app.store.get(Company::def(), Some(company), company.0).await?.filter(|record| record.is_active());
    let record = record.ok_or_else(|| Error::not_found(Company::def().name))?;
    let mut answer = Answer::new(Data::One(Box::new(Row::seen_by(ctx, record))), Source::Db);
    answer.fields = query.fields;
    Ok(answer)
}
