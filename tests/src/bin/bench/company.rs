//! Companies written straight into the database before the server starts: through HTTP, hashing their passwords alone would
//! take longer than every measurement. They go through the store, so that journal and heads are as the server leaves them.

use std::sync::Arc;

use anyhow::{Result, bail};
use chrono::Days;
use uuid::Uuid;
use workforceos_actors::state::default_policy;
use workforceos_core::change::{Audience, Changes, Event};
use workforceos_core::id::{CompanyId, IdSource, SessionId, ShiftId, UserId};
use workforceos_core::object::{DataObject, Meta};
use workforceos_core::objects::{
    AttendanceRecord, AttendanceStatus, Company, ContractType, EmployeeProfile, Shift, ShiftStatus, User, UserSession,
};
use workforceos_core::session::{Role, Tenant};
use workforceos_core::time::{Clock, Date, SystemClock, Timestamp};
use workforceos_core::zone::Zone;
use workforceos_services::system_ctx;
use workforceos_store::{Database, Due, Outcome, Settings, Store};

use crate::roster::Login;
use crate::server::{JOURNAL_KEY, Site};

/// Rows written in one transaction.
const ROWS: usize = 2_000;
/// People who have the same manager.
const TEAM: usize = 20;
/// What people are called, in all combinations.
const FIRST: &str = "Marta Alexandra Bruno Chiara Daniel Elif Fatima Giorgos Hannah Ibrahim Jürgen Katarzyna Li Mario Nguyen Olga \
    Pedro Qasim Rosa Søren Tomás Ursula Viktor Wei Ximena Yusuf Zoë Aisha Björn Carmen Dmitri Ewa François Grace Hugo Ines Jonas \
    Kenji Lucía Maria";
const LAST: &str = "Berger Lindqvist Novak Smith Garcia Müller Rossi Kim Silva Dubois Martin Jansen Popescu Haddad Okafor Tanaka \
    Kowalski Ivanova Andersen Yılmaz Costa Horvat Nagy O'Brien Papadopoulos Quinn Rahman Schneider Thompson Ueda Virtanen Weber Xu \
    Yang Zhang Alvarez Bakker Chen Demir Eriksen";
/// What stands where nobody logs in with a password.
pub const NO_PASSWORD: &str = "no hash";

/// Fills a site's database.
pub struct Founder {
    store: Store,
    ids: IdSource,
    pub now: Timestamp,
}

/// How many of everything a company has.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub admins: usize,
    pub people: usize,
    /// How many people each shift is assigned to.
    pub crew: usize,
    /// How many running shifts each person has, one check-in each.
    pub waves: usize,
}

/// A company that was written.
pub struct Staffed {
    pub id: CompanyId,
    pub codename: String,
    pub admins: Vec<Login>,
    pub people: Vec<Login>,
    /// By wave; each shift's people follow each other.
    pub shifts: Vec<Vec<ShiftId>>,
    pub crew: usize,
}

impl Founder {
    pub async fn open(site: &Site) -> Result<Founder> {
        let settings = Settings { database: Database::Sqlite(site.database()), journal_key: JOURNAL_KEY, readers: 2 };
        Ok(Founder { store: Store::open(settings).await?, ids: IdSource::random(), now: SystemClock.now() })
    }

    /// Leaves the database to the server.
    pub async fn close(self) {
        self.store.close().await;
    }

    /// A company with its people, their logins and profiles, and shifts that run now.
    pub async fn company(&self, codename: &str, size: Size, password_hash: &str) -> Result<Staffed> {
        let id = CompanyId(self.ids.next(self.now));
        let mut writing = Writing::new(self, id, codename);
        let admins: Vec<User> = (0..size.admins).map(|i| self.user(id, codename, i, true, password_hash)).collect();
        let people: Vec<User> = (0..size.people).map(|i| self.user(id, codename, i, false, password_hash)).collect();
        let Some(owner) = admins.first().map(|user| UserId(user.meta.id)) else { bail!("a company needs an owner") };
        writing.add(&self.founded(id, codename, owner)).await?;
        writing.add(&default_policy(id, self.now)).await?;
        let mut logins = Vec::with_capacity(size.admins + size.people);
        for user in admins.iter().chain(&people) {
            let login = self.login(user);
            logins.push(Login::new(user, SessionId(login.meta.id), login.expires_at));
            writing.add(user).await?;
            writing.add(&login).await?;
        }
        for (i, person) in people.iter().enumerate() {
            let manager = &people[i - i % TEAM];
            writing.add(&self.profile(id, person, manager)).await?;
        }
        let mut shifts = Vec::with_capacity(size.waves);
        for _ in 0..size.waves {
            let mut wave = Vec::new();
            for crew in people.chunks(size.crew) {
                let shift = self.running_shift(id, owner, crew);
                wave.push(ShiftId(shift.meta.id));
                writing.add(&shift).await?;
                writing.changes = std::mem::take(&mut writing.changes).due(Some(shift.ends_at.plus_minutes(30)));
            }
            shifts.push(wave);
        }
        writing.flush().await?;
        let people = logins.split_off(size.admins);
        Ok(Staffed { id, codename: codename.to_owned(), admins: logins, people, shifts, crew: size.crew })
    }

    /// Shifts of past days, one a day for everybody, with everybody's attendance: `days` times the people.
    pub async fn history(&self, company: &Staffed, days: u64) -> Result<()> {
        self.behind(company, days, true).await
    }

    /// As [`Founder::history`], without anybody's attendance.
    pub async fn past(&self, company: &Staffed, days: u64) -> Result<()> {
        self.behind(company, days, false).await
    }

    /// A long journal: check-ins, and among them one change of a shift in so many, which the audit log lists.
    pub async fn journal(&self, company: &Staffed, entries: usize, audited: usize) -> Result<()> {
        let mut writing = Writing::new(self, company.id, &company.codename);
        let ctx = system_ctx(Tenant::clone(&writing.tenant), self.now, "updateShift");
        let crew: Vec<UserId> = company.people.iter().take(company.crew).map(|login| login.user).collect();
        let shift = self.past_shift(company, Zone::UTC.date(self.now), crew.clone());
        for n in 0..entries {
            let user = crew[n % crew.len()];
            let event = if n % audited == 0 {
                let event = Event::of(&ctx, "shift.updated", &shift, Audience::admins().user(user));
                Event { actor: Some(company.admins[0].user), ..event.audited(Some(&shift)) }
            } else {
                let record = self.attended(&shift, user, n);
                let event = Event::of(&ctx, "attendance.checkedIn", &record, Audience::admins().user(user));
                Event { actor: Some(user), ..event }
            };
            writing.changes.events.push(event);
            if writing.changes.events.len() >= ROWS {
                writing.flush().await?;
            }
        }
        writing.flush().await
    }

    async fn behind(&self, company: &Staffed, days: u64, attended: bool) -> Result<()> {
        let mut writing = Writing::new(self, company.id, &company.codename);
        let today = Zone::UTC.date(self.now);
        for ago in (1..=days).rev() {
            let Some(date) = today.checked_sub_days(Days::new(ago)) else { bail!("no such day") };
            for (i, crew) in company.people.chunks(company.crew).enumerate() {
                let users: Vec<UserId> = crew.iter().map(|login| login.user).collect();
                let shift = self.past_shift(company, date, users.clone());
                writing.add(&shift).await?;
                for (j, user) in users.into_iter().enumerate().filter(|_| attended) {
                    writing.add(&self.attended(&shift, user, i + j)).await?;
                }
            }
        }
        writing.flush().await
    }

    fn meta(&self, at: Timestamp) -> Meta {
        Meta::new(self.ids.next(at), at, None)
    }

    fn founded(&self, id: CompanyId, codename: &str, owner: UserId) -> Company {
        Company {
            meta: Meta::new(id, self.now, None),
            name: codename.to_owned(),
            codename: codename.to_owned(),
            fullname: None,
            avatar: None,
            owner_id: owner,
            industry: None,
            company_size: None,
            timezone: Zone::UTC.name().to_owned(),
        }
    }

    fn user(&self, company: CompanyId, codename: &str, number: usize, admin: bool, password_hash: &str) -> User {
        let (kind, role) = match (admin, number) {
            (true, 0) => ("admin", Role::TenantOwner),
            (true, _) => ("admin", Role::TenantAdmin),
            (false, _) => ("person", Role::TenantUser),
        };
        User {
            meta: self.meta(self.now),
            email: format!("{kind}{number}@{codename}.example"),
            password: password_hash.to_owned(),
            fullname: name(number),
            avatar: None,
            role,
            email_verified: true,
            archive_date: None,
            company_id: company,
        }
    }

    fn login(&self, user: &User) -> UserSession {
        UserSession {
            meta: self.meta(self.now),
            user_id: UserId(user.meta.id),
            expires_at: Timestamp(self.now.0 + Timestamp::DAY),
            needs_2fa: false,
            ip: None,
            user_agent: None,
            company_id: user.company_id,
        }
    }

    fn profile(&self, company: CompanyId, person: &User, manager: &User) -> EmployeeProfile {
        EmployeeProfile {
            meta: self.meta(self.now),
            user_id: UserId(person.meta.id),
            employment_start_date: Zone::UTC.date(self.now),
            position: "Associate".to_owned(),
            contract_type: ContractType::Permanent,
            salary: Some(2_400.0),
            department_id: None,
            manager_id: (person.meta.id != manager.meta.id).then_some(UserId(manager.meta.id)),
            notes: None,
            company_id: company,
        }
    }

    /// A shift that begins in a quarter of an hour: one may check in, in time.
    fn running_shift(&self, company: CompanyId, owner: UserId, crew: &[User]) -> Shift {
        let start = Timestamp(self.now.0 - self.now.0 % Timestamp::MINUTE).plus_minutes(15);
        let users = crew.iter().map(|user| UserId(user.meta.id)).collect();
        self.shift(company, owner, (start, start.plus_minutes(8 * 60)), users, ShiftStatus::Scheduled)
    }

    fn past_shift(&self, company: &Staffed, date: Date, users: Vec<UserId>) -> Shift {
        let start = Zone::UTC.day(date).0.plus_minutes(9 * 60);
        self.shift(company.id, company.admins[0].user, (start, start.plus_minutes(8 * 60)), users, ShiftStatus::Completed)
    }

    fn shift(
        &self,
        company: CompanyId,
        owner: UserId,
        (starts_at, ends_at): (Timestamp, Timestamp),
        users: Vec<UserId>,
        status: ShiftStatus,
    ) -> Shift {
        let wall = |at: Timestamp| Zone::UTC.local(at).format("%H:%M").to_string();
        Shift {
            meta: self.meta(starts_at.min(self.now)),
            shift_date: Zone::UTC.date(starts_at),
            start_time: wall(starts_at),
            end_time: wall(ends_at),
            starts_at,
            ends_at,
            location: Some("Main building".to_owned()),
            department_id: None,
            needed_count: users.len() as i64,
            assigned_user_ids: users,
            assigned_department_ids: Vec::new(),
            status,
            break_minutes: 30,
            is_draft: false,
            shift_template_id: None,
            created_by: owner,
            company_id: company,
        }
    }

    /// How somebody came and went: in ten, one was absent, one late and one left early.
    fn attended(&self, shift: &Shift, user: UserId, number: usize) -> AttendanceRecord {
        let status = match number % 10 {
            0 => AttendanceStatus::Absent,
            1 => AttendanceStatus::Late,
            2 => AttendanceStatus::LeftEarly,
            _ => AttendanceStatus::Present,
        };
        let there = status != AttendanceStatus::Absent;
        let late = if status == AttendanceStatus::Late { 20 } else { 0 };
        let came = shift.starts_at.plus_minutes(late);
        AttendanceRecord {
            meta: self.meta(Timestamp(came.0 + number as i64)),
            user_id: user,
            shift_id: ShiftId(shift.meta.id),
            shift_date: shift.shift_date,
            check_in_time: there.then_some(came),
            check_out_time: there.then_some(shift.ends_at),
            status,
            late_by_minutes: there.then_some(late),
            worked_minutes: there.then_some(450 - late),
            absence_reason: (!there).then(|| "Sick".to_owned()),
            manager_note: None,
            checkout_alert_at: None,
            company_id: shift.company_id,
        }
    }
}

fn name(number: usize) -> String {
    let (first, last) = (FIRST.split(' '), LAST.split(' '));
    let count = first.clone().count();
    let last = last.clone().nth(number / count % last.count()).unwrap_or_default();
    format!("{} {last} {number}", first.clone().nth(number % count).unwrap_or_default())
}

/// Rows on their way to a company, a transaction's worth at a time.
struct Writing<'f> {
    founder: &'f Founder,
    tenant: Arc<Tenant>,
    changes: Changes,
}

impl<'f> Writing<'f> {
    fn new(founder: &'f Founder, company: CompanyId, codename: &str) -> Writing<'f> {
        let tenant = Tenant::of(company, codename, Zone::UTC);
        Writing { founder, tenant: Arc::new(tenant), changes: Changes::none() }
    }

    async fn add<T: DataObject>(&mut self, object: &T) -> Result<()> {
        self.changes = std::mem::take(&mut self.changes).put(object);
        if self.changes.rows.len() >= ROWS { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<()> {
        let changes = std::mem::take(&mut self.changes);
        if changes.is_empty() {
            return Ok(());
        }
        let (founder, company) = (self.founder, self.tenant.company);
        let ctx = system_ctx(Tenant::clone(&self.tenant), founder.now, "bench");
        let event = Event::audit(&ctx, Company::def().name, Uuid::from(company));
        let turn = founder.store.turn(company).await?;
        match turn.commit(vec![changes.event(event)], founder.now, Due::Sooner(None)).await {
            Outcome::Committed(_) => Ok(()),
            Outcome::Refused { error, .. } | Outcome::Failed(error) | Outcome::Unknown(error) => {
                bail!("{error}: {:?}", error.source)
            }
        }
    }
}
