//! `createUser`: an admin adds somebody to the tenant.

use std::sync::Arc;

use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::User;
use workforceos_core::session::{Ctx, Role};
use workforceos_core::{BusinessApi, input};

use crate::auth::avatars::{Bucket, or_default};
use crate::auth::lines::Line;
use crate::auth::{names, roles};
use crate::{Api, App, commit};

input! {
    /// A new user.
    pub struct NewUser {
        /// Address of the picture; left out: a generated one.
        avatar: Option<String> => "avatar" Body,
        /// Role: tenantUser (the default) or tenantAdmin; on the SaaS level saasUser (the default) or saasAdmin.
        role: Option<String> => "roleId" Body,
        /// Whether the address counts as confirmed (false).
        email_verified: Option<bool> => "emailVerified" Body,
        /// E-mail address, unique in the tenant.
        email: String => "email" Body,
        /// Password, 8 to 200 characters.
        password: String => "password" Body .secret(),
        /// Full name.
        fullname: String => "fullname" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::create("createUser")
        .on::<User>()
        .at("/v1/users")
        .reach(Reach::Admins)
        .any_tenant()
        .about(
            "Adds a user to the tenant, an ordinary one unless a role is given. Only the owner (on the SaaS level the superAdmin) makes \
             admins; nobody makes owners. An address that is taken is refused.",
        )
        .handler(create)
}

/// The e-mail address belongs to somebody else.
pub fn taken() -> Error {
    Error::conflict("AlreadyExists", "Somebody has this e-mail address already")
}

async fn create(app: Arc<App>, ctx: Ctx, input: NewUser) -> Result<Answer> {
    let mut problems = Vec::new();
    let email = names::read_email("email", &input.email, &mut problems);
    names::check_password("password", &input.password, &mut problems);
    let fullname = names::read_name("fullname", &input.fullname, &mut problems);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let ordinary = if ctx.company().is_root() { Role::SaasUser } else { Role::TenantUser };
    let role = input.role.as_deref().map(roles::read).transpose()?.unwrap_or(ordinary);
    roles::may_give(&ctx, role)?;
    if (role.is_admin() || role.is_root()) && ctx.session.as_ref().is_some_and(|s| s.key.is_some()) {
        return Err(Error::forbidden("An API key makes no admins and nobody on the SaaS level"));
    }
    let (password, avatar) = (app.passwords.hash_for(Line::of(&ctx), &input.password).await?, names::optional(input.avatar));
    let email_verified = input.email_verified.unwrap_or(false);
    let act = ctx.clone();
    let decide = move |facts: &Facts| {
        let id = facts.new_id();
        let user = User {
            meta: Meta::new(id, facts.now, Some(act.user().0)),
            email: email.clone(),
            password: password.clone(),
            fullname: fullname.clone(),
            avatar: or_default(avatar.clone(), Bucket::UserAvatars, id),
            role,
            email_verified,
            archive_date: None,
            company_id: act.company(),
        };
        let event = Event::audit(&act, User::def().name, user.meta.id).after(&user);
        Ok((Changes::none().put(&user).event(event).taken(taken), Answer::object(&act, &user)))
    };
    commit(&app, &ctx, Needs::none(), decide).await
}
