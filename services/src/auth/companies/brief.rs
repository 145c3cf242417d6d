//! `listBriefCompanies`, `getBriefCompany`, `getCompanyHome`: what anybody may know of a company.

use std::sync::Arc;

use workforceos_core::answer::{Answer, Data, Row};
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Result};
use workforceos_core::filter::ListQuery;
use workforceos_core::id::CompanyId;
use workforceos_core::object::{DataObject, Level};
use workforceos_core::objects::Company;
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Ctx;
use workforceos_core::{BusinessApi, input};

use crate::{Api, App, crud};

input! {
    /// A company's codename.
    pub struct ByCodename {
        /// The company's codename.
        codename: String => "codename" Path,
    }
}

pub fn list() -> Api {
    BusinessApi::list("listBriefCompanies")
        .on::<Company>()
        .at("/v1/briefcompanies")
        .reach(Reach::Public)
        .any_tenant()
        .about("Lists the companies with id, name, full name, codename and picture, for everybody, logged in or not.")
        .reader(|app: Arc<App>, ctx: Ctx, _: (), mut query: ListQuery| async move {
            public_only(&mut query)?;
            Ok(public(crud::page_of(&app, &ctx, Company::def(), None, Cond::TRUE, query).await?))
        })
}

pub fn get() -> Api {
    BusinessApi::get("getBriefCompany")
        .on::<Company>()
        .at("/v1/briefcompanies/:codename")
        .reach(Reach::Public)
        .any_tenant()
        .about("Returns id, name, full name, codename and picture of the company with a codename, for everybody.")
        .reader(by_codename)
}

pub fn home() -> Api {
    BusinessApi::get("getCompanyHome")
        .on::<Company>()
        .at("/v1/companyhome/:codename")
        .reach(Reach::Public)
        .any_tenant()
        .about("Returns what a company's public home page shows: id, name, full name, codename and picture.")
        .reader(by_codename)
}

async fn by_codename(app: Arc<App>, _: Ctx, input: ByCodename, query: ListQuery) -> Result<Answer> {
    let codename = input.codename.to_lowercase();
    let by = Cond::eq("codename", codename.as_str());
    let read = Query { company: None, limit: 1, ..Query::of(Company::def(), CompanyId::ROOT, by) };
    let unknown = || Error::not_found(Company::def().name);
    let record = app.store.select(&read).await?.into_iter().next().ok_or_else(unknown)?;
    let mut answer = Answer::new(Data::One(Box::new(Row::new(record, Level::Public))), workforceos_core::answer::Source::Db);
    answer.fields = query.fields;
    Ok(answer)
}

/// One may not learn by order or filter what one may not read.
fn public_only(query: &mut ListQuery) -> Result<()> {
    let readable = |name: &str| Company::def().property(name).is_some_and(|p| p.read == Level::Public);
    let hidden = query.filters.iter().map(|(name, _)| name.as_str()).find(|name| !readable(name));
    if let Some(name) = hidden {
        return Err(Error::field(name, "cannot be filtered by here"));
    }
    // The default order, newest first, shows no date.
    if let Some(key) = query.order.iter().find(|key| !readable(key.property) && key.property != "createdAt") {
        return Err(Error::field("sortBy", format!("cannot be {} here", key.property)));
    }
    Ok(())
}

fn public(mut answer: Answer) -> Answer {
    if let Data::Many(rows) = &mut answer.data {
        rows.iter_mut().for_each(|row| row.level = Level::Public);
    }
    answer
}
