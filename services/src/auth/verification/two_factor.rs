//! A login's second factor: a code mailed to its user.

use std::sync::Arc;

use serde_json::{Map, Value as Json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::Event;
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{User, UserSession, Verification, VerificationKind};
use workforceos_core::session::{Ctx, Session};

use super::{
    COMPLETIONS, Draft, Refusal, checked, codes, none_running, refused, started_answer, text, too_soon, used, wrong_code,
};
use crate::App;
use crate::auth::login::{make_room, restore, running};
use crate::auth::session::at_home;

const KIND: VerificationKind = VerificationKind::TwoFactor;

/// The login that the token stands for; ids in the body must be its own.
fn login(ctx: &Ctx, body: &Map<String, Json>) -> Result<Arc<Session>> {
    let session = ctx.session.clone().ok_or_else(Error::login_required)?;
    if session.key.is_some() {
        return Err(Error::forbidden("An API key has no second factor"));
    }
    for (field, own) in [("userId", session.user.to_string()), ("sessionId", session.id.to_string())] {
        let other = |given: &Json| !given.is_null() && !given.as_str().is_some_and(|id| id.eq_ignore_ascii_case(&own));
        if body.get(field).is_some_and(other) {
            let message = format!("{field} is not that of the access token");
            return Err(Error::new(Status::Unauthenticated, "LoginRequired", message));
        }
    }
    Ok(session)
}

/// Mails a code to the user who logged in.
pub async fn start(app: &Arc<App>, ctx: Ctx, body: &Map<String, Json>) -> Result<Json> {
    let session = login(&ctx, body)?;
    let ctx = at_home(&ctx);
    let record = app.store.get(User::def(), Some(session.company), session.user.0).await?;
    let user = record.map(User::from_record).transpose()?.ok_or_else(Error::login_required)?;
    // New logins are no way to more mails: the user's are counted together as well.
    let [account, login] = [session.user.to_string(), session.id.to_string()].map(|id| format!("start|{}|{id}", KIND.as_str()));
    let started = app.throttle.start_of(&account, &login, ctx.now()).ok_or_else(too_soon)?;
    let draft = Draft::new(app, &ctx, &user, KIND, Some(session.id.0), started)?;
    let shown = (!app.settings.production).then_some(draft.code.as_str());
    let mut answer = started_answer(KIND, started, Some(session.user), shown);
    answer.insert("sessionId".to_owned(), session.id.to_string().into());
    let needs = Needs::row::<Verification>(draft.row);
    let decide = move |facts: &Facts| Ok((draft.decide(&ctx, facts)?, ()));
    app.companies.decide(session.company, needs, decide).await?;
    Ok(Json::Object(answer))
}

/// Checks the code; from then on the same token is good for everything.
pub async fn complete(app: &Arc<App>, ctx: Ctx, body: &Map<String, Json>, token: Option<&str>) -> Result<Json> {
    let session = login(&ctx, body)?;
    let ctx = at_home(&ctx);
    let mut problems = Vec::new();
    let code = text(body, "secretCode", &mut problems);
    checked(problems)?;
    let key = format!("complete|{}|{}", KIND.as_str(), session.user);
    app.throttle.attempt(&key, COMPLETIONS, ctx.now())?;
    let (id, row) = (session.id, codes::row_id(session.id.0, KIND));
    let digest = codes::digest(&app.settings.jwt_secret, row, code.trim())?;
    let user = session.user;
    let needs = Needs::row::<UserSession>(id).and_row::<Verification>(row).and_row::<User>(user);
    let needs = needs.and_query(running(session.company, user, ctx.now()));
    let decide = move |facts: &Facts| {
        let code = facts.any::<Verification>(row)?;
        if let Err(refusal) = codes::judge(code.as_ref(), &digest, facts.now) {
            return Ok(refused(&ctx, facts, code, refusal));
        }
        let login = facts.any::<UserSession>(id)?.filter(|l| l.meta.is_active).ok_or_else(Error::login_required)?;
        let done = UserSession { needs_2fa: false, ..login.clone() }.touched(facts.now);
        let event = Event::audit(&ctx, UserSession::def().name, id).after(&done).audited(Some(&login));
        let changes = code.map(|row| used(&ctx, facts, row)).unwrap_or_default().join(make_room(&ctx, facts, &done)?);
        let back = restore(&ctx, facts, facts.row::<User>(user)?).0;
        Ok((changes.join(back).put(&done).event(event), Ok(())))
    };
    match app.companies.decide(session.company, needs, decide).await? {
        Ok(()) => {
            app.throttle.forgive(&key);
            Ok(Session { needs_2fa: false, ..(*session).clone() }.to_json(token))
        }
        Err(Refusal::NoneRunning) => Err(none_running()),
        Err(_) => Err(wrong_code()),
    }
}
