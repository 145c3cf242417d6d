//! What a page is to show: the value goes to the page, and nowhere else.

use serde_json::json;
use workforceos_agents::tools::Toolbox as _;
use workforceos_tests::{Db, TestApp, on_both_databases};

use super::{ask, content, refused, told, tools};
use crate::paths::PROFILES;
use crate::text;
use crate::tools::journal;

on_both_databases!(a_secret_reaches_the_page_alone, lists_and_codes_are_shown_by_their_ids);

const NOTES: &str = "canary of the notes 7f3a91";

async fn a_secret_reaches_the_page_alone(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let (ann, mia) = (acme.employee("ann").await, acme.employee("mia").await);
    acme.manager_of(&mia, &[&ann]).await;
    let profile = text(&acme.owner.get(PROFILES).await.ok()["employeeProfiles"][0], "id");
    acme.owner.patch(&format!("{PROFILES}/{profile}"), json!({"notes": NOTES})).await.ok();
    let tools = tools(&app, &mia).await;
    let read = ask(&tools, "listEmployeeProfiles", json!({"userId": ann.text()})).await;
    let row = &told(&read)["employeeProfiles"][0];
    assert_eq!((&row["notes"], &row["id"]), (&json!("***"), &json!("profile_ann")));
    // The reference is handed on as it is.
    assert_eq!(row["__proxyCode"], content(&read.kept)["employeeProfiles"][0]["__proxyCode"]);
    assert!(!format!("{read:?}").contains(NOTES));
    let asked = json!({"proxyCode": row["__proxyCode"], "fieldName": "notes", "renderType": "asText"});
    let done = ask(&tools, "showSecretFieldInFrontEnd", asked.clone()).await;
    let page = content(&done.page)["__frontendAction"].clone();
    assert_eq!((&page["type"], &page["value"], &page["recordId"]), (&json!("secret"), &json!(NOTES), &json!(profile)));
    assert_eq!((&done.page["tool"], &done.page["success"]), (&json!("showSecretFieldInFrontEnd"), &json!(true)));
    let kept = content(&done.kept)["__frontendAction"].clone();
    assert_eq!((&kept["value"], &kept["recordId"]), (&json!("***"), &json!(profile)));
    let model = told(&done)["__frontendAction"].clone();
    assert_eq!((&model["value"], &model["recordId"]), (&json!("***"), &json!("profile_ann")));
    assert!(!done.model.contains(NOTES) && !done.kept.to_string().contains(NOTES));
    // It is for whom it was made, and as long as they may read it.
    let other = super::tools(&app, &acme.owner).await;
    assert_eq!(refused(&ask(&other, "showSecretFieldInFrontEnd", asked.clone()).await).0, 400);
    acme.owner.patch(&format!("{PROFILES}/{profile}"), json!({"managerId": acme.owner.text()})).await.ok();
    let gone = ask(&tools, "showSecretFieldInFrontEnd", asked).await;
    assert!(matches!(refused(&gone).0, 403 | 404) && !format!("{gone:?}").contains(NOTES), "{gone:?}");
    // Nor does it stand in the journal.
    for entry in journal::of(&app).await {
        let all = [entry.after, entry.before, entry.extra].into_iter().flatten().collect::<String>();
        assert!(!all.contains(NOTES), "{} {all}", entry.action);
    }
    // A mask that is written back leaves the value.
    told(&ask(&other, "updateEmployeeProfile", json!({"employeeProfileId": profile, "notes": "***", "position": "Cook"})).await);
    let row = acme.owner.get(&format!("{PROFILES}/{profile}")).await.ok()["employeeProfile"].clone();
    assert_eq!((&row["notes"], &row["position"]), (&json!(NOTES), &json!("Cook")));
}

async fn lists_and_codes_are_shown_by_their_ids(db: Db) {
    let app = TestApp::start(db).await;
    let acme = app.company("acme", "Europe/Berlin").await;
    let ann = acme.employee("ann").await;
    let tools = tools(&app, &acme.owner).await;
    told(&ask(&tools, "getUser", json!({"userId": ann.text()})).await);
    let asked = json!({"apiName": "listShifts", "queryParams": {"assignedUserIds": "user_ann"}, "title": "Shifts of user_ann"});
    let done = ask(&tools, "showBusinessApiListInFrontEnd", asked).await;
    let page = content(&done.page)["__frontendAction"].clone();
    assert_eq!((&page["queryParams"]["assignedUserIds"], &page["title"]), (&json!(ann.text()), &json!("Shifts of ann")));
    assert_eq!(told(&done)["__frontendAction"]["queryParams"]["assignedUserIds"], "user_ann");
    let code = ask(&tools, "showQrCode", json!({"value": "user_ann", "title": "Badge of user_ann"})).await;
    let page = content(&code.page)["__frontendAction"].clone();
    assert_eq!((&page["value"], &page["title"]), (&json!(ann.text()), &json!("Badge of ann")));
    assert!(!tools.changes("showQrCode"));
}
