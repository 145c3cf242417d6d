//! Profiles and documents of employees: who sees and writes what, who manages whom, files and alerts.

mod alerts;
mod documents;
mod files;
mod managers;
mod profiles;
mod storage;

use serde_json::{Value as Json, json};
use workforceos_core::object::{DataObject, Record};
use workforceos_core::objects::Alert;
use workforceos_core::query::{Cond, Query};
use workforceos_tests::{Company, Person, TestApp};

use crate::paths::{DOCUMENTS, PROFILES};
use crate::text;

/// Planted where only few may look.
const SALARY: f64 = 4321.5;
const NOTES: &str = "zq-planted-notes";
const ADDRESS: &str = "https://files.test/zq-planted-address.pdf";

/// A company with an employee, the employee's manager, an admin and somebody else.
struct Team {
    company: Company,
    ann: Person,
    mia: Person,
    eve: Person,
    bob: Person,
    /// Ann's profile, which names Mia.
    profile: String,
}

impl Team {
    async fn make(app: &TestApp, name: &str, zone: &str) -> Team {
        let company = app.company(name, zone).await;
        let (ann, mia, bob) = (company.employee("ann").await, company.employee("mia").await, company.employee("bob").await);
        let eve = company.admin("eve").await;
        let body = hired(&ann, json!({"managerId": mia.text(), "salary": SALARY, "notes": NOTES}));
        let made = company.owner.post(PROFILES, body).await.ok();
        let profile = text(&made["employeeProfile"], "id");
        Team { company, ann, mia, eve, bob, profile }
    }

    fn path(&self) -> String {
        format!("{PROFILES}/{}", self.profile)
    }

    /// A document of Ann's, written by her manager.
    async fn document(&self, kind: &str, until: Option<&str>) -> String {
        let body = json!({"employeeProfileId": self.profile, "documentType": kind, "documentUrl": ADDRESS, "validUntil": until});
        text(&self.mia.post(DOCUMENTS, body).await.ok()["employeeDocument"], "id")
    }

    /// Everybody logs in anew: the clock has moved.
    async fn log_in(&mut self) {
        for person in [&mut self.company.owner, &mut self.ann, &mut self.mia, &mut self.eve, &mut self.bob] {
            person.log_in().await;
        }
    }

    /// All alerts about a document, the oldest first.
    async fn alerts(&self, app: &TestApp, document: &str) -> Vec<Record> {
        let about = Cond::eq("relatedEntityId", document.parse::<uuid::Uuid>().expect("an id"));
        app.services().store.select(&Query::of(Alert::def(), self.company.id, about)).await.expect("reads")
    }
}

/// The body that makes a profile, with more.
fn hired(who: &Person, more: Json) -> Json {
    let mut body =
        json!({"userId": who.text(), "employmentStartDate": "2020-03-01", "position": "Nurse", "contractType": "permanent"});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}
