use reqwest::Method;
use serde_json::json;
use workforceos_tests::{Db, Live, Person, TestApp, on_both_databases};

use super::{BOARD, MCP, MY_WEEK, POLICY, Session, listen_stateless, updated, ward, week_of};
use crate::paths::CHECK_IN;

on_both_databases!(
    a_check_in_is_told_to_those_who_may_see_it,
    what_is_not_watched_is_not_told,
    a_session_hears_until_its_logout,
    a_key_that_is_deleted_hears_nothing_more,
    a_stream_without_a_session_hears_the_same,
    the_first_transport_hears_the_same,
);

const POLICIES: &str = "/auth-api/v1/companypolicy";

/// Changes the company's rules, which everybody may read.
async fn change_the_rules(owner: &Person, minutes: i64) {
    owner.patch(POLICIES, json!({"graceMinutes": minutes})).await.ok();
}

async fn watch(session: &Session, uris: &[&str]) -> Live {
    for uri in uris {
        session.ok("resources/subscribe", json!({"uri": uri})).await;
    }
    session.listen().await
}

/// The next so many updates, in the order of their addresses.
async fn updates(stream: &mut Live, count: usize) -> Vec<String> {
    let mut uris = Vec::new();
    for _ in 0..count {
        uris.push(updated(stream).await);
    }
    uris.sort();
    uris
}

async fn a_check_in_is_told_to_those_who_may_see_it(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, mia, bob) = ward(&app).await;
    let early = ward.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let anns = week_of(&ann);
    let (owner, manager, employee) = (Session::open(&ward.owner).await, Session::open(&mia).await, Session::open(&bob).await);
    let mut at_owner = watch(&owner, &[BOARD, &anns, MY_WEEK]).await;
    let mut at_manager = watch(&manager, &[BOARD, &anns]).await;
    let mut at_bob = watch(&employee, &[BOARD, MY_WEEK, POLICY]).await;

    ann.post(CHECK_IN, json!({"shiftId": early})).await.ok();
    assert_eq!(updates(&mut at_owner, 2).await, [BOARD.to_owned(), anns.clone()], "not the owner's own week");
    assert_eq!(updates(&mut at_manager, 2).await, [BOARD.to_owned(), anns]);
    change_the_rules(&ward.owner, 6).await;
    assert_eq!(updated(&mut at_bob).await, POLICY, "of the check-in bob hears nothing");
    assert!(at_bob.waiting().is_none());
}

async fn what_is_not_watched_is_not_told(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, ..) = ward(&app).await;
    let early = ward.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let owner = Session::open(&ward.owner).await;
    let mut stream = watch(&owner, &[BOARD, POLICY]).await;
    owner.ok("resources/unsubscribe", json!({"uri": BOARD})).await;
    ann.post(CHECK_IN, json!({"shiftId": early})).await.ok();
    change_the_rules(&ward.owner, 6).await;
    assert_eq!(updated(&mut stream).await, POLICY);
    assert!(stream.waiting().is_none());
}

async fn a_session_hears_until_its_logout(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ..) = ward(&app).await;
    let mut second = ward.owner.clone();
    second.log_in().await;
    let (leaving, staying) = (Session::open(&second).await, Session::open(&ward.owner).await);
    let (mut gone, mut there) = (watch(&leaving, &[POLICY]).await, watch(&staying, &[POLICY]).await);
    let (mut listening, _) = listen_stateless(&second, 5, json!({"resourceSubscriptions": [POLICY]})).await;
    second.post("/auth-api/logout", json!({})).await.ok();
    assert!(gone.next().await.is_none(), "the stream ends with its login");
    let last = listening.next().await.map(|last| last.data);
    assert!(last.as_ref().is_none_or(|last| last["id"] == 5), "{last:?}");
    if last.is_some() {
        assert!(listening.next().await.is_none());
    }
    change_the_rules(&ward.owner, 6).await;
    assert_eq!(updated(&mut there).await, POLICY);
}

async fn a_key_that_is_deleted_hears_nothing_more(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ..) = ward(&app).await;
    let made = ward.owner.post("/auth-api/v1/apikeys", json!({"name": "dashboard"})).await.ok();
    let by_key = ward.owner.with_token(&crate::text(&made, "key"));
    let mut stream = watch(&Session::open(&by_key).await, &[POLICY]).await;
    let (mut listening, _) = listen_stateless(&by_key, 5, json!({"resourceSubscriptions": [POLICY]})).await;
    change_the_rules(&ward.owner, 6).await;
    assert_eq!(updated(&mut stream).await, POLICY);
    assert_eq!(updated(&mut listening).await, POLICY);
    let id = crate::text(&made["apiKey"], "id");
    ward.owner.delete(&format!("/auth-api/v1/apikeys/{id}")).await.ok();
    assert!(stream.next().await.is_none());
    assert!(listening.next().await.is_none_or(|last| last.data["id"] == 5));
}

async fn a_stream_without_a_session_hears_the_same(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ann, _, bob) = ward(&app).await;
    let early = ward.shift("2026-06-01", "08:00-16:00", &[&ann]).await;
    let anns = week_of(&ann);
    let wanted = json!({"resourceSubscriptions": [BOARD, anns, "workforce://nothing"], "toolsListChanged": true});
    let (mut at_owner, first) = listen_stateless(&ward.owner, 77, wanted).await;
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    let accepted = json!({"resourceSubscriptions": [BOARD, anns], "toolsListChanged": true});
    assert_eq!(first["params"]["notifications"], accepted, "{first}");
    let (mut at_bob, _) = listen_stateless(&bob, 78, json!({"resourceSubscriptions": [anns, POLICY]})).await;

    ann.post(CHECK_IN, json!({"shiftId": early})).await.ok();
    let mut told = Vec::new();
    for _ in 0..2 {
        let message = at_owner.next().await.expect("an update").data;
        assert_eq!(message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 77, "{message}");
        told.push(crate::text(&message["params"], "uri"));
    }
    told.sort();
    assert_eq!(told, [BOARD.to_owned(), anns.clone()]);
    change_the_rules(&ward.owner, 6).await;
    assert_eq!(updated(&mut at_bob).await, POLICY, "ann's week is not bob's to hear of");
    assert!(at_bob.waiting().is_none());
}

async fn the_first_transport_hears_the_same(db: Db) {
    let app = TestApp::start(db).await;
    let (ward, ..) = ward(&app).await;
    let mut response = ward.owner.request(Method::GET, &format!("{MCP}/sse")).send().await.expect("a stream");
    let mut text = String::new();
    let mut more = async |text: &mut String, until: &str| {
        while !text.contains(until) {
            let chunk = tokio::time::timeout(workforceos_tests::DEADLINE, response.chunk()).await.expect("in time");
            text.push_str(&String::from_utf8_lossy(&chunk.expect("readable").expect("open")));
        }
    };
    more(&mut text, "\n\n").await;
    let address = text.lines().find_map(|line| line.strip_prefix("data: ")).expect("an address").to_owned();
    let client = json!({"name": "by hand", "version": "1"});
    let hello = json!({"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": client});
    let send = async |id: i64, method: &str, params: serde_json::Value| {
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        assert_eq!(ward.owner.post(&address, body).await.status, 202);
    };
    send(1, "initialize", hello).await;
    more(&mut text, "\"protocolVersion\"").await;
    ward.owner.post(&address, json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    send(2, "resources/subscribe", json!({"uri": POLICY})).await;
    more(&mut text, "\"id\":2").await;
    change_the_rules(&ward.owner, 6).await;
    more(&mut text, "notifications/resources/updated").await;
    assert!(text.contains(POLICY), "{text}");
}
