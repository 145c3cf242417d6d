//! Who is calling, on which tenant, and whom they may reach.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::change::IdempotencyKey;
use crate::error::{Error, Result, Status};
use crate::id::{CompanyId, DepartmentId, IdSource, SessionId, UserId};
use crate::object::Level;
use crate::progress::Progress;
use crate::time::{Clock, Timestamp};
use crate::wire_enum;
use crate::zone::Zone;

wire_enum! {
    /// A user's role: three of the SaaS level, three of a company.
    pub enum Role {
        SuperAdmin => "superAdmin",
        SaasAdmin => "saasAdmin",
        SaasUser => "saasUser",
        TenantOwner => "tenantOwner",
        TenantAdmin => "tenantAdmin",
        TenantUser => "tenantUser",
    }
}

impl Role {
    pub fn is_root(self) -> bool {
        matches!(self, Role::SuperAdmin | Role::SaasAdmin | Role::SaasUser)
    }

    /// Administers its own tenant: the company, or the SaaS level.
    pub fn is_admin(self) -> bool {
        !matches!(self, Role::SaasUser | Role::TenantUser)
    }
}

wire_enum! {
    /// By which door a call came in; the audit log keeps it.
    pub enum Via {
        Rest => "rest",
        Mcp => "mcp",
        Agent => "agent",
        Timer => "timer",
    }
}

/// The tenant on which a call acts.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    pub company: CompanyId,
    pub codename: Arc<str>,
    pub zone: Zone,
    /// What the company is subscribed to, if it is.
    pub subscription: Option<Subscription>,
}

/// What an active subscription is good for, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub features: Vec<String>,
    /// The first instant at which it has expired.
    pub until: Timestamp,
}

impl Tenant {
    /// A tenant without a subscription.
    pub fn of(company: CompanyId, codename: impl Into<Arc<str>>, zone: Zone) -> Tenant {
        Tenant { company, codename: codename.into(), zone, subscription: None }
    }

    pub fn root() -> Tenant {
        Tenant::of(CompanyId::ROOT, "root", Zone::UTC)
    }

    /// Whether its subscription is good for a feature at that moment.
    pub fn subscribed(&self, feature: &str, now: Timestamp) -> bool {
        self.subscription.as_ref().is_some_and(|s| s.is_good_for(feature, now))
    }
}

impl Subscription {
    pub fn is_good_for(&self, feature: &str, now: Timestamp) -> bool {
        now < self.until && self.features.iter().any(|f| f == feature)
    }
}

/// What an API key may do beyond being its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyScope {
    pub read_only: bool,
    /// Names of the services that it may call; none: all.
    pub services: Vec<String>,
}

/// A verified login.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub company: CompanyId,
    pub codename: Arc<str>,
    pub role: Role,
    pub email: String,
    pub fullname: String,
    pub avatar: Option<String>,
    pub needs_2fa: bool,
    /// Set if the call was made with an API key.
    pub key: Option<KeyScope>,
    pub expires_at: Option<Timestamp>,
}

impl Session {
    /// The flat session of `/login` and `/currentuser`.
    pub fn to_json(&self, token: Option<&str>) -> Json {
        let company = (!self.company.is_root()).then(|| self.company.to_string());
        json!({
            "sessionId": self.id.to_string(), "userId": self.user.to_string(), "email": self.email, "fullname": self.fullname,
            "avatar": self.avatar, "roleId": self.role.as_str(), "tenantId": company, "companyId": company,
            "companyCodename": &*self.codename, "accessToken": token, "sessionNeedsEmail2FA": self.needs_2fa,
        })
    }
}

/// The people a caller reaches beyond themselves: looked up once per call, only for those who are no admins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Direct reports: whose active profile names the caller as manager.
    pub reports: Vec<UserId>,
    /// The caller's own departments.
    pub departments: Vec<DepartmentId>,
    /// Departments all of whose members the caller reaches.
    pub reached_departments: Vec<DepartmentId>,
}

/// Everything that a handler may know of its caller and its time.
#[derive(Clone)]
pub struct Ctx {
    pub session: Option<Arc<Session>>,
    pub tenant: Arc<Tenant>,
    pub scope: Arc<Scope>,
    pub via: Via,
    /// The calling program's own name, where it says one (MCP clients).
    pub client: Option<Arc<str>>,
    /// Where the call came from, if it came over the network.
    pub address: Option<IpAddr>,
    pub request_id: Arc<str>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<IdSource>,
    /// The API being called: the audit log's action.
    pub api: &'static str,
    pub idempotency: Option<IdempotencyKey>,
    /// Who hears how far a long call is.
    pub progress: Progress,
}

impl Ctx {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn new_id(&self) -> Uuid {
        self.ids.next(self.clock.now())
    }

    pub fn company(&self) -> CompanyId {
        self.tenant.company
    }

    /// The calling user; the nil id where nobody is logged in.
    pub fn user(&self) -> UserId {
        self.session.as_ref().map_or(UserId(Uuid::nil()), |s| s.user)
    }

    pub fn role(&self) -> Option<Role> {
        self.session.as_ref().map(|s| s.role)
    }

    /// Admin of the tenant on which the call acts: its owner or admin, or a root admin acting on it.
    pub fn is_admin(&self) -> bool {
        self.session.as_ref().is_some_and(|s| match s.role {
            Role::SuperAdmin | Role::SaasAdmin => true,
            role => role.is_admin() && s.company == self.tenant.company,
        })
    }

    /// The services to which the caller's API key is limited; `None`: it may call all.
    pub fn limited_to(&self) -> Option<&[String]> {
        let key = self.session.as_ref()?.key.as_ref()?;
        Some(key.services.as_slice()).filter(|services| !services.is_empty())
    }

    /// Whether somebody of the SaaS level acts on a company.
    pub fn acts_elsewhere(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.company.is_root()) && !self.company().is_root()
    }

    /// 403 as long as the login's second factor is missing.
    pub fn second_factor_done(&self) -> Result<()> {
        match &self.session {
            Some(session) if session.needs_2fa => {
                Err(Error::new(Status::Forbidden, "EmailTwoFactorNeeded", "Complete the e-mail second factor first"))
            }
            _ => Ok(()),
        }
    }

    /// 403 unless the company's subscription has a feature now. Root admins need none.
    pub fn needs_feature(&self, feature: &str) -> Result<()> {
        let root = self.session.as_ref().is_some_and(|s| matches!(s.role, Role::SuperAdmin | Role::SaasAdmin));
        if root || self.tenant.subscribed(feature, self.now()) {
            return Ok(());
        }
        let message = format!(
            "This needs the company's subscription with {feature}, paid and not expired. An admin of the company can subscribe"
        );
        Err(Error::new(Status::Forbidden, "SubscriptionRequired", message).detail(json!({"feature": feature})))
    }

    pub fn is_manager(&self) -> bool {
        !self.scope.reports.is_empty()
    }

    /// Whether the caller manages this user (not: is this user).
    pub fn manages(&self, user: UserId) -> bool {
        user != self.user() && self.scope.reports.contains(&user)
    }

    /// Whether a user's rows are within the caller's reach.
    pub fn reaches(&self, user: UserId) -> bool {
        self.is_admin() || user == self.user() || self.manages(user)
    }

    /// The caller and their reports.
    pub fn reached_users(&self) -> Vec<UserId> {
        let mut users = self.scope.reports.clone();
        users.push(self.user());
        users
    }

    /// The most that the caller may read of any row.
    pub fn highest_level(&self) -> Level {
        match (self.is_admin(), self.is_manager()) {
            (true, _) => Level::Admin,
            (_, true) => Level::Manager,
            _ => Level::Employee,
        }
    }

    /// How much of a row about `subject` the caller may read.
    pub fn level(&self, subject: Option<UserId>) -> Level {
        match subject {
            _ if self.is_admin() => Level::Admin,
            Some(user) if self.manages(user) => Level::Manager,
            _ => Level::Employee,
        }
    }
}
