//! What an empty database begins with: the superAdmin, and the sample company.

use std::sync::Arc;

use rand::distr::{Alphanumeric, SampleString};
use workforceos_actors::state::default_policy;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{Company, User};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Role, Tenant, Via};

use crate::auth::avatars::{Bucket, or_default};
use crate::auth::names;
use crate::auth::session::anonymous;
use crate::{App, outside};

const SAMPLE: &str = "babil";

/// Makes what is not there yet. Answers the superAdmin's password if it was made up here, which is then told once.
pub async fn first_start(app: &App) -> Result<Option<String>> {
    let ctx = anonymous(app, Arc::new(Tenant::root()), Via::Timer, "first-start".into(), "firstStart");
    let (admin, made_up) = match super_admin(app).await? {
        Some(admin) => (admin, None),
        None => make_super_admin(app, &ctx).await?,
    };
    if app.settings.sample_company && outside::tenant(app, SAMPLE).await?.is_none() {
        make_sample(app, ctx, admin).await?;
    }
    Ok(made_up)
}

fn of_role() -> Query {
    Query::of(User::def(), CompanyId::ROOT, Cond::eq("roleId", Role::SuperAdmin.as_str()))
}

async fn super_admin(app: &App) -> Result<Option<User>> {
    app.store.select(&of_role()).await?.into_iter().next().map(User::from_record).transpose()
}

async fn make_super_admin(app: &App, ctx: &Ctx) -> Result<(User, Option<String>)> {
    let given = app.settings.super_admin_password.clone();
    let password = given.clone().unwrap_or_else(|| Alphanumeric.sample_string(&mut rand::rng(), 20));
    let hash = app.passwords.hash(&password).await?;
    let bad = || Error::field("SUPER_ADMIN_EMAIL", "must be an e-mail address");
    let email = names::email(&app.settings.super_admin_email).ok_or_else(bad)?;
    let ctx = ctx.clone();
    let decide = move |facts: &Facts| {
        // Another node may have been faster.
        let there = facts.rows::<User>()?.into_iter().find(|u| u.role == Role::SuperAdmin && u.company_id.is_root());
        if let Some(admin) = there {
            return Ok((Changes::none(), (admin, false)));
        }
        let admin = person(facts, &email, &hash, Role::SuperAdmin, CompanyId::ROOT);
        let event = Event::audit(&ctx, User::def().name, admin.meta.id).after(&admin);
        Ok((Changes::none().put(&admin).event(event), (admin, true)))
    };
    let (admin, new) = app.companies.decide(CompanyId::ROOT, Needs::none().and_query(of_role()), decide).await?;
    Ok((admin, (new && given.is_none()).then_some(password)))
}

fn person(facts: &Facts, email: &str, hash: &str, role: Role, company: CompanyId) -> User {
    let id = facts.new_id();
    User {
        meta: Meta::new(id, facts.now, Some(id)),
        email: email.to_owned(),
        password: hash.to_owned(),
        fullname: if role == Role::SuperAdmin { "Super Admin" } else { "Company Owner" }.to_owned(),
        avatar: or_default(None, Bucket::UserAvatars, id),
        role,
        email_verified: true,
        archive_date: None,
        company_id: company,
    }
}

/// The sample company, whose owner logs in as the superAdmin does.
async fn make_sample(app: &App, ctx: Ctx, admin: User) -> Result<()> {
    let id = CompanyId(app.ids.next(app.clock.now()));
    let zone = app.settings.default_zone.name();
    let decide = move |facts: &Facts| {
        let owner = person(facts, &admin.email, &admin.password, Role::TenantOwner, id);
        let company = Company {
            meta: Meta::new(id, facts.now, Some(owner.meta.id)),
            name: "Babil".to_owned(),
            codename: SAMPLE.to_owned(),
            fullname: Some("Babil Workforce Ltd.".to_owned()),
            avatar: or_default(None, Bucket::CompanyAvatars, id.0),
            owner_id: UserId(owner.meta.id),
            industry: None,
            company_size: None,
            timezone: zone.to_owned(),
        };
        Ok((founding(&ctx, facts, &company, &owner), ()))
    };
    match app.companies.decide(id, Needs::none(), decide).await {
        // Another node made it in the meantime.
        Err(error) if error.code == "AlreadyExists" => Ok(()),
        other => other,
    }
}

/// A company's first change: its row, its policy, its owner.
pub fn founding(ctx: &Ctx, facts: &Facts, company: &Company, owner: &User) -> Changes {
    let policy = default_policy(CompanyId(company.meta.id), facts.now);
    let made = Event::audit(ctx, Company::def().name, company.meta.id).after(company);
    let joined = Event::audit(ctx, User::def().name, owner.meta.id).after(owner);
    Changes::none().put(company).put(&policy).put(owner).event(made).event(joined)
}
