//! A tiny state, an outside without I/O, and contexts for them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use uuid::Uuid;
use workforceos_core::api::BoxFuture;
use workforceos_core::dispatch::{Caller, Dispatch, Outside};
use workforceos_core::id::{CompanyId, IdSource, SessionId, UserId};
use workforceos_core::registry::{Registry, Service};
use workforceos_core::session::{Ctx, Role, Scope, Session, Subscription, Tenant, Via};
use workforceos_core::time::{ManualClock, Timestamp};
use workforceos_core::zone::Zone;
use workforceos_core::{BusinessApi, Error, Result};

pub struct Nothing;

pub const COMPANY: CompanyId = CompanyId(Uuid::from_u128(1));
pub const OTHER: CompanyId = CompanyId(Uuid::from_u128(2));
pub const USER: UserId = UserId(Uuid::from_u128(10));
pub const REPORT: UserId = UserId(Uuid::from_u128(11));

/// Who calls too often, and from where too often is called.
const HASTY: UserId = UserId(Uuid::from_u128(13));
pub const HASTY_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 66));

/// Tokens are `role` or `role@codename`; `2fa` waits for its second factor.
pub struct Fake;

#[async_trait]
impl Outside for Fake {
    async fn session(&self, token: &str) -> Result<Option<Arc<Session>>> {
        let (name, codename) = token.split_once('@').unwrap_or((token, "acme"));
        let needs_2fa = name == "2fa";
        let Some(role) = Role::parse(if needs_2fa || matches!(name, "manager" | "hasty") { "tenantUser" } else { name }) else {
            return Ok(None);
        };
        let (company, codename) = match (role.is_root(), codename) {
            (true, _) => (CompanyId::ROOT, "root"),
            (false, "acme") => (COMPANY, "acme"),
            (false, _) => (OTHER, "other"),
        };
        let user = match name {
            "manager" => UserId(Uuid::from_u128(12)),
            "hasty" => HASTY,
            _ => USER,
        };
        Ok(Some(Arc::new(session(role, company, codename, user, needs_2fa))))
    }

    async fn tenant(&self, codename: &str) -> Result<Option<Arc<Tenant>>> {
        let company = match codename {
            "acme" => COMPANY,
            "other" => OTHER,
            _ => return Ok(None),
        };
        let subscription = (company == COMPANY).then(|| Subscription { features: vec!["paid".to_owned()], until: Timestamp(5) });
        Ok(Some(Arc::new(Tenant { subscription, ..Tenant::of(company, codename, zone()) })))
    }

    async fn scope(&self, _: CompanyId, user: UserId) -> Result<Arc<Scope>> {
        let reports = if user == UserId(Uuid::from_u128(12)) { vec![REPORT] } else { Vec::new() };
        Ok(Arc::new(Scope { reports, ..Scope::default() }))
    }

    async fn stored_answer(&self, _: CompanyId, _: UserId, _: &str) -> Result<Option<(u64, Json)>> {
        Ok(None)
    }

    fn count(&self, session: &Session) -> Result<()> {
        if session.user == HASTY { Err(Error::rate_limited(7, "Too fast")) } else { Ok(()) }
    }

    fn count_public(&self, address: Option<IpAddr>, _: bool) -> Result<()> {
        if address == Some(HASTY_ADDRESS) { Err(Error::rate_limited(7, "Too fast")) } else { Ok(()) }
    }

    fn digest(&self, bytes: &[u8]) -> u64 {
        bytes.len() as u64
    }

    fn spawn(&self, task: BoxFuture<()>) {
        tokio::spawn(task);
    }
}

pub fn zone() -> Zone {
    Zone::parse("Europe/Berlin").expect("zone")
}

fn session(role: Role, company: CompanyId, codename: &str, user: UserId, needs_2fa: bool) -> Session {
    Session {
        id: SessionId(Uuid::from_u128(99)),
        user,
        company,
        codename: codename.into(),
        role,
        email: "ann@example.com".to_owned(),
        fullname: "Ann".to_owned(),
        avatar: None,
        needs_2fa,
        key: None,
        expires_at: None,
    }
}

pub fn ctx(role: Role, now: Timestamp) -> Ctx {
    Ctx {
        session: Some(Arc::new(session(role, COMPANY, "acme", USER, false))),
        tenant: Arc::new(Tenant::of(COMPANY, "acme", zone())),
        scope: Arc::new(Scope::default()),
        via: Via::Rest,
        client: None,
        request_id: "test".into(),
        clock: Arc::new(ManualClock::at(now)),
        ids: Arc::new(IdSource::random()),
        api: "test",
        address: None,
        idempotency: None,
        progress: Default::default(),
    }
}

pub fn dispatch(apis: Vec<BusinessApi<Nothing>>) -> Dispatch<Nothing> {
    Dispatch {
        registry: Registry::new(vec![Service { name: "things", prefix: "/things-api", apis }]).expect("declared well"),
        state: Arc::new(Nothing),
        outside: Arc::new(Fake),
        clock: Arc::new(ManualClock::at(Timestamp(0))),
        ids: Arc::new(IdSource::random()),
    }
}

pub fn caller(token: Option<&str>, company: Option<&str>) -> Caller {
    Caller {
        token: token.map(str::to_owned),
        company: company.map(str::to_owned),
        via: Via::Rest,
        client: None,
        address: None,
        request_id: "test".into(),
    }
}
