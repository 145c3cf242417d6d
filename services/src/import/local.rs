//! Importing without a login: who can read and write the database acts as the company's owner.

use std::sync::Arc;

use workforceos_core::error::{Error, Result};
use workforceos_core::id::SessionId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{Company, User};
use workforceos_core::session::{Ctx, Session};

use super::{Kind, Options, Report, run};
use crate::{App, outside, system_ctx};

/// Imports a file into the company of a codename.
pub async fn import(
    app: &App,
    codename: &str,
    kind: Kind,
    bytes: Vec<u8>,
    options: Options,
    tell: impl Fn(u64, u64) + Send + Sync,
) -> Result<Report> {
    let ctx = owner_of(app, codename, kind).await?;
    run(app, &ctx, kind, bytes, options, tell).await
}

async fn owner_of(app: &App, codename: &str, kind: Kind) -> Result<Ctx> {
    let unknown = || Error::field("--company", format!("there is no company of the codename {codename}"));
    let tenant = outside::tenant(app, codename).await?.ok_or_else(unknown)?;
    let id = tenant.company;
    let company = Company::from_record(app.store.get(Company::def(), Some(id), id.0).await?.ok_or_else(unknown)?)?;
    let owner = app.store.get(User::def(), Some(id), company.owner_id.0).await?;
    let owner = User::from_record(owner.ok_or_else(|| Error::not_found("owner"))?)?;
    let now = app.clock.now();
    let session = Session {
        id: SessionId(app.ids.next(now)),
        user: company.owner_id,
        company: id,
        codename: tenant.codename.clone(),
        role: owner.role,
        email: owner.email,
        fullname: owner.fullname,
        avatar: owner.avatar,
        needs_2fa: false,
        key: None,
        expires_at: None,
    };
    let ctx = system_ctx((*tenant).clone(), now, kind.api());
    Ok(Ctx { session: Some(Arc::new(session)), clock: app.clock.clone(), ids: app.ids.clone(), ..ctx })
}
