use super::{names, server_of};
use crate::{CURRENT_USER, Narrowing};

#[tokio::test]
async fn a_query_narrows_the_list() {
    let server = server_of(0, 1);
    let list = async |query| names(&server, "owner", query).await;
    assert_eq!(list("services=other").await, [CURRENT_USER, "whoCalls", "runSweep"]);
    assert_eq!(list("services=OTHER%2Clockers").await.len(), server.count());
    assert_eq!(list("readonly=true").await, [CURRENT_USER, "listLockers", "whoCalls"]);
    assert_eq!(list("readonly").await.len(), 3);
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
    assert!(listed.iter().all(|l| l.service == "lockers" || l.tool.name == CURRENT_USER) && listed.len() == 4);
}

#[tokio::test]
async fn a_hidden_tool_is_refused() {
    let server = server_of(0, 1);
    let ctx = super::ctx(&server, "owner").await;
    let outcome = server.call(ctx, &Narrowing::parse("readonly=true"), "deleteLocker", Default::default()).await;
    assert!(outcome.is_error && outcome.status == 403 && outcome.text.contains("Forbidden"), "{outcome:?}");
}
