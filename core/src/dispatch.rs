//! The one way in: every call of REST, MCP, an agent or a timer takes these steps, in this order.
//!
//! session → rate → tenant → second factor → role → subscription → every field at once → the subject's reach → stored answer → handler.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures_util::FutureExt;
use serde_json::Value as Json;

use crate::answer::Answer;
use crate::api::{BoxFuture, BusinessApi, On, Reach};
use crate::change::IdempotencyKey;
use crate::error::{Error, Result, Status};
use crate::id::{CompanyId, IdSource, UserId};
use crate::input::Args;
use crate::registry::Registry;
use crate::session::{Ctx, Role, Scope, Session, Tenant, Via};
use crate::time::Clock;
use crate::zone::Zone;

/// What dispatch needs from outside: implemented over store and services.
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// The session of an access token or API key; `None` if it is no valid one.
    async fn session(&self, token: &str) -> Result<Option<Arc<Session>>>;

    /// The company of a codename.
    async fn tenant(&self, codename: &str) -> Result<Option<Arc<Tenant>>>;

    /// Whom a user who is no admin reaches.
    async fn scope(&self, company: CompanyId, user: UserId) -> Result<Arc<Scope>>;

    /// The answer stored for an idempotency key within the last 24 hours, with the fingerprint of its call.
    async fn stored_answer(&self, company: CompanyId, user: UserId, key: &str) -> Result<Option<(u64, Json)>>;

    /// A keyed digest, the same on every node: what is kept of a call's arguments must not help to guess them.
    fn digest(&self, bytes: &[u8]) -> u64;

    /// A keyed digest for what callers hand back, the same on every node and of no use for another purpose. Unless implemented,
    /// nothing is sealed.
    fn seal(&self, _purpose: &str, _bytes: &[u8]) -> Option<[u8; 16]> {
        None
    }

    /// Notes that somebody of the SaaS level reads a company's data; changes leave their entries anyway.
    fn reads_elsewhere(&self, _: &Ctx) {}

    /// Notes that somebody who is logged in was refused: 403.
    fn denied(&self, _: &Ctx, _: &Error) {}

    /// Counts a call of a login or key against its rate; 429 if it came too soon. Unless implemented, there is no limit.
    fn count(&self, _: &Session) -> Result<()> {
        Ok(())
    }

    /// Counts a call that needs no login against the rate of its address, as [`Outside::count`] does; `reading`: it only reads.
    fn count_public(&self, _: Option<IpAddr>, _reading: bool) -> Result<()> {
        Ok(())
    }

    /// Runs a task to its end, whatever becomes of the caller.
    fn spawn(&self, task: BoxFuture<()>);
}

/// What the edge knows of a call before anything is checked.
#[derive(Clone, Debug)]
pub struct Caller {
    pub token: Option<String>,
    /// The claimed company's codename.
    pub company: Option<String>,
    pub via: Via,
    pub client: Option<Arc<str>>,
    /// Where the call came from, if it came over the network.
    pub address: Option<IpAddr>,
    pub request_id: Arc<str>,
}

pub struct Dispatch<S> {
    pub registry: Registry<S>,
    pub state: Arc<S>,
    pub outside: Arc<dyn Outside>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<IdSource>,
}

impl<S: Send + Sync + 'static> Dispatch<S> {
    /// Resolves session and tenant, and counts the call against the session's rate: for everything that a caller asks for,
    /// once. A missing or bad token leaves the context without a session.
    pub async fn enter(&self, caller: Caller) -> Result<Ctx> {
        let session = self.session(&caller).await?;
        self.enter_as(session, caller).await
    }

    /// As [`Dispatch::enter`], with a session that was found by other means than an access token.
    pub async fn enter_as(&self, session: Option<Arc<Session>>, caller: Caller) -> Result<Ctx> {
        if let Some(session) = &session {
            self.outside.count(session)?;
        }
        self.entered(session, caller).await
    }

    /// As [`Dispatch::enter_as`], uncounted: where the same call enters again.
    pub async fn enter_as_uncounted(&self, session: Option<Arc<Session>>, caller: Caller) -> Result<Ctx> {
        self.entered(session, caller).await
    }

    /// As [`Dispatch::enter`], uncounted: where the same call enters again, or must not be refused.
    pub async fn enter_uncounted(&self, caller: Caller) -> Result<Ctx> {
        let session = self.session(&caller).await?;
        self.entered(session, caller).await
    }

    /// The session of the caller's token. One that names nobody counts as a read of the caller's address: it may have cost one.
    async fn session(&self, caller: &Caller) -> Result<Option<Arc<Session>>> {
        let Some(token) = &caller.token else { return Ok(None) };
        let session = self.outside.session(token).await?;
        if session.is_none() {
            self.outside.count_public(caller.address, true)?;
        }
        Ok(session)
    }

    async fn entered(&self, session: Option<Arc<Session>>, caller: Caller) -> Result<Ctx> {
        let (tenant, refused) = match (self.tenant(session.as_deref(), &caller).await, &session) {
            (Ok(tenant), _) => (tenant, None),
            // It is noted at home: elsewhere is nothing for the caller to write to.
            (Err(error), Some(session)) if error.status == Status::Forbidden => (Arc::new(home(session)), Some(error)),
            (Err(error), _) => return Err(error),
        };
        let ctx = Ctx {
            session,
            tenant,
            scope: Arc::default(),
            via: caller.via,
            client: caller.client,
            address: caller.address,
            request_id: caller.request_id,
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            api: "",
            idempotency: None,
            progress: Default::default(),
        };
        let Some(error) = refused else { return Ok(ctx) };
        self.outside.denied(&Ctx { api: "claimCompany", ..ctx }, &error);
        Err(error)
    }

    async fn tenant(&self, session: Option<&Session>, caller: &Caller) -> Result<Arc<Tenant>> {
        let own = session.map(|s| s.codename.clone());
        let Some(codename) = caller.company.as_deref().map(Arc::from).or(own) else { return Ok(Arc::new(Tenant::root())) };
        if &*codename == "root" {
            return match session {
                Some(s) if !s.company.is_root() => Err(mismatch()),
                _ => Ok(Arc::new(Tenant::root())),
            };
        }
        let unknown = || Error::new(Status::NotFound, "CompanyNotFound", "There is no company of that codename");
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if codename.is_empty() || codename.len() > 64 || !codename.bytes().all(plain) {
            return Err(unknown());
        }
        let Some(tenant) = self.outside.tenant(&codename).await? else {
            // It cost a read that nothing else counts.
            if session.is_none() {
                self.outside.count_public(caller.address, true)?;
            }
            return Err(unknown());
        };
        match session {
            Some(s) if s.company != tenant.company && !matches!(s.role, Role::SuperAdmin | Role::SaasAdmin) => Err(mismatch()),
            _ => Ok(tenant),
        }
    }

    /// Loads the scope of a caller who is no admin. Streams and tool lists need it without a call.
    pub async fn with_scope(&self, mut ctx: Ctx) -> Result<Ctx> {
        if let Some(session) = &ctx.session
            && !ctx.is_admin()
        {
            ctx.scope = self.outside.scope(ctx.tenant.company, session.user).await?;
        }
        Ok(ctx)
    }

    /// Whether the caller may use an API at all; `ctx` has its scope.
    pub fn allowed(&self, ctx: &Ctx, api: &BusinessApi<S>) -> Result<()> {
        let reach = api.reach.unwrap_or(Reach::Admins);
        let Some(session) = &ctx.session else {
            return if reach == Reach::Public { Ok(()) } else { Err(Error::login_required()) };
        };
        // What is public to everybody else, too: a half login is good for nothing but its second half.
        ctx.second_factor_done()?;
        if reach == Reach::Public {
            return self.key_allowed(session, api);
        }
        let root = matches!(session.role, Role::SuperAdmin | Role::SaasAdmin | Role::SaasUser);
        let role_fits = match reach {
            Reach::Public | Reach::LoggedIn => true,
            Reach::Root => root,
            Reach::RootAdmins => matches!(session.role, Role::SuperAdmin | Role::SaasAdmin),
            Reach::Member | Reach::Own => session.role != Role::SaasUser,
            Reach::Managers => ctx.is_admin() || ctx.is_manager(),
            Reach::Admins => ctx.is_admin(),
        };
        if !role_fits {
            return Err(Error::forbidden(format!("{} is not for your role. {}", api.name, reach.describe())));
        }
        self.key_allowed(session, api)?;
        if api.on == On::Company && ctx.tenant.company.is_root() {
            let message = "Name the company to act on: header mbx-company-codename, or _company";
            return Err(Error::new(Status::NotFound, "CompanyNotFound", message));
        }
        // Last: who could not call it with a subscription either is told of that.
        api.feature.map_or(Ok(()), |feature| ctx.needs_feature(feature))
    }

    fn key_allowed(&self, session: &Session, api: &BusinessApi<S>) -> Result<()> {
        let Some(key) = &session.key else { return Ok(()) };
        if api.no_keys {
            return Err(Error::forbidden(format!("{} cannot be called with an API key", api.name)));
        }
        if key.read_only && !api.effect.read_only {
            return Err(Error::forbidden("This API key only reads"));
        }
        if !key.services.is_empty() && !key.services.iter().any(|s| s == api.service) {
            return Err(Error::forbidden(format!("This API key has no access to {}", api.service)));
        }
        Ok(())
    }

    /// Runs a call from its context to its answer.
    pub async fn call(&self, ctx: Ctx, api: &Arc<BusinessApi<S>>, args: Args, key: Option<&str>) -> Result<Answer> {
        let started = Instant::now();
        let result = self.run(ctx, api, args, key).await;
        let code = result.as_ref().map_or_else(|e| e.status.http(), |a| a.status.unwrap_or(api.status));
        metrics::histogram!("workforceos_api_seconds", "api" => api.name).record(started.elapsed().as_secs_f64());
        metrics::counter!("workforceos_api_calls_total", "api" => api.name, "status" => code.to_string()).increment(1);
        result
    }

    async fn run(&self, ctx: Ctx, api: &Arc<BusinessApi<S>>, args: Args, key: Option<&str>) -> Result<Answer> {
        let public = api.reach == Some(Reach::Public);
        // What a login reads counts as the login's.
        if public && !(api.effect.read_only && ctx.session.is_some()) {
            self.outside.count_public(ctx.address, api.effect.read_only)?;
        }
        let mut ctx = if public { ctx } else { self.with_scope(ctx).await? };
        ctx.api = api.name;
        let caller = ctx.clone();
        let result = self.allowed_run(ctx, api, args, key).await;
        if let Err(error) = &result
            && error.status == Status::Forbidden
            && caller.session.is_some()
        {
            self.outside.denied(&caller, error);
        }
        result
    }

    async fn allowed_run(&self, mut ctx: Ctx, api: &Arc<BusinessApi<S>>, args: Args, key: Option<&str>) -> Result<Answer> {
        self.allowed(&ctx, api)?;
        let call = api.prepare_by_its_rules(&self.state, &ctx, &args).await?;
        if let Some(subject) = call.subject
            && !ctx.reaches(subject)
        {
            return Err(Error::forbidden("That user is not within your reach"));
        }
        if api.effect.read_only {
            if api.reach != Some(Reach::Public) && ctx.acts_elsewhere() {
                self.outside.reads_elsewhere(&ctx);
            }
            let read = AssertUnwindSafe((call.run)(self.state.clone(), ctx));
            return read.catch_unwind().await.unwrap_or_else(|_| Err(Error::internal("a handler panicked")));
        }
        if let Some(key) = key {
            ctx.idempotency = Some(self.idempotency_key(&ctx, &args, key)?);
            if let Some(answer) = self.stored(&ctx, api).await? {
                return Ok(answer);
            }
        }
        let result = self.to_the_end((call.run)(self.state.clone(), ctx.clone())).await;
        match result {
            // Two calls with one key at once: the second finds the first one's answer.
            Err(error) if error.code == "IdempotencyConflict" => self.stored(&ctx, api).await?.ok_or(error),
            other => other,
        }
    }

    /// Reads an `Idempotency-Key` and ties it to this very call.
    pub fn idempotency_key(&self, ctx: &Ctx, args: &Args, key: &str) -> Result<IdempotencyKey> {
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err(Error::field("Idempotency-Key", "must be 1 to 255 printable ASCII characters"));
        }
        let mut text = format!("{}\n", ctx.api);
        for (name, value) in &args.path {
            text.push_str(&format!("{name}={value}\n"));
        }
        let mut query = args.query.clone();
        query.retain(|(name, _)| name != "access_token");
        query.sort();
        text.push_str(&format!("{query:?}\n"));
        canonical(&Json::Object(args.body.clone()), &mut text);
        let fingerprint = self.outside.digest(text.as_bytes());
        // Callers without a login share no name: their keys count together with what they send.
        let key = if ctx.session.is_some() { key.into() } else { format!("{key}#{fingerprint:x}").into() };
        Ok(IdempotencyKey { company: ctx.company(), user: ctx.user(), key, fingerprint })
    }

    async fn stored(&self, ctx: &Ctx, api: &BusinessApi<S>) -> Result<Option<Answer>> {
        Ok(self.kept(ctx).await?.map(|stored| Answer::from_stored(stored, api.extra)))
    }

    /// What is kept for the call's idempotency key; 409 if the key came with another call before.
    pub async fn kept(&self, ctx: &Ctx) -> Result<Option<Json>> {
        let Some(key) = &ctx.idempotency else { return Ok(None) };
        match self.outside.stored_answer(key.company, key.user, &key.key).await? {
            None => Ok(None),
            Some((fingerprint, stored)) if fingerprint == key.fingerprint => Ok(Some(stored)),
            Some(_) => Err(key.taken()),
        }
    }

    /// A mutating handler runs on a task of its own, so that a dropped connection cannot cut it in two.
    async fn to_the_end(&self, run: BoxFuture<Result<Answer>>) -> Result<Answer> {
        let (send, receive) = futures_channel::oneshot::channel();
        self.outside.spawn(Box::pin(async move {
            let _ = send.send(run.await);
        }));
        receive.await.unwrap_or_else(|_| Err(Error::internal("a handler ended without an answer")))
    }
}

/// The tenant of a login. Its zone is not known here.
fn home(session: &Session) -> Tenant {
    Tenant::of(session.company, session.codename.clone(), Zone::UTC)
}

fn mismatch() -> Error {
    Error::new(Status::Forbidden, "TenantMismatch", "Your login belongs to another company")
}

/// JSON whose objects are ordered by key: the same body in another order of its keys is the same body.
fn canonical(json: &Json, out: &mut String) {
    match json {
        Json::Object(map) => {
            out.push('{');
            for (name, value) in map.iter().collect::<BTreeMap<_, _>>() {
                out.push_str(&format!("{name:?}:"));
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}
