//! Tools that a page carries out.

use serde_json::{Map, Value as Json, json};
use workforceos_core::tool::{FrontEnd, FrontEndTool, LIFETIME};
use workforceos_core::{BusinessApi, Clock as _, Timestamp};

use super::{State, call, ctx, server_of, server_with};
use crate::{McpServer, Narrowing};

const SECRET: &str = "showSecretFieldInFrontEnd";
const LIST: &str = "showBusinessApiListInFrontEnd";

async fn first(server: &McpServer<State>, token: &str) -> Json {
    call(server, token, "listLockers", json!({})).await.1["lockers"][0].clone()
}

#[tokio::test]
async fn a_secret_is_shown_to_the_page_and_masked_for_the_model() {
    let server = server_of(2, 1);
    let row = first(&server, "employee").await;
    let asked = json!({"proxyCode": row["__proxyCode"], "fieldName": "code", "renderType": "asQrCode"});
    let (outcome, json) = call(&server, "employee", SECRET, asked.clone()).await;
    let wanted = json!({
        "type": "secret", "fieldName": "code", "fieldLabel": "Code", "value": "***", "renderType": "asQrCode",
        "serviceName": "lockers", "objectName": "locker", "modelName": "Locker", "recordId": row["id"],
    });
    assert_eq!(json, json!({"__frontendAction": wanted}));
    assert_eq!(outcome.structured, Some(json));

    let caller = server.dispatch.with_scope(ctx(&server, "employee").await).await.expect("a scope");
    let serves = |_: &BusinessApi<State>| true;
    let front = FrontEnd { dispatch: &server.dispatch, ctx: &caller, serves: &serves };
    let asked: Map<String, Json> = asked.as_object().cloned().expect("an object");
    let action = front.call(FrontEndTool::ShowSecret, asked).await.expect("an action");
    assert_eq!(action.page["__frontendAction"]["value"], "code-0");
    assert!(!action.model.to_string().contains("code-0"));
}

#[tokio::test]
async fn a_reference_is_good_for_one_user_and_some_minutes() {
    let (server, clock) = server_with(1, 1);
    let row = first(&server, "employee").await;
    let code = row["__proxyCode"].as_str().expect("a reference").to_owned();
    assert!(!code.contains(row["id"].as_str().expect("an id")));
    let status = async |token, code: &str, field| {
        let (outcome, json) = call(&server, token, SECRET, json!({"proxyCode": code, "fieldName": field})).await;
        (outcome.status, json["detail"][0]["field"].as_str().unwrap_or_default().to_owned())
    };
    let ok = (200, String::new());
    let stale = (400, "proxyCode".to_owned());
    assert_eq!(status("employee", &code, "code").await, ok);
    assert_eq!(status("owner", &code, "code").await, stale, "another user of the same company");
    for (at, _) in code.char_indices() {
        let other = if &code[at..=at] == "A" { "B" } else { "A" };
        let bent = format!("{}{other}{}", &code[..at], &code[at + 1..]);
        // The last character holds bits that mean nothing; every other change is noticed.
        if at + 1 < code.len() {
            assert_eq!(status("employee", &bent, "code").await, stale, "character {at}");
        }
    }
    for bad in ["", "x", "AAAA", &code[1..], &code[..code.len() - 4]] {
        assert_eq!(status("employee", bad, "code").await, stale, "{bad:?}");
    }
    for field in ["label", "id", "nothing"] {
        assert_eq!(status("employee", &code, field).await, (400, "fieldName".to_owned()));
    }
    clock.set(Timestamp(clock.now().0 + LIFETIME - 1_000));
    assert_eq!(status("employee", &code, "code").await, ok);
    clock.set(Timestamp(clock.now().0 + 1_000));
    assert_eq!(status("employee", &code, "code").await, stale);
}

#[tokio::test]
async fn lists_are_shown_by_their_address() {
    let server = server_of(1, 1);
    let asked = json!({"apiName": "listLockers", "queryParams": {"shelves": "3", "pageRowCount": 100}, "title": "All lockers"});
    let (_, json) = call(&server, "employee", LIST, asked).await;
    let column = |field: &str, label: &str| json!({"field": field, "label": label});
    let action = json!({
        "type": "dataView", "viewType": "grid", "title": "All lockers", "serviceName": "lockers", "apiName": "listLockers",
        "routePath": "/lockers-api/v1/lockers", "httpMethod": "GET", "queryParams": {"shelves": "3", "pageRowCount": 100},
        "columns": [
            column("label", "Label"), {"field": "shelves", "label": "Shelves", "format": "number"},
            {"field": "cleanedAt", "label": "Cleaned at", "format": "datetime"},
        ],
    });
    assert_eq!(json, json!({"__frontendAction": action}));
    let asked = json!({"apiName": "listLockers", "columns": ["shelves"]});
    let (_, json) = call(&server, "employee", "showBusinessApiGalleryInFrontEnd", asked).await;
    let action = &json["__frontendAction"];
    assert_eq!(
        (&action["viewType"], &action["title"], &action["columns"].as_array().map(Vec::len)),
        (&json!("gallery"), &json!("Lockers"), &Some(1))
    );

    let bad = async |arguments: Json| {
        let (outcome, json) = call(&server, "employee", LIST, arguments).await;
        assert_eq!(outcome.status, 400, "{json}");
        json["detail"][0]["field"].as_str().expect("a field").to_owned()
    };
    assert_eq!(bad(json!({"apiName": "listLocker"})).await, "apiName");
    assert_eq!(bad(json!({"apiName": "getLocker"})).await, "apiName");
    assert_eq!(bad(json!({"apiName": "listLockers", "columns": ["code"]})).await, "columns");
    assert_eq!(bad(json!({"apiName": "listLockers", "queryParams": {"shelves": "many"}})).await, "queryParams.shelves");
    assert_eq!(bad(json!({"apiName": "listLockers", "queryParams": {"shelf": 1}})).await, "queryParams.shelf");
}

#[tokio::test]
async fn a_qr_code_holds_no_mask() {
    let server = server_of(0, 1);
    let (_, json) = call(&server, "employee", "showQrCode", json!({"value": "https://a.test", "title": "Rota"})).await;
    assert_eq!(json["__frontendAction"], json!({"type": "qrcode", "value": "https://a.test", "title": "Rota", "subtitle": ""}));
    let (outcome, _) = call(&server, "employee", "showQrCode", json!({"value": "***"})).await;
    assert_eq!(outcome.status, 400);
}

#[tokio::test]
async fn a_payment_is_opened_and_not_made() {
    let server = server_of(0, 1);
    let (paid, open) = ("01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058");
    let (_, json) = call(&server, "owner", "initiatePayment", json!({"orderId": open})).await;
    let action = json!({
        "type": "payment", "orderId": open, "orderType": "companySubscription", "serviceName": "other", "amount": 49.99,
        "currency": "USD", "description": "Subscription of acme",
    });
    assert_eq!(json["__frontendAction"], action);
    assert!(json["message"].as_str().is_some_and(|m| m.contains("49.99 USD")), "{json}");
    let (outcome, json) = call(&server, "owner", "initiatePayment", json!({"orderId": paid})).await;
    assert_eq!((outcome.status, &json["errCode"]), (409, &json!("InvalidState")));
    let (outcome, _) = call(&server, "employee", "initiatePayment", json!({"orderId": open})).await;
    assert_eq!(outcome.status, 403, "who may not read it cannot pay it");
}

#[tokio::test]
async fn only_who_asks_for_the_page_gets_what_it_shows() {
    let server = server_of(1, 1);
    let row = first(&server, "employee").await;
    let asked = json!({"proxyCode": row["__proxyCode"], "fieldName": "code"});
    let arguments: Map<String, Json> = asked.as_object().cloned().expect("an object");
    let everything = Narrowing::default();
    let caller = ctx(&server, "employee").await;
    let (outcome, page) = server.call_for_page(caller.clone(), &everything, SECRET, arguments.clone()).await;
    assert_eq!(page.expect("a page")["__frontendAction"]["value"], "code-0");
    // What protocols are given is what a model reads.
    assert_eq!(server.call(caller.clone(), &everything, SECRET, arguments.clone()).await, outcome);
    assert!(!format!("{outcome:?}").contains("code-0"), "{outcome:?}");
    // Also where one tool calls the other.
    let wrapped: Map<String, Json> = Map::from_iter([("name".to_owned(), json!(SECRET)), ("args".to_owned(), asked)]);
    let searching = Narrowing::default().searching();
    let (outcome, page) = server.call_for_page(caller.clone(), &searching, "callReadOnlyTool", wrapped).await;
    assert_eq!(page.expect("a page")["__frontendAction"]["value"], "code-0");
    assert!(!format!("{outcome:?}").contains("code-0"), "{outcome:?}");
    let (outcome, page) = server.call_for_page(caller.clone(), &everything, "listLockers", Map::new()).await;
    assert!(!outcome.is_error && page.is_none(), "other tools show nothing");
    let mut wrong = arguments;
    wrong.insert("fieldName".to_owned(), json!("label"));
    let (outcome, page) = server.call_for_page(caller, &everything, SECRET, wrong).await;
    assert!(outcome.is_error && page.is_none());
}
