//! Confirms that an e-mail address is its user's.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::Event;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{User, Verification, VerificationKind};
use workforceos_core::session::Ctx;

use super::{
    COMPLETIONS, Draft, Refusal, alike, checked, codes, none_running, refused, started_answer, text, too_soon, used, wrong_code,
};
use crate::App;
use crate::auth::login::{find, is_gone};
use crate::auth::names;

const KIND: VerificationKind = VerificationKind::Email;

/// Mails a code to an address that is not confirmed yet, or whose archived user may want to come back.
pub async fn start(app: &Arc<App>, ctx: Ctx, body: &Map<String, Json>) -> Result<Json> {
    let email = read_email(body)?;
    let user = find(app, ctx.company(), &email).await?.filter(|u| !is_gone(u, ctx.now()));
    if !app.settings.production {
        let user = user.as_ref().ok_or_else(|| Error::not_found("user"))?;
        if user.email_verified && user.archive_date.is_none() {
            return Err(Error::field("email", "is verified already"));
        }
    }
    let wanted = user.filter(|u| !u.email_verified || u.archive_date.is_some());
    send(app, ctx, KIND, &email, wanted).await.map(Json::Object)
}

/// Starts a verification of an address. In production everything after the lookup happens behind the answer, so that an
/// address without a user, or without need, is answered alike and as fast.
pub(super) async fn send(
    app: &Arc<App>,
    ctx: Ctx,
    kind: VerificationKind,
    email: &str,
    user: Option<User>,
) -> Result<Map<String, Json>> {
    let started = app.throttle.start(&start_key(&ctx, kind, email), ctx.now()).ok_or_else(too_soon)?;
    let Some(user) = user else { return Ok(started_answer(kind, started, None, None)) };
    let draft = Draft::new(app, &ctx, &user, kind, None, started)?;
    let answer = match app.settings.production {
        true => started_answer(kind, started, None, None),
        false => started_answer(kind, started, Some(draft.user), Some(&draft.code)),
    };
    let (behind, company, needs) = (app.clone(), ctx.company(), Needs::row::<Verification>(draft.row));
    let write = async move {
        let decide = move |facts: &Facts| Ok((draft.decide(&ctx, facts)?, ()));
        behind.companies.decide(company, needs, decide).await
    };
    if !app.settings.production {
        write.await?;
        return Ok(answer);
    }
    app.companies.spawn_task(async move {
        if let Err(error) = write.await {
            tracing::warn!(%error, source = ?error.source, "a verification could not be started");
        }
    });
    Ok(answer)
}

/// Checks the code and marks the address as confirmed; an archived user is back, as before.
pub async fn complete(app: &Arc<App>, ctx: Ctx, body: &Map<String, Json>) -> Result<Json> {
    let mut problems = Vec::new();
    let email = names::email(&text(body, "email", &mut problems)).unwrap_or_default();
    let code = text(body, "secretCode", &mut problems);
    checked(problems)?;
    let key = complete_key(&ctx, KIND, &email);
    app.throttle.attempt(&key, COMPLETIONS, ctx.now())?;
    let confirmed = alike(app, confirm(app, ctx, &email, &code)).await?;
    app.throttle.forgive(&key);
    Ok(confirmed)
}

async fn confirm(app: &Arc<App>, ctx: Ctx, email: &str, code: &str) -> Result<Json> {
    // Where a start is answered alike for everybody, its end is too: 404 would tell that there is nobody, or nothing to confirm.
    let nothing = || if app.settings.production { wrong_code() } else { none_running() };
    let user = find(app, ctx.company(), email).await?.filter(|u| !is_gone(u, ctx.now()));
    let user = user.ok_or_else(nothing)?;
    let row = codes::row_id(user.meta.id, KIND);
    let digest = codes::digest(&app.settings.jwt_secret, row, code.trim())?;
    let needs = Needs::row::<User>(user.meta.id).and_row::<Verification>(row);
    let (company, id) = (ctx.company(), user.meta.id);
    let decide = move |facts: &Facts| {
        let running = facts.any::<Verification>(row)?;
        if let Err(refusal) = codes::judge(running.as_ref(), &digest, facts.now) {
            return Ok(refused(&ctx, facts, running, refusal));
        }
        let before = facts.row::<User>(id)?;
        let user = User { email_verified: true, archive_date: None, ..before.clone() }.touched(facts.now);
        let event = Event::audit(&ctx, User::def().name, id).after(&user).audited(Some(&before));
        let event = Event { actor: Some(UserId(id)), ..event };
        let changes = running.map(|row| used(&ctx, facts, row)).unwrap_or_default();
        Ok((changes.put(&user).event(event), Ok(())))
    };
    match app.companies.decide(company, needs, decide).await? {
        Ok(()) => Ok(json!({"status": "OK", "isVerified": true, "email": email, "userId": id.to_string()})),
        Err(Refusal::NoneRunning) => Err(nothing()),
        Err(_) => Err(wrong_code()),
    }
}

pub(super) fn read_email(body: &Map<String, Json>) -> Result<String> {
    let mut problems = Vec::new();
    let given = text(body, "email", &mut problems);
    let email = match problems.is_empty() {
        true => names::read_email("email", &given, &mut problems),
        false => String::new(),
    };
    checked(problems).map(|()| email)
}

pub(super) fn start_key(ctx: &Ctx, kind: VerificationKind, email: &str) -> String {
    format!("start|{}|{}|{email}", kind.as_str(), ctx.company())
}

pub(super) fn complete_key(ctx: &Ctx, kind: VerificationKind, email: &str) -> String {
    format!("complete|{}|{}|{email}", kind.as_str(), ctx.company())
}

/// Nobody has this address here.
pub(super) fn unknown() -> Error {
    Error::new(Status::Unauthenticated, "InvalidCredentials", "Nobody has this e-mail address")
}
