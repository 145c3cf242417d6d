//! Imports of CSV files: by API and by the program.

mod attendance;
mod killed;
mod people;
mod program;
mod shifts;
mod whole;

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Person, Reply};

use crate::{paths, text};

pub const PEOPLE: &str = "/auth-api/v1/import/people";
pub const SHIFTS: &str = "/schedulemanagement-api/v1/import/shifts";
pub const ATTENDANCE: &str = "/attendancemanagement-api/v1/import/attendance";

/// Sends a file's lines.
async fn send(client: &Client, path: &str, lines: &[&str]) -> Reply {
    client.post(path, json!({"csv": lines.join("\n")})).await
}

/// The figures of a report: created, updated, skipped, bad rows.
#[track_caller]
fn counts(report: &Json) -> [u64; 4] {
    ["created", "updated", "skipped", "badRows"].map(|name| report[name].as_u64().unwrap_or_else(|| panic!("{name} in {report}")))
}

/// The figures of an import that was carried out.
#[track_caller]
fn done(reply: Reply) -> [u64; 4] {
    counts(&reply.ok()["import"])
}

/// Lines and columns of the bad rows of a refused import.
#[track_caller]
fn refused(reply: Reply) -> Vec<(u64, String)> {
    let report = reply.refused(422, "ImportRefused")["detail"].clone();
    assert_eq!(counts(&report)[..3], [0, 0, 0], "nothing was written: {report}");
    places(&report)
}

#[track_caller]
fn places(report: &Json) -> Vec<(u64, String)> {
    let bad = report["bad"].as_array().unwrap_or_else(|| panic!("bad rows in {report}"));
    bad.iter().map(|b| (b["line"].as_u64().expect("a line"), b["column"].as_str().unwrap_or("-").to_owned())).collect()
}

fn at(line: u64, column: &str) -> (u64, String) {
    (line, column.to_owned())
}

/// Somebody's profile, made by themselves.
async fn hired(who: &Person) -> String {
    let body =
        json!({"userId": who.text(), "employmentStartDate": "2020-01-01", "position": "Owner", "contractType": "permanent"});
    text(&who.post(paths::PROFILES, body).await.ok()["employeeProfile"], "id")
}

async fn total(client: &Client, list: &str) -> u64 {
    client.get(&format!("{list}?pageRowCount=1")).await.ok()["paging"]["totalRowCount"].as_u64().expect("a total")
}
