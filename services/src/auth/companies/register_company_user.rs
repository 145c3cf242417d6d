//! `registerCompanyUser`: somebody joins a company by themselves.

use std::sync::Arc;

use serde_json::json;
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::{Answer, Data, Row, Source};
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result, Status};
use workforceos_core::id::UserId;
use workforceos_core::object::{DataObject, Level, Meta};
use workforceos_core::objects::User;
use workforceos_core::session::{Ctx, Role};
use workforceos_core::{BusinessApi, input};

use crate::auth::avatars::{Bucket, or_default};
use crate::auth::lines::Line;
use crate::auth::login::{find, is_gone};
use crate::auth::names;
use crate::auth::purge::purge;
use crate::auth::throttle::ACCOUNT;
use crate::auth::users::create_user::taken;
use crate::{Api, App, commit};

input! {
    /// Somebody who joins a company.
    pub struct NewMember {
        /// Code of a social login (none is configured: leave it out).
        social_code: Option<String> => "socialCode" Body,
        /// Password, 8 to 200 characters.
        password: String => "password" Body .secret(),
        /// E-mail address, unique in the company.
        email: String => "email" Body,
        /// Full name.
        fullname: String => "fullname" Body,
        /// Address of the picture; left out: a generated one.
        avatar: Option<String> => "avatar" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::create("registerCompanyUser")
        .on::<User>()
        .at("/v1/registercompanyuser")
        .reach(Reach::Public)
        .any_tenant()
        .extra(&["emailVerificationNeeded"])
        .carries(|| {
            json!({"emailVerificationNeeded": {"type": "boolean", "description": "Whether the address has to be verified before logging in."}})
        })
        .about(
            "Joins the claimed company as an ordinary user. An address that is taken is refused; that of a profile archived less than a \
             month ago brings it back once the address is confirmed.",
        )
        .handler(register)
}

/// No provider of social logins is configured.
pub fn refuse_social(code: Option<&str>) -> Result<()> {
    match code {
        Some(code) if !code.is_empty() => {
            let message = "No provider of social logins is configured; register with e-mail address and password";
            Err(Error::new(Status::Invalid, "SocialLoginNotConfigured", message))
        }
        _ => Ok(()),
    }
}

async fn register(app: Arc<App>, ctx: Ctx, input: NewMember) -> Result<Answer> {
    if ctx.company().is_root() {
        return Err(Error::forbidden("Name the company to join: header mbx-company-codename, or _company"));
    }
    refuse_social(input.social_code.as_deref())?;
    let mut problems = Vec::new();
    let email = names::read_email("email", &input.email, &mut problems);
    names::check_password("password", &input.password, &mut problems);
    let fullname = names::read_name("fullname", &input.fullname, &mut problems);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let needed = app.settings.email_verification;
    let mut archived = find(&app, ctx.company(), &email).await?.filter(|u| u.archive_date.is_some());
    if let Some(gone) = archived.take_if(|user| is_gone(user, ctx.now())) {
        // The month is over, though the daily purge has not come by yet: the address is free.
        purge(&app, &gone).await?;
    }
    // Whoever registers is nobody yet on this tenant, also if logged in elsewhere.
    let ctx = Ctx { session: None, ..ctx };
    if let Some(user) = archived {
        return come_back(app, ctx, user, input.password, needed).await;
    }
    let (password, avatar) = (app.passwords.hash_for(Line::of(&ctx), &input.password).await?, names::optional(input.avatar));
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let id = facts.new_id();
        let user = User {
            meta: Meta::new(id, facts.now, Some(id)),
            email: email.clone(),
            password: password.clone(),
            fullname: fullname.clone(),
            avatar: or_default(avatar.clone(), Bucket::UserAvatars, id),
            role: Role::TenantUser,
            email_verified: false,
            archive_date: None,
            company_id: act.company(),
        };
        let event = Event { actor: Some(UserId(id)), ..Event::audit(&act, User::def().name, id).after(&user) };
        let answer = Answer::object(&act, &user).with("emailVerificationNeeded", needed.into());
        Ok((Changes::none().put(&user).event(event).taken(taken), answer))
    };
    commit(&app, &ctx, Needs::none(), decide).await
}

/// An archived user registers anew. With verification nothing changes until the address is confirmed, which brings the profile
/// back as it was: whoever registers may be somebody else, so not even the password is taken over. Without, only the old
/// password brings the profile back, as often as a login may be tried.
async fn come_back(app: Arc<App>, ctx: Ctx, user: User, password: String, verify: bool) -> Result<Answer> {
    if verify {
        return Ok(only_id(&user, verify));
    }
    app.throttle.attempt(&format!("login|{}|{}", ctx.company(), user.email), ACCOUNT, ctx.now())?;
    if !app.passwords.verify(Line::of(&ctx), &password, Some(&user.password)).await? {
        return Err(taken());
    }
    let (id, seen) = (user.meta.id, user.password);
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let before = facts.row::<User>(id)?;
        if before.password != seen || before.archive_date.is_none() {
            return Err(taken());
        }
        let back = User { archive_date: None, ..before.clone() }.touched(facts.now);
        let event = Event::audit(&act, User::def().name, id).after(&back).audited(Some(&before));
        let event = Event { actor: Some(UserId(id)), ..event };
        Ok((Changes::none().put(&back).event(event), only_id(&back, verify)))
    };
    commit(&app, &ctx, Needs::row::<User>(id), decide).await
}

/// Nothing of the old profile shows but its id.
fn only_id(user: &User, verify: bool) -> Answer {
    let row = Row::new(user.to_record(), Level::Public);
    Answer::new(Data::One(Box::new(row)), Source::Actor).with("emailVerificationNeeded", verify.into())
}
