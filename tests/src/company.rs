//! Companies and their people.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde_json::{Value as Json, json};
use tokio::sync::OnceCell;
use uuid::Uuid;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::id::{CompanyId, DepartmentId, IdSource, SessionId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{
    Alert, AlertStatus, AlertType, ContractType, DayPart, EmailStatus, EmployeeProfile, LeaveRequest, LeaveStatus, Severity,
    User, UserGroup, UserGroupMember,
};
use workforceos_core::session::{Ctx, Role, Session, Tenant};
use workforceos_core::time::{Clock, Date};
use workforceos_core::zone::Zone;

use crate::app::Shared;
use crate::client::{Client, Reply};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";
/// The root admin's address.
pub const ROOT_EMAIL: &str = "root@platform.test";

/// A company with its owner.
pub struct Company {
    pub id: CompanyId,
    pub codename: String,
    pub zone: Zone,
    pub owner: Person,
    pub(crate) shared: Arc<Shared>,
}

/// A user who can call the server.
#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub codename: String,
    pub client: Client,
}

impl Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Person {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Person {
    /// Logs in anew: a login lasts a day, and the clock may have moved on.
    pub async fn log_in(&mut self) {
        let (email, codename) = (self.email.clone(), self.codename.clone());
        self.client.login(&email, &codename).await;
    }

    /// Calls from now on with a key that does not expire.
    pub async fn use_key(&mut self) {
        self.client.token = Some(self.made_key().await);
    }

    pub fn text(&self) -> String {
        self.id.to_string()
    }
}

impl Company {
    pub(crate) async fn register(shared: Arc<Shared>, name: &str, zone: &str) -> Company {
        let email = format!("owner@{name}.test");
        let body = json!({
            "email": email, "password": PASSWORD, "fullname": format!("Owner of {name}"),
            "company": {"name": name, "timezone": zone},
        });
        let made = Client::new(shared.clone()).post("/auth-api/v1/registercompanyowner", body).await.ok();
        let codename = made["company"]["codename"].as_str().expect("a codename").to_owned();
        let mut owner = Person {
            id: UserId(uuid(&made["user"]["id"])),
            email,
            codename: codename.clone(),
            client: Client::new(shared.clone()),
        };
        owner.log_in().await;
        let zone = Zone::parse(zone).expect("a zone");
        Company { id: CompanyId(uuid(&made["company"]["id"])), codename, zone, owner, shared }
    }

    /// A user without any say.
    pub async fn employee(&self, name: &str) -> Person {
        self.person(name, Role::TenantUser).await
    }

    pub async fn admin(&self, name: &str) -> Person {
        self.person(name, Role::TenantAdmin).await
    }

    /// A user of a role, logged in.
    pub async fn person(&self, name: &str, role: Role) -> Person {
        add_person(&self.shared, self.id, &self.codename, name, role).await
    }

    /// A user without any say who has not logged in.
    pub async fn unseen(&self, name: &str) -> Person {
        insert_person(&self.shared, self.id, &self.codename, name, Role::TenantUser).await
    }

    /// Makes `manager` the direct manager of `reports`.
    pub async fn manager_of(&self, manager: &Person, reports: &[&Person]) {
        let mut changes = Changes::none();
        for report in reports {
            let profile = EmployeeProfile {
                meta: self.meta(),
                user_id: report.id,
                employment_start_date: Date::from_ymd_opt(2009, 1, 1).expect("a date"),
                position: "Nurse".to_owned(),
                contract_type: ContractType::Permanent,
                salary: Some(3000.0),
                department_id: None,
                manager_id: Some(manager.id),
                notes: None,
                company_id: self.id,
            };
            let event = Event::audit(&self.ctx(), EmployeeProfile::def().name, profile.meta.id).after(&profile);
            changes = changes.put(&profile).event(event);
        }
        self.shared.write(self.id, changes).await;
    }

    /// A department with its members.
    pub async fn department(&self, name: &str, members: &[&Person]) -> DepartmentId {
        let group = UserGroup { meta: self.meta(), group_name: name.to_owned(), avatar: None, company_id: self.id };
        let id = DepartmentId(group.meta.id);
        let event = Event::audit(&self.ctx(), UserGroup::def().name, group.meta.id).after(&group);
        let mut changes = Changes::none().put(&group).event(event);
        for member in members {
            let member = UserGroupMember {
                meta: self.meta(),
                group_id: id,
                user_id: member.id,
                owner_id: self.owner.id,
                company_id: self.id,
            };
            let event = Event::audit(&self.ctx(), UserGroupMember::def().name, member.meta.id).after(&member);
            changes = changes.put(&member).event(event);
        }
        self.shared.write(self.id, changes).await;
        id
    }

    /// An approved leave.
    pub async fn leave(&self, who: &Person, from: Date, to: Date, part: DayPart) -> Uuid {
        let leave = LeaveRequest {
            meta: self.meta(),
            user_id: who.id,
            department_id: None,
            request_date: self.shared.clock.now(),
            leave_type: "annual".to_owned(),
            start_date: from,
            end_date: to,
            day_part: part,
            reason: None,
            status: LeaveStatus::Approved,
            approver_id: Some(self.owner.id),
            approved_date: Some(self.shared.clock.now()),
            decision_note: None,
            delay_alert_at: None,
            company_id: self.id,
        };
        let event = Event::audit(&self.ctx(), LeaveRequest::def().name, leave.meta.id).after(&leave);
        self.shared.write(self.id, Changes::none().put(&leave).event(event)).await;
        leave.meta.id
    }

    /// An open alert for somebody.
    pub async fn alert(&self, who: &Person) -> Uuid {
        let alert = Alert {
            meta: self.meta(),
            alert_type: AlertType::OverdueTask,
            severity: Severity::Medium,
            recipient_user_id: who.id,
            related_entity_type: "individualTask".to_owned(),
            related_entity_id: self.meta().id,
            email_status: EmailStatus::Dismissed,
            status: AlertStatus::Open,
            title: "Overdue task".to_owned(),
            message: "A task is overdue.".to_owned(),
            resolved_at: None,
            subject_user_id: Some(who.id),
            cause: String::new(),
            stands: true,
            stands_until: None,
            clashes: json!([]),
            mail_due_at: None,
            mailed_at: None,
            company_id: self.id,
        };
        let seen = Audience::none().user(who.id);
        let event = Event::of(&self.ctx(), "alert.raised", &alert, seen);
        self.shared.write(self.id, Changes::none().put(&alert).event(event)).await;
        alert.meta.id
    }

    /// Plans a shift as the owner: `times` such as `09:00-17:00`.
    pub async fn plan(&self, date: &str, times: &str, people: &[&Person]) -> Reply {
        let (start, end) = times.split_once('-').expect("two times");
        let ids: Vec<String> = people.iter().map(|p| p.text()).collect();
        let body = json!({"shiftDate": date, "startTime": start, "endTime": end, "assignedUserIds": ids});
        self.owner.post("/schedulemanagement-api/v1/shifts", body).await
    }

    /// A planned shift's id.
    pub async fn shift(&self, date: &str, times: &str, people: &[&Person]) -> String {
        id(&self.plan(date, times, people).await.ok()["shift"])
    }

    /// Writes rows past the APIs, through the company's own queue.
    pub async fn write(&self, changes: Changes) {
        self.shared.write(self.id, changes).await;
    }

    pub fn meta(&self) -> Meta {
        meta(&self.shared, Some(self.owner.id.0))
    }

    /// The context of what somebody without any say asks for.
    pub fn ctx_of(&self, person: &Person) -> Ctx {
        let session = Session {
            id: SessionId(Uuid::from_u128(1)),
            user: person.id,
            company: self.id,
            codename: self.codename.as_str().into(),
            role: Role::TenantUser,
            email: person.email.clone(),
            fullname: String::new(),
            avatar: None,
            needs_2fa: false,
            key: None,
            expires_at: None,
        };
        Ctx { session: Some(Arc::new(session)), ..self.ctx() }
    }

    /// The context of what nobody asked for.
    pub fn ctx(&self) -> Ctx {
        let tenant = Tenant::of(self.id, self.codename.as_str(), self.zone);
        workforceos_services::system_ctx(tenant, self.shared.clock.now(), "test")
    }
}

/// A user of any tenant, logged in.
pub(crate) async fn add_person(shared: &Arc<Shared>, tenant: CompanyId, codename: &str, name: &str, role: Role) -> Person {
    let mut person = insert_person(shared, tenant, codename, name, role).await;
    person.log_in().await;
    person
}

async fn insert_person(shared: &Arc<Shared>, tenant: CompanyId, codename: &str, name: &str, role: Role) -> Person {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = HASH.get_or_init(|| async { shared.app().passwords.hash(PASSWORD).await.expect("a hash") }).await;
    let email = format!("{name}@{codename}.test");
    let user = User {
        meta: meta(shared, None),
        email: email.clone(),
        password: hash.clone(),
        fullname: name.to_owned(),
        avatar: None,
        role,
        email_verified: true,
        archive_date: None,
        company_id: tenant,
    };
    let home = Tenant::of(tenant, codename, Zone::UTC);
    let ctx = workforceos_services::system_ctx(home, shared.clock.now(), "test");
    let event = Event::audit(&ctx, User::def().name, user.meta.id).after(&user);
    shared.write(tenant, Changes::none().put(&user).event(event)).await;
    let client = Client::new(shared.clone());
    Person { id: UserId(user.meta.id), email, codename: codename.to_owned(), client }
}

fn meta(shared: &Shared, owner: Option<Uuid>) -> Meta {
    static IDS: std::sync::OnceLock<IdSource> = std::sync::OnceLock::new();
    let now = shared.clock.now();
    Meta::new(IDS.get_or_init(IdSource::random).next(now), now, owner)
}

/// An object's id.
fn id(object: &Json) -> String {
    object["id"].as_str().unwrap_or_else(|| panic!("an id in {object}")).to_owned()
}

fn uuid(json: &Json) -> Uuid {
    json.as_str().and_then(|t| t.parse().ok()).unwrap_or_else(|| panic!("{json} is no UUID"))
}
