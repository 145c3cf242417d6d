//! Taking oneself out, for a month on trial; and the ways back.

use serde_json::{Value as Json, json};
use workforceos_core::object::DataObject;
use workforceos_core::objects::User;
use workforceos_tests::{Company, Db, PASSWORD, Person, Reply, TestApp, on_both_databases};

use crate::identity::{at, is_nobodys, works};
use crate::paths::{CHECK_IN, RECORDS, SHIFTS};
use crate::text;

on_both_databases!(
    archiving_ends_all_logins_and_keeps_the_rest,
    logging_in_within_a_month_restores,
    after_a_month_nothing_restores,
    a_wrong_password_restores_nothing,
    with_verification_only_the_confirmed_address_restores,
    without_verification_only_the_old_password_restores,
    guessing_the_old_password_by_registering_is_slowed,
    role_and_reach_come_back_as_before,
    half_a_login_restores_nothing,
    an_archived_address_is_nobody_elses,
    a_reset_of_an_archived_users_password_restores_nothing_by_itself,
);

const REGISTER: &str = "/auth-api/v1/registercompanyuser";
const VERIFY: &str = "/auth-api/verification-services/email-verification";
const OTHER: &str = "somebody else's password";
const DAY: i64 = 24 * 60;

struct World {
    app: TestApp,
    acme: Company,
}

impl World {
    async fn make(db: Db) -> World {
        let app = TestApp::start(db).await;
        let acme = app.company("acme", "UTC").await;
        World { app, acme }
    }

    async fn log_in(&self, person: &Person, password: &str) -> Reply {
        let body = json!({"username": person.email, "password": password});
        self.app.anonymous().claiming("acme").post(at::LOGIN, body).await
    }

    async fn register(&self, person: &Person, password: &str) -> Reply {
        let body = json!({"email": person.email, "password": password, "fullname": "Somebody New"});
        self.app.anonymous().claiming("acme").post(REGISTER, body).await
    }

    async fn row(&self, person: &Person) -> User {
        let row = self.app.services().store.get(User::def(), Some(self.acme.id), person.id.0).await.expect("read");
        User::from_record(row.expect("a row")).expect("a user")
    }

    async fn is_archived(&self, person: &Person) -> bool {
        self.row(person).await.archive_date.is_some()
    }

    async fn verify(&self, person: &Person) -> Json {
        let nobody = self.app.anonymous().claiming("acme");
        let started = nobody.post(&format!("{VERIFY}/start"), json!({"email": person.email})).await.ok();
        let body = json!({"email": person.email, "secretCode": started["secretCode"]});
        nobody.post(&format!("{VERIFY}/complete"), body).await.ok()
    }
}

async fn archiving_ends_all_logins_and_keeps_the_rest(db: Db) {
    let world = World::make(db).await;
    let (ann, bob) = (world.acme.employee("ann").await, world.acme.employee("bob").await);
    let (now, later) = (
        world.acme.shift("2026-06-01", "05:30-14:00", &[&ann, &bob]).await,
        world.acme.shift("2026-06-20", "08:00-16:00", &[&ann, &bob]).await,
    );
    let crew = world.acme.department("crew", &[&ann]).await;
    let record = text(&ann.post(CHECK_IN, json!({"shiftId": now})).await.ok()["attendanceRecord"], "id");
    let mut again = ann.clone();
    again.log_in().await;
    let gone = ann.delete(at::PROFILE).await.ok();
    assert_eq!(gone["user"]["archiveDate"], "2026-06-01T06:00:00.000Z");
    for login in [&ann, &again] {
        is_nobodys(&world.app, login.token.as_deref().expect("a token")).await;
    }
    // The open record, what is planned and the department stay.
    let owner = &world.acme.owner;
    let open = owner.get(&format!("{RECORDS}/{record}")).await.ok();
    assert!(open["attendanceRecord"]["checkOutTime"].is_null() && open["attendanceRecord"]["userId"] == ann.text(), "{open}");
    for shift in [&now, &later] {
        let shift = owner.get(&format!("{SHIFTS}/{shift}")).await.ok();
        assert_eq!(shift["shift"]["assignedUserIds"], json!([ann.text(), bob.text()]), "{shift}");
    }
    let members = owner.get(&format!("/auth-api/v1/listusergroupmembers/{crew}")).await.ok();
    assert_eq!(members["userGroupMembers"][0]["userId"], ann.text(), "{members}");
    assert_eq!(owner.get(&format!("{}/{}", at::USERS, ann.text())).await.ok()["user"]["isActive"], true);
    // Back again, the work goes on where it was left.
    let mut ann = ann;
    ann.log_in().await;
    let body = json!({"attendanceRecordId": record});
    ann.post(crate::paths::CHECK_OUT, body).await.ok();
}

async fn logging_in_within_a_month_restores(db: Db) {
    let world = World::make(db).await;
    let mut ann = world.acme.employee("ann").await;
    let before = world.row(&ann).await;
    ann.delete(at::PROFILE).await.ok();
    world.app.clock.advance_minutes(29 * DAY);
    ann.log_in().await;
    works(&ann).await;
    let after = world.row(&ann).await;
    assert_eq!(after, User { meta: after.meta.clone(), ..before });
    // The month begins anew with each time.
    ann.delete(at::PROFILE).await.ok();
    world.app.clock.advance_minutes(29 * DAY);
    ann.log_in().await;
    works(&ann).await;
}

async fn after_a_month_nothing_restores(db: Db) {
    let mut world = World::make(db).await;
    let ann = world.acme.employee("ann").await;
    ann.delete(at::PROFILE).await.ok();
    world.app.clock.advance_minutes(31 * DAY);
    world.log_in(&ann, PASSWORD).await.refused(401, "InvalidCredentials");
    let reset = json!({"email": ann.email});
    let nobody = world.app.anonymous().claiming("acme");
    nobody
        .post("/auth-api/verification-services/password-reset-by-email/start", reset.clone())
        .await
        .refused(401, "InvalidCredentials");
    world.app.restart_with(|s| s.email_verification = true).await;
    nobody.post(&format!("{VERIFY}/start"), reset).await.refused(404, "UserNotFound");
    is_nobodys(&world.app, ann.token.as_deref().expect("a token")).await;
}

async fn a_wrong_password_restores_nothing(db: Db) {
    let world = World::make(db).await;
    let ann = world.acme.employee("ann").await;
    ann.delete(at::PROFILE).await.ok();
    world.log_in(&ann, OTHER).await.refused(401, "InvalidCredentials");
    assert!(world.is_archived(&ann).await);
    world.log_in(&ann, PASSWORD).await.ok();
    assert!(!world.is_archived(&ann).await);
}

async fn with_verification_only_the_confirmed_address_restores(db: Db) {
    let mut world = World::make(db).await;
    let ann = world.acme.admin("ann").await;
    let before = world.row(&ann).await;
    ann.delete(at::PROFILE).await.ok();
    world.app.restart_with(|s| s.email_verification = true).await;
    // Whatever password comes, even the right one, registering alone is nothing.
    for password in [OTHER, PASSWORD] {
        let made = world.register(&ann, password).await.ok();
        assert_eq!((&made["emailVerificationNeeded"], &made["user"]), (&json!(true), &json!({"id": ann.text()})));
        assert!(world.is_archived(&ann).await);
    }
    world.log_in(&ann, OTHER).await.refused(401, "InvalidCredentials");
    assert!(world.is_archived(&ann).await);
    assert_eq!(world.verify(&ann).await["isVerified"], true);
    let after = world.row(&ann).await;
    assert_eq!(after, User { meta: after.meta.clone(), ..before }, "the same user, password and name included");
    world.log_in(&ann, OTHER).await.refused(401, "InvalidCredentials");
    let session = world.log_in(&ann, PASSWORD).await.ok();
    assert_eq!((&session["userId"], &session["roleId"]), (&json!(ann.text()), &json!("tenantAdmin")));
}

async fn without_verification_only_the_old_password_restores(db: Db) {
    let world = World::make(db).await;
    let ann = world.acme.admin("ann").await;
    let before = world.row(&ann).await;
    ann.delete(at::PROFILE).await.ok();
    world.register(&ann, OTHER).await.refused(409, "AlreadyExists");
    assert!(world.is_archived(&ann).await);
    world.log_in(&ann, OTHER).await.refused(401, "InvalidCredentials");
    let made = world.register(&ann, PASSWORD).await.ok();
    assert_eq!((&made["emailVerificationNeeded"], &made["user"]["id"]), (&json!(false), &json!(ann.text())));
    let after = world.row(&ann).await;
    assert_eq!(after, User { meta: after.meta.clone(), ..before }, "the same user, name and role included");
    assert_eq!(world.log_in(&ann, PASSWORD).await.ok()["roleId"], "tenantAdmin");
    // Somebody who is there is not restored by anything.
    world.register(&ann, PASSWORD).await.refused(409, "AlreadyExists");
    // The logins of before are over for good.
    is_nobodys(&world.app, ann.token.as_deref().expect("a token")).await;
}

async fn guessing_the_old_password_by_registering_is_slowed(db: Db) {
    let world = World::make(db).await;
    let ann = world.acme.employee("ann").await;
    ann.delete(at::PROFILE).await.ok();
    let mut guesses = 0;
    while world.register(&ann, OTHER).await.status == 409 {
        guesses += 1;
        assert!(guesses < 20, "guesses are counted");
    }
    world.register(&ann, PASSWORD).await.refused(429, "RateLimited");
    world.log_in(&ann, PASSWORD).await.refused(429, "RateLimited");
    assert!(world.is_archived(&ann).await);
}

async fn role_and_reach_come_back_as_before(db: Db) {
    let world = World::make(db).await;
    let (ann, mut mia) = (world.acme.employee("ann").await, world.acme.employee("mia").await);
    let crew = world.acme.department("crew", &[&mia]).await;
    world.acme.manager_of(&mia, &[&ann]).await;
    let shift = world.acme.shift("2026-06-20", "08:00-16:00", &[&ann]).await;
    let body =
        json!({"shiftDate": "2026-06-21", "startTime": "08:00", "endTime": "09:00", "assignedDepartmentIds": [crew.to_string()]});
    let crews = text(&world.acme.owner.post(SHIFTS, body).await.ok()["shift"], "id");
    let reached = async |mia: &Person| {
        mia.get(&format!("{SHIFTS}/{shift}")).await.ok();
        mia.get(&format!("{SHIFTS}/{crews}")).await.ok();
        assert_eq!(mia.get(at::USERS).await.ok()["rowCount"], 2, "herself and her report");
    };
    reached(&mia).await;
    mia.delete(at::PROFILE).await.ok();
    world.register(&mia, PASSWORD).await.ok();
    mia.log_in().await;
    reached(&mia).await;
    let told = mia.get(at::CURRENT_USER).await.ok();
    assert_eq!((&told["userId"], &told["roleId"]), (&json!(mia.text()), &json!("tenantUser")));
}

async fn an_archived_address_is_nobody_elses(db: Db) {
    let world = World::make(db).await;
    let ann = world.acme.employee("ann").await;
    ann.delete(at::PROFILE).await.ok();
    let body = json!({"email": ann.email, "password": OTHER, "fullname": "Somebody New"});
    world.acme.owner.post(at::USERS, body.clone()).await.refused(409, "AlreadyExists");
    assert!(world.is_archived(&ann).await);
    // In another company the address is free, and tells nothing of this one.
    let other = world.app.company("other", "UTC").await;
    world.app.anonymous().claiming("other").post(REGISTER, body).await.ok();
    assert_eq!(other.owner.get(at::USERS).await.ok()["rowCount"], 2);
    assert!(world.is_archived(&ann).await);
}

async fn a_reset_of_an_archived_users_password_restores_nothing_by_itself(db: Db) {
    let world = World::make(db).await;
    let ann = world.acme.employee("ann").await;
    ann.delete(at::PROFILE).await.ok();
    let nobody = world.app.anonymous().claiming("acme");
    let reset = "/auth-api/verification-services/password-reset-by-email";
    let started = nobody.post(&format!("{reset}/start"), json!({"email": ann.email})).await.ok();
    let body = json!({"email": ann.email, "secretCode": started["secretCode"], "password": OTHER});
    nobody.post(&format!("{reset}/complete"), body).await.ok();
    assert!(world.is_archived(&ann).await);
    world.log_in(&ann, PASSWORD).await.refused(401, "InvalidCredentials");
    world.log_in(&ann, OTHER).await.ok();
    assert!(!world.is_archived(&ann).await);
}

async fn half_a_login_restores_nothing(db: Db) {
    let mut world = World::make(db).await;
    let ann = world.acme.employee("ann").await;
    ann.delete(at::PROFILE).await.ok();
    world.app.restart_with(|settings| settings.email_two_factor = true).await;
    let session = world.log_in(&ann, PASSWORD).await.ok();
    assert!(world.is_archived(&ann).await, "a password alone is not enough");
    let half = ann.with_token(&text(&session, "accessToken"));
    half.get(RECORDS).await.refused(403, "EmailTwoFactorNeeded");
    let steps = "/auth-api/verification-services/email-2factor-verification";
    let started = half.post(&format!("{steps}/start"), json!({})).await.ok();
    half.post(&format!("{steps}/complete"), json!({"secretCode": started["secretCode"]})).await.ok();
    assert!(!world.is_archived(&ann).await);
    works(&half).await;
}
