//! The sample company: babil, a hotel with 40 people in 5 departments, fourteen weeks of shifts, the attendance at them up
//! to now, drafts, open shifts and swaps, leave, tasks, end-of-day reports, announcements and last month's pay. The same clock and seed give the same company, so that every
//! list, stream and tool has something to show.

mod agents;
mod announcements;
mod documents;
mod doings;
mod leave;
mod pay;
mod people;
mod reports;
mod subscription;
mod tasks;
mod webhooks;
mod work;

use std::sync::Arc;

use serde_json::json;
use workforceos_actors::Needs;
use workforceos_core::change::Changes;
use workforceos_core::dispatch::Caller;
use workforceos_core::error::{Error, Result};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{CompanyPolicy, User};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Tenant, Via};

use crate::{App, auth, outside};

/// The codename of the sample company.
pub const CODENAME: &str = "babil";
/// The password of its people (not of its owner). The sample company is for one's own machine.
pub const PASSWORD: &str = "babil-demo-2026";
const SEED: u64 = 20_260_101;
const KEY_NAME: &str = "demo";

/// How to log in to the sample company.
#[derive(Clone, Debug)]
pub struct SampleLogins {
    pub codename: &'static str,
    /// What the login shows, its e-mail address and its password.
    pub logins: Vec<(&'static str, String, String)>,
    /// Acts as the sample company's administrator.
    pub api_key: String,
}

/// Fills the sample company if it is still empty, and hands out its logins with a fresh API key.
pub async fn fill(app: &Arc<App>) -> Result<SampleLogins> {
    let tenant = outside::tenant(app, CODENAME).await?.ok_or_else(|| Error::not_found("company"))?;
    let people = Query::of(User::def(), tenant.company, Cond::TRUE);
    let written = if app.store.count(&people).await? < 2 { Some(write(app, &tenant).await?) } else { None };
    let login = |what, person: usize| (what, people::email(person), PASSWORD.to_owned());
    let logins = vec![
        login("administrator (sees everything)", people::ADMIN),
        login("manager of the kitchen (sees the team)", people::manager(people::KITCHEN)),
        login("employee of the kitchen (sees the own)", people::employee(people::KITCHEN)),
    ];
    let admin = log_in(app, &logins[0].1).await?;
    if let Some(staff) = written {
        doings::all(app, &admin, &staff, staff.ctx.now()).await;
        app.store.analyze().await?;
        tracing::info!(company = CODENAME, "filled the sample company");
    }
    let api_key = fresh_key(&admin).await?;
    Ok(SampleLogins { codename: CODENAME, logins, api_key })
}

async fn write(app: &App, tenant: &Tenant) -> Result<people::Staff> {
    let hash = app.passwords.hash(PASSWORD).await?;
    let now = app.clock.now();
    let mut sample = people::Staff::new(tenant.clone(), now, hash, SEED);
    commit(app, tenant, sample.everybody()).await?;
    commit(app, tenant, subscription::one(&sample, now)).await?;
    for week in work::weeks(tenant, now) {
        commit(app, tenant, work::week(&mut sample, week, now)).await?;
    }
    let policy = app.store.get(CompanyPolicy::def(), Some(tenant.company), tenant.company.0).await?;
    let policy = CompanyPolicy::from_record(policy.ok_or_else(|| Error::not_found("companyPolicy"))?)?;
    commit(app, tenant, leave::everything(&mut sample, policy, now)).await?;
    commit(app, tenant, tasks::all(&sample, now)).await?;
    reports::of_past_days(app, &sample).await?;
    pay::last_month(app, &sample, now).await?;
    commit(app, tenant, announcements::all(&sample, now)).await?;
    commit(app, tenant, webhooks::one(&sample, now)).await?;
    commit(app, tenant, agents::answers(&sample, now)).await?;
    Ok(sample)
}

async fn commit(app: &App, tenant: &Tenant, changes: Changes) -> Result<()> {
    app.companies.decide(tenant.company, Needs::none(), move |_| Ok((changes.clone(), ()))).await
}

/// A caller of APIs who is logged in.
async fn log_in(app: &Arc<App>, email: &str) -> Result<doings::Caller> {
    let request = auth::LoginRequest {
        username: email.to_owned(),
        password: PASSWORD.to_owned(),
        company: Some(CODENAME.to_owned()),
        ip: None,
        user_agent: Some("workforceos demo".to_owned()),
        request_id: "demo".into(),
    };
    let token = auth::login(app, request).await?.token;
    let dispatch = crate::dispatch(app.clone()).map_err(Error::internal)?;
    let caller =
        Caller { token: Some(token), company: None, via: Via::Rest, client: None, address: None, request_id: "demo".into() };
    let ctx = dispatch.enter(caller).await?;
    Ok(doings::Caller { dispatch, ctx })
}

/// A new API key of the administrator in place of the one of an earlier start.
async fn fresh_key(admin: &doings::Caller) -> Result<String> {
    let keys = admin.data("listApiKeys", doings::none()).await?;
    for old in keys.as_array().into_iter().flatten().filter(|k| k["name"] == KEY_NAME) {
        admin.call("deleteApiKey", json!({"apiKeyId": old["id"]})).await?;
    }
    let made = admin.call("createApiKey", json!({"name": KEY_NAME})).await?;
    let key = made.extra.iter().find(|(name, ..)| *name == "key").and_then(|(_, key, _)| key.as_str());
    key.map(str::to_owned).ok_or_else(|| Error::internal("createApiKey answered no key"))
}
