//! The steps of dispatch, in their order, for every role and reach.

use std::sync::Arc;

use serde_json::{Map, json};
use workforceos_core::id::UserId;
use workforceos_core::input::Args;
use workforceos_core::{Answer, BusinessApi, Reach, input};

use crate::support::{Nothing, REPORT, caller, dispatch};

input! {
    pub struct Named {
        /// Whom it is about.
        user_id: Option<UserId> => "userId" Body,
        /// A number.
        count: i64 => "count" Body,
    }
}

fn api(name: &'static str, path: &'static str, reach: Reach) -> BusinessApi<Nothing> {
    BusinessApi::act(name).named("thing").at(path).reach(reach).about("Does a thing.").handler_for(
        |input: &Named| input.user_id,
        |_: Arc<Nothing>, _, input: Named| async move { Ok(Answer::json(json!(input.count))) },
    )
}

async fn status(reach: Reach, token: Option<&str>, company: Option<&str>, body: serde_json::Value) -> (u16, String) {
    let dispatch = dispatch(vec![api("doThing", "/v1/thing", reach)]);
    let api = dispatch.registry.by_name("doThing").expect("registered").clone();
    let serde_json::Value::Object(body) = body else { panic!("an object") };
    let ctx = match dispatch.enter(caller(token, company)).await {
        Ok(ctx) => ctx,
        Err(error) => return (error.status.http(), error.code.into_owned()),
    };
    match dispatch.call(ctx, &api, Args { body, ..Args::default() }, None).await {
        Ok(_) => (200, String::new()),
        Err(error) => (error.status.http(), error.code.into_owned()),
    }
}

#[tokio::test]
async fn each_role_has_its_reach() {
    let table = [
        (Reach::Public, [200, 200, 200, 200, 200]),
        (Reach::LoggedIn, [401, 200, 200, 200, 200]),
        (Reach::Member, [401, 200, 200, 200, 403]),
        (Reach::Own, [401, 200, 200, 200, 403]),
        (Reach::Managers, [401, 403, 200, 200, 403]),
        (Reach::Admins, [401, 403, 403, 200, 403]),
        (Reach::Root, [401, 403, 403, 403, 404]),
    ];
    let tokens = [None, Some("tenantUser"), Some("manager"), Some("tenantAdmin"), Some("saasUser")];
    for (reach, expected) in table {
        for (token, expected) in tokens.into_iter().zip(expected) {
            // A saasUser cannot claim a company: it stays on the SaaS level, where company APIs do not exist.
            let (status, code) = status(reach, token, None, json!({"count": 1})).await;
            let here = if token == Some("saasUser") && matches!(reach, Reach::LoggedIn) { 404 } else { expected };
            assert_eq!(status, here, "{reach:?} as {token:?}: {code}");
        }
    }
}

#[tokio::test]
async fn tenants_are_kept_apart() {
    let call = async |token, company| status(Reach::Member, Some(token), Some(company), json!({"count": 1})).await;
    assert_eq!(call("tenantOwner", "acme").await.0, 200);
    assert_eq!(call("tenantOwner", "other").await, (403, "TenantMismatch".to_owned()));
    assert_eq!(call("tenantOwner", "root").await, (403, "TenantMismatch".to_owned()));
    assert_eq!(call("tenantOwner", "nowhere").await, (404, "CompanyNotFound".to_owned()));
    assert_eq!(call("superAdmin", "other").await.0, 200);
    assert_eq!(call("saasUser", "other").await, (403, "TenantMismatch".to_owned()));
    assert_eq!(status(Reach::Admins, Some("superAdmin"), None, json!({"count": 1})).await, (404, "CompanyNotFound".to_owned()));
}

#[tokio::test]
async fn role_comes_before_fields_and_fields_before_the_subject() {
    let bad = json!({"count": "x", "userId": "y"});
    assert_eq!(status(Reach::Admins, Some("tenantUser"), None, bad.clone()).await.0, 403);
    assert_eq!(status(Reach::Own, Some("tenantUser"), None, bad).await.0, 400);
    let other = json!({"count": 1, "userId": REPORT.to_string()});
    assert_eq!(status(Reach::Own, Some("tenantUser"), None, other.clone()).await, (403, "Forbidden".to_owned()));
    assert_eq!(status(Reach::Own, Some("manager"), None, other.clone()).await.0, 200);
    assert_eq!(status(Reach::Own, Some("tenantAdmin"), None, other).await.0, 200);
}

#[tokio::test]
async fn a_session_without_its_second_factor_can_do_nothing() {
    let answer = status(Reach::LoggedIn, Some("2fa"), None, json!({"count": 1})).await;
    assert_eq!(answer, (403, "EmailTwoFactorNeeded".to_owned()));
}

#[tokio::test]
async fn a_panicking_handler_is_an_internal_error() {
    let boom = BusinessApi::<Nothing>::get("boom")
        .named("boom")
        .at("/v1/boom")
        .reach(Reach::LoggedIn)
        .any_tenant()
        .about("Fails.")
        .handler(|_: Arc<Nothing>, _, _: ()| async move {
            if Map::<String, serde_json::Value>::new().is_empty() {
                panic!("as meant");
            }
            Ok(Answer::json(json!(1)))
        });
    let dispatch = dispatch(vec![boom]);
    let api = dispatch.registry.by_name("boom").expect("registered").clone();
    let ctx = dispatch.enter(caller(Some("tenantUser"), None)).await.expect("enters");
    let error = dispatch.call(ctx, &api, Args::default(), None).await.expect_err("fails");
    assert_eq!(error.code, "InternalError");
}
