//! A login without its second factor is good for its second half and nothing else.

use reqwest::Method;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_core::input::Place;
use workforceos_tests::{Db, Reply, on_both_databases};

use super::{Kind, World};
use crate::identity::{at, is_nobodys, works};
use crate::matrix::calls::call;

on_both_databases!(it_may_call_no_api, it_opens_no_other_door, it_says_who_it_is_and_logs_out, everything_opens_with_the_code,);

async fn it_may_call_no_api(db: Db) {
    let world = World::make(db).await;
    let mut half = world.subject(Kind::TwoFactor, "ann").await.client;
    for claim in [Some("acme"), None] {
        half.claim = claim.map(str::to_owned);
        for api in workforceos_services::registry().expect("sound").apis() {
            let parts = api.fields.iter().filter(|f| f.place == Place::Path);
            let args: Json = parts
                .map(|f| (f.name.to_owned(), json!(Uuid::from_u128(7).to_string())))
                .collect::<serde_json::Map<_, _>>()
                .into();
            // Governance's failures have codes of their own.
            let code = if api.plain { "Forbidden" } else { "EmailTwoFactorNeeded" };
            call(&half, api, &args).await.refused(403, code);
            half.tool(api.name, args).await.refused(403, "EmailTwoFactorNeeded");
        }
    }
}

async fn it_opens_no_other_door(db: Db) {
    let world = World::make(db).await;
    let half = world.subject(Kind::TwoFactor, "ann").await.client;
    let tools = "/mcpbff-api/api/tools";
    for path in [
        at::STREAM,
        at::MCP,
        "/schedulemanagement-api/mcp",
        "/mcpbff-api/mcp/sse",
        "/auth-api/permissions",
        "/mcpbff-api/permissions",
        "/auth-api/permissions/auth.getUser",
        "/schedulemanagement-api/v1/shifts.ics",
        tools,
        "/mcpbff-api/api/tools/status",
        "/mcpbff-api/api/tools/service/auth",
    ] {
        half.get(path).await.refused(403, "EmailTwoFactorNeeded");
    }
    half.post(&format!("{tools}/refresh"), json!({})).await.refused(403, "EmailTwoFactorNeeded");
    half.tool("currentuser", json!({})).await.refused(403, "EmailTwoFactorNeeded");
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}});
    half.post(at::MCP, hello.clone()).await.refused(403, "EmailTwoFactorNeeded");
    half.post("/mcpbff-api/mcp/messages?sessionId=x", hello).await.refused(403, "EmailTwoFactorNeeded");
    half.delete(at::MCP).await.refused(403, "EmailTwoFactorNeeded");
    half.upload("userAvatars", "me.png", b"").await.refused(403, "EmailTwoFactorNeeded");
    // As a cookie it is worth no more.
    let cookie = format!("workforceos-access-token-acme={}", half.token.as_deref().expect("a token"));
    let request = world.nobody().request(Method::GET, at::STREAM).header("cookie", cookie);
    Reply::of(request, "a cookie").await.expect("an answer").refused(403, "EmailTwoFactorNeeded");
}

async fn it_says_who_it_is_and_logs_out(db: Db) {
    let world = World::make(db).await;
    let half = world.subject(Kind::TwoFactor, "ann").await.client;
    for service in workforceos_services::SERVICES.into_iter().chain(["mcpbff", "realtime"]) {
        let told = half.get(&format!("/{service}-api/currentuser")).await.ok();
        assert_eq!((&told["sessionNeedsEmail2FA"], &told["email"]), (&json!(true), &json!("ann@acme.test")));
    }
    half.post(at::LOGOUT, json!({})).await.ok();
    is_nobodys(&world.app, half.token.as_deref().expect("a token")).await;
    half.post(&Kind::TwoFactor.path("start"), json!({})).await.refused(401, "LoginRequired");
}

async fn everything_opens_with_the_code(db: Db) {
    let world = World::make(db).await;
    let twin = if db == Db::Postgres { Some(world.app.twin().await) } else { None };
    let ann = world.subject(Kind::TwoFactor, "ann").await;
    let elsewhere = twin.as_ref().map(|twin| ann.client.at(twin));
    if let Some(elsewhere) = &elsewhere {
        elsewhere.get(at::STREAM).await.refused(403, "EmailTwoFactorNeeded");
    }
    let code = ann.code().await;
    let done = ann.complete(&code).await.ok();
    ann.is_through(done).await;
    ann.client.stream("").await.snapshot().await;
    ann.client.get(at::CURRENT_USER).await.ok();
    ann.client.get("/auth-api/permissions").await.ok();
    ann.client.tool("currentuser", json!({})).await.ok();
    if let Some(elsewhere) = &elsewhere {
        // The other node hears of it in a moment.
        let opened = async { while elsewhere.get("/auth-api/permissions").await.status != 200 {} };
        tokio::time::timeout(workforceos_tests::DEADLINE, opened).await.expect("open on the other node");
        works(elsewhere).await;
    }
}
