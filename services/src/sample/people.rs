//! The sample company's people: departments, logins, profiles.

use chrono::Days;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use workforceos_core::change::{Changes, Event};
use workforceos_core::id::{DepartmentId, IdSource, TemplateId, UserId};
use workforceos_core::object::Meta;
use workforceos_core::objects::{ContractType, EmployeeProfile, ShiftTemplate, User, UserGroup, UserGroupMember};
use workforceos_core::session::{Ctx, Role, Tenant};
use workforceos_core::time::Timestamp;

use super::documents;
use crate::auth::avatars::{Bucket, or_default};
use crate::system_ctx;

/// A shift that a department plans: name, start, end, how many people, on which days.
pub(super) type Slot = (&'static str, &'static str, &'static str, usize, &'static str);

/// Departments and the shifts that they plan.
pub(super) const DEPARTMENTS: [(&str, &[Slot]); 5] = [
    ("Front Desk", &[("Early", "07:00", "15:00", 2, EVERY_DAY), ("Late", "15:00", "23:00", 2, EVERY_DAY)]),
    ("Kitchen", &[("Breakfast", "06:00", "14:00", 2, EVERY_DAY), ("Dinner", "14:00", "22:00", 2, EVERY_DAY)]),
    ("Housekeeping", &[("Rooms", "08:00", "16:00", 4, EVERY_DAY)]),
    ("Maintenance", &[("Workshop", "08:00", "16:30", 4, WEEKDAYS)]),
    ("Security", &[("Day", "08:00", "20:00", 2, EVERY_DAY), ("Night", "20:00", "08:00", 2, EVERY_DAY)]),
];
/// The places of some of them.
pub(super) const KITCHEN: usize = 1;
pub(super) const HOUSEKEEPING: usize = 2;
pub(super) const MAINTENANCE: usize = 3;
const EVERY_DAY: &str = "FREQ=DAILY";
const WEEKDAYS: &str = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR";

/// Thirty-nine people beside the owner: an administrator, five managers, thirty-three employees.
const NAMES: [&str; 39] = [
    "Amira Haddad",
    "Bilal Rahman",
    "Celine Moreau",
    "Danish Iqbal",
    "Elena Petrova",
    "Farid Nasser",
    "Greta Lindqvist",
    "Hassan Malik",
    "Ines Carvalho",
    "Jamal Osman",
    "Katarina Novak",
    "Liam O'Connor",
    "Maryam Siddiqui",
    "Nikos Pappas",
    "Olga Ivanova",
    "Pedro Alvarez",
    "Qasim Sheikh",
    "Rosa Jiménez",
    "Samir Khalil",
    "Tereza Svobodová",
    "Umar Farooq",
    "Valentina Rossi",
    "Wanjiku Kamau",
    "Xavier Dubois",
    "Yasmin Aziz",
    "Zoltán Kovács",
    "Aylin Demir",
    "Björn Eriksson",
    "Chiara Conti",
    "Dmitri Sokolov",
    "Esra Yılmaz",
    "Fatima Zahra",
    "Gustavo Lima",
    "Hana Kimura",
    "Ibrahim Diallo",
    "Jana Müller",
    "Kofi Mensah",
    "Leila Karimi",
    "Ömer Şahin",
];

pub(super) const ADMIN: usize = 0;

/// The person who manages a department.
pub(super) fn manager(department: usize) -> usize {
    1 + department
}

/// The first employee of a department.
pub(super) fn employee(department: usize) -> usize {
    6 + department
}

/// The people who work in a department, its manager left out.
pub(super) fn crew(department: usize) -> Vec<usize> {
    (6..NAMES.len()).filter(|p| (p - 6) % DEPARTMENTS.len() == department).collect()
}

/// A person's name.
pub(super) fn name(person: usize) -> &'static str {
    NAMES[person]
}

/// A person's address: the name in plain letters.
pub(super) fn email(person: usize) -> String {
    let plain = |c: char| match c {
        ' ' => '.',
        'é' => 'e',
        'á' => 'a',
        'ó' | 'ö' | 'Ö' => 'o',
        'ü' => 'u',
        'ı' => 'i',
        'Ş' | 'ş' => 's',
        c => c.to_ascii_lowercase(),
    };
    format!("{}@babil.example", NAMES[person].chars().filter(|c| *c != '\'').map(plain).collect::<String>())
}

/// Who is who in the sample company.
pub(super) struct Staff {
    pub ctx: Ctx,
    pub ids: IdSource,
    pub random: StdRng,
    pub users: Vec<UserId>,
    pub departments: Vec<DepartmentId>,
    /// By department and shift.
    pub templates: Vec<Vec<TemplateId>>,
    hash: String,
    /// When the company is said to have been set up.
    pub since: Timestamp,
}

impl Staff {
    pub fn new(tenant: Tenant, now: Timestamp, hash: String, seed: u64) -> Staff {
        let ids = IdSource::seeded(seed);
        let since = Timestamp(now.0 - 120 * Timestamp::DAY);
        let users = NAMES.iter().map(|_| UserId(ids.next(since))).collect();
        let departments = DEPARTMENTS.iter().map(|_| DepartmentId(ids.next(since))).collect();
        let templates =
            DEPARTMENTS.iter().map(|(_, shifts)| shifts.iter().map(|_| TemplateId(ids.next(since))).collect()).collect();
        let ctx = system_ctx(tenant, now, "sampleCompany");
        Staff { ctx, ids, random: StdRng::seed_from_u64(seed), users, departments, templates, hash, since }
    }

    pub fn meta(&self, at: Timestamp) -> Meta {
        Meta::new(self.ids.next(at), at, None)
    }

    /// Departments, users, memberships, profiles and templates.
    pub fn everybody(&mut self) -> Changes {
        let mut changes = Changes::none();
        for (i, (name, _)) in DEPARTMENTS.iter().enumerate() {
            let meta = Meta::new(self.departments[i], self.since, None);
            let avatar = or_default(None, Bucket::CompanyAvatars, meta.id);
            changes = changes.put(&UserGroup { meta, group_name: (*name).to_owned(), avatar, company_id: self.ctx.company() });
        }
        for person in 0..NAMES.len() {
            changes = changes.put(&self.user(person));
        }
        for department in 0..DEPARTMENTS.len() {
            for person in std::iter::once(manager(department)).chain(crew(department)) {
                let profile = self.profile(department, person);
                changes = changes.put(&self.member(department, person)).put(&profile);
                for document in documents::of(self, department, person, &profile) {
                    changes = changes.put(&document).due(document.alert_at);
                }
            }
            changes = self.templates_of(department).iter().fold(changes, Changes::put);
        }
        let event = Event::audit(&self.ctx, "company", self.ctx.company()).extra(json!({"people": NAMES.len() + 1}));
        changes.event(event)
    }

    fn user(&self, person: usize) -> User {
        User {
            meta: Meta::new(self.users[person], self.since, None),
            email: email(person),
            password: self.hash.clone(),
            fullname: NAMES[person].to_owned(),
            avatar: or_default(None, Bucket::UserAvatars, self.users[person].0),
            role: if person == ADMIN { Role::TenantAdmin } else { Role::TenantUser },
            email_verified: true,
            archive_date: None,
            company_id: self.ctx.company(),
        }
    }

    fn member(&self, department: usize, person: usize) -> UserGroupMember {
        UserGroupMember {
            meta: self.meta(self.since),
            group_id: self.departments[department],
            user_id: self.users[person],
            owner_id: self.users[ADMIN],
            company_id: self.ctx.company(),
        }
    }

    fn profile(&mut self, department: usize, person: usize) -> EmployeeProfile {
        let leads = person == manager(department);
        let hired = self.ctx.tenant.zone.date(self.since);
        EmployeeProfile {
            meta: self.meta(self.since),
            user_id: self.users[person],
            employment_start_date: hired.checked_sub_days(Days::new(self.random.random_range(0..1500))).unwrap_or(hired),
            position: format!("{} {}", DEPARTMENTS[department].0, if leads { "manager" } else { "associate" }),
            contract_type: if person.is_multiple_of(7) { ContractType::Temporary } else { ContractType::Permanent },
            salary: Some(f64::from(self.random.random_range(180..260) * 10 + if leads { 1500 } else { 0 })),
            department_id: Some(self.departments[department]),
            manager_id: Some(self.users[if leads { ADMIN } else { manager(department) }]),
            notes: person.is_multiple_of(4).then(|| "Prefers early shifts; ready to train newcomers.".to_owned()),
            company_id: self.ctx.company(),
        }
    }

    fn templates_of(&self, department: usize) -> Vec<ShiftTemplate> {
        let (name, shifts) = DEPARTMENTS[department];
        let template = |(i, (title, start, end, needed, rule)): (usize, &Slot)| ShiftTemplate {
            meta: Meta::new(self.templates[department][i], self.since, None),
            name: format!("{name}: {title}"),
            description: None,
            start_time: (*start).to_owned(),
            end_time: (*end).to_owned(),
            recurrence_rule: (*rule).to_owned(),
            department_id: Some(self.departments[department]),
            break_minutes: 30,
            needed_count: *needed as i64,
            company_id: self.ctx.company(),
        };
        shifts.iter().enumerate().map(template).collect()
    }
}
