//! Logins, keys, codes and roles against a real database and the real dispatch.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use workforceos_core::dispatch::{Caller, Dispatch};
use workforceos_core::error::{Error, Result};
use workforceos_core::id::IdSource;
use workforceos_core::input::Args;
use workforceos_core::session::Via;
use workforceos_core::time::{Clock, ManualClock, Timestamp};
use workforceos_core::zone::Zone;
use workforceos_store::Database;

use super::{LoggedIn, LoginRequest, Step, login, logout, verification};
use crate::{App, Settings, dispatch};

const ADMIN: &str = "admin@admin.com";
const PASSWORD: &str = "a long password";

struct Bench {
    app: Arc<App>,
    dispatch: Arc<Dispatch<App>>,
    clock: Arc<ManualClock>,
    dir: PathBuf,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Bench {
    async fn start(change: impl FnOnce(&mut Settings)) -> Bench {
        let ids = Arc::new(IdSource::random());
        let clock = Arc::new(ManualClock::at(Timestamp(1_780_000_000_000)));
        let dir = std::env::temp_dir().join(format!("workforceos-{}", ids.next(clock.now())));
        std::fs::create_dir_all(&dir).expect("a directory");
        let mut settings = Settings {
            production: false,
            data_dir: dir.clone(),
            database: Database::Sqlite(dir.join("test.db")),
            readers: 2,
            jwt_secret: b"a secret of at least thirty-two bytes".to_vec(),
            jwt_previous: None,
            journal_key: [7; 32],
            super_admin_email: ADMIN.to_owned(),
            super_admin_password: Some(PASSWORD.to_owned()),
            default_zone: Zone::parse("Asia/Karachi").expect("a zone"),
            smtp_url: None,
            mail_from: None,
            frontend_url: "http://localhost:5173".to_owned(),
            email_verification: true,
            email_two_factor: false,
            sample_company: true,
            s3: None,
            rate_limit: 0,
            public_rate_limit: 0,
            webhook_private_addresses: false,
        };
        change(&mut settings);
        let app = App::start(settings, clock.clone(), ids).await.expect("started");
        let dispatch = dispatch(app.clone()).expect("declared");
        Bench { app, dispatch, clock, dir }
    }

    async fn login(&self, company: &str, email: &str, password: &str) -> Result<LoggedIn> {
        let request = LoginRequest {
            username: email.to_owned(),
            password: password.to_owned(),
            company: (company != "root").then(|| company.to_owned()),
            ip: Some(std::net::Ipv4Addr::LOCALHOST.into()),
            user_agent: None,
            request_id: "r".into(),
        };
        login(&self.app, request).await
    }

    async fn token(&self, company: &str, email: &str) -> String {
        self.login(company, email, PASSWORD).await.expect("logged in").token
    }

    fn caller(&self, token: &str, company: Option<&str>) -> Caller {
        Caller {
            token: (!token.is_empty()).then(|| token.to_owned()),
            company: company.map(str::to_owned),
            via: Via::Rest,
            client: None,
            address: None,
            request_id: "r".into(),
        }
    }

    async fn call_on(&self, company: Option<&str>, token: &str, api: &str, body: Json) -> Result<Json> {
        let ctx = self.dispatch.enter(self.caller(token, company)).await?;
        let api = self.dispatch.registry.by_name(api).unwrap_or_else(|| panic!("{api} is declared"));
        let body = object(body);
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut args = Args::default();
        for (name, value) in body {
            match api.fields.iter().find(|f| f.name == name) {
                Some(field) if field.place == workforceos_core::input::Place::Path => args.path.push((field.name, text(&value))),
                Some(field) if field.place == workforceos_core::input::Place::Body => _ = args.body.insert(name, value),
                _ => args.query.push((name, text(&value))),
            }
        }
        let answer = self.dispatch.call(ctx, api, args, None).await?;
        let mut out = json!({"data": answer.view(false)});
        for (name, value, _) in &answer.extra {
            out[*name] = value.clone();
        }
        Ok(out)
    }

    async fn call(&self, token: &str, api: &str, body: Json) -> Result<Json> {
        self.call_on(None, token, api, body).await
    }

    async fn code(&self, company: &str, token: &str, step: Step, body: Json) -> Result<Json> {
        let ctx = self.dispatch.enter(self.caller(token, Some(company))).await?;
        verification(&self.app, &ctx, step, &object(body), Some(token).filter(|t| !t.is_empty())).await
    }

    /// A tenantUser made by the owner of babil.
    async fn employee(&self, owner: &str, email: &str, role: &str) -> String {
        let body = json!({"email": email, "password": PASSWORD, "fullname": email, "emailVerified": true, "roleId": role});
        let made = self.call(owner, "createUser", body).await.expect("made");
        made["data"]["id"].as_str().expect("an id").to_owned()
    }
}

fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        _ => panic!("an object"),
    }
}

fn failure<T>(result: Result<T>) -> (u16, String) {
    let error: Error = result.err().expect("a failure");
    (error.status.http(), error.code.into_owned())
}

fn status<T>(result: Result<T>) -> u16 {
    result.map_or_else(|e| e.status.http(), |_| 200)
}

#[tokio::test]
async fn a_first_start_makes_root_and_babil_once() {
    let bench = Bench::start(|s| s.super_admin_password = None).await;
    let password = bench.app.first_password().expect("made up").to_owned();
    for company in ["root", "babil"] {
        let session = bench.login(company, " Admin@Admin.com", &password).await.expect("logged in").session;
        assert_eq!(&*session.codename, company);
    }
    assert_eq!(super::first_start(&bench.app).await.expect("idempotent"), None);
    let root = bench.login("root", ADMIN, &password).await.expect("logged in").token;
    assert_eq!(status(bench.call(&root, "getCompany", json!({})).await), 404, "the SaaS level is no company");
    let accounts = bench.call(&root, "listCompaniesAccounts", json!({})).await.expect("listed");
    assert_eq!(accounts["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(status(bench.call_on(Some("babil"), &root, "getCompany", json!({})).await), 200);
}

#[tokio::test]
async fn wrong_logins_are_alike_and_slowed() {
    let bench = Bench::start(|_| {}).await;
    let refused = failure(bench.login("babil", ADMIN, "wrong password").await);
    assert_eq!(refused, (401, "InvalidCredentials".to_owned()));
    assert_eq!(failure(bench.login("babil", "nobody@nowhere.test", PASSWORD).await), refused);
    assert_eq!(failure(bench.login("nowhere", ADMIN, PASSWORD).await), (404, "CompanyNotFound".to_owned()));
    assert_eq!(status(bench.login("babil", "", PASSWORD).await), 400);
    for _ in 0..4 {
        assert_eq!(status(bench.login("babil", ADMIN, "wrong password").await), 401);
    }
    assert_eq!(status(bench.login("babil", ADMIN, PASSWORD).await), 429);
    bench.clock.advance_minutes(1);
    assert_eq!(status(bench.login("babil", ADMIN, PASSWORD).await), 200);
}

#[tokio::test]
async fn a_login_ends_at_logout_and_after_a_day() {
    let bench = Bench::start(|_| {}).await;
    let login = bench.login("babil", ADMIN, PASSWORD).await.expect("logged in");
    let (token, other) = (login.token, bench.token("babil", ADMIN).await);
    assert_eq!(status(bench.call(&token, "getCompany", json!({})).await), 200);
    assert_eq!(status(bench.call(&login.bucket_token, "getCompany", json!({})).await), 401);
    assert!(super::bucket_session(&bench.app, &login.bucket_token).await.expect("looked up").is_some());
    let ctx = bench.dispatch.enter(bench.caller(&token, None)).await.expect("entered");
    logout(&bench.app, &ctx).await.expect("logged out");
    assert_eq!(status(bench.call(&token, "getCompany", json!({})).await), 401);
    assert!(super::bucket_session(&bench.app, &login.bucket_token).await.expect("looked up").is_none());
    let running = bench.call(&other, "listUserSessions", json!({})).await.expect("listed");
    assert_eq!(running["data"].as_array().map(Vec::len), Some(1), "{running}");
    bench.clock.advance_minutes(24 * 60);
    assert_eq!(status(bench.call(&other, "getCompany", json!({})).await), 401);
}

#[tokio::test]
async fn companies_register_with_codenames_of_their_own() {
    let bench = Bench::start(|s| s.email_verification = false).await;
    let mut codenames = Vec::new();
    for _ in 0..2 {
        let company = json!({"name": "Café Größe", "timezone": "Europe/Berlin"});
        let body = json!({"email": "Owner@Cafe.test", "password": PASSWORD, "fullname": "Owner", "company": company});
        let made = bench.call("", "registerCompanyOwner", body).await.expect("registered");
        assert_eq!((&made["data"]["roleId"], &made["emailVerificationNeeded"]), (&json!("tenantOwner"), &json!(false)));
        assert!(made["data"].get("password").is_none(), "{made}");
        assert_eq!(made["data"]["companyId"], made["company"]["id"]);
        codenames.push(made["company"]["codename"].as_str().expect("a codename").to_owned());
    }
    assert_eq!(codenames, ["cafe-groesse", "cafe-groesse-2"]);
    let owner = bench.token("cafe-groesse-2", "owner@cafe.test").await;
    let policy = bench.call(&owner, "getCompanyPolicy", json!({})).await.expect("a policy");
    assert_eq!(policy["data"]["graceMinutes"], 5);
    let policy = bench.call(&owner, "updateCompanyPolicy", json!({"graceMinutes": 7})).await.expect("changed");
    assert_eq!((&policy["data"]["graceMinutes"], &policy["data"]["recordVersion"]), (&json!(7), &json!(2)));
    let bad = json!({"email": "x", "password": "short", "fullname": "O", "company": {"timezone": "Nowhere"}});
    let error = bench.call("", "registerCompanyOwner", bad).await.expect_err("refused");
    assert_eq!(error.detail.expect("detail").as_array().map(Vec::len), Some(4));
    let brief = bench.call("", "getBriefCompany", json!({"codename": "cafe-groesse"})).await.expect("public");
    let mut keys: Vec<&String> = brief["data"].as_object().expect("an object").keys().collect();
    keys.sort();
    assert_eq!(keys, ["avatar", "codename", "fullname", "id", "name"]);
    assert_eq!(bench.call("", "listBriefCompanies", json!({})).await.expect("public")["data"].as_array().map(Vec::len), Some(3));
    assert_eq!(status(bench.call("", "listBriefCompanies", json!({"sortBy": "industry"})).await), 400);
}

#[tokio::test]
async fn an_address_is_verified_before_the_first_login() {
    let bench = Bench::start(|_| {}).await;
    let ann = json!({"email": "ann@babil.test", "password": PASSWORD, "fullname": "Ann"});
    assert_eq!(status(bench.call("", "registerCompanyUser", ann.clone()).await), 403, "root");
    let made = bench.call_on(Some("babil"), "", "registerCompanyUser", ann.clone()).await.expect("registered");
    assert_eq!(made["emailVerificationNeeded"], true);
    assert_eq!(status(bench.call_on(Some("babil"), "", "registerCompanyUser", ann).await), 409);
    let refused = failure(bench.login("babil", "ann@babil.test", PASSWORD).await);
    assert_eq!(refused, (403, "EmailVerificationNeeded".to_owned()));
    let body = json!({"email": "ann@babil.test"});
    assert_eq!(
        status(bench.code("babil", "", Step::CompleteEmail, json!({"email": "ann@babil.test", "secretCode": "1"})).await),
        404
    );
    let started = bench.code("babil", "", Step::StartEmail, body.clone()).await.expect("started");
    assert_eq!((&started["codeIndex"], &started["expireTime"]), (&json!(1), &json!(86400)));
    assert_eq!(status(bench.code("babil", "", Step::StartEmail, body.clone()).await), 403, "too soon");
    let complete =
        |code: Json| bench.code("babil", "", Step::CompleteEmail, json!({"email": "ann@babil.test", "secretCode": code}));
    for _ in 0..5 {
        assert_eq!(status(complete("wrong".into()).await), 403);
    }
    assert_eq!(status(complete(started["secretCode"].clone()).await), 403, "five wrong tries end a code");
    bench.clock.advance_minutes(1);
    let started = bench.code("babil", "", Step::StartEmail, body.clone()).await.expect("started");
    let done = complete(started["secretCode"].clone()).await.expect("verified");
    assert_eq!((&done["isVerified"], &done["userId"]), (&json!(true), &made["data"]["id"]));
    assert_eq!(status(complete(started["secretCode"].clone()).await), 404, "single use");
    assert_eq!(status(bench.code("babil", "", Step::StartEmail, body).await), 400, "verified already");
    assert_eq!(status(bench.login("babil", "ann@babil.test", PASSWORD).await), 200);
}

#[tokio::test]
async fn production_tells_nothing_of_addresses() {
    let bench = Bench::start(|s| s.production = true).await;
    for step in [Step::StartEmail, Step::StartPasswordReset] {
        let mut answers = Vec::new();
        for email in [ADMIN, "nobody@nowhere.test"] {
            let mut answer = bench.code("babil", "", step, json!({"email": email})).await.expect("started");
            assert!(answer.get("userId").is_none() && answer.get("secretCode").is_none(), "{answer}");
            answer.as_object_mut().expect("an object").remove("email");
            answers.push(answer);
            assert_eq!(status(bench.code("babil", "", step, json!({"email": email})).await), 403);
        }
        assert_eq!(answers[0], answers[1]);
    }
    for email in [ADMIN, "nobody@nowhere.test"] {
        let body = json!({"email": email, "secretCode": "000000"});
        assert_eq!(failure(bench.code("babil", "", Step::CompleteEmail, body).await), (403, "Forbidden".to_owned()));
    }
}

#[tokio::test]
async fn a_reset_password_ends_logins_and_keys() {
    let bench = Bench::start(|_| {}).await;
    let owner = bench.token("babil", ADMIN).await;
    let key = bench.call(&owner, "createApiKey", json!({"name": "ci", "readOnly": true})).await.expect("a key");
    let key = key["key"].as_str().expect("told once").to_owned();
    assert_eq!(status(bench.call(&key, "getCompany", json!({})).await), 200);
    assert_eq!(status(bench.call(&key, "createUserGroup", json!({"groupName": "x"})).await), 403, "it only reads");
    assert_eq!(status(bench.call(&key, "createApiKey", json!({"name": "x"})).await), 403);
    let mut changed = key.clone();
    changed.replace_range(10..11, if &key[10..11] == "a" { "b" } else { "a" });
    assert_eq!(status(bench.call(&changed, "getCompany", json!({})).await), 401);
    let listed = bench.call(&owner, "listApiKeys", json!({})).await.expect("listed").to_string();
    assert!(listed.contains(&key[..12]) && !listed.contains(&key) && !listed.contains("digest"), "{listed}");
    assert_eq!(status(bench.code("babil", "", Step::StartPasswordReset, json!({"email": "x@y.test"})).await), 401);
    let started = bench.code("babil", "", Step::StartPasswordReset, json!({"email": ADMIN})).await.expect("started");
    let body = json!({"email": ADMIN, "secretCode": started["secretCode"], "password": "another password"});
    bench.code("babil", "", Step::CompletePasswordReset, body.clone()).await.expect("reset");
    assert_eq!(status(bench.code("babil", "", Step::CompletePasswordReset, body).await), 403, "single use");
    assert_eq!(status(bench.call(&owner, "getCompany", json!({})).await), 401);
    assert_eq!(status(bench.call(&key, "getCompany", json!({})).await), 401);
    assert_eq!(status(bench.login("babil", ADMIN, "another password").await), 200);
    assert_eq!(status(bench.login("root", ADMIN, PASSWORD).await), 200, "another tenant, another password");
}

#[tokio::test]
async fn a_second_factor_opens_the_same_token() {
    let bench = Bench::start(|s| s.email_two_factor = true).await;
    let login = bench.login("babil", ADMIN, PASSWORD).await.expect("logged in");
    assert!(login.session.needs_2fa);
    let token = login.token;
    assert_eq!(failure(bench.call(&token, "getCompany", json!({})).await), (403, "EmailTwoFactorNeeded".to_owned()));
    assert_eq!(status(bench.code("babil", "", Step::StartTwoFactor, json!({})).await), 401);
    let other = json!({"userId": login.session.id.to_string()});
    assert_eq!(status(bench.code("babil", &token, Step::StartTwoFactor, other).await), 401);
    let started = bench.code("babil", &token, Step::StartTwoFactor, json!({})).await.expect("started");
    assert_eq!(started["verificationType"], "byCode");
    let complete = |code: Json| bench.code("babil", &token, Step::CompleteTwoFactor, json!({"secretCode": code}));
    assert_eq!(status(complete("x".into()).await), 403);
    let session = complete(started["secretCode"].clone()).await.expect("completed");
    assert_eq!((&session["sessionNeedsEmail2FA"], &session["accessToken"]), (&json!(false), &json!(token)));
    assert_eq!(status(bench.call(&token, "getCompany", json!({})).await), 200);
}

#[tokio::test]
async fn roles_change_by_those_above_and_end_logins() {
    let bench = Bench::start(|_| {}).await;
    let owner = bench.token("babil", ADMIN).await;
    let (ann, bob) = (bench.employee(&owner, "ann@babil.test", "tenantUser").await, "bob@babil.test");
    let bob_id = bench.employee(&owner, bob, "tenantAdmin").await;
    let (ann_token, bob_token) = (bench.token("babil", "ann@babil.test").await, bench.token("babil", bob).await);
    let role = |token: String, user: String, role: &'static str| {
        let body = json!({"userId": user, "roleId": role});
        let bench = &bench;
        async move { status(bench.call(&token, "updateUserRole", body).await) }
    };
    assert_eq!(role(ann_token.clone(), ann.clone(), "tenantAdmin").await, 403);
    assert_eq!(role(bob_token.clone(), ann.clone(), "tenantAdmin").await, 403);
    assert_eq!(role(owner.clone(), ann.clone(), "saasAdmin").await, 400);
    assert_eq!(role(owner.clone(), ann.clone(), "tenantOwner").await, 403);
    assert_eq!(status(bench.call(&bob_token, "listUsers", json!({})).await), 200);
    assert_eq!(role(owner.clone(), bob_id.clone(), "tenantUser").await, 200);
    assert_eq!(status(bench.call(&bob_token, "listUsers", json!({})).await), 401, "role loss ends the login");
    assert_eq!(status(bench.call(&ann_token, "getUser", json!({"userId": bob_id})).await), 404);
    assert_eq!(status(bench.call(&ann_token, "getUser", json!({"userId": ann})).await), 200);
    assert_eq!(status(bench.call(&ann_token, "listUsers", json!({})).await), 403);
    let found = bench.call(&owner, "searchUsers", json!({"keyword": "ann@"})).await.expect("found");
    assert_eq!(found["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(status(bench.call(&owner, "searchUsers", json!({"keyword": "an"})).await), 400);
    assert_eq!(status(bench.call(&owner, "deleteUser", json!({"userId": ann})).await), 200);
    assert_eq!(status(bench.call(&ann_token, "updateProfile", json!({"fullname": "x"})).await), 401);
    assert_eq!(status(bench.call(&owner, "deleteUser", json!({"userId": ann})).await), 404);
}

#[tokio::test]
async fn archived_profiles_come_back_within_a_month() {
    let bench = Bench::start(|_| {}).await;
    let owner = bench.token("babil", ADMIN).await;
    assert_eq!(status(bench.call(&owner, "archiveProfile", json!({})).await), 403);
    bench.employee(&owner, "ann@babil.test", "tenantUser").await;
    for (days, wanted) in [(29, 200), (31, 401)] {
        let ann = bench.token("babil", "ann@babil.test").await;
        bench.call(&ann, "archiveProfile", json!({})).await.expect("archived");
        assert_eq!(status(bench.call(&ann, "updateProfile", json!({})).await), 401);
        bench.clock.advance_minutes(days * 24 * 60);
        assert_eq!(status(bench.login("babil", "ann@babil.test", PASSWORD).await), wanted, "{days}");
    }
}

#[tokio::test]
async fn registering_anew_restores_an_archived_profile_only_when_verified() {
    let bench = Bench::start(|_| {}).await;
    let owner = bench.token("babil", ADMIN).await;
    let id = bench.employee(&owner, "ann@babil.test", "tenantAdmin").await;
    let ann = bench.token("babil", "ann@babil.test").await;
    bench.call(&ann, "archiveProfile", json!({})).await.expect("archived");
    let anew = json!({"email": "ann@babil.test", "password": "another password", "fullname": "Ann"});
    let back = bench.call_on(Some("babil"), "", "registerCompanyUser", anew).await.expect("registered");
    assert_eq!(back["data"], json!({"id": id}), "nothing of the old profile shows");
    assert_ne!(status(bench.login("babil", "ann@babil.test", "another password").await), 200);
    let started = bench.code("babil", "", Step::StartEmail, json!({"email": "ann@babil.test"})).await.expect("started");
    let body = json!({"email": "ann@babil.test", "secretCode": started["secretCode"]});
    bench.code("babil", "", Step::CompleteEmail, body).await.expect("verified");
    // Whoever registered was perhaps somebody else: the password is still the old one.
    assert_ne!(status(bench.login("babil", "ann@babil.test", "another password").await), 200);
    let login = bench.login("babil", "ann@babil.test", PASSWORD).await.expect("logged in");
    assert_eq!(login.session.role.as_str(), "tenantAdmin");
}

#[tokio::test]
async fn departments_have_each_member_once() {
    let bench = Bench::start(|_| {}).await;
    let owner = bench.token("babil", ADMIN).await;
    let ann = bench.employee(&owner, "ann@babil.test", "tenantUser").await;
    let ann_token = bench.token("babil", "ann@babil.test").await;
    let group = bench.call(&owner, "createUserGroup", json!({"groupName": " Kitchen "})).await.expect("made");
    let group = group["data"]["id"].clone();
    assert_eq!(status(bench.call(&ann_token, "createUserGroup", json!({"groupName": "x"})).await), 403);
    let pair = json!({"groupId": group, "userId": ann});
    let member = bench.call(&owner, "createUserGroupMember", pair.clone()).await.expect("joined");
    assert_eq!(failure(bench.call(&owner, "createUserGroupMember", pair.clone()).await), (409, "AlreadyExists".to_owned()));
    let error = bench.call(&owner, "createUserGroupMember", json!({"groupId": ann, "userId": group})).await.expect_err("refused");
    assert_eq!(error.detail.expect("detail").as_array().map(Vec::len), Some(2));
    let members = bench.call(&ann_token, "listUserGroupMembers", json!({"groupId": group})).await.expect("listed");
    assert_eq!(members["data"][0]["user"]["email"], "ann@babil.test");
    let id = member["data"]["id"].clone();
    bench.call(&owner, "deleteUserGroupMember", json!({"userGroupMemberId": id})).await.expect("left");
    assert_eq!(status(bench.call(&owner, "createUserGroupMember", pair).await), 200);
    bench.call(&owner, "deleteUserGroup", json!({"userGroupId": group})).await.expect("deleted");
    assert_eq!(status(bench.call(&ann_token, "listUserGroupMembers", json!({"groupId": group})).await), 404);
}

#[tokio::test]
async fn a_new_zone_moves_what_has_not_begun() {
    let bench = Bench::start(|_| {}).await;
    let owner = bench.token("babil", ADMIN).await;
    let company = bench.call(&owner, "getCompany", json!({})).await.expect("a company")["data"]["id"].clone();
    let body = json!({"shiftDate": "2026-08-03", "startTime": "09:00", "endTime": "17:00", "location": "Hall"});
    let shift = bench.call(&owner, "createShift", body).await.expect("a shift")["data"].clone();
    assert_eq!(shift["startsAt"], "2026-08-03T04:00:00.000Z");
    let zone = |zone: &str| json!({"companyId": company, "timezone": zone});
    assert_eq!(status(bench.call(&owner, "updateCompany", zone("Mars/Olympus")).await), 400);
    let other = json!({"companyId": shift["id"], "name": "x"});
    assert_eq!(status(bench.call(&owner, "updateCompany", other).await), 404);
    bench.call(&owner, "updateCompany", zone("Europe/Berlin")).await.expect("moved");
    let moved = bench.call(&owner, "getShift", json!({"shiftId": shift["id"]})).await.expect("a shift")["data"].clone();
    assert_eq!((&moved["startsAt"], &moved["startTime"]), (&json!("2026-08-03T07:00:00.000Z"), &json!("09:00")));
}

#[tokio::test]
async fn permissions_are_those_of_the_caller() {
    let bench = Bench::start(|_| {}).await;
    let owner = bench.token("babil", ADMIN).await;
    bench.employee(&owner, "ann@babil.test", "tenantUser").await;
    let ann = bench.token("babil", "ann@babil.test").await;
    let ctx = bench.dispatch.enter(bench.caller(&ann, None)).await.expect("entered");
    let ctx = bench.dispatch.with_scope(ctx).await.expect("scoped");
    let can = |name: &str| super::permission(&bench.dispatch, &ctx, name);
    assert_eq!(can("auth.getCompany"), json!({"canDo": true, "exceptions": []}));
    for name in ["auth.createUser", "auth.nothing", "getCompany", ""] {
        assert_eq!(can(name), json!({"canDo": false, "exceptions": []}), "{name}");
    }
    let (all, own) =
        (super::permissions(&bench.dispatch, &ctx, "auth"), super::permissions(&bench.dispatch, &ctx, "scheduleManagement"));
    assert!(all.len() > own.len() && own.iter().all(|p| p["permissionName"].as_str().is_some_and(|n| n.starts_with("schedule"))));
}
