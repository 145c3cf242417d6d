//! Login and logout.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Problem, Result, Status};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{User, UserSession};
use workforceos_core::query::{Cond, Op, Query};
use workforceos_core::session::{Ctx, Session, Tenant, Via};
use workforceos_core::time::Timestamp;
use workforceos_core::value::Value;

use crate::App;
use crate::auth::endings::end_session;
use crate::auth::lines::Line;
use crate::auth::names::{self, ARCHIVED_FOR};
use crate::auth::session::{anonymous, of};
use crate::auth::throttle::{ACCOUNT, ADDRESS, ADDRESSES, Limit};
use crate::auth::tokens::{LIFETIME, Use};
use crate::limits::{network, site};
use crate::outside;

/// How much of a program's name is kept.
const USER_AGENT: usize = 300;
/// The most logins of one user that run at once; one more ends the oldest.
const AT_ONCE: usize = 50;
/// The most that wait for their second factor. They are counted by themselves: who has but the password ends no login that is whole.
const HALF_AT_ONCE: usize = 10;

/// What somebody who wants in says, and from where.
pub struct LoginRequest {
    /// The e-mail address.
    pub username: String,
    pub password: String,
    /// The claimed company's codename; none: the SaaS level.
    pub company: Option<String>,
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
    pub request_id: Arc<str>,
}

/// A login that succeeded.
pub struct LoggedIn {
    pub session: Arc<Session>,
    /// Good for every API.
    pub token: String,
    /// Good for the routes of file buckets alone.
    pub bucket_token: String,
}

/// Checks address and password, slowly and alike whoever asks, and starts a session.
///
/// Fails with 400 (nothing given), 401 `InvalidCredentials`, 403 `EmailVerificationNeeded`, 404 `CompanyNotFound` and 429.
pub async fn login(app: &Arc<App>, request: LoginRequest) -> Result<LoggedIn> {
    check_given(&request)?;
    app.limits.count_public(request.ip, false)?;
    let tenant = tenant(app, request.company.as_deref()).await?;
    let email = names::email(&request.username).unwrap_or_default();
    let now = app.clock.now();
    let guesses = Guesses { account: format!("login|{}|{email}", tenant.company), address: request.ip };
    guesses.count(app, now)?;
    let found = find(app, tenant.company, &email).await?;
    let hash = found.as_ref().map(|user| user.password.as_str());
    let right = match app.passwords.verify(Line::login(request.ip), &request.password, hash).await {
        Ok(right) => right,
        Err(error) => {
            guesses.take_back(app);
            return Err(error);
        }
    };
    let ctx = anonymous(app, tenant, Via::Rest, request.request_id.clone(), "login");
    let known = found.as_ref().map(|u| UserId(u.meta.id));
    let Some(user) = found.filter(|user| right && !is_gone(user, now)) else {
        note_failure(app, &ctx, &guesses, known);
        return Err(wrong());
    };
    guesses.forget(app);
    if app.settings.email_verification && !user.email_verified {
        let message = "Confirm your e-mail address first";
        return Err(Error::new(Status::Forbidden, "EmailVerificationNeeded", message));
    }
    start(app, &ctx, user, request).await
}

fn check_given(request: &LoginRequest) -> Result<()> {
    let fields = [("username", request.username.trim()), ("password", request.password.as_str())];
    let missing: Vec<Problem> =
        fields.iter().filter(|(_, text)| text.is_empty()).map(|(name, _)| Problem::new(*name, "is required")).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::invalid(missing)) }
}

async fn tenant(app: &App, company: Option<&str>) -> Result<Arc<Tenant>> {
    match company.filter(|codename| *codename != "root") {
        None => Ok(Arc::new(Tenant::root())),
        Some(codename) => outside::tenant(app, codename)
            .await?
            .ok_or_else(|| Error::new(Status::NotFound, "CompanyNotFound", "There is no company of that codename")),
    }
}

/// The user of an address, archived or not.
pub async fn find(app: &App, company: CompanyId, email: &str) -> Result<Option<User>> {
    let query = Query { limit: 1, ..Query::of(User::def(), company, Cond::eq("email", email)) };
    app.store.select(&query).await?.into_iter().next().map(User::from_record).transpose()
}

/// Whether a user was archived too long ago to come back.
pub fn is_gone(user: &User, now: Timestamp) -> bool {
    user.archive_date.is_some_and(|at| now.0 - at.0 > ARCHIVED_FOR)
}

fn wrong() -> Error {
    Error::new(Status::Unauthenticated, "InvalidCredentials", "The e-mail address or the password is wrong")
}

/// What is counted against guessing: one account, one address, one site of addresses.
struct Guesses {
    account: String,
    address: Option<IpAddr>,
}

impl Guesses {
    fn count(&self, app: &App, now: Timestamp) -> Result<()> {
        for (key, limit) in self.address_keys() {
            app.throttle.attempt(&key, limit, now)?;
        }
        app.throttle.attempt(&self.account, ACCOUNT, now)
    }

    fn take_back(&self, app: &App) {
        app.throttle.take_back(&self.account);
        self.take_back_address(app);
    }

    fn forget(&self, app: &App) {
        app.throttle.forgive(&self.account);
        self.take_back_address(app);
    }

    fn take_back_address(&self, app: &App) {
        self.address_keys().iter().for_each(|(key, _)| app.throttle.take_back(key));
    }

    /// The address and, of an IPv6 one, its site.
    fn address_keys(&self) -> Vec<(String, Limit)> {
        let Some(ip) = self.address else { return Vec::new() };
        let mut keys = vec![(format!("address|{}", network(ip)), ADDRESS)];
        if site(ip).is_ipv6() {
            keys.push((format!("site|{}", site(ip)), ADDRESSES));
        }
        keys
    }
}

/// Writes the session; the rest of the row that is in force is read where nothing can change it any more.
async fn start(app: &Arc<App>, ctx: &Ctx, user: User, request: LoginRequest) -> Result<LoggedIn> {
    let user_agent = request.user_agent.map(|name| name.chars().take(USER_AGENT).collect::<String>());
    let (id, verified, needs_2fa) = (user.meta.id, user.password, app.settings.email_two_factor);
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let user = facts.any::<User>(id)?.filter(|u| u.meta.is_active && u.password == verified).ok_or_else(wrong)?;
        // An archived profile comes back with the second factor, where there is one.
        let (changes, user) = if needs_2fa { (Changes::none(), user) } else { restore(&act, facts, user) };
        let login = UserSession {
            meta: Meta::new(facts.new_id(), facts.now, Some(id)),
            user_id: UserId(id),
            expires_at: Timestamp(facts.now.0 + LIFETIME),
            needs_2fa,
            ip: request.ip.map(|ip| ip.to_string()),
            user_agent: user_agent.clone(),
            company_id: act.company(),
        };
        let event = Event { actor: Some(UserId(id)), ..Event::audit(&act, UserSession::def().name, login.meta.id).after(&login) };
        let changes = changes.join(make_room(&act, facts, &login)?);
        Ok((changes.put(&login).event(event), (login, user)))
    };
    let needs = Needs::row::<User>(id).and_query(running(ctx.company(), UserId(id), ctx.now()));
    let (login, user) = app.companies.decide(ctx.company(), needs, decide).await?;
    let session = of(&login, &user, ctx.tenant.codename.clone());
    let token = |usage| app.tokens.issue(usage, &session, login.meta.created_at, login.expires_at);
    let (access, bucket) = (token(Use::Access)?, token(Use::Bucket)?);
    Ok(LoggedIn { token: access, bucket_token: bucket, session: Arc::new(session) })
}

/// A user's running logins.
pub fn running(company: CompanyId, user: UserId, now: Timestamp) -> Query {
    let theirs = Cond::eq("userId", user.0).and(Cond::Cmp("expiresAt", Op::Gt, Value::Time(now)));
    Query::of(UserSession::def(), company, theirs)
}

/// Ends a user's oldest logins, as far as there are too many for this one more: whole ones for a whole one, half ones for a half.
pub fn make_room(ctx: &Ctx, facts: &Facts, new: &UserSession) -> Result<Changes> {
    let (user, most) = (new.user_id, if new.needs_2fa { HALF_AT_ONCE } else { AT_ONCE });
    let mut running = facts.rows::<UserSession>()?;
    // Other commands of the batch may have loaded other people's.
    running.retain(|login| login.user_id == user && login.expires_at > facts.now);
    running.retain(|login| login.needs_2fa == new.needs_2fa && login.meta.id != new.meta.id);
    running.sort_by_key(|login| (login.meta.created_at, login.meta.id));
    let surplus = (running.len() + 1).saturating_sub(most);
    let ended = running.into_iter().take(surplus).map(|login| end_session(ctx, facts, login).0);
    let mut changes = ended.fold(Changes::none(), Changes::join);
    changes.events.iter_mut().for_each(|event| event.actor = Some(user));
    Ok(changes)
}

/// Logging in within a month brings an archived profile back.
pub fn restore(ctx: &Ctx, facts: &Facts, user: User) -> (Changes, User) {
    if user.archive_date.is_none() {
        return (Changes::none(), user);
    }
    let back = User { archive_date: None, ..user.clone() }.touched(facts.now);
    let event = Event::audit(ctx, User::def().name, user.meta.id).after(&back).audited(Some(&user));
    let event = Event { actor: Some(UserId(user.meta.id)), ..event };
    (Changes::none().put(&back).event(event), back)
}

/// An audit entry about a failed login: one a minute per account, and one a minute for all that do not exist. It is written
/// after the answer, so that its cost tells nothing.
fn note_failure(app: &Arc<App>, ctx: &Ctx, guesses: &Guesses, known: Option<UserId>) {
    let key = if known.is_some() { guesses.account.clone() } else { format!("login|{}", ctx.company()) };
    let Some(tries) = app.throttle.tally(&key, ctx.now(), Timestamp::MINUTE) else { return };
    let (app, ctx, ip) = (app.clone(), ctx.clone(), guesses.address.map(|ip| ip.to_string()));
    app.clone().companies.spawn_task(async move {
        let company = ctx.company();
        let decide = move |_: &Facts| {
            let about = known.map_or(Uuid::nil(), |user| user.0);
            let event = Event::audit(&ctx, "login", about).extra(json!({"failed": true, "ip": ip, "tries": tries}));
            Ok((Changes::none().event(event), ()))
        };
        if let Err(error) = app.companies.decide(company, Needs::none(), decide).await {
            tracing::warn!(%error, source = ?error.source, "a failed login could not be noted");
        }
    });
}

/// Ends the caller's login. A key goes on, and so does who is not logged in.
pub async fn logout(app: &Arc<App>, ctx: &Ctx) -> Result<()> {
    let Some(session) = ctx.session.clone().filter(|s| s.key.is_none()) else { return Ok(()) };
    let act = Ctx { api: "logout", ..ctx.clone() };
    let (company, id) = (session.company, session.id);
    let decide = move |facts: &Facts| {
        let running = facts.any::<UserSession>(id)?.filter(|login| login.meta.is_active);
        Ok((running.map_or_else(Changes::none, |login| end_session(&act, facts, login).0), ()))
    };
    app.companies.decide(company, Needs::row::<UserSession>(id), decide).await
}

#[cfg(test)]
mod tests {
    use super::Guesses;

    #[test]
    fn guesses_from_one_ipv6_network_count_together() {
        let of = |ip: &str| -> Vec<String> {
            let guesses = Guesses { account: String::new(), address: ip.parse().ok() };
            guesses.address_keys().into_iter().map(|(key, _)| key).collect()
        };
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff"));
        assert_ne!(of("2001:db8::1")[0], of("2001:db8:0:1::1")[0]);
        assert_eq!(of("2001:db8::1")[1], of("2001:db8:0:1::1")[1], "networks of a site count together as well");
        assert_ne!(of("2001:db8::1")[1], of("2001:db8:1::1")[1]);
        assert_ne!(of("203.0.113.9"), of("203.0.113.10"));
        assert_eq!(of("203.0.113.9").len(), 1);
    }
}
