//! Endings of another kind: of root admins, who act on companies by logins of the SaaS level, and by way of MCP itself.

use reqwest::Method;
use serde_json::json;
use workforceos_core::session::Role;
use workforceos_tests::{Db, Reply, TestApp, on_both_databases};

use super::presence::{Presence, call, initialize, mcp};
use crate::identity::{at, is_nobodys};

on_both_databases!(
    a_root_admin_who_is_one_no_more_is_out_of_every_company,
    another_login_has_no_use_of_an_mcp_session,
    a_call_that_ends_its_own_login_is_answered,
);

async fn a_root_admin_who_is_one_no_more_is_out_of_every_company(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (sam, tim) = (app.root_person("sam", Role::SaasAdmin).await, app.root_person("tim", Role::SaasAdmin).await);
    let twin = if db == Db::Postgres { Some(app.twin().await) } else { None };
    let server = twin.as_ref().unwrap_or(&app);
    let sams = Presence::of(&sam.claiming("acme").at(server)).await;
    let mut tims = Presence::of(&tim.claiming("acme").at(server)).await;
    let path = format!("/auth-api/v1/userrole/{}", sam.text());
    app.super_admin().await.patch(&path, json!({"roleId": "saasUser"})).await.ok();
    sams.ends_now(server).await;
    let shift = acme.shift("2026-06-05", "08:00-16:00", &[]).await;
    tims.goes_on(&shift).await;
}

async fn another_login_has_no_use_of_an_mcp_session(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let (ann, bob) = (acme.employee("ann").await, acme.employee("bob").await);
    let mut again = ann.clone();
    again.log_in().await;
    let session = initialize(&ann).await;
    ann.post(at::LOGOUT, json!({})).await.ok();
    for other in [&again, &bob, &acme.owner] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let request = mcp(other, method.clone(), &session).header("accept", "text/event-stream");
            let request = if method == Method::POST { request.json(&call("tools/list", json!({}))) } else { request };
            Reply::of(request, format!("{method} by another login")).await.expect("an answer").refused(404, "SessionNotFound");
        }
    }
}

async fn a_call_that_ends_its_own_login_is_answered(db: Db) {
    let app = TestApp::start(db).await;
    let ann = app.company("acme", "UTC").await.employee("ann").await;
    let session = initialize(&ann).await;
    let archive = mcp(&ann, Method::POST, &session).json(&call("tools/call", json!({"name": "archiveProfile", "arguments": {}})));
    let told = Reply::of(archive, "archiveProfile").await.expect("an answer");
    assert!(told.status == 200 && told.text.contains("2026-06-01T06:00:00.000Z"), "{}", told.text);
    is_nobodys(&app, ann.token.as_deref().expect("a token")).await;
}
