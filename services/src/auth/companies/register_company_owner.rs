//! `registerCompanyOwner`: a new company and its owner, in one transaction.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workforceos_actors::{Facts, Needs};
use workforceos_core::answer::Answer;
use workforceos_core::api::Reach;
use workforceos_core::error::{Error, Problem, Result};
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{Company, User};
use workforceos_core::session::{Ctx, Role, Tenant};
use workforceos_core::value::{Kind, Value};
use workforceos_core::zone::Zone;
use workforceos_core::{BusinessApi, input, openapi};

use super::register_company_user::refuse_social;
use crate::auth::avatars::{Bucket, or_default};
use crate::auth::first_start::founding;
use crate::auth::lines::Line;
use crate::auth::names::{self, codename, is_reserved, numbered};
use crate::{Api, App, commit, outside};

/// How many codenames are tried for one name.
const CODENAMES: u32 = 1_000;

input! {
    /// A new company and its owner.
    pub struct NewOwner {
        /// Address of the owner's picture; left out: a generated one.
        avatar: Option<String> => "avatar" Body,
        /// Code of a social login (none is configured: leave it out).
        social_code: Option<String> => "socialCode" Body,
        /// Password, 8 to 200 characters.
        password: String => "password" Body .secret(),
        /// The owner's e-mail address.
        email: String => "email" Body,
        /// The company: {name, fullname?, avatar?, industry?, companySize?, timezone? (IANA, for example Europe/Berlin)}.
        company: Json => "company" Body,
        /// The owner's full name.
        fullname: String => "fullname" Body,
    }
}

pub fn api() -> Api {
    BusinessApi::create("registerCompanyOwner")
        .on::<User>()
        .at("/v1/registercompanyowner")
        .reach(Reach::Public)
        .any_tenant()
        .extra(&["company", "emailVerificationNeeded"])
        .carries(|| {
            json!({
                "company": openapi::object_schema(Company::def()),
                "emailVerificationNeeded": {"type": "boolean", "description": "Whether the address has to be verified before logging in."},
            })
        })
        .about(
            "Creates a company and the user who owns it. The company's codename is made from its name. Refuses bad addresses, short \
             passwords and unknown time zones, and names every bad field.",
        )
        .handler(register)
}

/// What the founder says of the company.
#[derive(Clone)]
struct Draft {
    name: String,
    fullname: Option<String>,
    avatar: Option<String>,
    industry: Option<String>,
    company_size: Option<String>,
    timezone: String,
}

fn read_company(json: &Json, default: Zone, problems: &mut Vec<Problem>) -> Draft {
    let mut text = |name: &str| {
        let value = json.get(name).filter(|v| !v.is_null())?;
        // How many people work there may well come as a number.
        let value = if name == "companySize" && value.is_number() { Json::String(value.to_string()) } else { value.clone() };
        match Kind::String.read(&value, false) {
            Ok(Value::Text(text)) => names::optional(Some(text)),
            Ok(_) => None,
            Err(problem) => {
                problems.push(Problem::new(format!("company.{name}"), problem));
                None
            }
        }
    };
    let (name, fullname, avatar) = (text("name"), text("fullname"), text("avatar"));
    let (industry, company_size, timezone) = (text("industry"), text("companySize"), text("timezone"));
    if name.is_none() && !problems.iter().any(|p| p.field == "company.name") {
        problems.push(Problem::new("company.name", "is required"));
    }
    let timezone = timezone.unwrap_or_else(|| default.name().to_owned());
    if Zone::parse(&timezone).is_none() {
        problems.push(Problem::new("company.timezone", "must be an IANA time zone, for example Europe/Berlin"));
    }
    Draft { name: name.unwrap_or_default(), fullname, avatar, industry, company_size, timezone }
}

async fn register(app: Arc<App>, ctx: Ctx, input: NewOwner) -> Result<Answer> {
    refuse_social(input.social_code.as_deref())?;
    let mut problems = Vec::new();
    let email = names::read_email("email", &input.email, &mut problems);
    names::check_password("password", &input.password, &mut problems);
    let fullname = names::read_name("fullname", &input.fullname, &mut problems);
    let draft = read_company(&input.company, app.settings.default_zone, &mut problems);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let password = app.passwords.hash_for(Line::of(&ctx), &input.password).await?;
    let owner = Founder { email, password, fullname, avatar: names::optional(input.avatar) };
    let base = codename(&draft.name);
    for n in 1..=CODENAMES {
        let name = numbered(&base, n);
        if is_reserved(&name) || outside::tenant(&app, &name).await?.is_some() {
            continue;
        }
        match found(&app, &ctx, &owner, &draft, name).await {
            // Somebody took the codename in the meantime.
            Err(error) if error.code == "AlreadyExists" => {}
            other => return other,
        }
    }
    Err(Error::conflict("AlreadyExists", "No codename is free for this name; choose another"))
}

#[derive(Clone)]
struct Founder {
    email: String,
    password: String,
    fullname: String,
    avatar: Option<String>,
}

async fn found(app: &App, ctx: &Ctx, founder: &Founder, draft: &Draft, codename: String) -> Result<Answer> {
    let id = CompanyId(ctx.new_id());
    let zone = Zone::parse(&draft.timezone).unwrap_or(Zone::UTC);
    let tenant = Tenant::of(id, codename.as_str(), zone);
    // Whoever registers is nobody yet on the new tenant, also if logged in elsewhere.
    let ctx = Ctx { tenant: Arc::new(tenant), session: None, ..ctx.clone() };
    let act = ctx.clone();
    let (founder, draft, needed) = (founder.clone(), draft.clone(), app.settings.email_verification);
    let decide = move |facts: &Facts| {
        let owner = founder.user(facts, id);
        let company = Company {
            meta: Meta::new(id, facts.now, Some(owner.meta.id)),
            name: draft.name.clone(),
            codename: codename.clone(),
            fullname: draft.fullname.clone(),
            avatar: or_default(draft.avatar.clone(), Bucket::CompanyAvatars, id.0),
            owner_id: UserId(owner.meta.id),
            industry: draft.industry.clone(),
            company_size: draft.company_size.clone(),
            timezone: draft.timezone.clone(),
        };
        let made = serde_json::to_value(Answer::object(&ctx, &company).view(false)).map_err(Error::internal)?;
        let answer = Answer::object(&ctx, &owner).with("company", made).with("emailVerificationNeeded", needed.into());
        let taken = || Error::conflict("AlreadyExists", "The codename is taken");
        let mut founded = founding(&ctx, facts, &company, &owner);
        // It is the new owner's act.
        founded.events.iter_mut().for_each(|event| event.actor = Some(UserId(owner.meta.id)));
        Ok((founded.taken(taken), answer))
    };
    commit(app, &act, Needs::none(), decide).await
}

impl Founder {
    fn user(&self, facts: &Facts, company: CompanyId) -> User {
        let id = facts.new_id();
        User {
            meta: Meta::new(id, facts.now, Some(id)),
            email: self.email.clone(),
            password: self.password.clone(),
            fullname: self.fullname.clone(),
            avatar: or_default(self.avatar.clone(), Bucket::UserAvatars, id),
            role: Role::TenantOwner,
            email_verified: false,
            archive_date: None,
            company_id: company,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_bad_field_of_the_company_is_named() {
        let mut problems = Vec::new();
        read_company(&json!({"fullname": 3, "timezone": "Mars/Olympus"}), Zone::UTC, &mut problems);
        let names: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        assert_eq!(names, ["company.fullname", "company.name", "company.timezone"]);
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let mut problems = Vec::new();
        let draft = read_company(&json!({"name": " Acme ", "companySize": 12}), Zone::UTC, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((draft.name.as_str(), draft.timezone.as_str()), ("Acme", "UTC"));
        assert_eq!((draft.fullname, draft.company_size.as_deref()), (None, Some("12")));
    }
}
