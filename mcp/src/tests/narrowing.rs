use serde_json::json;

use super::{call_in, names, server_of};
use crate::{CURRENT_USER, Narrowing};

#[tokio::test]
async fn a_query_narrows_the_list() {
    let server = server_of(0, 1);
    let list = async |query| names(&server, "owner", query).await;
    assert_eq!(list("services=other").await, [CURRENT_USER, "whoCalls", "runSweep", "getCompanySubscription"]);
    assert_eq!(list("services=OTHER%2Clockers%2CmcpBff").await.len(), server.count());
    let reading = list("readonly=true").await;
    assert!(reading.contains(&"showQrCode".to_owned()) && !reading.contains(&"initiatePayment".to_owned()), "{reading:?}");
    assert!(reading.contains(&"getLocker".to_owned()) && !reading.contains(&"runSweep".to_owned()), "{reading:?}");
    assert_eq!(list("readonly").await, reading);
    assert_eq!(list("readonly=false").await.len(), server.count());
    assert_eq!(list("tools=whoCalls,deleteLocker").await, ["deleteLocker", "whoCalls"]);
    assert_eq!(list("tools=deleteLocker&readonly=1").await, Vec::<String>::new());
    assert_eq!(list("services=none").await, [CURRENT_USER]);
    assert_eq!(list("services=&tools=&x=1").await.len(), server.count());
}

#[tokio::test]
async fn an_endpoint_of_one_service_is_never_widened() {
    let server = server_of(0, 1);
    let ctx = super::ctx(&server, "owner").await;
    let narrowing = Narrowing::parse("services=other,lockers").within("lockers");
    let listed = server.listed(ctx, &narrowing).await.expect("a list");
    assert!(listed.iter().all(|l| l.service == "lockers" || l.tool.name == CURRENT_USER) && listed.len() == 6);
}

#[tokio::test]
async fn a_hidden_tool_is_refused() {
    let server = server_of(0, 1);
    let ctx = super::ctx(&server, "owner").await;
    let outcome = server.call(ctx, &Narrowing::parse("readonly=true"), "deleteLocker", Default::default()).await;
    assert!(outcome.is_error && outcome.status == 403 && outcome.text.contains("Forbidden"), "{outcome:?}");
}

#[tokio::test]
async fn tools_of_no_service_are_narrowed_like_the_others() {
    let server = server_of(1, 1);
    let list = async |query| names(&server, "owner", query).await;
    assert_eq!(list("services=mcpbff").await, [CURRENT_USER, "showQrCode"], "the others have nothing to act on");
    assert_eq!(list("services=mcpbff,other").await.last().map(String::as_str), Some("initiatePayment"));
    let (outcome, json) = call_in(&server, "owner", "services=lockers", "showQrCode", json!({"value": "x"})).await;
    assert!(outcome.status == 403 && json["errCode"] == "Forbidden", "{json}");
    let view = json!({"apiName": "listLockers"});
    let (outcome, _) = call_in(&server, "owner", "services=mcpbff,other", "showBusinessApiListInFrontEnd", view.clone()).await;
    assert_eq!(outcome.status, 403, "narrowing never grants");
    let (outcome, json) = call_in(&server, "owner", "services=mcpbff,lockers", "showBusinessApiListInFrontEnd", view).await;
    assert!(!outcome.is_error, "{json}");
    let (outcome, _) = call_in(&server, "owner", "tools=listLockers", CURRENT_USER, json!({})).await;
    assert_eq!(outcome.status, 403);
}

#[tokio::test]
async fn a_choice_narrows_further_and_never_widens() {
    let server = server_of(0, 1);
    let listed = async |narrowing: Narrowing| {
        let ctx = super::ctx(&server, "owner").await;
        let listed = server.listed(ctx, &narrowing).await.expect("a list");
        listed.iter().map(|listed| listed.tool.name.to_string()).collect::<Vec<_>>()
    };
    let text = |name: &str| name.to_owned();
    let without = listed(Narrowing::default().without([text("LOCKERS"), text("nothing")])).await;
    assert!(!without.contains(&text("listLockers")) && without.contains(&text("whoCalls")), "{without:?}");
    // What is left out is of no use on the way either.
    assert!(!without.contains(&text("showSecretFieldInFrontEnd")), "{without:?}");
    let quiet = listed(Narrowing::default().without_front_end()).await;
    assert_eq!(quiet.len(), server.count() - 5);
    assert_eq!(listed(Narrowing::default().without([text("mcpbff")])).await, quiet);
    let chosen = Narrowing::default().only([text("whoCalls"), text("deleteLocker")]);
    assert_eq!(listed(chosen.clone().reading()).await, ["whoCalls"]);
    assert_eq!(listed(chosen.only([text("listLockers"), text("deleteLocker")])).await, ["deleteLocker"]);
    assert_eq!(listed(Narrowing::default().only([])).await, Vec::<String>::new());
    assert_eq!(listed(Narrowing::default().searching().reading()).await, ["searchTools", "describeTool", "callReadOnlyTool"]);
    assert!(server.changes("callTool") && server.changes("deleteLocker") && server.changes("initiatePayment"));
    assert!(!server.changes("callReadOnlyTool") && !server.changes("listLockers") && !server.changes("nothing"));
}
