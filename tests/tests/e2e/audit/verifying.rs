//! `GET /api/v1/audit-logs/verify`, asked by many at the same time.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use workforceos_tests::{Client, Db, TestApp, on_both_databases};

use super::{ids, page, verified};

on_both_databases!(a_proof_covers_what_was_written_before_it_was_asked_for, a_server_that_proves_others_says_so);

const VERIFY: &str = "/api/v1/audit-logs/verify";

async fn a_proof_covers_what_was_written_before_it_was_asked_for(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let ask = async |client: Client, name: String| {
        client.post("/auth-api/v1/usergroups", json!({"groupName": name})).await.ok();
        let newest = ids(&page(&client, "limit=1").await)[0];
        let told = client.get(VERIFY).await.ok();
        assert_eq!((&told["valid"], &told["first_bad_id"]), (&json!(true), &json!(null)), "{told}");
        assert!(told["entries"].as_i64() >= Some(newest), "{newest}: {told}");
    };
    join_all((0..40).map(|i| ask(acme.owner.client.clone(), format!("g{i}")))).await;
}

async fn a_server_that_proves_others_says_so(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "UTC").await;
    let services = app.services();
    // As many proofs as there may be.
    let mut others = Vec::new();
    while let Ok(room) = services.proofs.room(tokio::time::Instant::now()).await {
        others.push(room);
    }
    assert!((1..=4).contains(&others.len()), "{}", others.len());
    let busy = acme.owner.request(Method::GET, VERIFY).send().await.expect("an answer");
    assert_eq!((busy.status().as_u16(), busy.headers()["retry-after"].as_bytes()), (429, &b"10"[..]));
    let told: serde_json::Value = busy.json().await.expect("JSON");
    assert_eq!(told["error"]["code"], "RATE_LIMIT_ERROR", "{told}");
    assert!(told["error"]["message"].as_str().is_some_and(|text| text.contains("are being proved")), "{told}");
    drop(others);
    assert_eq!(verified(&acme.owner).await, (true, None));
}
