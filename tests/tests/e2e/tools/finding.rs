//! `?mode=search` over all tools of an owner: what people say finds what does it.

use serde_json::json;
use workforceos_tests::{Db, TestApp};

use super::Session;
use crate::text;

/// What somebody wants, and the tools one of which has to be among the first five.
const WANTED: &[(&str, &[&str])] = &[
    ("request vacation", &["createLeaveRequest"]),
    ("I need a day off tomorrow", &["createLeaveRequest"]),
    ("clock in", &["checkInAttendance"]),
    ("punch out for today", &["checkOutAttendance"]),
    ("who is late today", &["listAttendanceRecords"]),
    ("approve time off", &["updateLeaveRequest"]),
    ("how many vacation days are left", &["getLeaveBalance"]),
    ("add a shift to the roster", &["createShift"]),
    ("plan shifts from a template", &["generateShifts", "createShiftTemplate"]),
    ("publish the rota", &["publishShifts"]),
    ("pick up an open shift", &["claimShift", "listOpenShifts"]),
    ("trade my shift with a colleague", &["requestShiftSwap"]),
    ("approve a shift trade", &["decideShiftSwap"]),
    ("send a message to everybody", &["createAnnouncement"]),
    ("hire a new employee", &["createUser", "createEmployeeProfile"]),
    ("change somebody's manager", &["updateEmployeeProfile"]),
    ("visa documents about to expire", &["listEmployeeDocuments"]),
    ("payslip for June", &["createPayrollReport", "listPayrollReports", "getPayrollReport"]),
    ("mark a no show", &["markAttendanceAbsent"]),
    ("fix a wrong check-in time", &["correctAttendanceRecord"]),
    ("assign a to-do", &["createTaskAssignment", "createIndividualTask"]),
    ("my tasks", &["listMyIndividualTasks"]),
    ("add a department", &["createUserGroup"]),
    ("put Ann into the night team", &["createUserGroupMember"]),
    ("new API token", &["createApiKey"]),
    ("revoke an API key", &["deleteApiKey"]),
    ("change the grace period", &["updateCompanyPolicy"]),
    ("public holidays", &["listHolidays", "createHoliday"]),
    ("import people from a CSV file", &["importPeople"]),
    ("make Ann an admin", &["updateUserRole"]),
    ("who am I", &["currentuser"]),
    ("show shifts in a table", &["showBusinessApiListInFrontEnd"]),
    ("QR code", &["showQrCode"]),
    ("log out other devices", &["deleteUserSession", "listUserSessions"]),
    ("lock July's pay period", &["lockPayPeriod"]),
    ("find a user by name", &["searchUsers", "listUsers"]),
    ("listShifts", &["listShifts"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_say_finds_what_does_it() {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let session = Session::open(&acme.owner, "?mode=search").await;
    let mut missed = Vec::new();
    for (query, wanted) in WANTED {
        let found = session.call("searchTools", json!({"query": query, "limit": 5})).await.json;
        let names: Vec<String> = found["tools"].as_array().expect("tools").iter().map(|tool| text(tool, "name")).collect();
        if !names.iter().any(|name| wanted.contains(&name.as_str())) {
            missed.push(format!("{query}: {names:?} instead of {wanted:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    // From finding to calling.
    let described = session.call("describeTool", json!({"name": "createUserGroup"})).await.json;
    assert_eq!(described["inputSchema"]["required"], json!(["groupName"]));
    let made = session.call("callTool", json!({"name": "createUserGroup", "args": {"groupName": "Night"}})).await;
    assert_eq!(made.json["userGroup"]["groupName"], "Night");
    let listed = session.call("callReadOnlyTool", json!({"name": "listUserGroups"})).await;
    assert_eq!(listed.json["userGroups"].as_array().map(Vec::len), Some(1));
    assert!(session.call("callReadOnlyTool", json!({"name": "createUserGroup", "args": {}})).await.failed);
}
