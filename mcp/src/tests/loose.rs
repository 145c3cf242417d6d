//! Arguments as models write them.

use serde_json::json;

use super::{call, server_of};

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[tokio::test]
async fn unknown_names_are_told_with_those_that_were_meant() {
    let server = server_of(1, 1);
    let asked = json!({"label": "A", "code": "1", "shelves": 1, "shelfs": 2, "colour": "red"});
    let (outcome, json) = call(&server, "owner", "createLocker", asked).await;
    assert_eq!((outcome.status, &json["errCode"]), (400, &json!("ValidationFailed")));
    let told = json["detail"].to_string();
    assert!(told.contains("did you mean shelves?") && told.contains("\"colour\"") && told.contains("there are label"), "{told}");
    let (_, json) = call(&server, "owner", "listLockers", json!({"lable": "x"})).await;
    assert!(json["detail"].to_string().contains("did you mean label"), "{json}");
    let (_, json) = call(&server, "owner", "whoCalls", json!({"verbose": true})).await;
    assert_eq!(json["detail"][0]["problem"], "there are no arguments");
    // Whoever may not call it hears only that.
    let (outcome, _) = call(&server, "employee", "createLocker", json!({"colour": "red"})).await;
    assert_eq!(outcome.status, 403);
}

#[tokio::test]
async fn what_can_mean_only_one_thing_is_taken_for_it() {
    let server = server_of(3, 1);
    for asked in [
        json!({"label": 7, "code": "1", "shelves": "4.0", "userIds": ID}),
        json!({"Label": "7", "code": "1", "SHELVES": [4], "user_ids": format!("{ID},{ID}")}),
        json!({"label": "7", "code": "1", "shelves": 4, "userIds": [{"id": ID, "fullname": "Ann"}], "extra": null}),
    ] {
        let (outcome, json) = call(&server, "owner", "createLocker", asked).await;
        assert!(!outcome.is_error && json["locker"]["shelves"] == 4 && json["locker"]["label"] == "7", "{json}");
    }
    for (asked, rows) in [
        (json!({"label": null, "pageNumber": null, "fields": ""}), 3),
        (json!({"shelves": "3,4"}), 3),
        (json!({"page_row_count": "2"}), 2),
        (json!({"sortBy": ["label desc"], "getJoins": "no", "pageRowCount": 1.0}), 1),
        (json!({"cleanedAt": {"gte": "2026-01-01", "lt": "2026-02-01"}}), 3),
    ] {
        let (outcome, json) = call(&server, "owner", "listLockers", asked.clone()).await;
        assert!(!outcome.is_error && json["lockers"].as_array().map(Vec::len) == Some(rows), "{asked}: {json}");
    }
    let (outcome, json) = call(&server, "owner", "listLockers", json!({"cleanedAt": {"around": "2026"}})).await;
    assert_eq!((outcome.status, &json["detail"][0]["field"]), (400, &json!("cleanedAt")));
}

#[tokio::test]
async fn a_mask_that_comes_back_is_no_value() {
    let server = server_of(0, 1);
    let (_, json) = call(&server, "owner", "createLocker", json!({"label": "A", "code": "***", "shelves": 1})).await;
    assert_eq!(json["detail"][0], json!({"field": "code", "problem": "is required"}));
}
