//! Two companies with people of every role, and fresh things to call about.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value as Json, json};
use tokio::sync::Mutex;
use workforceos_core::session::Role;
use workforceos_services::Api;
use workforceos_tests::{Client, Company, Db, Person, TestApp};

use super::{Who, fixtures};
use crate::paths::{ANNOUNCEMENTS, CHECK_IN, DOCUMENTS, HOLIDAYS, LEAVE, LOCKS, PAYROLL, PROFILES, SHIFTS, SWAPS, TEMPLATES};
use crate::text;

pub struct World {
    pub app: TestApp,
    pub acme: Side,
    pub other: Side,
    root: Client,
    saas_user: Client,
    /// Numbers whatever must be unique.
    count: AtomicU32,
}

/// A company with an employee, the employee's manager, and an admin.
pub struct Side {
    pub company: Company,
    pub codename: String,
    pub ann: Person,
    pub mia: Person,
    pub eve: Person,
    pub crew: String,
    /// The root admin, on the SaaS level.
    pub root: Client,
    /// One thing is made at a time: days are handed out one by one.
    days: Mutex<u32>,
}

pub fn title(who: Who) -> &'static str {
    match who {
        Who::Employee => "an employee",
        Who::Manager => "the employee's manager",
        Who::Admin => "an admin",
        Who::Owner => "the owner",
        Who::Foreigner => "the owner of another company",
        Who::SuperAdmin => "the root admin",
        Who::SaasUser => "a reader of the SaaS level",
    }
}

impl World {
    pub async fn make(db: Db) -> World {
        let app = TestApp::start(db).await;
        let root = app.super_admin().await;
        let (acme, other) = (Side::make(&app, "acme", &root).await, Side::make(&app, "other", &root).await);
        let saas_user = app.root_person("sam", Role::SaasUser).await.client;
        World { app, acme, other, root, saas_user, count: AtomicU32::new(0) }
    }

    /// Valid arguments for an API about the first company.
    pub async fn args(&self, api: &Api) -> Json {
        self.made(&self.acme, api).await
    }

    /// Valid arguments about the other company.
    pub async fn args_of_the_other(&self, api: &Api) -> Json {
        self.made(&self.other, api).await
    }

    async fn made(&self, side: &Side, api: &Api) -> Json {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let made = fixtures::arguments(side, api.name, number).await;
        made.unwrap_or_else(|| panic!("{} has no arguments in matrix/fixtures.rs", api.name))
    }

    /// Somebody to call an API: a fresh login where the call ends the caller's own.
    pub async fn caller(&self, api: &Api, who: Who) -> Client {
        let once = fixtures::END_THE_CALLER.contains(&api.name);
        let name = format!("once{}", self.count.fetch_add(1, Ordering::Relaxed));
        let company = &self.acme.company;
        match who {
            Who::Foreigner => self.other.company.owner.claiming(&self.acme.codename),
            Who::SuperAdmin if once => self.app.root_person(&name, Role::SaasAdmin).await.claiming(&self.acme.codename),
            Who::SuperAdmin => self.root.claiming(&self.acme.codename),
            Who::SaasUser if once => self.app.root_person(&name, Role::SaasUser).await.client,
            Who::SaasUser => self.saas_user.clone(),
            Who::Manager if once => {
                let manager = company.employee(&name).await;
                company.manager_of(&manager, &[&company.unseen(&format!("{name}r")).await]).await;
                manager.client
            }
            Who::Employee if once => company.employee(&name).await.client,
            Who::Admin | Who::Owner if once => company.admin(&name).await.client,
            Who::Employee => self.acme.ann.client.clone(),
            Who::Manager => self.acme.mia.client.clone(),
            Who::Admin => self.acme.eve.client.clone(),
            Who::Owner => company.owner.client.clone(),
        }
    }
}

impl Side {
    async fn make(app: &TestApp, name: &str, root: &Client) -> Side {
        let company = app.company(name, "Europe/Berlin").await;
        company.subscribe().await;
        let (ann, mia, eve) = (company.employee("ann").await, company.employee("mia").await, company.admin("eve").await);
        company.manager_of(&mia, &[&ann]).await;
        let crew = company.department("crew", &[&ann]).await.to_string();
        Side { codename: company.codename.clone(), company, ann, mia, eve, crew, root: root.clone(), days: Mutex::new(0) }
    }

    /// A date on which nothing is planned yet.
    pub async fn free_day(&self) -> String {
        let mut days = self.days.lock().await;
        loop {
            *days += 1;
            let day = chrono::NaiveDate::from_ymd_opt(2026, 7, 1).expect("a date") + chrono::Duration::days(i64::from(*days));
            // Workdays alone: leave costs the same on each.
            if chrono::Datelike::weekday(&day).number_from_monday() <= 5 {
                return day.to_string();
            }
        }
    }

    /// A coming shift of the employee.
    pub async fn shift(&self) -> String {
        self.company.shift(&self.free_day().await, "09:00-17:00", &[&self.ann]).await
    }

    /// The day of a draft of a department.
    pub async fn draft(&self, department: &str) -> String {
        let day = self.free_day().await;
        let body = json!({"shiftDate": day, "startTime": "09:00", "endTime": "17:00", "departmentId": department, "draft": true});
        self.company.owner.post(SHIFTS, body).await.ok();
        day
    }

    /// A shift that nobody has taken yet.
    pub async fn open_shift(&self) -> String {
        self.company.shift(&self.free_day().await, "09:00-17:00", &[]).await
    }

    /// A week, each time another, with a shift of a department that nobody has taken yet.
    pub async fn open_week(&self, department: &str, number: u32) -> String {
        let first = chrono::NaiveDate::from_ymd_opt(2027, 1, 4).expect("a Monday");
        let monday = (first + chrono::Duration::weeks(i64::from(number))).to_string();
        let body = json!({"shiftDate": monday, "startTime": "09:00", "endTime": "17:00", "departmentId": department});
        self.company.owner.post(SHIFTS, body).await.ok();
        monday
    }

    /// What the employee needs to change a shift for one of the owner's.
    pub async fn swap_arguments(&self) -> Json {
        let (ann, owner) = (&self.ann, &self.company.owner);
        let shift = self.shift().await;
        let theirs = self.company.shift(&self.free_day().await, "09:00-17:00", &[owner]).await;
        json!({"userId": ann.text(), "shiftId": shift, "colleagueId": owner.text(), "colleagueShiftId": theirs})
    }

    /// A pending request of the employee to change shifts with the owner.
    pub async fn swap(&self) -> String {
        let body = self.swap_arguments().await;
        text(&self.ann.post(SWAPS, body).await.ok()["shiftSwap"], "id")
    }

    /// A shift of everybody that is just beginning. It lasts a minute; whoever was planned for it before is done with it.
    pub async fn shift_now(&self, number: u32) -> String {
        let company = &self.company;
        let people: Vec<String> = [&self.ann, &self.mia, &self.eve, &company.owner].iter().map(|p| p.text()).collect();
        // 08:00 in Berlin is now.
        let minute = number % 55;
        let body = json!({"shiftDate": "2026-06-01", "startTime": format!("08:{minute:02}"), "endTime": format!("08:{:02}", minute + 1)});
        let shift = text(&company.owner.post(SHIFTS, body).await.ok()["shift"], "id");
        self.free_minute(&shift, &people).await;
        shift
    }

    /// Takes a minute over for a shift: whoever had it is done with it.
    async fn free_minute(&self, shift: &str, people: &[String]) {
        let owner = &self.company.owner;
        loop {
            let told = owner.patch(&format!("{SHIFTS}/{shift}"), json!({"assignedUserIds": people})).await;
            if told.status == 200 {
                return;
            }
            let body = told.refused(409, "ShiftConflict");
            let rival = text(&body["detail"][0], "id");
            owner.patch(&format!("{SHIFTS}/{rival}"), json!({"status": "completed"})).await.ok();
        }
    }

    /// A record of the employee, just checked in.
    pub async fn record(&self, number: u32) -> String {
        let body = json!({"shiftId": self.shift_now(number).await});
        text(&self.ann.post(CHECK_IN, body).await.ok()["attendanceRecord"], "id")
    }

    /// A duty of the owner.
    pub async fn duty(&self) -> String {
        text(&self.company.owner.post("/api/v1/duties", json!({"title": "Call the supplier"})).await.ok(), "id")
    }

    /// The date of somebody's report of today.
    pub async fn own_report(&self, who: &Person) -> String {
        text(&who.post("/api/v1/eod/me/generate", json!({})).await.ok(), "date")
    }

    /// The employee's submitted report of a day.
    pub async fn submitted(&self, date: &str) -> String {
        let body = json!({"report_date": date, "work_summary": "Counted the linen."});
        let told = self.ann.post("/api/v1/eod/me/submit", body).await;
        if told.status == 200 {
            return text(&told.body, "id");
        }
        text(&self.mia.get(&format!("/api/v1/eod/team?date={date}")).await.ok()[0], "id")
    }

    /// An open alert of the owner.
    pub async fn alert(&self) -> String {
        self.company.alert(&self.company.owner).await.to_string()
    }

    /// Somebody's pending leave request.
    pub async fn leave(&self, who: &Person) -> String {
        let day = self.free_day().await;
        let body = json!({"leaveType": "annual", "startDate": day, "endDate": day});
        text(&who.post(LEAVE, body).await.ok()["leaveRequest"], "id")
    }

    pub async fn holiday(&self) -> String {
        let body = json!({"name": "Feast", "holidayDate": self.free_day().await});
        text(&self.company.owner.post(HOLIDAYS, body).await.ok()["holiday"], "id")
    }

    /// A day's payroll report of the employee.
    pub async fn payroll_report(&self) -> String {
        let day = self.free_day().await;
        let body = json!({"userId": self.ann.text(), "periodStart": day, "periodEnd": day});
        text(&self.company.owner.post(PAYROLL, body).await.ok()["payrollReport"], "id")
    }

    /// A locked day.
    pub async fn pay_period_lock(&self) -> String {
        let day = self.free_day().await;
        text(&self.company.owner.post(LOCKS, json!({"from": day, "to": day})).await.ok()["payPeriodLock"], "id")
    }

    pub async fn template(&self) -> String {
        let body = json!({"name": "Early", "startTime": "06:00", "endTime": "14:00", "recurrenceRule": "FREQ=DAILY"});
        text(&self.company.owner.post(TEMPLATES, body).await.ok()["shiftTemplate"], "id")
    }

    /// An announcement to the employee, sent or scheduled.
    pub async fn announcement(&self, sent: bool) -> String {
        let at = if sent { "2026-06-01T06:00:00Z" } else { "2026-08-01T08:00:00Z" };
        let body = json!({"title": "Rota", "body": "The rota is out.", "sendTime": at, "audienceUserIds": [self.ann.text()]});
        text(&self.company.owner.post(ANNOUNCEMENTS, body).await.ok()["announcement"], "id")
    }

    pub async fn department(&self, number: u32) -> String {
        self.company.department(&format!("group{number}"), &[&self.ann]).await.to_string()
    }

    /// The employee's profile.
    pub async fn profile(&self) -> String {
        let found = self.company.owner.get(&format!("{PROFILES}?userId={}", self.ann.text())).await.ok();
        text(&found["employeeProfiles"][0], "id")
    }

    /// The profile of somebody new.
    pub async fn fresh_profile(&self, number: u32) -> String {
        let body = json!({"userId": self.victim(number).await.text(), "employmentStartDate": "2026-01-01", "position": "Nurse",
            "contractType": "permanent"});
        text(&self.company.owner.post(PROFILES, body).await.ok()["employeeProfile"], "id")
    }

    /// A document of the employee.
    pub async fn document(&self) -> String {
        let body = json!({"employeeProfileId": self.profile().await, "documentType": "visa", "documentUrl": "https://files.test/visa.pdf"});
        text(&self.company.owner.post(DOCUMENTS, body).await.ok()["employeeDocument"], "id")
    }

    /// A user to whom anything may happen.
    pub async fn victim(&self, number: u32) -> Person {
        self.company.unseen(&format!("victim{number}")).await
    }
}
