//! Who may make, raise, lower, reset and remove whom: one test for each rule, through the server.

mod acting;
mod company;
mod keys;
mod platform;
mod safe;

use serde_json::{Value as Json, json};
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_core::session::Role;
use workforceos_tests::{Client, Company, Db, PASSWORD, Person, Reply, TestApp};

use crate::identity::at;
use crate::text;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Owner,
    Admin,
    /// Of the ordinary user that things are done to.
    Manager,
    User,
    /// Owner of another company.
    Stranger,
    Super,
    SaasAdmin,
    SaasUser,
    /// Those of the SaaS level, acting on the company.
    SuperThere,
    SaasAdminThere,
    SaasUserThere,
}

/// To whom it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    Oneself,
    Owner,
    Admin,
    User,
    Super,
    SaasAdmin,
    SaasUser,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A new user of a role, or of none in particular.
    Create(Option<&'static str>),
    Role(Whom, &'static str),
    Password(Whom),
    Delete(Whom),
    Rename(Whom),
    Archive,
    /// One's own profile, with a role beside the name.
    Profile,
}

/// How it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Done,
    Forbidden,
    /// 400 about the role.
    WrongRole,
    NotFound,
    Mismatch,
}

/// A test for each rule.
macro_rules! rules {
    ($($name:ident: $who:ident $act:expr => $end:ident),+ $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            use super::Act::*;
            super::rule(super::Who::$who, $act, super::End::$end).await;
        }
    )+ };
}
use rules;

const NEW_PASSWORD: &str = "an entirely new one";
const NEW_NAME: &str = "Somebody Else";

struct World {
    app: TestApp,
    acme: Company,
}

impl World {
    async fn actor(&self, who: Who) -> Client {
        let root = async |role| self.app.root_person("actor", role).await.client;
        match who {
            Who::Owner => self.acme.owner.client.clone(),
            Who::Admin => self.acme.admin("actor").await.client,
            Who::Manager | Who::User => self.acme.employee("actor").await.client,
            Who::Stranger => self.app.company("other", "UTC").await.owner.client.clone(),
            Who::Super => self.app.super_admin().await,
            Who::SuperThere => self.app.super_admin().await.claiming("acme"),
            Who::SaasAdmin => root(Role::SaasAdmin).await,
            Who::SaasAdminThere => root(Role::SaasAdmin).await.claiming("acme"),
            Who::SaasUser => root(Role::SaasUser).await,
            Who::SaasUserThere => root(Role::SaasUser).await.claiming("acme"),
        }
    }

    async fn target(&self, whom: Whom, actor: &Client) -> Person {
        match whom {
            Whom::Oneself => me(actor).await,
            Whom::Owner => self.acme.owner.clone(),
            Whom::Admin => self.acme.admin("target").await,
            Whom::User => self.acme.unseen("target").await,
            Whom::Super => me(&self.app.super_admin().await).await,
            Whom::SaasAdmin => self.app.root_person("target", Role::SaasAdmin).await,
            Whom::SaasUser => self.app.root_person("target", Role::SaasUser).await,
        }
    }

    /// Somebody's row as it is; none of somebody who is gone.
    async fn row(&self, person: &Person) -> Option<User> {
        let row = self.app.services().store.get(User::def(), None, person.id.0).await.expect("read");
        row.map(|row| User::from_record(row).expect("a user"))
    }

    /// Whether somebody can log in with a password.
    async fn logs_in(&self, person: &Person, password: &str) -> bool {
        let body = json!({"username": person.email, "password": password});
        self.app.anonymous().claiming(&person.codename).post(at::LOGIN, body).await.status == 200
    }
}

async fn me(client: &Client) -> Person {
    // Whatever company is claimed, one is somebody at home.
    let mut home = client.clone();
    home.claim = None;
    let told = home.get(at::CURRENT_USER).await.ok();
    let (id, email) = (text(&told, "userId").parse().expect("an id"), text(&told, "email"));
    let codename = text(&told, "companyCodename");
    Person { id: workforceos_core::id::UserId(id), email, codename, client: client.clone() }
}

/// Somebody tries something: it is done, or refused and nothing has changed.
async fn rule(who: Who, act: Act, end: End) {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let world = World { app, acme };
    let actor = world.actor(who).await;
    let whom = match act {
        Act::Role(whom, _) | Act::Password(whom) | Act::Delete(whom) | Act::Rename(whom) => whom,
        Act::Create(_) | Act::Archive | Act::Profile => Whom::Oneself,
    };
    let target = world.target(whom, &actor).await;
    if who == Who::Manager && whom != Whom::Oneself {
        world.acme.manager_of(&me(&actor).await, &[&target]).await;
    }
    let before = world.row(&target).await.expect("somebody");
    let reply = perform(&actor, act, &target).await;
    let after = world.row(&target).await;
    let told = format!("{who:?} {act:?}: {}", reply.text);
    match end {
        End::Done => return done(&world, act, reply, &target, &before, after).await,
        End::Forbidden => drop(reply.refused(403, "Forbidden")),
        End::Mismatch => drop(reply.refused(403, "TenantMismatch")),
        End::NotFound => drop(reply.refused(404, "UserNotFound")),
        End::WrongRole => assert_eq!(reply.bad_fields(), ["roleId"]),
    }
    assert_eq!(Some(before), after, "nothing has changed: {told}");
    assert!(world.logs_in(&target, PASSWORD).await, "{told}");
    assert!(!world.logs_in(&new_user(&target), PASSWORD).await, "nobody was made: {told}");
}

fn new_user(beside: &Person) -> Person {
    Person { email: "new@acme.test".to_owned(), ..beside.clone() }
}

async fn perform(actor: &Client, act: Act, target: &Person) -> Reply {
    let of = |path: &str| format!("{path}/{}", target.text());
    match act {
        Act::Create(role) => {
            let mut body = json!({"email": "new@acme.test", "password": PASSWORD, "fullname": "New", "emailVerified": true});
            if let Some(role) = role {
                body["roleId"] = json!(role);
            }
            actor.post(at::USERS, body).await
        }
        Act::Role(_, role) => actor.patch(&of("/auth-api/v1/userrole"), json!({"roleId": role})).await,
        Act::Password(_) => actor.patch(&of("/auth-api/v1/userpasswordbyadmin"), json!({"password": NEW_PASSWORD})).await,
        Act::Delete(_) => actor.delete(&of(at::USERS)).await,
        Act::Rename(_) => actor.patch(&of(at::USERS), more_than_a_name()).await,
        Act::Archive => actor.delete(at::PROFILE).await,
        Act::Profile => actor.patch(at::PROFILE, more_than_a_name()).await,
    }
}

/// A new name, and what is not to be had that way.
fn more_than_a_name() -> Json {
    json!({"fullname": NEW_NAME, "roleId": "tenantOwner", "password": NEW_PASSWORD, "email": "x@acme.test", "emailVerified": false,
        "companyId": null, "isActive": false, "archiveDate": "2020-01-01T00:00:00.000Z"})
}

/// What was asked for has happened, and nothing beside it.
async fn done(world: &World, act: Act, reply: Reply, target: &Person, before: &User, after: Option<User>) {
    let body = reply.ok();
    assert!(body["user"].get("password").is_none(), "{body}");
    let (by_old, by_new) = (world.logs_in(target, PASSWORD).await, world.logs_in(target, NEW_PASSWORD).await);
    let Some(after) = after else {
        assert!(matches!(act, Act::Delete(_)) && body["user"]["isActive"] == false, "{body}");
        assert!(!by_old && !by_new);
        return;
    };
    let unchanged = User { meta: after.meta.clone(), ..before.clone() };
    match act {
        Act::Delete(_) => panic!("{} is still there", target.email),
        Act::Create(role) => {
            assert_eq!(*before, after);
            let in_root = body["user"]["companyId"].is_null();
            let given = role.unwrap_or(if in_root { "saasUser" } else { "tenantUser" });
            assert_eq!((&body["statusCode"], &body["user"]["roleId"]), (&json!(201), &json!(given)));
            let codename = if in_root { "root" } else { "acme" }.to_owned();
            assert!(world.logs_in(&Person { codename, ..new_user(target) }, PASSWORD).await);
        }
        Act::Role(_, role) => {
            let role = Role::parse(role).expect("a role");
            assert_eq!(after, User { role, ..unchanged });
            assert!(by_old && !by_new);
        }
        Act::Password(_) => {
            assert_eq!(after, User { password: after.password.clone(), ..unchanged });
            assert!(!by_old && by_new);
        }
        Act::Rename(_) | Act::Profile => {
            assert!(after.meta.is_active);
            assert_eq!(after, User { fullname: NEW_NAME.to_owned(), ..unchanged });
            assert!(by_old && !by_new);
        }
        Act::Archive => {
            assert_eq!(after, User { archive_date: after.archive_date, ..unchanged });
            assert!(after.archive_date.is_some() && by_old, "logging in brings it back");
        }
    }
}
