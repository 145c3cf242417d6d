//! Governance under `/api/v1`: alerts, duties and end-of-day reports, in their own style on the wire.

mod alerts;
mod causes;
mod days;
mod duties;
mod planned;
mod review;
mod wire;

use serde_json::{Value as Json, json};
use workforceos_tests::{Client, Reply};

const ALERTS: &str = "/api/v1/alerts";
const DUTIES: &str = "/api/v1/duties";
const EOD: &str = "/api/v1/eod";
/// What somebody writes of a day.
const SUMMARY: &str = "Sorted all of the linen.";

/// The body of a refusal as governance tells it.
#[track_caller]
fn refused(reply: Reply, status: u16, code: &str) -> Json {
    let told = reply.body["error"]["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!((reply.status, told.as_str()), (status, code), "{} answered {}", reply.asked, reply.text);
    reply.body["error"].clone()
}

/// The names of the fields that a 422 complains about.
#[track_caller]
fn bad_fields(reply: Reply) -> Vec<String> {
    let error = refused(reply, 422, "VALIDATION_ERROR");
    let details = error["details"].as_array().expect("details").iter();
    details.map(|detail| detail["field"].as_str().expect("a field").to_owned()).collect()
}

async fn generate(who: &Client) -> Reply {
    who.post(&format!("{EOD}/me/generate"), json!({})).await
}

async fn submit(who: &Client) -> Reply {
    who.post(&format!("{EOD}/me/submit"), json!({"work_summary": SUMMARY})).await
}

async fn review(who: &Client, id: &str, action: &str) -> Reply {
    who.post(&format!("{EOD}/{id}/review"), json!({"action": action, "comments": "I see"})).await
}
