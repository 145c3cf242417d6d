//! How to make valid arguments for every Business API.

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, PASSWORD, Person};

use super::world::Side;
use super::{Who, agents, insights, webhooks};
use crate::paths::{MY_TASKS, TASK_ASSIGNMENTS};
use crate::text;

/// The APIs that [`arguments`] knows.
pub const NAMES: &[&str] = &[
    "listBriefCompanies",
    "getBriefCompany",
    "getCompanyHome",
    "getCompany",
    "getCompanyProfile",
    "getCompanyAccount",
    "listCompaniesAccounts",
    "registerCompanyOwner",
    "registerCompanyUser",
    "updateCompany",
    "getCompanyPolicy",
    "updateCompanyPolicy",
    "createUser",
    "getUser",
    "listUsers",
    "searchUsers",
    "updateUser",
    "updateUserRole",
    "updateUserPasswordByAdmin",
    "deleteUser",
    "updateProfile",
    "updateUserPassword",
    "archiveProfile",
    "createUserGroup",
    "updateUserGroup",
    "deleteUserGroup",
    "getUserGroup",
    "listUserGroups",
    "createUserGroupMember",
    "deleteUserGroupMember",
    "listUserGroupMembers",
    "createApiKey",
    "listApiKeys",
    "deleteApiKey",
    "listUserSessions",
    "deleteUserSession",
    "getUserAvatarsFile",
    "listUserAvatarsFiles",
    "deleteUserAvatarsFile",
    "getCompanyAvatarsFile",
    "listCompanyAvatarsFiles",
    "deleteCompanyAvatarsFile",
    "createEmployeeProfile",
    "updateEmployeeProfile",
    "deleteEmployeeProfile",
    "getEmployeeProfile",
    "listEmployeeProfiles",
    "createEmployeeDocument",
    "updateEmployeeDocument",
    "deleteEmployeeDocument",
    "getEmployeeDocument",
    "listEmployeeDocuments",
    "createShiftTemplate",
    "updateShiftTemplate",
    "deleteShiftTemplate",
    "getShiftTemplate",
    "listShiftTemplates",
    "generateShifts",
    "createShift",
    "updateShift",
    "deleteShift",
    "getShift",
    "listShifts",
    "checkInAttendance",
    "checkOutAttendance",
    "markAttendanceAbsent",
    "correctAttendanceRecord",
    "getAttendanceRecord",
    "listAttendanceRecords",
    "createLeaveRequest",
    "updateLeaveRequest",
    "deleteLeaveRequest",
    "getLeaveRequest",
    "listLeaveRequests",
    "listMyLeaveRequests",
    "getMyLeaveRequest",
    "getLeaveBalance",
    "createHoliday",
    "deleteHoliday",
    "listHolidays",
    "importHolidays",
    "createTaskAssignment",
    "updateTaskAssignment",
    "deleteTaskAssignment",
    "listTaskAssignments",
    "getTaskAssignmentWithProgress",
    "createIndividualTask",
    "updateIndividualTask",
    "deleteIndividualTask",
    "listMyIndividualTasks",
    "getMyIndividualTask",
    "createPayrollReport",
    "updatePayrollReport",
    "deletePayrollReport",
    "getPayrollReport",
    "listPayrollReports",
    "lockPayPeriod",
    "unlockPayPeriod",
    "listPayPeriodLocks",
    "createAnnouncement",
    "updateAnnouncement",
    "deleteAnnouncement",
    "getAnnouncement",
    "listAnnouncements",
    "processScheduledAnnouncements",
    "publishShifts",
    "listOpenShifts",
    "claimShift",
    "requestShiftSwap",
    "decideShiftSwap",
    "cancelShiftSwap",
    "getShiftSwap",
    "listShiftSwaps",
    "importPeople",
    "importShifts",
    "importAttendance",
    "getTodayBoard",
    "findCoverFor",
    "planWeek",
    "whoIsOff",
    "explainPayroll",
    "analyzeAttendance",
    "analyzeAbsenteeism",
    "analyzeLateness",
    "analyzeOvertime",
    "analyzeTaskLoad",
    "predictStaffing",
    "detectShiftAnomalies",
    "createWebhook",
    "listWebhooks",
    "getWebhook",
    "updateWebhook",
    "deleteWebhook",
    "rotateWebhookSecret",
    "testWebhook",
    "listWebhookDeliveries",
    "getWebhookDelivery",
    "redeliverWebhook",
    "listAlerts",
    "resolveAlert",
    "listAuditLogs",
    "verifyAuditLog",
    "listDuties",
    "createDuty",
    "updateDuty",
    "deleteDuty",
    "getMyEodReport",
    "getMyEodReportOfToday",
    "generateEodReport",
    "submitEodReport",
    "listTeamEodReports",
    "reviewEodReport",
    "createAiInsight",
    "updateAiInsight",
    "getAiInsight",
    "listAiInsights",
    "deleteAiInsight",
    "saveInsight",
    "saveAiInsight",
    "createAgentOverride",
    "updateAgentOverride",
    "deleteAgentOverride",
    "getAgentOverride",
    "listAgentOverrides",
    "getAgentExecution",
    "listAgentExecutions",
    "getToolCatalogEntry",
    "listToolCatalog",
];

/// These end the caller's own login.
pub const END_THE_CALLER: &[&str] = &["archiveProfile", "updateUserPassword"];

/// The root level reaches every company by these, or they are about what is the root level's.
pub const ANY_COMPANY: &[&str] =
    &["getCompanyAccount", "updateAgentOverride", "deleteAgentOverride", "getAgentOverride", "getToolCatalogEntry"];

/// Parameters by which lists are filtered: an id that the company does not know finds nothing.
pub const ONLY_FILTERS: &[(&str, &str)] = &[("listAuditLogs", "actor_user_id")];

/// Changing APIs that leave no entry here, since nothing was to be done.
pub const CHANGE_NOTHING: &[&str] = &["planWeek", "processScheduledAnnouncements"];

/// Roles that may call an API but are refused by a rule of its own, whatever the arguments here.
pub const REFUSED: &[(&str, &[Who])] = &[
    // Roles are the owner's (and the root admin's) to give.
    ("updateUserRole", &[Who::Admin]),
    // A manager writes the notes of a report's profile alone, an employee nothing of the own.
    ("updateEmployeeProfile", &[Who::Employee, Who::Manager]),
    // Without a company there is none to join.
    ("registerCompanyUser", &[Who::SaasUser]),
    // Leave is the company's own people's.
    ("createLeaveRequest", &[Who::SuperAdmin]),
    // The other of the two is not the manager's report.
    ("decideShiftSwap", &[Who::Manager]),
    // Alerts and duties, here the owner's, are one's own.
    ("resolveAlert", &[Who::Employee, Who::Manager, Who::Admin, Who::SuperAdmin]),
    ("updateDuty", &[Who::Employee, Who::Manager, Who::Admin, Who::SuperAdmin]),
    ("deleteDuty", &[Who::Employee, Who::Manager, Who::Admin, Who::SuperAdmin]),
    // Only the direct manager reviews.
    ("reviewEodReport", &[Who::Admin, Who::Owner, Who::SuperAdmin]),
];

/// Valid arguments: about `ann`, an employee, wherever somebody is needed. Each call makes fresh things.
pub async fn arguments(side: &Side, api: &str, number: u32) -> Option<Json> {
    let company = &side.company;
    let (ann, crew) = (side.ann.text(), side.crew.clone());
    Some(match api {
        "listBriefCompanies"
        | "getCompany"
        | "getCompanyProfile"
        | "listCompaniesAccounts"
        | "getCompanyPolicy"
        | "listUsers"
        | "listUserGroups"
        | "listApiKeys"
        | "listUserSessions"
        | "listUserAvatarsFiles"
        | "listCompanyAvatarsFiles"
        | "listEmployeeProfiles"
        | "listEmployeeDocuments"
        | "listShiftTemplates"
        | "listShifts"
        | "listOpenShifts"
        | "listShiftSwaps"
        | "listAttendanceRecords"
        | "listLeaveRequests"
        | "listMyLeaveRequests"
        | "listHolidays"
        | "listTaskAssignments"
        | "listMyIndividualTasks"
        | "listPayrollReports"
        | "listPayPeriodLocks"
        | "listAnnouncements"
        | "processScheduledAnnouncements"
        | "listWebhooks"
        | "listAlerts"
        | "verifyAuditLog"
        | "listDuties"
        | "getMyEodReportOfToday"
        | "generateEodReport"
        | "archiveProfile" => json!({}),
        "getBriefCompany" | "getCompanyHome" => json!({"codename": side.codename}),
        "getCompanyAccount" => json!({"companyId": company.id.to_string()}),
        "registerCompanyOwner" => {
            let name = format!("new{number}");
            json!({"email": format!("{name}@new.test"), "password": PASSWORD, "fullname": "New", "company": {"name": name}})
        }
        "registerCompanyUser" | "createUser" => {
            json!({"email": format!("new{number}@new.test"), "password": PASSWORD, "fullname": "New"})
        }
        "updateCompany" => json!({"companyId": company.id.to_string(), "industry": "Care"}),
        "updateCompanyPolicy" => json!({"graceMinutes": 5}),
        "getUser" => json!({"userId": ann}),
        "searchUsers" => json!({"keyword": "ann"}),
        "updateUser" => json!({"userId": ann, "avatar": "https://pictures.test/ann.png"}),
        "updateUserRole" => json!({"userId": side.victim(number).await.text(), "roleId": "tenantAdmin"}),
        "updateUserPasswordByAdmin" => json!({"userId": side.victim(number).await.text(), "password": PASSWORD}),
        "deleteUser" => json!({"userId": side.victim(number).await.text()}),
        "updateProfile" => json!({"avatar": "https://pictures.test/me.png"}),
        "updateUserPassword" => json!({"oldPassword": PASSWORD, "newPassword": PASSWORD}),
        "createUserGroup" => json!({"groupName": format!("Group {number}")}),
        "updateUserGroup" => json!({"userGroupId": crew, "avatar": "https://pictures.test/crew.png"}),
        "deleteUserGroup" => json!({"userGroupId": side.department(number).await}),
        "getUserGroup" => json!({"userGroupId": crew}),
        "createUserGroupMember" => json!({"groupId": side.department(number).await, "userId": side.eve.text()}),
        "deleteUserGroupMember" => {
            let members = format!("/auth-api/v1/listusergroupmembers/{}", side.department(number).await);
            json!({"userGroupMemberId": text(&company.owner.get(&members).await.ok()["userGroupMembers"][0], "id")})
        }
        "listUserGroupMembers" => json!({"groupId": crew}),
        "createApiKey" => json!({"name": "test"}),
        "deleteApiKey" => json!({"apiKeyId": text(&new_key(&side.ann).await["apiKey"], "id")}),
        "deleteUserSession" => {
            let mut once = side.victim(number).await;
            once.log_in().await;
            json!({"userSessionId": text(&once.get("/auth-api/currentuser").await.ok(), "sessionId")})
        }
        "getUserAvatarsFile" | "deleteUserAvatarsFile" => json!({"id": picture(&side.ann, "userAvatars").await}),
        "getCompanyAvatarsFile" | "deleteCompanyAvatarsFile" => {
            json!({"id": picture(&company.owner, "companyAvatars").await})
        }
        "createEmployeeProfile" => {
            json!({"userId": side.victim(number).await.text(), "employmentStartDate": "2026-01-01", "position": "Nurse",
                "contractType": "permanent", "salary": 3000, "departmentId": crew, "managerId": side.mia.text(), "notes": "quick"})
        }
        "updateEmployeeProfile" => {
            json!({"employeeProfileId": side.profile().await, "notes": "quick", "departmentId": crew, "managerId": side.mia.text()})
        }
        "deleteEmployeeProfile" => json!({"employeeProfileId": side.fresh_profile(number).await}),
        "getEmployeeProfile" => json!({"employeeProfileId": side.profile().await}),
        "createEmployeeDocument" => {
            json!({"employeeProfileId": side.profile().await, "documentType": "permit", "documentUrl": "https://files.test/permit.pdf",
                "validUntil": "2027-01-01"})
        }
        "updateEmployeeDocument" => json!({"employeeDocumentId": side.document().await, "validUntil": "2028-01-01"}),
        "deleteEmployeeDocument" | "getEmployeeDocument" => json!({"employeeDocumentId": side.document().await}),
        "createShiftTemplate" => {
            json!({"name": "Late", "startTime": "14:00", "endTime": "22:00", "recurrenceRule": "FREQ=DAILY", "departmentId": crew})
        }
        "updateShiftTemplate" => json!({"shiftTemplateId": side.template().await, "departmentId": crew, "name": "Later"}),
        "deleteShiftTemplate" | "getShiftTemplate" => json!({"shiftTemplateId": side.template().await}),
        "generateShifts" => {
            let day = side.free_day().await;
            json!({"shiftTemplateId": side.template().await, "from": day, "to": day, "assignedUserIds": [ann],
                "assignedDepartmentIds": [crew]})
        }
        "createShift" => {
            json!({"shiftDate": side.free_day().await, "startTime": "09:00", "endTime": "17:00", "assignedUserIds": [ann],
                "assignedDepartmentIds": [crew], "departmentId": crew})
        }
        "updateShift" => {
            json!({"shiftId": side.shift().await, "location": "Ward 3", "assignedUserIds": [ann], "assignedDepartmentIds": [crew],
                "departmentId": crew})
        }
        "deleteShift" | "getShift" => json!({"shiftId": side.shift().await}),
        "publishShifts" => {
            let day = side.draft(&crew).await;
            json!({"from": day, "to": day, "departmentId": crew})
        }
        "getTodayBoard" => json!({"departmentId": crew}),
        "findCoverFor" => json!({"shiftId": side.shift().await, "limit": 5}),
        "planWeek" => json!({"departmentId": crew, "week": side.open_week(&crew, number).await, "dryRun": true}),
        "whoIsOff" => json!({"from": "2026-07-01", "to": "2026-07-31"}),
        "explainPayroll" => json!({"payrollReportId": side.payroll_report().await}),
        "claimShift" => json!({"shiftId": side.open_shift().await, "userId": ann}),
        "requestShiftSwap" => side.swap_arguments().await,
        "decideShiftSwap" => json!({"shiftSwapId": side.swap().await, "status": "approved"}),
        "cancelShiftSwap" | "getShiftSwap" => json!({"shiftSwapId": side.swap().await}),
        "checkInAttendance" => json!({"shiftId": side.shift_now(number).await, "userId": ann}),
        "checkOutAttendance" => json!({"attendanceRecordId": side.record(number).await}),
        "markAttendanceAbsent" => json!({"shiftId": side.shift().await, "userId": ann, "absenceReason": "sick"}),
        "correctAttendanceRecord" => json!({"attendanceRecordId": side.record(number).await, "managerNote": "seen"}),
        "getAttendanceRecord" => json!({"attendanceRecordId": side.record(number).await}),
        "createLeaveRequest" => {
            let day = side.free_day().await;
            json!({"leaveType": "annual", "startDate": day, "endDate": day, "departmentId": crew})
        }
        "updateLeaveRequest" => json!({"leaveRequestId": side.leave(&side.ann).await, "status": "cancelled"}),
        "deleteLeaveRequest" | "getLeaveRequest" => json!({"leaveRequestId": side.leave(&side.ann).await}),
        "getMyLeaveRequest" => json!({"leaveRequestId": side.leave(&company.owner).await}),
        "getLeaveBalance" => json!({"userId": ann, "year": 2026}),
        "createHoliday" => json!({"name": "Feast", "holidayDate": side.free_day().await}),
        "deleteHoliday" => json!({"holidayId": side.holiday().await}),
        "importHolidays" => {
            let day = side.free_day().await.replace('-', "");
            let entry = format!("BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:{day}\r\nSUMMARY:Feast\r\nEND:VEVENT");
            json!({"calendar": format!("BEGIN:VCALENDAR\r\n{entry}\r\nEND:VCALENDAR\r\n")})
        }
        "createTaskAssignment" => {
            json!({"title": "Count", "assigneeUserIds": [ann], "assignedDepartmentIds": [crew], "shiftId": side.shift().await})
        }
        "updateTaskAssignment" => {
            json!({"taskAssignmentId": given(&side.mia, &ann).await, "title": "Recount", "assigneeUserIds": [ann],
                "assignedDepartmentIds": [crew], "shiftId": side.shift().await})
        }
        "deleteTaskAssignment" | "getTaskAssignmentWithProgress" => json!({"taskAssignmentId": given(&side.mia, &ann).await}),
        "createIndividualTask" => {
            json!({"taskAssignmentId": given(&side.mia, &ann).await, "assigneeUserId": ann, "title": "Sign"})
        }
        "updateIndividualTask" => json!({"individualTaskId": task(&side.mia, &side.ann).await, "status": "completed"}),
        "deleteIndividualTask" => json!({"individualTaskId": task(&side.mia, &side.ann).await}),
        // One's own alone: the owner's, who calls where an answer has to be a success.
        "getMyIndividualTask" => json!({"individualTaskId": task(&company.owner, &company.owner).await}),
        "createPayrollReport" => {
            let day = side.free_day().await;
            json!({"userId": ann, "periodStart": day, "periodEnd": day, "bonus": 10.5, "notes": "first"})
        }
        "updatePayrollReport" => json!({"payrollReportId": side.payroll_report().await, "paymentStatus": "paid"}),
        "deletePayrollReport" => json!({"payrollReportId": side.payroll_report().await}),
        "getPayrollReport" => json!({"payrollReportId": side.payroll_report().await}),
        "lockPayPeriod" => {
            let day = side.free_day().await;
            json!({"from": day, "to": day, "reason": "July"})
        }
        "unlockPayPeriod" => json!({"payPeriodLockId": side.pay_period_lock().await}),
        "createAnnouncement" => {
            json!({"title": "Rota", "body": "The *new* rota is out.", "sendTime": "2026-08-01T08:00:00Z",
                "audienceUserIds": [ann], "targetDepartmentIds": [crew]})
        }
        "updateAnnouncement" => {
            json!({"announcementId": side.announcement(false).await, "title": "New rota", "audienceUserIds": [ann],
                "targetDepartmentIds": [crew]})
        }
        "deleteAnnouncement" => json!({"announcementId": side.announcement(false).await}),
        "getAnnouncement" => json!({"announcementId": side.announcement(true).await}),
        "importPeople" => {
            json!({"csv": format!("email,fullname\nnew{number}@new.test,New\n"), "partial": false, "dryRun": false})
        }
        "importShifts" => {
            json!({"csv": format!("date,start,end,people\n{},09:00,17:00,{}\n", side.free_day().await, side.ann.email)})
        }
        "importAttendance" => {
            let day = side.free_day().await;
            company.shift(&day, "09:00-17:00", &[&side.ann]).await;
            json!({"csv": format!("date,email,shiftStart,status\n{day},{},09:00,absent\n", side.ann.email)})
        }
        "analyzeAbsenteeism" => {
            json!({"from": "2026-05-01", "to": "2026-05-31", "userId": ann, "departmentId": crew, "leaveType": "sick", "limit": 5})
        }
        "predictStaffing" => json!({"weekStart": "2026-06-08", "basis": "attended", "departmentId": crew, "weeks": 8}),
        name if name.starts_with("analyze") || name == "detectShiftAnomalies" => {
            json!({"from": "2026-05-01", "to": "2026-05-31", "userId": ann, "departmentId": crew, "limit": 5})
        }
        "resolveAlert" => json!({"id": side.alert().await}),
        "listAuditLogs" => json!({"entity_type": "user", "actor_user_id": company.owner.text(), "limit": 20}),
        "createDuty" => json!({"title": "Water the plants", "description": "All of them", "status": "pending"}),
        "updateDuty" => json!({"id": side.duty().await, "status": "completed"}),
        "deleteDuty" => json!({"id": side.duty().await}),
        "getMyEodReport" => json!({"date": side.own_report(&company.owner).await}),
        "submitEodReport" => json!({"report_date": days_ago(number), "work_summary": "Sorted all of the linen."}),
        "listTeamEodReports" => json!({"search": "ann", "status": "Pending Approval"}),
        "reviewEodReport" => {
            json!({"id": side.submitted(&days_ago(number)).await, "action": "Approved", "comments": "Well done"})
        }
        name if name.contains("Insight") => return insights::arguments(side, name).await,
        name if name.contains("Agent") || name.contains("ToolCatalog") => return agents::arguments(side, name).await,
        name if name.contains("Webhook") => return webhooks::arguments(side, name).await,
        _ => return None,
    })
}

/// A day of the four weeks before today.
fn days_ago(number: u32) -> String {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 6, 1).expect("a date");
    (today - chrono::Duration::days(i64::from(1 + number % 28))).to_string()
}

async fn picture(client: &Client, bucket: &str) -> String {
    text(&client.upload(bucket, "me.gif", crate::avatars::DOT).await.ok()["file"], "id")
}

/// An assignment to somebody.
async fn given(by: &Person, to: &str) -> String {
    let body = json!({"title": "Count the linen", "assigneeUserIds": [to]});
    text(&by.post(TASK_ASSIGNMENTS, body).await.ok()["taskAssignment"], "id")
}

/// Somebody's task.
async fn task(by: &Person, to: &Person) -> String {
    let of = given(by, &to.text()).await;
    text(&to.get(&format!("{MY_TASKS}?taskAssignmentId={of}")).await.ok()["individualTasks"][0], "id")
}

async fn new_key(client: &Client) -> Json {
    client.post("/auth-api/v1/apikeys", json!({"name": "test"})).await.ok()
}
