//! What dispatch and the event hub need, over store and caches.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value as Json;
use sha2::Sha256;
use workforceos_actors::hub::{Access, Person};
use workforceos_core::api::BoxFuture;
use workforceos_core::change::{ANSWER_KEPT, Audience, Entry};
use workforceos_core::dispatch::Outside;
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, DepartmentId, UserId};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{
    Company, CompanySubscription, EmployeeProfile, SubscriptionStatus, User, UserGroup, UserGroupMember,
};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Scope, Session, Subscription, Tenant};
use workforceos_core::time::Timestamp;
use workforceos_core::zone::Zone;
use workforceos_store::Store;

use crate::{App, Caches, auth, notes};

/// Dispatch's way to sessions, tenants, scopes and stored answers.
pub struct Gateway {
    app: Arc<App>,
}

impl Gateway {
    pub fn new(app: Arc<App>) -> Gateway {
        Gateway { app }
    }
}

#[async_trait]
impl Outside for Gateway {
    async fn session(&self, token: &str) -> Result<Option<Arc<Session>>> {
        auth::session(&self.app, token).await
    }

    async fn tenant(&self, codename: &str) -> Result<Option<Arc<Tenant>>> {
        tenant(&self.app, codename).await
    }

    async fn scope(&self, company: CompanyId, user: UserId) -> Result<Arc<Scope>> {
        scope(&self.app.store, &self.app.caches, company, user).await
    }

    async fn stored_answer(&self, company: CompanyId, user: UserId, key: &str) -> Result<Option<(u64, Json)>> {
        let not_before = Timestamp(self.app.clock.now().0 - ANSWER_KEPT);
        self.app.store.stored_answer(company, user, key, not_before).await
    }

    fn digest(&self, bytes: &[u8]) -> u64 {
        // The journal's key: nodes that share a database share it. A prefix keeps the two uses apart.
        let digest = keyed(&self.app.settings.journal_key, &[b"idempotency\n", bytes].concat());
        digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn seal(&self, purpose: &str, bytes: &[u8]) -> Option<[u8; 16]> {
        // A key of its own for each purpose, out of the secret that signs logins: that, too, is the same on every node.
        let key = keyed(&self.app.settings.jwt_secret, format!("seal\n{purpose}").as_bytes());
        keyed(&key, bytes).first_chunk().copied()
    }

    fn count(&self, session: &Session) -> Result<()> {
        self.app.limits.count(session)
    }

    fn count_public(&self, address: Option<IpAddr>, reading: bool) -> Result<()> {
        self.app.limits.count_public(address, reading)
    }

    fn reads_elsewhere(&self, ctx: &Ctx) {
        notes::read_elsewhere(&self.app, ctx);
    }

    fn denied(&self, ctx: &Ctx, error: &Error) {
        notes::denied(&self.app, ctx, error);
    }

    fn spawn(&self, task: BoxFuture<()>) {
        // Not on the caller's thread, which may end before the task does.
        self.app.companies.spawn_task(task);
    }
}

fn keyed(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length of key will do");
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// The company of a codename.
pub(crate) async fn tenant(app: &App, codename: &str) -> Result<Option<Arc<Tenant>>> {
    if let Some(tenant) = app.caches.tenant(codename) {
        return Ok(Some(tenant));
    }
    let query = Query { company: None, limit: 1, ..Query::of(Company::def(), CompanyId::ROOT, Cond::eq("codename", codename)) };
    let Some(record) = app.store.select(&query).await?.into_iter().next() else { return Ok(None) };
    let id = CompanyId(record.id());
    // The epoch is read before the row that is kept: a change in between makes the entry stale, never wrong.
    let epoch = app.caches.epoch(id);
    let Some(record) = app.store.get(Company::def(), Some(id), id.0).await? else { return Ok(None) };
    let company = Company::from_record(record)?;
    let zone = Zone::parse(&company.timezone).unwrap_or(Zone::UTC);
    let subscription = subscription(&app.store, id).await?;
    let tenant = Arc::new(Tenant { subscription, ..Tenant::of(id, company.codename, zone) });
    app.caches.keep_tenant(epoch, &tenant);
    Ok(Some(tenant))
}

/// What a company is subscribed to. Whether it has expired is for whoever asks: that comes without a word from anybody.
async fn subscription(store: &Store, company: CompanyId) -> Result<Option<Subscription>> {
    let active = Cond::eq("status", SubscriptionStatus::Active.as_str());
    let found = store.select(&Query::of(CompanySubscription::def(), company, active)).await?;
    let Some(record) = found.into_iter().next() else { return Ok(None) };
    let active = CompanySubscription::from_record(record)?;
    Ok(Some(Subscription { features: active.features(), until: active.expiry_date }))
}

/// Whom a user reaches, and to which departments the user belongs.
pub(crate) async fn scope(store: &Store, caches: &Caches, company: CompanyId, user: UserId) -> Result<Arc<Scope>> {
    if let Some(scope) = caches.scope(company, user) {
        return Ok(scope);
    }
    let epoch = caches.epoch(company);
    let mut scope = Scope { departments: departments(store, company, user).await?, ..Scope::default() };
    let managed = Query::of(EmployeeProfile::def(), company, Cond::eq("managerId", user.0));
    let named: Vec<UserId> = store.select(&managed).await?.iter().filter_map(|p| p.get("userId").as_id()).map(UserId).collect();
    if !named.is_empty() {
        let active = Query::of(User::def(), company, Cond::id_in("id", &named));
        scope.reports = store.select(&active).await?.iter().map(|u| UserId(u.id())).filter(|u| *u != user).collect();
        scope.reached_departments = reached_departments(store, company, user, &scope.reports).await?;
    }
    let scope = Arc::new(scope);
    caches.keep_scope(company, user, epoch, &scope);
    Ok(scope)
}

async fn departments(store: &Store, company: CompanyId, user: UserId) -> Result<Vec<DepartmentId>> {
    let mine = Query::of(UserGroupMember::def(), company, Cond::eq("userId", user.0));
    let groups: Vec<DepartmentId> =
        store.select(&mine).await?.iter().filter_map(|m| m.get("groupId").as_id()).map(DepartmentId).collect();
    if groups.is_empty() {
        return Ok(groups);
    }
    let active = Query::of(UserGroup::def(), company, Cond::id_in("id", &groups));
    Ok(store.select(&active).await?.iter().map(|g| DepartmentId(g.id())).collect())
}

/// Departments with members, all of whom are the manager or their reports.
async fn reached_departments(store: &Store, company: CompanyId, user: UserId, reports: &[UserId]) -> Result<Vec<DepartmentId>> {
    let mut reached = std::collections::BTreeMap::new();
    for member in store.select(&Query::of(UserGroupMember::def(), company, Cond::TRUE)).await? {
        let (Some(group), Some(id)) = (member.get("groupId").as_id(), member.get("userId").as_id()) else { continue };
        let mine = id == user.0 || reports.contains(&UserId(id));
        *reached.entry(DepartmentId(group)).or_insert(true) &= mine;
    }
    Ok(reached.into_iter().filter(|(_, all)| *all).map(|(group, _)| group).collect())
}

/// The event hub's way to the journal and to people.
pub(crate) struct HubAccess {
    store: Store,
    caches: Arc<Caches>,
}

impl HubAccess {
    pub(crate) fn new(store: Store, caches: Arc<Caches>) -> HubAccess {
        HubAccess { store, caches }
    }
}

#[async_trait]
impl Access for HubAccess {
    async fn journal(&self, company: CompanyId, after: i64, limit: u32) -> Result<Vec<Entry>> {
        self.store.journal(company, after, limit).await
    }

    async fn oldest(&self, company: CompanyId) -> Result<Option<i64>> {
        self.store.oldest_seq(company).await
    }

    async fn withdrawals(&self, company: CompanyId, after: i64, limit: u32) -> Result<Vec<Audience>> {
        self.store.withdrawals(company, after, limit).await
    }

    async fn person(&self, company: CompanyId, user: UserId) -> Result<Option<Person>> {
        let Some(record) = self.store.get(User::def(), None, user.0).await? else { return Ok(None) };
        let person = User::from_record(record)?;
        let root = person.company_id.is_root() && person.role.is_admin();
        if person.archive_date.is_some() || (person.company_id != company && !root) {
            return Ok(None);
        }
        let admin = person.role.is_admin();
        let departments =
            if admin { Vec::new() } else { scope(&self.store, &self.caches, company, user).await?.departments.clone() };
        Ok(Some(Person { admin, departments }))
    }
}
