//! What an API key may not do, whoever's it is.

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_core::api::Reach;
use workforceos_core::input::Place;
use workforceos_services::Api;
use workforceos_tests::{Client, Db, PASSWORD, Person, TestApp};

use crate::identity::at;
use crate::matrix::calls::call;
use crate::paths::{RECORDS, SHIFTS};
use crate::text;

struct World {
    app: TestApp,
    owner: Person,
    ann: Person,
}

async fn world() -> World {
    let app = TestApp::start(Db::Sqlite).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.unseen("ann").await;
    World { app, owner: acme.owner.clone(), ann }
}

/// A key of the owner's with limits.
async fn key(owner: &Person, limits: Json) -> Client {
    let mut body = limits;
    body["name"] = json!("robot");
    owner.with_token(&text(&owner.post(at::KEYS, body).await.ok(), "key"))
}

/// Something for each part of the address: what stands there does not matter to whoever may not call at all.
fn addressed(api: &Api) -> Json {
    let parts = api.fields.iter().filter(|f| f.place == Place::Path);
    parts.map(|f| (f.name.to_owned(), json!(Uuid::from_u128(7).to_string()))).collect::<serde_json::Map<_, _>>().into()
}

fn apis() -> Vec<std::sync::Arc<Api>> {
    workforceos_services::registry().expect("sound").apis().to_vec()
}

/// Refused with 403, by REST and as a tool.
async fn refused(key: &Client, api: &Api) {
    call(key, api, &addressed(api)).await.refused(403, "Forbidden");
    let told = key.tool(api.name, addressed(api)).await;
    assert_eq!((told.status, &told.body["errCode"]), (403, &json!("Forbidden")), "{} as a tool: {}", api.name, told.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_makes_no_keys_and_changes_no_password_and_no_role() {
    let World { app: _app, owner, ann } = world().await;
    let robot = key(&owner, json!({})).await;
    let closed = ["createApiKey", "updateUserPassword", "updateUserPasswordByAdmin", "updateUserRole", "archiveProfile"];
    for api in apis().iter().filter(|api| closed.contains(&api.name)) {
        refused(&robot, api).await;
    }
    let user = ann.text();
    robot.post(at::KEYS, json!({"name": "child"})).await.refused(403, "Forbidden");
    let body = json!({"oldPassword": PASSWORD, "newPassword": "an entirely new one"});
    robot.patch("/auth-api/v1/profile/password", body).await.refused(403, "Forbidden");
    let body = json!({"password": "an entirely new one"});
    robot.patch(&format!("/auth-api/v1/userpasswordbyadmin/{user}"), body).await.refused(403, "Forbidden");
    robot.patch(&format!("/auth-api/v1/userrole/{user}"), json!({"roleId": "tenantAdmin"})).await.refused(403, "Forbidden");
    // Nobody with powers is made by a program either; all else goes on.
    let new = |role: &str| json!({"email": "new@acme.test", "password": PASSWORD, "fullname": "New", "roleId": role});
    robot.post(at::USERS, new("tenantAdmin")).await.refused(403, "Forbidden");
    robot.post(at::USERS, new("tenantUser")).await.ok();
    let mut ann = ann;
    ann.log_in().await;
    assert_eq!(ann.get(at::CURRENT_USER).await.ok()["roleId"], "tenantUser");
    assert_eq!(owner.get(at::KEYS).await.ok()["rowCount"], 1, "the robot's own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_admins_key_has_no_more_powers_on_a_company() {
    let World { app, ann, .. } = world().await;
    let root = app.super_admin().await;
    let made = root.post(at::KEYS, json!({"name": "robot"})).await.ok();
    let robot = root.with_token(&text(&made, "key")).claiming("acme");
    robot.get(at::USERS).await.ok();
    let (user, new) = (ann.text(), json!({"password": "an entirely new one"}));
    robot.patch(&format!("/auth-api/v1/userpasswordbyadmin/{user}"), new).await.refused(403, "Forbidden");
    robot.patch(&format!("/auth-api/v1/userrole/{user}"), json!({"roleId": "tenantAdmin"})).await.refused(403, "Forbidden");
    let body = json!({"email": "new@acme.test", "password": PASSWORD, "fullname": "New", "roleId": "tenantAdmin"});
    robot.post(at::USERS, body).await.refused(403, "Forbidden");
    robot.post(at::KEYS, json!({"name": "child"})).await.refused(403, "Forbidden");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_key_writes_nothing() {
    let World { app: _app, owner, .. } = world().await;
    let reader = key(&owner, json!({"readOnly": true})).await;
    let (writing, reading): (Vec<_>, Vec<_>) = apis().into_iter().partition(|api| !api.effect.read_only);
    assert!(writing.len() > 20 && reading.len() > 10);
    for api in &writing {
        refused(&reader, api).await;
    }
    for path in [SHIFTS, RECORDS, at::USERS, at::KEYS, at::SESSIONS] {
        reader.get(path).await.ok();
    }
    reader.stream("").await.snapshot().await;
    // Its permissions and its tools say so.
    let permissions = reader.get("/auth-api/permissions").await.ok();
    let may = |api: &Api| {
        permissions.as_array().expect("a list").iter().any(|p| p["permissionName"] == format!("{}.{}", api.service, api.name))
    };
    assert!(!writing.iter().any(|api| may(api)), "{permissions}");
    let tools = reader.get("/mcpbff-api/api/tools").await.ok().to_string();
    assert!(tools.contains("\"listShifts\"") && !tools.contains("\"createShift\""));
    assert_eq!(owner.get(at::KEYS).await.ok()["rowCount"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_limited_to_services_knows_no_others() {
    let World { app: _app, owner, .. } = world().await;
    let planner = key(&owner, json!({"services": ["scheduleManagement"]})).await;
    let (own, others): (Vec<_>, Vec<_>) = apis().into_iter().partition(|api| api.service == "scheduleManagement");
    for api in &others {
        refused(&planner, api).await;
    }
    for api in own.iter().filter(|api| api.is_list() && !matches!(api.reach, Some(Reach::Root | Reach::RootAdmins))) {
        call(&planner, api, &json!({})).await.ok();
    }
    planner.post(SHIFTS, json!({"shiftDate": "2026-07-01", "startTime": "08:00", "endTime": "09:00"})).await.ok();
    planner.get(&format!("{}?topics=attendance", at::STREAM)).await.refused(403, "Forbidden");
    planner.stream("schedule").await.snapshot().await;
    let permissions = planner.get("/auth-api/permissions").await.ok();
    let foreign = |p: &&Json| !p["permissionName"].as_str().is_some_and(|name| name.starts_with("scheduleManagement."));
    assert_eq!(permissions.as_array().expect("a list").iter().find(foreign), None);
    owner.post(at::KEYS, json!({"name": "x", "services": ["weather"]})).await.bad_fields();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_has_no_second_factor_and_outlives_a_logout() {
    let World { app: _app, owner, .. } = world().await;
    let robot = key(&owner, json!({})).await;
    let factor = "/auth-api/verification-services/email-2factor-verification";
    robot.post(&format!("{factor}/start"), json!({})).await.refused(403, "Forbidden");
    robot.post(&format!("{factor}/complete"), json!({"secretCode": "123456"})).await.refused(403, "Forbidden");
    robot.post(at::LOGOUT, json!({})).await.ok();
    crate::identity::works(&robot).await;
    crate::identity::works(&owner).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_its_users_alone() {
    let World { app, owner, ann } = world().await;
    let made = owner.post(at::KEYS, json!({"name": "robot"})).await.ok();
    let path = format!("{}/{}", at::KEYS, text(&made["apiKey"], "id"));
    let mut ann = ann;
    ann.log_in().await;
    assert_eq!(ann.get(at::KEYS).await.ok()["rowCount"], 0);
    ann.delete(&path).await.refused(404, "ApiKeyNotFound");
    let stranger = app.company("other", "UTC").await.owner;
    stranger.delete(&path).await.refused(404, "ApiKeyNotFound");
    crate::identity::works(&owner.with_token(&text(&made, "key"))).await;
}
