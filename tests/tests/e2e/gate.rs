//! What a company is not subscribed to is refused to it: at once, everywhere, and only for as long.

use serde_json::{Value as Json, json};
use workforceos_actors::Needs;
use workforceos_core::change::{Changes, Event};
use workforceos_core::object::DataObject;
use workforceos_core::objects::{AI_ANALYTICS, CompanySubscription, SubscriptionStatus};
use workforceos_core::query::{Cond, Query};
use workforceos_core::session::Role;
use workforceos_core::time::Timestamp;
use workforceos_tests::time::at;
use workforceos_tests::{Client, DEADLINE, Db, TestApp, on_both_databases};

use crate::insights::{made, write};
use crate::paths::{INSIGHTS, SEEN_INSIGHTS, SHIFTS};
use crate::tools::session::Session;

on_both_databases!(
    an_active_subscription_with_the_feature_opens_it,
    it_expires_to_the_millisecond,
    roles_are_refused_for_their_role_first,
    root_admins_need_none,
    permissions_and_tools_follow,
    api_keys_are_held_to_it,
    a_company_has_one_live_subscription,
    streams_tell_nothing_without_it,
);

const LATER: &str = "2026-07-01T06:00:00Z";
const PERMISSIONS: &str = "/aiworkforceanalytics-api/permissions";

async fn an_active_subscription_with_the_feature_opens_it(db: Db) {
    let app = TestApp::start(db).await;
    let (acme, other) = (app.company("acme", "Europe/Berlin").await, app.company("other", "UTC").await);
    let ann = acme.employee("ann").await;
    other.subscribe().await;
    let told = ann.get(SEEN_INSIGHTS).await.refused(403, "SubscriptionRequired");
    assert_eq!(told["detail"], json!({"feature": "aiAnalytics"}), "another company's is none: {told}");
    assert!(told["message"].as_str().is_some_and(|text| text.contains("admin of the company")), "{told}");
    for (status, features, opens) in [
        (SubscriptionStatus::Pending, AI_ANALYTICS, false),
        (SubscriptionStatus::Active, "reports", false),
        (SubscriptionStatus::Active, AI_ANALYTICS, true),
        (SubscriptionStatus::Inactive, AI_ANALYTICS, false),
        (SubscriptionStatus::Active, AI_ANALYTICS, true),
        (SubscriptionStatus::Expired, AI_ANALYTICS, false),
    ] {
        acme.subscription(status, &[features], at(LATER)).await;
        for who in [&ann, &acme.owner] {
            let reply = who.get(SEEN_INSIGHTS).await;
            let name = format!("{} with {features}", status.as_str());
            if opens {
                reply.ok();
            } else {
                assert_eq!((reply.status, &reply.body["errCode"]), (403, &json!("SubscriptionRequired")), "{name}");
            }
        }
        // What is not paid for by itself is open to everybody.
        ann.get(SHIFTS).await.ok();
    }
    other.owner.get(SEEN_INSIGHTS).await.ok();
}

async fn it_expires_to_the_millisecond(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let end = at("2026-06-01T12:00:00Z");
    acme.subscribe_until(end).await;
    acme.owner.get(SEEN_INSIGHTS).await.ok();
    app.clock.set(Timestamp(end.0 - 1));
    acme.owner.get(SEEN_INSIGHTS).await.ok();
    // Nobody said a word, and nothing was read anew.
    app.clock.set(end);
    acme.owner.get(SEEN_INSIGHTS).await.refused(403, "SubscriptionRequired");
    acme.subscribe().await;
    acme.owner.get(SEEN_INSIGHTS).await.ok();
}

async fn roles_are_refused_for_their_role_first(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    write(&ann, json!({})).await.refused(403, "Forbidden");
    write(&acme.owner, json!({})).await.refused(403, "SubscriptionRequired");
    // Before what is wrong with the call is looked at.
    acme.owner.post(INSIGHTS, json!({})).await.refused(403, "SubscriptionRequired");
    app.anonymous().claiming("acme").get(SEEN_INSIGHTS).await.refused(401, "LoginRequired");
}

async fn root_admins_need_none(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let saas = app.root_person("sue", Role::SaasAdmin).await;
    for root in [app.super_admin().await, saas.client.clone()] {
        let insight = made(&root.claiming("acme"), json!({})).await;
        assert_eq!(insight["companyId"], acme.id.to_string());
        root.claiming("acme").get(SEEN_INSIGHTS).await.ok();
    }
    acme.owner.get(SEEN_INSIGHTS).await.refused(403, "SubscriptionRequired");
}

async fn names(client: &Client) -> (Vec<String>, Vec<String>) {
    let permissions = client.get(PERMISSIONS).await.ok();
    let permissions = permissions.as_array().expect("a bare array").iter();
    let permissions = permissions.map(|p| p["permissionName"].as_str().expect("a name").to_owned()).collect();
    let tools = Session::open(client, "?services=aiWorkforceAnalytics").await.names().await;
    (permissions, tools.into_iter().filter(|name| name.contains("Insight")).collect())
}

async fn permissions_and_tools_follow(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let one = format!("{PERMISSIONS}/aiWorkforceAnalytics.listAiInsights");
    assert_eq!(names(&acme.owner).await, (vec![], vec![]));
    assert_eq!(ann.get(&one).await.ok()["canDo"], false);
    ann.tool("listAiInsights", json!({})).await.refused(403, "SubscriptionRequired");
    acme.subscribe().await;
    let (permissions, tools) = names(&acme.owner).await;
    assert!(permissions.len() >= 7 && tools.len() == 7, "{permissions:?} {tools:?}");
    let (permissions, tools) = names(&ann).await;
    assert!(permissions.len() >= 4 && tools.len() == 4, "{permissions:?} {tools:?}");
    assert_eq!(ann.get(&one).await.ok()["canDo"], true);
    ann.tool("listAiInsights", json!({})).await.ok();
    acme.unsubscribe().await;
    assert_eq!(names(&acme.owner).await, (vec![], vec![]));
    assert_eq!(ann.get(&one).await.ok()["canDo"], false);
}

async fn api_keys_are_held_to_it(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let key = async |services: Json, read_only: bool| {
        let body = json!({"name": "k", "services": services, "readOnly": read_only});
        let made = acme.owner.post("/auth-api/v1/apikeys", body).await.ok();
        acme.owner.with_token(made["key"].as_str().expect("a key"))
    };
    let (whole, reading, foreign) = (
        key(json!(["aiWorkforceAnalytics"]), false).await,
        key(json!([]), true).await,
        key(json!(["attendanceManagement"]), false).await,
    );
    whole.get(SEEN_INSIGHTS).await.refused(403, "SubscriptionRequired");
    foreign.get(SEEN_INSIGHTS).await.refused(403, "Forbidden");
    acme.subscribe().await;
    whole.get(SEEN_INSIGHTS).await.ok();
    made(&whole, json!({})).await;
    reading.get(SEEN_INSIGHTS).await.ok();
    write(&reading, json!({})).await.refused(403, "Forbidden");
    foreign.get(SEEN_INSIGHTS).await.refused(403, "Forbidden");
}

async fn a_company_has_one_live_subscription(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    acme.subscribe().await;
    let all = Query::of(CompanySubscription::def(), acme.id, Cond::TRUE);
    let live = app.services().store.select(&all).await.expect("reads").pop().expect("one");
    let live = CompanySubscription::from_record(live).expect("a subscription");
    for (status, fits) in [
        (SubscriptionStatus::Active, false),
        (SubscriptionStatus::Pending, false),
        (SubscriptionStatus::Inactive, true),
        (SubscriptionStatus::Expired, true),
    ] {
        let another = CompanySubscription { meta: acme.meta(), status, ..live.clone() };
        let event = Event::audit(&acme.ctx(), CompanySubscription::def().name, another.meta.id).after(&another);
        let changes = Changes::none().put(&another).event(event);
        let written = app.services().companies.decide(acme.id, Needs::none(), move |_| Ok((changes.clone(), ()))).await;
        assert_eq!(written.map_err(|error| error.status.http()), if fits { Ok(()) } else { Err(409) }, "{}", status.as_str());
    }
}

async fn streams_tell_nothing_without_it(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    let asked = ann.get("/realtime-api/v1/stream?topics=insights,leave").await;
    asked.refused(403, "SubscriptionRequired");
    acme.subscribe().await;
    let mut live = ann.stream("").await;
    let position = live.snapshot().await["seq"].as_i64();
    let insight = made(&acme.owner, json!({"audienceType": "company", "aiStatus": "delivered"})).await;
    let seen = live.until_object(insight["id"].as_str().expect("an id")).await;
    assert_eq!(seen.last().map(|event| event.kind()), Some("insight.delivered"));
    let from = position.or_else(|| seen.first().and_then(|event| event.id).map(|id| id - 1));
    let board = ann.stream("insights").await.snapshot().await;
    assert!(board.to_string().contains(insight["id"].as_str().expect("an id")), "{board}");

    acme.unsubscribe().await;
    let board = ann.stream("").await.snapshot().await;
    assert!(!board.to_string().contains(insight["id"].as_str().expect("an id")), "{board}");
    let mut resumed = ann.stream_after("", from).await;
    let shift = acme.shift("2026-07-01", "09:00-17:00", &[&ann]).await;
    let seen = resumed.until_object(&shift).await;
    assert!(seen.iter().all(|event| !event.kind().starts_with("insight.")), "{seen:?}");
}

/// Asks until the answer has a status: what another node did takes a moment to arrive.
async fn eventually(client: &Client, status: u16) {
    let asking = async {
        while client.get(SEEN_INSIGHTS).await.status != status {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(|_| panic!("never answered {status}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_sees_a_cancellation_at_once() {
    if !Db::Postgres.is_here() {
        return;
    }
    let one = TestApp::start(Db::Postgres).await;
    let other = one.twin().await;
    let acme = one.company("acme", "UTC").await;
    let ann = acme.employee("ann").await;
    for server in [&one, &other] {
        ann.at(server).get(SEEN_INSIGHTS).await.refused(403, "SubscriptionRequired");
    }
    acme.subscribe().await;
    ann.at(&one).get(SEEN_INSIGHTS).await.ok();
    eventually(&ann.at(&other), 200).await;
    acme.unsubscribe().await;
    ann.at(&one).get(SEEN_INSIGHTS).await.refused(403, "SubscriptionRequired");
    eventually(&ann.at(&other), 403).await;
}
