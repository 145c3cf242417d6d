//! The steps of dispatch, in their order, for every role and reach.

use std::sync::Arc;

use serde_json::{Map, json};
use workforceos_core::id::UserId;
use workforceos_core::input::Args;
use workforceos_core::time::{ManualClock, Timestamp};
use workforceos_core::{Answer, BusinessApi, Caller, Dispatch, Reach, input};

use crate::support::{HASTY_ADDRESS, Nothing, REPORT, caller, dispatch};

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
        (Reach::RootAdmins, [401, 403, 403, 403, 403]),
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

#[tokio::test]
async fn a_login_that_calls_too_often_is_refused_before_anything_is_looked_up() {
    let dispatch = dispatch(vec![api("doThing", "/v1/thing", Reach::LoggedIn)]);
    let refused = dispatch.enter(caller(Some("hasty"), Some("nowhere"))).await.err().expect("refused");
    assert_eq!((refused.status.http(), &*refused.code, refused.retry_after), (429, "RateLimited", Some(7)));
    let uncounted = dispatch.enter_uncounted(caller(Some("hasty"), Some("nowhere"))).await.err().expect("refused");
    assert_eq!(uncounted.code, "CompanyNotFound");
    assert!(dispatch.enter(caller(Some("tenantUser"), None)).await.is_ok());
}

#[tokio::test]
async fn what_needs_no_login_counts_for_its_address() {
    let read = BusinessApi::get("getThing").named("thing").at("/v1/thing").reach(Reach::Public).about("Gets a thing.");
    let read = read.handler(|_: Arc<Nothing>, _, _: ()| async { Ok(Answer::json(json!(1))) });
    let dispatch = dispatch(vec![read, api("doThing", "/v1/thing", Reach::Public)]);
    let call = async |name: &str, token: Option<&str>, hasty: bool| {
        let address = hasty.then_some(HASTY_ADDRESS);
        let ctx = dispatch.enter(Caller { address, ..caller(token, None) }).await.expect("enters");
        let api = dispatch.registry.by_name(name).expect("registered").clone();
        let body = Map::from_iter([("count".to_owned(), json!(1))]);
        dispatch.call(ctx, &api, Args { body, ..Args::default() }, None).await.map_or_else(|e| e.status.http(), |_| 200)
    };
    assert_eq!((call("doThing", None, false).await, call("doThing", None, true).await), (200, 429));
    assert_eq!((call("getThing", None, false).await, call("getThing", None, true).await), (200, 429));
    // A login's reads count as its own; what costs a hash counts for the address whoever asks.
    assert_eq!(call("getThing", Some("tenantUser"), true).await, 200);
    assert_eq!(call("doThing", Some("tenantUser"), true).await, 429);
}

#[tokio::test]
async fn what_is_paid_for_is_refused_to_who_has_not_paid_and_only_then() {
    let gated = |name, path, feature| api(name, path, Reach::Admins).feature(feature);
    let apis = || vec![gated("doThing", "/v1/thing", "paid"), gated("doOther", "/v1/other", "unpaid")];
    let at = |now| Dispatch { clock: Arc::new(ManualClock::at(Timestamp(now))), ..dispatch(apis()) };
    let refusal = async |now: i64, name: &str, token: &str, company: &str| {
        let dispatch = at(now);
        let ctx = dispatch.enter(caller(Some(token), Some(company))).await.expect("enters");
        let api = dispatch.registry.by_name(name).expect("registered").clone();
        let body = Map::from_iter([("count".to_owned(), json!(1))]);
        let allowed = dispatch.allowed(&ctx, &api).is_ok();
        let called = dispatch.call(ctx, &api, Args { body, ..Args::default() }, None).await;
        assert_eq!(called.is_ok(), allowed, "what is listed can be called");
        called.err().map(|e| (e.status.http(), e.code.into_owned(), e.detail))
    };
    let unpaid = |feature: &str| Some((403, "SubscriptionRequired".to_owned(), Some(Box::new(json!({"feature": feature})))));
    assert_eq!(refusal(4, "doThing", "tenantOwner", "acme").await, None);
    assert_eq!(refusal(5, "doThing", "tenantOwner", "acme").await, unpaid("paid"), "it ends with that millisecond");
    assert_eq!(refusal(4, "doOther", "tenantOwner", "acme").await, unpaid("unpaid"));
    assert_eq!(refusal(4, "doThing", "tenantOwner@other", "other").await, unpaid("paid"), "another company's counts for nobody");
    for root in ["superAdmin", "saasAdmin"] {
        assert_eq!(refusal(9, "doOther", root, "other").await, None, "{root} pays nothing");
    }
    // Who may not call it anyway is told that.
    let refused = refusal(9, "doThing", "tenantUser", "acme").await;
    assert_eq!(refused.map(|(status, code, _)| (status, code)), Some((403, "Forbidden".to_owned())));
}
