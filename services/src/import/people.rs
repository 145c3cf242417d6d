//! People: users with their department and their employee's profile, by the rules of `createUser`, `createUserGroupMember` and
//! `createEmployeeProfile`. Whoever is there already keeps name and role; what the file says of department and profile is brought
//! up to date.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;
use workforceos_actors::{Facts, Needs};
use workforceos_core::change::{Changes, Event};
use workforceos_core::error::Result;
use workforceos_core::id::{DepartmentId, ProfileId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{ContractType, EmployeeProfile, User, UserGroup};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::{Ctx, Role};
use workforceos_core::time::{Date, parse_date};

use super::cells;
use super::engine::{Done, Importer, Problems, named};
use super::report::What;
use super::table::{Cells, Column, Line};
use crate::auth::{self, Bucket, names, roles};
use crate::employees::profiles::rules;

/// First it is asked who is there, of all whom the file names.
const LOOK: usize = 0;
/// Then come users, departments and memberships, and last the profiles, which name managers from all over the file.
const JOIN: usize = 1;

/// Under which names the file has the fields of a profile.
const FIELDS: &[(&str, &str)] =
    &[("position", "position"), ("salary", "salary"), ("departmentId", "department"), ("managerId", "manager")];

/// What is known of the company and of the file.
pub struct People {
    /// The addresses of the file's own rows.
    keys: HashSet<String>,
    users: HashMap<String, Known>,
    departments: Option<cells::Departments>,
    /// Whose profile is to name whom as manager.
    managers: Vec<(String, String)>,
    /// Those of them who would then manage themselves through others; known once everybody is.
    in_circles: Option<HashSet<UserId>>,
    /// Whether somebody who is there already joins a department: then the days of coming shifts are asked for, once.
    joins: bool,
}

/// Somebody of the company.
#[derive(Clone, Copy)]
struct Known {
    id: UserId,
    archived: bool,
    /// Made by this import.
    new: bool,
    profile: Option<ProfileId>,
}

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
    const STEPS: usize = 3;
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

    fn begin(rows: &[Line<Person>]) -> People {
        let keys = rows.iter().map(|line| line.row.email.clone()).collect();
        let managers = rows.iter().filter_map(|line| Some((line.row.email.clone(), line.row.manager.clone()?))).collect();
        People { keys, users: HashMap::new(), departments: None, managers, in_circles: None, joins: false }
    }

    fn needs(&mut self, ctx: &Ctx, step: usize, rows: &[Line<Person>]) -> Needs {
        match step {
            LOOK => {
                let emails = rows.iter().flat_map(|line| [Some(&line.row.email), line.row.manager.as_ref()]).flatten();
                let needs = Needs::none().and_query(named(ctx, emails.map(String::as_str)));
                if self.departments.is_some() {
                    return needs;
                }
                needs.and_query(Query::of(UserGroup::def(), ctx.company(), Cond::TRUE))
            }
            JOIN => {
                // Whoever joins a department joins its coming shifts; nobody who is new has others.
                Needs { future: std::mem::take(&mut self.joins), ..Needs::none() }
            }
            _ => {
                let there = |line: &Line<Person>| self.users.get(&line.row.email)?.profile.filter(|_| line.row.has_profile());
                let profiles: Vec<ProfileId> = rows.iter().filter_map(there).collect();
                Needs::none().and_query(Query::of(EmployeeProfile::def(), ctx.company(), Cond::id_in("id", &profiles)))
            }
        }
    }

    fn decide(&mut self, facts: &Facts, ctx: &Ctx, step: usize, rows: &[Line<Person>]) -> Result<Vec<Result<Done, Problems>>> {
        match step {
            LOOK => {
                for user in facts.rows::<User>()? {
                    let (id, archived) = (UserId(user.meta.id), user.archive_date.is_some());
                    let known = Known { id, archived, new: false, profile: facts.state.people.profile_of(id) };
                    self.users.insert(user.email, known);
                }
                if self.departments.is_none() {
                    self.departments = Some(cells::departments(facts)?);
                }
                self.joins |= rows.iter().any(|line| self.joins(facts, &line.row));
                Ok(rows.iter().map(|_| Ok(nothing())).collect())
            }
            JOIN => Ok(rows.iter().map(|line| self.join(facts, ctx, &line.row)).collect()),
            _ => {
                if self.in_circles.is_none() {
                    self.in_circles = Some(self.circles(facts));
                }
                let profiles = facts.rows::<EmployeeProfile>()?.into_iter().map(|p| (p.user_id, p)).collect();
                Ok(rows.iter().map(|line| self.profile(facts, ctx, &line.row, &profiles)).collect())
            }
        }
    }
}

fn nothing() -> Done {
    Done::new(What::Skipped, Changes::none())
}

impl People {
    /// Whether somebody who is there is to be in a department and is not yet.
    fn joins(&self, facts: &Facts, row: &Person) -> bool {
        let (Some(name), Some(known)) = (&row.department, self.users.get(&row.email)) else { return false };
        let department = self.departments.as_ref().and_then(|departments| departments.find(name));
        department.is_none_or(|department| !facts.state.people.is_member(department, known.id))
    }

    /// The user, the department and the membership, as far as they are not there.
    fn join(&mut self, facts: &Facts, ctx: &Ctx, row: &Person) -> Result<Done, Problems> {
        let known = self.users.get(&row.email).copied();
        let problems = self.refused(ctx, row, known);
        if !problems.is_empty() {
            return Err(problems);
        }
        let (mut done, mut changes) = (nothing(), Changes::none());
        let user = known.map_or_else(|| UserId(facts.new_id()), |known| known.id);
        if known.is_none() {
            let made = user_of(facts, ctx, row, user);
            changes = changes.event(Event::audit(ctx, User::def().name, user).after(&made)).put(&made).taken(auth::taken);
            self.users.insert(row.email.clone(), Known { id: user, archived: false, new: true, profile: None });
            done.what = What::Created;
        }
        if let (Some(name), Some(departments)) = (&row.department, &mut self.departments) {
            let department = departments.find(name).unwrap_or_else(|| {
                let department = department(facts, ctx, name);
                let event = Event::audit(ctx, UserGroup::def().name, department.meta.id).after(&department);
                changes = std::mem::take(&mut changes).event(event).put(&department);
                done.department = Some(name.clone());
                departments.add(&department);
                DepartmentId(department.meta.id)
            });
            if !facts.state.people.is_member(department, user) {
                // Alerts about overlapping shifts are raised for those alone who may have others.
                let join = if known.is_some() { auth::joined } else { auth::member };
                changes = changes.join(join(facts, ctx, department, user).1);
                done.what = done.what.max(What::Updated);
            }
        }
        done.changes = changes;
        Ok(done)
    }

    fn refused(&self, ctx: &Ctx, row: &Person, known: Option<Known>) -> Problems {
        let mut problems = Problems::new();
        if known.is_some_and(|known| known.archived) {
            problems.push((Some("email"), "belongs to an archived profile".to_owned()));
        }
        if known.is_none() && roles::may_give(ctx, row.role).is_err() {
            problems.push((Some("role"), format!("{} is not yours to give", row.role.as_str())));
        }
        if known.is_none() && row.role.is_admin() && ctx.session.as_ref().is_some_and(|s| s.key.is_some()) {
            problems.push((Some("role"), "An API key makes no admins".to_owned()));
        }
        if let Some(name) = &row.department
            && self.departments.as_ref().is_some_and(|departments| departments.is_ambiguous(name))
        {
            problems.push((Some("department"), format!("there are several departments of the name {name}")));
        }
        problems
    }

    /// The profile as the row says it, if that is other than it is.
    fn profile(
        &mut self,
        facts: &Facts,
        ctx: &Ctx,
        row: &Person,
        profiles: &HashMap<UserId, EmployeeProfile>,
    ) -> Result<Done, Problems> {
        let mut done = nothing();
        if !row.has_profile() {
            return Ok(done);
        }
        let manager = match &row.manager {
            None => None,
            Some(email) => match self.users.get(email).filter(|manager| !manager.archived) {
                Some(manager) => {
                    done.waits_for = manager.new.then(|| email.clone());
                    Some(manager.id)
                }
                // That row is bad, and this one with it.
                None if self.keys.contains(email) && !self.users.contains_key(email) => {
                    done.waits_for = Some(email.clone());
                    None
                }
                None => return Err(vec![(Some("manager"), format!("{email} is nobody of the company"))]),
            },
        };
        // Of a row that is bad already the profile is looked at all the same: every problem is told.
        let user = self.users.get(&row.email).copied();
        let id = user.map_or_else(|| UserId(facts.new_id()), |user| user.id);
        let before = profiles.get(&id);
        let base = match before {
            Some(before) => before.clone(),
            None => blank(facts, ctx, id, row)?,
        };
        let profile = self.said(row, manager, base.clone());
        if before.is_some() && profile == base {
            return Ok(done);
        }
        self.check(facts, &profile, before, user.is_some())?;
        let kind = if before.is_some() { "profile.updated" } else { "profile.created" };
        let profile = if before.is_some() { profile.touched(facts.now) } else { profile };
        let event = Event::of(ctx, kind, &profile, rules::audience(before, &profile)).audited(before);
        done.what = What::Updated;
        done.changes = Changes::none().put(&profile).event(event).taken(rules::taken);
        Ok(done)
    }

    /// A profile with what the row says in place of what was there.
    fn said(&self, row: &Person, manager: Option<UserId>, before: EmployeeProfile) -> EmployeeProfile {
        let department = |name: &String| self.departments.as_ref()?.find(name);
        EmployeeProfile {
            employment_start_date: row.start.unwrap_or(before.employment_start_date),
            position: row.position.clone().unwrap_or(before.position),
            contract_type: row.contract.unwrap_or(before.contract_type),
            salary: row.salary.or(before.salary),
            department_id: row.department.as_ref().and_then(department).or(before.department_id),
            manager_id: manager.or(before.manager_id),
            ..before
        }
    }

    /// The rules of profiles hold, among the file's rows as well.
    fn check(
        &self,
        facts: &Facts,
        profile: &EmployeeProfile,
        before: Option<&EmployeeProfile>,
        is_user: bool,
    ) -> Result<(), Problems> {
        let column = |field: &str| FIELDS.iter().find(|(name, _)| *name == field).map(|(_, column)| *column);
        let found = rules::problems_apart(&facts.state.people, profile, before);
        // What keeps a row from making a user is told already.
        let found = found.into_iter().filter(|p| is_user || p.field != "userId");
        let mut problems: Problems = found.map(|p| (column(&p.field), p.problem)).collect();
        if self.in_circles.as_ref().is_some_and(|circles| circles.contains(&profile.user_id)) {
            problems.push((Some("manager"), "is managed by this person, directly or through others".to_owned()));
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn circles(&self, facts: &Facts) -> HashSet<UserId> {
        let id = |email: &String| self.users.get(email).map(|known| known.id);
        let plan = self.managers.iter().filter_map(|(user, manager)| Some((id(user)?, id(manager)?))).collect();
        rules::in_circles(&facts.state.people, &plan)
    }
}

/// A user who has no password yet: only a password reset gives one.
fn user_of(facts: &Facts, ctx: &Ctx, row: &Person, id: UserId) -> User {
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

/// A profile that says what every one has to say.
fn blank(facts: &Facts, ctx: &Ctx, user: UserId, row: &Person) -> Result<EmployeeProfile, Problems> {
    let (Some(start), Some(position)) = (row.start, row.position.clone()) else {
        let given = [("employmentStartDate", row.start.is_some()), ("position", row.position.is_some())];
        let missing = given.into_iter().filter(|(_, given)| !given);
        return Err(missing.map(|(column, _)| (Some(column), "is needed for a new profile".to_owned())).collect());
    };
    Ok(EmployeeProfile {
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
    })
}
