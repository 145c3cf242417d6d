//! From an access token or an API key to the login behind it.

use std::sync::Arc;

use workforceos_core::error::Result;
use workforceos_core::id::{CompanyId, SessionId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{ApiKey, Company, User, UserSession};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, KeyScope, Role, Session, Tenant, Via};
use workforceos_core::time::Timestamp;

use crate::App;
use crate::auth::keys;
use crate::auth::login::is_gone;
use crate::auth::tokens::{Named, Use};

/// The login of an access token or API key; `None` if it is none, or has ended.
pub async fn session(app: &App, token: &str) -> Result<Option<Arc<Session>>> {
    let now = app.clock.now();
    let running = |session: &Arc<Session>| session.expires_at.is_none_or(|at| at > now);
    if let Some(session) = app.caches.session(token) {
        return Ok(Some(session).filter(running));
    }
    if token.starts_with(keys::PREFIX) {
        return of_key(app, token, now).await;
    }
    let Some(named) = app.tokens.verify(Use::Access, token, now) else { return Ok(None) };
    // The epoch is read before the rows: a change in between makes the entry stale, never wrong.
    let epoch = app.caches.epoch(named.company);
    let session = of_login(app, named, now).await?.map(Arc::new);
    if let Some(session) = &session {
        app.caches.keep_session(token, epoch, session);
    }
    Ok(session)
}

/// The login of a bucket token, which is good for the routes of file buckets alone.
pub async fn bucket_session(app: &App, token: &str) -> Result<Option<Arc<Session>>> {
    let now = app.clock.now();
    match app.tokens.verify(Use::Bucket, token, now) {
        Some(named) => Ok(of_login(app, named, now).await?.map(Arc::new)),
        None => Ok(None),
    }
}

async fn of_login(app: &App, named: Named, now: Timestamp) -> Result<Option<Session>> {
    let Some(record) = app.store.get(UserSession::def(), Some(named.company), named.session.0).await? else { return Ok(None) };
    let login = UserSession::from_record(record)?;
    if !login.meta.is_active || login.expires_at <= now || login.user_id != named.user || login.company_id != named.company {
        return Ok(None);
    }
    let Some((user, codename)) = person(app, named.company, named.user).await? else { return Ok(None) };
    // Half a login of somebody archived is good for its second half, which brings the profile back.
    let may_come_back = login.needs_2fa && !is_gone(&user, now);
    Ok((user.archive_date.is_none() || may_come_back).then(|| of(&login, &user, codename)))
}

/// A login's session, as its user is now.
pub fn of(login: &UserSession, user: &User, codename: Arc<str>) -> Session {
    Session {
        id: SessionId(login.meta.id),
        needs_2fa: login.needs_2fa,
        expires_at: Some(login.expires_at),
        key: None,
        ..whose(user, codename)
    }
}

async fn of_key(app: &App, token: &str, now: Timestamp) -> Result<Option<Arc<Session>>> {
    if !keys::well_formed(token) {
        return Ok(None);
    }
    let digest = keys::digest(token);
    if app.caches.is_unknown_key(&digest, now) {
        return Ok(None);
    }
    let by_digest = Cond::eq("digest", digest.as_str());
    let query = Query { company: None, limit: 1, ..Query::of(ApiKey::def(), CompanyId::ROOT, by_digest) };
    let Some(found) = app.store.select(&query).await?.into_iter().next() else {
        app.caches.keep_unknown_key(digest, now);
        return Ok(None);
    };
    let company = ApiKey::from_record(found.clone())?.company_id;
    // Now that its company is known: the epoch first, then the row that is kept.
    let epoch = app.caches.epoch(company);
    let Some(record) = app.store.get(ApiKey::def(), Some(company), found.id()).await? else { return Ok(None) };
    let key = ApiKey::from_record(record)?;
    if !key.meta.is_active || key.expires_at.is_some_and(|at| at <= now) {
        return Ok(None);
    }
    let person = person(app, company, key.user_id).await?.filter(|(user, _)| user.archive_date.is_none());
    let Some((user, codename)) = person else { return Ok(None) };
    let scope = KeyScope { read_only: key.read_only, services: names(&key.services) };
    let session = Session { id: SessionId(key.meta.id), expires_at: key.expires_at, key: Some(scope), ..whose(&user, codename) };
    let session = Arc::new(session);
    app.caches.keep_session(token, epoch, &session);
    Ok(Some(session))
}

fn names(list: &serde_json::Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|n| n.as_str()).map(str::to_owned).collect()
}

/// An active user, archived or not, and the codename of their tenant.
async fn person(app: &App, company: CompanyId, id: UserId) -> Result<Option<(User, Arc<str>)>> {
    let Some(record) = app.store.get(User::def(), Some(company), id.0).await? else { return Ok(None) };
    let user = User::from_record(record)?;
    if !user.meta.is_active || user.company_id != company {
        return Ok(None);
    }
    Ok(codename(app, company).await?.map(|codename| (user, codename)))
}

/// A session of the server's own making for a user of a company, or for its owner, who need not be logged in: what the server works
/// out for them, it reads with their rights. It has no token and no changing call takes it. `None` if there is no such user now.
pub async fn on_behalf_of(app: &App, company: CompanyId, user: Option<UserId>) -> Result<Option<Session>> {
    let user = match user {
        Some(user) => Some(user),
        None => {
            let owner = Query::of(User::def(), company, Cond::eq("roleId", Role::TenantOwner.as_str()));
            app.store.select(&owner).await?.first().map(|record| UserId(record.id()))
        }
    };
    let Some(user) = user else { return Ok(None) };
    let found = person(app, company, user).await?.filter(|(user, _)| user.archive_date.is_none());
    let reads = KeyScope { read_only: true, services: Vec::new() };
    Ok(found.map(|(user, codename)| Session { key: Some(reads), ..whose(&user, codename) }))
}

/// A tenant's codename: `root` for the SaaS level.
pub async fn codename(app: &App, company: CompanyId) -> Result<Option<Arc<str>>> {
    if company.is_root() {
        return Ok(Some(Tenant::root().codename));
    }
    let Some(record) = app.store.get(Company::def(), Some(company), company.0).await? else { return Ok(None) };
    let company = Company::from_record(record)?;
    Ok(company.meta.is_active.then(|| company.codename.into()))
}

fn whose(user: &User, codename: Arc<str>) -> Session {
    Session {
        id: SessionId(uuid::Uuid::nil()),
        user: UserId(user.meta.id),
        company: user.company_id,
        codename,
        role: user.role,
        email: user.email.clone(),
        fullname: user.fullname.clone(),
        avatar: user.avatar.clone(),
        needs_2fa: false,
        key: None,
        expires_at: None,
    }
}

/// The context of an act that no login stands behind: a first start, a login itself.
pub fn anonymous(app: &App, tenant: Arc<Tenant>, via: Via, request_id: Arc<str>, api: &'static str) -> Ctx {
    Ctx {
        session: None,
        tenant,
        scope: Arc::default(),
        via,
        client: None,
        address: None,
        request_id,
        clock: app.clock.clone(),
        ids: app.ids.clone(),
        api,
        idempotency: None,
        progress: Default::default(),
    }
}

/// The caller's context on their own tenant, where their profile, logins and keys are, whatever company they claim.
pub fn at_home(ctx: &Ctx) -> Ctx {
    match &ctx.session {
        Some(session) if session.company != ctx.company() => {
            let tenant = Tenant::of(session.company, session.codename.clone(), ctx.tenant.zone);
            Ctx { tenant: Arc::new(tenant), ..ctx.clone() }
        }
        _ => ctx.clone(),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use uuid::Uuid;
    use workforceos_core::id::IdSource;
    use workforceos_core::object::Meta;
    use workforceos_core::session::Role;
    use workforceos_core::time::ManualClock;
    use workforceos_core::zone::Zone;

    pub fn company() -> CompanyId {
        CompanyId(Uuid::from_u128(100))
    }

    pub fn user(id: u128, role: Role, company: CompanyId) -> User {
        User {
            meta: Meta::new(Uuid::from_u128(id), Timestamp(0), None),
            email: "ann@acme.test".to_owned(),
            password: "hash".to_owned(),
            fullname: "Ann".to_owned(),
            avatar: None,
            role,
            email_verified: true,
            archive_date: None,
            company_id: company,
        }
    }

    /// A caller of a role, acting on a tenant.
    pub fn ctx(role: Role, on: CompanyId) -> Ctx {
        let home = if role.is_root() { CompanyId::ROOT } else { on };
        Ctx {
            session: Some(Arc::new(whose(&user(1, role, home), "home".into()))),
            tenant: Arc::new(Tenant::of(on, "on", Zone::UTC)),
            scope: Arc::default(),
            via: Via::Rest,
            client: None,
            address: None,
            request_id: "r".into(),
            clock: Arc::new(ManualClock::at(Timestamp(1_780_000_000_000))),
            ids: Arc::new(IdSource::seeded(1)),
            api: "test",
            idempotency: None,
            progress: Default::default(),
        }
    }

    #[test]
    fn own_things_are_on_the_own_tenant() {
        assert_eq!(at_home(&ctx(Role::SuperAdmin, company())).company(), CompanyId::ROOT);
        assert_eq!(at_home(&ctx(Role::TenantUser, company())).company(), company());
    }
}
