//! People: users with their department and their employee's profile. Whoever is there already keeps name and role; what the
//! file says of department and profile is brought up to date.

use std::collections::HashMap;

use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{DepartmentId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{ContractType, EmployeeProfile, User, UserGroup, UserGroupMember};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Role};
use workforceos_core::time::{Date, parse_date};

use super::cells;
use super::engine::{Done, Importer, Problems, Sheet, Step};
use super::report::What;
use super::table::{Cells, Column, Line};
use crate::auth::{self, Bucket, names, roles};
use crate::employees;

pub struct People;

#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    email: String,
    fullname: String,
    role: Role,
    department: Option<String>,
    position: Option<String>,
    start: Option<Date>,
    contract: Option<ContractType>,
    salary: Option<f64>,
    manager: Option<String>,
}

impl Person {
    fn has_profile(&self) -> bool {
        let told = [self.position.is_some(), self.start.is_some(), self.contract.is_some(), self.salary.is_some()];
        self.manager.is_some() || told.contains(&true)
    }
}

const fn column(name: &'static str, aliases: &'static [&'static str], required: bool) -> Column {
    Column { name, aliases, required }
}

impl Importer for People {
    type Row = Person;
    const COLUMNS: &'static [Column] = &[
        column("email", &["mail", "emailaddress"], true),
        column("fullname", &["name", "employee", "employeename"], true),
        column("role", &["roleid"], false),
        column("department", &["departmentname", "team", "group"], false),
        column("position", &["jobtitle", "title"], false),
        column("employmentStartDate", &["startdate", "start", "hiredate", "hired"], false),
        column("contractType", &["contract"], false),
        column("salary", &["pay"], false),
        column("manager", &["manageremail", "reportsto"], false),
    ];
    /// People and departments first: profiles name them.
    const STEPS: usize = 2;
    const EVENT: &'static str = "user.imported";

    fn read(cells: &mut Cells) -> Option<Person> {
        let email = cells.need("email", "must be an e-mail address", names::email);
        let fullname = cells.need("fullname", "must not be empty", |t| Some(t.to_owned()));
        let ordinary = |t: &str| [Role::TenantUser, Role::TenantAdmin].into_iter().find(|r| r.as_str().eq_ignore_ascii_case(t));
        let role = cells.read("role", "must be tenantUser or tenantAdmin", ordinary).unwrap_or(Role::TenantUser);
        let contract = |t: &str| {
            ContractType::NAMES.iter().find(|name| name.eq_ignore_ascii_case(t)).and_then(|name| ContractType::parse(name))
        };
        let money = |t: &str| t.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        let manager = cells.read("manager", "must be an e-mail address", names::email);
        if manager.is_some() && manager == email {
            cells.refuse("manager", "must be somebody else");
        }
        Some(Person {
            role,
            department: cells.get("department").map(str::to_owned),
            position: cells.get("position").map(str::to_owned),
            start: cells.read("employmentStartDate", cells::DATE, parse_date),
            contract: cells.read("contractType", "must be permanent, temporary or contract", contract),
            salary: cells.read("salary", "must be a number like 2500.50, 0 or more", money),
            manager,
            email: email?,
            fullname: fullname?,
        })
    }

    fn key(row: &Person) -> Option<String> {
        Some(row.email.clone())
    }

    fn weight(_: &Person) -> usize {
        2
    }

    fn emails(row: &Person) -> Vec<&str> {
        [Some(&row.email), row.manager.as_ref()].into_iter().flatten().map(String::as_str).collect()
    }

    fn needs(ctx: &Ctx, _: &[Line<Person>], users: &[UserId]) -> Needs {
        let departments = Query::of(UserGroup::def(), ctx.company(), Cond::TRUE);
        let profiles = Query::of(EmployeeProfile::def(), ctx.company(), Cond::id_in("userId", users));
        // Whoever joins a department joins its coming shifts.
        Needs { future: !users.is_empty(), ..Needs::none().and_query(departments).and_query(profiles) }
    }

    fn decide(facts: &Facts, ctx: &Ctx, step: Step, rows: &[Line<Person>], sheet: &Sheet) -> Result<Vec<Result<Done, Problems>>> {
        let users = facts.rows::<User>()?.into_iter().map(|user| (user.email.clone(), user)).collect();
        let profiles = facts.rows::<EmployeeProfile>()?.into_iter().map(|p| (p.user_id, p)).collect();
        let mut batch = Batch { facts, ctx, step, sheet, users, profiles, departments: cells::departments(facts)? };
        Ok(rows.iter().map(|line| batch.row(&line.row)).collect())
    }
}

struct Batch<'a, 'f> {
    facts: &'a Facts<'f>,
    ctx: &'a Ctx,
    step: Step,
    sheet: &'a Sheet,
    users: HashMap<String, User>,
    profiles: HashMap<UserId, EmployeeProfile>,
    departments: cells::Departments,
}

impl Batch<'_, '_> {
    fn row(&mut self, row: &Person) -> Result<Done, Problems> {
        let mut problems = Problems::new();
        let known = self.users.get(&row.email);
        if known.is_some_and(|user| user.archive_date.is_some()) {
            problems.push((Some("email"), "belongs to an archived profile".to_owned()));
        }
        if known.is_none() && roles::may_give(self.ctx, row.role).is_err() {
            problems.push((Some("role"), format!("{} is not yours to give", row.role.as_str())));
        }
        if known.is_none() && row.role.is_admin() && self.ctx.session.as_ref().is_some_and(|s| s.key.is_some()) {
            problems.push((Some("role"), "An API key makes no admins".to_owned()));
        }
        if let Some(name) = &row.department
            && self.departments.is_ambiguous(name)
        {
            problems.push((Some("department"), format!("there are several departments of the name {name}")));
        }
        let user = known.map_or_else(|| UserId(self.facts.new_id()), |user| UserId(user.meta.id));
        let mut done = Done::new(if known.is_some() { What::Skipped } else { What::Created }, Changes::none());
        if self.step != Step::Write(1) {
            self.join(row, user, &mut done);
        }
        if row.has_profile() && self.step != Step::Write(0) {
            self.profile(row, user, &mut done, &mut problems);
        }
        if self.step == Step::Write(1) && !self.users.contains_key(&row.email) {
            problems.push((Some("email"), "is not known any more".to_owned()));
        }
        if problems.is_empty() { Ok(done) } else { Err(problems) }
    }

    /// The user, the department and the membership, as far as they are not there.
    fn join(&mut self, row: &Person, id: UserId, done: &mut Done) {
        let (facts, ctx) = (self.facts, self.ctx);
        let mut changes = Changes::none();
        let new = !self.users.contains_key(&row.email);
        if new {
            let user = user(facts, ctx, row, id);
            changes = changes.event(Event::audit(ctx, User::def().name, id).after(&user)).put(&user).taken(auth::taken);
        }
        if let Some(name) = &row.department {
            let department = self.departments.find(name).unwrap_or_else(|| {
                let department = department(facts, ctx, name);
                changes = std::mem::take(&mut changes)
                    .event(Event::audit(ctx, UserGroup::def().name, department.meta.id).after(&department))
                    .put(&department);
                done.department = Some(name.clone());
                self.departments.add(&department);
                DepartmentId(department.meta.id)
            });
            if !facts.state.people.is_member(department, id) {
                changes = changes.join(membership(facts, ctx, department, id, !new));
                done.what = done.what.max(What::Updated);
            }
        }
        done.changes = changes;
    }

    /// The profile as the row says it, if that is other than it is.
    fn profile(&mut self, row: &Person, user: UserId, done: &mut Done, problems: &mut Problems) {
        let manager = match &row.manager {
            None => None,
            Some(email) => match self.users.get(email).filter(|m| m.archive_date.is_none()) {
                Some(manager) => Some(UserId(manager.meta.id)),
                None if self.step == Step::Check && self.sheet.keys.contains(email) => {
                    done.waits_for = Some(email.clone());
                    None
                }
                None => {
                    problems.push((Some("manager"), format!("{email} is nobody of the company")));
                    return;
                }
            },
        };
        let before = self.profiles.get(&user);
        let department = row.department.as_ref().and_then(|name| self.departments.find(name));
        let base = match before {
            Some(before) => before.clone(),
            None => {
                let (Some(start), Some(position)) = (row.start, row.position.clone()) else {
                    for (column, given) in [("employmentStartDate", row.start.is_some()), ("position", row.position.is_some())] {
                        if !given {
                            problems.push((Some(column), "is needed for a new profile".to_owned()));
                        }
                    }
                    return;
                };
                blank(self.facts, self.ctx, user, start, position)
            }
        };
        let mut profile = base.clone();
        profile.employment_start_date = row.start.unwrap_or(profile.employment_start_date);
        profile.position = row.position.clone().unwrap_or(profile.position);
        profile.contract_type = row.contract.unwrap_or(profile.contract_type);
        profile.salary = row.salary.or(profile.salary);
        profile.department_id = department.or(profile.department_id);
        profile.manager_id = manager.or(profile.manager_id);
        if before.is_some() && profile == base && done.waits_for.is_none() {
            return;
        }
        let kind = if before.is_some() { "profile.updated" } else { "profile.created" };
        let profile = if before.is_some() { profile.touched(self.facts.now) } else { profile };
        let audience = employees::profile_audience(before, &profile);
        let event = Event::of(self.ctx, kind, &profile, audience).audited(before);
        done.what = done.what.max(What::Updated);
        done.changes = std::mem::take(&mut done.changes).put(&profile).event(event);
    }
}

/// A user who has no password yet: only a password reset gives one.
fn user(facts: &Facts, ctx: &Ctx, row: &Person, id: UserId) -> User {
    User {
        meta: Meta::new(id, facts.now, Some(ctx.user().0)),
        email: row.email.clone(),
        password: auth::NO_PASSWORD.to_owned(),
        fullname: row.fullname.clone(),
        avatar: auth::default_avatar(None, Bucket::UserAvatars, id.0),
        role: row.role,
        email_verified: false,
        archive_date: None,
        company_id: ctx.company(),
    }
}

fn department(facts: &Facts, ctx: &Ctx, name: &str) -> UserGroup {
    let id: Uuid = facts.new_id();
    UserGroup {
        meta: Meta::new(id, facts.now, Some(ctx.user().0)),
        group_name: name.to_owned(),
        avatar: auth::default_avatar(None, Bucket::CompanyAvatars, id),
        company_id: ctx.company(),
    }
}

/// A membership; of somebody who may have other shifts with the alert about those that overlap.
fn membership(facts: &Facts, ctx: &Ctx, department: DepartmentId, user: UserId, has_shifts: bool) -> Changes {
    let member = UserGroupMember {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        group_id: department,
        user_id: user,
        owner_id: ctx.user(),
        company_id: ctx.company(),
    };
    let mut event = Event::audit(ctx, UserGroupMember::def().name, member.meta.id).after(&member);
    event.audience = auth::membership_reach(&facts.state.people, department, user);
    let clashes = if has_shifts { auth::membership_alert(facts, ctx, &member) } else { Changes::none() };
    Changes::none().put(&member).event(event).join(clashes)
}

fn blank(facts: &Facts, ctx: &Ctx, user: UserId, start: Date, position: String) -> EmployeeProfile {
    EmployeeProfile {
        meta: Meta::new(facts.new_id(), facts.now, Some(ctx.user().0)),
        user_id: user,
        employment_start_date: start,
        position,
        contract_type: ContractType::Permanent,
        salary: None,
        department_id: None,
        manager_id: None,
        notes: None,
        company_id: ctx.company(),
    }
}
