//! How to make valid arguments for every Business API.

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, PASSWORD};

use super::Who;
use super::world::Side;
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
    "importPeople",
    "importShifts",
    "importAttendance",
];

/// These end the caller's own login.
pub const END_THE_CALLER: &[&str] = &["archiveProfile", "updateUserPassword"];

/// The root level reaches every company by these.
pub const ANY_COMPANY: &[&str] = &["getCompanyAccount"];

/// Roles that may call an API but are refused by a rule of its own, whatever the arguments here.
pub const REFUSED: &[(&str, &[Who])] = &[
    // Roles are the owner's (and the root admin's) to give.
    ("updateUserRole", &[Who::Admin]),
    // Without a company there is none to join.
    ("registerCompanyUser", &[Who::SaasUser]),
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
        | "listShiftTemplates"
        | "listShifts"
        | "listAttendanceRecords"
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
        "checkInAttendance" => json!({"shiftId": side.shift_now(number).await, "userId": ann}),
        "checkOutAttendance" => json!({"attendanceRecordId": side.record(number).await}),
        "markAttendanceAbsent" => json!({"shiftId": side.shift().await, "userId": ann, "absenceReason": "sick"}),
        "correctAttendanceRecord" => json!({"attendanceRecordId": side.record(number).await, "managerNote": "seen"}),
        "getAttendanceRecord" => json!({"attendanceRecordId": side.record(number).await}),
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
        _ => return None,
    })
}

async fn picture(client: &Client, bucket: &str) -> String {
    text(&client.upload(bucket, "me.gif", crate::avatars::DOT).await.ok()["file"], "id")
}

async fn new_key(client: &Client) -> Json {
    client.post("/auth-api/v1/apikeys", json!({"name": "test"})).await.ok()
}
