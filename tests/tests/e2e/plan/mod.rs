//! The task-level APIs: one call, one whole answer.

mod board;
mod cover;
pub mod explained;
mod off;
mod races;
pub mod shapes;
mod vectors;
mod weeks;

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Company, Person};

use crate::paths::SHIFTS;
use crate::text;

const PLAN_WEEK: &str = "/schedulemanagement-api/v1/shifts/planweek";

/// A shift of a department for so many people, of whom nobody is assigned yet.
async fn open_shift(company: &Company, department: &str, date: &str, times: &str, needed: usize) -> String {
    let (start, end) = times.split_once('-').expect("two times");
    let body = json!({"shiftDate": date, "startTime": start, "endTime": end, "departmentId": department, "neededCount": needed});
    text(&company.owner.post(SHIFTS, body).await.ok()["shift"], "id")
}

async fn cover(who: &Client, shift: &str, query: &str) -> Json {
    let told = who.get(&format!("{SHIFTS}/{shift}/cover?{query}")).await.ok()["cover"].clone();
    shapes::check("findCoverFor", &told);
    told
}

/// A plan, written or not; `more` is added to the request.
async fn plan(who: &Client, department: &str, week: &str, more: Json) -> Json {
    let told = who.post(PLAN_WEEK, asked(department, week, more)).await.ok()["weekPlan"].clone();
    shapes::check("planWeek", &told);
    told
}

fn asked(department: &str, week: &str, more: Json) -> Json {
    let mut body = json!({"departmentId": department, "week": week});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// The names under a list.
fn names(list: &Json) -> Vec<String> {
    list.as_array().expect("a list").iter().map(|one| text(one, "name")).collect()
}

/// The reasons for which somebody is excluded.
fn reasons(cover: &Json, who: &Person) -> Vec<String> {
    let list = cover["excluded"].as_array().expect("a list");
    let found = list.iter().find(|one| one["userId"] == who.text()).unwrap_or_else(|| panic!("{} in {cover}", who.email));
    found["reasons"].as_array().expect("reasons").iter().map(|code| code.as_str().expect("a code").to_owned()).collect()
}

async fn assigned(company: &Company, shift: &str) -> Vec<String> {
    let found = company.owner.get(&format!("{SHIFTS}/{shift}")).await.ok();
    let ids = found["shift"]["assignedUserIds"].as_array().expect("ids").clone();
    ids.iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
}
