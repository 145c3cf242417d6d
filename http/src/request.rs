//! What every request has in common, from its arrival to its log line.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY};
use actix_web::http::header::{STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value as Json};
use workforceos_core::Caller;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::UserId;
use workforceos_core::session::{Ctx, Session, Via};

use crate::caller::{self, Query};
use crate::reply;
use crate::server::Server;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request being served: its id, and who turned out to have sent it.
pub struct Incoming {
    pub id: Arc<str>,
    pub query: Query,
    pub started: Instant,
    /// The client's.
    pub address: Option<IpAddr>,
    company: Option<Arc<str>>,
    user: Option<UserId>,
}

impl Incoming {
    /// Takes the client's request id if it is presentable, else makes one.
    pub fn begin(server: &Server, request: &HttpRequest) -> Incoming {
        let given = caller::header(request.headers(), REQUEST_ID.as_str()).filter(|id| presentable(id));
        let id = match given {
            Some(id) => id.into(),
            None => server.new_id().as_str().into(),
        };
        let (query, address) = (caller::query(request.query_string()), caller::address(request, &server.proxies));
        Incoming { id, query, started: Instant::now(), address, company: None, user: None }
    }

    /// The caller as head and body name them.
    pub fn caller(&self, request: &HttpRequest, body: &Map<String, Json>, via: Via) -> Caller {
        let company = caller::company(request.headers(), &self.query, body);
        Caller {
            token: caller::token(request.headers(), &self.query, company).map(str::to_owned),
            company: company.map(str::to_owned),
            via,
            client: None,
            address: self.address,
            request_id: self.id.clone(),
        }
    }

    /// Resolves session and tenant, counting the request against the session's rate; the log line will name them.
    pub async fn enter(&mut self, server: &Server, caller: Caller) -> Result<Ctx> {
        let ctx = server.dispatch.enter(caller).await?;
        Ok(self.entered(ctx))
    }

    /// As [`Incoming::enter`], uncounted: what comes of the request is counted by itself, or must never be refused.
    pub async fn enter_uncounted(&mut self, server: &Server, caller: Caller) -> Result<Ctx> {
        let ctx = server.dispatch.enter_uncounted(caller).await?;
        Ok(self.entered(ctx))
    }

    fn entered(&mut self, ctx: Ctx) -> Ctx {
        self.company = Some(ctx.tenant.codename.clone());
        self.user = ctx.session.as_ref().map(|s| s.user);
        ctx
    }

    /// Whose request a login turned out to be.
    pub fn logged_in_as(&mut self, session: &Session) {
        self.company = Some(session.codename.clone());
        self.user = Some(session.user);
    }

    /// As [`Incoming::enter`], where a login is needed: without one that is the answer, whatever else is wrong.
    pub async fn enter_logged_in(&mut self, server: &Server, caller: Caller) -> Result<Ctx> {
        let token = caller.token.clone();
        let entered = self.enter(server, caller).await;
        needs_login(server, token, entered).await
    }

    /// As [`Incoming::enter_logged_in`], uncounted.
    pub async fn enter_logged_in_uncounted(&mut self, server: &Server, caller: Caller) -> Result<Ctx> {
        let token = caller.token.clone();
        let entered = self.enter_uncounted(server, caller).await;
        needs_login(server, token, entered).await
    }

    /// Gives the response the headers of every response, counts it and writes the request's line in the log.
    pub fn finish(&self, server: &Server, request: &HttpRequest, status: u16, headers: &mut HeaderMap) {
        let took = self.started.elapsed();
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(REQUEST_ID, id);
        }
        secure(headers, server.app.settings.production);
        server.metrics.request(status, took);
        let ms = took.as_micros() as f64 / 1000.0;
        let (method, path, company) = (request.method().as_str(), request.path(), self.company.as_deref());
        let user = self.user.map(tracing::field::display);
        // Successes are counted in the metrics; a line for each costs as much as all else that this crate does.
        if status < 400 {
            tracing::debug!(method, path, status, ms, requestId = &*self.id, company, user, "request");
        } else {
            tracing::info!(method, path, status, ms, requestId = &*self.id, company, user, "request");
        }
    }

    /// A failure as this request's response.
    pub fn failed(&self, server: &Server, request: &HttpRequest, error: &Error) -> HttpResponse {
        reply::error(request, &self.id, server.dispatch.clock.now(), error)
    }
}

/// A login's context; without a login that is the answer, whatever else is wrong.
async fn needs_login(server: &Server, token: Option<String>, entered: Result<Ctx>) -> Result<Ctx> {
    let Some(token) = token else { return Err(Error::login_required()) };
    match entered {
        Ok(ctx) if ctx.session.is_none() => Err(Error::login_required()),
        Ok(ctx) => Ok(ctx),
        Err(error) if error.status == Status::RateLimited => Err(error),
        Err(error) => match server.dispatch.outside.session(&token).await? {
            Some(_) => Err(error),
            None => Err(Error::login_required()),
        },
    }
}

/// 1 to 128 printable ASCII characters.
fn presentable(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|b| (0x20..0x7f).contains(&b))
}

/// Nothing that the server answers is a page: no browser shall treat it as one.
fn secure(headers: &mut HeaderMap, production: bool) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    }
    if production {
        // Production is behind TLS; browsers shall not even try without it.
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_short_and_printable() {
        assert!(presentable("a") && presentable(&"x".repeat(128)) && presentable("trace 1/2"));
        assert!(!presentable("") && !presentable(&"x".repeat(129)) && !presentable("a\tb") && !presentable("ä"));
    }
}
