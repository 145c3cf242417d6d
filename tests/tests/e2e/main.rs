//! End to end: the real server over HTTP, with its database and its clock.

mod avatars;
mod backup;
mod concurrency;
mod contract;
mod crash;
mod faults;
mod guards;
mod identity;
mod imports;
mod limits;
mod lists;
mod logins;
mod mail;
mod matrix;
mod nodes;
mod oracle;
mod plain_owner;
mod rules;
mod streams;
mod vectors;
mod ward;

/// Addresses that many tests use.
mod paths {
    pub const SHIFTS: &str = "/schedulemanagement-api/v1/shifts";
    pub const TEMPLATES: &str = "/schedulemanagement-api/v1/shifttemplates";
    pub const CHECK_IN: &str = "/attendancemanagement-api/v1/check-in";
    pub const CHECK_OUT: &str = "/attendancemanagement-api/v1/check-out";
    pub const MARK_ABSENT: &str = "/attendancemanagement-api/v1/mark-absent";
    pub const RECORDS: &str = "/attendancemanagement-api/v1/attendance-records";
}

/// The text of a property.
#[track_caller]
fn text(json: &serde_json::Value, name: &str) -> String {
    json[name].as_str().unwrap_or_else(|| panic!("text under {name} in {json}")).to_owned()
}
