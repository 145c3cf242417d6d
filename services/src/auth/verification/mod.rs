//! Verification by mailed codes: of an address, of whoever forgot the password, of a login's second factor.

mod codes;
mod email;
mod password_reset;
mod two_factor;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;
use workforceos_actors::Facts;
use workforceos_core::change::{Changes, Event, Outbox};
use workforceos_core::error::{Error, Problem, Result, Status};
use workforceos_core::id::UserId;
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{User, Verification, VerificationKind};
use workforceos_core::session::Ctx;

use crate::auth::throttle::{Limit, Started};
use crate::{App, mail};

use codes::Refusal;

/// Completions of one account, right or wrong, of whichever code.
const COMPLETIONS: Limit = Limit::new(20, 60);
/// How long a refused completion takes at least in production, from its lookup on: longer than a commit.
const REFUSAL: Duration = Duration::from_millis(250);

/// The steps of the three verifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    StartEmail,
    CompleteEmail,
    StartPasswordReset,
    CompletePasswordReset,
    StartTwoFactor,
    CompleteTwoFactor,
}

impl Step {
    /// The audit log's action.
    fn action(self) -> &'static str {
        match self {
            Step::StartEmail => "startEmailVerification",
            Step::CompleteEmail => "completeEmailVerification",
            Step::StartPasswordReset => "startPasswordReset",
            Step::CompletePasswordReset => "completePasswordReset",
            Step::StartTwoFactor => "startTwoFactor",
            Step::CompleteTwoFactor => "completeTwoFactor",
        }
    }
}

/// Takes one step. `token` is the caller's own, which the second factor's answer repeats.
pub async fn verification(app: &Arc<App>, ctx: &Ctx, step: Step, body: &Map<String, Json>, token: Option<&str>) -> Result<Json> {
    let ctx = Ctx { api: step.action(), ..ctx.clone() };
    match step {
        Step::StartEmail => email::start(app, ctx, body).await,
        Step::CompleteEmail => email::complete(app, ctx, body).await,
        Step::StartPasswordReset => password_reset::start(app, ctx, body).await,
        Step::CompletePasswordReset => password_reset::complete(app, ctx, body).await,
        Step::StartTwoFactor => two_factor::start(app, ctx, body).await,
        Step::CompleteTwoFactor => two_factor::complete(app, ctx, body, token).await,
    }
}

/// A field's text; numbers count as what they read. Says so if there is none.
fn text(body: &Map<String, Json>, field: &str, problems: &mut Vec<Problem>) -> String {
    let text = match body.get(field) {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    if text.trim().is_empty() {
        problems.push(Problem::new(field, "is required"));
    }
    text
}

fn checked(problems: Vec<Problem>) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

/// Completes a verification. In production a refusal tells nothing by its time: a wrong try of somebody is written, one of nobody
/// is not.
async fn alike<T>(app: &App, completion: impl Future<Output = Result<T>>) -> Result<T> {
    let started = Instant::now();
    let completed = completion.await;
    if completed.is_err() && app.settings.production {
        sleep_until(started + REFUSAL).await;
    }
    completed
}

/// A code on its way: what is stored, what is mailed.
#[derive(Clone)]
struct Draft {
    row: Uuid,
    user: UserId,
    kind: VerificationKind,
    code: String,
    digest: String,
    index: i64,
    session: Option<Uuid>,
    mail: Json,
}

impl Draft {
    fn new(app: &App, ctx: &Ctx, user: &User, kind: VerificationKind, session: Option<Uuid>, started: Started) -> Result<Draft> {
        let row = codes::row_id(session.unwrap_or(user.meta.id), kind);
        let code = codes::generate();
        let letter = mail::Letter { kind, to: &user.email, name: &user.fullname, code: &code, company: &ctx.tenant.codename };
        Ok(Draft {
            row,
            user: UserId(user.meta.id),
            kind,
            digest: codes::digest(&app.settings.jwt_secret, row, &code)?,
            index: started.index,
            session,
            mail: mail::compose(&letter, &app.settings.frontend_url),
            code,
        })
    }

    /// Stores the code and queues its mail, in one commit.
    fn decide(&self, ctx: &Ctx, facts: &Facts) -> Result<Changes> {
        let new = Verification {
            meta: Meta::new(self.row, facts.now, Some(self.user.0)),
            user_id: self.user,
            kind: self.kind,
            digest: self.digest.clone(),
            code_index: self.index,
            tries: 0,
            started_at: facts.now,
            session_id: self.session,
            company_id: facts.state.company_id,
        };
        let row = codes::begin(facts.any(self.row)?, new, facts.now).ok_or_else(too_soon)?;
        let mut changes = Changes::none().put(&row).event(noted(ctx, &row, json!({"userId": self.user.to_string()})));
        changes.outbox.push(Outbox { id: facts.new_id(), kind: mail::CODE, payload: self.mail.clone() });
        Ok(changes)
    }
}

/// An entry about a verification; neither code nor digest is in it.
fn noted(ctx: &Ctx, row: &Verification, extra: Json) -> Event {
    Event::audit(ctx, Verification::def().name, row.meta.id).extra(extra)
}

/// Counts a wrong try. It is a change like any other: the answer is a refusal, the count is written.
fn refused<T>(ctx: &Ctx, facts: &Facts, row: Option<Verification>, refusal: Refusal) -> (Changes, Result<T, Refusal>) {
    let wrong = row.filter(|_| refusal == Refusal::Wrong).map(|row| codes::tried(&row, facts.now));
    let changes = wrong.map_or_else(Changes::none, |row| {
        let event = noted(ctx, &row, json!({"wrongTries": row.tries}));
        Changes::none().put(&row).event(event)
    });
    (changes, Err(refusal))
}

/// Uses the code up.
fn used(ctx: &Ctx, facts: &Facts, row: Verification) -> Changes {
    let row = row.deleted(facts.now);
    Changes::none().put(&row).event(noted(ctx, &row, json!({"completed": true})))
}

/// What every start answers. The code itself only outside production, the user's id only where that tells nothing.
fn started_answer(kind: VerificationKind, started: Started, user: Option<UserId>, code: Option<&str>) -> Map<String, Json> {
    let by = if kind == VerificationKind::TwoFactor { "byCode" } else { "byLink" };
    let mut answer = Map::new();
    let mut put = |name: &str, value: Json| answer.insert(name.to_owned(), value);
    put("status", "OK".into());
    put("codeIndex", started.index.into());
    put("timeStamp", started.at.0.into());
    put("date", started.at.to_string().into());
    put("expireTime", (codes::LIFETIME / 1000).into());
    put("verificationType", by.into());
    if let Some(user) = user {
        put("userId", user.to_string().into());
    }
    if let Some(code) = code {
        put("secretCode", code.into());
    }
    answer
}

fn too_soon() -> Error {
    Error { retry_after: Some(60), ..Error::forbidden("A code was sent less than a minute ago; wait before asking for another") }
}

fn wrong_code() -> Error {
    Error::forbidden("The code is wrong or has expired")
}

fn none_running() -> Error {
    Error::new(Status::NotFound, "VerificationNotFound", "No verification is running; start one first")
}
