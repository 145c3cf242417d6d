//! Logging in and out, e-mail verification, and what a login is and may do: answers without an envelope.

use std::sync::Arc;

use actix_web::http::header::{HeaderName, HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value as Json, json};
use workforceos_core::Caller;
use workforceos_core::error::{Error, Problem, Result, Status};
use workforceos_core::session::{Ctx, Session, Via};
use workforceos_services::auth::{self, LoginRequest, Step};

use crate::caller::{self, TOKEN, header, token_cookie};
use crate::reply;
use crate::request::Incoming;
use crate::server::Server;

/// A step of a verification, as its address names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    StartEmail,
    CompleteEmail,
    StartPasswordReset,
    CompletePasswordReset,
    StartTwoFactor,
    CompleteTwoFactor,
}

impl Verification {
    /// Both names in lower case.
    pub fn named(kind: &str, step: &str) -> Option<Verification> {
        Some(match (kind, step) {
            ("email-verification", "start") => Verification::StartEmail,
            ("email-verification", "complete") => Verification::CompleteEmail,
            ("password-reset-by-email", "start") => Verification::StartPasswordReset,
            ("password-reset-by-email", "complete") => Verification::CompletePasswordReset,
            ("email-2factor-verification", "start") => Verification::StartTwoFactor,
            ("email-2factor-verification", "complete") => Verification::CompleteTwoFactor,
            _ => return None,
        })
    }

    /// The second factor's steps belong to a login, whose rate they count against.
    fn needs_no_login(self) -> bool {
        !matches!(self, Verification::StartTwoFactor | Verification::CompleteTwoFactor)
    }

    fn step(self) -> Step {
        match self {
            Verification::StartEmail => Step::StartEmail,
            Verification::CompleteEmail => Step::CompleteEmail,
            Verification::StartPasswordReset => Step::StartPasswordReset,
            Verification::CompletePasswordReset => Step::CompletePasswordReset,
            Verification::StartTwoFactor => Step::StartTwoFactor,
            Verification::CompleteTwoFactor => Step::CompleteTwoFactor,
        }
    }
}

/// `POST /login`: the flat session with its token, also as cookie and header.
pub async fn login(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
) -> Result<HttpResponse> {
    let body = caller::json_body(request.headers(), payload).await?;
    let (username, password) = credentials(&body)?;
    let company = caller::company(request.headers(), &incoming.query, &body).map(str::to_owned);
    let given = LoginRequest {
        username,
        password,
        company,
        ip: incoming.address,
        user_agent: header(request.headers(), "user-agent").map(|agent| agent.chars().take(256).collect()),
        request_id: incoming.id.clone(),
    };
    let login = auth::login(&server.app, given).await?;
    incoming.logged_in_as(&login.session);
    let mut body = login.session.to_json(Some(&login.token));
    body["userBucketToken"] = json!(login.bucket_token);
    let mut response = reply::value(request, 200, &body);
    let seconds = login.session.expires_at.map(|end| (end.0 - server.dispatch.clock.now().0).max(0) / 1000);
    set_cookie(&mut response, server, &login.session.codename, &login.token, seconds);
    if let Ok(token) = HeaderValue::from_str(&login.token) {
        response.headers_mut().insert(HeaderName::from_static(TOKEN), token);
    }
    Ok(response)
}

/// User name (or e-mail) and password; what is missing is named at once.
fn credentials(body: &Map<String, Json>) -> Result<(String, String)> {
    let mut problems = Vec::new();
    let mut take = |names: &[&str], label: &str| {
        let given = names.iter().find_map(|name| body.get(*name).filter(|value| !value.is_null()));
        match given {
            Some(Json::String(text)) if !text.is_empty() => return text.clone(),
            None | Some(Json::String(_)) => problems.push(Problem::new(label, "is required")),
            Some(_) => problems.push(Problem::new(label, "must be a string")),
        }
        String::new()
    };
    let found = (take(&["username", "email"], "username"), take(&["password"], "password"));
    if problems.is_empty() { Ok(found) } else { Err(Error::invalid(problems)) }
}

/// Keeps a token in a tenant's cookie, for so many seconds if given.
fn set_cookie(response: &mut HttpResponse, server: &Server, codename: &str, token: &str, seconds: Option<i64>) {
    // A claimed codename may be anything; what is none was never in a cookie's name.
    if !codename.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return;
    }
    let cookie = cookie_text(codename, token, seconds, server.app.settings.production);
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

fn cookie_text(codename: &str, token: &str, seconds: Option<i64>, secure: bool) -> String {
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let secure = if secure { "; Secure" } else { "" };
    format!("{}={token}; Path=/; HttpOnly; SameSite=Lax{age}{secure}", token_cookie(codename))
}

/// `POST /logout`: ends the session if there is one and clears its cookie; the answer is always the same.
pub async fn logout(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
) -> Result<HttpResponse> {
    let body = caller::json_body(request.headers(), payload).await.unwrap_or_default();
    let caller = incoming.caller(request, &body, Via::Rest);
    let mut codenames = vec!["root".to_owned()];
    codenames.extend(caller.company.clone());
    // Whatever company is claimed, it is the token's own session that ends. Uncounted: who calls too much can leave all the same.
    let ended = match incoming.enter_logged_in_uncounted(server, Caller { company: None, ..caller }).await {
        Ok(ctx) => {
            codenames.extend(ctx.session.as_ref().map(|s| s.codename.to_string()));
            auth::logout(&server.app, &ctx).await
        }
        Err(error) if matches!(error.status, Status::Unauthenticated | Status::RateLimited) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        tracing::error!(requestId = &*incoming.id, %error, source = ?error.source, "the session could not be ended");
    }
    codenames.sort();
    codenames.dedup();
    let mut response = reply::value(request, 200, &json!({"status": "OK", "message": "User logged out successfully"}));
    for codename in codenames {
        set_cookie(&mut response, server, &codename, "", Some(0));
    }
    Ok(response)
}

/// Starts or completes a verification by e-mail.
pub async fn verification(
    server: &Server,
    request: &HttpRequest,
    payload: web::Payload,
    incoming: &mut Incoming,
    what: Verification,
) -> Result<HttpResponse> {
    if what.needs_no_login() {
        server.app.limits.count_public(incoming.address, false)?;
    }
    let body = caller::json_body(request.headers(), payload).await?;
    let caller = incoming.caller(request, &body, Via::Rest);
    let token = caller.token.clone();
    let ctx = incoming.enter(server, caller).await?;
    let answer = auth::verification(&server.app, &ctx, what.step(), &body, token.as_deref()).await?;
    Ok(reply::value(request, 200, &answer))
}

/// `GET …/currentuser`: the flat session.
pub async fn current_user(server: &Server, request: &HttpRequest, incoming: &mut Incoming) -> Result<HttpResponse> {
    let caller = incoming.caller(request, &Map::new(), Via::Rest);
    let token = caller.token.clone();
    match logged_in(server, incoming, caller).await? {
        Some((_, session)) => Ok(reply::value(request, 200, &session.to_json(token.as_deref()))),
        None => Ok(no_login(request)),
    }
}

/// `GET …/permissions`: what the caller may call of a service.
pub async fn permissions(server: &Server, request: &HttpRequest, incoming: &mut Incoming, service: &str) -> Result<HttpResponse> {
    let caller = incoming.caller(request, &Map::new(), Via::Rest);
    let Some((ctx, _)) = logged_in(server, incoming, caller).await? else { return Ok(no_login(request)) };
    ctx.second_factor_done()?;
    let ctx = server.dispatch.with_scope(ctx).await?;
    let permissions = auth::permissions(&server.dispatch, &ctx, service);
    Ok(reply::json(request, 200, &permissions, 32 * 1024))
}

/// `GET …/permissions/:permissionName`.
pub async fn permission(server: &Server, request: &HttpRequest, incoming: &mut Incoming, name: &str) -> Result<HttpResponse> {
    let caller = incoming.caller(request, &Map::new(), Via::Rest);
    let Some((ctx, _)) = logged_in(server, incoming, caller).await? else { return Ok(no_login(request)) };
    ctx.second_factor_done()?;
    let ctx = server.dispatch.with_scope(ctx).await?;
    Ok(reply::value(request, 200, &auth::permission(&server.dispatch, &ctx, name)))
}

/// `None` without a login, whatever else is wrong.
async fn logged_in(server: &Server, incoming: &mut Incoming, caller: Caller) -> Result<Option<(Ctx, Arc<Session>)>> {
    match incoming.enter_logged_in(server, caller).await {
        Ok(ctx) => Ok(ctx.session.clone().map(|session| (ctx, session))),
        Err(error) if error.status == Status::Unauthenticated => Ok(None),
        Err(error) => Err(error),
    }
}

fn no_login(request: &HttpRequest) -> HttpResponse {
    reply::value(request, 401, &json!({"status": "ERR", "message": "No login found"}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Json) -> Result<(String, String)> {
        let Json::Object(body) = body else { panic!("an object") };
        credentials(&body)
    }

    #[test]
    fn the_user_name_comes_before_the_email() {
        let both = read(json!({"username": "a", "email": "b", "password": "p"})).expect("valid");
        assert_eq!(both, ("a".to_owned(), "p".to_owned()));
        assert_eq!(read(json!({"email": "b", "password": "p"})).expect("valid").0, "b");
    }

    #[test]
    fn cookies_are_named_after_their_tenant_and_closed_to_scripts() {
        let acme = "workforceos-access-token-acme=t; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure";
        assert_eq!(cookie_text("acme", "t", Some(60), true), acme);
        assert_eq!(cookie_text("root", "t", None, false), "workforceos-access-token=t; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn every_missing_credential_is_named() {
        let error = read(json!({"password": 7})).expect_err("invalid");
        let detail =
            json!([{"field": "username", "problem": "is required"}, {"field": "password", "problem": "must be a string"}]);
        assert_eq!(error.detail, Some(Box::new(detail)));
    }
}
