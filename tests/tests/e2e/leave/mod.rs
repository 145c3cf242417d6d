//! leaveManagement: requests and decisions, balances, holidays.

mod alerts;
mod balances;
mod decisions;
mod halves;
mod holidays;
mod races;
mod requests;
mod vectors;

use serde_json::{Value as Json, json};
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{ContractType, EmployeeProfile};
use workforceos_tests::time::day;
use workforceos_tests::{Company, Person, Reply};

use crate::paths::{LEAVE, SHIFTS};
use crate::text;

pub const POLICY: &str = "/auth-api/v1/companypolicy";
pub const BALANCE: &str = "/leavemanagement-api/v1/leavebalance";

/// Asks for leave over full days.
pub async fn ask(who: &Person, from: &str, to: &str) -> Reply {
    who.post(LEAVE, json!({"leaveType": "annual", "startDate": from, "endDate": to})).await
}

/// Asks for a part of a day.
pub async fn ask_part(who: &Person, date: &str, part: &str) -> Reply {
    who.post(LEAVE, json!({"leaveType": "annual", "startDate": date, "endDate": date, "dayPart": part})).await
}

/// A pending request's id.
pub async fn asked(who: &Person, from: &str, to: &str) -> String {
    text(&ask(who, from, to).await.ok()["leaveRequest"], "id")
}

/// Changes a request.
pub async fn change(who: &Person, id: &str, body: Json) -> Reply {
    who.patch(&format!("{LEAVE}/{id}"), body).await
}

/// Decides about a request.
pub async fn decide(who: &Person, id: &str, status: &str) -> Reply {
    change(who, id, json!({"status": status})).await
}

/// Whom a shift names.
pub async fn named(company: &Company, shift: &str) -> Vec<String> {
    let shift = company.owner.get(&format!("{SHIFTS}/{shift}")).await.ok();
    let ids = shift["shift"]["assignedUserIds"].as_array().expect("a list").clone();
    ids.iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
}

/// Somebody's profile: when they started.
pub async fn employed(company: &Company, who: &Person, start: &str) {
    let profile = EmployeeProfile {
        meta: company.meta(),
        user_id: who.id,
        employment_start_date: day(start),
        position: "Nurse".to_owned(),
        contract_type: ContractType::Permanent,
        salary: None,
        department_id: None,
        manager_id: None,
        notes: None,
        company_id: company.id,
    };
    let event = Event::audit(&company.ctx(), EmployeeProfile::def().name, profile.meta.id).after(&profile);
    company.write(Changes::none().put(&profile).event(event)).await;
}

/// The balance of the first type of the policy.
pub async fn balance(who: &Person, year: i64) -> Json {
    who.get(&format!("{BALANCE}?year={year}")).await.ok()["leaveBalances"][0].clone()
}

/// Yearly days, carry-over and what is left, of a balance.
pub fn figures(balance: &Json) -> [Option<f64>; 5] {
    ["allowance", "carriedOver", "taken", "pending", "available"].map(|name| balance[name].as_f64())
}
