//! Gives a new password to whoever reads the address's mail.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::Event;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::UserId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::{User, Verification, VerificationKind};
use workforceos_core::session::Ctx;

use super::email::{complete_key, read_email, send, unknown};
use super::{COMPLETIONS, alike, codes, refused, text, used, wrong_code};
use crate::App;
use crate::auth::endings::{end_logins, needs_logins};
use crate::auth::lines::Line;
use crate::auth::login::{find, is_gone};
use crate::auth::names;

const KIND: VerificationKind = VerificationKind::PasswordReset;

/// Mails a code with which the password can be set anew.
pub async fn start(app: &Arc<App>, ctx: Ctx, body: &Map<String, Json>) -> Result<Json> {
    let email = read_email(body)?;
    let user = find(app, ctx.company(), &email).await?.filter(|u| !is_gone(u, ctx.now()));
    if user.is_none() && !app.settings.production {
        return Err(unknown());
    }
    let mut answer = send(app, ctx, KIND, &email, user).await?;
    answer.insert("email".to_owned(), email.into());
    Ok(Json::Object(answer))
}

/// Checks the code, sets the password and ends every login and key of the user. Every failure is a 403, which names the fields that are
/// missing or too short, and else tells nothing.
pub async fn complete(app: &Arc<App>, ctx: Ctx, body: &Map<String, Json>) -> Result<Json> {
    let mut problems = Vec::new();
    let email = names::email(&text(body, "email", &mut problems)).unwrap_or_default();
    let code = text(body, "secretCode", &mut problems);
    let password = text(body, "password", &mut problems);
    if problems.is_empty() {
        names::check_password("password", &password, &mut problems);
    }
    if !problems.is_empty() {
        return Err(Error { status: Status::Forbidden, code: "Forbidden".into(), ..Error::invalid(problems) });
    }
    let key = complete_key(&ctx, KIND, &email);
    app.throttle.attempt(&key, COMPLETIONS, ctx.now())?;
    // Hashed for everybody: its time would tell an address that nobody has.
    let hash = app.passwords.hash_for(Line::of(&ctx), &password).await?;
    let company = ctx.company();
    let reset = alike(app, reset(app, ctx, &email, &code, hash)).await?;
    app.throttle.forgive(&key);
    app.throttle.forgive(&format!("login|{company}|{email}"));
    Ok(reset)
}

async fn reset(app: &Arc<App>, ctx: Ctx, email: &str, code: &str, hash: String) -> Result<Json> {
    let user = find(app, ctx.company(), email).await?.filter(|u| !is_gone(u, ctx.now())).ok_or_else(wrong_code)?;
    let (company, id) = (ctx.company(), user.meta.id);
    let row = codes::row_id(id, KIND);
    let digest = codes::digest(&app.settings.jwt_secret, row, code.trim())?;
    let needs = needs_logins(Needs::row::<User>(id).and_row::<Verification>(row), company, UserId(id), ctx.now());
    let decide = move |facts: &Facts| {
        let running = facts.any::<Verification>(row)?;
        if let Err(refusal) = codes::judge(running.as_ref(), &digest, facts.now) {
            return Ok(refused(&ctx, facts, running, refusal));
        }
        let before = facts.row::<User>(id)?;
        // Who reads the mail has the address.
        let user = User { password: hash.clone(), email_verified: true, ..before.clone() }.touched(facts.now);
        let event = Event::audit(&ctx, User::def().name, id).after(&user).audited(Some(&before));
        let event = Event { actor: Some(UserId(id)), ..event };
        let changes = running.map(|row| used(&ctx, facts, row)).unwrap_or_default().put(&user).event(event);
        Ok((changes.join(end_logins(&ctx, facts, UserId(id))?), Ok(())))
    };
    app.companies.decide(company, needs, decide).await?.map_err(|_| wrong_code())?;
    Ok(json!({"userId": id.to_string(), "email": email, "isVerified": true}))
}
