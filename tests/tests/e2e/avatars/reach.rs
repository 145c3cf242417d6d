//! Who uploads, sees and deletes what.

use futures_util::future::select_all;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use workforceos_core::session::Role;
use workforceos_tests::{BOUNDARY, DEADLINE, Db, PASSWORD, Setup, TestApp, form_field, on_both_databases};

use super::forms::begin;
use super::{DOT, FILES, kept};
use crate::text;

on_both_databases!(
    ones_own_files_and_for_admins_all,
    companies_do_not_see_each_others_files,
    root_admins_act_on_the_company_that_they_claim,
    a_bucket_token_is_good_for_uploads_alone,
    keys_upload_within_their_limits,
    who_logs_out_uploads_nothing_more,
);

const COMPANY_FILES: &str = "/auth-api/v1/companyAvatarsFiles";

fn count(listed: &Json) -> u64 {
    listed["rowCount"].as_u64().expect("a number")
}

async fn ones_own_files_and_for_admins_all(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, mia, eve) = (acme.employee("ann").await, acme.employee("mia").await, acme.admin("eve").await);
    acme.manager_of(&mia, &[&ann]).await;
    let file = ann.upload("userAvatars", "me.gif", DOT).await.ok()["file"].clone();
    let path = format!("{FILES}/{}", text(&file, "id"));
    mia.upload("userAvatars", "me.gif", DOT).await.ok();
    app.anonymous().claiming("acme").upload("userAvatars", "me.gif", DOT).await.refused(401, "LoginRequired");
    // A manager has no say over the files of reports.
    mia.get(&path).await.refused(404, "UserAvatarsFileNotFound");
    mia.delete(&path).await.refused(404, "UserAvatarsFileNotFound");
    assert_eq!(count(&mia.get(FILES).await.ok()), 1);
    assert_eq!(count(&ann.get(FILES).await.ok()), 1);
    assert_eq!(count(&eve.get(FILES).await.ok()), 2);
    eve.get(&path).await.ok();
    // Avatars of the company are the admins' business.
    for nobody in [&ann, &mia] {
        nobody.upload("companyAvatars", "logo.gif", DOT).await.refused(403, "Forbidden");
    }
    let logo = eve.upload("companyAvatars", "logo.gif", DOT).await.ok()["file"].clone();
    let logo_path = format!("{COMPANY_FILES}/{}", text(&logo, "id"));
    ann.get(&logo_path).await.refused(404, "CompanyAvatarsFileNotFound");
    ann.delete(&logo_path).await.refused(404, "CompanyAvatarsFileNotFound");
    assert_eq!(count(&ann.get(COMPANY_FILES).await.ok()), 0);
    assert_eq!(count(&acme.owner.get(COMPANY_FILES).await.ok()), 1);
    acme.owner.delete(&logo_path).await.ok();
    eve.delete(&path).await.ok();
    assert!(!kept(&app, &acme, "userAvatars", &file).exists() && !kept(&app, &acme, "companyAvatars", &logo).exists());
    assert_eq!(count(&ann.get(FILES).await.ok()), 0);
}

async fn companies_do_not_see_each_others_files(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "UTC").await, app.company("other", "UTC").await);
    let file = acme.owner.upload("userAvatars", "me.gif", DOT).await.ok()["file"].clone();
    let path = format!("{FILES}/{}", text(&file, "id"));
    other.owner.get(&path).await.refused(404, "UserAvatarsFileNotFound");
    other.owner.delete(&path).await.refused(404, "UserAvatarsFileNotFound");
    assert_eq!(count(&other.owner.get(FILES).await.ok()), 0);
    other.owner.claiming("acme").upload("userAvatars", "me.gif", DOT).await.refused(403, "TenantMismatch");
    other.owner.claiming("nowhere").upload("userAvatars", "me.gif", DOT).await.refused(404, "CompanyNotFound");
    assert!(kept(&app, &acme, "userAvatars", &file).exists());
}

async fn root_admins_act_on_the_company_that_they_claim(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (root, sam) = (app.super_admin().await, app.root_person("sam", Role::SaasUser).await);
    let logo = root.claiming("acme").upload("companyAvatars", "logo.gif", DOT).await.ok()["file"].clone();
    assert!(kept(&app, &acme, "companyAvatars", &logo).exists());
    assert_eq!(count(&acme.owner.get(COMPANY_FILES).await.ok()), 1);
    // The SaaS level has people, who have pictures, and no company.
    root.upload("companyAvatars", "logo.gif", DOT).await.refused(404, "CompanyNotFound");
    sam.upload("companyAvatars", "logo.gif", DOT).await.refused(403, "Forbidden");
    sam.claiming("acme").upload("userAvatars", "me.gif", DOT).await.refused(403, "TenantMismatch");
    let own = sam.upload("userAvatars", "me.gif", DOT).await.ok()["file"].clone();
    let seen = sam.get(&format!("{FILES}/{}", text(&own, "id"))).await.ok()["userAvatarsFile"].clone();
    assert_eq!((&seen["companyId"], text(&seen, "_owner")), (&Json::Null, sam.text()));
    acme.owner.get(&format!("{FILES}/{}", text(&own, "id"))).await.refused(404, "UserAvatarsFileNotFound");
    assert_eq!(count(&root.get(FILES).await.ok()), 1);
}

async fn a_bucket_token_is_good_for_uploads_alone(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let login = json!({"username": ann.email, "password": PASSWORD});
    let session = app.anonymous().claiming("acme").post("/auth-api/login", login).await.ok();
    let (bucket, access) = (ann.with_token(&text(&session, "userBucketToken")), ann.with_token(&text(&session, "accessToken")));
    let file = bucket.upload("userAvatars", "me.gif", DOT).await.ok()["file"].clone();
    assert_eq!(text(&ann.get(&format!("{FILES}/{}", text(&file, "id"))).await.ok()["userAvatarsFile"], "_owner"), ann.text());
    bucket.upload("companyAvatars", "logo.gif", DOT).await.refused(403, "Forbidden");
    assert_eq!(bucket.get("/auth-api/currentuser").await.status, 401);
    assert_eq!(bucket.get("/auth-api/permissions").await.status, 401);
    bucket.get(FILES).await.refused(401, "LoginRequired");
    bucket.delete(&format!("{FILES}/{}", text(&file, "id"))).await.refused(401, "LoginRequired");
    assert_eq!(bucket.tool("listUserAvatarsFiles", json!({})).await.status, 401);
    // It ends with its login.
    access.post("/auth-api/logout", json!({})).await.ok();
    bucket.upload("userAvatars", "me.gif", DOT).await.refused(401, "LoginRequired");
    // Without the second factor it is good for nothing.
    drop(app);
    let app = TestApp::with(db, Setup { email_two_factor: true, ..Setup::default() }).await;
    let login = json!({"username": workforceos_tests::ROOT_EMAIL, "password": PASSWORD});
    let session = app.anonymous().post("/auth-api/login", login).await.ok();
    for name in ["userBucketToken", "accessToken"] {
        let half = app.anonymous().with_token(&text(&session, name));
        half.upload("userAvatars", "me.gif", DOT).await.refused(403, "EmailTwoFactorNeeded");
    }
}

async fn keys_upload_within_their_limits(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    for (limits, may) in [
        (json!({"name": "all"}), true),
        (json!({"name": "auth", "services": ["auth"]}), true),
        (json!({"name": "reader", "readOnly": true}), false),
        (json!({"name": "planner", "services": ["scheduleManagement"]}), false),
    ] {
        let made = acme.owner.post("/auth-api/v1/apikeys", limits.clone()).await.ok();
        let told = acme.owner.with_token(&text(&made, "key")).upload("userAvatars", "me.gif", DOT).await;
        assert_eq!(told.status, if may { 200 } else { 403 }, "{limits}: {}", told.text);
    }
}

async fn who_logs_out_uploads_nothing_more(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let form = [form_field("file", "me.gif", "image/gif", DOT), format!("--{BOUNDARY}--\r\n").into_bytes()].concat();
    let (most, rest) = form.split_at(form.len() - 10);
    let mut halves = Vec::new();
    for _ in 0..5 {
        let mut half = begin(&app, ann.token.as_deref(), Some(form.len())).await;
        half.write_all(most).await.expect("sent");
        halves.push(half);
    }
    // A user has four places. That the fifth upload is sent away shows that the other four have been let in.
    let waiting = halves.iter().map(|half| Box::pin(half.readable()));
    let refused = tokio::time::timeout(DEADLINE, select_all(waiting)).await.expect("an answer in time").1;
    assert_eq!(status(&mut halves.remove(refused)).await, "429");
    ann.post("/auth-api/logout", json!({})).await.ok();
    for mut half in halves {
        half.write_all(rest).await.expect("sent");
        assert_eq!(status(&mut half).await, "401");
    }
    assert_eq!(count(&acme.owner.get(FILES).await.ok()), 0);
}

async fn status(stream: &mut TcpStream) -> String {
    let mut answer = [0; 12];
    tokio::time::timeout(DEADLINE, stream.read_exact(&mut answer)).await.expect("an answer in time").expect("an answer");
    String::from_utf8_lossy(&answer[9..]).into_owned()
}
